"""What commands print: one JSON document for programs, tables for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import click

from gatewayd.cli.session import Pages
from gatewayd.values.visible import escaped, visible, visible_lines
from gatewayd.words.translation import gettext as _
from gatewayd.words.translation import ngettext

F = TypeVar("F", bound=Callable[..., Any])

WIDE: Final = 240
"""Columns where no terminal tells: a table in a file or a pipe is not folded."""
BETWEEN: Final = 3
"""Cells between two columns."""
SHOWN: Final = 50
"""Rows of a table where no limit is asked for: a screen or two."""


def json_option(command: F) -> F:
    """`--json`, as the argument `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help=_("Print one JSON document."))(command)


def page_options(command: F) -> F:
    """`--limit` and `--cursor` of a list."""
    command = click.option("--cursor", help=_("Continue an earlier list from its `next`."))(command)
    help_text = _("At most this many (tables: 50 by default; JSON: all).")
    return click.option("--limit", type=click.IntRange(min=1), metavar="N", help=help_text)(command)


def emit(document: Any) -> None:
    """One JSON document on one line."""
    print(_json(document))


def say(text: str, *, error: bool = False) -> None:
    """Words for a person, whoever wrote the names in them."""
    print(visible_lines(text), file=sys.stderr if error else sys.stdout)


def _json(document: Any) -> str:
    return escaped(json.dumps(document, ensure_ascii=False))


def emit_list(pages: Pages) -> None:
    """`{"items": […], "next": …}`, written as it comes: a job may have a million messages."""
    opening = '{"items": ['
    for item in pages:
        sys.stdout.write(opening + _json(item))
        opening = ",\n"
    # Nothing was written of an empty list, nor of one whose first page failed.
    sys.stdout.write(('{"items": [' if opening != ",\n" else "") + f'], "next": {json.dumps(pages.next)}}}\n')


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    right: Sequence[int] = (),
    spare: Sequence[int] = (),
) -> None:
    """A table; columns in `right` are flush right. None is an empty cell.

    On a terminal too narrow for all of it, columns go in the order of `spare` before any cell is folded.
    """
    from rich.box import SIMPLE_HEAD
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    console = _console()
    cells = [["" if cell is None else visible(str(cell)) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(headings, *cells, strict=True)]
    shown = list(range(len(headings)))
    for place in spare:
        if sum(widths[each] for each in shown) + BETWEEN * (len(shown) - 1) <= console.width:
            break
        shown.remove(place)
    grid = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for place in shown:
        grid.add_column(headings[place], justify="right" if place in right else "left", overflow="fold")
    for row in cells:
        grid.add_row(*[Text(row[place]) for place in shown])
    console.print(grid)


def record(pairs: Iterable[tuple[str, object]]) -> None:
    """One thing, a line a field; fields without a value are left out."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    for name, value in pairs:
        if value is not None and value != "":
            grid.add_row(Text(name, style="bold"), Text(visible_lines(str(value))))
    _console().print(grid)


def _console() -> Any:
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else WIDE, highlight=False)


def shown_list(
    pages: Pages,
    headings: Sequence[str],
    row: Callable[[Mapping[str, Any]], Sequence[object]],
    right: Sequence[int] = (),
    spare: Sequence[int] = (),
) -> None:
    """A list as a table, and how to see the rest of it."""
    table(headings, [row(item) for item in pages], right=right, spare=spare)
    if pages.next is not None:
        print(_("There is more: --cursor {cursor}, or --limit N.").format(cursor=pages.next))


def local(at: str | None, zone: ZoneInfo) -> str | None:
    """A time of a JSON document as people of that zone write it."""
    return None if at is None else f"{datetime.fromisoformat(at).astimezone(zone):%Y-%m-%d %H:%M:%S}"


def counted(number: int, one: str, many: str, **others: object) -> str:
    """Returns the form for that number, `{n}`; `others` are what else stands in it."""
    return ngettext(one, many, number).format(n=number, **others)
