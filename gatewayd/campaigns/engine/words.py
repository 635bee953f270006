"""What a job says to people, one by one, as intake would render it. Pure; for one thread at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from gatewayd.customers.variables import DEBT
from gatewayd.intake.rendering import Most, Rendering, RenderPlan, Row
from gatewayd.numbers import Numbers, Policy
from gatewayd.values.templates import named_in
from spool.document import JobDocument
from spool.errors import JobFileError
from spool.names import variable_name
from spool.recipients import Recipients

KEPT_MAX: Final = 200
"""Sets of columns that are kept ready: customers of one sheet have the same ones."""


def speaks_of_debt(document: JobDocument, policy: Policy) -> bool:
    """Returns whether a job's texts say what somebody owes."""
    plan = RenderPlan.of(document, policy)
    return any(
        variable_name(written) in DEBT for text in (plan.text, *plan.options.values()) for written in named_in(text)
    )


class Words:
    """Renders what a job says to somebody with certain cells."""

    def __init__(
        self, document: JobDocument | None, policy: Policy, prefixes: Sequence[str] = (), most: Most | None = None
    ) -> None:
        """`document` is the job of one of a run's slices; None: nothing is known of it, and all are told the same.
        `prefixes` and `most` are of its lines, as intake knows them."""
        self._plan = None if document is None else RenderPlan.of(document, policy, prefixes, most=most)
        self._numbers = Numbers(policy)
        self._renderings: dict[tuple[str, ...], Rendering | None] = {}
        self.fault: JobFileError | None = None
        """Why nothing can be said to those whom `row` has answered None for."""

    def row(self, address: str, ref: str | None, cells: str) -> Row | None:
        """Returns the message of somebody with these cells (JSON); None where a variable has no column at all."""
        found: dict[str, str] = json.loads(cells)
        names = tuple(found)
        if names not in self._renderings:
            if len(self._renderings) >= KEPT_MAX:
                self._renderings.clear()
            self._renderings[names] = self._rendering(names)
        rendering = self._renderings[names]
        return None if rendering is None else rendering.one([address, ref or "", *found.values()])

    def _rendering(self, names: tuple[str, ...]) -> Rendering | None:
        if self._plan is None:
            return None
        try:
            return Rendering(self._plan, Recipients("-", ("to", "ref", *names), 0, 1, iter(())), self._numbers)
        except JobFileError as error:
            self.fault = error
            return None

    def same(self, address: str, cells: str, others: Sequence[str]) -> bool:
        """Returns whether somebody with these cells is told what one of the others at that address is told."""
        mine = self._told(address, cells)
        return any(self._told(address, other) == mine for other in others)

    def _told(self, address: str, cells: str) -> Any:
        if self._plan is None:
            return ""
        row = self.row(address, None, cells)
        # Of somebody to whom nothing can be said there is no second.
        return object() if row is None or row[7] is not None else (row[3], row[9])
