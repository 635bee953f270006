"""What a line answers to a message: exactly one outcome, and whose fault a failure may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from enum import StrEnum
from typing import Any, Literal


class Blame(StrEnum):
    """Whose fault a send that failed may be; the core acts on it over a run of sends to different people."""

    PERSON = "person"
    """This recipient or this message alone; what others are sent over the line is not concerned."""
    LINE = "line"
    """The line, its SIM, trunk, account or host: nobody can be reached over it until that changes."""
    EITHER = "either"
    """The answer does not say. The same one to several different people, with no success between, is the line's."""


class Fate(StrEnum):
    """What became of one part."""

    TAKEN = "taken"
    REFUSED = "refused"
    UNSENT = "unsent"
    DOUBT = "doubt"


@dataclass(frozen=True, slots=True)
class PartOutcome:
    fate: Fate
    reference: str | None = None
    reason: str | None = None
    blame: Blame = Blame.EITHER
    """Whose fault it may be that the part was refused."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The network took every part of `todo`; `references` maps part number to the reference its report will bear."""

    references: Mapping[int, str]
    reported: bool = True
    """Whether a report can come; without one, `submitted` is all that will ever be known."""


@dataclass(frozen=True, slots=True)
class Completed:
    """It is over at once (a call): `state` is `delivered` or `undelivered`, or None to let the retry rules decide."""

    state: Literal["delivered", "undelivered", "failed"] | None
    reason: str | None = None
    charged: bool = False
    detail: Mapping[str, Any] = field(default_factory=dict)
    blame: Blame = Blame.PERSON
    """Whose fault it may be that nobody was reached; without meaning where somebody was."""
    line_reason: str | None = None
    """What that says of the line, where it is the line's fault and `reason` is the word for one person."""


@dataclass(frozen=True, slots=True)
class NotSent:
    """Certain that nothing of `todo` left."""

    reason: str
    retry_after: float | None = None
    """Seconds the message should rest; None leaves it to the core."""
    counts: bool = True
    """Whether a try is used up: False for a withdrawal, a lost registration, a line that just went away."""
    blame: Blame = Blame.PERSON
    """Whose fault it may be: the core slows or avoids a line that is to blame, and other lines may have the message."""
    line_fault: InitVar[bool] = False
    """The older spelling of `blame=Blame.LINE`; taken until 0.3."""

    def __post_init__(self, line_fault: bool) -> None:
        if line_fault:
            object.__setattr__(self, "blame", Blame.LINE)


@dataclass(frozen=True, slots=True)
class Refused:
    """Asking again over this line is useless: the network, or the line itself, does not take it."""

    reason: str
    blame: Blame = Blame.EITHER
    """Whose fault it may be. `PERSON` ends the message; `LINE` gives it back untried."""
    elsewhere: bool = False
    """Whether only this line cannot carry the message (an alphabet, a length, a kind of token): another one may."""


@dataclass(frozen=True, slots=True)
class Partial:
    """Parts met different ends; every number of `todo` is a key."""

    parts: Mapping[int, PartOutcome]


@dataclass(frozen=True, slots=True)
class Uncertain:
    """Every part of `todo` past its point of no return may have left; those not yet there did not."""

    reason: str


Outcome = Accepted | Completed | NotSent | Refused | Partial | Uncertain
