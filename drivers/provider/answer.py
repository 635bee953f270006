"""How to find things in what a provider answered. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from drivers.base import spoken
from drivers.http.answer import NOTHING, Answer
from drivers.http.pattern import Pattern, PatternError
from drivers.provider.grammar import GrammarError

NO_PATTERN: Final = spoken("{pattern} is not a usable pattern ({fault})")
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d{1,9})\]|\[\*\]")


@dataclass(frozen=True, slots=True)
class Path:
    """A way into JSON: `$.data.messages[0].id`; `[*]` goes to the first entry that leads on."""

    steps: tuple[str | int, ...]

    @classmethod
    def parse(cls, text: str) -> Path:
        """Raises `GrammarError`."""
        if not text.startswith("$"):
            raise GrammarError(spoken("a JSON path begins with $, unlike {path}"), path=repr(text))
        steps: list[str | int] = []
        end = 1
        for match in _STEP.finditer(text):
            if match.start() != end:
                break
            end = match.end()
            steps.append(match[1] if match[1] is not None else -1 if match[2] is None else int(match[2]))
        if end != len(text):
            raise GrammarError(spoken("{path} is not a JSON path such as $.data.messages[0].id"), path=repr(text))
        return cls(tuple(steps))

    def find(self, value: Any) -> Any:
        return _walk(value, self.steps)


def _walk(value: Any, steps: tuple[str | int, ...]) -> Any:
    for place, step in enumerate(steps):
        if step == -1:
            found = (_walk(each, steps[place + 1 :]) for each in value) if isinstance(value, list) else ()
            return next((each for each in found if each is not NOTHING), NOTHING)
        if isinstance(value, dict):
            if step not in value:
                return NOTHING
            value = value[step]
        elif isinstance(value, list) and isinstance(step, int):
            if step >= len(value):
                return NOTHING
            value = value[step]
        else:
            return NOTHING
    return value


def said(value: Any) -> str:
    """Returns a JSON value as a rule or a person compares it: `true`, `null`, `12`, plain text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds one value in an answer: by a JSON path (`$…`), else by a pattern whose first group (or whole) it is."""

    path: Path | None = None
    pattern: Pattern | None = None

    @classmethod
    def parse(cls, text: str) -> Finder:
        """Raises `GrammarError`."""
        return cls(path=Path.parse(text)) if text.startswith("$") else cls(pattern=pattern(text))

    def find(self, answer: Answer) -> str | None:
        if self.path is not None:
            return self.find_in(answer.json)
        assert self.pattern is not None
        return None if answer.html else self.pattern.find(answer.text)

    def find_in(self, value: Any) -> str | None:
        """Returns the same in a value already at hand (a row of a list); None for nothing and for null."""
        if self.path is None:
            return None if self.pattern is None else self.pattern.find(said(value))
        found = self.path.find(value)
        return None if found is NOTHING or found is None else said(found)


def pattern(text: str) -> Pattern:
    """Compiles a pattern of the configuration; raises `GrammarError`."""
    try:
        return Pattern.parse(text)
    except PatternError as error:
        raise GrammarError(NO_PATTERN, pattern=repr(text), fault=str(error)) from None
