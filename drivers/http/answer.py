"""What is asked of a service, and what it answered. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlsplit

from drivers.http.charset import decoded

NOTHING: Final = object()
"""The value of what is not there; JSON's null is a value."""

_PAGE: Final = re.compile(r"<(?:!doctype\s{1,9}html|html|head|body)\b", re.IGNORECASE)
_MARKUP: Final = re.compile(r"<(?:!doctype|html|head|body|title|form|div|script|meta|h1)\b", re.IGNORECASE)

_LOOKED_AT: Final = 4096
"""Characters in which a page for people shows what it is."""
_NOT_SHOWN: Final = (("<!--", "-->"), ("<?", "?>"))
"""Begin and end of what may stand before a page's first element: comments, the XML declaration."""

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
    charset: str = ""
    """As the answer names it; empty where it does not."""
    truncated: bool = False
    """The body has been cut off, or is packed in a way that was not asked for: nothing in it can be trusted."""
    configured: str = "cp1252"
    """The charset of a body that is no UTF-8 and names none."""
    url: str = ""
    """Where the request went."""

    @cached_property
    def text(self) -> str:
        return decoded(self.body, self.charset, self.configured).strip().removeprefix("\ufeff")

    @cached_property
    def json(self) -> Any:
        """The parsed body, `NOTHING` where it is no JSON. UTF-8 first, as JSON has to be (RFC 8259 §8.1)."""
        if self.truncated:
            return NOTHING
        try:
            return json.loads(self.body)
        except UnicodeDecodeError:
            pass
        except (ValueError, RecursionError):
            return NOTHING
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            return NOTHING

    @property
    def html(self) -> bool:
        """A page for people: whatever it says, no API answered. The content decides: plain `OK` as text/html is common
        (ASP, PHP)."""
        text = self.text[:_LOOKED_AT]
        typed = "html" in self.headers.get("content-type", "").lower()
        return _PAGE.match(text, _first_element(text)) is not None or (typed and _MARKUP.search(text) is not None)

    @property
    def upgraded(self) -> bool:
        """Whether it only sends us to https, at the same host and path: 301 and 308, which no script answers with
        after it has taken something (RFC 9110 §15.4.2, §15.4.9)."""
        if self.status not in (301, 308):
            return False
        try:
            asked, wanted = urlsplit(self.url), urlsplit(self.headers.get("location", ""))
        except ValueError:
            return False
        same = asked.hostname == wanted.hostname and asked.path.rstrip("/") == wanted.path.rstrip("/")
        return (asked.scheme, wanted.scheme) == ("http", "https") and same

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


def _first_element(text: str) -> int:
    """Returns where the first element begins, behind blanks, comments and declarations; each character once."""
    place = 0
    while True:
        while place < len(text) and text[place].isspace():
            place += 1
        for begin, end in _NOT_SHOWN:
            if text.startswith(begin, place):
                found = text.find(end, place + len(begin))
                if found < 0:
                    return len(text)
                place = found + len(end)
                break
        else:
            return place
