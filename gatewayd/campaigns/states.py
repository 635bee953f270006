"""The states of a campaign, and what a person may do in each. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DRAFT: Final = "draft"
AWAITING_APPROVAL: Final = "awaiting_approval"
SCHEDULED: Final = "scheduled"
RUNNING: Final = "running"
PAUSED: Final = "paused"
FINISHED: Final = "finished"
CANCELLED: Final = "cancelled"

STATES: Final = (DRAFT, AWAITING_APPROVAL, SCHEDULED, RUNNING, PAUSED, FINISHED, CANCELLED)

MAY: Final[Mapping[str, frozenset[str]]] = {
    "save": frozenset({DRAFT, AWAITING_APPROVAL, SCHEDULED}),
    "launch": frozenset({DRAFT, SCHEDULED}),
    "decide": frozenset({AWAITING_APPROVAL}),
    "pause": frozenset({SCHEDULED, RUNNING}),
    "resume": frozenset({PAUSED}),
    "cancel": frozenset({AWAITING_APPROVAL, SCHEDULED, RUNNING, PAUSED}),
    "wish": frozenset({SCHEDULED, RUNNING, PAUSED}),
    "resend": frozenset({RUNNING, PAUSED, FINISHED, CANCELLED}),
    "remove": frozenset({DRAFT}),
}
"""By what is to be done, the states in which it may be."""


def may(action: str, state: str) -> bool:
    """Returns whether `action` is possible in that state."""
    return state in MAY[action]


def actions(state: str) -> list[str]:
    """Returns what is possible in that state, for those who show buttons."""
    return [action for action in MAY if may(action, state)]


FIFTH: Final = 5


def still_approved(approved: int | None, people: int) -> bool:
    """Returns whether an approval for that many people holds for `people`: for a fifth more at most."""
    return approved is not None and people * FIFTH <= approved * (FIFTH + 1)
