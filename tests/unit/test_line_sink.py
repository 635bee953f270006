"""What a line learns, as the store is told of it."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from typing import Any

import pytest

from drivers.base import DeliveryReport, InboundMessage, LateAccept, LineStatus, NotDurableError
from gatewayd.contact.optout import judge
from gatewayd.dispatch.sink import LineSink
from gatewayd.store.commands import Block, Command, Inbound, KeyPressed, Received, Report, Reported
from gatewayd.values.errors import UnavailableError
from gatewayd.values.model import ulid

SALT = 4711


class Store:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.commands: list[Command[Any]] = []

    async def _done(self, command: Command[Any]) -> Reported | Received:
        return Received(True, True, False) if isinstance(command, KeyPressed) else Reported(None, None)

    def do(self, command: Command[Any], *, patient: bool = False) -> Awaitable[Any]:
        self.commands.append(command)
        return self._done(command)

    def post(self, command: Command[Any]) -> None:
        self.commands.append(command)


class Nobody:
    def status(self, status: LineStatus) -> None: ...
    def reported(self, event: DeliveryReport | LateAccept, reported: Reported) -> None: ...
    def received(self, event: InboundMessage, received: Received) -> None: ...
    def pressed(self, received: Received) -> None: ...


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
        judge=judge,
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
        judge=judge,
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
        judge=judge,
    )
    most = (1 << 63) - 1
    given = [ulid(1_790_000_000_000, SALT, number) for number in (most, most + 1, (1 << 64) - 1)]
    # The sign of Kelvin is a K to a pattern that takes either case.
    for attempt in (*given, "", "x", "\u212a" * 26, "\ud800" * 26):
        await sink.put(DeliveryReport("r", None, "undelivered", None, 1.0, attempt=attempt, part=1))
    told = [command.attempt_id for command in store.commands if isinstance(command, Report)]
    assert told == [most, *[None] * 6]


def a_sink(store: Store) -> LineSink:
    return LineSink(
        "wa",
        "whatsapp",
        store,
        Nobody(),
        lambda text: "+" + text if text.isdigit() else None,
        salt=SALT,
        report_wait_ms=1000,
        default_account=None,
        judge=judge,
    )


async def test_all_that_a_device_says_of_an_answer_goes_along() -> None:
    store = Store()
    await a_sink(store).put(
        InboundMessage(
            "k",
            "Ana@Norte.Example",
            None,
            "hola",
            1.0,
            subject="Re: x\0",
            answers=ulid(1_790_000_000_000, SALT, 5),
            answers_reference="wamid.A",
            opt_out=True,
            aliases=("5491159876543", "AR.1234"),
        )
    )
    [command] = store.commands
    assert isinstance(command, Inbound)
    assert (command.sender, command.subject, command.opted_out) == ("ana@norte.example", "Re: x\ufffd", True)
    assert (command.answers, command.answers_reference) == (5, "wamid.A")
    assert command.aliases == ("+5491159876543", "AR.1234")


async def test_what_no_index_can_hold_is_cut_to_its_beginning_and_a_hash() -> None:
    store = Store()
    long = "ñ" * 4096
    for key in (long, long + "x"):
        await a_sink(store).put(InboundMessage(key, key, key, "hola", 1.0, aliases=(key,), answers_reference=key))
        await a_sink(store).put(DeliveryReport(key, key, "delivered", None, 1.0))
    for command in store.commands:
        told = (
            (command.key, command.sender, command.to, *command.aliases, command.answers_reference)
            if isinstance(command, Inbound)
            else (command.reference, command.to)
            if isinstance(command, Report)
            else ()
        )
        assert told
        assert all(text is not None and text.startswith("ñ") and len(text.encode()) <= 512 for text in told)
    keys = [command.key for command in store.commands if isinstance(command, Inbound)]
    assert len(set(keys)) == 2
    token = "t" * 2000
    await a_sink(store).put(DeliveryReport("r", token, "delivered", None, 1.0))
    assert isinstance(report := store.commands[-1], Report)
    assert report.to == token


async def test_an_opt_out_beside_a_report_is_in_the_store_before_it_is_acknowledged() -> None:
    class Failing(Store):
        def do(self, command: Command[Any], *, patient: bool = False) -> Awaitable[Any]:
            if isinstance(command, Block):
                raise UnavailableError("disk full")
            return super().do(command, patient=patient)

    report = DeliveryReport("r", "5491159876543", "delivered", None, 1.0, opt_out=True)
    store = Store()
    await a_sink(store).put(report)
    assert [type(command) for command in store.commands] == [Block, Report]
    with pytest.raises(NotDurableError):
        await a_sink(Failing()).put(report)


async def test_the_key_of_a_call_that_ended_late_comes_before_its_report() -> None:
    store = Store()
    sink = LineSink(
        "troncal",
        "call",
        store,
        Nobody(),
        lambda text: text,
        salt=SALT,
        report_wait_ms=1000,
        default_account=None,
        judge=judge,
    )
    ours = ulid(1_790_000_000_000, SALT, 5)
    said = {"key": "2", "action": "promise", "disposition": "answered"}
    await sink.put(DeliveryReport(ours, "+5491159876543", "delivered", None, 1.0, ours, 1, detail=said))
    pressed, report = store.commands
    assert isinstance(pressed, KeyPressed)
    assert (pressed.attempt_id, pressed.key, pressed.action, json.loads(pressed.detail)) == (5, "2", "promise", said)
    assert isinstance(report, Report)
    store.commands.clear()
    theirs = ulid(1_790_000_000_000, SALT + 1, 5)
    await sink.put(DeliveryReport(theirs, "+5491159876543", "delivered", None, 1.0, theirs, 1, detail=said))
    await sink.put(DeliveryReport(ours, "+5491159876543", "delivered", None, 1.0, ours, 1, detail={"key": None}))
    assert not any(isinstance(one, KeyPressed) for one in store.commands)
