"""The rows of a list on their way out: as wide as the header, not more nor fewer than there should be, and no
exporter's last words among them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from spool.errors import JobFileError, operating_system
from spool.lists.cells import is_address_like, shown
from spool.lists.rows import SHORT, Prefix
from spool.lists.shape import Shape

_LAST_WORDS = (
    "<", "php fatal", "php warning", "php notice", "php parse", "fatal error", "warning:", "notice:", "error ",
    "error:", "traceback", "exception", "ora-", "msg ", "sqlstate", "mysql", "504 ", "502 ", "500 ", "gateway time",
    "{\"", "uncaught", "timeout", "maximum execution", "allowed memory", "lost connection", "at line ",
)  # fmt: skip
"""How what a program writes when it fails begins."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the rows of a list are held to."""

    file: str
    limit: int
    expected: int | None = None
    is_text: bool = True


def checked(prefix: Prefix, line: int | None, shape: Shape, bounds: Bounds) -> Iterator[list[str]]:
    """Yields the rows below the header. One with more cells than columns is ragged: nobody knows which cell is which.

    JobFileError at the row that shows that the list is cut, or too long; at the end where it is not the one expected.
    """
    file, width, sealed, guarded = bounds.file, shape.width, shape.sealed, shape.guarded
    watched = bounds.is_text and width == 1
    plain = not (watched or sealed or guarded)
    number, limit = 0, bounds.limit
    rest = prefix.rest
    try:
        with operating_system(file):
            for number, row in enumerate(prefix.below(line), 1):
                if number > limit:
                    raise JobFileError("too_large", "too_many_rows", file=file, limit=limit)
                if len(row) != width:
                    _fit(row, shape, bounds, rest.line)
                elif plain:
                    yield row
                    continue
                elif watched and _is_last_word(row):
                    raise _interrupted(file, rest.line, row[0])
                if sealed and any(row[place] for place in sealed):
                    row.append("")
                for place in guarded:
                    if row[place][:1] == "'":
                        row[place] = row[place][1:].lstrip()
                yield row
    finally:
        prefix.close()
    if bounds.expected is not None and number != bounds.expected:
        raise JobFileError(
            "recipients_mismatch",
            "mismatch_rows",
            file=file,
            field="recipients_rows",
            told=bounds.expected,
            found=number,
        )


def _fit(row: list[str], shape: Shape, bounds: Bounds, line: int) -> None:
    """Fills a short row up and marks it where a cell is lost; cuts off what all rows have too much."""
    width, excess = shape.width, shape.excess
    if len(row) > width:
        if excess and len(row) == width + excess and not any(row[width:]):
            del row[width:]
        return
    if bounds.is_text and _is_last_word(row):
        raise _interrupted(bounds.file, line, row[0])
    lost = bounds.is_text and shape.has_lost(row)
    row.extend([""] * (width - len(row)))
    if lost:
        row.append(SHORT)


def _is_last_word(row: list[str]) -> bool:
    """Returns whether a row that is too short is what a program said when it failed, and no recipient."""
    first = row[0]
    if first[:1].isdigit() and is_address_like(first):
        return False
    if first[:40].lower().startswith(_LAST_WORDS):
        return True
    # A single cell in a list of several columns is a number or nothing.
    return len(row) == 1 and not is_address_like(first) and not any(letter.isdigit() for letter in first[:1])


def _interrupted(file: str, line: int, cell: str) -> JobFileError:
    return JobFileError("recipients_unreadable", "recipients_interrupted", file=file, line=line, text=shown(cell))
