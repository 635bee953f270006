"""Templates of requests: texts with `{name}` in them, rendered strictly. Pure.

`{name}` stands for a value, `{name:int}` for the same as a whole number (JSON only: the whole text must be that one
variable), `{name:xml}` escaped for XML. `{{` and `}}` are braces. Whatever a value holds, it stays a value: in a URL,
a query and a form it is percent-encoded, in JSON it is a string. A character that the charset does not have is an
error, never a question mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

from drivers.base import spoken
from drivers.provider.grammar import GrammarError

NAMES: Final = frozenset(
    {
        *("number", "to", "text", "id", "reference", "user", "password", "key", "sender", "device", "ttl", "coding"),
        "report_url",
    }
)
"""The variables there are; `reference` is the provider's id of a message, in a poll URL alone; `report_url` where the
provider shall call us about this message."""
BLOCK_NAMES: Final = frozenset({"rows", "user", "password", "key", "sender", "device"})
"""Those of a request that carries several messages; `rows` is all of them."""

_TOKEN: Final = re.compile(r"\{\{|\}\}|\{([a-z_]+)(?::([a-z]+))?\}|[{}]")
_CONVERSIONS: Final = frozenset({"int", "xml"})


class TemplateError(GrammarError):
    """A template that says nothing: an unknown variable or conversion, a lone brace."""


@dataclass(frozen=True, slots=True)
class Slot:
    name: str
    conversion: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """Literals and slots in turn."""

    pieces: tuple[str | Slot, ...]

    @classmethod
    def parse(cls, text: str, names: Iterable[str] = NAMES) -> Template:
        """Raises `TemplateError`."""
        known = frozenset(names)
        pieces: list[str | Slot] = []
        end = 0
        for match in _TOKEN.finditer(text):
            pieces.append(text[end : match.start()])
            end = match.end()
            whole, name, conversion = match.group(), match[1], match[2] or ""
            if whole in ("{{", "}}"):
                pieces.append(whole[0])
            elif name is None:
                raise TemplateError(
                    spoken("a single {brace}: write {braces} for the character itself"), brace=whole, braces=whole * 2
                )
            elif name not in known:
                there = ", ".join(sorted(known))
                raise TemplateError(spoken("no variable {name}; available: {known}"), name=name, known=there)
            elif conversion and conversion not in _CONVERSIONS:
                there = ", ".join(sorted(_CONVERSIONS))
                raise TemplateError(spoken("no conversion {name}; available: {known}"), name=conversion, known=there)
            else:
                pieces.append(Slot(name, conversion))
        pieces.append(text[end:])
        template = cls(tuple(piece for piece in pieces if piece != ""))
        if len(template.pieces) > 1 and any(isinstance(p, Slot) and p.conversion == "int" for p in template.pieces):
            raise TemplateError(spoken("{variable} must stand alone"), variable="{…:int}")
        return template

    @property
    def names(self) -> frozenset[str]:
        return frozenset(piece.name for piece in self.pieces if isinstance(piece, Slot))

    def text(self, values: Mapping[str, str]) -> str:
        """As plain text (a header, a form's value before it is encoded)."""
        return "".join([piece if isinstance(piece, str) else _said(piece, values) for piece in self.pieces])

    def url(self, values: Mapping[str, str], charset: str) -> str:
        """Returns the literals as they are, the values percent-encoded; raises `UnicodeEncodeError`."""
        return "".join(
            [
                piece if isinstance(piece, str) else quote(_said(piece, values), safe="", encoding=charset)
                for piece in self.pieces
            ]
        )

    def value(self, values: Mapping[str, Any]) -> Any:
        """As JSON has it: a variable by itself whose value is no text (`{rows}`) stays what it is.

        ValueError where `{…:int}` is no whole number.
        """
        if len(self.pieces) == 1 and isinstance(slot := self.pieces[0], Slot):
            given = values.get(slot.name, "")
            if not isinstance(given, str):
                return given
            if slot.conversion == "int":
                return int(given)
        return self.text(values)


def _said(slot: Slot, values: Mapping[str, str]) -> str:
    value = values.get(slot.name, "")
    return escape(value, {'"': "&quot;", "'": "&apos;"}) if slot.conversion == "xml" else value


@dataclass(frozen=True, slots=True)
class Pairs:
    """A query or a form: names and templates, in order. A pair whose variables are all empty is left out."""

    pairs: tuple[tuple[str, Template], ...]

    @classmethod
    def parse(cls, table: Mapping[str, str | int], names: Iterable[str] = NAMES) -> Pairs:
        return cls(tuple((key, Template.parse(str(text), names)) for key, text in table.items()))

    def encode(self, values: Mapping[str, str], charset: str) -> str:
        """`application/x-www-form-urlencoded` in `charset`; raises `UnicodeEncodeError`."""
        said = []
        for key, template in self.pairs:
            text = template.text(values)
            if text or not template.names:
                said.append(f"{quote_plus(key, encoding=charset)}={quote_plus(text, encoding=charset)}")
        return "&".join(said)


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON document whose strings are templates."""

    root: Any

    @classmethod
    def parse(cls, value: Any, names: Iterable[str] = NAMES) -> Document:
        return cls(_compiled(value, frozenset(names)))

    @property
    def names(self) -> frozenset[str]:
        return frozenset(slot.name for slot in _slots(self.root))

    def counts(self, name: str) -> bool:
        """Returns whether that variable is written as a whole number somewhere."""
        return any(slot.name == name and slot.conversion == "int" for slot in _slots(self.root))

    def render(self, values: Mapping[str, Any]) -> Any:
        """Leaves a string whose variables are all empty out of its object; ValueError as `Template.value`."""
        return _rendered(self.root, values)


def _compiled(value: Any, names: frozenset[str]) -> Any:
    match value:
        case str():
            return Template.parse(value, names)
        case dict():
            return {key: _compiled(each, names) for key, each in value.items()}
        case list() | tuple():
            return [_compiled(each, names) for each in value]
    return value


def _slots(node: Any) -> Iterator[Slot]:
    match node:
        case Template():
            yield from (piece for piece in node.pieces if isinstance(piece, Slot))
        case dict():
            for each in node.values():
                yield from _slots(each)
        case list():
            for each in node:
                yield from _slots(each)


def _rendered(node: Any, values: Mapping[str, Any]) -> Any:
    match node:
        case Template():
            return node.value(values)
        case dict():
            return {
                key: _rendered(each, values)
                for key, each in node.items()
                if not (isinstance(each, Template) and each.names and not any(values.get(n) for n in each.names))
            }
        case list():
            return [_rendered(each, values) for each in node]
    return node
