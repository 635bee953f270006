"""Customers as they are written and read by whole portions: rows, contact points, debts and the words they are found
by, always together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, select, update

from gatewayd.customers.document import Customer, Debt, NoClaim, Point
from gatewayd.customers.words import document_key, marks, name_key
from gatewayd.store import tables
from gatewayd.store.session import Row, Session, Statement, adding, among, given, merging, setting

_CUSTOMER: Final = tables.customer.c
_POINT: Final = tables.contact_point.c
_WORD: Final = tables.customer_word.c
_DEBT: Final = tables.debt.c
_ALIAS: Final = tables.customer_alias.c

SAID: Final = (
    "document_type document_number document_key name name_key language zone portfolio_type portfolio_name assigned_id"
    " tags columns mails no_claim no_claim_until no_claim_reason"
)
"""What a row says of the person, in the order of `_said`."""
_HEAD: Final = "id external_id version created_at updated_at absent_at forgotten_at digest digest_version"
"""What a row says of itself."""
_READ: Final = (*_HEAD.split(), *SAID.split())
_PLACE: Final = {name: place for place, name in enumerate(_READ)}
_HEAD_WIDTH: Final = len(_HEAD.split())

_ADD: Final = adding(tables.customer, f"id account_id external_id created_at updated_at digest digest_version {SAID}")
_SET: Final = setting(tables.customer, f"version updated_at absent_at forgotten_at digest digest_version {SAID}", "id")
_ADD_POINT: Final = adding(
    tables.contact_point, "customer_id place account_id channel address kind state consent source"
)
_ADD_WORD: Final = adding(tables.customer_word, "account_id word customer_id")
_DROP_WORD: Final = Statement(
    delete(tables.customer_word).where(
        _WORD.account_id == given(_WORD.account_id),
        _WORD.word == given(_WORD.word),
        _WORD.customer_id == given(_WORD.customer_id),
    ),
    "p_account_id p_word p_customer_id",
)
_DROP_POINTS: Final = Statement(delete(tables.contact_point).where(among(_POINT.customer_id)))
_DROP_DEBTS: Final = Statement(delete(tables.debt).where(among(_DEBT.customer_id)))
_DROP_ALIASES: Final = Statement(delete(tables.customer_alias).where(among(_ALIAS.customer_id)))
_UNBILL: Final = tuple(
    Statement(
        update(table).where(among(table.c.customer_id)).values(customer_id=given(table.c.customer_id)), "p_customer_id"
    )
    for table in (tables.invoice, tables.payment)
)
_DROP_OWED: Final = tuple(
    Statement(delete(table).where(among(table.c.customer_id))) for table in (tables.owed, tables.fact_mark)
)
_DROP: Final = Statement(delete(tables.customer).where(among(_CUSTOMER.id)))
_ADD_DEBT: Final = adding(tables.debt, "customer_id balance due number currency as_of")
_OWE: Final = merging(
    tables.debt,
    "customer_id balance due number currency as_of",
    "customer_id",
    replace="balance due number currency as_of",
)

_BY_NAME: Final = Statement(
    select(*(_CUSTOMER[name] for name in _READ)).where(
        _CUSTOMER.account_id == given(_CUSTOMER.account_id), among(_CUSTOMER.external_id)
    ),
    "p_account_id",
)
_BY_ID: Final = Statement(
    select(*(_CUSTOMER[name] for name in _READ)).where(
        _CUSTOMER.account_id == given(_CUSTOMER.account_id), among(_CUSTOMER.id)
    ),
    "p_account_id",
)
_HEADS: Final = Statement(
    select(*(_CUSTOMER[name] for name in _HEAD.split())).where(
        _CUSTOMER.account_id == given(_CUSTOMER.account_id), among(_CUSTOMER.external_id)
    ),
    "p_account_id",
)
_HEADS_BY_ID: Final = Statement(
    select(*(_CUSTOMER[name] for name in _HEAD.split())).where(
        _CUSTOMER.account_id == given(_CUSTOMER.account_id), among(_CUSTOMER.id)
    ),
    "p_account_id",
)
_ALIASES: Final = Statement(
    select(_ALIAS.external_id, _ALIAS.customer_id).where(
        _ALIAS.account_id == given(_ALIAS.account_id), among(_ALIAS.external_id)
    ),
    "p_account_id",
)
_POINTS: Final = Statement(
    select(
        _POINT.customer_id,
        *(_POINT[name] for name in ("channel", "address", "kind", "state", "consent", "source")),
    )
    .where(among(_POINT.customer_id))
    .order_by(_POINT.customer_id, _POINT.place)
)
_DEBTS: Final = Statement(
    select(*(_DEBT[name] for name in ("customer_id", "balance", "due", "number", "currency", "as_of"))).where(
        among(_DEBT.customer_id)
    )
)


@dataclass(frozen=True, slots=True)
class Head:
    """What a customer's row says of itself. Times are Unix ms."""

    id: int
    external_id: str
    version: int
    created_at: int
    updated_at: int
    absent_at: int | None
    forgotten_at: int | None
    digest: str | None
    digest_version: int | None

    def bears(self, digest: str) -> bool:
        """Returns whether that row of a sheet wrote it last, and nobody has changed it since."""
        return self.digest == digest and self.digest_version == self.version and self.absent_at is None


@dataclass(frozen=True, slots=True)
class Stored:
    """A customer as it is in the store."""

    head: Head
    customer: Customer


@dataclass(frozen=True, slots=True)
class Edit:
    """A customer as it is to be, and as it is."""

    was: Stored
    customer: Customer
    digest: str | None = None
    """Of the sheet's row that says so; None: no sheet does."""
    absent_at: int | None = None
    forgotten_at: int | None = None
    version: int | None = None
    """None: one more than it was."""


def _json(value: Any) -> str | None:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if value else None


def _said(customer: Customer) -> Row:
    pause = customer.no_claim
    return (
        customer.document_type,
        customer.document_number,
        document_key(customer.document_number),
        customer.name,
        name_key(customer.name),
        customer.language,
        customer.zone,
        customer.portfolio_type,
        customer.portfolio_name,
        customer.assigned,
        _json(customer.tags),
        _json(customer.columns),
        customer.mails,
        pause is not None,
        None if pause is None else pause.until,
        None if pause is None else pause.reason,
    )


def read_customer(
    row: Sequence[Any], place: Mapping[str, int], points: Sequence[Point] = (), debt: Debt | None = None
) -> Customer:
    """Returns the customer that a row says, its columns at those places."""
    tags, columns = row[place["tags"]], row[place["columns"]]
    no_claim = NoClaim(row[place["no_claim_until"]], row[place["no_claim_reason"]] or "")
    return Customer(
        external_id=row[place["external_id"]],
        document_type=row[place["document_type"]],
        document_number=row[place["document_number"]],
        name=row[place["name"]],
        language=row[place["language"]],
        zone=row[place["zone"]],
        portfolio_type=row[place["portfolio_type"]],
        portfolio_name=row[place["portfolio_name"]],
        assigned=row[place["assigned_id"]],
        tags=tuple(json.loads(tags)) if tags else (),
        columns=json.loads(columns) if columns else {},
        mails=row[place["mails"]],
        no_claim=no_claim if row[place["no_claim"]] else None,
        contacts=tuple(points),
        debt=debt,
    )


def read_point(row: Sequence[Any]) -> Point:
    """Returns a point of `channel address kind state consent source`."""
    channel, address, kind, state, consent, source = row
    return Point(channel, address, kind, state, json.loads(consent) if consent else {}, source)


# ------------------------------------------------------------------------------------------------------------- reading


def heads(session: Session, account_id: int, external_ids: Iterable[str]) -> dict[str, Head]:
    """Returns what there is by external id, one that was merged away under the customer it is part of."""
    wanted = list(dict.fromkeys(external_ids))
    found = {row[1]: Head(*row) for row in session.among(_HEADS, wanted, account_id)}
    missing = [one for one in wanted if one not in found]
    if missing:
        merged: dict[str, int] = {row[0]: row[1] for row in session.among(_ALIASES, missing, account_id)}
        if merged:
            ids = sorted(set(merged.values()))
            by_id = {row[0]: Head(*row) for row in session.among(_HEADS_BY_ID, ids, account_id)}
            found |= {name: by_id[number] for name, number in merged.items() if number in by_id}
    return found


def stored(session: Session, account_id: int, ids: Iterable[int]) -> dict[int, Stored]:
    """Returns customers of the account by their numbers, whole."""
    return _whole(session, session.among(_BY_ID, sorted(set(ids)), account_id))


def _whole(session: Session, rows: Sequence[Row]) -> dict[int, Stored]:
    if not rows:
        return {}
    ids = [row[0] for row in rows]
    points: dict[int, list[Point]] = {}
    for row in session.among(_POINTS, ids):
        points.setdefault(row[0], []).append(read_point(row[1:]))
    debts = {row[0]: Debt(*row[1:]) for row in session.among(_DEBTS, ids)}
    return {
        row[0]: Stored(Head(*row[:_HEAD_WIDTH]), read_customer(row, _PLACE, points.get(row[0], ()), debts.get(row[0])))
        for row in rows
    }


def stored_one(session: Session, account_id: int, external_id: str) -> Stored | None:
    """Returns the customer of that external id, or the one it was merged into; None where there is none."""
    head = heads(session, account_id, [external_id]).get(external_id)
    return None if head is None else stored(session, account_id, [head.id])[head.id]


# ------------------------------------------------------------------------------------------------------------- writing


def add(
    session: Session,
    account_id: int,
    numbered: Sequence[tuple[int, Customer]],
    now: int,
    *,
    digests: Sequence[str | None] | None = None,
) -> None:
    """Writes new customers under their numbers. Their external ids are free, which the caller has seen; `digests` are
    those of the sheet's rows that say so."""
    rows = []
    for (number, one), digest in zip(numbered, digests or [None] * len(numbered), strict=True):
        version = None if digest is None else 1
        rows.append((number, account_id, one.external_id, now, now, digest, version, *_said(one)))
    session.many(_ADD, rows)
    _add_rest(session, account_id, numbered)
    # In the order of the tree they go to: neighbours share its pages.
    words = sorted((account_id, word, number) for number, one in numbered for word in marks(one))
    session.many(_ADD_WORD, words)


def add_columns(session: Session, columns: Sequence[Sequence[Any]]) -> None:
    """Writes new customers that come column by column, in the order of `_ADD`."""
    session.many(_ADD, list(zip(*columns, strict=True)))


def add_hanging(session: Session, points: Sequence[Row], words: Sequence[Row], debts: Sequence[Row]) -> None:
    """Writes what hangs on new customers: rows of points, words (account, word, number) and debts."""
    session.many(_ADD_POINT, points)
    session.many(_ADD_WORD, words)
    session.many(_ADD_DEBT, debts)


def _add_rest(session: Session, account_id: int, numbered: Sequence[tuple[int, Customer]]) -> None:
    session.many(
        _ADD_POINT,
        [
            (
                *(number, place, account_id, point.channel, point.address, point.kind, point.state),
                *(_json(dict(point.consent)), point.source),
            )
            for number, one in numbered
            for place, point in enumerate(one.contacts)
        ],
    )
    debts = [(number, one.debt) for number, one in numbered if one.debt is not None]
    session.many(
        _OWE, [(number, owed.balance, owed.due, owed.number, owed.currency, owed.as_of) for number, owed in debts]
    )


def edit(session: Session, account_id: int, edits: Sequence[Edit], now: int) -> None:
    """Writes customers anew, each of which the caller has read in this transaction."""
    rows = []
    for one in edits:
        version = one.was.head.version + 1 if one.version is None else one.version
        rows.append(
            (
                *(version, now, one.absent_at, one.forgotten_at, one.digest),
                *(None if one.digest is None else version, *_said(one.customer), one.was.head.id),
            )
        )
    session.many(_SET, rows)
    renewed = [
        one
        for one in edits
        if one.customer.contacts != one.was.customer.contacts or one.customer.debt != one.was.customer.debt
    ]
    session.among(_DROP_POINTS, [one.was.head.id for one in renewed])
    session.among(_DROP_DEBTS, [one.was.head.id for one in renewed if one.customer.debt is None])
    _add_rest(session, account_id, [(one.was.head.id, one.customer) for one in renewed])
    gone, fresh = [], []
    for one in edits:
        before, after = marks(one.was.customer), marks(one.customer)
        gone += [(account_id, word, one.was.head.id) for word in before if word not in after]
        fresh += [(account_id, word, one.was.head.id) for word in after if word not in before]
    session.many(_DROP_WORD, sorted(gone))
    session.many(_ADD_WORD, sorted(fresh))


def strip(session: Session, ids: Sequence[int], words: Sequence[Row]) -> None:
    """Removes what hangs on customers; `words` (account, word, number) are what they are found by."""
    session.among(_DROP_POINTS, ids)
    session.among(_DROP_DEBTS, ids)
    session.many(_DROP_WORD, words)


def unbill(session: Session, ids: Sequence[int]) -> None:
    """Takes from customers what billing says of them: it waits for whoever bears their ids next."""
    for statement in _UNBILL:
        session.among(statement, ids, None)
    for statement in _DROP_OWED:
        session.among(statement, ids)


def drop(session: Session, ids: Sequence[int]) -> None:
    """Removes customers on whom nothing hangs."""
    session.among(_DROP, ids)


def remove(session: Session, ids: Sequence[int], words: Sequence[Row]) -> None:
    """Removes customers with all that hangs on them."""
    strip(session, ids, words)
    session.among(_DROP_ALIASES, ids)
    unbill(session, ids)
    drop(session, ids)


def words_of(account_id: int, one: Stored) -> list[Row]:
    """Returns the rows of the words that a customer is found by."""
    return [(account_id, word, one.head.id) for word in marks(one.customer)]


def tags_of(text: str) -> list[str]:
    """Returns the tags that a row keeps as JSON."""
    found: list[str] = json.loads(text)
    return found
