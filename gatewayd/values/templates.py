"""Templates of messages: texts in which `%variable%` stands for a recipient's cell or a value of the job. Pure.

What stands between two percent signs is a variable where it names a column or a value; every other percent sign is one,
unless it looks like a variable that nobody has: that refuses the job.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from operator import itemgetter
from typing import Any, Final, NamedTuple

from gatewayd.values.errors import GatewayError
from spool.names import column_name, variable_name

Renderer = Callable[[Sequence[str]], str | None]
"""A recipient's row to its text; None where a variable is empty."""

_NAME_MOST: Final = 200
"""Characters of a variable's name as it is written; what is longer between two percent signs is a text."""
_SHOWN: Final = 60
_ALIKE: Final = 0.6
"""How close a name must be to be suggested (`difflib`)."""
_SURELY_ALIKE: Final = 0.8

_SENTENCE: Final = re.compile(r"[,.;:!?\n]|[\s\d]\Z")
"""What no name has: there the sign before a word is `%x` of another program, and not the first of two."""
_WORD: Final = re.compile(r"[^\W\d_]\w*")
_BEFORE: Final = re.compile(r"\A([^|:!,]{1,100})[|:!,]")
# Each look ahead ends at the next sign of its own kind, so that none of them reads a text twice.
_FOREIGN: Final = re.compile(
    r"(\{)(?=([^{}%\n]{1,100})\})"
    r"|(\[)(?=([^][%\n]{1,100})\])"
    r"|(<)(?=([^<>%\n]{1,100})>)"
    r"|(«)(?=([^«»%\n]{1,100})»)"
    r"|(#)(?=([^#%\n]{1,100})#)"
    r"|(@)(?=([^@\s%]{1,100})@)"
    r"|(\*\|)(?=([^|%\n]{1,100})\|\*)"
    r"|(__)(?=([^\W_]\w{0,100}?)__)"
    r"|(%\()(?=([^()%\n]{1,100})\)s)"
    r"|(%%=)(?=([^=%\n]{1,100})=%%)"
    r"|(\uff05)(?=([^\uff05%\n]{1,100})\uff05)"
    r"|(&)(?=([^\W\d_]\w{0,100});)"
    r"|(\$)(?=([^\W\d_]\w*))"
)
"""How other programs write a variable: `{{x}}`, `{x}`, `[x]`, `<x>`, `<<x>>`, `«x»`, `#x#`, `@x@`, `*|x|*`, `__x__`,
`%(x)s`, `%%=x=%%`, `&x;`, `$x`, `${x}`; and with the percent sign of Chinese letters."""
_ALWAYS: Final = re.compile(r"\{\{[^{}%\n]{1,100}\}\}|\*\|[^|%\n]{1,100}\|\*")
"""What no text for people has, whatever its word is."""
_CLOSING: Final = {
    "@": "@",
    "*|": "|*",
    "__": "__",
    "%(": ")s",
    "%%=": "=%%",
    "\uff05": "\uff05",
    "&": ";",
    "{": "}",
    "[": "]",
    "<": ">",
    "«": "»",
    "#": "#",
    "$": "",
}
_TAG_NAMES: Final = (
    "a abbr address article aside b big blockquote body br button caption center cite code col data dd del details dfn"
    " div dl dt em fieldset figure font footer form h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd"
    " label legend li link main map mark menu meta nav object ol option output p picture pre q s samp section select"
    " small source span strike strong style sub summary sup svg table tbody td template textarea tfoot th thead time"
    " title tr track tt u ul var video wbr"
)
_TAGS: Final = frozenset(_TAG_NAMES.split())
_ESCAPE: Final = re.compile(r"[0-9][0-9A-Fa-f]|[A-F][0-9A-F]|[a-f][0-9a-f]\Z")
_ADDRESS_MOST: Final = 300
_ADDRESS: Final = re.compile(r"://|(?i:www)\.|data:|[A-Za-z0-9]\.[A-Za-z]{2,12}[/?]")
"""What stands in the address of a page: `https://…`, `wa.me/549…?text=`."""
_AFTER_A_NUMBER: Final = frozenset(",.;:!?)\"'<>{}-/&|")
"""What may follow a percent sign in a sentence ("10%, o 20%") or a page (`width="100%"`), and begins no name."""
_SUGGESTED_MOST: Final = 200
_FOUND_MOST: Final = 1_000
"""Names that are remembered: a long page uses the same few again and again."""
_UNKNOWN_MOST: Final = 20
"""Unknown variables that are named; who has more of them sees enough to know."""


class Unknown(NamedTuple):
    """A variable that is no column and no value, or is written as another program would."""

    written: str
    """As it stands in the text, signs included."""
    name: str
    hint: str | None
    """The column or value that was probably meant."""
    foreign: bool = False
    """Whether `hint` is certain, and only the way of writing another program's."""


class VariableUnknownError(GatewayError):
    """A text has variables that nothing can be put for."""

    def __init__(self, unknown: Sequence[Unknown]) -> None:
        super().__init__("no column and no value for " + ", ".join(each.written for each in unknown))
        self.unknown: tuple[Unknown, ...] = tuple(unknown)
        """Each once."""


class _Slot(NamedTuple):
    """Where a variable's words come from: the place of a cell, else (or where it is empty) the default."""

    place: int | None
    default: str


class Variables:
    """The names that the texts of one job may use: the columns of its recipients, and its values."""

    def __init__(
        self, columns: Sequence[str], values: Mapping[str, str], apart: Mapping[str, int] | None = None
    ) -> None:
        """Of equal columns the first counts; `apart` has the name that tells such a first one from the others."""
        self._apart = apart or {}
        self.by_name: set[int] = set()
        """Places of the columns that the texts use by the name that another may have as well."""
        self._columns: dict[str, int] = {}
        self._alike: dict[str, list[int]] = {}
        for place, column in enumerate(columns):
            if (written := column_name(column)) not in self._columns:
                self._columns[written] = place
                self._alike.setdefault(variable_name(column), []).append(place)
        self._values = {variable_name(name): value for name, value in values.items()}
        self._written = {variable_name(name): column_name(name) for name in (*values, *reversed(columns))}
        self._found: dict[str, _Slot | None] = {}
        self._suggested = [name for name in self._written if 0 < len(name) <= _SHOWN][:_SUGGESTED_MOST]

    def find(self, written: str) -> _Slot | None:
        """Returns where the variable's words come from; None where nothing has that name, or two columns equally."""
        if written not in self._found:
            if len(self._found) >= _FOUND_MOST:
                self._found.clear()
            self._found[written] = self._find(written)
        return self._found[written]

    def _find(self, written: str) -> _Slot | None:
        name = variable_name(written) if len(written) <= _NAME_MOST else ""
        if not name:
            return None
        place, alike = self._columns.get(column_name(written)), self._alike.get(name, ())
        if place is None:
            place = self._apart.get(column_name(written))
        elif self._apart:
            self.by_name.add(place)
        if place is None and len(alike) > 1:
            return None
        if place is None and alike:
            place = alike[0]
            self.by_name.add(place)
        value = self._values.get(name)
        if place is None and value is None:
            return None
        return _Slot(place, "" if value is None or value.isspace() else value)

    def alike(self, written: str, cutoff: float = _ALIKE) -> str | None:
        """Returns the known name that looks most like it; None where none does."""
        name = variable_name(written[: _SHOWN + 1])
        if name in self._written:
            return self._written[name]
        close = get_close_matches(name, self._suggested, 1, cutoff) if len(name) <= _SHOWN else []
        return self._written[close[0]] if close else None

    def bind(self, text: str, *, tags: bool = False) -> Renderer:
        """Returns a renderer for rows with these columns.

        A variable takes its column's cell; where the recipient has no such column, or the cell is empty, it takes what
        the values have. With `tags` the text is HTML, and `<b>` no placeholder. VariableUnknownError names every
        variable that is neither, and every placeholder of another program.
        """
        return _renderer(*_Scan(self, unicodedata.normalize("NFC", text), tags).result())


class _Scan:
    """One text on its way to literals and slots."""

    def __init__(self, variables: Variables, text: str, tags: bool) -> None:
        self._variables = variables
        self._text = text
        self._tags = tags
        self._literals: list[list[str]] = [[]]
        self._slots: list[_Slot] = []
        self._unknown: dict[str, Unknown] = {}
        self._looks = _UNKNOWN_MOST

    def result(self) -> tuple[list[str], list[_Slot]]:
        """VariableUnknownError."""
        at = 0
        while (start := self._text.find("%", at)) >= 0:
            self._literals[-1].append(self._text[at:start])
            at = self._percent(start)
        self._literals[-1].append(self._text[at:])
        self._placeholders()
        if self._unknown:
            raise VariableUnknownError(tuple(self._unknown.values()))
        return ["".join(pieces) for pieces in self._literals], self._slots

    def _percent(self, start: int) -> int:
        """Reads what begins with the percent sign at `start`; answers where to go on."""
        text = self._text
        end = text.find("%", start + 1)
        if end == start + 1:
            self._literals[-1].append("%")
            return end + 1
        written = text[start + 1 : end] if end > 0 else ""
        slot = self._variables.find(written)
        if slot is not None and self._is_other(start, end, written):
            shown = f"{text[start - 1]}%{written}%{text[end + 1]}"
            self._refuse(shown, written, foreign=True)
            return end + 1
        if slot is not None and not self._is_range(start, written):
            self._slots.append(slot)
            self._literals.append([])
            return end + 1
        word = _WORD.match(text, start + 1)
        if word is not None and _SENTENCE.search(written + " " * (end < 0)) and self._is_name(word[0]):
            self._refuse(f"%{word[0]}", word[0], foreign=True)
            return word.end()
        if self._is_meant(start, written):
            shown = written if len(written) <= _SHOWN else written[:_SHOWN] + "…"
            self._refuse(f"%{shown}%", written)
            return end + 1
        self._literals[-1].append("%")
        return start + 1

    def _is_other(self, start: int, end: int, written: str) -> bool:
        """Whether the percent signs are the inner ones of another program's: `<% x %>`, `{% x %}`."""
        around = self._text[max(0, start - 1) : start] + self._text[end + 1 : end + 2]
        # "<%correo%>" is an address as mail programs write it.
        return written != written.strip().removeprefix("=") and around in {"{}", "<>"}

    def _is_range(self, start: int, written: str) -> bool:
        """Whether the percent sign belongs to the number before it: "20%-50% off", where a column is called 50."""
        return not any(map(str.isalpha, written)) and self._text[max(0, start - 1) : start].isdigit()

    def _is_meant(self, start: int, written: str) -> bool:
        """Whether what no column or value is called was meant to be a variable: it has letters, and no blank before
        them ("50% hoy, 20% mañana") unless it is a name but for a slip. `https://…/a%20b%20c` has none."""
        if not any(map(str.isalpha, written)):
            return False
        if written[0].isspace() or written[0] in _AFTER_A_NUMBER:
            self._looks -= 1
            return self._looks >= 0 and self._variables.alike(written, _SURELY_ALIKE) is not None
        if _ESCAPE.match(written) is None:
            return True
        if self._tags and not self._text[max(0, start - 1) : start].isspace():
            return False
        before = self._text[max(0, start - _ADDRESS_MOST) : start].rsplit(None, 1)
        return not before or _ADDRESS.search(before[-1]) is None

    def _placeholders(self) -> None:
        """Finds what another program would fill in, where its word is a name that is known here."""
        for match in _FOREIGN.finditer(self._text):
            sign, word = (group for group in match.groups() if group is not None)
            if self._tags and sign == "<" and word.strip("/ ").lower() in _TAGS:
                continue
            if self._tags and sign == "&":
                continue  # a letter of HTML
            twice = 2 if sign in "{[<" and self._text.startswith(sign * 2, max(0, match.start() - 1)) else 1
            # Between double signs other programs allow expressions: {{ cliente.nombre | upper }}; {nombre:20} as well.
            words = [word, *(_WORD.findall(word) if twice == 2 or sign == "%%=" else _BEFORE.findall(word))]
            name = next(filter(self._is_name, words), None)
            if name is not None:
                self._refuse(sign * twice + word + _CLOSING[sign] * twice, name, foreign=True)
        for match in _ALWAYS.finditer(self._text):
            self._refuse(match[0], match[0].strip("{}*| "))

    def _is_name(self, word: str) -> bool:
        return any(map(str.isalpha, word)) and self._variables.find(word) is not None

    def _refuse(self, written: str, name: str, *, foreign: bool = False) -> None:
        if written not in self._unknown and len(self._unknown) < _UNKNOWN_MOST:
            hint = self._variables.alike(name)
            self._unknown[written] = Unknown(written, variable_name(name), hint, foreign)


def _nothing(_row: Sequence[str]) -> str | None:
    return None


def _renderer(literals: Sequence[str], slots: Sequence[_Slot]) -> Renderer:
    """Makes a %-format with one `%s` a cell: a recipient's text costs one look-up and one formatting."""
    if any(slot.place is None and not slot.default for slot in slots):
        return _nothing
    form, cells, defaults = literals[0].replace("%", "%%"), [], []
    for slot, literal in zip(slots, literals[1:], strict=True):
        if slot.place is None:
            form += slot.default.replace("%", "%%")
        else:
            form += "%s"
            cells.append(slot.place)
            defaults.append(slot.default)
        form += literal.replace("%", "%%")
    if not cells:
        text = form % ()
        return lambda _row: text
    # itemgetter of one index gives the bare cell
    pick: Callable[[Sequence[str]], Any] = itemgetter(*cells) if len(cells) > 1 else lambda row: (row[cells[0]],)

    def render(row: Sequence[str]) -> str | None:
        picked: tuple[str, ...] = pick(row)
        if all(map(str.strip, picked)):
            return form % picked
        picked = tuple(
            default if not cell or cell.isspace() else cell for cell, default in zip(picked, defaults, strict=True)
        )
        return form % picked if all(picked) else None

    return render


def named_in(text: str) -> tuple[str, ...]:
    """Returns what a text calls variables, each once, in order and as it is written; whether anybody has them is not
    asked. A percent sign of a sentence ("50% hoy, 20% mañana") or of an address begins none."""
    found: dict[str, str] = {}
    at = 0
    text = unicodedata.normalize("NFC", text)
    while (start := text.find("%", at)) >= 0 and (end := text.find("%", start + 1)) > 0:
        written = text[start + 1 : end]
        if not _could_name(text, start, written):
            at = end + 1 if not written else start + 1
            continue
        found.setdefault(variable_name(written), written)
        at = end + 1
    return tuple(found.values())


def _could_name(text: str, start: int, written: str) -> bool:
    if len(written) > _NAME_MOST or not any(map(str.isalpha, written)):
        return False
    if written[0].isspace() or written[0] in _AFTER_A_NUMBER or "\n" in written or not variable_name(written):
        return False
    if _ESCAPE.match(written) is None:
        return True
    before = text[max(0, start - _ADDRESS_MOST) : start].rsplit(None, 1)
    return not before or _ADDRESS.search(before[-1]) is None


class Parts(NamedTuple):
    """A text taken apart: literals, and between two of them a variable."""

    literals: tuple[str, ...]
    slots: tuple[tuple[str, str], ...]
    """Name of the column (empty: there is none) and what is put where its cell is empty (empty: nothing)."""


def parts_of(text: str, columns: Sequence[str], values: Mapping[str, str]) -> Parts:
    """Returns a text taken apart as it would be rendered for these columns and values. VariableUnknownError."""
    names = tuple(columns)
    literals, slots = _Scan(Variables(names, values), unicodedata.normalize("NFC", text), tags=False).result()
    return Parts(
        tuple(literals), tuple(("" if slot.place is None else names[slot.place], slot.default) for slot in slots)
    )
