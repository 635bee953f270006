"""HTML as lines of text, what it quotes marked by `>` as in plain mails. In linear time, never raises."""

from __future__ import annotations

import html
import re
from typing import Final

_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]{0,15})([^<>]*)>")
"""Ends at the next `<` at the latest, so that no octet is looked at twice."""
_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});?")
_BREAKS: Final = frozenset(
    {"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "blockquote", "hr", "table", "ul", "ol"}
)
_HIDDEN: Final = frozenset({"style", "script", "head", "title"})
_QUOTES: Final = frozenset({"blockquote"})
QUOTES_MAX: Final = 20


def plain(page: str) -> str:
    """Returns the text of a page."""
    page = _without_comments(page)
    words, position = _Words(), 0
    for tag in _TAG.finditer(page):
        words.text(page[position : tag.start()])
        words.tag(tag[2].lower(), closes=bool(tag[1]))
        position = tag.end()
    words.text(page[position:])
    return words.finished()


def _without_comments(page: str) -> str:
    kept, position = [], 0
    while (start := page.find("<!--", position)) >= 0:
        kept.append(page[position:start])
        end = page.find("-->", start + 4)
        if end < 0:
            return "".join(kept)
        position = end + 3
    return "".join([*kept, page[position:]])


class _Words:
    """Collects lines."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._hidden = ""
        self._quoted = 0

    def text(self, piece: str) -> None:
        if self._hidden or not piece:
            return
        words = " ".join(_ENTITY.sub(_character, piece).split())
        if words:
            before = " " if piece[0].isspace() and self._line else ""
            self._line.append(before + words + (" " if piece[-1].isspace() else ""))
        elif self._line:
            self._line.append(" ")

    def tag(self, name: str, *, closes: bool) -> None:
        if self._hidden:
            if closes and name == self._hidden:
                self._hidden = ""
            return
        if name in _HIDDEN:
            self._hidden = "" if closes else name
            return
        if name in _BREAKS:
            self._break()
        if name in _QUOTES:
            self._quoted = max(self._quoted - 1, 0) if closes else min(self._quoted + 1, QUOTES_MAX)

    def _break(self) -> None:
        line = " ".join("".join(self._line).split())
        self._line.clear()
        if line or (self._lines and self._lines[-1]):
            self._lines.append("> " * self._quoted + line if line else "")

    def finished(self) -> str:
        self._break()
        return "\n".join(self._lines).strip("\n")


def _character(entity: re.Match[str]) -> str:
    return html.unescape(entity[0])
