"""What a line learns, as the store is told of it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from drivers.base import DeliveryReport, InboundMessage, LateAccept, LineStatus
from gatewayd.dispatch.sink import LineSink
from gatewayd.model import ulid
from gatewayd.store.commands import Command, Received, Report, Reported

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
