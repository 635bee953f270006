"""What a provider answered, and how to find things in it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, Final

NOTHING: Final = object()
"""What a path leads to where it leads nowhere; JSON's null is a value."""

_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[\*\]")
_HTML: Final = re.compile(r"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_MARKUP: Final = re.compile(r"<(?:!doctype|html|head|body|title|form|div|script|meta|h1)\b", re.IGNORECASE)

RETRY_AFTER_MAX_S: Final = 3600.0
"""A provider that wants longer is asked again after an hour: its clock may be wrong."""


@dataclass(frozen=True)
class Answer:
    """One answer, its body bounded. Not slotted: what is found in it once is kept."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    charset: str = "utf-8"
    truncated: bool = False
    """The body was longer than it may be and has been cut off: nothing in it can be trusted."""

    @cached_property
    def text(self) -> str:
        return self.body.decode(self.charset, "replace").strip().removeprefix("\ufeff")

    @cached_property
    def json(self) -> Any:
        """The parsed body, `NOTHING` where it is no JSON."""
        if self.truncated:
            return NOTHING
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return NOTHING

    @property
    def html(self) -> bool:
        """A page for people: whatever it says, no API answered. The content decides: plain `OK` as text/html is common
        (ASP, PHP)."""
        text = self.text[:4096]
        typed = "html" in self.headers.get("content-type", "").lower()
        return _HTML.match(text) is not None or (typed and _MARKUP.search(text) is not None)

    def retry_after_s(self, now: float) -> float | None:
        """`Retry-After` in seconds from `now` (Unix time), RFC 9110 §10.2.3; None where there is none to be read."""
        said = self.headers.get("retry-after", "").strip()
        if not said:
            return None
        try:
            seconds = float(said) if said.isdecimal() else parsedate_to_datetime(said).timestamp() - now
        except (ValueError, OverflowError):
            return None
        return min(max(seconds, 0.0), RETRY_AFTER_MAX_S)


@dataclass(frozen=True, slots=True)
class Path:
    """A way into JSON: `$.data.messages[0].id`; `[*]` goes to the first entry that leads on."""

    steps: tuple[str | int, ...]

    @classmethod
    def parse(cls, text: str) -> Path:
        """Raises ValueError."""
        if not text.startswith("$"):
            raise ValueError(f"a JSON path begins with $: {text!r}")
        steps: list[str | int] = []
        end = 1
        for match in _STEP.finditer(text):
            if match.start() != end:
                break
            end = match.end()
            steps.append(match[1] if match[1] is not None else -1 if match[2] is None else int(match[2]))
        if end != len(text):
            raise ValueError(f"no JSON path: {text!r} (as in $.data.messages[0].id)")
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
    """A JSON value as a rule or a person compares it: `true`, `null`, `12`, plain text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds one value in an answer: by a JSON path (`$…`), else by a pattern whose first group (or whole) it is."""

    path: Path | None = None
    pattern: re.Pattern[str] | None = None

    @classmethod
    def parse(cls, text: str) -> Finder:
        """Raises ValueError (`re.error` is one)."""
        return cls(path=Path.parse(text)) if text.startswith("$") else cls(pattern=_pattern(text))

    def find(self, answer: Answer) -> str | None:
        if self.path is not None:
            return self.find_in(answer.json)
        assert self.pattern is not None
        match = None if answer.html else self.pattern.search(answer.text)
        return None if match is None else (match[1] if self.pattern.groups else match[0])

    def find_in(self, value: Any) -> str | None:
        """The same in a value already at hand (a row of a list); None for nothing and for null."""
        if self.path is None:
            match = self.pattern.search(said(value)) if self.pattern is not None else None
            return None if match is None else match[0]
        found = self.path.find(value)
        return None if found is NOTHING or found is None else said(found)


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text, re.DOTALL)
    except re.error as error:
        raise ValueError(f"no pattern: {text!r}: {error}") from None


@dataclass(frozen=True, slots=True)
class Request:
    """What goes out. `masked` is the same with every secret replaced: the only form that a person or a log sees."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
