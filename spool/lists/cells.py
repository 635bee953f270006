"""One cell of a list: what surrounds its value, words that mean nothing, and what it looks like. Pure and linear."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import product
from typing import Final

INVISIBLE: Final = frozenset(
    "\u00ad\u034f\u061c\u180e\ufeff"
    + "".join(map(chr, (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070))))
)
"""Characters without width, marks of direction, and the byte order mark, which programs leave anywhere."""

CONTROLS: Final = bytes({*range(32), 127} - {9, 10, 13})
"""Control characters of ASCII that no list needs; tab and line ends are its structure."""

_EDGE: Final = "".join(sorted(INVISIBLE)) + "".join(
    chr(code) for code in range(0x3001) if chr(code).isspace() or code < 32 or code == 127
)
_DROPPED: Final = {ord(letter): None for letter in INVISIBLE}

_WORDS: Final = (
    "null", "(null)", "\\n", "nan", "nat", "none", "undefined", "<na>", "[object object]", "(en blanco)", "(blank)",
    "(vacío)", "(vacio)", "(empty)", "infinity", "-infinity", "#n/a", "#n/d", "#na", "#nd", "#value!", "#¡valor!",
    "#valor!", "#ref!", "#¡ref!", "#div/0!", "#¡div/0!", "#name?", "#¿nombre?", "#nombre?", "#num!", "#¡num!",
    "#null!", "#nulo!", "#¡nulo!", "#spill!", "#¡desbordamiento!", "#desbordamiento!", "#calc!", "#¡calc!", "#field!",
    "#¡campo!", "#busy!", "#¡ocupado!", "#connect!", "#¡conectar!", "#unknown!", "#¡desconocido!", "#blocked!",
    "#¡bloqueado!", "#getting_data", "#obteniendo_datos", "#error!", "#¡error!",
    "<null>", "[null]", "{null}", "<none>", "(none)", "nil", "-nan", "1.#ind", "-1.#ind", "1.#qnan",
)  # fmt: skip
"""What databases, sheets and languages write for a cell without a value, in lower case."""
_NOTHING: Final = frozenset(_WORDS)
_LONGEST: Final = max(map(len, _WORDS))
_AS_WRITTEN: Final = (
    "NaN", "NaT", "None", "<NA>", "[object Object]", "False", "#Error!", "-Infinity", "#Valor!", "Null", "Undefined"
)  # fmt: skip


def _spellings(word: str) -> Iterator[str]:
    """Yields a word in all cases, as far as they are few."""
    letters = [(letter.lower(), letter.upper()) if letter.isalpha() else (letter,) for letter in word]
    return map("".join, product(*letters)) if len(word) <= 5 else iter((word, word.upper(), word.capitalize()))


USUAL_NOTHING: Final = frozenset((*(each for word in _WORDS for each in _spellings(word)), *_AS_WRITTEN)) | {
    "#" * count for count in range(2, 256)
}
"""Those words as programs write them, and the marks of a column too narrow, so that a row is asked in one step."""
_FIRST: Final = frozenset(word[0] for word in USUAL_NOTHING)

_GUARDS: Final = ("=", "'", "\u2019", "`")
_QUOTES: Final = "'\"`\u2018\u2019\u201c\u201d\u00b4"
_NUMBER_SIGNS: Final = frozenset("0123456789 +()-./\t\u00a0\u2010\u2011\u2012\u2013\u2212Ee")
_DIGITS: Final = frozenset("0123456789")
_DATE_SIGNS: Final = ("/", "-", ".")

CELL_LIMIT: Final = 200
"""Characters of a cell that may be an address; nobody's is longer."""


def bare(cell: str) -> str:
    """Returns a cell without what cannot be seen at its edges."""
    stripped = cell.strip()
    return stripped if stripped.isprintable() else stripped.strip(_EDGE)


def is_nothing(cell: str) -> bool:
    """Returns whether the whole cell is a program's word for no value, in any case."""
    if cell in USUAL_NOTHING:
        return True
    if not cell or len(cell) > _LONGEST:
        return len(cell) > _LONGEST and not cell.strip("#")
    return cell[0].casefold() in _FIRST and cell.lower() in _NOTHING


_FORMULAS: Final = ("=", "+", "-", "@")


def unguarded(cell: str) -> str:
    """Returns the value inside a spreadsheet's guards (`="0011"`, `'0011`); empty for a formula, which is no value."""
    if cell.startswith("="):
        inner = cell[1:].strip()
        if len(inner) > 1 and inner[0] == inner[-1] == '"':
            return bare(inner[1:-1].replace('""', '"'))
        return ""
    if cell[:1] in _GUARDS and len(cell) > 1 and (cell[1] in _DIGITS or (cell[1] in "+(=" and cell[2:3] in _DIGITS)):
        inner = bare(cell[1:])
        return inner[:-1].rstrip() if inner.endswith(cell[0]) else inner
    # What our own exports put before text that a sheet would take for a formula.
    return cell[1:] if cell[:1] == "'" and cell[1:2] in _FORMULAS else cell


def cleaned(row: Sequence[str]) -> list[str]:
    """Returns a row's cells as values: edges, guards and words for nothing off."""
    cells, guarded = [], False
    for cell in row:
        value = bare(cell)
        if value[:1] in _GUARDS:
            inner = unguarded(value)
            guarded = guarded or inner != value
            value = inner
        cells.append("" if is_nothing(value) else value)
    # Where one cell of a row is guarded by an apostrophe, so are the others that begin with one.
    return [_without_apostrophes(cell) for cell in cells] if guarded else cells


def _without_apostrophes(cell: str) -> str:
    if cell[:1] != "'":
        return cell
    return cell[1:-1].strip() if len(cell) > 2 and cell[-1] == "'" else cell[1:].lstrip()


def unquoted(cell: str) -> str:
    """Returns a number's cell without the quotes around it."""
    return cell.strip(_QUOTES).strip() if cell[:1] in _QUOTES or cell[-1:] in _QUOTES else cell


def without_invisible(text: str) -> str:
    """Returns a text without characters that have no width, wherever they are."""
    return text if text.isascii() else text.translate(_DROPPED)


def folded(text: str) -> str:
    """Returns a text in lower case, without accents and invisible characters, for comparing words."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", without_invisible(text))
    return "".join([letter for letter in decomposed if not unicodedata.combining(letter)]).lower()


# ------------------------------------------------------------------------------------------------------ what it is like


def digits(cell: str) -> int:
    return sum([letter in _DIGITS for letter in cell])


def is_date(cell: str) -> bool:
    """Returns whether a cell is a day with separators: `10/11/2026`, `2026-11-10`, with a time behind it or not."""
    if not 6 <= len(cell) <= 40 or cell[0] not in _DIGITS:
        return False
    if ":" not in cell and cell.count("-") != 2 and cell.count("/") != 2 and cell.count(".") != 2:
        return False  # most cells that are asked about are telephone numbers
    day = cell.replace("T", " ").split(" ", 1)[0]
    for sign in _DATE_SIGNS:
        parts = day.split(sign)
        if len(parts) == 3 and all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
            return _is_day(*map(int, parts), lengths=tuple(map(len, parts)))
    return False


def _is_day(a: int, b: int, c: int, *, lengths: tuple[int, ...]) -> bool:
    if lengths[0] == 4:
        orders = [(a, b, c)]
    elif lengths[2] in {2, 4} and max(lengths[:2]) <= 2:
        year = c if lengths[2] == 4 else 2000 + c
        orders = [(year, b, a), (year, a, b)]
    else:
        return False
    return any(_exists(*order) for order in orders)


def _exists(year: int, month: int, day: int) -> bool:
    try:
        return 1900 <= year <= 2099 and bool(date(year, month, day))
    except ValueError:
        return False


def is_number_like(cell: str) -> bool:
    """Returns whether a cell may be a telephone number: at least six digits, only a number's signs, and no date."""
    if not 6 <= len(cell) <= CELL_LIMIT or not _NUMBER_SIGNS.issuperset(cell):
        return False
    return digits(cell) >= 6 and not is_date(cell)


def is_mail_like(cell: str) -> bool:
    """Returns whether a cell may be an e-mail address: one @, a dot behind it, no blank."""
    if not 5 <= len(cell) <= 254:
        return False
    local, at, domain = cell.partition("@")
    return bool(at and local and "@" not in domain and "." in domain[1:-1]) and len(cell.split(None, 1)) == 1


def is_address_like(cell: str) -> bool:
    """Returns whether a cell may be a telephone number or an e-mail address, and so is no header."""
    return is_number_like(cell) or is_mail_like(cell)


def shown(cell: str, limit: int = 40) -> str:
    """Returns the beginning of a cell for a sentence, control characters and line ends as blanks."""
    text = "".join([letter if letter.isprintable() else " " for letter in cell[: limit + 1]])
    return text if len(text) <= limit else text[:limit] + "…"
