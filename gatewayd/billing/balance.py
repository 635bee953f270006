"""What is open of each invoice and what a person owes in a currency, from the facts alone. Pure.

Nothing is stepped forward: the same facts in any order give the same figures, however late each of them came.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from gatewayd.billing.facts import Invoice, Payment

OPEN_STATES: Final = ("open", "disputed")
"""States of an invoice of which something may be open."""
_LAST: Final = date.max
_ALWAYS: Final = -(1 << 62)
"""As of when a balance was so that billing has never told: every payment counts."""


@dataclass(frozen=True, slots=True)
class Open:
    """An invoice of which something is open."""

    invoice: Invoice
    gross: int
    """By its balance and what was paid or credited to it; millionths."""
    net: int
    """With free credit taken off; 0 where that covers it."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What a person owes in one currency."""

    currency: str
    invoices: tuple[Open, ...]
    """Oldest due date first, those that are never due last."""
    credit: int
    """Free credit that is over: the person's own money."""

    @property
    def balance(self) -> int:
        return sum(one.net for one in self.invoices)

    @property
    def owing(self) -> tuple[Open, ...]:
        """Returns those that free credit does not cover."""
        return tuple(one for one in self.invoices if one.net)

    def due(self) -> date | None:
        """Returns the oldest due date of what is owed, disputed or not."""
        return min((one.invoice.due for one in self.owing if one.invoice.due is not None), default=None)

    def cycle(self, today: date) -> date | None:
        """Returns the oldest due date of what is owed and not under dispute."""
        days = (one.invoice.due for one in self.owing if not disputed(one.invoice, today))
        return min((day for day in days if day is not None), default=None)

    def disputed(self, today: date) -> int:
        """Returns what of it is under dispute."""
        return sum(one.net for one in self.invoices if disputed(one.invoice, today))

    def overdue(self, today: date) -> tuple[Open, ...]:
        """Returns what was due before that day."""
        return tuple(one for one in self.owing if one.invoice.due is not None and one.invoice.due < today)


def share(payment: Payment, invoices: Collection[str]) -> Payment:
    """Returns what a payment of somebody else is for these invoices: what it leaves over is not this person's."""
    parts = tuple(part for part in payment.invoices or () if part.invoice in invoices)
    return replace(payment, invoices=parts, amount=sum(part.amount for part in parts))


def disputed(invoice: Invoice, today: date) -> bool:
    """Returns whether an invoice is under dispute that day."""
    return invoice.state == "disputed" and (invoice.disputed_until is None or today <= invoice.disputed_until)


def balances(invoices: Iterable[Invoice], payments: Sequence[Payment] = ()) -> dict[str, Balance]:
    """Returns what one person owes, by currency; one that was named anywhere is there with nothing."""
    bills = list(invoices)
    if len(bills) == 1 and not payments and bills[0].balance is not None:
        return _single(bills[0], bills[0].balance)
    own = [one for one in payments if not one.cancelled]
    undone, given = _undone(own), _given(own)
    found: dict[str, list[tuple[Invoice, int]]] = {one.currency: [] for one in bills}
    free: dict[str, int] = {}
    for invoice in bills:
        if invoice.state in OPEN_STATES:
            rest = _rest(invoice, given.get((invoice.external_id, invoice.currency), ()), undone)
            if rest < 0:
                free[invoice.currency] = free.get(invoice.currency, 0) - rest
            found[invoice.currency].append((invoice, max(rest, 0)))
    bound: dict[str, list[tuple[int, str, int]]] = {}
    for one in own:
        found.setdefault(one.currency, [])
        if one.reversal_of is not None or one.external_id in undone:
            continue
        if one.invoices is None:
            bound.setdefault(one.currency, []).append((one.posted_at, one.external_id, one.amount))
        else:
            over = one.amount - sum(part.amount for part in one.invoices)
            free[one.currency] = free.get(one.currency, 0) + max(over, 0)
    return {
        currency: _netted(currency, rows, free.get(currency, 0), sorted(bound.get(currency, ())))
        for currency, rows in found.items()
    }


def _single(invoice: Invoice, balance: int) -> dict[str, Balance]:
    """Returns what is owed by one invoice and nothing else: what most people owe."""
    rest = balance if invoice.state in OPEN_STATES else 0
    opens = (Open(invoice, rest, rest),) if rest > 0 else ()
    return {invoice.currency: Balance(invoice.currency, opens, max(-rest, 0))}


def _undone(payments: Sequence[Payment]) -> Mapping[str, int]:
    """Returns payments that were taken back, by external id, with the earliest moment of it: a second time takes back
    nothing more. What takes back may itself be taken back."""
    by_target: dict[str, list[Payment]] = {}
    for one in payments:
        if one.reversal_of is not None:
            by_target.setdefault(one.reversal_of, []).append(one)
    if not by_target:
        return {}

    def at(external_id: str, asked: frozenset[str]) -> int | None:
        if external_id in asked:
            return None
        inside = asked | {external_id}
        moments = [one.posted_at for one in by_target.get(external_id, ()) if at(one.external_id, inside) is None]
        return min(moments, default=None)

    found = {target: at(target, frozenset()) for target in by_target}
    return {target: moment for target, moment in found.items() if moment is not None}


def _given(payments: Iterable[Payment]) -> Mapping[tuple[str, str], list[tuple[Payment, int]]]:
    """Returns what each payment says of each invoice, by external id and currency. A payment in another currency says
    nothing of how much of an invoice is open: nobody here converts."""
    found: dict[tuple[str, str], list[tuple[Payment, int]]] = {}
    for one in payments:
        if one.reversal_of is None:
            for part in one.invoices or ():
                found.setdefault((part.invoice, one.currency), []).append((one, part.amount))
    return found


def _rest(invoice: Invoice, given: Iterable[tuple[Payment, int]], undone: Mapping[str, int]) -> int:
    """Returns what is open of an invoice; below zero: what more was given than it asked for."""
    told = invoice.balance is not None
    rest = (invoice.balance if told else invoice.total) or 0
    since = invoice.as_of if told else _ALWAYS
    for payment, amount in given:
        if payment.posted_at > since:
            rest -= amount
        back = undone.get(payment.external_id)
        if back is not None and back > since:
            rest += amount
    return rest


def _netted(
    currency: str, rows: Iterable[tuple[Invoice, int]], free: int, bound: Sequence[tuple[int, str, int]]
) -> Balance:
    """Returns a balance with free credit taken off the oldest. `bound` is credit that counts against balances older
    than itself alone, the earliest first: fewest balances are older, so it is used first."""
    left = [amount for _at, _name, amount in bound]
    opens = []
    ordered = sorted(rows, key=lambda row: (row[0].due or _LAST, row[0].external_id))
    for invoice, gross in ordered:
        net = gross
        since = invoice.as_of if invoice.balance is not None else _ALWAYS
        for place, (at, _name, _amount) in enumerate(bound):
            if net and at > since:
                used = min(net, left[place])
                net -= used
                left[place] -= used
        used = min(net, free)
        net -= used
        free -= used
        if gross:
            opens.append(Open(invoice, gross, net))
    return Balance(currency, tuple(opens), free + sum(left))
