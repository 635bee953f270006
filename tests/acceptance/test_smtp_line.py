"""The mail line against the simulated server: every outcome as the port promises it."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from structlog.testing import capture_logs

from drivers.base import (
    Accepted,
    Blame,
    EmailContent,
    Event,
    Line,
    LineError,
    LineSetup,
    LineStatus,
    NotSent,
    OutboundMessage,
    Refused,
    Uncertain,
    Withdrawn,
)
from drivers.smtp import driver
from drivers.smtp.line import SmtpLine
from drivers.smtp.options import SmtpOptions
from drivers.smtp.session import Timing
from drivers.smtp.simulator import SmtpSimulator

ATTEMPT = "01JD0000000000000000000001"
PASSWORD = "clave-de-prueba"
WAIT_S = 10.0
TIMING = Timing(connect=5.0, command=5.0, content=5.0, quit=1.0, idle=60.0, retry_first=0.02, retry_most=0.05)


class Sink:
    """Keeps events, and wakes who waits for one."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._moved = asyncio.Condition()

    async def put(self, event: Event) -> None:
        async with self._moved:
            self.events.append(event)
            self._moved.notify_all()

    async def status(self, state: str, reason: str | None = None) -> LineStatus:
        """The first status of that state from now on or before; it is taken off."""
        async with asyncio.timeout(WAIT_S), self._moved:
            while True:
                for event in self.events:
                    if isinstance(event, LineStatus) and (event.state, event.reason) == (state, reason):
                        self.events.remove(event)
                        return event
                await self._moved.wait()


class Crossing:
    """A point of no return that remembers, or withdraws."""

    def __init__(self, withdraw: bool = False) -> None:
        self.parts: list[int] = []
        self._withdraw = withdraw

    async def __call__(self, part: int, taken: Mapping[int, str] | None = None) -> None:
        self.parts.append(part)
        if self._withdraw:
            raise Withdrawn("cancelled")


def options_of(sim: SmtpSimulator, security: str = "none", **keys: Any) -> SmtpOptions:
    base: dict[str, Any] = {
        "from_name": "Norte Wifi",
        "from_address": "cobranzas@norte.example",
        "host": "127.0.0.1",
        "port": sim.devices[0].port,
        "security": security,
        "user": "cuenta@example.net",
        "password": PASSWORD,
        "ca_file": sim.devices[0].ca_file,
    }
    return SmtpOptions(**(base | keys))


@asynccontextmanager
async def running(line: SmtpLine) -> AsyncIterator[Sink]:
    sink = Sink()
    task = asyncio.create_task(line.run(sink))
    try:
        yield sink
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def at_work(
    settings: Mapping[str, Any] | None = None, timing: Timing = TIMING, **keys: Any
) -> AsyncIterator[tuple[SmtpSimulator, SmtpLine, Sink]]:
    async with SmtpSimulator(settings=settings) as sim:
        line = SmtpLine("mail-1", options_of(sim, **keys), timing)
        async with running(line) as sink:
            await sink.status("ready")
            yield sim, line, sink


def message(to: str = "ana@example.com", attempt: str = ATTEMPT, **email: Any) -> OutboundMessage:
    content = EmailContent(**{"subject": "Su factura", **email})
    return OutboundMessage(attempt=attempt, to=to, address=to, text="Estimada Ana: ¡gracias!", content=content)


async def test_a_mail_arrives_as_written() -> None:
    async with at_work() as (sim, line, _):
        crossing = Crossing()
        html = "<p>Hola <b>Ñandú</b></p>"
        sent = message(subject="Señal débil", html=html, cc=("jefa@example.com",))
        outcome = await line.send(sent, crossing)
        assert outcome == Accepted({1: f"<{ATTEMPT}@norte.example>"}, reported=False)
        assert crossing.parts == [1]
        [mail] = sim.texts()["texts"]
        assert mail["to"] == ["ana@example.com", "jefa@example.com"]
        assert mail["subject"] == "Señal débil"
        assert mail["text"].strip() == "Estimada Ana: ¡gracias!"
        assert mail["html"].strip() == html
        assert mail["header_from"] == "Norte Wifi <cobranzas@norte.example>"
        assert mail["id"] == f"<{ATTEMPT}@norte.example>"
        assert mail["auto"] == "auto-generated"
        assert mail["from"] == "cobranzas@norte.example"


async def test_lines_of_dots_arrive_whole() -> None:
    async with at_work() as (sim, line, _):
        text = ".\n..\n.fin\n\n."
        sent = OutboundMessage(attempt=ATTEMPT, to="a@b.example", address="a@b.example", text=text)
        assert isinstance(await line.send(sent, Crossing()), Accepted)
        assert sim.texts()["texts"][0]["text"].replace("\r\n", "\n").removesuffix("\n") == text


async def test_attachments_are_sent_and_a_missing_one_stops_the_mail(tmp_path: Path) -> None:
    (tmp_path / "factura.pdf").write_bytes(b"%PDF" + bytes(range(256)) * 300)
    async with at_work() as (sim, line, _):
        paths = {"factura.pdf": str(tmp_path / "factura.pdf")}
        assert isinstance(await line.send(message(attachments=paths), Crossing()), Accepted)
        assert sim.texts()["texts"][0]["attachments"] == ["factura.pdf"]
        for gone in ("", str(tmp_path), str(tmp_path / "other.pdf")):
            sent = message(attachments=paths | {"otra.pdf": gone})
            assert await line.send(sent, Crossing()) == Refused("attachment_missing")
        assert sim.stats()["total"]["taken"] == 1


async def test_the_connection_is_used_again_and_closed_when_idle() -> None:
    timing = Timing(connect=5.0, command=5.0, content=5.0, quit=1.0, idle=0.05)
    async with at_work() as (sim, line, _):
        for _ in range(3):
            assert isinstance(await line.send(message(), Crossing()), Accepted)
        assert sim.stats()["total"]["connections"] == 1
    async with at_work(timing=timing) as (sim, line, _):
        await sim.wait(closed=1)
        assert not sim.accounts[0].connections
        assert isinstance(await line.send(message(), Crossing()), Accepted)
        assert sim.stats()["total"]["connections"] == 2


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "end"])
@pytest.mark.parametrize("code", [451, 550])
async def test_an_answer_decides_by_its_code_at_each_stage(stage: str, code: int) -> None:
    async with at_work() as (sim, line, _):
        sim.set(fault={"kind": "reply", "stage": stage, "code": code, "text": "nope"})
        crossing = Crossing()
        outcome = await line.send(message(), crossing)
        if code == 550:
            assert outcome == Refused("smtp_550")
        else:
            assert isinstance(outcome, NotSent)
            assert outcome.reason == "smtp_451"
        assert crossing.parts == ([1] if stage == "end" else [])
        assert isinstance(await line.send(message(), Crossing()), Accepted)
        assert sim.stats()["total"]["taken"] == 1
        assert sim.stats()["total"]["connections"] == 1


async def test_a_copy_that_is_refused_does_not_stop_the_mail() -> None:
    async with at_work() as (sim, line, _):
        sim.set(fault={"kind": "reply", "stage": "rcpt", "address": "jefa@", "code": 550, "text": "5.1.1 no"})
        with capture_logs() as logs:
            outcome = await line.send(message(cc=("jefa@example.com", "otra@example.com")), Crossing())
        assert isinstance(outcome, Accepted)
        assert sim.texts()["texts"][0]["to"] == ["ana@example.com", "otra@example.com"]
        assert [each["reasons"] for each in logs if each["event"] == "copies refused"] == [["unknown_recipient"]]


async def test_a_refused_recipient_is_not_saved_by_a_taken_copy() -> None:
    async with at_work() as (sim, line, _):
        sim.set(fault={"kind": "reply", "stage": "rcpt", "address": "ana@", "code": 550, "text": "5.1.1 no"})
        outcome = await line.send(message(cc=("jefa@example.com",)), Crossing())
        assert outcome == Refused("unknown_recipient", Blame.PERSON)
        assert "taken" not in sim.stats()["total"]


async def test_the_record_of_what_was_taken_is_read_in_portions() -> None:
    async with at_work() as (sim, line, _):
        for _ in range(3):
            assert isinstance(await line.send(message(), Crossing()), Accepted)
        first = await sim.operate({"op": "texts", "since": 0, "limit": 2})
        assert ([mail["seq"] for mail in first["texts"]], first["next"], first["total"]) == ([1, 2], 2, 3)
        rest = await sim.operate({"op": "texts", "since": first["next"], "limit": 2, "device": 0})
        assert ([mail["seq"] for mail in rest["texts"]], rest["next"]) == ([3], None)


async def test_greylisting_says_when_to_come_back() -> None:
    async with at_work({"greylist_s": 90}) as (sim, line, _):
        assert await line.send(message(), Crossing()) == NotSent("greylisted", retry_after=90.0)
        sim.set(greylist_s=0)
        assert isinstance(await line.send(message(), Crossing()), Accepted)


@pytest.mark.parametrize("taken", [True, False])
async def test_a_connection_lost_after_the_content_is_in_doubt(taken: bool) -> None:
    async with at_work() as (sim, line, _):
        sim.set(fault={"kind": "drop", "stage": "end", "taken": taken})
        assert await line.send(message(), Crossing()) == Uncertain("connection_lost")
        assert len(sim.texts()["texts"]) == taken
        assert isinstance(await line.send(message(), Crossing()), Accepted)


async def test_silence_after_the_content_is_in_doubt_too() -> None:
    timing = Timing(connect=5.0, command=5.0, content=0.05, quit=0.1)
    async with at_work(timing=timing) as (sim, line, _):
        sim.set(fault={"kind": "slow", "stage": "end", "delay_s": 5.0})
        assert await line.send(message(), Crossing()) == Uncertain("timeout")


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
async def test_a_connection_lost_before_the_content_is_made_anew_once(stage: str) -> None:
    async with at_work() as (sim, line, _):
        sim.set(fault={"kind": "drop", "stage": stage})
        assert isinstance(await line.send(message(), Crossing()), Accepted)
        assert sim.stats()["total"]["connections"] == 2
        sim.set(fault={"kind": "drop", "stage": stage, "count": 2})
        assert await line.send(message(), Crossing()) == NotSent("connection_lost", blame=Blame.LINE)
        assert sim.stats()["total"]["taken"] == 1


async def test_a_withdrawn_mail_does_not_leave() -> None:
    async with at_work() as (sim, line, _):
        assert await line.send(message(), Crossing(withdraw=True)) == NotSent("cancelled", counts=False)
        assert isinstance(await line.send(message("otra@example.com"), Crossing()), Accepted)
        assert [mail["to"] for mail in sim.texts()["texts"]] == [["otra@example.com"]]


async def test_reports_are_asked_for_only_where_they_are_offered() -> None:
    async with at_work({"dsn": True}, bounce_address="rebotes+{attempt}@norte.example") as (sim, line, _):
        await line.send(message(cc=("jefa@example.com",)), Crossing())
        [mail] = sim.texts()["texts"]
        assert mail["from"] == f"rebotes+{ATTEMPT}@norte.example"
        assert mail["dsn"] == {
            "RET": "HDRS",
            "ENVID": ATTEMPT,
            "NOTIFY ana@example.com": "FAILURE,DELAY",
            "ORCPT ana@example.com": "rfc822;ana@example.com",
            "NOTIFY jefa@example.com": "NEVER",
        }
    async with at_work() as (sim, line, _):
        await line.send(message(), Crossing())
        assert sim.texts()["texts"][0]["dsn"] == {}


async def test_what_a_server_cannot_take_is_refused_before_it_leaves() -> None:
    async with at_work({"size": 2000}) as (sim, line, _):
        crossing = Crossing()
        assert await line.send(message(html="x" * 5000), crossing) == Refused("too_large")
        assert await line.send(message("ñandú@example.com"), crossing) == Refused("address_needs_smtputf8")
        assert await line.send(message(subject="a\r\nBcc: x@y.example"), crossing) == Refused("subject_invalid")
        assert crossing.parts == []
    async with at_work({"utf8": True}) as (sim, line, _):
        assert isinstance(await line.send(message("ñandú@example.com"), Crossing()), Accepted)
        assert sim.texts()["texts"][0]["to"] == ["ñandú@example.com"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_encrypted_with_a_certificate_that_is_checked(security: Literal["starttls", "tls"]) -> None:
    async with SmtpSimulator(security=security) as sim:
        line = SmtpLine("mail-1", options_of(sim, security), TIMING)
        async with running(line) as sink:
            await sink.status("ready")
            assert isinstance(await line.send(message(), Crossing()), Accepted)
            assert sim.texts()["texts"][0]["tls"] is True
        stranger = SmtpLine("mail-2", options_of(sim, security, ca_file=None), TIMING)
        async with running(stranger) as sink:
            await sink.status("quarantined", "certificate_invalid")


async def test_starttls_never_falls_back_to_plain_text() -> None:
    async with SmtpSimulator() as sim:
        line = SmtpLine("mail-1", options_of(sim, "starttls"), TIMING)
        async with running(line) as sink:
            await sink.status("quarantined", "starttls_missing")
            assert await line.send(message(), Crossing()) == NotSent("not_ready", counts=False)
        assert "logins" not in sim.stats()["total"]


async def test_a_refused_login_puts_the_line_aside_and_tells_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    async with SmtpSimulator(settings={"password": "otra"}) as sim:
        options = options_of(sim)
        line = SmtpLine("mail-1", options, TIMING)
        caplog.set_level("DEBUG")
        with capture_logs() as logs:
            async with running(line) as sink:
                await sink.status("quarantined", "login_refused")
                with pytest.raises(LineError) as refused:
                    await line.command("verify")
        assert sim.stats()["total"]["logins_refused"] >= 1
        shown = json.dumps(logs, default=repr) + str(refused.value) + repr(options)
        shown += "".join(each.getMessage() for each in caplog.records if not each.name.startswith("mail."))
        assert PASSWORD not in shown
        assert "login_refused" in shown


async def test_security_that_does_not_fit_the_port_is_told_for_what_it_is() -> None:
    hasty = replace(TIMING, connect=0.3)
    async with SmtpSimulator() as plain, SmtpSimulator(security="tls") as encrypted:
        for sim, security, reason in ((plain, "tls", "tls_failed"), (encrypted, "none", "no_greeting")):
            async with running(SmtpLine("mail-1", options_of(sim, security), hasty)) as sink:
                await sink.status("recovering", reason)


async def test_a_password_that_a_provider_takes_no_more_is_told_so() -> None:
    async with SmtpSimulator() as sim:
        ended = "5.7.139 Authentication unsuccessful, basic authentication is disabled."
        sim.set(fault={"kind": "reply", "stage": "auth", "code": 535, "text": ended, "count": None})
        async with running(SmtpLine("mail-1", options_of(sim), TIMING)) as sink:
            await sink.status("quarantined", "login_unsupported")


async def test_a_server_that_is_down_is_waited_for() -> None:
    async with at_work() as (sim, line, sink):
        await sim.unplug()
        outcome = await line.send(message(), Crossing())
        assert outcome == NotSent("host_down", counts=False, blame=Blame.LINE)
        await sink.status("recovering", "host_down")
        await sim.replug()
        await sink.status("ready")
        assert isinstance(await line.send(message(), Crossing()), Accepted)


async def test_a_login_that_a_send_found_refused_is_not_tried_again_at_once() -> None:
    timing = Timing(connect=5.0, command=5.0, content=5.0, quit=1.0, idle=60.0)
    async with at_work(timing=timing) as (sim, line, sink):
        sim.set(password="otra", fault={"kind": "drop", "stage": "mail"})
        outcome = await line.send(message(), Crossing())
        assert outcome == NotSent("login_refused", counts=False, blame=Blame.LINE)
        refused = sim.stats()["total"]["logins_refused"]
        await sink.status("quarantined", "login_refused")
        assert await line.send(message(), Crossing()) == NotSent("not_ready", counts=False)
        assert sim.stats()["total"]["logins_refused"] == refused


async def test_verify_logs_in_and_sends_nothing() -> None:
    async with at_work() as (sim, line, _):
        answer = await line.command("verify")
        assert (answer["connected"], answer["logged_in"]) == (True, True)
        assert "taken" not in sim.stats()["total"]
        with pytest.raises(LineError):
            await line.command("balance")


async def test_the_driver_makes_lines() -> None:
    options = SmtpOptions(from_address="a@b.example", host="h.example", password="x", user="u", security="none")
    line = driver.make(LineSetup("m", options))
    assert isinstance(line, Line)
    assert [finding.key for finding in driver.check(LineSetup("m", options))] == ["security"]
    assert await line.resume([]) == {}


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ({"user": "u"}, "password"),
        ({"password": "p"}, "user"),
        ({"imap_host": "h"}, "imap_user"),
        ({"unsubscribe": "x"}, "unsubscribe"),
        ({"from_address": "a@b..example"}, "from_address"),
        ({"ca_file": "/nowhere.pem"}, "ca_file"),
        ({"imap_host": "h", "imap_user": "u", "imap_password": "p", "imap_security": "none"}, "imap_security"),
    ],
)
def test_keys_that_cannot_work_are_told(keys: dict[str, str], key: str) -> None:
    options = SmtpOptions.model_validate({"from_address": "a@b.example", "host": "h.example"} | keys)
    assert [finding.key for finding in driver.check(LineSetup("m", options))] == [key]
