"""Logins by OAuth 2.0 at a server and a mailbox that take nothing else, and servers that want what we do not speak."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from drivers.base import Accepted, Blame, InboundMessage, LineSetup, NotSent
from drivers.smtp import driver
from drivers.smtp.line import SmtpLine
from drivers.smtp.oauth import TokenError, Tokens
from drivers.smtp.options import SmtpOptions
from drivers.smtp.simulator import SmtpSimulator
from tests.acceptance.test_smtp_line import TIMING, WAIT_S, Crossing, Sink, message, running

REFRESH = "ficha-de-renovacion"
SECRET = "secreto-de-aplicacion"


def options_of(sim: SmtpSimulator, **keys: Any) -> SmtpOptions:
    device = sim.devices[0]
    base: dict[str, Any] = {
        "from_address": "cobranzas@norte.example",
        "host": "127.0.0.1",
        "port": device.port,
        "security": "none",
        "user": "cuenta@example.net",
        "auth": "oauth2",
        "oauth_client_id": "aplicacion",
        "oauth_refresh_token": REFRESH,
        "oauth_url": device.token_url,
        "imap_host": "127.0.0.1",
        "imap_port": device.imap_port,
        "imap_security": "none",
        "imap_poll": 0.1,
    }
    return SmtpOptions(**(base | keys))


@asynccontextmanager
async def at_work(settings: Mapping[str, Any], **keys: Any) -> AsyncIterator[tuple[SmtpSimulator, SmtpLine, Sink]]:
    async with SmtpSimulator(settings={"mechanisms": "XOAUTH2", **settings}) as sim:
        line = SmtpLine("mail-1", options_of(sim, **keys), TIMING)
        async with running(line) as sink:
            yield sim, line, sink


async def received(sink: Sink) -> InboundMessage:
    import asyncio

    async with asyncio.timeout(WAIT_S), sink._moved:
        while not (found := [each for each in sink.events if isinstance(each, InboundMessage)]):
            await sink._moved.wait()
    return found[0]


@pytest.mark.parametrize("keys", [{}, {"oauth_refresh_token": None, "oauth_client_secret": SECRET}])
async def test_a_mail_goes_and_a_reply_comes_by_one_token(keys: dict[str, Any]) -> None:
    async with at_work({}, **keys) as (sim, line, sink):
        await sink.status("ready")
        assert isinstance(await line.send(message(), Crossing()), Accepted)
        sim.inject(sender="ana@example.com", text="Ya pagué")
        assert (await received(sink)).text == "Ya pagué"
        assert sim.stats()["total"]["tokens"] == 1
        assert (await line.command("verify"))["mailbox"] == "ready"


async def test_a_token_that_is_refused_is_renewed_once() -> None:
    async with at_work({}) as (sim, line, sink):
        await sink.status("ready")
        sim.accounts[0].token = None  # revoked
        sim.set(fault={"kind": "drop", "stage": "mail"})
        assert isinstance(await line.send(message(), Crossing()), Accepted)
        assert sim.stats()["total"]["logins_refused"] == 1
        sim.accounts[0].token = None
        sim.inject(sender="ana@example.com", text="Ya pagué")
        assert (await received(sink)).text == "Ya pagué"


async def test_a_token_is_asked_for_again_when_it_runs_out() -> None:
    async with SmtpSimulator(settings={"token_life_s": 121.0}) as sim:
        tokens = Tokens(options_of(sim))
        first = await tokens.current()
        assert await tokens.current() == first
        tokens._until = 0.0
        assert await tokens.current() != first


async def test_a_refresh_token_that_was_withdrawn_wants_a_person() -> None:
    async with at_work({"refresh_token": "otra"}) as (_, line, sink):
        await sink.status("quarantined", "token_refused")
        assert await line.send(message(), Crossing()) == NotSent("not_ready", counts=False)


async def test_a_token_endpoint_that_is_down_is_waited_for() -> None:
    async with SmtpSimulator(settings={"mechanisms": "XOAUTH2"}) as sim:
        sim.set(fault={"kind": "reply", "stage": "token", "code": 503, "text": "{}", "count": 2})
        line = SmtpLine("mail-1", options_of(sim, imap_host=None), TIMING)
        async with running(line) as sink:
            await sink.status("recovering", "token_unavailable")
            await sink.status("ready")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"kind": "reply", "code": 400, "text": '{"error":"invalid_client"}'}, "token_refused: invalid_client"),
        ({"kind": "reply", "code": 400, "text": '{"error":"<b>x</b>"}'}, "token_refused: 400"),
        ({"kind": "reply", "code": 200, "text": "<html>"}, "token_unreadable"),
        ({"kind": "reply", "code": 200, "text": '{"access_token":"a\\nb"}'}, "token_unreadable"),
        ({"kind": "reply", "code": 302, "text": ""}, "token_unavailable: 302"),
        ({"kind": "drop"}, "token_unavailable: ServerDisconnectedError"),
    ],
)
async def test_what_a_token_endpoint_may_answer(fault: dict[str, Any], reason: str) -> None:
    async with SmtpSimulator() as sim:
        # The client tries a request on a dropped connection once more by itself where it may.
        sim.set(fault={"stage": "token", "count": None, **fault})
        with pytest.raises(TokenError) as caught:
            await Tokens(options_of(sim)).current()
        assert str(caught.value) == reason
        assert REFRESH not in str(caught.value)


@pytest.mark.parametrize("mechanisms", ["XOAUTH2", "GSSAPI NTLM", "XOAUTH2 GSSAPI"])
async def test_a_server_that_wants_another_login_is_told_so(mechanisms: str) -> None:
    async with SmtpSimulator(settings={"mechanisms": mechanisms}) as sim:
        keys: dict[str, Any] = {"auth": "password", "password": "clave-de-prueba"}
        line = SmtpLine("mail-1", options_of(sim, **keys), TIMING)
        async with running(line) as sink:
            await sink.status("quarantined", "login_unsupported")
    async with SmtpSimulator(settings={"mechanisms": mechanisms}) as sim, SmtpSimulator() as submission:
        keys |= {"port": submission.devices[0].port}
        line = SmtpLine("mail-1", options_of(sim, **keys), TIMING)
        async with running(line) as sink:
            while not (status := await sink.status("ready")).detail:
                pass  # before the mailbox was looked into
            assert status.detail == {"mailbox": "login_unsupported"}
            assert isinstance(await line.send(message(), Crossing()), Accepted)


async def test_a_login_refused_while_sending_is_the_lines() -> None:
    async with at_work({}, imap_host=None) as (sim, line, sink):
        await sink.status("ready")
        sim.accounts[0].token = None
        sim.set(refresh_token="otra", fault={"kind": "drop", "stage": "mail"})
        assert await line.send(message(), Crossing()) == NotSent("token_refused", counts=False, blame=Blame.LINE)


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ({"user": None}, "user"),
        ({"oauth_client_id": None}, "oauth_client_id"),
        ({"oauth_refresh_token": None}, "oauth_refresh_token"),
        ({"oauth_refresh_token": None, "oauth_client_secret": "s", "oauth_url": None}, "oauth_tenant"),
        ({"oauth_url": "http://tokens.example/x"}, "oauth_url"),
    ],
)
def test_keys_that_cannot_work_are_told(keys: dict[str, Any], key: str) -> None:
    base = {"from_address": "a@b.example", "host": "h.example", "user": "a@b.example", "auth": "oauth2"}
    base |= {"oauth_client_id": "x", "oauth_refresh_token": "y", "oauth_url": "https://t.example/"}
    options = SmtpOptions.model_validate({name: value for name, value in (base | keys).items() if value is not None})
    assert [finding.key for finding in driver.check(LineSetup("m", options))] == [key]


def test_where_tokens_are_given() -> None:
    base = {"from_address": "a@b.example", "host": "h.example"}
    assert SmtpOptions.model_validate(base).token_url == "https://oauth2.googleapis.com/token"
    microsoft = SmtpOptions.model_validate(base | {"oauth_tenant": "norte.example"})
    assert microsoft.token_url == "https://login.microsoftonline.com/norte.example/oauth2/v2.0/token"
    assert microsoft.token_scope == "https://outlook.office365.com/.default"
