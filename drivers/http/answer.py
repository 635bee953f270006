"""What is asked of a service, and what it answered. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, Final

NOTHING: Final = object()
"""The value of what is not there; JSON's null is a value."""

_HTML: Final = re.compile(r"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_MARKUP: Final = re.compile(r"<(?:!doctype|html|head|body|title|form|div|script|meta|h1)\b", re.IGNORECASE)

RETRY_AFTER_MAX_S: Final = 3600.0
"""A service that wants longer is asked again after an hour: its clock may be wrong."""


@dataclass(frozen=True, slots=True)
class Request:
    """What goes out."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


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
