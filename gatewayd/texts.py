"""Texts of messages: templates with `%variable%`, and how many segments a text takes.

Segments come from `drivers.gsm.alphabet` alone, so that the price and what goes over the air agree. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final, Literal

from drivers.gsm.alphabet import Split, segments, split, transliterate
from gatewayd.errors import GatewayError

# The first alternative wins: "%%" is a percent sign even right before a name.
_VARIABLE: Final = re.compile(r"%(?:%|([^\W\d_]\w*)%)")

Renderer = Callable[[Sequence[str]], str | None]
"""A recipient's row to its text; None where a variable is empty."""


class VariableUnknownError(GatewayError):
    """A template names a variable that neither the recipients' columns nor the values have."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no column and no value for %{name}%")
        self.name = name


class ValueMissingError(GatewayError):
    """A variable of this recipient is empty."""

    def __init__(self, name: str) -> None:
        super().__init__(f"%{name}% is empty")
        self.name = name


def variable_name(text: str) -> str:
    """The form in which names of variables, columns and values are compared: composed, lower case."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text).lower()


@dataclass(frozen=True, slots=True)
class Template:
    """A text in which `%name%` stands for a value.

    A name begins with a letter (Spanish ones too) and goes on with letters, digits and `_`, in any case. `%%` is a
    percent sign, and so is any `%` that begins no variable: "50% hoy". `literals` has one entry more than `slots`.
    """

    literals: tuple[str, ...]
    slots: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        """Never fails: what is no variable is text."""
        literals, slots, literal, end = [], [], "", 0
        for match in _VARIABLE.finditer(unicodedata.normalize("NFC", text)):
            literal += match.string[end : match.start()]
            end = match.end()
            if match[1] is None:
                literal += "%"
            else:
                literals.append(literal)
                slots.append(variable_name(match[1]))
                literal = ""
        literals.append(literal + unicodedata.normalize("NFC", text)[end:])
        return cls(tuple(literals), tuple(slots))

    @property
    def names(self) -> frozenset[str]:
        """Variables that it needs."""
        return frozenset(self.slots)

    def render(self, values: Mapping[str, str]) -> str:
        """The text for one set of values (keys as `variable_name` gives them).

        VariableUnknownError where a name is missing, ValueMissingError where its value is blank.
        """
        pieces = [self.literals[0]]
        for name, literal in zip(self.slots, self.literals[1:], strict=True):
            value = values.get(name)
            if value is None:
                raise VariableUnknownError(name)
            if not value or value.isspace():
                raise ValueMissingError(name)
            pieces += (value, literal)
        return "".join(pieces)

    def bind(self, columns: Sequence[str], values: Mapping[str, str]) -> Renderer:
        """A renderer for rows with these columns (the first of equal names counts).

        A variable takes its column's cell; where the recipient has no such column, or the cell is empty, it takes what
        `values` has. VariableUnknownError where neither knows the name.
        """
        where: dict[str, int] = {}
        for index, column in enumerate(columns):
            where.setdefault(variable_name(column), index)
        given = {variable_name(name): value for name, value in values.items() if value and not value.isspace()}
        known = {variable_name(name) for name in values}
        form, cells, defaults = self.literals[0].replace("%", "%%"), [], []
        hopeless = False
        for name, literal in zip(self.slots, self.literals[1:], strict=True):
            if name in where:
                form += "%s"
                cells.append(where[name])
                defaults.append(given.get(name, ""))
            elif name in known:
                hopeless = hopeless or name not in given
                form += given.get(name, "").replace("%", "%%")
            else:
                raise VariableUnknownError(name)
            form += literal.replace("%", "%%")
        return _nothing if hopeless else _renderer(form, cells, tuple(defaults))


def _nothing(_row: Sequence[str]) -> str | None:
    return None


def _renderer(form: str, cells: list[int], defaults: tuple[str, ...]) -> Renderer:
    """`form` is a %-format with one `%s` a cell: a recipient's text costs one look-up and one formatting."""
    if not cells:
        text = form % ()
        return lambda _row: text
    # itemgetter of one index gives the bare cell
    pick: Callable[[Sequence[str]], Any] = itemgetter(*cells) if len(cells) > 1 else lambda row: (row[cells[0]],)

    def render(row: Sequence[str]) -> str | None:
        picked: tuple[str, ...] = pick(row)
        for cell in picked:
            if not cell or cell.isspace():
                break
        else:
            return form % picked
        picked = tuple(
            default if not cell or cell.isspace() else cell for cell, default in zip(picked, defaults, strict=True)
        )
        return form % picked if all(picked) else None

    return render


# ------------------------------------------------------------------------------------------------------------ segments

Wanted = Literal["auto", "gsm7", "ucs2"]
"""The encoding that a job asks for."""

TOO_LONG: Final = "too_long"
"""Reason of a text that takes more than 255 segments."""


def split_for(text: str, encoding: str, variant: Literal["", "es"] = "", *, wide_reference: bool = False) -> Split:
    """A message's text as a line sends it.

    `encoding` is what the message carries: empty while the line may choose, else `gsm7`, `gsm7-es` or `ucs2`: asked for
    by the job, or pinned by a part that has left. `variant` is `es` on lines that may use the Spanish shift table.
    ValueError: more than 255 parts.
    """
    if encoding == "gsm7":
        return split(text, "gsm7", wide_reference=wide_reference)
    if encoding == "ucs2":
        return split(text, "ucs2", wide_reference=wide_reference)
    # What was cut with the shift table once is cut the same way again, whatever the line.
    shift = encoding == "gsm7-es" or variant == "es"
    return split(text, "auto", shift=shift, wide_reference=wide_reference)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a person sees before sending. `plain` is the transliterated text, None where it would save nothing."""

    encoding: str
    segments: int
    units: int
    """Septets (GSM 7-bit) or UTF-16 units."""
    plain: str | None
    plain_segments: int
    strange: str
    """The characters that keep the text out of GSM 7-bit, each once, in order."""


def preview(text: str, encoding: Wanted = "auto", variant: Literal["", "es"] = "") -> Preview:
    """Segments and encoding of a text, and what transliteration would save. ValueError: more than 255 segments."""
    cut = split_for(text, "" if encoding == "auto" else encoding, variant)
    plain = transliterate(text)
    count = len(cut.parts)
    fewer = segments(plain, "gsm7")
    strange = "" if plain == text else "".join(dict.fromkeys(c for c in text if transliterate(c) != c))
    return Preview(cut.encoding, count, cut.units, plain if fewer < count else None, min(fewer, count), strange)
