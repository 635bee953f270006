"""What a portion of a sheet does to the customers of an account: compared, written, noted so that it can be undone."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import select, update

from gatewayd.customers.document import ALL_MAILS, Customer, Debt, NoClaim, Point
from gatewayd.customers.merging import renewed
from gatewayd.customers.portion import SHEET, Portion
from gatewayd.store import tables
from gatewayd.store.contacts import persons
from gatewayd.store.contacts.persons import Edit, Head, Stored
from gatewayd.store.session import Row, Session, Statement, adding, among, given, merging

NEW, CHANGED, ABSENT = "new", "changed", "absent"

_CUSTOMER: Final = tables.customer.c
_DEBT: Final = tables.debt.c
_ROW: Final = tables.import_row.c
_RANGE: Final = tables.import_range.c
# Of a row that is run again the first note stays: it says what was there before the sheet came.
_ADD_ROW: Final = merging(tables.import_row, "import_id row kind customer_id detail", "import_id row")
_ADD_RANGE: Final = adding(tables.import_range, "import_id first_id customers")
_REMEMBER: Final = Statement(
    update(tables.customer)
    .where(_CUSTOMER.id == given(_CUSTOMER.id, "k_id"))
    .values(digest=given(_CUSTOMER.digest), digest_version=_CUSTOMER.version),
    "p_digest k_id",
)
_STILL_OWED: Final = Statement(
    update(tables.debt)
    .where(_DEBT.as_of < given(_DEBT.as_of, "k_as_of"), among(_DEBT.customer_id))
    .values(as_of=given(_DEBT.as_of)),
    "p_as_of k_as_of",
)
_PRESENT: Final = Statement(
    select(_CUSTOMER.id, _CUSTOMER.version)
    .where(
        _CUSTOMER.account_id == given(_CUSTOMER.account_id),
        _CUSTOMER.id > given(_CUSTOMER.id),
        _CUSTOMER.absent_at.is_(None),
        _CUSTOMER.forgotten_at.is_(None),
    )
    .order_by(_CUSTOMER.id)
    .limit(given(_CUSTOMER.version, "p_limit")),
    "p_account_id p_id p_limit",
)
_BROUGHT: Final = Statement(
    select(_ROW.customer_id).where(_ROW.import_id == given(_ROW.import_id), _ROW.kind == NEW), "p_import_id"
)
_RANGES: Final = Statement(
    select(_RANGE.first_id, _RANGE.customers).where(_RANGE.import_id == given(_RANGE.import_id), ~_RANGE.undone),
    "p_import_id",
)
_ABSENT: Final = Statement(
    update(tables.customer)
    .where(_CUSTOMER.id == given(_CUSTOMER.id, "k_id"))
    .values(
        absent_at=given(_CUSTOMER.absent_at), version=_CUSTOMER.version + 1, updated_at=given(_CUSTOMER.updated_at)
    ),
    "p_absent_at p_updated_at k_id",
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The sheet that a portion is of."""

    import_id: int
    account_id: int
    as_of: int
    """Unix ms: what is owed was owed then."""
    named: frozenset[str]
    """Fields that it has columns of."""
    now: int


@dataclass(slots=True)
class Outcome:
    """What became of the rows of a portion."""

    fresh: int = 0
    changed: int = 0
    same: int = 0
    refused: int = 0
    """Of people who were forgotten meanwhile."""
    seen: Sequence[int] = ()
    """Numbers of those who were known before."""
    owing: Mapping[int, int | None] = field(default_factory=dict)
    """By number, what those owe who were known, and of whom the sheet says something new; None: not how much."""
    debts: Sequence[Row] = ()
    """Of new customers, as they are kept: customer, balance, due date, number, currency, moment."""

    def add(self, other: Outcome) -> None:
        self.fresh += other.fresh
        self.changed += other.changed
        self.same += other.same
        self.refused += other.refused


@dataclass(slots=True)
class _Told:
    """A portion told apart: places of new ones; edits with their places; who bears its row unread."""

    fresh: list[int]
    edits: list[tuple[int, Edit]]
    as_before: list[tuple[int, Head]]
    refused: int
    seen: list[int]


def _apart(session: Session, sheet: Sheet, portion: Portion) -> _Told:
    known = persons.heads(session, sheet.account_id, portion.ids)
    if not known:
        return _Told(list(range(len(portion.ids))), [], [], 0, [])
    told = _Told([], [], [], 0, [])
    unsure: list[tuple[int, Head]] = []
    for place, external_id in enumerate(portion.ids):
        head = known.get(external_id)
        if head is None:
            told.fresh.append(place)
        elif head.forgotten_at is not None:
            told.refused += 1
        else:
            told.seen.append(head.id)
            bears = head.bears(portion.digests[place])
            (told.as_before if bears else unsure).append((place, head))
    if unsure:
        whole = persons.stored(session, sheet.account_id, [head.id for _place, head in unsure])
        for place, head in unsure:
            was = whole[head.id]
            made = renewed(was.customer, portion.customer(place, sheet.as_of), sheet.named)
            told.edits.append((place, Edit(was, made, digest=portion.digests[place])))
    return told


def _alters(edit: Edit) -> bool:
    """Returns whether an edit says anything new: a debt that is still the same one is not."""
    if edit.was.head.absent_at is not None:
        return True
    was, made = edit.was.customer, edit.customer
    if was.debt is not None and made.debt is not None:
        return _timeless(was) != _timeless(made)
    return was != made


def _timeless(customer: Customer) -> list[Any]:
    return [
        getattr(customer, name)
        if name != "debt" or customer.debt is None
        else (customer.debt.balance, customer.debt.due, customer.debt.number, customer.debt.currency)
        for name in Customer.__slots__
    ]


def compare(session: Session, sheet: Sheet, portion: Portion) -> Outcome:
    """Returns what applying a portion would do; writes nothing."""
    told = _apart(session, sheet, portion)
    changed = sum(_alters(edit) for _place, edit in told.edits)
    same = len(told.as_before) + len(told.edits) - changed
    return Outcome(len(told.fresh), changed, same, told.refused, told.seen)


def apply(unit: Any, sheet: Sheet, portion: Portion) -> Outcome:
    """Writes a portion; returns what became of it. The same one again changes nothing."""
    session: Session = unit.session
    told = _apart(session, sheet, portion)
    notes: list[Row] = []
    debts: list[Row] = []
    if told.fresh:
        first = unit.memory.ids.take(session, tables.customer, len(told.fresh))
        debts = _add(session, sheet, portion, told.fresh, first)
        session.run(_ADD_RANGE, sheet.import_id, first, len(told.fresh))
    altered = [(place, edit) for place, edit in told.edits if _alters(edit)]
    if altered:
        persons.edit(session, sheet.account_id, [edit for _place, edit in altered], sheet.now)
        # Of whom this import has brought there is nothing to be put back.
        own = _own(session, sheet.import_id, [edit.was.head.id for _place, edit in altered])
        notes += [
            (sheet.import_id, portion.rows[place], CHANGED, edit.was.head.id, frozen(edit.was))
            for place, edit in altered
            if edit.was.head.id not in own
        ]
    same = [(place, edit.was.head) for place, edit in told.edits if not _alters(edit)]
    session.many(_REMEMBER, [(portion.digests[place], head.id) for place, head in same])
    if portion.debts is not None:
        still = [head.id for place, head in (*told.as_before, *same) if portion.owes(place)]
        session.among(_STILL_OWED, still, sheet.as_of, sheet.as_of)
    session.many(_ADD_ROW, sorted(notes))
    count = len(told.as_before) + len(same)
    owing = {} if portion.debts is None else _owing([edit for _place, edit in altered])
    return Outcome(len(told.fresh), len(altered), count, told.refused, told.seen, owing, debts)


def _own(session: Session, number: int, customers: Sequence[int]) -> set[int]:
    """Returns those of some customers whom an import has brought itself."""
    ranges = sorted(session.all(_RANGES, number))
    firsts = [first for first, _count in ranges]
    places = ((one, bisect_right(firsts, one) - 1) for one in customers)
    return {one for one, at in places if at >= 0 and one < sum(ranges[at])}


def _owing(altered: Sequence[Edit]) -> dict[int, int | None]:
    """Returns what edits say of debts that is new."""
    return {
        edit.was.head.id: 0 if edit.customer.debt is None else edit.customer.debt.balance
        for edit in altered
        if edit.customer.debt != edit.was.customer.debt
    }


def _add(session: Session, sheet: Sheet, portion: Portion, places: list[int], first: int) -> list[Row]:
    """Writes new customers column by column: most rows of most imports are such. Returns their debts."""
    all_of_it = len(places) == len(portion.ids)

    def only(column: list[Any]) -> list[Any]:
        return column if all_of_it else [column[at] for at in places]

    count, numbers, account = len(places), range(first, first + len(places)), sheet.account_id
    texts = [only(column) for column in portion.texts]
    persons.add_columns(
        session,
        [
            numbers,
            [account] * count,
            only(portion.ids),
            [sheet.now] * count,
            [sheet.now] * count,
            only(portion.digests),
            [1] * count,
            *texts,
            only(portion.assigned),
            only(portion.tags),
            only(portion.columns),
            [ALL_MAILS] * count,
            only(portion.no_claim),
            [None] * count,
            ["" if one else None for one in only(portion.no_claim)],
        ],
    )
    points = [
        (number, rank, account, one.channel, address, kind, "unknown", None, SHEET)
        for rank, one in enumerate(portion.contacts)
        for number, address, kind in zip(numbers, only(one.addresses), only(one.kinds), strict=True)
        if address is not None
    ]
    # In the order of the trees they go to: neighbours share a page, and most pages are not in memory.
    points.sort(key=itemgetter(4))
    number_at = dict(zip(places, numbers, strict=True))
    words: list[Row] = []
    for word in sorted(portion.words):
        here = portion.words[word]
        if all_of_it:
            words += [(account, word, first + at) for at in here]
        else:
            words += [(account, word, number_at[at]) for at in here if at in number_at]
    debts: list[Row] = []
    if portion.debts is not None:
        owed = zip(*(only(column) for column in portion.debts), strict=True)
        debts = [
            (number, *one, sheet.as_of)
            for number, one in zip(numbers, owed, strict=True)
            if one[0] is not None or one[1] is not None or one[2] is not None
        ]
    persons.add_hanging(session, points, words, debts)
    return debts


# ------------------------------------------------------------------------------------------------------------- absence


def present(session: Session, account_id: int, after: int, limit: int) -> list[int]:
    """Returns customers of the account behind a number who are not known to be absent, by number."""
    return [row[0] for row in session.all(_PRESENT, account_id, after, limit)]


def brought(session: Session, number: int) -> list[int]:
    """Returns customers that an import has made: its sheet has them, and it did not know them before."""
    found = [row[0] for row in session.all(_BROUGHT, number)]
    for first, count in session.all(_RANGES, number):
        found += range(first, first + count)
    return found


def mark_absent(session: Session, sheet: Sheet, numbers: Sequence[int]) -> None:
    """Notes that a sheet which is complete lacks these customers. Nothing of them is removed."""
    session.many(_ABSENT, [(sheet.now, sheet.now, number) for number in numbers])
    # Rows of a sheet are above zero; what it lacks has none.
    session.many(
        _ADD_ROW, [(sheet.import_id, -number, ABSENT, number, None) for number in sorted(numbers, reverse=True)]
    )


# ----------------------------------------------------------------------------------------------------- as it was before


def frozen(was: Stored) -> str:
    """Returns a customer as JSON, to be put back as it was."""
    head = was.head
    return json.dumps(
        {
            "customer": asdict(was.customer),
            "version": head.version,
            "absent_at": head.absent_at,
            "digest": head.digest if head.digest_version == head.version else None,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def thawed(text: str) -> tuple[Customer, int | None, str | None, int]:
    """Returns the customer that was kept, since when it was absent, its row's digest and its version."""
    kept = json.loads(text)
    given_ = kept["customer"]
    customer = Customer(
        **{
            **given_,
            "tags": tuple(given_["tags"]),
            "no_claim": None if given_["no_claim"] is None else NoClaim(**given_["no_claim"]),
            "contacts": tuple(Point(**one) for one in given_["contacts"]),
            "debt": None if given_["debt"] is None else Debt(**given_["debt"]),
        }
    )
    return customer, kept["absent_at"], kept["digest"], kept["version"]
