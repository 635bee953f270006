"""Customers as they are looked for: one by its name, pages of a list, how many a filter means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from gatewayd.customers.document import Debt, Kept, Point
from gatewayd.customers.filters import CustomerFilter
from gatewayd.customers.words import ASSIGNED, PORTFOLIO, PORTFOLIO_NAME, TAG, WORDS_MAX, document_key, mark, words_of
from gatewayd.store import tables
from gatewayd.store.accounts import account_number
from gatewayd.store.contacts.dealings import contacted, dealing
from gatewayd.store.contacts.owing import owes
from gatewayd.store.contacts.persons import read_customer, read_point
from gatewayd.store.snapshots import Page
from gatewayd.values.actor import Scope
from gatewayd.values.errors import NotFoundError, UsageError
from gatewayd.words.translation import gettext as _

COUNTED_MAX: Final = 10_000
"""Beyond it a count says that there are more: an exact one would read them all."""
FOUND_MAX: Final = 2_000
"""Customers that one word of a search is looked up for; who finds more types more."""
SORTS: Final = ("id", "-id", "name", "-name", "updated", "-updated")

_CUSTOMER: Final = tables.customer.c
_POINT: Final = tables.contact_point.c
_WORD: Final = tables.customer_word.c
_DEBT: Final = tables.debt.c
_LAST: Final = "\U0010ffff"
_PLACE: Final = {column.name: place for place, column in enumerate(tables.customer.columns)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page of customers."""

    filter: CustomerFilter
    sort: str = "id"
    behind: str | None = None
    """The cursor of the page before."""
    limit: int = 100
    numbers: Sequence[str] = ()
    """What a search may be as a telephone, in E.164."""
    since: int | None = None
    """What `filters.contacts_since` says of the filter."""


def account_of(connection: Connection, scope: Scope) -> int:
    """Returns the number of the one account that customers are asked of. UsageError, NotFoundError."""
    if scope.account is None:
        raise UsageError(_("account: name it; customers belong to one"))
    return account_number(connection, scope.account)


def customer(connection: Connection, *, scope: Scope, external_id: str) -> Kept:
    """Returns one customer by the account's name for it, or by one that was merged into it. NotFoundError."""
    account_id = account_of(connection, scope)
    number = connection.scalar(
        select(_CUSTOMER.id).where(_CUSTOMER.account_id == account_id, _CUSTOMER.external_id == external_id)
    )
    if number is None:
        alias = tables.customer_alias.c
        number = connection.scalar(
            select(alias.customer_id).where(alias.account_id == account_id, alias.external_id == external_id)
        )
    if number is None:
        raise NotFoundError(_("no customer {customer}").format(customer=external_id[:80]))
    return kept(connection, [number])[0]


def customer_numbered(connection: Connection, *, scope: Scope, number: int) -> Kept:
    """Returns the customer of that number. NotFoundError."""
    account_id = account_of(connection, scope)
    found = connection.scalar(select(_CUSTOMER.id).where(_CUSTOMER.id == number, _CUSTOMER.account_id == account_id))
    if found is None:
        raise NotFoundError(_("no customer {customer}").format(customer=number))
    return kept(connection, [number])[0]


def kept(connection: Connection, numbers: Sequence[int]) -> list[Kept]:
    """Returns customers whole, in the order of their numbers as given; those that do not exist are left out."""
    account, user = tables.account.c, tables.user.c
    statement = (
        select(tables.customer, account.name, user.shown_name)
        .select_from(
            tables.customer.join(tables.account, account.id == _CUSTOMER.account_id).outerjoin(
                tables.user, user.id == _CUSTOMER.assigned_id
            )
        )
        .where(_CUSTOMER.id.in_(numbers))
    )
    points: dict[int, list[Point]] = {}
    columns = (_POINT.customer_id, _POINT.channel, _POINT.address, _POINT.kind, _POINT.state, _POINT.consent)
    of = select(*columns, _POINT.source).where(_POINT.customer_id.in_(numbers))
    for row in connection.execute(of.order_by(_POINT.customer_id, _POINT.place)):
        points.setdefault(row[0], []).append(read_point(row[1:]))
    owed = select(_DEBT.customer_id, _DEBT.balance, _DEBT.due, _DEBT.number, _DEBT.currency, _DEBT.as_of)
    debts = {row[0]: Debt(*row[1:]) for row in connection.execute(owed.where(_DEBT.customer_id.in_(numbers)))}
    found = {}
    for row in connection.execute(statement):
        number, width = row[0], len(_PLACE)
        found[number] = Kept(
            number,
            row[width],
            read_customer(row, _PLACE, points.get(number, ()), debts.get(number)),
            row[width + 1],
            *(row[_PLACE[name]] for name in ("version", "created_at", "updated_at", "absent_at", "forgotten_at")),
        )
    return [found[number] for number in numbers if number in found]


def customers(connection: Connection, *, scope: Scope, wanted: Wanted) -> Page[Kept]:
    """Returns a page of the customers that a filter means. UsageError for a cursor or sort that is none."""
    account_id = account_of(connection, scope)
    if wanted.sort not in SORTS:
        raise UsageError(_("sort: one of {sorts}").format(sorts=", ".join(SORTS)))
    meant = conditions(connection, account_id, wanted.filter, wanted.numbers, wanted.since)
    if meant is None:
        return Page((), None)
    descending, by = wanted.sort.startswith("-"), wanted.sort.lstrip("-")
    key: Any = {"id": _CUSTOMER.id, "name": _CUSTOMER.name_key, "updated": _CUSTOMER.updated_at}[by]
    statement = select(_CUSTOMER.id, key.label("sort_key")).where(_CUSTOMER.account_id == account_id, *meant)
    if wanted.behind is not None:
        statement = statement.where(_behind(key, by, wanted.behind, descending))
    order = [key, _CUSTOMER.id] if by != "id" else [_CUSTOMER.id]
    statement = statement.order_by(*(one.desc() if descending else one for one in order)).limit(wanted.limit + 1)
    rows = connection.execute(statement).all()
    more = len(rows) > wanted.limit
    rows = rows[: wanted.limit]
    following = None
    if more:
        following = str(rows[-1][0]) if by == "id" else f"{rows[-1][0]}:{rows[-1][1]}"
    return Page(tuple(kept(connection, [row[0] for row in rows])), following)


def _behind(key: Any, by: str, cursor: str, descending: bool) -> ColumnElement[bool]:
    number, _colon, value = cursor.partition(":")
    if (
        not number.isascii()
        or not number.isdigit()
        or len(number) > 18
        or (by == "updated" and not (value.isascii() and value.isdigit() and len(value) < 19))
    ):
        raise UsageError(_("cursor: not one of this list"))
    at = int(number)
    if by == "id":
        return _CUSTOMER.id < at if descending else _CUSTOMER.id > at
    shown: Any = int(value) if by == "updated" else value
    if descending:
        return or_(key < shown, and_(key == shown, _CUSTOMER.id < at))
    return or_(key > shown, and_(key == shown, _CUSTOMER.id > at))


def count(
    connection: Connection,
    *,
    scope: Scope,
    wanted: CustomerFilter,
    numbers: Sequence[str] = (),
    since: int | None = None,
) -> int:
    """Returns how many customers a filter means; `COUNTED_MAX` + 1 for more than that."""
    account_id = account_of(connection, scope)
    meant = conditions(connection, account_id, wanted, numbers, since)
    if meant is None:
        return 0
    few = select(_CUSTOMER.id).where(_CUSTOMER.account_id == account_id, *meant).limit(COUNTED_MAX + 1).subquery()
    return int(connection.scalar(select(func.count()).select_from(few)) or 0)


# -------------------------------------------------------------------------------------------------------------- filters


def conditions(
    connection: Connection,
    account_id: int,
    wanted: CustomerFilter,
    numbers: Sequence[str] = (),
    since: int | None = None,
) -> list[ColumnElement[bool]] | None:
    """Returns what a filter asks of `customer`; None where nobody can fit it. `numbers`: the search as telephones;
    `since`: from when on a contact keeps somebody out. UsageError for a filter by contacts without it."""
    meant: list[ColumnElement[bool]] = []
    words = [mark(TAG, tag) for tag in wanted.tags]
    if wanted.portfolio_type is not None:
        words.append(mark(PORTFOLIO, wanted.portfolio_type))
    if wanted.portfolio_name is not None:
        words.append(mark(PORTFOLIO_NAME, wanted.portfolio_name))
    if wanted.assigned is not None:
        user = tables.user.c
        number = connection.scalar(select(user.id).where(user.name == wanted.assigned.casefold()))
        if number is None:
            return None
        words.append(mark(ASSIGNED, number))
    meant += [_bears(account_id, _WORD.word == word) for word in words]
    if wanted.search is not None and wanted.search.strip():
        found = _searched(connection, account_id, wanted.search.strip(), numbers)
        if found is None:
            return None
        meant.append(found)
    if wanted.channel is not None or wanted.state is not None:
        asked = [_POINT.customer_id == _CUSTOMER.id]
        asked += [] if wanted.channel is None else [_POINT.channel == wanted.channel]
        asked += [] if wanted.state is None else [_POINT.state == wanted.state]
        meant.append(exists(select(_POINT.place).where(*asked)))
    if wanted.changed_since is not None:
        meant.append(_CUSTOMER.updated_at >= wanted.changed_since)
    meant += _known(account_id, wanted)
    if wanted.not_contacted_days is not None:
        if since is None:
            raise UsageError(_("not_contacted_days: not asked here"))
        meant.append(~contacted(account_id, since))
    if wanted.ids is not None:
        if not wanted.ids:
            return None
        meant.append(_CUSTOMER.external_id.in_(wanted.ids))
    return meant


def _known(account_id: int, wanted: CustomerFilter) -> Iterator[ColumnElement[bool]]:
    """Yields what is asked of a sheet, of debts and of a campaign."""
    if wanted.absent is not None:
        yield _CUSTOMER.absent_at.is_not(None) if wanted.absent else _CUSTOMER.absent_at.is_(None)
    if wanted.owing is not None:
        yield owes() if wanted.owing else ~owes()
    if wanted.campaign is not None:
        yield dealing(account_id, wanted.campaign, wanted.outcome or "meant")


def _bears(account_id: int, word: ColumnElement[bool]) -> ColumnElement[bool]:
    return _CUSTOMER.id.in_(select(_WORD.customer_id).where(_WORD.account_id == account_id, word))


def _searched(connection: Connection, account_id: int, text: str, numbers: Sequence[str]) -> ColumnElement[bool] | None:
    """Returns who is meant by what somebody typed: an id, a document, an address, or words of a name; None: nobody."""
    found: set[int] = set()
    for column, beginning in _beginnings(text, numbers):
        owner = _POINT.customer_id if column is _POINT.address else _CUSTOMER.id
        account = _POINT.account_id if column is _POINT.address else _CUSTOMER.account_id
        statement = select(owner).where(account == account_id, *_begins(column, beginning)).limit(FOUND_MAX)
        found.update(connection.scalars(statement))
    words = words_of(text)[:WORDS_MAX]
    named = _named(connection, account_id, words) if words else set()
    if isinstance(named, set):
        found |= named
        return _CUSTOMER.id.in_(found) if found else None
    return or_(_CUSTOMER.id.in_(found), named) if found else named


def _beginnings(text: str, numbers: Sequence[str]) -> Iterable[tuple[Any, str]]:
    """Yields columns with an index and how their value begins."""
    for spelled in dict.fromkeys((text, text.upper(), text.lower())):
        yield _CUSTOMER.external_id, spelled
    key = document_key(text)
    if key is not None and any(letter.isdigit() for letter in key):
        yield _CUSTOMER.document_key, key
    for number in numbers:
        yield _POINT.address, number
    if "@" in text:
        yield _POINT.address, text.lower()


def _begins(column: Any, beginning: str) -> list[ColumnElement[bool]]:
    # Not LIKE: an index serves a range whatever the database's collation does with patterns.
    return [column >= beginning, column < beginning + _LAST]


def _named(connection: Connection, account_id: int, words: Sequence[str]) -> set[int] | ColumnElement[bool]:
    """Returns whose names have words that begin with all of these: who they are, or how to ask where they are many."""
    ranges = [
        select(_WORD.customer_id).where(_WORD.account_id == account_id, *_begins(_WORD.word, word)) for word in words
    ]
    few: set[int] | None = None
    for statement in ranges:
        found = set(connection.scalars(statement.limit(FOUND_MAX)))
        if len(found) < FOUND_MAX and (few is None or len(found) < len(few)):
            few = found
    if few is None:
        return and_(*(_CUSTOMER.id.in_(statement) for statement in ranges))
    if not few or len(words) == 1:
        return few
    spelled = select(_CUSTOMER.id, _CUSTOMER.name_key).where(_CUSTOMER.id.in_(few))
    return {number for number, name in connection.execute(spelled).all() if _fits(name, words)}


def _fits(name: str, words: Sequence[str]) -> bool:
    own = name.split()
    return all(any(one.startswith(word) for one in own) for word in words)
