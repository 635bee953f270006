"""What a line learns, as the store is told of it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from drivers.base import DeliveryReport, InboundMessage, LateAccept, LineStatus
from gatewayd.dispatch.sink import LineSink
from gatewayd.model import ulid
from gatewayd.store.commands import Command, Inbound, Received, Report, Reported

SALT = 4711


class Store:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.commands: list[Command[Any]] = []

    async def _done(self) -> Reported:
        return Reported(None, None)

    def do(self, command: Command[Any], *, patient: bool = False) -> Awaitable[Any]:
        self.commands.append(command)
        return self._done()

    def post(self, command: Command[Any]) -> None:
        self.commands.append(command)


class Nobody:
    def status(self, status: LineStatus) -> None: ...
    def reported(self, event: DeliveryReport | LateAccept, reported: Reported) -> None: ...
    def received(self, event: InboundMessage, received: Received) -> None: ...


async def test_a_report_names_an_attempt_of_this_store_alone() -> None:
    store = Store()
    sink = LineSink(
        "wa",
        "whatsapp",
        store,
        Nobody(),
        lambda text: text,
        salt=SALT,
        report_wait_ms=1000,
        default_account=None,
        opt_out_words=frozenset(),
    )
    for attempt in (ulid(1_790_000_000_000, SALT, 5), ulid(1_790_000_000_000, SALT + 1, 5), None):
        await sink.put(DeliveryReport("wamid.A", "+5491159876543", "read", None, 1.0, attempt=attempt, part=1))
    told = [command for command in store.commands if isinstance(command, Report)]
    assert [(command.attempt_id, command.reference) for command in told] == [
        (5, "wamid.A"),
        (None, "wamid.A"),
        (None, "wamid.A"),
    ]


async def test_no_letter_and_no_clock_of_a_device_keeps_a_message_from_being_recorded() -> None:
    store = Store()
    sink = LineSink(
        "wa",
        "whatsapp",
        store,
        Nobody(),
        lambda text: None,
        salt=SALT,
        report_wait_ms=1000,
        default_account=None,
        opt_out_words=frozenset(),
    )
    for at in (1e20, float("inf"), float("nan"), -5.0):
        await sink.put(InboundMessage("k\ud800", "Ana\0", "x\udc00", "\ud83d\ude00 \ud83d", at))
        await sink.put(DeliveryReport("r\ud800", "Ana\0", "undelivered", "no\0", at))
    for command in store.commands:
        match command:
            case Inbound():
                told = (command.key, command.sender, command.to, command.text)
                assert told == ("k\ufffd", "Ana\ufffd", "x\ufffd", "😀 \ufffd")
                assert command.at == command.now
            case Report():
                assert (command.reference, command.to, command.reason) == ("r\ufffd", "Ana\ufffd", "no\ufffd")
                assert 0 < command.at < 1 << 43
            case _:
                raise AssertionError(command)
    assert len(store.commands) == 8


async def test_an_attempt_that_cannot_be_is_nobodys() -> None:
    store = Store()
    sink = LineSink(
        "correo",
        "email",
        store,
        Nobody(),
        lambda text: text,
        salt=SALT,
        report_wait_ms=1000,
        default_account=None,
        opt_out_words=frozenset(),
    )
    most = (1 << 63) - 1
    given = [ulid(1_790_000_000_000, SALT, number) for number in (most, most + 1, (1 << 64) - 1)]
    # The sign of Kelvin is a K to a pattern that takes either case.
    for attempt in (*given, "", "x", "\u212a" * 26, "\ud800" * 26):
        await sink.put(DeliveryReport("r", None, "undelivered", None, 1.0, attempt=attempt, part=1))
    told = [command.attempt_id for command in store.commands if isinstance(command, Report)]
    assert told == [most, *[None] * 6]
