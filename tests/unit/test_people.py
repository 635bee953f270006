"""Users, sessions, second factors and tokens over a real store: who gets in, what ends it, and what is refused."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyotp
import pytest

from gatewayd.cli.offline import OfflineBackend
from gatewayd.config import parse
from gatewayd.credentials.passwords import HASHER, Lane
from gatewayd.credentials.tokens import make_token, wellformed_token
from gatewayd.credentials.totp import plain_code, step_of
from gatewayd.operations import guard as guards
from gatewayd.operations import perform
from gatewayd.operations.guard import Guard
from gatewayd.operations.identity import Identities, Seen, noted
from gatewayd.operations.masssend import PasswordNeededError, require
from gatewayd.values.actor import NOBODY, Actor, Role
from gatewayd.values.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    ThrottledError,
    UnauthenticatedError,
    UsageError,
)

PASSWORD = "corral-de-piedra-verde"
OPERATOR = Actor("operator", "uid 1000 (ana)", Role.ADMINISTRATOR)
STRANGER = Actor("nobody", "", address="192.0.2.1")


class Running(OfflineBackend):
    """The store with a daemon's live side, of which signing in asks nothing, and a clock that can be set on."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            parse(
                {
                    "locale": "en",
                    "store": {"url": f"sqlite:///{folder}/gatewayd.db"},
                    "spool": {"path": str(folder / "spool")},
                },
                folder / "gatewayd.toml",
            )
        )
        nothing = lambda account: None  # noqa: E731
        self.live = SimpleNamespace(account_created=nothing, credited=nothing)  # type: ignore[assignment]
        self.later_ms = 0

    def now(self) -> int:
        return super().now() + self.later_ms


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    fresh = Guard()
    for name in ("_device", "_pair", "_address", "_name", "_code", "_told", "_rows"):
        monkeypatch.setattr(guards.GUARD, name, getattr(fresh, name))
    opened = Running(tmp_path)
    for account in ("norte", "sur"):
        asyncio.run(perform(opened, "account.create", {"account": account}, OPERATOR))
    yield opened
    opened.close()


async def ask(backend: Running, operation: str, by: Actor = OPERATOR, /, **arguments: Any) -> Any:
    return await perform(backend, operation, arguments, by)


async def user(backend: Running, name: str, role: str = "user", account: str | None = "norte", **more: Any) -> Any:
    return await ask(backend, "user.create", user=name, role=role, account=account, password=PASSWORD, **more)


async def sign_in(backend: Running, name: str, password: str = PASSWORD, by: Actor = STRANGER, **more: Any) -> Any:
    return await ask(backend, "session.open", by, user=name, password=password, **more)


async def person(backend: Running, opened: Mapping[str, Any]) -> Actor:
    return await known(backend).identify({"session": opened["session"]}, "192.0.2.1")


def known(backend: Running) -> Identities:
    async def note(seen: Seen) -> None:
        await noted(backend, seen)

    return Identities(backend, note)


def stored(backend: Running) -> str:
    """Returns all that the store holds, as who has stolen it reads it."""
    path = backend.config.store.sqlite_path
    assert path is not None
    with sqlite3.connect(path) as store:
        return "\n".join(store.iterdump())


# ---------------------------------------------------------------------------------------------------------------- users


async def test_the_last_administrator_stays(backend: Running) -> None:
    await user(backend, "root", "administrator", None)
    for operation, more in (("user.disable", {}), ("user.role", {"role": "user", "account": "norte"})):
        with pytest.raises(ConflictError, match="last administrator"):
            await ask(backend, operation, user="root", **more)
    await user(backend, "raíz", "administrator", None)
    assert (await ask(backend, "user.disable", user="root"))["disabled"]
    with pytest.raises(ConflictError, match="last administrator"):
        await ask(backend, "user.role", user="RAÍZ", role="supervisor", account="norte")


async def test_a_supervisor_deals_with_users_of_its_account_alone(backend: Running) -> None:
    for name, role, account in (
        ("jefa", "supervisor", "norte"),
        ("par", "supervisor", "norte"),
        ("ana", "user", "norte"),
        ("ajena", "user", "sur"),
    ):
        await user(backend, name, role, account)
    jefa = await person(backend, await sign_in(backend, "jefa"))
    await ask(backend, "user.edit", jefa, user="ana", mail="ana@norte.example", supervisor="par")
    assert (await ask(backend, "user.create", jefa, user="luz", role="user", password=PASSWORD))["account"] == "norte"
    for operation in ("user.disable", "user.totp_reset", "user.sign_out"):
        with pytest.raises(ForbiddenError):
            await ask(backend, operation, jefa, user="par")
        with pytest.raises(NotFoundError):
            await ask(backend, operation, jefa, user="ajena")
    with pytest.raises(ForbiddenError):
        await ask(backend, "user.role", jefa, user="ana", role="administrator")
    with pytest.raises(ForbiddenError):
        await ask(backend, "user.create", jefa, user="otra", role="supervisor", password=PASSWORD)
    with pytest.raises(NotFoundError):
        await ask(backend, "user.create", jefa, user="otra", role="user", account="sur", password=PASSWORD)
    with pytest.raises(NotFoundError, match="supervisor"):
        await ask(backend, "user.edit", user="ajena", supervisor="jefa")
    assert {one["name"] for one in (await ask(backend, "user.list", jefa))["items"]} == {"jefa", "par", "ana", "luz"}


async def test_the_older_tab_is_told(backend: Running) -> None:
    made = await user(backend, "ana")
    await ask(backend, "user.edit", user="ana", mail="a@norte.example", version=made["version"])
    with pytest.raises(ConflictError, match="meanwhile"):
        await ask(backend, "user.edit", user="ana", mail="b@norte.example", version=made["version"])
    assert (await ask(backend, "user.show", user="ana"))["mail"] == "a@norte.example"


@pytest.mark.parametrize(
    "wrong",
    [
        {"user": "a b"},
        {"user": "a@b"},
        {"user": ""},
        {"user": "x" * 65},
        {"password": "short"},
        {"password": "zulemazulema", "user": "zulemazulema"},
        {"mail": "nobody"},
        {"mail": "a@b\r\nBcc: c@d"},
        {"role": "owner"},
        {"role": "administrator"},
        {"account": None},
        {"monthly_limit": "-1"},
        {"monthly_limit": "lots"},
    ],
)
async def test_a_user_that_cannot_be(backend: Running, wrong: dict[str, Any]) -> None:
    good = {"user": "ana", "role": "user", "account": "norte", "password": PASSWORD}
    with pytest.raises(UsageError):
        await ask(backend, "user.create", **good | wrong)
    assert (await ask(backend, "user.list"))["items"] == []


async def test_people_are_spoken_to_in_their_own_language_else_in_their_accounts(backend: Running) -> None:
    await user(backend, "eva")
    opened = await sign_in(backend, "eva")
    assert (await person(backend, opened)).language is None
    await ask(backend, "account.set", account="norte", language="es")
    assert (await person(backend, opened)).language == "es"
    await ask(backend, "me.edit", await person(backend, opened), language="en")
    assert (await person(backend, opened)).language == "en"


async def test_names_are_one_whatever_their_case(backend: Running) -> None:
    await user(backend, "Ana")
    with pytest.raises(ConflictError):
        await user(backend, "ANA")
    assert (await ask(backend, "user.edit", user="ana", rename="Anita"))["name"] == "Anita"
    await user(backend, "ana")
    with pytest.raises(ConflictError):
        await ask(backend, "user.edit", user="ana", rename="ANITA")


# ------------------------------------------------------------------------------------------------------------- sessions


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("user.disable", {}),
        ("user.password", {"password": f"{PASSWORD}-2"}),
        ("user.role", {"role": "supervisor"}),
        ("user.sign_out", {}),
    ],
)
async def test_what_ends_a_session(backend: Running, operation: str, more: dict[str, Any]) -> None:
    await user(backend, "ana")
    opened = await sign_in(backend, "ana")
    assert (await person(backend, opened)).name == "ana"
    await ask(backend, "user.edit", user="ana", mail="ana@norte.example")
    await person(backend, opened)
    await ask(backend, operation, user="ana", **more)
    with pytest.raises(UnauthenticatedError):
        await person(backend, opened)


async def test_an_idle_session_ends_and_a_used_one_goes_on_to_its_end(backend: Running) -> None:
    hour, day = 3_600_000, 86_400_000
    await user(backend, "ana")
    used, idle = await sign_in(backend, "ana"), await sign_in(backend, "ana")
    for _ in range(4):
        backend.later_ms += 11 * hour
        await person(backend, used)
        await noted(backend, Seen({used["session"], "nobody's"}))
    with pytest.raises(UnauthenticatedError):
        await person(backend, idle)
    # What has ended cannot be brought back by a late note.
    await noted(backend, Seen({idle["session"]}))
    with pytest.raises(UnauthenticatedError):
        await person(backend, idle)
    while backend.later_ms < 30 * day:
        backend.later_ms += 11 * hour
        await noted(backend, Seen({used["session"]}))
    with pytest.raises(UnauthenticatedError):
        await person(backend, used)


async def test_one_sees_and_ends_ones_own_sessions_alone(backend: Running) -> None:
    await user(backend, "ana")
    await user(backend, "luz")
    first, second = await sign_in(backend, "ana", agent="Firefox"), await sign_in(backend, "ana")
    stranger = await person(backend, await sign_in(backend, "luz"))
    ana = await person(backend, first)
    items = (await ask(backend, "me.sessions", ana))["items"]
    assert [one["this"] for one in items].count(True) == 1
    with pytest.raises(NotFoundError):
        await ask(backend, "me.sign_out", stranger, session=ana.session)
    assert (await ask(backend, "me.sign_out", ana)) == {"ended": 1}
    await person(backend, first)
    with pytest.raises(UnauthenticatedError):
        await person(backend, second)


async def test_ones_own_password_needs_the_one_before(backend: Running) -> None:
    await user(backend, "ana")
    here, there = await sign_in(backend, "ana"), await sign_in(backend, "ana")
    ana = await person(backend, here)
    with pytest.raises(ForbiddenError):
        await ask(backend, "me.password", ana, current="wrong-wrong-wrong", password=f"{PASSWORD}-2")
    await ask(backend, "me.password", ana, current=PASSWORD, password=f"{PASSWORD}-2")
    await person(backend, here)
    with pytest.raises(UnauthenticatedError):
        await person(backend, there)
    with pytest.raises(UnauthenticatedError):
        await sign_in(backend, "ana")
    await sign_in(backend, "ana", f"{PASSWORD}-2")


async def test_a_thread_that_may_not_become_nicer_compares_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a daemon whose unit has made it nicer than that already."""

    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refused)
    assert await Lane("test", nice=10).matches(PASSWORD, HASHER.hash(PASSWORD))


async def test_guesses_are_stopped_before_the_hash_and_a_known_browser_gets_in(backend: Running) -> None:
    await user(backend, "ana")
    device = (await sign_in(backend, "ana"))["device"]
    wrong, waits = 0, []
    for number in range(200):
        try:
            await sign_in(backend, "ana", f"wrong-{number}", device="not the right one")
        except UnauthenticatedError:
            wrong += 1
        except ThrottledError as error:
            waits.append(error.retry_s)
    assert wrong <= 6, "each of them was compared"
    assert wrong + len(waits) == 200
    assert 0 < min(waits) <= max(waits) <= 60
    with pytest.raises(ThrottledError):
        await sign_in(backend, "ana")
    assert (await sign_in(backend, "ana", device=device))["session"]
    # Many addresses slow each other down for one name, and not for others.
    await user(backend, "luz")
    refused = 0
    for number in range(60):
        try:
            await sign_in(backend, "ana", "wrong", Actor("nobody", "", address=f"198.51.100.{number}"))
        except ThrottledError:
            refused += 1
        except UnauthenticatedError:
            pass
    assert refused >= 20
    assert (await sign_in(backend, "luz", by=Actor("nobody", "", address="203.0.113.1")))["session"]
    assert (await sign_in(backend, "ana", device=device))["session"]


async def test_refusals_unseen_have_few_rows_in_the_trail(backend: Running) -> None:
    await user(backend, "ana")
    for number in range(100):
        with pytest.raises((UnauthenticatedError, ThrottledError)):
            await sign_in(backend, "ana", f"wrong-{number}")
    rows = (await ask(backend, "audit.list", act="session.open", limit=500))["items"]
    assert {row["outcome"] for row in rows} == {"unauthenticated", "throttled"}
    assert [row["outcome"] for row in rows].count("throttled") == 1
    assert {(row["actor"], row["address"]) for row in rows} == {("ana", "192.0.2.1")}


# -------------------------------------------------------------------------------------------------------- second factor


async def _with_totp(backend: Running) -> tuple[str, list[str]]:
    await user(backend, "ana")
    ana = await person(backend, await sign_in(backend, "ana"))
    with pytest.raises(ForbiddenError):
        await ask(backend, "me.totp_offer", ana, current="wrong-wrong-wrong")
    seed = (await ask(backend, "me.totp_offer", ana, current=PASSWORD))["seed"]
    assert (await sign_in(backend, "ana"))["session"], "in force before it was confirmed"
    with pytest.raises(UsageError):
        await ask(backend, "me.totp_confirm", ana, code="000000")
    codes = (await ask(backend, "me.totp_confirm", ana, code=code_of(backend, seed)))["recovery_codes"]
    return seed, codes


def code_of(backend: Running, seed: str) -> str:
    return pyotp.TOTP(seed).at(backend.now() // 1000)


async def confirm(backend: Running, opened: Mapping[str, Any], code: str) -> Any:
    return await ask(backend, "session.confirm", STRANGER, ticket=opened["ticket"], code=code)


async def test_a_code_is_taken_once(backend: Running) -> None:
    seed, _codes = await _with_totp(backend)
    half = await sign_in(backend, "ana")
    assert half["session"] is None
    with pytest.raises(UnauthenticatedError):
        await confirm(backend, half, code_of(backend, seed))  # the one that put it in force
    backend.later_ms += 30_000
    code = code_of(backend, seed)
    opened = await confirm(backend, half, code)
    assert (await person(backend, opened)).name == "ana"
    with pytest.raises(UnauthenticatedError):
        await confirm(backend, half, code)
    with pytest.raises(UnauthenticatedError):
        await confirm(backend, await sign_in(backend, "ana"), code)
    rows = (await ask(backend, "audit.list", act="session.confirm"))["items"]
    assert [row["outcome"] for row in rows] == ["unauthenticated", "unauthenticated", "done", "unauthenticated"]
    assert {row["actor"] for row in (rows[0], rows[2], rows[3])} == {"ana"}


async def test_a_recovery_code_is_taken_once_and_no_secret_is_in_the_clear(backend: Running) -> None:
    seed, codes = await _with_totp(backend)
    assert len(set(codes)) == 10
    opened = await confirm(backend, await sign_in(backend, "ana"), f" {codes[3].upper()} ")
    ana = await person(backend, opened)
    assert (await ask(backend, "me.show", ana))["recovery_codes"] == 9
    with pytest.raises(UnauthenticatedError):
        await confirm(backend, await sign_in(backend, "ana"), codes[3])
    dump = stored(backend)
    for secret in (seed, PASSWORD, opened["session"], opened["device"] or "-" * 40, *codes, *map(plain_code, codes)):
        assert secret not in dump
    await ask(backend, "user.totp_reset", user="ana")
    assert (await sign_in(backend, "ana"))["session"]


async def test_codes_cannot_be_guessed(backend: Running) -> None:
    seed, _codes = await _with_totp(backend)
    half = await sign_in(backend, "ana")
    for number in range(6):
        with pytest.raises(UnauthenticatedError):
            await confirm(backend, half, f"{number:06}")
    with pytest.raises(ThrottledError):
        await confirm(backend, half, "000006")
    backend.later_ms += 30_000
    with pytest.raises(ThrottledError):
        await confirm(backend, half, code_of(backend, seed))


def test_codes_of_rfc_6238() -> None:
    seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for at, code in ((59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")):
        step = step_of(seed, code, at * 1000, 0)
        assert step == at // 30
        assert step_of(seed, code, at * 1000, step) is None
        assert step_of(seed, code, (at + 90) * 1000, 0) is None


# --------------------------------------------------------------------------------------------------------------- tokens


async def test_a_token_is_known_until_it_is_revoked(backend: Running) -> None:
    made = await ask(backend, "token.create", label="erp", account="norte", scopes=["send", "read"], expires="1d")
    secret = made["secret"]
    assert wellformed_token(secret)
    assert secret.startswith("gwd_live_")
    identities = known(backend)
    actor = await identities.identify({"token": secret}, "192.0.2.9")
    assert (actor.kind, actor.name, actor.account, actor.scopes, actor.test, actor.address) == (
        *("token", "erp", "norte", frozenset({"read", "send"}), False),
        "192.0.2.9",
    )
    assert secret not in stored(backend)
    assert (await ask(backend, "token.list", account="norte"))["items"][0]["last_used"] is None
    await identities.close()
    assert (await ask(backend, "token.list", account="norte"))["items"][0]["last_used"] is not None
    await ask(backend, "token.revoke", token=made["token"])
    await asyncio.sleep(1.05)
    for refused in (secret, secret[:-1] + ("a" if secret[-1] != "a" else "b"), make_token("live"), "gwd_live_"):
        with pytest.raises(UnauthenticatedError):
            await identities.identify({"token": refused}, "")


async def test_a_token_ends_by_itself_and_a_test_token_says_so(backend: Running) -> None:
    made = await ask(backend, "token.create", label="t", account="sur", kind="test", expires="90d")
    identities = known(backend)
    assert (await identities.identify({"token": made["secret"]}, "")).test
    backend.later_ms = 90 * 86_400_000
    with pytest.raises(UnauthenticatedError):
        await known(backend).identify({"token": made["secret"]}, "")
    for wrong in ("", "0s", "20y", "soon"):
        with pytest.raises(UsageError):
            await ask(backend, "token.create", label="t", account="sur", expires=wrong)
    for both in ({}, {"account": "sur", "admin": True}):
        with pytest.raises(UsageError):
            await ask(backend, "token.create", label="t", **both)


# ----------------------------------------------------------------------------------------------------------- the trail


async def test_the_trail_says_who_what_from_where_before_and_after(backend: Running) -> None:
    await user(backend, "ana")
    await ask(backend, "user.edit", user="ana", mail="ana@norte.example")
    await ask(backend, "user.password", user="ana", password=f"{PASSWORD}-2")
    with pytest.raises(NotFoundError):
        await ask(backend, "user.disable", user="nobody")
    await ask(backend, "account.credit", account="norte", amount="5", note="first")
    rows = (await ask(backend, "audit.list"))["items"]
    credit, refused, password, edited, made = rows[:5]
    assert (made["operation"], made["kind"], made["actor"], made["outcome"]) == (
        *("user.create", "operator", "uid 1000 (ana)"),
        "done",
    )
    assert (edited["before"]["mail"], edited["after"]["mail"]) == (None, "ana@norte.example")
    assert password["after"]["password"] == "***"
    assert (refused["outcome"], refused["subject"]) == ("not_found", "nobody")
    assert (credit["account"], credit["before"]["balance"], credit["after"]["amount"]) == ("norte", "0.00", "5")
    assert PASSWORD not in stored(backend)
    assert [row["id"] for row in (await ask(backend, "audit.list", refused=True))["items"]] == [refused["id"]]
    assert len((await ask(backend, "audit.list", act="user"))["items"]) == 4
    assert (await ask(backend, "audit.list", act="use"))["items"] == []
    portion = await ask(backend, "audit.export", account="norte")
    assert portion["csv"].splitlines()[0].startswith("at,kind,actor")
    assert (await ask(backend, "audit.list", act="audit"))["items"][0]["operation"] == "audit.export"


async def test_a_change_and_its_row_are_of_one_commit(backend: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    from gatewayd.store.people import audit

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(audit, "write", full)
        for operation, arguments in (
            ("account.credit", {"account": "norte", "amount": "5"}),
            ("user.create", {"user": "ana", "role": "user", "account": "norte", "password": PASSWORD}),
        ):
            with pytest.raises(Exception, match="full"):
                await ask(backend, operation, **arguments)
    assert (await ask(backend, "account.show", account="norte"))["granted"] == "0.00"
    assert (await ask(backend, "user.list"))["items"] == []


# ----------------------------------------------------------------------------------------------------------- mass sends


async def test_one_to_many_needs_the_accounts_password(backend: Running) -> None:
    from pydantic import SecretStr

    await user(backend, "ana")
    ana = await person(backend, await sign_in(backend, "ana"))
    await require(backend, ana, "norte", {"+5491"})
    await require(backend, ana, "norte", {"+5491"})
    with pytest.raises(ConflictError, match="no password"):
        await require(backend, ana, "norte", {"+5492"})
    await ask(backend, "mass.set", account="norte", password="todos-a-la-vez")
    with pytest.raises(PasswordNeededError):
        await require(backend, ana, "norte", {"+5491", "+5492"})
    with pytest.raises(ForbiddenError):
        await require(backend, ana, "norte", {"+5492"}, SecretStr("wrong"))
    await require(backend, ana, "norte", {"+5492", "+5493"}, SecretStr("todos-a-la-vez"))
    backend.later_ms = 86_400_001
    at_once = await asyncio.gather(
        *(require(backend, ana, "norte", {f"+549{number}"}) for number in range(5)), return_exceptions=True
    )
    assert [type(one) for one in at_once].count(PasswordNeededError) == 4
    backend.later_ms *= 2
    await require(backend, ana, "norte", {"+5494"})
    token = Actor("token", "erp", Role.SUPERVISOR, "norte", 1, frozenset({"send"}))
    await require(backend, token, "norte", {"+5491"})
    with pytest.raises(ForbiddenError, match="mass"):
        await require(backend, token, "norte", {"+5491", "+5492"})
    assert NOBODY.scope.account is None


async def test_a_person_who_posts_to_many_is_asked_whatever_the_door(backend: Running) -> None:
    await user(backend, "ana")
    ana = await person(backend, await sign_in(backend, "ana"))
    messages = [{"to": f"115555000{number}", "channel": "sms", "text": "Hola"} for number in range(2)]
    many = {"posts": [{"messages": messages}]}
    with pytest.raises(ConflictError, match="no password"):
        await ask(backend, "message.post", ana, **many)
    await ask(backend, "mass.set", account="norte", password="todos-a-la-vez")
    job = {"body": '{"job": "j", "channel": "sms", "text": "Hola", "recipients": [{"to": "1155550001"}]}'}
    for operation, arguments in (("message.post", many), ("job.post", job)):
        with pytest.raises(PasswordNeededError):
            await ask(backend, operation, ana, **arguments)
        with pytest.raises(ForbiddenError):
            await ask(backend, operation, ana, **arguments, password="wrong")
    await ask(backend, "mass.set", account="norte", approve_above=1)
    for operation, arguments in (("message.post", many), ("job.post", job)):
        with pytest.raises(ForbiddenError, match="supervisor"):
            await ask(backend, operation, ana, **arguments, password="todos-a-la-vez")


async def test_nobody_of_a_test_token_makes_or_sends_anything_real(backend: Running) -> None:
    powers = frozenset({"read", "send", "manage", "mass"})
    admin = Actor("token", "erp", Role.ADMINISTRATOR, None, 1, powers, test=True)
    with pytest.raises(ForbiddenError, match="test"):
        await ask(backend, "token.create", admin, label="another", account="norte", kind="live")
    await ask(backend, "token.create", admin, label="another", account="norte", kind="test")
    for operation, arguments in (
        ("interaction.resend", {"ids": ["01M80NPK7PYA4G000000000001"]}),
        ("line.test", {"line": "claro-1", "number": "1155550001"}),
        ("line.ask", {"line": "claro-1", "question": "balance"}),
    ):
        with pytest.raises(ForbiddenError, match="test token"):
            await ask(backend, operation, admin, **arguments)


async def test_a_mail_address_is_changed_by_who_knows_the_password_alone(backend: Running) -> None:
    await user(backend, "ana")
    ana = await person(backend, await sign_in(backend, "ana"))
    for given in ({}, {"current": "wrong"}):
        with pytest.raises(ForbiddenError):
            await ask(backend, "me.edit", ana, mail="thief@example.com", **given)
    assert (await ask(backend, "me.edit", ana, mail="ana@norte.example", current=PASSWORD))["mail"]
    assert (await ask(backend, "me.edit", ana, theme="dark"))["theme"] == "dark"


async def test_a_secret_at_a_wrong_place_is_refused_and_not_kept(backend: Running) -> None:
    for place in ("keys", "texts"):
        given = {place: {"host": "127.0.0.1", "password": "hunter22-hunter22"}}
        with pytest.raises(UsageError):
            await ask(backend, "line.add", line="correo", driver="smtp", **given)
    rows = [row for row in (await ask(backend, "audit.list"))["items"] if row["operation"] == "line.add"]
    assert len(rows) == 2
    assert "password" in str(rows)
    assert "hunter22" not in str(rows)


async def test_who_may_not_do_a_thing_at_all_is_on_record_whatever_they_asked(backend: Running) -> None:
    await user(backend, "ana")
    number = backend.store.connection.exec_driver_sql("SELECT id FROM user_ WHERE name = 'ana'").scalar()
    ana = Actor("person", "ana", Role.USER, "norte", number, address="192.0.2.7")
    with pytest.raises(ForbiddenError, match="role"):
        await ask(backend, "user.create", ana)
    with pytest.raises(UsageError):
        await ask(backend, "user.create")
    (row,) = [one for one in (await ask(backend, "audit.list", act="user.create"))["items"] if one["actor"] == "ana"]
    assert (row["address"], row["account"]) == ("192.0.2.7", "norte")
