"""Notices what nobody records as it happens, and logs it for the endpoints that want it: credit that runs low, lines
that stop working and lines that work again.

It looks when something stirs (receipts were written, credit was granted, a line changed), at most every few seconds,
and remembers in the store what it has said, in the transaction that says it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Protocol, TypeVar

import structlog

from gatewayd.store.commands import Change, Command
from gatewayd.store.sending.questions import LowCredit, low_credit
from gatewayd.store.session import Session
from gatewayd.store.webhooks import outbox
from gatewayd.values.errors import GatewayError
from gatewayd.values.money import format_money
from gatewayd.values.views import LineView, in_trouble
from gatewayd.webhooks.event import CREDIT_LOW, LINE

log = structlog.get_logger()

R = TypeVar("R")

LOOK_S: Final = 5.0
"""Between looks, however much stirs."""
SETTLE_MS: Final = 10_000
"""A line's state is news once it has lasted: a modem that is set up anew takes some seconds."""

WORKING: Final = "working"
TROUBLE: Final = "trouble"
DISABLED: Final = "disabled"


class Execute(Protocol):
    """Hands a command to the store's writer."""

    def __call__(self, command: Command[R], /) -> Awaitable[R]: ...


def condition(line: LineView) -> str | None:
    """Returns what a line's state comes to; None while it is being started."""
    if not line.enabled:
        return DISABLED
    if line.state == "starting":
        return None
    return TROUBLE if in_trouble(line.state, line.reason) else WORKING


class Watch:
    """The service; `stirred` is called on its loop."""

    def __init__(
        self,
        *,
        execute: Execute,
        ask: Callable[[Callable[[Any], Any]], Awaitable[Any]],
        now: Callable[[], int],
        low: Callable[[], int | None],
        lines: Callable[[], Sequence[LineView]],
        logged: Callable[[], None],
        look_s: float = LOOK_S,
        settle_ms: int = SETTLE_MS,
    ) -> None:
        """`low`: the configured balance below which credit runs low; `logged` says that there is something to post."""
        self._execute = execute
        self._ask = ask
        self._now = now
        self._low = low
        self._lines = lines
        self._logged = logged
        self._look_s = look_s
        self._settle_ms = settle_ms
        self._wake = asyncio.Event()
        self._wake.set()

    def stirred(self) -> None:
        """Something may have changed."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._look()
            except GatewayError as error:
                log.error("webhooks cannot say how lines and credit are", error=str(error))  # noqa: TRY400
            await asyncio.sleep(self._look_s)

    async def _look(self) -> None:
        listening: Mapping[str, Mapping[int, str]] = await self._ask(outbox.listening)
        known: dict[str, Any] = await self._ask(outbox.said)
        if accounts := listening.get(CREDIT_LOW):
            await self._look_at_credit(accounts, known)
        if accounts := listening.get(LINE):
            await self._look_at_lines(accounts, known)

    async def _look_at_credit(self, accounts: Mapping[int, str], known: Mapping[str, Any]) -> None:
        found: Sequence[LowCredit] = await self._ask(partial(low_credit, low=self._low()))
        low = {each.account: each for each in found}
        before = set(known.get(CREDIT_LOW, ()))
        for number, account in accounts.items():
            if (account in low) is (account in before):
                continue
            before ^= {account}
            data = None
            if account in low:
                data = {"account": account, "balance": format_money(low[account].balance)}
            await self._say(CREDIT_LOW, [number], account, data, sorted(before))

    async def _look_at_lines(self, accounts: Mapping[int, str], known: Mapping[str, Any]) -> None:
        before: dict[str, str] = dict(known.get(LINE, {}))
        now = self._now()
        for line in self._lines():
            found = condition(line)
            if found is None or before.get(line.name, WORKING) == found:
                continue
            if line.since is not None and now - line.since < self._settle_ms:
                self._wake.set()  # it may pass
                continue
            before[line.name] = found
            data = {
                "line": line.name,
                "driver": line.driver,
                "channel": line.channel,
                "state": found,
                "reason": line.reason or (line.state if found == TROUBLE else None),
            }
            await self._say(LINE, list(accounts), line.name, data, before)

    async def _say(
        self, kind: str, accounts: Sequence[int], subject: str, data: Mapping[str, Any] | None, known: object
    ) -> None:
        now = self._now()
        at = datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        body = None if data is None else json.dumps({"subject": subject, "at": at, "data": data}, ensure_ascii=False)

        def work(session: Session) -> None:
            outbox.remember(session, kind, known)
            if body is not None:
                outbox.add(session, accounts, kind, now, body)

        await self._execute(Change(lambda unit: work(unit.session), "webhooks"))
        if body is not None:
            self._logged()
