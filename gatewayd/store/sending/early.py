"""Reports that came before the reference they bear: a table, and the index of it that the hot path asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import delete, select

from gatewayd.store.sending.references import folded, respelled
from gatewayd.store.session import Session, Statement, adding, among
from gatewayd.store.tables import early_report

Status = Literal["delivered", "read", "undelivered", "pending"]

_LOAD: Final = Statement(
    select(
        early_report.c.id,
        early_report.c.line,
        early_report.c.reference,
        early_report.c.to,
        early_report.c.status,
        early_report.c.reason,
        early_report.c.at,
        early_report.c.received_at,
        early_report.c.exclusive,
    )
)
ADD: Final = adding(early_report, "id line reference to status reason at received_at exclusive")
DROP: Final = Statement(delete(early_report).where(among(early_report.c.id)))

_DIGITS: Final = 8
"""So many last digits tell a subscriber, however the network writes the number (country, area, trunk prefixes)."""


@dataclass(frozen=True, slots=True)
class EarlyReport:
    id: int
    line: str
    reference: str
    to: str | None
    status: Status
    reason: str | None
    at: int
    received_at: int
    exclusive: bool = False


def same_recipient(ours: str, theirs: str | None) -> bool:
    """Whether a report's recipient may be ours; a report that names none may be anyone's."""
    if theirs is None or ours.casefold() == theirs.casefold():
        return True
    mine = "".join(filter(str.isdecimal, ours))
    other = "".join(filter(str.isdecimal, theirs))
    if len(mine) < _DIGITS or len(other) < _DIGITS:
        return bool(mine) and mine == other
    return mine[-_DIGITS:] == other[-_DIGITS:]


def by_attempt(attempt_id: int, part: int | None) -> str:
    """The reference under which a report is kept that names attempt and part (None: all of them), not a reference."""
    return f"#{attempt_id}.{'*' if part is None else part}"


class EarlyReports:
    """The reports that wait, by line and folded reference. Changed only once the change is durable."""

    def __init__(self) -> None:
        self._waiting: dict[str, dict[str, list[EarlyReport]]] = {}
        self._loaded = False

    def load(self, session: Session) -> None:
        if not self._loaded:
            self.add([EarlyReport(*row) for row in session.all(_LOAD)])
            self._loaded = True

    def forget(self) -> None:
        """Forgets them all until they are loaded again: nobody knows which of the latest changes are durable."""
        self._waiting.clear()
        self._loaded = False

    def __iter__(self) -> Iterator[EarlyReport]:
        for lines in self._waiting.values():
            for reports in lines.values():
                yield from reports

    def of(self, line: str, reference: str) -> list[EarlyReport]:
        """Those of this reference, newest last; where there are none, those of the one that is the same when folded."""
        lines = self._waiting.get(line)
        if lines is None:
            return []
        found = lines.get(folded(reference), [])
        exact = [report for report in found if report.reference == reference]
        if exact or reference.startswith("#"):
            return exact
        for other in () if found else respelled(reference):
            found = found or lines.get(folded(other), [])
        alike = [report for report in found if not report.exclusive]
        return alike if len({report.reference for report in alike}) == 1 else []

    def ours(self, line: str) -> list[EarlyReport]:
        """Those of the line, of whatever reference, that can only be of what we sent; newest last."""
        lines = self._waiting.get(line, {})
        return [report for reports in lines.values() for report in reports if report.exclusive]

    def before(self, time: int) -> list[EarlyReport]:
        """Those received before `time`."""
        return [report for report in self if report.received_at < time]

    @property
    def oldest(self) -> int | None:
        """When the oldest was received."""
        return min((report.received_at for report in self), default=None)

    def add(self, reports: Iterable[EarlyReport]) -> None:
        for report in reports:
            self._waiting.setdefault(report.line, {}).setdefault(folded(report.reference), []).append(report)

    def remove(self, reports: Iterable[EarlyReport]) -> None:
        for report in reports:
            lines = self._waiting.get(report.line, {})
            key = folded(report.reference)
            same = lines.get(key, [])
            if report in same:
                same.remove(report)
            if not same:
                lines.pop(key, None)
            if not lines:
                self._waiting.pop(report.line, None)
