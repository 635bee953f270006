"""Patterns that an operator writes and that foreign text meets: none may hold the daemon, whatever the text. Pure.

Python's `re` tries every way in which repeats may share a text. A pattern is read once, and its worst time told from
that: a repeat is *open* where what follows it may begin with what it repeats, and then whatever stands behind it is
tried at each of its lengths. An open choice inside a repeat doubles the time with every character, and such a pattern
is refused. The others meet as much text as can be searched in a blink. `(?>…)` and `++` close what is open.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any, Final

LONGEST: Final = 65_536
"""Characters; an answer to a send is no longer."""
STEPS: Final = 500_000
"""What `re` does in some 20 ms, where each is a dear one."""

_SPACES, _DIGITS, _LETTERS, _SIGNS = (1 << bit for bit in range(128, 132))
"""Stand for the characters beyond ASCII of each kind, in sets whose lower bits are ASCII's."""
_OTHER: Final = _SPACES | _DIGITS | _LETTERS | _SIGNS
_ASCII: Final = (1 << 128) - 1
_ALL: Final = _ASCII | _OTHER
_FEW: Final = 4
"""An open choice may be repeated so many times at most."""
_WAYS: Final = 1000
"""Choices that can match the same, multiplied."""
_MANY: Final = 32
"""A repeat with more room than that counts as one without a bound."""


class PatternError(ValueError):
    """No pattern, or one that some text would keep busy without end; the text says which."""


class TooLongError(Exception):
    """The text is longer than what this pattern may be asked about."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern with its bound."""

    regex: re.Pattern[str]
    longest: int
    """Characters that a whole text may have."""
    searched: int
    """Characters of a text that are searched."""

    @classmethod
    def parse(cls, text: str, flags: int = re.DOTALL) -> Pattern:
        """Raises `PatternError`."""
        try:
            regex = re.compile(text, flags)
            tree = _parser.parse(text, flags)
        except (re.error, RecursionError, OverflowError) as error:
            raise PatternError(str(error) or type(error).__name__) from None
        cost = _Reader(tree.state.flags).read(tree)
        return cls(regex, _most(cost.power, cost.ways), _most(cost.power + cost.restarts, cost.ways))

    def match(self, text: str) -> re.Match[str] | None:
        """Returns the match of the whole text; raises `TooLongError`."""
        if len(text) > self.longest:
            raise TooLongError
        return self.regex.fullmatch(text)

    def find(self, text: str) -> str | None:
        """Returns the first group, or all, of the first place where it matches; None where there is none."""
        match = self.regex.search(text, 0, self.searched)
        return None if match is None else (match[1] if self.regex.groups else match[0])


def _most(power: int, ways: int) -> int:
    return min(LONGEST, int((STEPS / ways) ** (1 / power)))


@dataclass(frozen=True, slots=True)
class _Cost:
    """Of a pattern in its worst case: `ways` times the text's length to the power of `power`."""

    power: int
    ways: int
    restarts: int
    """1 where a search begins anew inside what it has read."""


@dataclass(frozen=True, slots=True)
class _Piece:
    first: int
    """The characters it may begin with."""
    empty: bool = False
    """Whether it may match nothing."""
    open: int = 0
    """Open repeats in a row."""
    ways: int = 1
    power: int = 0
    """The time of it, and of all that stands behind it, grows as the text's length to the power of that."""


class _Reader:
    """Walks one parsed pattern, the end first."""

    def __init__(self, flags: int) -> None:
        self._flags = flags
        self._repeated = 0
        self._closed = 1
        """The power of the worst atomic group, which nothing outside tries again; at least that of reading once."""

    def read(self, tree: Iterable[Any]) -> _Cost:
        piece = self._sequence(tree, 0, 0)
        if piece.ways > _WAYS:
            raise PatternError("too many choices that can match the same")
        restarts = 1 if piece.empty or piece.first & self._repeated else 0
        return _Cost(max(piece.power, self._closed), piece.ways, restarts)

    def _sequence(self, tree: Iterable[Any], follow: int, rest: int) -> _Piece:
        """`follow`: the characters that may come behind it; `rest`: the power of what does."""
        first, empty, opened, ways, power = follow, True, 0, 1, rest
        own = 0
        for op, argument in reversed(list(tree)):
            if op in (sre.AT, sre.ASSERT, sre.ASSERT_NOT):
                # It takes nothing and may fail anywhere, but for the end of the text.
                self._look(op, argument)
                first = first if argument in (sre.AT_END, sre.AT_END_STRING) else _ALL
                continue
            piece = self._piece(op, argument, first, power)
            own = piece.first | (own if piece.empty else 0)
            first = piece.first | (first if piece.empty else 0)
            empty = empty and piece.empty
            opened, ways, power = opened + piece.open, ways * piece.ways, piece.power
        return _Piece(own, empty, opened, ways, power)

    def _piece(self, op: Any, argument: Any, follow: int, rest: int) -> _Piece:
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            return self._repeat(argument, follow, rest, atomic=op is sre.POSSESSIVE_REPEAT)
        if op is sre.SUBPATTERN:
            _, added, removed, inner = argument
            kept, self._flags = self._flags, (self._flags | added) & ~removed
            piece = self._sequence(inner, follow, rest)
            self._flags = kept
            return piece
        if op is sre.ATOMIC_GROUP:
            return self._atomic(self._sequence(argument, follow, 0), rest)
        if op is sre.BRANCH:
            return self._branch([self._sequence(each, follow, rest) for each in argument[1]], follow)
        if op in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN):
            return _Piece(self._characters(op, argument), power=rest)
        raise PatternError("a reference to a group")

    def _look(self, op: Any, argument: Any) -> None:
        if op is not sre.AT:
            before = self._repeated
            if self._sequence(argument[1], _ALL, 0).ways > 1 or self._repeated != before:
                raise PatternError("a repeat or choice inside a look around")

    def _atomic(self, piece: _Piece, rest: int) -> _Piece:
        self._closed = max(self._closed, piece.power)
        return _Piece(piece.first, piece.empty, 0, piece.ways, max(rest, 1))

    def _branch(self, pieces: Sequence[_Piece], follow: int) -> _Piece:
        first, shared = 0, 0
        for piece in pieces:
            begins = piece.first | (follow if piece.empty else 0)
            shared |= first & begins
            first |= begins
        ways = [piece.ways for piece in pieces]
        own = 0
        for piece in pieces:
            own |= piece.first
        empty = any(piece.empty for piece in pieces)
        opened, power = max(piece.open for piece in pieces), max(piece.power for piece in pieces)
        return _Piece(own, empty, opened, sum(ways) if shared else max(ways), power)

    def _repeat(self, argument: Any, follow: int, rest: int, *, atomic: bool) -> _Piece:
        least, most, tree = argument
        first = self._sequence(tree, 0, 0).first
        piece = self._sequence(tree, follow | (first if most > 1 else 0), rest)
        opened, ways, power = piece.open, piece.ways, piece.power
        exits = bool(first & follow)
        if most > 1:
            if piece.empty or opened or ways > 1:
                if most > _FEW or piece.empty:
                    raise PatternError("a repeat inside a repeat, or a choice in one, that can match the same")
                opened, ways = opened * most, ways**most
                power = max(power, rest + opened)
            if most - least > _MANY:
                self._repeated |= first | self._within(tree)
                opened += exits
                # The last of all, which takes whatever comes, never fails: nothing before it is tried again.
                fails = bool(follow or least) or not (self._flags & re.DOTALL and [op for op, _ in tree] == [sre.ANY])
                power = max(power + exits, int(fails))
            elif exits:
                ways *= most - least + 1
        elif exits and least == 0:
            ways *= 2
        empty = least == 0 or piece.empty
        if atomic:
            return self._atomic(_Piece(piece.first, empty, 0, piece.ways, max(power - rest, 1)), rest)
        return _Piece(piece.first, empty, opened, ways, power)

    def _within(self, tree: Iterable[Any]) -> int:
        """Returns all characters that a repeat's body is made of."""
        found = 0
        for op, argument in tree:
            if op in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN):
                found |= self._characters(op, argument)
            elif op is not sre.AT:
                return _ALL
        return found

    def _characters(self, op: Any, argument: Any) -> int:
        if op is sre.ANY:
            return _ALL
        if op is sre.LITERAL:
            return self._literal(argument)
        if op is sre.NOT_LITERAL:
            return _ALL & ~(self._literal(argument) & _ASCII)
        found, whole, negated = 0, 0, False
        for kind, value in argument:
            if kind is sre.NEGATE:
                negated = True
            elif kind is sre.LITERAL:
                found |= self._literal(value)
            elif kind is sre.RANGE:
                for code in range(value[0], min(value[1], 127) + 1):
                    found |= self._literal(code)
                found |= _OTHER if value[1] > 127 else 0
            else:
                whole |= _category(value)
        return _ALL & ~(found & _ASCII | whole) if negated else found | whole

    def _literal(self, code: int) -> int:
        if not self._flags & re.IGNORECASE:
            return 1 << code if code < 128 else _OTHER
        # Some letters beyond ASCII fold into it: the Kelvin sign is a k.
        found = _OTHER
        for char in {chr(code), chr(code).lower(), chr(code).upper()}:
            if len(char) == 1 and ord(char) < 128:
                found |= 1 << ord(char)
        return found


def _category(value: Any) -> int:
    test, beyond = _CATEGORIES[_OPPOSITES.get(value, value)]
    found = beyond | sum(1 << code for code in range(128) if test(chr(code)))
    return _ALL & ~found if value in _OPPOSITES else found


_CATEGORIES: Final[dict[Any, tuple[Callable[[str], bool], int]]] = {
    sre.CATEGORY_DIGIT: (str.isdecimal, _DIGITS),
    sre.CATEGORY_SPACE: (str.isspace, _SPACES),
    sre.CATEGORY_WORD: (lambda char: char.isalnum() or char == "_", _DIGITS | _LETTERS),
}
_OPPOSITES: Final[dict[Any, Any]] = {
    sre.CATEGORY_NOT_DIGIT: sre.CATEGORY_DIGIT,
    sre.CATEGORY_NOT_SPACE: sre.CATEGORY_SPACE,
    sre.CATEGORY_NOT_WORD: sre.CATEGORY_WORD,
}
