"""Whether two people at one address would be told the very same thing. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from gatewayd.intake.rendering import Rendering, RenderPlan, Row
from gatewayd.numbers import Numbers, Policy
from spool.document import JobDocument
from spool.errors import JobFileError
from spool.recipients import Recipients


class Sameness:
    """Compares what a job says to people. For one thread at a time."""

    def __init__(self, document: JobDocument | None, policy: Policy) -> None:
        """`document` is the job of one of its slices; None: nothing is known of it, and all are told the same."""
        self._plan = None if document is None else RenderPlan.of(document, policy)
        self._numbers = Numbers(policy)
        self._renderings: dict[tuple[str, ...], Rendering | None] = {}

    def among(self, address: str, cells: str, others: Sequence[str]) -> bool:
        """Returns whether somebody with these cells (JSON) is told what one of the others at that address is told."""
        mine = self._told(address, cells)
        return any(self._told(address, other) == mine for other in others)

    def _told(self, address: str, cells: str) -> Any:
        if self._plan is None:
            return ""
        found: dict[str, str] = json.loads(cells)
        names = tuple(found)
        if names not in self._renderings:
            table = Recipients("-", ("to", "ref", *names), 0, 1, iter(()))
            try:
                self._renderings[names] = Rendering(self._plan, table, self._numbers)
            except JobFileError:
                self._renderings[names] = None
        rendering = self._renderings[names]
        if rendering is None:
            return ""
        row: Row = rendering.one([address, "", *found.values()])
        # Of somebody to whom nothing can be said there is no second.
        return object() if row[7] is not None else (row[3], row[9])
