"""Which rows a sheet hides, found in its XML as it passes by: the library that reads cells does not say.

A row is hidden by hand, by a filter, by a group that is folded, or by a height of nothing. Rows count from 1. Every
pattern stops at the next tag, so that it is linear on any bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

Span = tuple[int, int]
"""First and last row."""

SPANS_LIMIT: Final = 1_100_000
"""Spans that are kept for a sheet: one for each row that there may be."""

_KEPT: Final = 4 << 20
"""Bytes that may be carried over between two chunks; no row is longer but one that means harm."""

_ROW: Final = re.compile(rb"<(?:\w{1,20}:)?row(?=[\s/>])([^<>]*)>")
_NUMBER: Final = re.compile(rb"""\br\s{0,3}=\s{0,3}["'](\d{1,8})["']""")
_HIDES: Final = re.compile(
    rb"""\bhidden\s{0,3}=\s{0,3}["'](?:1|true|on)["']|\bht\s{0,3}=\s{0,3}["']0{1,9}(?:\.0{0,9})?["']"""
)
_USUAL_INDEX: Final = re.compile(rb't="s"><v>\d{1,9}</v>')
_WRONG_INDEX: Final = re.compile(
    rb"""<(?:\w{1,20}:)?c(?=\s)[^<>]*\bt\s{0,3}=\s{0,3}["']s["'][^<>]*>"""
    rb"""\s{0,9}(?:<(?:\w{1,20}:)?f\b[^<>]*(?:/>|>[^<]{0,9999}</[^<>]{1,30}>)\s{0,9})?<(?:\w{1,20}:)?v(?:\s[^<>]*)?>"""
    rb"""(?!\d{0,9}</)"""
)

_TABLE: Final = re.compile(rb"<(/?)table:(table|table-row|table-row-group)(?=[\s/>])([^<>]*)>")
_REPEATED: Final = re.compile(rb"""table:number-rows-repeated\s{0,3}=\s{0,3}["'](\d{1,8})["']""")
_INVISIBLE: Final = re.compile(rb"""table:visibility\s{0,3}=\s{0,3}["'](?:collapse|filter)["']""")
_FOLDED: Final = re.compile(rb"""table:display\s{0,3}=\s{0,3}["']false["']""")
_STYLE_USED: Final = re.compile(rb"""table:style-name\s{0,3}=\s{0,3}["']([^"'<>]{1,200})["']""")
_ROW_STYLE: Final = re.compile(rb"""<style:style(?=\s)([^<>]*)>\s{0,9}<style:table-row-properties(?=\s)([^<>]*)>""")
_STYLE_NAME: Final = re.compile(rb"""style:name\s{0,3}=\s{0,3}["']([^"'<>]{1,200})["']""")
_NO_HEIGHT: Final = re.compile(rb"""style:row-height\s{0,3}=\s{0,3}["']0{1,9}(?:\.0{0,9})?[a-z]{0,3}["']""")


class Worksheet:
    """A worksheet of XLSX, fed chunk by chunk."""

    def __init__(self) -> None:
        self.hidden: list[Span] = []
        self.damaged = False
        """Some cell points into the table of texts by something that is no index."""
        self._row = 0
        self._rest = b""

    def feed(self, chunk: bytes) -> None:
        data = self._rest + chunk
        cut = max(data.rfind(b"</row>"), data.rfind(b":row>"))
        if cut < 0 and len(data) < _KEPT:
            self._rest = data
            return
        cut = len(data) if cut < 0 else cut + 5
        self._look(data[:cut])
        self._rest = data[cut:]

    def close(self) -> None:
        self._look(self._rest)
        self._rest = b""

    def _look(self, data: bytes) -> None:
        if not self.damaged and len(_USUAL_INDEX.findall(data)) != data.count(b'"s"') + data.count(b"'s'"):
            self.damaged = _WRONG_INDEX.search(data) is not None
        if b"hidden" not in data and b"ht=" not in data:
            # No row of these is hidden; only the number of the last one matters to those that bear none.
            at = max(data.rfind(b"<row "), data.rfind(b":row "))
            number = _NUMBER.search(data, at, max(at, data.find(b">", at))) if at >= 0 else None
            self._row = int(number[1]) if number else self._row + len(_ROW.findall(data))
            return
        for match in _ROW.finditer(data):
            number = _NUMBER.search(match[1])
            self._row = int(number[1]) if number else self._row + 1
            if _HIDES.search(match[1]):
                add(self.hidden, self._row, self._row)


class Spreadsheet:
    """The content of an ODS, fed chunk by chunk: `hidden` has the spans of each of its sheets."""

    def __init__(self) -> None:
        self.hidden: list[list[Span]] = []
        self._flat: set[bytes] = set()
        self._row = 0
        self._depth = 0
        self._folded: list[bool] = []
        self._rest = b""

    def feed(self, chunk: bytes) -> None:
        data = self._rest + chunk
        cut = data.rfind(b">") + 1
        if not self.hidden and b"<table:table" not in data and len(data) < _KEPT:
            self._rest = data  # the styles, of which one may be in two tags
            return
        if not cut and len(data) < _KEPT:
            self._rest = data
            return
        cut = cut or len(data)
        self._look(data[:cut])
        self._rest = data[cut:]

    def close(self) -> None:
        self._look(self._rest)
        self._rest = b""

    def _look(self, data: bytes) -> None:
        if not self.hidden:
            for style in _ROW_STYLE.finditer(data):
                if _NO_HEIGHT.search(style[2]) and (name := _STYLE_NAME.search(style[1])):
                    self._flat.add(name[1])
        for match in _TABLE.finditer(data):
            closing, kind, attributes = match[1], match[2], match[3]
            if kind == b"table":
                self._table(bool(closing), attributes.endswith(b"/"))
            elif kind == b"table-row-group":
                if closing:
                    del self._folded[-1:]
                elif not attributes.endswith(b"/"):
                    self._folded.append(_FOLDED.search(attributes) is not None)
            elif not closing and self._depth == 1:
                self._rows(attributes)

    def _table(self, closing: bool, empty: bool) -> None:
        if closing:
            self._depth = max(0, self._depth - 1)
            return
        if not self._depth:
            self.hidden.append([])
            self._row, self._folded = 0, []
        if not empty:
            self._depth += 1

    def _rows(self, attributes: bytes) -> None:
        repeated = _REPEATED.search(attributes)
        first, self._row = self._row + 1, self._row + (int(repeated[1]) if repeated else 1)
        hides = any(self._folded) or _INVISIBLE.search(attributes) is not None
        if not hides and self._flat:
            style = _STYLE_USED.search(attributes)
            hides = style is not None and style[1] in self._flat
        if hides:
            add(self.hidden[-1], first, self._row)


def add(spans: list[Span], first: int, last: int) -> None:
    """Adds rows to spans, joined to the last one where they follow it."""
    if spans and spans[-1][1] + 1 == first:
        spans[-1] = (spans[-1][0], last)
    elif len(spans) < SPANS_LIMIT:
        spans.append((first, last))


def rows_of(spans: Iterable[Span], height: int) -> frozenset[int]:
    """Returns the rows of some spans, as far as the sheet goes."""
    return frozenset(row for first, last in spans for row in range(first, min(last, height) + 1))
