"""What was measured, as a file: JSON between runs, and the table of docs/benchmarks.md made from it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.figure import Figure, Result
from tests.benchmarks.table import HEADINGS, cells

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
CONDITIONS = {
    "at": "measured at",
    "seconds": "took, s",
    "load": "load average",
    "busy_cores": "cores busy",
    "sync_ms": "fdatasync, ms",
    "sync_worst_ms": "slowest of 50",
}


def save(path: Path, results: Iterable[Result], machine: dict[str, Any]) -> None:
    document = {"machine": machine, "results": [_document(result) for result in results]}
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1))


def load(path: Path) -> tuple[list[Result], dict[str, Any]]:
    """Results of earlier runs, and the machine of the last; nothing where there is no such file."""
    if not path.exists():
        return [], {}
    document = json.loads(path.read_text())
    return [_result(each) for each in document["results"]], document["machine"]


def merged(earlier: Sequence[Result], fresh: Sequence[Result], order: Sequence[str]) -> list[Result]:
    """Rows that were measured again in place of what they were, in the order of the table."""
    by_row = {result.row: result for result in (*earlier, *fresh)}
    return [by_row[row] for row in order if row in by_row]


def _document(result: Result) -> dict[str, Any]:
    names = ("row", "title", "conditions", "error")
    return {name: getattr(result, name) for name in names} | {"figures": [each.document() for each in result.figures]}


def _result(document: dict[str, Any]) -> Result:
    figures = [Figure.of(each) for each in document["figures"]]
    return Result(document["row"], document["title"], figures, document["conditions"], document["error"])


# --------------------------------------------------------------------------------------------------------- as Markdown


def publish(path: Path, results: Sequence[Result], machine: dict[str, Any]) -> None:
    """Puts the figures between the two marks of the page."""
    before, found, rest = path.read_text().partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (found and ended):
        raise ValueError(f"{path} has no marks {BEGIN} … {END}")
    lines = [BEGIN, "", *_figures(results), "", *_conditions(results, machine), "", END]
    path.write_text(before + "\n".join(lines) + after)


def _figures(results: Iterable[Result]) -> Iterator[str]:
    yield f"| {' | '.join(HEADINGS)} |"
    yield "|---|--:|--:|---|--:|--:|"
    for result in results:
        for figure in result.figures:
            row = cells(figure)
            row[0] = row[0] if figure.target is not None else f"*{row[0].strip()}*"
            yield f"| {' | '.join(row)} |"
        if result.error:
            yield f"| {result.title} | | failed | {result.error.splitlines()[0]} | | |"


def _conditions(results: Iterable[Result], machine: dict[str, Any]) -> Iterator[str]:
    yield (
        f"Machine: {machine['cores']} cores, {machine['memory_mb'] / 1024:.0f} GB, Linux {machine['kernel']}, Python "
        f"{machine['python']}. What it did meanwhile, our own work and the simulator's included, and its disk before:"
    )
    yield ""
    yield f"| row | {' | '.join(CONDITIONS.values())} |"
    yield f"|---|{'--:|' * len(CONDITIONS)}"
    for result in results:
        values = (str(result.conditions.get(name, "")) for name in CONDITIONS)
        yield f"| {result.row} | {' | '.join(values)} |"
