"""Bounces and replies from a mailbox to events: each once, and marked as read only when durable."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from drivers.base import (
    Accepted,
    DeliveryReport,
    EmailContent,
    Event,
    InboundMessage,
    LineStatus,
    NotDurableError,
    OutboundMessage,
)
from drivers.smtp import mailbox as mailbox_module
from drivers.smtp.line import SmtpLine
from drivers.smtp.listening import pause_s
from drivers.smtp.mailbox import ALONE, READING, Mailbox
from drivers.smtp.options import SmtpOptions
from drivers.smtp.simulator import SmtpSimulator

ATTEMPT = "01JD0000000000000000000001"
WAIT_S = 10.0


class Sink:
    """Keeps events; where `held`, an event is not durable until `release`d."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._moved = asyncio.Condition()
        self.durable = asyncio.Event()
        self.durable.set()
        self.full = False

    async def put(self, event: Event) -> None:
        if self.full and not isinstance(event, LineStatus):
            raise NotDurableError("the disk is full")
        async with self._moved:
            self.events.append(event)
            self._moved.notify_all()
        if not isinstance(event, LineStatus):
            await self.durable.wait()

    async def until(self, kind: type[Event], count: int = 1) -> list[Any]:
        async with asyncio.timeout(WAIT_S), self._moved:
            while True:
                found = [event for event in self.events if isinstance(event, kind)]
                if len(found) >= count:
                    return found
                await self._moved.wait()

    async def mailbox(self, reason: str | None) -> None:
        """Until the line says that of its mailbox."""
        await self.detail("mailbox", reason)

    async def detail(self, name: str, value: object) -> None:
        """Until the line's details say that."""
        async with asyncio.timeout(WAIT_S), self._moved:
            while not any(
                isinstance(event, LineStatus) and event.state == "ready" and event.detail.get(name) == value
                for event in self.events
            ):
                await self._moved.wait()


async def crossing(part: int, taken: Mapping[int, str] | None = None) -> None:
    assert part == 1


@asynccontextmanager
async def at_work(
    settings: dict[str, Any] | None = None, **keys: Any
) -> AsyncIterator[tuple[SmtpSimulator, Any, Sink]]:
    async with SmtpSimulator(settings=settings) as sim, at_work_at(sim, **keys) as (line, sink):
        yield sim, line, sink


@asynccontextmanager
async def at_work_at(sim: SmtpSimulator, **keys: Any) -> AsyncIterator[tuple[Any, Sink]]:
    device = sim.devices[0]
    given: dict[str, Any] = {
        "from_address": "cobranzas@norte.example",
        "host": "127.0.0.1",
        "port": device.port,
        "security": "none",
        "user": "cuenta@example.net",
        "password": "clave-de-prueba",
        "imap_host": "127.0.0.1",
        "imap_port": device.imap_port,
        "imap_security": "none",
        "imap_poll": 0.1,
    }
    line = SmtpLine("mail-1", SmtpOptions(**(given | keys)))
    sink = Sink()
    task = asyncio.create_task(line.run(sink))
    try:
        await sink.until(LineStatus)
        yield line, sink
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def message() -> OutboundMessage:
    content = EmailContent("Factura", cc=("jefa@example.com",))
    return OutboundMessage(attempt=ATTEMPT, to="ana@example.com", address="ana@example.com", text="x", content=content)


async def test_a_bounce_makes_the_message_undelivered() -> None:
    async with at_work() as (sim, line, sink):
        accepted = await line.send(message(), crossing)
        assert isinstance(accepted, Accepted)
        sim.inject(bounce_of=0, recipient="jefa@example.com")
        sim.inject(bounce_of=0, status="5.2.2")
        [report] = await sink.until(DeliveryReport)
        assert (report.reference, report.attempt, report.part) == (accepted.references[1], ATTEMPT, 1)
        assert (report.status, report.reason, report.to) == ("undelivered", "mailbox_full", "ana@example.com")
        assert await sim.wait(imap_seen=2) == {"reached": True}
        assert len(await sink.until(DeliveryReport)) == 1


async def test_a_bounce_that_quotes_nothing_is_known_by_its_address_or_envelope() -> None:
    async with at_work(bounce_address="rebotes+{attempt}@norte.example") as (sim, line, sink):
        await line.send(message(), crossing)
        sim.inject(bounce_of=0, headers=False)
        [report] = await sink.until(DeliveryReport)
        assert report.attempt == ATTEMPT
    async with at_work({"dsn": True}) as (sim, line, sink):
        await line.send(message(), crossing)
        sim.inject(bounce_of=0, headers=False, action="delivered", status="2.0.0")
        [report] = await sink.until(DeliveryReport)
        assert (report.attempt, report.status, report.reason) == (ATTEMPT, "delivered", None)


async def test_a_reply_comes_in_once_and_is_marked_only_when_durable() -> None:
    async with at_work() as (sim, _, sink):
        sink.durable.clear()
        sim.inject(sender="Ana <ana@example.com>", text="Ya pagué\n\n> su deuda", id="<1@example.com>")
        sim.inject(sender="Ana <ana@example.com>", text="Ya pagué\n\n> su deuda", id="<1@example.com>")
        [inbound] = await sink.until(InboundMessage)
        assert (inbound.sender, inbound.text, inbound.key) == ("ana@example.com", "Ya pagué", "<1@example.com>")
        assert "imap_seen" not in sim.stats()["total"]
        sink.durable.set()
        assert await sim.wait(imap_seen=2) == {"reached": True}
        assert len(await sink.until(InboundMessage)) == 1


async def test_a_mailbox_lost_before_the_mark_hands_the_mail_over_again() -> None:
    async with at_work() as (sim, line, sink):
        await line.send(message(), crossing)
        sim.set(fault={"kind": "drop", "stage": "imap", "address": "\\Seen"})
        sim.inject(bounce_of=0)
        first, again = await sink.until(DeliveryReport, 2)
        assert (first.reference, first.status) == (again.reference, again.status)
        assert await sim.wait(imap_seen=1) == {"reached": True}


HOSTILE = f"""\
From: MAILER-DAEMON@mail.example.net
To: cobranzas@norte.example
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.net

Final-Recipient: rfc822; ana@example.com
Action: failed
Status: 5.1.1

--b
Content-Type: message/rfc822

Message-ID: <{ATTEMPT}@norte.example>
To: {"(" * 5000}

--b--
"""
"""Comments within comments, more than the standard library's parser goes down."""


async def test_a_mail_that_breaks_parsers_is_read_once_and_harms_nobody() -> None:
    async with at_work() as (sim, line, sink):
        sim.inject(raw=HOSTILE)
        sim.inject(sender="Ana <ana@example.com>", text="Ya pagué", id="<1@example.com>")
        [inbound] = await sink.until(InboundMessage)
        assert inbound.key == "<1@example.com>"
        assert await sim.wait(imap_seen=2) == {"reached": True}
        assert isinstance(await line.send(message(), crossing), Accepted)
        [report] = await sink.until(DeliveryReport)
        assert (report.attempt, report.reason) == (ATTEMPT, "unknown_recipient")


async def test_a_mailbox_is_read_again_once_the_store_can_take_what_it_holds() -> None:
    async with at_work() as (sim, line, sink):
        sink.full = True
        sim.inject(sender="Ana <ana@example.com>", text="Ya pagué", id="<1@example.com>")
        await sink.mailbox("store_unavailable")
        assert isinstance(await line.send(message(), crossing), Accepted)
        sink.full = False
        await sink.until(InboundMessage)
        assert await sim.wait(imap_seen=1) == {"reached": True}


async def test_a_mailbox_that_cannot_be_read_stops_no_mail() -> None:
    async with at_work(imap_password="falsa") as (_, line, sink):
        await sink.mailbox("login_refused")
        assert isinstance(await line.send(message(), crossing), Accepted)
    async with at_work(imap_folder="Rebotes") as (_, _, sink):
        await sink.mailbox("folder_missing")


async def test_a_folder_of_any_name_is_found() -> None:
    for name, spelled in (("Devoluções", "Devolu&AOcA9Q-es"), ("R&D", "R&-D"), ("R&-D", "R&-D")):
        async with at_work({"folder": spelled}, imap_folder=name) as (sim, _, sink):
            sim.inject(sender="Ana <ana@example.com>", text="Ya pagué", id="<1@example.com>")
            await sink.until(InboundMessage)


async def test_whatever_a_mailbox_does_sending_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Mailbox, "unseen", broken)
    async with at_work() as (_, line, sink):
        await sink.mailbox("mailbox_failed")
        assert isinstance(await line.send(message(), crossing), Accepted)


@pytest.mark.parametrize("fault", ["reply", "drop"])
async def test_a_mail_that_the_server_does_not_hand_out_is_passed_over_and_shown(fault: str) -> None:
    async with SmtpSimulator() as sim:
        for number in (1, 2, 3):
            sim.inject(sender="Ana <ana@example.com>", text=f"n.º {number}", id=f"<{number}@example.com>")
        sim.set(fault={"kind": fault, "stage": "imap", "address": "UID FETCH 2 ", "count": None})
        async with at_work_at(sim) as (_, sink):
            found = await sink.until(InboundMessage, 2)
            assert {each.text for each in found} == {"n.º 1", "n.º 3"}
            await sink.detail("mails_passed_over", 1)
            assert await sim.wait(imap_seen=2) == {"reached": True}
        assert [mail.seen for mail in sim.mailbox(0).mails] == [True, False, True]


async def test_what_the_daemon_was_reading_when_it_died_is_read_alone_and_then_passed_over() -> None:
    async with SmtpSimulator() as sim:
        for number in (1, 2, 3):
            sim.inject(sender="Ana <ana@example.com>", text=f"n.º {number}", id=f"<{number}@example.com>")
        mails = sim.mailbox(0).mails
        mails[0].flags.add(READING)
        mails[1].flags |= {READING, ALONE}
        async with at_work_at(sim) as (_, sink):
            found = await sink.until(InboundMessage, 2)
            assert {each.text for each in found} == {"n.º 1", "n.º 3"}
            await sink.detail("mails_passed_over", 1)
            assert await sim.wait(imap_seen=2) == {"reached": True}
        assert ALONE in mails[0].flags
        assert READING in mails[2].flags
        assert not mails[1].seen


async def test_a_mailbox_without_flags_of_our_own_is_read_as_well() -> None:
    async with at_work({"keywords": False}) as (sim, _, sink):
        sim.inject(sender="Ana <ana@example.com>", text="Ya pagué", id="<1@example.com>")
        await sink.until(InboundMessage)
        assert await sim.wait(imap_seen=1) == {"reached": True}
        assert sim.mailbox(0).mails[0].flags == {"\\Seen"}


@pytest.mark.parametrize("command", ["UID STORE", "UID SEARCH UNSEEN KEYWORD"])
async def test_a_server_that_breaks_its_word_about_flags_is_read_without_them(command: str) -> None:
    async with SmtpSimulator() as sim:
        sim.set(fault={"kind": "reply", "stage": "imap", "address": command, "text": "not now"})
        sim.inject(sender="Ana <ana@example.com>", text="Ya pagué", id="<1@example.com>")
        async with at_work_at(sim) as (_, sink):
            await sink.until(InboundMessage)
            assert await sim.wait(imap_seen=1) == {"reached": True}
            assert await sim.wait(faults=1) == {"reached": True}


async def test_a_store_that_takes_nothing_brings_no_mail_under_suspicion() -> None:
    async with at_work() as (sim, _, sink):
        sink.full = True
        sim.inject(sender="Ana <ana@example.com>", text="Ya pagué", id="<1@example.com>")
        await sink.mailbox("store_unavailable")
        assert await sim.wait(imap_marked=3) == {"reached": True}
        assert not sim.mailbox(0).mails[0].seen
        sink.full = False
        await sink.until(InboundMessage)


async def test_a_bounce_of_no_mail_we_know_is_counted() -> None:
    async with at_work() as (sim, _, sink):
        sim.inject(
            raw="From: MAILER-DAEMON@x.example\nSubject: failure notice\n\n<ana@example.com>:\nno mailbox here\n"
        )
        await sink.detail("bounces_unmatched", 1)
        assert not [event for event in sink.events if isinstance(event, InboundMessage)]


async def test_wrong_security_is_told_for_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox_module, "ANSWER_S", 0.3)
    async with at_work(imap_security="tls") as (_, _, sink):
        await sink.mailbox("tls_failed")
    async with at_work(imap_security="starttls") as (_, _, sink):
        await sink.mailbox("starttls_missing")
    async with SmtpSimulator(security="tls") as other, at_work(imap_port=other.devices[0].port) as (_, _, sink):
        await sink.mailbox("no_greeting")
    async with at_work(imap_port=1) as (_, _, sink):
        await sink.mailbox("host_down")


async def test_verify_looks_into_the_mailbox_too() -> None:
    async with at_work() as (_, line, _):
        assert (await line.command("verify"))["mailbox"] == "ready"
    async with at_work(imap_folder="Rebotes") as (_, line, _):
        assert (await line.command("verify"))["mailbox"] == "folder_missing"


def test_refused_logins_are_tried_ever_less_often() -> None:
    assert [pause_s(60.0, refusals) for refusals in (0, 1, 2, 3, 4, 5, 99)] == [60, 120, 240, 480, 900, 900, 900]
    assert pause_s(3600.0, 5) == 3600.0
