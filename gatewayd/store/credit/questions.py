"""Questions about the ledger. Functions of a read-only connection, for `Reader.ask`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from gatewayd.store.accounts import account_number
from gatewayd.store.tables import transfer

SUMS_MOST = 10_000
"""Groups answered at once; more than anybody reads, and memory stays flat."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What moved in one group of transfers, in millionths: a job's (`None`: of none) or a day's."""

    group: str | None
    granted: int
    charged: int
    held: int
    """Held and neither charged nor released since, of this group's transfers."""
    last_at: int
    """Unix ms of the latest."""


def sums_by_day(connection: Connection, *, name: str, day: Callable[[int], str]) -> list[Sums]:
    """Returns what moved on each day, the latest first; `day` names the day of a time (ms) as people count it."""
    number = account_number(connection, name)
    rows = connection.execute(
        select(transfer.c.at, transfer.c.kind, transfer.c.amount)
        .where(transfer.c.account_id == number)
        .execution_options(yield_per=2000)
    )
    found: dict[str, list[int]] = {}
    for at, kind, amount in rows:
        known = found.setdefault(day(at), [0, 0, 0, 0])
        known[3] = max(known[3], at)
        match kind:
            case "grant":
                known[0] += amount
            case "charge":
                known[1] += amount
                known[2] -= amount
            case "hold":
                known[2] += amount
            case "release":
                known[2] -= amount
    return [Sums(each, *found[each]) for each in sorted(found, reverse=True)][:SUMS_MOST]
