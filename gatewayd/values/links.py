"""Links of an HTML text that values stand in: where a value may lead, and where one may stand. Pure."""

from __future__ import annotations

import re
from html import unescape
from typing import Final

_ATTRIBUTE: Final = re.compile(
    r"""\b(?:href|src|action|formaction|background|poster|data|cite|xlink:href)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""",
    re.IGNORECASE,
)
_GOOD: Final = re.compile(r"(?:https?://|mailto:|tel:|cid:|#|%)", re.IGNORECASE)
"""What an address may begin with; a percent sign begins a variable, whose value is looked at when it is known."""
_UNSEEN: Final = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028\u2029\ufeff]+")
_BARE: Final = re.compile(r"""<[A-Za-z](?:[^<>"']|"[^"]*"|'[^']*')*?\s[\w:-]+\s*=\s*%[^%<>\s"']{1,200}%""")
"""A tag with a variable as an attribute that is not in quotes: its value could be further attributes."""
_OPEN: Final = re.compile(
    r"""\b(?:href|src|action|formaction|background|poster|data|cite|xlink:href)\s*=\s*["']?\s*%""", re.IGNORECASE
)


def strays(html: str) -> list[str]:
    """Returns addresses of a text that lead elsewhere than to a page, a mail, a telephone or a picture of its own."""
    found = []
    for match in _ATTRIBUTE.finditer(html):
        address = _UNSEEN.sub("", unescape(next(group for group in match.groups() if group is not None)))
        if address and not _GOOD.match(address):
            found.append(address[:60])
    return found


def bare(html: str) -> str | None:
    """Returns a tag in which a variable stands as an attribute without quotes; None where none does."""
    match = _BARE.search(html)
    return None if match is None else match[0][:60]


def begins_with_value(html: str) -> bool:
    """Returns whether some link begins with a variable, so that its value decides where it leads."""
    return _OPEN.search(html) is not None
