"""What a text costs for a whole list, exactly and while it is being written. Pure.

A recipient's cell counts by its *size* alone: how many septets and UTF-16 units it takes. A column of a list has few
different sizes however many rows it has, so that a list is small numbers, and the rows of one size in every column cost
the same. What cannot be told from lengths (a letter of two septets may not be cut in half, a curly quote becomes a
straight one) stays in the size as it is. The segments themselves come from the code by which messages are recorded.
"""

from __future__ import annotations

import json
import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from gatewayd.values.characters import visible
from gatewayd.values.templates import Parts
from gatewayd.values.texts import Wanted, as_sent, fits_gsm7, septets, transliterate

DEAREST: Final = 3
_PLAIN: Final = "x"
"""Stands for any letter that takes one septet and is never changed."""
_WIDE: Final = "\u0416"
"""Stands for any letter that takes UCS-2, one unit, and is never changed: a Cyrillic Zhe."""
_BORING: Final = re.compile(r"[A-Za-z0-9 .,:;/()$%+=@-](?!\W)")
_JAMO: Final = ("\u1161", "\u11c2")
"""Hangul letters that join the one before them though they are no marks."""


class Size(NamedTuple):
    """What a cell takes in a text."""

    septets: int
    """-1: it does not fit GSM 7-bit."""
    units: int
    """UTF-16 units; 0: the cell is empty."""
    letters: str = ""
    """The cell itself where lengths do not tell: letters of two septets, pictures, what is made plain."""

    @property
    def shown(self) -> str:
        """Returns letters that cost what the cell does."""
        return self.letters or (_PLAIN if self.septets >= 0 else _WIDE) * self.units


def size_of(cell: str) -> Size:
    """Returns the size of a cell as it stands in a list."""
    seen = visible(cell)
    if not seen or seen.isspace():
        return Size(0, 0)
    if (count := septets(seen)) == len(seen):
        return Size(count, count)
    seen = unicodedata.normalize("NFC", seen)
    if (count := septets(seen)) == len(seen):
        return Size(count, count)
    if count is None and _only_lengths(seen):
        return Size(-1, len(seen))
    return Size(-1 if count is None else count, len(seen), _BORING.sub(_PLAIN, seen))


def _only_lengths(cell: str) -> bool:
    """Whether each letter takes one unit, and one septet where the text is made plain; and none is changed by itself
    or together with its neighbours."""
    return all(
        letter <= "\uffff"
        and not _joins(letter)
        and septets(transliterate(letter)) == 1
        and (fits_gsm7(letter) or as_sent(letter, "auto")[0] == letter)
        for letter in set(cell)
    )


def _joins(letter: str) -> bool:
    """Whether a letter may become one with the letter before it."""
    return unicodedata.category(letter)[0] == "M" or _JAMO[0] <= letter <= _JAMO[1]


@dataclass(slots=True)
class Column:
    """One variable over all rows of a list: the number of each row's size."""

    sizes: list[Size] = field(default_factory=list)
    rows: array[int] = field(default_factory=lambda: array("I"))
    joins: bool = False
    """Whether some cell begins with a letter that may become one with what stands before it."""
    _numbers: dict[Size, int] = field(default_factory=dict)
    _cells: dict[str, int] = field(default_factory=dict)
    """Of short cells, so that a name that many have is measured once."""

    def add(self, cell: str) -> None:
        """Adds the next row's cell."""
        number = self._cells.get(cell)
        if number is None:
            number = self._measured(cell)
            if len(self._cells) < _CELLS_KEPT and len(cell) <= _SHORT:
                self._cells[cell] = number
        self.rows.append(number)

    def _measured(self, cell: str) -> int:
        size = size_of(cell)
        if size.letters and _joins(size.letters[0]):
            self.joins = True
        number = self._numbers.get(size)
        if number is None:
            number = self._numbers[size] = len(self.sizes)
            self.sizes.append(size)
        return number


_CELLS_KEPT: Final = 50_000
_SHORT: Final = 40
_KINDS_KEPT: Final = 8


@dataclass(slots=True)
class Sizes:
    """A list as its columns' sizes; made once, when it is imported or frozen."""

    columns: dict[str, Column]
    """By name of the variable."""
    rows: int = 0
    _kinds: dict[tuple[str, ...], Counter[tuple[int, ...]]] = field(default_factory=dict)
    """By columns, how many rows have which sizes in them: who types changes the words between them."""

    def kinds(self, names: tuple[str, ...]) -> Counter[tuple[int, ...]]:
        """Returns how many rows have which sizes in these columns."""
        found = self._kinds.get(names)
        if found is None:
            if len(self._kinds) >= _KINDS_KEPT:
                self._kinds.clear()
            rows = zip(*(self.columns[name].rows for name in names), strict=True)
            found = Counter(rows) if names else Counter({(): self.rows} if self.rows else {})
            self._kinds[names] = found
        return found

    @classmethod
    def of(cls, names: Sequence[str], rows: Iterable[Sequence[str]]) -> Sizes:
        """Measures the cells of all rows, in the order of `names`."""
        made = cls({name: Column() for name in names})
        adders = [column.add for column in made.columns.values()]
        for row in rows:
            for add, cell in zip(adders, row, strict=True):
                add(cell)
            made.rows += 1
        return made

    def append(self, cells: Mapping[str, str]) -> None:
        """Adds a row by names; a column that it brings was empty in all rows before, one that it lacks is in it."""
        for name in cells:
            if name not in self.columns:
                column = self.columns[name] = Column()
                column.add("")
                column.rows = array("I", [0]) * self.rows
        for name, column in self.columns.items():
            column.add(cells.get(name, ""))
        self.rows += 1

    def packed(self) -> bytes:
        """Returns it as bytes that `unpacked` reads, four a cell."""
        head = {
            "rows": self.rows,
            "columns": [[name, column.joins, column.sizes] for name, column in self.columns.items()],
        }
        text = json.dumps(head, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return len(text).to_bytes(4, "big") + text + b"".join(one.rows.tobytes() for one in self.columns.values())

    @classmethod
    def unpacked(cls, data: bytes) -> Sizes:
        """Returns what `packed` made, on a machine of the same byte order."""
        length = int.from_bytes(data[:4], "big")
        head = json.loads(data[4 : 4 + length])
        at, made = 4 + length, cls({}, head["rows"])
        for name, joins, sizes in head["columns"]:
            rows = array("I")
            octets = rows.itemsize * made.rows
            rows.frombytes(data[at : at + octets])
            at += octets
            found = [Size(*size) for size in sizes]
            made.columns[name] = Column(found, rows, joins, {size: number for number, size in enumerate(found)})
        return made


@dataclass(frozen=True, slots=True)
class Cost:
    """What a text costs for all rows of a list, each counted for itself: who stands there twice counts twice."""

    rows: int
    missing: int
    """Rows that make no message, since a variable is empty."""
    too_long: int
    """Rows whose text takes more segments than one may."""
    by_segments: Mapping[int, int]
    """Rows by segments of the text, of all that make a message."""
    dearest: tuple[tuple[int, int], ...]
    """The first rows (from 0) with the most segments, and how many."""
    ucs2: int
    """Rows whose text is UCS-2."""
    exact: bool
    """Whether it is so to the last segment; letters that join others across a variable's edge are not looked at."""

    @property
    def valid(self) -> int:
        return sum(self.by_segments.values())

    @property
    def total(self) -> int:
        """Segments of all."""
        return sum(segments * rows for segments, rows in self.by_segments.items())

    @property
    def worst(self) -> int:
        return max(self.by_segments, default=0)

    @property
    def median(self) -> int:
        """Segments of the message in the middle (of two in the middle, the smaller one's)."""
        left = (self.valid + 1) // 2
        for segments in sorted(self.by_segments):
            left -= self.by_segments[segments]
            if left <= 0:
                return segments
        return 0


def cost(parts: Parts, sizes: Sizes, wanted: Wanted, max_segments: int, *, dearest: int = DEAREST) -> Cost:
    """Returns what the text costs for every row. `parts` name columns of `sizes`, or bring their own words."""
    used = list(dict.fromkeys(name for name, _default in parts.slots if name in sizes.columns))
    columns = [sizes.columns[name] for name in used]
    exact = not any(column.joins for column in columns) and not any(
        literal and _joins(literal[0]) for literal in parts.literals[1:]
    )
    counted: Counter[int] = Counter()
    missing = too_long = ucs2 = 0
    by_kind: dict[tuple[int, ...], int] = {}
    for kind, rows in sizes.kinds(tuple(used)).items():
        shown = {name: column.sizes[number].shown for name, column, number in zip(used, columns, kind, strict=True)}
        text = _filled(parts, shown)
        if text is None:
            missing += rows
            continue
        try:
            sent, count = as_sent(text, wanted)
        except ValueError:
            sent, count = text, max_segments + 1
        if count > max_segments:
            too_long += rows
            continue
        counted[count] += rows
        by_kind[kind] = count
        ucs2 += rows if wanted == "ucs2" or not fits_gsm7(sent) else 0
    return Cost(
        sizes.rows, missing, too_long, counted, tuple(_dearest(by_kind, columns, sizes.rows, dearest)), ucs2, exact
    )


def _filled(parts: Parts, shown: Mapping[str, str]) -> str | None:
    pieces = [parts.literals[0]]
    for (name, default), literal in zip(parts.slots, parts.literals[1:], strict=True):
        words = shown.get(name) or default
        if not words:
            return None
        pieces += [words, literal]
    return visible("".join(pieces))


def _dearest(
    by_kind: Mapping[tuple[int, ...], int], columns: Sequence[Column], rows: int, most: int
) -> Iterator[tuple[int, int]]:
    """Yields the first rows among those that take the most segments."""
    if not by_kind:
        return
    worst = max(by_kind.values())
    meant = {kind for kind, count in by_kind.items() if count == worst}
    left = most
    of_rows = zip(*(column.rows for column in columns), strict=True) if columns else iter([()] * min(rows, most))
    for number, kind in enumerate(of_rows):
        if left == 0:
            return
        if kind in meant:
            left -= 1
            yield number, worst
