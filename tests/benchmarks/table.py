"""The table: on the terminal for people, as JSON for machines, as Markdown for docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.figure import Figure, Result, shown

WORDS = {True: "met", False: "missed", None: ""}
STYLES = {True: "green", False: "bold red", None: "dim"}


def print_table(results: Iterable[Result], console: Console) -> None:
    table = Table(header_style="bold", show_edge=False)
    for heading in ("measure", "target", "measured", "", "best peer", "better by"):
        table.add_column(heading, justify="left" if heading in {"measure", ""} else "right")
    for result in results:
        for figure in result.figures:
            style = STYLES[figure.met]
            table.add_row(*_cells(figure), style=style if figure.met is not True else "")
        if result.error:
            table.add_row(result.title, "", "[bold red]failed[/]", result.error.splitlines()[0][:60], "", "")
    console.print(table)
    for result in results:
        if result.conditions:
            said = ", ".join(f"{name} {shown(value)}" for name, value in result.conditions.items())
            console.print(f"{result.row}: {said}", style="dim", highlight=False)


def markdown(results: Iterable[Result]) -> Iterator[str]:
    """Rows of the document's table."""
    yield "| measure | target | measured | | best peer | better by |"
    yield "|---|---:|---:|---|---:|---:|"
    for result in results:
        for figure in result.figures:
            yield f"| {' | '.join(_cells(figure))} |"
        if result.error:
            yield f"| {result.title} | | failed | {result.error.splitlines()[0]} | | |"


def _cells(figure: Figure) -> list[str]:
    sense = {">=": "≥", "<=": "≤"}[figure.sense]
    unit = figure.unit if figure.unit.startswith("%") else f" {figure.unit}"
    measured = f"{shown(figure.value)}{unit}"
    if len(figure.runs) > 1:
        measured += f" ({shown(min(figure.runs))}–{shown(max(figure.runs))})"
    return [
        figure.name.strip() if figure.target is not None else f"  {figure.name.strip()}",
        f"{sense} {shown(figure.target)}" if figure.target is not None else "",
        measured,
        WORDS[figure.met],
        f"{shown(figure.peer)} ({figure.peer_name})" if figure.peer is not None else "",
        f"{shown(figure.ratio)} ×" if figure.ratio is not None else "",
    ]


def document(results: Iterable[Result], machine: dict[str, Any], began: str) -> dict[str, Any]:
    return {"began": began, "machine": machine, "results": [result.document() for result in results]}
