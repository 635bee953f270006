"""Rows of a sheet on their way into the store, column by column: plain data from another process. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from gatewayd.customers.document import CHANNELS, POINTS_MAX, Customer, Debt, NoClaim, Point
from gatewayd.customers.words import ASSIGNED, KEY_LONGEST, PORTFOLIO, PORTFOLIO_NAME, TAG, mark, named
from gatewayd.values.errors import GatewayError

ROWS_MAX: Final = 2_000
"""Most rows of one portion."""
ROWS_AT_ONCE: Final = 1_000
"""Customers of one portion: whoever else writes waits for one at most. While nobody does, several go in one
transaction, for rows of one sheet lie anywhere in most indexes, and each transaction writes a page for nearly each."""
CELLS_MAX: Final = 24_000
"""Cells of one portion: of wide sheets it has fewer rows, so that its transaction is no longer."""
ROWS_LEAST: Final = 100
TEXTS: Final = (
    "document_type",
    "document_number",
    "document_key",
    "name",
    "name_key",
    "language",
    "zone",
    "portfolio_type",
    "portfolio_name",
)
"""Columns of a customer that are texts, in the order of a portion's `texts`."""
NAME, NAME_KEY, PORTFOLIO_AT, PORTFOLIO_NAME_AT = 3, 4, 7, 8
_TEXT_LONGEST: Final = 2_048
WORD_MAX: Final = KEY_LONGEST + 1
"""Letters of a word with its sign."""
_JSON_LONGEST: Final = 400_000
_BIG: Final = 2**62
_OR_NONE: Final[frozenset[object]] = frozenset({str, type(None)})


class AstrayError(GatewayError):
    """What came is no portion."""


@dataclass(frozen=True, slots=True)
class Contacts:
    """What one column of a sheet says of where people are reached."""

    channel: str
    addresses: list[str | None]
    kinds: list[str]


@dataclass(frozen=True, slots=True)
class Portion:
    """Customers that rows of one sheet describe, each at the same place of every list."""

    rows: list[int]
    """As the sheet counts them, ascending."""
    ids: list[str]
    """External ids, each once in the whole sheet."""
    digests: list[str]
    texts: list[list[str | None]]
    """By column of `TEXTS`."""
    assigned: list[int | None]
    tags: list[str | None]
    """JSON."""
    columns: list[str | None]
    """JSON."""
    no_claim: list[bool]
    contacts: list[Contacts]
    """The preferred first; of one person no address twice."""
    debts: tuple[list[int | None], list[str | None], list[str | None], list[str | None]] | None
    """Balances, due dates, numbers and currencies; None: the sheet says nothing of debts."""
    words: dict[str, list[int]]
    """What they are found by, each with the places of those whom it finds, ascending."""

    def owes(self, at: int) -> bool:
        """Returns whether anything is said of what the customer at a place owes."""
        return self.debts is not None and any(column[at] is not None for column in self.debts[:3])

    def customer(self, at: int, as_of: int) -> Customer:
        """Returns the customer at a place as if nothing else were known of it."""
        texts = dict(zip(TEXTS, (column[at] for column in self.texts), strict=True))
        del texts["document_key"], texts["name_key"]
        texts["name"] = texts["name"] or ""
        tags, columns = self.tags[at], self.columns[at]
        points = [
            Point(one.channel, address, one.kinds[at], source=SHEET)
            for one in self.contacts
            if (address := one.addresses[at]) is not None
        ]
        debt = None
        if self.debts is not None and self.owes(at):
            balances, due, numbers, currencies = self.debts
            debt = Debt(balances[at], due[at], numbers[at], currencies[at], as_of)
        return Customer(
            self.ids[at],
            assigned=self.assigned[at],
            tags=tuple(json.loads(tags)) if tags else (),
            columns=json.loads(columns) if columns else {},
            no_claim=NoClaim(None, "") if self.no_claim[at] else None,
            contacts=tuple(points),
            debt=debt,
            **texts,  # type: ignore[arg-type]
        )


def found_by(texts: list[list[Any]], assigned: list[int | None], tags: list[str | None]) -> dict[str, list[int]]:
    """Returns the words that customers are found by, given columns of a portion, each with the places of its own."""
    found: dict[str, list[int]] = {}
    for place, key in enumerate(texts[NAME_KEY]):
        if key:
            for word in named(key):
                found.setdefault(word, []).append(place)
    columns = [(PORTFOLIO, texts[PORTFOLIO_AT]), (PORTFOLIO_NAME, texts[PORTFOLIO_NAME_AT]), (ASSIGNED, assigned)]
    for sign, column in columns:
        for place, value in enumerate(column):
            if value or (sign == ASSIGNED and value is not None):
                found.setdefault(mark(sign, value), []).append(place)
    for place, text in enumerate(tags):
        for word in dict.fromkeys([mark(TAG, tag) for tag in json.loads(text)]) if text else ():
            found.setdefault(word, []).append(place)
    return found


def rows_of(width: int) -> int:
    """Returns how many rows of a sheet with so many columns make a portion."""
    return max(ROWS_LEAST, min(ROWS_AT_ONCE, CELLS_MAX // max(1, width)))


SHEET: Final = "sheet"
"""Source of contact points that a sheet brought, and may take away again."""


def plain(portion: Portion) -> list[Any]:
    """Returns a portion as JSON; a column that says the same in all rows as that once."""
    contacts = [[one.channel, _one(one.addresses), _one(one.kinds)] for one in portion.contacts]
    debts = None if portion.debts is None else [_one(column) for column in portion.debts]
    return [
        portion.rows,
        portion.ids,
        portion.digests,
        [_one(column) for column in portion.texts],
        *(_one(column) for column in (portion.assigned, portion.tags, portion.columns, portion.no_claim)),
        contacts,
        debts,
        portion.words,
    ]


def _one(column: list[Any]) -> Any:
    return column[0] if column.count(column[0]) == len(column) else column


def judged(content: Any, after: int) -> Portion:
    """Returns a portion whose rows come after a row; AstrayError for anything else. Nothing of it is believed but what
    its place allows: a worker that a hostile sheet took over can lie about its sheet, and do no more."""
    if not isinstance(content, list) or len(content) != 11 or not isinstance(content[0], list):
        _astray()
    rows, ids, digests, texts, assigned, tags, columns, no_claim, contacts, debts, words = content
    count = len(rows)
    if not 0 < count <= ROWS_MAX or set(map(type, rows)) != {int} or not after < rows[0] <= rows[-1] < _BIG:
        _astray()
    if sorted(set(rows)) != rows or not isinstance(texts, list) or len(texts) != len(TEXTS):
        _astray()
    read = [_texts(_many(column, count), _TEXT_LONGEST, _OR_NONE) for column in texts]
    if None in read[NAME] or None in read[NAME_KEY] or not isinstance(contacts, list) or len(contacts) > POINTS_MAX:
        _astray()
    users, switches = _many(assigned, count), _many(no_claim, count)
    if not set(map(type, users)) <= {int, type(None)} or not set(map(type, switches)) <= {bool}:
        _astray()
    return Portion(
        rows,
        _texts(_many(ids, count), _TEXT_LONGEST),
        _texts(_many(digests, count), 64),
        read,
        users,
        _texts(_many(tags, count), _JSON_LONGEST, _OR_NONE),
        _texts(_many(columns, count), _JSON_LONGEST, _OR_NONE),
        switches,
        [_contacts(one, count) for one in contacts],
        None if debts is None else _debts(debts, count),
        _words(words, count),
    )


def _many(column: Any, count: int) -> list[Any]:
    if not isinstance(column, list):
        return [column] * count
    return column if len(column) == count else _astray()


def _texts(values: list[Any], longest: int, kinds: frozenset[object] = frozenset({str})) -> list[Any]:
    if not set(map(type, values)) <= kinds or max(map(len, filter(None, values)), default=0) > longest:
        _astray()
    return values


def _words(content: Any, count: int) -> dict[str, list[int]]:
    if not isinstance(content, dict) or max(map(len, content), default=0) > WORD_MAX or "" in content:
        _astray()
    for places in content.values():
        if type(places) is not list or not places or set(map(type, places)) != {int}:
            _astray()
        if places[0] < 0 or places[-1] >= count or (len(places) > 1 and sorted(set(places)) != places):
            _astray()
    return content


def _contacts(content: Any, count: int) -> Contacts:
    if not isinstance(content, list) or len(content) != 3 or content[0] not in CHANNELS:
        _astray()
    addresses = _texts(_many(content[1], count), _TEXT_LONGEST, _OR_NONE)
    return Contacts(content[0], addresses, _texts(_many(content[2], count), 40))


def _debts(content: Any, count: int) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
    if not isinstance(content, list) or len(content) != 4:
        _astray()
    balances = _many(content[0], count)
    if not set(map(type, balances)) <= {int, type(None)} or any(abs(one or 0) > _BIG for one in balances):
        _astray()
    due, numbers, currencies = (_texts(_many(column, count), _TEXT_LONGEST, _OR_NONE) for column in content[1:])
    return balances, due, numbers, currencies


def _astray() -> NoReturn:
    raise AstrayError("the reader of sheets gave something that is no portion of one")
