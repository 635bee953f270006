"""A job before it is sent: how its list is read, the first messages as they would go out, and who is left out.

One frozen record, for the command line and whoever shows it. Nothing is written anywhere. Blocks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from gatewayd.intake.lines import Lines
from gatewayd.intake.loading import open_table
from gatewayd.intake.rendering import REPEATED, Rendering, RenderPlan, Row
from gatewayd.numbers import Numbers, Policy
from spool.document import JobDocument
from spool.lists.judgement import Judgement

SHOWN: Final = 5
"""Rows of each kind that are kept for a person to see."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One of the first messages."""

    row: int
    to: str
    ref: str | None
    text: str
    segments: int
    detail: Mapping[str, Any]
    """What was noticed about its number, as in its receipt."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A recipient to whom nothing would go out."""

    row: int
    raw: str
    """What stands where its address should be."""
    ref: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Survey:
    """What would become of a job."""

    judgement: Judgement | None
    rows: int
    valid: int
    segments: int
    """Of all messages; what they cost is this times the tariff."""
    first: tuple[Outgoing, ...]
    left_out: tuple[LeftOut, ...]
    """The first of them."""
    reasons: Mapping[str, int]
    """How many are left out, by reason."""
    replaced: Mapping[str, int]
    """Characters that `gsm7` makes a `?` of, and in how many messages."""

    def document(self) -> dict[str, Any]:
        """Returns it for JSON."""
        document = asdict(self)
        document["judgement"] = None if self.judgement is None else self.judgement.document()
        return document


def survey(
    document: JobDocument, folder: Path, policy: Policy, lines: Lines | None = None, *, shown: int = SHOWN
) -> Survey:
    """Reads a whole job whose files lie in `folder`; by `lines` some messages are too long. JobFileError: it would
    be refused."""
    numbers = Numbers(policy)
    most = None if lines is None else lines.most(document)
    plan = RenderPlan.of(document, policy, () if lines is None else lines.prefixes, most=most)
    first: list[Outgoing] = []
    left_out: list[LeftOut] = []
    with open_table(document, folder, numbers) as table:
        rendering = Rendering(plan, table, numbers)
        for chunk in rendering.chunks():
            for row in chunk:
                if row[7] is None:
                    if len(first) < shown:
                        first.append(_outgoing(row))
                elif len(left_out) < shown and _counts(plan, row[7]):
                    left_out.append(_left_out(row))
        totals = rendering.totals
        reasons = {reason: count for reason, count in totals.invalid.items() if _counts(plan, reason)}
        return Survey(
            table.judgement,
            totals.rows,
            totals.rows - sum(reasons.values()),
            totals.segments,
            tuple(first),
            tuple(left_out),
            reasons,
            dict(totals.lost),
        )


def _counts(plan: RenderPlan, reason: str) -> bool:
    """Whether a reason stands: where there is no text yet, nobody knows whether two messages are the same."""
    return reason != REPEATED or bool(plan.text or plan.options)


def _outgoing(row: Row) -> Outgoing:
    number, ref, to, text, _encoding, segments, _prefix, _reason, detail, _options, _cause = row
    return Outgoing(number, to or "", ref, text or "", segments, json.loads(detail or "{}"))


def _left_out(row: Row) -> LeftOut:
    detail = json.loads(row[8] or "{}")
    return LeftOut(row[0], detail.get("raw", row[2] or ""), row[1], row[7] or "")
