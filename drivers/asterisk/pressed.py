"""Keys that wait in Asterisk's database: read after each login, removed once what they say is durable with us."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import structlog

from dialplan.context import KEPT
from drivers.asterisk.ami import Connection
from drivers.asterisk.call import verdict_outcome
from drivers.asterisk.disposition import Evidence
from drivers.asterisk.report import Report, kept
from drivers.asterisk.script import UNKNOWN
from drivers.base import Completed, DeliveryReport, EventSink, NotDurableError

NEEDED: Final = {"dbgettree": "write = system or reporting", "dbdel": "write = system"}
"""Actions that this takes, as ListCommands names them, and the permission each needs."""

TOGETHER_S: Final = 1.0
"""Keys of this long are removed together: one commit of the store answers for all of them."""

STORE_PAUSE_S: Final = 5.0
"""Between tries while the store takes nothing."""


@dataclass(frozen=True, slots=True)
class Spent:
    """One key that Asterisk need not keep any longer, once the store has what it says."""

    attempt: str
    to: str | None
    """None where nobody has to be blocked for it."""
    report: Report
    late: bool = False
    """Whether its call may have been given up: then it is reported as delivered, for a person pressed a key."""


class Pressed:
    """The keys of one line's calls."""

    def __init__(self, line: str) -> None:
        """`line`: the name under which the calls of the line keep theirs."""
        self._line = line
        self._log = structlog.get_logger("drivers.asterisk").bind(line=line)
        self._spent: dict[str, Spent] = {}
        self._more = asyncio.Event()
        self.kept: Mapping[str, Report] = {}
        """By attempt, as they waited at the last login."""

    async def read(self, connection: Connection) -> Mapping[str, Report]:
        """Reads what waits, by attempt. Raises LinkError."""
        fields = {"Family": KEPT, "Key": self._line}
        # First without its list: one that is announced with an error is waited for in vain.
        answer = await connection.action("DBGetTree", fields)
        if answer.success:
            answer = await connection.action("DBGetTree", fields, listing=True)
        path = f"/{KEPT}/{self._line}/"
        found = {}
        for event in answer.events:
            attempt = event["key"].removeprefix(path)
            if event.name == "DBGetTreeResponse" and attempt != event["key"] and attempt.isalnum():
                found[attempt] = kept(event["val"])
        self.kept = found
        return found

    def spend(self, attempt: str, report: Report | None, *, late: bool = False) -> None:
        """Its call is over and its outcome on the way to the store: what is kept of it may go."""
        if report is None or not (report.action or report.answers):
            return
        to = report.to if report.action == "opt_out" and report.to else None
        self._spent[attempt] = Spent(attempt, to, report, late)
        if not self._more.is_set():
            self._more.set()

    async def acknowledge(self, connection: Connection, events: EventSink) -> None:
        """Removes what is spent as it becomes durable, until the link is lost."""
        while not connection.lost.done():
            await self._more.wait()
            await asyncio.sleep(TOGETHER_S)
            self._more.clear()
            spent = list(self._spent.values())
            try:
                await _store(spent, events)
            except NotDurableError:
                self._more.set()
                await asyncio.sleep(STORE_PAUSE_S)
                continue
            # Should one of them be lost with the link, it is found again after the next login, and known to be spent.
            connection.post("DBDel", [{"Family": KEPT, "Key": f"{self._line}/{each.attempt}"} for each in spent])
            for each in spent:
                if self._spent.get(each.attempt) is each:
                    del self._spent[each.attempt]


async def _store(spent: list[Spent], events: EventSink) -> None:
    """Returns once the outcomes of these calls are durable, and their opt-outs with them. Raises NotDurableError."""
    # The outcomes were posted before: what is durable after them says that they are. One report will do, and one for
    # each that has something of its own to say.
    plain = [each for each in spent if each.to is None and not each.late]
    for each in [*plain[-1:], *(each for each in spent if each.to is not None or each.late)]:
        status: Literal["delivered", "pending"] = "delivered" if each.late else "pending"
        said = DeliveryReport(each.attempt, each.to, status, None, time.time(), each.attempt, 1)
        await events.put(replace(said, opt_out=each.to is not None, detail=_said(each.report)))


def _said(report: Report) -> Mapping[str, Any]:
    """Returns what the key pressed in a call tells of it, where nothing else is known."""
    outcome = verdict_outcome(Evidence(answered=True, report=report), UNKNOWN)
    return outcome.detail if isinstance(outcome, Completed) else {}
