"""How rows of bills are brought: by whom, as of when, and whether they are an account's first; whose they are; what
became of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select

from gatewayd.store import tables
from gatewayd.store.session import Row, Session, Statement, among, given

_CUSTOMER: Final = tables.customer.c
_ALIAS: Final = tables.customer_alias.c
_BY_NAME: Final = Statement(
    select(_CUSTOMER.external_id, _CUSTOMER.id).where(
        _CUSTOMER.account_id == given(_CUSTOMER.account_id), among(_CUSTOMER.external_id)
    ),
    "p_account_id",
)
_BY_ALIAS: Final = Statement(
    select(_ALIAS.external_id, _ALIAS.customer_id).where(
        _ALIAS.account_id == given(_ALIAS.account_id), among(_ALIAS.external_id)
    ),
    "p_account_id",
)


@dataclass(frozen=True, slots=True)
class Load:
    """Rows that come together. Times are Unix ms."""

    account_id: int
    source: str
    """panel, api, cli, spool, sheet, feed"""
    as_of: int
    """When what they say was so, where a row does not say it itself."""
    now: int
    currency: str
    """Of rows that name none."""
    initial: bool = False
    """They are of the account's first import of their kind: no news to anybody."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that was not taken: of what field, and why, as a code of `gatewayd.customers.faults`."""

    row: int
    external_id: str
    field: str
    reason: str
    value: str = ""


@dataclass(slots=True)
class Written:
    """What became of rows."""

    new: list[int] = field(default_factory=list)
    """Row numbers in the store."""
    changed: int = 0
    same: int = 0
    older: int = 0
    """Those that say how it was before what is known already."""
    unknown: int = 0
    """Those of customers that nobody has brought yet; they are kept."""
    faults: list[Fault] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)
    """Customers whose facts are others."""
    fresh: dict[int, list[Row]] = field(default_factory=dict)
    """Of new invoices those of which something may be open, by customer, as `facts.invoice_rows` reads them: on SQLite,
    where nobody else gives out numbers, these are the newest that there are."""
    paid: set[int] = field(default_factory=set)
    """Of them, those an invoice of whom is said to be paid."""

    def add(self, other: Written) -> None:
        self.new += other.new
        self.changed += other.changed
        self.same += other.same
        self.older += other.older
        self.unknown += other.unknown
        self.faults += other.faults
        self.touched |= other.touched
        for customer, rows in other.fresh.items():
            self.fresh.setdefault(customer, []).extend(rows)
        self.paid |= other.paid

    def counts(self) -> dict[str, Any]:
        """Returns how many rows met which end."""
        return {
            "new": len(self.new),
            "changed": self.changed,
            "same": self.same,
            "older": self.older,
            "unknown": self.unknown,
            "refused": len(self.faults),
        }


def whose(session: Session, account_id: int, names: Iterable[str]) -> dict[str, int]:
    """Returns the customers of external ids, of those that are known; one that was merged away under the other."""
    wanted = sorted(set(names))
    found: dict[str, int] = dict(session.among(_BY_NAME, wanted, account_id))
    missing = [name for name in wanted if name not in found]
    if missing:
        found.update(session.among(_BY_ALIAS, missing, account_id))
    return found
