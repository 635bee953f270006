"""People in the store, on SQLite and PostgreSQL: what is written is found, ends, and is forgotten when it is old."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from gatewayd.credentials.tokens import digest
from gatewayd.store.commands import Audited, AuditEntry, Change, CreateAccount, Credit
from gatewayd.store.people import audit, masssend, resets, retention, sessions, tokens, users
from gatewayd.values.actor import Role, Scope
from gatewayd.values.errors import ConflictError, NotFoundError
from tests.conformance.house import HOUR, House

DAY = 24 * HOUR


def change(house: House, work: Any, *arguments: Any, **more: Any) -> Any:
    return house.do(Change(lambda unit: work(unit.session, *arguments, **more)))


def ask(house: House, question: Any, **arguments: Any) -> Any:
    return question(house.transactions.session.connection, **arguments)


def new_user(house: House, name: str, role: Role = Role.USER, account: str | None = "norte", **more: Any) -> Any:
    return change(house, users.create, users.NewUser(name, role, account, None, "hash", house.now, **more)).answer


def sign_in(house: House, user: int, secret: str, device: str | None = None) -> None:
    new = sessions.NewSession(digest(secret), user, "::1", "x", house.now, None if device is None else digest(device))
    change(house, sessions.open_session, new)


def test_users_are_made_edited_and_kept_apart(house: House) -> None:
    house.do(CreateAccount("sur", "ARS", house.now))
    boss = new_user(house, "Jefa", Role.SUPERVISOR)
    ana = new_user(house, "Ána", supervisor="jefa", monthly_limit=5_000_000)
    assert (ana.supervisor, ana.monthly_limit, ana.version) == ("Jefa", 5_000_000, 1)
    for clash in ("ÁNA", "jefa"):
        with pytest.raises(ConflictError):
            new_user(house, clash)
    with pytest.raises(NotFoundError):
        new_user(house, "otro", account="sur", supervisor="jefa")
    edited = change(house, users.edit, users.Edit(ana.id, {"mail": "a@b.example", "language": "es"}, house.now, 1))
    assert (edited.answer.mail, edited.answer.version, edited.before["mail"]) == ("a@b.example", 2, None)
    with pytest.raises(ConflictError):
        change(house, users.edit, users.Edit(ana.id, {"mail": None}, house.now, 1))
    assert ask(house, users.addressed, name_or_mail="A@B.example").id == ana.id
    assert [one.name for one in ask(house, users.users, scope=Scope.of("norte"))] == sorted(["jefa", "ána"])
    with pytest.raises(NotFoundError):
        ask(house, users.user, scope=Scope.of("sur"), name="jefa")
    assert ask(house, users.administrators) == 0
    assert boss.role is Role.SUPERVISOR


def test_sessions_and_browsers_end(house: House) -> None:
    ana = new_user(house, "ana")
    sign_in(house, ana.id, "one", "browser")
    sign_in(house, ana.id, "two")
    assert ask(house, sessions.person_of, secret="one", now=house.now, address="").number == ana.id
    assert ask(house, sessions.device_user, secret="browser") == ana.id
    house.now += 11 * HOUR
    seen = house.now
    change(house, sessions.see, [digest("one"), digest("nobody's")], seen)
    house.now += 2 * HOUR
    assert [one.last_seen for one in ask(house, sessions.sessions_of, user=ana.id, now=house.now)] == [seen]
    assert change(house, retention.forget, house.now, house.now - DAY) is False
    assert house.rows("SELECT count(*) FROM session") == [(1,)]
    change(house, users.edit, users.Edit(ana.id, {"password": "other"}, house.now))
    assert house.rows("SELECT count(*) FROM session") == [(0,)]
    assert ask(house, sessions.device_user, secret="browser") is None
    for number in range(sessions.SESSIONS_MAX + 3):
        sign_in(house, ana.id, f"s{number}", f"d{number}")
    assert house.rows("SELECT count(*) FROM session") == [(sessions.SESSIONS_MAX,)]
    assert house.rows("SELECT count(*) FROM device") == [(sessions.DEVICES_MAX,)]


def test_codes_are_taken_once(house: House) -> None:
    ana = new_user(house, "ana")
    change(house, users.edit, users.Edit(ana.id, {"totp_sealed": "x", "recovery": ["a", "b"]}, house.now))
    assert change(house, users.take_code, ana.id, 7, None)
    assert not change(house, users.take_code, ana.id, 7, None)
    assert change(house, users.take_code, ana.id, None, "a")
    assert not change(house, users.take_code, ana.id, None, "a")
    assert ask(house, users.credentials, name="ANA").recovery == ("b",)


def test_tokens_and_links(house: House) -> None:
    new = tokens.NewToken(
        *("gwd_live_abcd", digest("t"), "erp", "norte", "live", ("read",), "ana", house.now + DAY, house.now)
    )
    number = change(house, tokens.create, new).answer
    used = house.now
    change(house, tokens.used, [digest("t")], used)
    assert ask(house, tokens.program_of, secret="t", now=house.now).account == "norte"
    assert ask(house, tokens.program_of, secret="t", now=house.now + DAY) is None
    assert ask(house, tokens.token, scope=Scope.all(), number=number).last_used == used
    assert change(house, tokens.revoke, number, house.now).answer
    assert ask(house, tokens.program_of, secret="t", now=house.now) is None
    ana = new_user(house, "ana")
    change(house, resets.offer, ana.id, digest("first"), house.now)
    change(house, resets.offer, ana.id, digest("second"), house.now)
    assert change(house, resets.take, "first", house.now) is None
    assert change(house, resets.take, "second", house.now + resets.VALID_MS) is None
    assert change(house, resets.take, "second", house.now) == ana.id
    assert change(house, resets.take, "second", house.now) is None


def test_the_trail_is_written_with_what_it_tells(house: House) -> None:
    def entry(subject: str) -> AuditEntry:
        return AuditEntry(house.now, "person", "ana", 1, "::1", "norte", "account.credit", subject, None, '{"a":1}')

    house.do(Audited(Credit("norte", 5, house.now), entry("norte")))
    with pytest.raises(NotFoundError):
        house.do(Audited(Credit("nada", 5, house.now), entry("nada")))
    batch = [Audited(Credit("norte", 1, house.now), entry(f"b{number}")) for number in range(3)]
    house.transactions.apply(batch)
    acts = partial(ask, house, audit.acts, scope=Scope.of("norte"), before=None)
    page = acts(wanted=audit.AuditFilter(), limit=2)
    assert [one.subject for one in page.items] == ["b2", "b1"]
    (refused,) = acts(wanted=audit.AuditFilter(refused=True), limit=9).items
    assert (refused.subject, refused.outcome, refused.after) == ("nada", "not_found", {"a": 1})
    assert len(acts(wanted=audit.AuditFilter(operation="account"), limit=9).items) == 5
    assert ask(house, audit.acts, scope=Scope.of("sur"), wanted=audit.AuditFilter(), before=None, limit=9).items == ()
    assert change(house, audit.prune, house.now + 1, 3) == 3
    assert change(house, audit.prune, house.now + 1, 3) == 2


def test_whom_one_has_reached_in_a_day(house: House) -> None:
    reached = partial(ask, house, masssend.reached, account="norte", actor="person 1", since=house.now - DAY)
    assert reached(to={"+1"}) == 1
    change(house, masssend.note_reach, "norte", "person 1", house.now, {"+1"})
    change(house, masssend.note_reach, "norte", "person 2", house.now, {"+7"})
    assert reached(to={"+1"}) == 1
    assert reached(to={"+2"}) == 2
    change(house, masssend.note_reach, "norte", "person 1", house.now, {"+3", "+4"})
    assert reached(to={"+1"}) == 3
    change(house, masssend.set_rule, "norte", {"password": "hash"}, 0)
    with pytest.raises(ConflictError):
        change(house, masssend.set_rule, "norte", {"approve_above": 5}, 0)
    assert change(house, masssend.set_rule, "norte", {"approve_above": 5}, 1).answer.password == "hash"
    assert change(house, masssend.prune, house.now + 1, 100) == 3
