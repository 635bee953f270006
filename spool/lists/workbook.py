"""Which sheet of a workbook is the list: the only one that can be, or the one that the job names."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from spool.errors import JobFileError
from spool.lists.header import Header
from spool.lists.instructions import Instructions
from spool.lists.rows import Prefix
from spool.lists.sheets import Book, Sheet, SheetRows

_NAMED: Final = 20
"""Sheets that a refusal names."""


@dataclass(frozen=True, slots=True)
class Found:
    """The sheet that is the list, its first rows and its header."""

    rows: SheetRows
    prefix: Prefix
    header: Header
    others: tuple[str, ...]
    """Sheets that have rows and are no lists."""


def find_sheet(book: Book, file: str, said: Instructions, judge: Callable[[Prefix], Header]) -> Found:
    """Returns the sheet that is the list. `judge` finds the header of its first rows, or raises JobFileError.

    JobFileError `recipients_ambiguous` where several sheets may be meant, or the only one hides rows.
    """
    filled: list[str] = []
    lists: list[str] = []
    found: Found | None = None
    refusal: JobFileError | None = None
    for sheet in _visible(book, file, said):
        rows = book.rows(sheet, mark=said.hidden_rows != "send")
        prefix = Prefix.of(rows)
        if not prefix.rows:
            continue
        filled.append(sheet.name)
        try:
            header = judge(prefix)
        except JobFileError as error:
            refusal = refusal or error
            if error.code == "recipients_ambiguous":
                lists.append(sheet.name)
            continue
        lists.append(sheet.name)
        # Where there are two, neither is sent: the rows of the first need not be kept.
        found = Found(rows, prefix, header, ()) if len(lists) == 1 else None
    if len(lists) > 1:
        raise JobFileError(
            "recipients_ambiguous",
            "sheets_several",
            file=file,
            field="sheet",
            sheets=", ".join(lists[:_NAMED]),
        )
    if found is None:
        if refusal is None:
            raise JobFileError("recipients_unreadable", "recipients_empty", file=file)
        raise refusal if len(filled) == 1 or refusal.code != "recipients_unreadable" else _none_of(filled, refusal)
    found.rows.check()
    _refuse_hidden(found, file, said)
    others = tuple(name for name in filled if name != found.rows.sheet.name)
    return Found(found.rows, found.prefix, found.header, others)


def hidden_below(found: Found) -> frozenset[int]:
    """Returns the hidden rows that would be recipients."""
    line = found.header.line or 0
    return frozenset(row for row in found.rows.hidden if row > line)


def _visible(book: Book, file: str, said: Instructions) -> list[Sheet]:
    visible = book.sheets()
    if said.sheet is None:
        return visible
    named = [sheet for sheet in visible if _same(sheet.name, said.sheet)]
    if not named:
        names = ", ".join(sheet.name for sheet in visible[:_NAMED])
        raise JobFileError("value_invalid", "sheet_missing", file=file, field="sheet", name=said.sheet, sheets=names)
    return named[:1]


def _same(a: str, b: str) -> bool:
    return unicodedata.normalize("NFKC", a).strip().casefold() == unicodedata.normalize("NFKC", b).strip().casefold()


def _none_of(sheets: list[str], refusal: JobFileError) -> JobFileError:
    """Returns the refusal of a workbook of several sheets, none of which is a list."""
    return JobFileError(
        refusal.code,
        "sheets_none",
        file=refusal.file,
        field="sheet",
        sheets=", ".join(sheets[:_NAMED]),
        sheet=sheets[0],
        columns=refusal.values.get("columns", ""),
    )


def _refuse_hidden(found: Found, file: str, said: Instructions) -> None:
    hidden = hidden_below(found)
    if hidden and said.hidden_rows is None:
        raise JobFileError(
            "recipients_ambiguous",
            "rows_hidden",
            file=file,
            line=min(hidden),
            field="hidden_rows",
            count=len(hidden),
            sheet=found.rows.sheet.name,
        )
