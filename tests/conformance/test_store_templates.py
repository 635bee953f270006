"""Templates in the store, on SQLite and PostgreSQL: versions stay as they were saved, apart by account."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any

import pytest

from gatewayd.store.campaigns import files, templates
from gatewayd.store.campaigns.templates import Key, NewVersion, Version
from gatewayd.store.commands import Change, CreateAccount
from gatewayd.values.actor import Scope
from gatewayd.values.errors import ConflictError, NotFoundError
from tests.conformance.house import HOUR, House

NORTE = Scope.of("norte")


def change(house: House, work: Any, *arguments: Any) -> Any:
    return house.do(Change(lambda unit: work(unit.session, *arguments)))


def ask(house: House, question: Any, *arguments: Any, **more: Any) -> Any:
    return question(house.transactions.session.connection, *arguments, **more)


def save(house: House, text: str, name: str = "aviso", *, channel: str = "sms", **more: Any) -> Version:
    key = Key(more.pop("account", "norte"), name, channel)
    found = change(house, templates.save, NewVersion(key, {"text": text}, None, "ana", house.now, **more))
    assert isinstance(found, Version)
    return found


def names(house: House, scope: Scope = NORTE, **more: Any) -> list[str]:
    return [one.name for one in ask(house, templates.templates, scope, **more)]


def test_each_version_stays_as_it_was_saved(house: House) -> None:
    first = save(house, "Hola %nombre%")
    house.now += 1000
    second = save(house, "Hola %nombre%, su saldo es %deuda%", seen=1)
    assert (first.version, second.version, second.newest) == (1, 2, 2)
    assert save(house, "Hola %nombre%, su saldo es %deuda%").version == 2  # the same words again
    with pytest.raises(ConflictError):
        save(house, "Otra cosa", seen=1)
    with pytest.raises(ConflictError):
        save(house, "Otra cosa", fresh=True)
    old = ask(house, templates.version_of, "norte", "aviso", 1)
    assert (old.content, old.made_at, old.newest) == ({"text": "Hola %nombre%"}, first.made_at, 2)
    assert ask(house, templates.version_of, "norte", "aviso").version == 2
    assert [one.version for one in ask(house, templates.versions, NORTE, first.template_id)] == [2, 1]
    with pytest.raises(NotFoundError):
        ask(house, templates.version_of, "norte", "aviso", 3)


def test_channels_and_accounts_are_apart(house: House) -> None:
    house.do(CreateAccount("sur", "ARS", house.now))
    save(house, "Uno")
    save(house, "Dos", channel="push")
    save(house, "Tres", account="sur")
    with pytest.raises(ConflictError):
        ask(house, templates.version_of, "norte", "aviso")
    assert ask(house, templates.version_of, "norte", "aviso", channel="push").content == {"text": "Dos"}
    assert len(ask(house, templates.templates, Scope.all())) == 3
    assert names(house, Scope.of("sur")) == ["aviso"]
    with pytest.raises(NotFoundError):
        ask(house, templates.version_of, "este", "aviso")
    with pytest.raises(NotFoundError):
        save(house, "Hola", account="este")


def test_what_was_used_is_archived_and_what_was_not_may_go(house: House) -> None:
    found = save(house, "Hola", "uno")
    save(house, "Hola", "dos")
    assert templates.needs_mark(found, house.now)
    change(house, templates.mark_used, found, house.now)
    found = ask(house, templates.version_of, "norte", "uno")
    assert not templates.needs_mark(found, house.now)
    assert templates.needs_mark(found, house.now + 2 * HOUR)
    for act in (templates.remove, lambda session, one: templates.rename(session, one, "tres", house.now)):
        with pytest.raises(ConflictError):
            change(house, act, found)
    change(house, templates.archive, found, house.now)
    assert (names(house), names(house, archived=True)) == (["dos"], ["uno"])
    assert ask(house, templates.version_of, "norte", "uno").archived_at is not None
    assert save(house, "Hola", "uno").version == 1  # saved again, it leaves the archive
    assert names(house) == ["dos", "uno"]
    change(house, templates.rename, ask(house, templates.version_of, "norte", "dos"), "cero", house.now)
    change(house, templates.remove, ask(house, templates.version_of, "norte", "cero"))
    assert names(house, archived=None) == ["uno"]


def test_a_list_is_paged_by_name_and_searched_by_what_it_says(house: House) -> None:
    for number in range(5):
        save(house, f"Vence el %vencimiento%, 100 % seguro {number}", f"n{number}")
    first = ask(house, templates.templates, NORTE, limit=3)
    rest = ask(house, templates.templates, NORTE, after=(first[-1].name, first[-1].template_id))
    assert [one.name for one in (*first, *rest)] == [f"n{number}" for number in range(5)]
    assert names(house, search="SEGURO 3") == ["n3"]
    assert names(house, search="100 % seguro 4") == ["n4"]
    assert names(house, search='" OR 1=1') == []


def test_an_approval_is_of_one_version(house: House) -> None:
    found = save(house, "Corte de servicio")
    change(house, templates.approve, found, "root", house.now)
    save(house, "Corte de servicio, otra vez")
    approved = [one.approved_by for one in ask(house, templates.versions, NORTE, found.template_id)]
    assert approved == [None, "root"]


def test_a_file_is_kept_once_and_goes_with_the_last_that_attaches_it(house: House) -> None:
    def kept() -> int:
        return int(
            house.transactions.session.connection.exec_driver_sql("SELECT count(*) FROM kept_file").scalar() or 0
        )

    def work(unit: Any, kind: Any, owner: int, data: bytes) -> None:
        sha256 = hashlib.sha256(data).hexdigest()
        files.keep(unit.session, "norte", [files.NewFile(sha256, data)], house.now)
        files.use(unit.session, "norte", kind, owner, [sha256])

    for kind, owner in (("template", 1), ("campaign", 1), ("campaign", 2)):
        house.do(Change(partial(work, kind=kind, owner=owner, data=b"%PDF-\0\xff")))
    assert kept() == 1
    connection = house.transactions.session.connection
    sha256 = hashlib.sha256(b"%PDF-\0\xff").hexdigest()
    assert files.data(connection, account="norte", sha256=sha256) == b"%PDF-\0\xff"
    assert files.data(connection, account="sur", sha256=sha256) is None
    house.do(Change(lambda unit: files.release(unit.session, "template", 1)))
    house.do(Change(lambda unit: files.change(unit.session, "norte", 1, [], launched=None)))
    assert kept() == 1
    # What one that was launched attached stays: a run may still need it.
    house.do(Change(lambda unit: files.change(unit.session, "norte", 2, [], launched=house.now)))
    assert kept() == 1
    house.do(Change(lambda unit: files.release(unit.session, "campaign", 2)))
    assert kept() == 0
    with pytest.raises(ConflictError):
        house.do(Change(lambda unit: files.use(unit.session, "norte", "campaign", 3, [sha256])))
