"""A sheet as the worker reads it: judged as lists of jobs are, its rows in portions, those refused kept for a sheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final, cast

from gatewayd.billing.fields import Kind
from gatewayd.billing.lines import BillLines
from gatewayd.billing.portion import BillPortion
from gatewayd.customers.faults import sentence
from gatewayd.customers.portion import Portion, rows_of
from gatewayd.imports import bills
from gatewayd.imports.mapping import REASON_HEAD, ROW_HEAD, columns_of, guess, header_key
from gatewayd.imports.rows import House, Issue, Rows
from gatewayd.numbers import Numbers, Policy
from gatewayd.words.translation import gettext as _
from gatewayd.workers.sheets import CsvSheet, Sheet, XlsxSheet
from spool.lists.instructions import Instructions
from spool.lists.judge import Opened, Task, judge
from spool.lists.judgement import Judgement
from spool.lists.people import PEOPLE

EXAMPLES: Final = 5
CUSTOMERS: Final = "customers"
"""What the rows of a sheet are where nobody says it."""
ROWS_AT_ONCE: Final = 1_000
EXAMPLE_LONGEST: Final = 120
BACK: Final = frozenset({"row_repeated", "row_merged"})
"""Of repeated rows, those that say something that is lost: they come back with the refused ones."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a sheet."""

    last: int
    """The row of the sheet that they end with."""
    count: int
    portion: Portion | BillPortion | BillLines | None
    issues: list[Issue]


def instructions(reading: Mapping[str, Any]) -> Instructions:
    """Returns how a sheet is to be read, as a person says it."""
    return Instructions(
        sheet=reading.get("sheet"),
        header_row=reading.get("header_row"),
        hidden_rows=reading.get("hidden_rows"),
        encoding=reading.get("encoding"),
    )


class SheetReader:
    """One sheet, read once. JobFileError where it cannot be."""

    def __init__(self, path: Path, file: str, reading: Mapping[str, Any], kind: str = CUSTOMERS) -> None:
        self.kind = kind
        self.judgement: Judgement
        self._opened: Opened
        self.judgement, self._opened = judge(path, Task(file, PEOPLE, said=instructions(reading)))
        self.headers = self.judgement.headers or self.judgement.columns
        source = self._opened.source
        assert source is not None
        first = [(source.line, cells) for cells in islice(self._opened.rows, EXAMPLES)]
        self._rows = chain(first, ((source.line, cells) for cells in self._opened.rows))
        self.examples = [[cell[:EXAMPLE_LONGEST] for cell in cells[: len(self.headers)]] for _line, cells in first]

    def document(self) -> dict[str, Any]:
        """Returns how the sheet is read and what its columns seem to be."""
        return {
            "judgement": self.judgement.document(),
            "headers": list(self.headers),
            "examples": self.examples,
            "guess": self._guess(),
            # The same header means other things above customers than above bills.
            "header_key": ("" if self.kind == CUSTOMERS else f"{self.kind}:") + header_key(self.headers),
        }

    def _guess(self) -> dict[str, Any]:
        if self.kind == CUSTOMERS:
            return guess(self.headers, self.examples)
        return bills.guess(cast("Kind", self.kind), self.headers)

    def bills(self, mapping: Mapping[str, Any], region: str, back: Back) -> Iterator[Batch]:
        """Yields the rows of invoices, payments or credit notes, a thousand at a time. UsageError."""
        kind = cast("Kind", self.kind)
        columns = bills.columns_of(kind, mapping, self.judgement.columns, self.headers)
        rows = bills.BillRows(kind, columns, len(self.headers), region)
        while taken := list(islice(self._rows, ROWS_AT_ONCE)):
            portion, issues = rows.portion(taken)
            if issues:
                back.add(taken, issues)
            yield Batch(taken[-1][0], len(taken), portion, issues)

    def batches(self, mapping: Mapping[str, Any], policy: Policy, house: House, back: Back) -> Iterator[Batch]:
        """Yields the rows, a portion at a time. UsageError where the mapping is not of this sheet."""
        columns = columns_of(mapping, self.judgement.columns, self.headers)
        rows = Rows(columns, len(self.headers), Numbers(policy), house)
        at_once = rows_of(len(self.headers))
        while taken := list(islice(self._rows, at_once)):
            portion, issues = rows.portion(taken)
            if issues:
                back.add(taken, issues)
            yield Batch(taken[-1][0], len(taken), portion, issues)


class Back:
    """The rows that were refused, as sheets with their reasons: CSV and XLSX, made when the first one comes."""

    def __init__(self, stem: Path | None, headers: Sequence[str], delimiter: str) -> None:
        """`stem` is the path without its ending; None: nobody wants them."""
        self._stem = stem
        self._heads = [*headers, _(REASON_HEAD), _(ROW_HEAD)]
        self._delimiter = delimiter
        self._sheets: list[Sheet] = []
        self.rows = 0

    def add(self, rows: Sequence[tuple[int, list[str]]], issues: Sequence[Issue]) -> None:
        """Adds those of the rows that have to be mended."""
        if self._stem is None:
            return
        reasons = {one.row: one for one in issues if one.kind == "refused" or one.reason in BACK}
        if not reasons:
            return
        if not self._sheets:
            none: frozenset[int] = frozenset()
            self._sheets = [
                CsvSheet(self._stem.with_suffix(".csv.part"), self._heads, none, self._delimiter),
                XlsxSheet(self._stem.with_suffix(".xlsx.part"), self._heads, none, _("Refused")),
            ]
        width = len(self._heads) - 2
        found = []
        for line, cells in rows:
            one = reasons.get(line)
            if one is not None:
                own = [*cells[:width], *[""] * (width - len(cells))]
                where = f"{one.text}: " if one.text else ""
                found.append([*own, where + sentence(one.reason), str(line)])
        for sheet in self._sheets:
            sheet.add(found)
        self.rows += len(found)

    def close(self) -> None:
        """Gives the sheets their names."""
        if self._stem is None:
            return
        for sheet in self._sheets:
            sheet.close()
        for ending in (".csv", ".xlsx"):
            part, whole = self._stem.with_suffix(f"{ending}.part"), self._stem.with_suffix(ending)
            if self._sheets:
                part.rename(whole)
            else:
                whole.unlink(missing_ok=True)
