"""The one way in for what billing says: facts, what follows from them and what they withdraw, in one transaction.

Whoever brings invoices or payments (a form, a program, a sheet, a feed) calls this on a unit of work. When that is
committed, no message that was written from other facts can leave any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

from gatewayd.billing.fields import BillRow, Kind
from gatewayd.billing.portion import BillPortion
from gatewayd.store.billing import facts, freshness, invoices, joining, marks, newcomers, owed, payments
from gatewayd.store.billing.freshness import Pending
from gatewayd.store.billing.loads import Fault, Load, Written
from gatewayd.store.billing.owed import Moved
from gatewayd.store.sending import causes
from gatewayd.store.sending.causes import Reason, Withdrawal

ABSENT_MOST: Final = 0.1
"""Share of the open invoices that a complete list may lack without a person's word."""
CLOSED_AT_ONCE: Final = 1_000


@dataclass(slots=True)
class Recorded:
    """What recording facts did."""

    written: Written
    moved: list[Moved] = field(default_factory=list)
    """Debts that are others than before."""
    withdrawal: Withdrawal = field(default_factory=Withdrawal)
    """What was withdrawn because of them: ask `causes.past` for what had left before, once this is committed."""


def today(unit: Any, account_id: int, now: int) -> date:
    """Returns the day it is in the account's zone."""
    zone = unit.memory.rules.of(unit.session, account_id).zone
    return datetime.fromtimestamp(now / 1000, UTC).astimezone(zone).date()


def load(unit: Any, account_id: int, kind: Kind, *, source: str, as_of: int, now: int, importing: bool = False) -> Load:
    """Returns how rows come. `importing`: as a list, of which an account's first is no news."""
    first = False
    if importing:
        found = freshness.billing(unit.session, account_id)
        first = found is None or (found.invoices_at if kind == "invoices" else found.payments_at) is None
    return Load(account_id, source, as_of, now, facts.currency_of(unit.session, account_id), first)


def record(unit: Any, how: Load, kind: Kind, rows: Sequence[BillRow] | BillPortion) -> Recorded:
    """Writes rows of a kind, what is owed then, and withdraws what was written from what is so no more. A portion is
    one of invoices that say no moment."""
    if isinstance(rows, BillPortion) or kind == "invoices":
        return record_invoices(unit, how, rows)
    return record_payments(unit, how, rows, "payment" if kind == "payments" else "credit_note")


def record_invoices(unit: Any, how: Load, rows: Sequence[BillRow] | BillPortion) -> Recorded:
    """Writes invoices. The same row again changes nothing, and an older one never replaces a newer one. A portion's
    have their external ids once already."""
    if isinstance(rows, BillPortion):
        written = invoices.put(unit, how, rows)
    else:
        once, faults = _once(rows)
        written = invoices.put(unit, how, once)
        written.faults += faults
    return _follow(unit, how.account_id, written, how.now, lambda one: "paid" if one in written.paid else "changed")


def record_payments(
    unit: Any, how: Load, rows: Sequence[BillRow], kind: Literal["payment", "credit_note"] = "payment"
) -> Recorded:
    """Writes payments or credit notes. The same row again changes nothing."""
    once, faults = _once(rows)
    written = payments.put(unit, how, once, kind)
    written.faults += faults
    return _follow(unit, how.account_id, written, how.now, lambda _one: "paid")


def refresh(unit: Any, how: Load) -> None:
    """Notes that what an account's billing says was so as of that load."""
    freshness.refresh(unit.session, how.account_id, how.as_of, how.source, how.now)


def finish(unit: Any, how: Load, kind: Kind) -> None:
    """Notes that a list was read to its end: it is as fresh as it says, and what comes next is news."""
    refresh(unit, how)
    through: Literal["invoices", "payments"] = "invoices" if kind == "invoices" else "payments"
    freshness.through(unit.session, how.account_id, through, how.now)


def _once(rows: Sequence[BillRow]) -> tuple[list[BillRow], list[Fault]]:
    """Returns rows without those of which an earlier one is of the same thing, and says what of these was dropped."""
    found: dict[str, BillRow] = {}
    faults = []
    for row in rows:
        before = found.setdefault(row.external_id, row)
        if before is not row:
            reason = "row_same" if before.values == row.values else "row_repeated"
            faults.append(Fault(row.row, row.external_id, "external_id", reason, row.external_id[:80]))
    return list(found.values()), faults


def _follow(unit: Any, account_id: int, written: Written, now: int, reason: Any) -> Recorded:
    """Writes what follows for the customers whose facts are others."""
    if not written.touched:
        return Recorded(written)
    day = today(unit, account_id, now)
    moved = owed.settle(unit.session, account_id, written.touched, day, now, fresh=written.fresh)
    marks.mark_ruled(unit.session, account_id, written.touched, now)
    return Recorded(written, moved, _withdrawn(unit, moved, now, reason))


def _withdrawn(unit: Any, moved: Iterable[Moved], now: int, reason: Any) -> Withdrawal:
    grouped: dict[tuple[str, Reason], list[int]] = {}
    for one in moved:
        grouped.setdefault((one.currency, reason(one.customer)), []).append(one.customer)
    found = Withdrawal()
    for (currency, why), customers in sorted(grouped.items()):
        found += causes.withdraw_of(unit, customers, why, now, currency=currency)
    return found


# ------------------------------------------------------------------------------------------------------------- absence


@dataclass(frozen=True, slots=True)
class Absence:
    """What a complete list lacks."""

    missing: int
    known: int
    asks: Literal["many", "none", "faulty"] | None
    """Why nothing closes until a person has looked; None: it may."""


def absence(unit: Any, how: Load, since: int, *, rows: int, faulty: int) -> Absence:
    """Judges what a complete list lacks, once it was read to its end. Where a person must look first, that is kept with
    the account's billing; an earlier list that waits for that is replaced. `since`: when the load began."""
    session = unit.session
    missing, known = invoices.lacking(session, how.account_id, how.as_of, since)
    asks: Literal["many", "none", "faulty"] | None = None
    if missing:
        asks = "none" if not rows else "faulty" if faulty else "many" if missing > known * ABSENT_MOST else None
    if asks is not None:
        pending = Pending(how.as_of, how.source, since, asks, missing, known)
        freshness.wait(session, how.account_id, pending, how.now)
    return Absence(missing, known, asks)


def close_absent(unit: Any, account_id: int, as_of: int, now: int) -> int | None:
    """Closes a portion of what a complete list of that moment lacks; returns how many, None once nothing is left. No
    payment, no thanks: what is seen again goes on where it was."""
    count, customers = invoices.close_absent(unit.session, account_id, as_of, now, CLOSED_AT_ONCE)
    if not count:
        freshness.completed(unit.session, account_id, as_of, now)
        return None
    _follow(unit, account_id, Written(touched=customers), now, lambda _one: "changed")
    return count


def confirm(unit: Any, account_id: int, now: int, *, close: bool) -> Pending | None:
    """Takes a person's word about a complete list that waits: returns it, whose portions the caller closes; or, where
    nothing is to be closed, forgets it."""
    found = freshness.billing(unit.session, account_id)
    pending = None if found is None else found.pending
    if pending is not None and not close:
        freshness.wait(unit.session, account_id, None, now)
    return pending


# ---------------------------------------------------------------------------------------------------------- customers


def changed(unit: Any, account_id: int, customers: Iterable[int], now: int, reason: Reason = "changed") -> Recorded:
    """Works out anew what customers owe of whom something else has changed: a debt of a sheet, a dispute, a merge."""
    return _follow(unit, account_id, Written(touched=set(customers)), now, lambda _one: reason)


def came(unit: Any, account_id: int, debts: Sequence[tuple[Any, ...]], now: int) -> Recorded:
    """Works out what customers owe who were made in this transaction; `debts` are rows, as they are kept, of what a
    sheet says of them."""
    rest = newcomers.settle(unit.session, account_id, debts, now)
    return changed(unit, account_id, rest, now)


def joined(unit: Any, account_id: int, external_ids: Iterable[str], now: int) -> Recorded:
    """Gives customers that have come what billing said of them before."""
    return changed(unit, account_id, joining.join(unit.session, account_id, external_ids), now)
