"""The states of a message on the phone (SMSGate), and what they make of ours. Pure.

Answers come late and out of order: a state only ever replaces one of a lower rank.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, Final

from drivers.android.causes import cause
from drivers.android.errors import AnswerError
from drivers.base import Accepted, Blame, NotSent, Outcome, Refused


class Rank(IntEnum):
    """How far a message has come. `FAILED` and `CANCELLED` end what was not sent; `DELIVERED` ends all."""

    UNKNOWN = 0
    PENDING = 1
    PROCESSED = 2
    SENT = 3
    CANCELLED = 4
    FAILED = 5
    DELIVERED = 6


RANKS: Final = {
    "Pending": Rank.PENDING,
    "Cancelling": Rank.PENDING,
    "Processed": Rank.PROCESSED,
    "Sent": Rank.SENT,
    "Cancelled": Rank.CANCELLED,
    "Failed": Rank.FAILED,
    "Delivered": Rank.DELIVERED,
}
EXPIRED: Final = "TTL expired"
"""The app's word for a message whose time to live ended before it was sent."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the phone says of one message."""

    id: str
    rank: Rank
    error: str | None
    at: float | None
    """Unix time (s), by the phone's clock, at which it came into this state."""
    begun: float | None
    """... and at which the phone took it."""
    sent: bool = False
    """Whether the network has taken it, whatever became of it since."""


def read(body: Any) -> Told:
    """Reads one message as the API shows it; raises `AnswerError` for any other JSON."""
    if not isinstance(body, dict) or not isinstance(body.get("id"), str) or body.get("state") not in RANKS:
        raise AnswerError("not_the_app", 200)
    state = body["state"]
    recipients = body.get("recipients")
    first = recipients[0] if isinstance(recipients, list) and recipients and isinstance(recipients[0], dict) else {}
    # With one recipient its own state is the truth; the message's may hide a failure.
    if RANKS.get(str(first.get("state")), Rank.UNKNOWN) is Rank.FAILED and RANKS[state] is not Rank.DELIVERED:
        state = "Failed"
    given = body.get("states")
    states = given if isinstance(given, dict) else {}
    error = first.get("error")
    return Told(
        id=body["id"],
        rank=RANKS[state],
        error=str(error) if error else None,
        at=moment(states.get(state)),
        begun=moment(states.get("Pending")),
        sent="Sent" in states,
    )


def moment(given: Any) -> float | None:
    """Unix time (s) of an ISO 8601 text, None for anything else."""
    try:
        return datetime.fromisoformat(given).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def references(attempt: str, parts: tuple[int, ...]) -> dict[int, str]:
    """Returns the references of an attempt's parts: the phone tells them by the attempt's id."""
    return {part: attempt if len(parts) == 1 else f"{attempt}.{part}" for part in parts}


def outcome(told: Told, parts: tuple[int, ...], *, ours_ended: bool) -> Outcome | None:
    """What the attempt's end is, once the phone knows it. `ours_ended`: the message's own validity is over by now."""
    match told.rank:
        case Rank.SENT | Rank.DELIVERED:
            return Accepted(references(told.id, parts))
        case _ if told.sent:
            # A look came after both: the network took it, and gave it up.
            return Accepted(references(told.id, parts))
        case Rank.CANCELLED:
            return NotSent("cancelled", counts=False)
        case Rank.FAILED if told.error is not None and EXPIRED in told.error:
            return NotSent("expired", counts=False) if ours_ended else NotSent("phone_gave_up", blame=Blame.LINE)
        case Rank.FAILED:
            why = cause(told.error)
            if len(parts) > 1 and not why.whole:
                # Some may have gone out before the one that failed, or after it: never all again.
                return Refused(why.reason, Blame.PERSON)
            return NotSent(why.reason, blame=Blame.LINE) if why.blame is Blame.LINE else Refused(why.reason, why.blame)
    return None
