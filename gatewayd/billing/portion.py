"""Rows of a sheet of bills on their way into the store, column by column: plain data from another process. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, Final, NoReturn
from zoneinfo import ZoneInfo

from gatewayd.billing.facts import METHODS, Allocation
from gatewayd.billing.fields import SAID_STATES, BillRow, Kind
from gatewayd.customers.portion import ROWS_MAX, AstrayError

TEXTS: Final = ("customer", "number", "currency", "link", "pdf", "policy", "reversal_of", "reason", "invoice")
MONEY: Final = ("total", "balance", "amount")
DAYS: Final = ("issued", "due", "value_date")
MOMENTS: Final = ("as_of", "posted_at")
"""As the sheet's own clock says them: YYYY-MM-DD, or with THH:MM:SS behind it."""
WORDS: Final[Mapping[str, tuple[str, ...]]] = {"state": SAID_STATES, "method": METHODS}
OF_KIND: Final[Mapping[Kind, tuple[str, ...]]] = {
    "invoices": (
        *("customer", "number", "issued", "due", "currency", "total", "balance", "as_of", "state", "link", "pdf"),
        "policy",
    ),
    "payments": (
        *("customer", "invoice", "amount", "currency", "value_date", "posted_at", "method", "reversal_of", "reason"),
    ),
    "credit_notes": (*("customer", "invoice", "amount", "currency", "value_date", "posted_at", "reason"),),
}
"""What a sheet of each kind may say, beside the id."""
_TEXT_LONGEST: Final = 2_048
_BIG: Final = 2**62


@dataclass(frozen=True, slots=True)
class BillPortion:
    """What rows of one sheet say, each at the same place of every list."""

    rows: list[int]
    """As the sheet counts them."""
    ids: list[str]
    """External ids, each once in the whole sheet."""
    columns: Mapping[str, list[Any]]
    """By field; None: the row says nothing of it."""

    def only(self, places: Sequence[int]) -> BillPortion:
        """Returns the rows at these places, in their order."""
        columns = {name: [column[at] for at in places] for name, column in self.columns.items()}
        return BillPortion([self.rows[at] for at in places], [self.ids[at] for at in places], columns)

    def plainly(self) -> Iterator[BillRow]:
        """Yields the rows as bills, of which none says a moment."""
        for row, name, values in zip(self.rows, self.ids, zip(*self.columns.values(), strict=True), strict=True):
            yield BillRow(
                name, {key: value for key, value in zip(self.columns, values, strict=True) if value is not None}, row
            )

    def made(self, zone: ZoneInfo, as_of: int, *, posted: bool) -> Iterator[BillRow]:
        """Yields the rows as bills. `posted`: they are payments, and those that do not say when they were written down
        were so on their own day, at the latest when the sheet was made."""
        for bill in self.plainly():
            found = dict(bill.values)
            for key in MOMENTS:
                if key in found:
                    found[key] = min(_moment(found[key], zone), as_of)
            if posted:
                if "posted_at" not in found and "value_date" in found:
                    found["posted_at"] = min(_moment(found["value_date"], zone), as_of)
                invoice = found.pop("invoice", None)
                if invoice is not None and "reversal_of" not in found:
                    found["invoices"] = (Allocation(invoice, found["amount"]),)
            yield BillRow(bill.external_id, found, bill.row)


def _moment(text: str, zone: ZoneInfo) -> int:
    """Returns a sheet's moment as Unix ms; a day alone is over."""
    at = datetime.fromisoformat(text)
    if len(text) == 10:
        at = datetime.combine(at.date(), time(23, 59, 59))
    if at.tzinfo is None:
        at = at.replace(tzinfo=zone)
    return int(at.astimezone(UTC).timestamp() * 1000)


def plain(portion: BillPortion) -> list[Any]:
    """Returns a portion as JSON; a column that says the same in all rows as that once."""
    columns = {
        key: column[0] if column.count(column[0]) == len(column) else column for key, column in portion.columns.items()
    }
    return [portion.rows, portion.ids, columns]


def judged(content: Any, after: int, kind: Kind) -> BillPortion:
    """Returns a portion whose rows come after a row, in whatever order; AstrayError for anything else. Nothing of it is
    believed but what its place allows."""
    if not isinstance(content, list) or len(content) != 3 or not isinstance(content[0], list):
        _astray()
    rows, ids, columns = content
    count = len(rows)
    if not 0 < count <= ROWS_MAX or set(map(type, rows)) != {int} or not after < min(rows) <= max(rows) < _BIG:
        _astray()
    if len(set(rows)) != count or not isinstance(ids, list) or len(ids) != count:
        _astray()
    _texts(ids)
    if (
        None in ids
        or "" in ids
        or len(set(ids)) != count
        or not isinstance(columns, dict)
        or not set(columns) <= set(OF_KIND[kind])
    ):
        _astray()
    read = {key: _column(key, value, count) for key, value in columns.items()}
    needed = ("customer",) if kind == "invoices" else ("amount",)
    if any(key not in read for key in needed) or (kind != "invoices" and None in read["amount"]):
        _astray()
    return BillPortion(rows, ids, read)


def _column(key: str, value: Any, count: int) -> list[Any]:
    column = value if isinstance(value, list) else [value] * count
    if len(column) != count:
        _astray()
    if key in MONEY:
        if not set(map(type, column)) <= {int, type(None)} or any(abs(one or 0) > _BIG for one in column):
            _astray()
        return column
    _texts(column)
    if key in WORDS and not set(column) <= {*WORDS[key], None}:
        _astray()
    if key in DAYS or key in MOMENTS:
        for one in set(column) - {None}:
            try:
                datetime.fromisoformat(one)
            except ValueError:
                _astray()
    return column


def _texts(values: Sequence[Any]) -> None:
    if (
        not set(map(type, values)) <= {str, type(None)}
        or max(map(len, filter(None, values)), default=0) > _TEXT_LONGEST
    ):
        _astray()


def _astray() -> NoReturn:
    raise AstrayError("the reader of sheets gave something that is no portion of one")
