"""The table on the terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from tests.benchmarks.figure import Figure, Result, shown

HEADINGS = ("measure", "target", "measured", "", "best peer", "better by")
WORDS = {True: "met", False: "missed", None: ""}


def print_table(results: Iterable[Result], console: Console) -> None:
    results = list(results)
    table = Table(header_style="bold", show_edge=False)
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading in {"measure", ""} else "right")
    for result in results:
        for figure in result.figures:
            table.add_row(*cells(figure), style={True: "", False: "bold red", None: "dim"}[figure.met])
        if result.error:
            table.add_row(result.title, "", "failed", result.error.splitlines()[0][:60], style="bold red")
    console.print(table)
    for result in results:
        said = ", ".join(f"{name} {value}" for name, value in result.conditions.items())
        console.print(f"{result.row}: {said}", style="dim", highlight=False)


def cells(figure: Figure) -> list[str]:
    """In the order of `HEADINGS`; what is told beside the promises is set in."""
    sense = {">=": "≥", "<=": "≤"}[figure.sense]
    unit = figure.unit if figure.unit.startswith("%") else f" {figure.unit}"
    measured = f"{shown(figure.value)}{unit}"
    if len(figure.runs) > 1:
        measured += f" ({shown(min(figure.runs))}–{shown(max(figure.runs))})"
    return [
        figure.name if figure.target is not None else f"  {figure.name}",
        f"{sense} {shown(figure.target)}" if figure.target is not None else "",
        measured,
        WORDS[figure.met],
        f"{shown(figure.peer)} ({figure.peer_name})" if figure.peer is not None else "",
        f"{shown(figure.ratio)} ×" if figure.ratio is not None else "",
    ]
