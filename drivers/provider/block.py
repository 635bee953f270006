"""Several messages in one request, as `BlockKeys` say: rows in, request out, and what an answer tells of each. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from drivers.base import MisconfiguredError, OutboundMessage, spoken
from drivers.http.answer import NOTHING, Answer, Request
from drivers.provider.answer import Finder, Path
from drivers.provider.grammar import GrammarError
from drivers.provider.options import BlockKeys, ResultKeys
from drivers.provider.plan import Plan, UnsendableError
from drivers.provider.received import tsv_rows
from drivers.provider.rules import Rule, Verdict, judge_word, parse_rules
from drivers.provider.template import BLOCK_NAMES, Document, Template

ROW_NAMES: Final = frozenset({"number", "to", "text", "id", "ttl", "coding"})


class NotARowError(Exception):
    """The message can be sent, but not in company: a value in it would be read as the end of its row or field."""


@dataclass(frozen=True, slots=True)
class Row:
    """One message of a block."""

    foreign: str
    """The id that the provider knows it by."""
    said: Any
    """A line of text, or a JSON object."""


class BlockPlan:
    """A line's `block`, compiled. Raises `MisconfiguredError`, naming the key."""

    def __init__(self, plan: Plan, keys: BlockKeys) -> None:
        self._plan = plan
        self.keys = keys
        self.rules: tuple[Rule, ...] = _rules("block.rules", keys.rules) or plan.rules
        if not keys.url or not keys.row:
            raise MisconfiguredError("block", spoken("a block has a url and a row"))
        try:
            self._row: Template | Document = (
                Template.parse(keys.row, ROW_NAMES)
                if isinstance(keys.row, str)
                else Document.parse(keys.row, ROW_NAMES)
            )
        except GrammarError as error:
            raise error.at("block.row") from None
        if not {"id", "text"} <= self._row.names or not self._row.names & {"number", "to"}:
            raise MisconfiguredError("block.row", spoken("a row names {id}, {text}, and {number} or {to}"))
        shape = plan.call("block.url", keys.url, keys, BLOCK_NAMES)
        assert shape is not None
        self._shape = shape
        if isinstance(self._row, Document) != (shape.json is not None):
            raise MisconfiguredError("block.row", spoken("a row is an object where the block is JSON, else a text"))
        self.answer = None if keys.answer is None else ResultReader("block.answer", keys.answer, plan.options.charset)
        self.result_shape = plan.call("block.result_url", keys.result_url, keys.result)
        self.result = ResultReader("block.result", keys.result, plan.options.charset)

    def row(self, message: OutboundMessage) -> Row:
        """`message` as a row; raises `UnsendableError`, `NotARowError`."""
        values = self._plan.values(message)
        if isinstance(self._row, Document):
            try:
                return Row(values["id"], self._row.render(values))
            except ValueError:
                raise UnsendableError("number") from None
        if any(mark in values[name] for mark in self._marks(self._row) for name in self._row.names):
            raise NotARowError
        text = self._row.text(values)
        try:
            text.encode(self._plan.options.charset)
        except UnicodeEncodeError:
            raise UnsendableError("characters") from None
        return Row(values["id"], text)

    def _marks(self, row: Template) -> Sequence[str]:
        """Returns what ends a field or a row."""
        return ["\r", "\n", self.keys.join, *(piece for piece in row.pieces if isinstance(piece, str))]

    def request(self, rows: Sequence[Row], *, masked: bool = False) -> Request:
        """Returns the request that sends them all."""
        said = [row.said for row in rows]
        together = said if isinstance(self._row, Document) else self.keys.join.join(said)
        return self._plan.render(self._shape, {"rows": together}, masked)


class ResultReader:
    """Reads what an answer says of a block's messages, as `ResultKeys` say. Raises `MisconfiguredError` when made."""

    def __init__(self, key: str, keys: ResultKeys, charset: str) -> None:
        self._keys = keys
        self._charset = charset
        self._rules = _rules(f"{key}.rules", keys.rules)
        try:
            self._items = Path.parse(keys.items)
            self._id, self._state = Finder(Path.parse(keys.id)), Finder(Path.parse(keys.state))
        except GrammarError as error:
            raise error.at(key) from None

    def read(self, answer: Answer) -> Mapping[str, Verdict]:
        """By our id of the message, for those of whom something is told."""
        if not 200 <= answer.status <= 299 or answer.html or answer.truncated:
            return {}
        if self._keys.format == "tsv":
            items: Any = tsv_rows(answer.body, self._charset)
        else:
            items = self._items.find(answer.json)
            items = [] if items is NOTHING else items if isinstance(items, list) else [items]
        told = {}
        for item in items:
            foreign, word = self._id.find_in(item), self._state.find_in(item)
            verdict = None if word is None else judge_word(self._rules, word.strip())
            if foreign and verdict is not None:
                told[foreign.strip()] = verdict
        return told


def _rules(key: str, tables: Sequence[Mapping[str, Any]]) -> tuple[Rule, ...]:
    try:
        return parse_rules(tables)
    except GrammarError as error:
        raise error.at(key) from None
