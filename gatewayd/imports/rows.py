"""From the cells of a sheet to customers: each row judged by itself, and told why where it is refused. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from gatewayd.customers import fields
from gatewayd.customers.document import POINTS_MAX
from gatewayd.customers.faults import FieldError
from gatewayd.customers.portion import Contacts, Portion, found_by
from gatewayd.customers.words import document_key, name_keys
from gatewayd.imports.mapping import Columns
from gatewayd.imports.values import amount, day, day_first, decimal_mark, switch
from gatewayd.numbers import Numbers

REMEMBERED: Final = 10_000
"""Values of a column that are kept as they were read: a sheet has few portfolios and many rows."""
_SHORT: Final = 2_000
_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_quoted: Final = json.encoder.encode_basestring
"""A text alone, as `_json` writes it."""
_TAGS: Final = str.maketrans(dict.fromkeys(";|/\n", ","))


class Issue(NamedTuple):
    """What was not taken as it stands."""

    row: int
    kind: str
    """refused: the row; repeated: the row, for an earlier one is of the same customer; noted: a cell of it."""
    field: str
    reason: str
    """A code of `gatewayd.customers.faults`."""
    text: str
    """What stands there."""


@dataclass(frozen=True, slots=True)
class House:
    """What of the gateway the rows of a sheet may name."""

    region: str
    users: Mapping[str, int] = field(default_factory=dict)
    """Users that customers may be assigned to, by casefolded name."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """External ids of customers that were merged into others."""
    forgotten: frozenset[str] = frozenset()
    """SHA-256 of external ids of people who were forgotten at their wish."""


class Rows:
    """Judges the rows of one sheet, in their order, a portion at a time and column by column."""

    def __init__(self, columns: Columns, width: int, numbers: Numbers, house: House) -> None:
        """`width` is how many cells a row has; one with more is ragged."""
        self._columns = columns
        self._width = width
        self._numbers = numbers
        self._house = house
        self._mark = "."
        self._day_first = True
        self._learnt = False
        self._seen: dict[str, str] = {}
        self._known: dict[tuple[str, str], Any] = {}
        said = [sorted((name, *places) for name, places in columns.fields.items()), sorted(columns.further.items())]
        self._salt = f"{_json(said)}{_json(dict(sorted(columns.defaults.items())))}\0"
        self._further_heads = [(place, f"{_quoted(header)}:") for place, header in columns.further.items()]

    def portion(self, rows: Sequence[tuple[int, list[str]]]) -> tuple[Portion | None, list[Issue]]:
        """Returns what a portion's rows (line, cells) say, and what of them is not taken. None where none is left."""
        work = _Work([], [], [])
        for line, cells in rows:
            if len(cells) == self._width:
                work.lines.append(line)
                work.cells.append(cells)
            else:
                reason = "row_short" if cells[-1][:1] == "\0" else "row_ragged"
                work.issues.append(Issue(line, "refused", "", reason, ""))
        if not work.lines:
            return None, work.issues
        table = list(zip(*work.cells, strict=True))
        if not self._learnt:
            self._learn(table)
        portion = self._judged(work, table)
        return portion, sorted(work.issues)

    def _learn(self, table: Sequence[Sequence[str]]) -> None:
        """Settles by the first rows what amounts and dates mean that can be read in two ways."""
        self._learnt = True
        balance, due = self._columns.of("debt.balance"), self._columns.of("debt.due")
        if balance is not None:
            self._mark = decimal_mark(table[balance], self._house.region)
        if due is not None:
            self._day_first = day_first(table[due], self._house.region)

    def _judged(self, work: _Work, table: list[tuple[str, ...]]) -> Portion | None:
        contacts, firsts = self._contacts(work, table)
        documents = self._texts(work, "document_number", table)
        names = self._names(work, table)
        kinds = self._texts(work, "document_type", table)
        texts: list[list[Any]] = [
            [kind if document else None for kind, document in zip(kinds, documents, strict=True)],
            documents,
            list(map(document_key, documents)),
            names,
            name_keys(names),
            self._values(work, "language", table, fields.language),
            self._values(work, "zone", table, fields.zone),
            self._values(work, "portfolio_type", table, fields.portfolio),
            self._texts(work, "portfolio_name", table),
        ]
        assigned = self._values(work, "assigned", table, self._user)
        tags = self._tags(work, table)
        no_claim = [value is True for value in self._values(work, "no_claim", table, switch)]
        debts = self._debts(work, table)
        further = self._further(work, table)
        ids, digests = self._ids(work, table, documents, firsts)
        all_of_it = Portion(work.lines, ids, digests, texts, assigned, tags, further, no_claim, contacts, debts, {})
        whole = _without(all_of_it, work.bad) if work.bad else all_of_it
        return whole if whole is None else replace(whole, words=found_by(whole.texts, whole.assigned, whole.tags))

    def _column(self, name: str, table: list[tuple[str, ...]]) -> Sequence[str]:
        at = self._columns.of(name)
        default = self._columns.defaults.get(name, "")
        if at is None:
            return [default] * len(table[0])
        return [cell or default for cell in table[at]] if default else table[at]

    def _ids(
        self, work: _Work, table: list[tuple[str, ...]], documents: list[str | None], firsts: list[str | None]
    ) -> tuple[list[str], list[str]]:
        """Returns ids and digests; marks rows that have none, whose person was forgotten, or came before."""
        at = self._columns.of("external_id")
        given = table[at] if at is not None else ("",) * len(documents)
        found: list[str] = []
        digests: list[str] = []
        aliases, forgotten, seen, salt = self._house.aliases, self._house.forgotten, self._seen, self._salt
        hashed = hashlib.blake2b
        for place, (cell, cells) in enumerate(zip(given, work.cells, strict=True)):
            external_id = cell or documents[place] or firsts[place] or ""
            digest = hashed((salt + "\0".join(cells)).encode("utf-8", "replace"), digest_size=12).hexdigest()
            digests.append(digest)
            if not external_id.isprintable() or len(external_id) > fields.ID_MAX or not external_id:
                try:
                    external_id = fields.external_id(external_id)
                except FieldError as error:
                    work.refuse(place, error)
            external_id = aliases.get(external_id, external_id) if aliases else external_id
            found.append(external_id)
            if place in work.bad:
                continue
            if forgotten and hashlib.sha256(external_id.encode()).hexdigest() in forgotten:
                work.refuse(place, FieldError("external_id", "forgotten"))
                continue
            before = seen.get(external_id)
            if before is None:
                seen[external_id] = digest
                continue
            reason = "row_same" if before == digest else "row_repeated"
            work.bad.add(place)
            work.issues.append(Issue(work.lines[place], "repeated", "external_id", reason, external_id[:80]))
        return found, digests

    # ---------------------------------------------------------------------------------------------------------- values

    def _texts(self, work: _Work, name: str, table: list[tuple[str, ...]]) -> list[str | None]:
        cells = self._column(name, table)
        if "".join(cells).isprintable() and max(map(len, cells)) <= fields.NAME_MAX:
            return [cell or None for cell in cells]
        return self._each(work, cells, lambda cell: fields.line(name, cell))

    def _names(self, work: _Work, table: list[tuple[str, ...]]) -> list[str]:
        places = self._columns.fields.get("name", ())
        if not places:
            return [""] * len(work.lines)
        cells: Sequence[str] = table[places[0]]
        if len(places) > 1:
            cells = [" ".join(filter(None, own)) for own in zip(*(table[at] for at in places), strict=True)]
        if "".join(cells).isprintable() and max(map(len, cells)) <= fields.NAME_MAX:
            return list(cells)
        return [name or "" for name in self._each(work, cells, lambda cell: fields.line("name", cell))]

    def _values(self, work: _Work, name: str, table: list[tuple[str, ...]], judge: Callable[[str], Any]) -> list[Any]:
        """Returns a column of few values, each of which is judged once."""
        if self._columns.of(name) is None and name not in self._columns.defaults:
            return [None] * len(work.lines)
        cells, known = self._column(name, table), self._known
        for cell in set(cells):
            if cell and (name, cell) not in known:
                if len(known) >= REMEMBERED:
                    known.clear()
                try:
                    known[name, cell] = judge(cell)
                except FieldError as error:
                    known[name, cell] = error
        # What was cleared meanwhile is judged anew.
        found = [None if not cell else known[name, cell] if (name, cell) in known else judge(cell) for cell in cells]
        for place, value in enumerate(found):
            if isinstance(value, FieldError):
                work.refuse(place, value)
        return [None if isinstance(value, FieldError) else value for value in found]

    @staticmethod
    def _each(work: _Work, cells: Sequence[str], judge: Callable[[str], Any]) -> list[Any]:
        """Returns what each cell says; refuses the rows of those that say nothing that can be."""
        found = []
        for place, cell in enumerate(cells):
            value = None
            if cell:
                try:
                    value = judge(cell)
                except FieldError as error:
                    work.refuse(place, error)
            found.append(value)
        return found

    def _user(self, cell: str) -> int:
        number = self._house.users.get(cell.strip().casefold())
        if number is None:
            raise FieldError("assigned", "user_unknown", cell)
        return number

    def _tags(self, work: _Work, table: list[tuple[str, ...]]) -> list[str | None]:
        places, default = self._columns.fields.get("tags", ()), self._columns.defaults.get("tags", "")
        if not places:
            own = _tagged(default)
            return [own] * len(work.lines)
        if len(places) == 1 and not default:
            return self._values(work, "tags", table, _tagged)
        joined = [",".join((*own, default)) for own in zip(*(table[at] for at in places), strict=True)]
        return self._each(work, joined, _tagged)

    def _contacts(self, work: _Work, table: list[tuple[str, ...]]) -> tuple[list[Contacts], list[str | None]]:
        """Returns the contact points, and the first telephone of each; refuses rows of which none is of use."""
        count = len(work.lines)
        found: list[Contacts] = []
        firsts: list[str | None] = [None] * count
        troubles: dict[int, list[FieldError]] = {}
        for channel, at in self._columns.contacts[:POINTS_MAX]:
            addresses, kinds = self._addresses(channel, table[at], troubles)
            for before in found:
                if before.channel == channel:
                    # One number in two columns is one way to reach somebody.
                    addresses = [
                        None if one == other else one for one, other in zip(addresses, before.addresses, strict=True)
                    ]
            if channel == "phone":
                firsts = [first or one for first, one in zip(firsts, addresses, strict=True)]
            found.append(Contacts(channel, addresses, kinds))
        for place, errors in troubles.items():
            if all(one.addresses[place] is None for one in found):
                work.refuse(place, errors[0])
            else:
                work.issues += [Issue(work.lines[place], "noted", "contacts", one.reason, one.value) for one in errors]
        return found, firsts

    def _addresses(
        self, channel: str, cells: Sequence[str], troubles: dict[int, list[FieldError]]
    ) -> tuple[list[str | None], list[str]]:
        quick = self._numbers.quick if channel == "phone" else _never
        addresses: list[str | None] = []
        kinds: list[str] = []
        usual = "mobile" if channel == "phone" else ""
        for place, cell in enumerate(cells):
            address, kind = None, usual
            if cell:
                number = quick(cell)
                if number is not None:
                    address = number[0]
                else:
                    try:
                        address, kind = fields.address(channel, cell, self._numbers)
                    except FieldError as error:
                        troubles.setdefault(place, []).append(error)
            addresses.append(address)
            kinds.append(kind)
        return addresses, kinds

    def _debts(self, work: _Work, table: list[tuple[str, ...]]) -> Any:
        if not self._columns.owes:
            return None
        balance = self._columns.of("debt.balance")
        mark, first = self._mark, self._day_first
        amounts: list[Any] = [None] * len(work.lines)
        if balance is not None:
            amounts = self._each(work, table[balance], lambda cell: amount(cell, mark))
        due = self._values(work, "debt.due", table, lambda cell: day(cell, first))
        numbers = self._texts(work, "debt.number", table)
        return amounts, due, numbers, self._values(work, "debt.currency", table, fields.currency)

    def _further(self, work: _Work, table: list[tuple[str, ...]]) -> list[str | None]:
        """Returns further columns as JSON: written by hand, for a row's own object costs more than its cells."""
        heads, own = self._further_heads, [table[at] for at in self._columns.further]
        if not heads:
            return [None] * len(work.lines)
        found: list[str | None] = []
        for place, cells in enumerate(zip(*own, strict=True)):
            pieces = [head + _quoted(cell) for (_at, head), cell in zip(heads, cells, strict=True) if cell]
            text = "{" + ",".join(pieces) + "}" if pieces else None
            if text is not None and len(text) > _SHORT:
                # Far below every bound, which most are, needs no second look.
                text = self._bounded(work, place, dict(zip(self._columns.further.values(), cells, strict=True)))
            found.append(text)
        return found

    @staticmethod
    def _bounded(work: _Work, place: int, kept: Mapping[str, str]) -> str | None:
        try:
            return _json(fields.columns(kept))
        except FieldError as error:
            work.refuse(place, error)
            return None


@dataclass(slots=True)
class _Work:
    """One portion on its way."""

    lines: list[int]
    cells: list[list[str]]
    issues: list[Issue]
    bad: set[int] = field(default_factory=set)
    """Places of rows that are not taken."""

    def refuse(self, place: int, error: FieldError) -> None:
        """Refuses a row, once: its first fault is the one to be mended."""
        if place not in self.bad:
            self.bad.add(place)
            self.issues.append(Issue(self.lines[place], "refused", error.field, error.reason, error.value))


def _never(_cell: str) -> None:
    return None


def _tagged(cell: str) -> str | None:
    found = fields.tags(cell.translate(_TAGS).split(","))
    return _json(found) if found else None


def _without(portion: Portion, bad: set[int]) -> Portion | None:
    """Returns a portion without the rows at some places; None where none is left."""
    kept = [place for place in range(len(portion.rows)) if place not in bad]
    if not kept:
        return None

    def only(column: list[Any]) -> list[Any]:
        return [column[place] for place in kept]

    return Portion(
        only(portion.rows),
        only(portion.ids),
        only(portion.digests),
        [only(column) for column in portion.texts],
        *(only(portion.assigned), only(portion.tags), only(portion.columns), only(portion.no_claim)),
        [Contacts(one.channel, only(one.addresses), only(one.kinds)) for one in portion.contacts],
        None if portion.debts is None else tuple(only(column) for column in portion.debts),  # type: ignore[arg-type]
        {},
    )
