"""How a state is shown: a word, an icon of its own shape and a tone, the same in table, bar, plot and export. Pure.

Codes are those of the contract; a code that is unknown here is shown as it is, with the icon of the unknown: nothing
is hidden because it is new.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gatewayd.web.words import spoken


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands for a state."""

    word: str
    """English; of the catalogue."""
    icon: str
    """Name of a symbol in `static/icons.svg`."""
    tone: str
    """A word of the style sheet: `t-<tone>` colours mark, bar and plot alike."""
    hint: str = ""
    """What it means for a person, where the word alone does not say it."""


MESSAGE: Final[Mapping[str, Mark]] = {
    "scheduled": Mark(spoken("scheduled"), "scheduled", "rest"),
    "queued": Mark(spoken("queued"), "queued", "rest"),
    "held": Mark(spoken("on hold"), "held", "look"),
    "sending": Mark(spoken("being sent"), "sending", "move"),
    "submitted": Mark(spoken("sent"), "submitted", "sent"),
    "delivered": Mark(spoken("delivered"), "delivered", "good"),
    "read": Mark(spoken("read"), "read", "read"),
    "unread": Mark(spoken("not read"), "unread", "sent"),
    "answered": Mark(spoken("answered"), "answered", "read"),
    "undelivered": Mark(spoken("failed"), "undelivered", "act"),
    "failed": Mark(spoken("failed"), "failed", "act"),
    "expired": Mark(spoken("expired"), "expired", "past"),
    "uncertain": Mark(
        spoken("in doubt"), "uncertain", "doubt", spoken("It may have gone out. It is not repeated unless you say so.")
    ),
    "cancelled": Mark(spoken("cancelled"), "cancelled", "past"),
    "invalid": Mark(spoken("invalid"), "invalid", "past"),
    "received": Mark(spoken("received"), "in", "read"),
    "noted": Mark(spoken("noted"), "edit", "plain"),
}
"""States of a message and of an interaction, in the order of its life."""

LINE: Final[Mapping[str, Mark]] = {
    "ready": Mark(spoken("ready"), "ready", "good"),
    "busy": Mark(spoken("sending now"), "busy", "good"),
    "starting": Mark(spoken("starting"), "starting", "rest"),
    "waiting": Mark(spoken("waiting"), "waiting", "look"),
    "recovering": Mark(spoken("recovering"), "recovering", "look"),
    "quarantined": Mark(spoken("stopped by a fault"), "quarantined", "act"),
    "disabled": Mark(spoken("switched off"), "disabled", "past"),
    "unknown": Mark(spoken("unknown"), "unknown", "past"),
}

JOB: Final[Mapping[str, Mark]] = {
    "loading": Mark(spoken("being read"), "loading", "rest"),
    "running": Mark(spoken("running"), "running", "move"),
    "paused": Mark(spoken("paused"), "paused", "look"),
    "sent": Mark(spoken("all sent"), "sent", "sent"),
    "done": Mark(spoken("finished"), "done", "good"),
    "cancelled": Mark(spoken("withdrawn"), "cancelled", "past"),
    "refused": Mark(spoken("refused"), "invalid", "act"),
    "rejected": Mark(spoken("refused"), "invalid", "act"),
    "draft": Mark(spoken("draft"), "edit", "past"),
    "awaiting_approval": Mark(spoken("awaits approval"), "person", "look"),
    "scheduled": Mark(spoken("scheduled"), "scheduled", "rest"),
    "finished": Mark(spoken("finished"), "done", "good"),
}
"""States of a job, a campaign and a task."""

SWITCH: Final[Mapping[str, Mark]] = {
    "active": Mark(spoken("active"), "ready", "good"),
    "disabled": Mark(spoken("no access"), "disabled", "past"),
    "expired": Mark(spoken("has expired"), "expired", "past"),
    "revoked": Mark(spoken("no longer valid"), "cancelled", "past"),
}
"""States of users, tokens and sessions."""

CHANNEL: Final[Mapping[str, Mark]] = {
    "sms": Mark(spoken("SMS"), "sms", "plain"),
    "call": Mark(spoken("Call"), "call", "plain"),
    "email": Mark(spoken("Mail"), "email", "plain"),
    "push": Mark(spoken("Push"), "push", "plain"),
    "whatsapp": Mark(spoken("WhatsApp"), "whatsapp", "plain"),
    "web": Mark(spoken("Web"), "web", "plain"),
    "visit": Mark(spoken("Visit"), "person", "plain"),
    "note": Mark(spoken("Note"), "edit", "plain"),
}

TICKET: Final[Mapping[str, Mark]] = {
    "open": Mark(spoken("open"), "in", "look"),
    "working": Mark(spoken("in progress"), "sending", "move"),
    "waiting": Mark(spoken("waits for the customer"), "waiting", "rest"),
    "closed": Mark(spoken("closed"), "ok", "good"),
}
"""States of a ticket."""

REMINDER: Final[Mapping[str, Mark]] = {
    "active": Mark(spoken("active"), "waiting", "look"),
    "paid": Mark(spoken("paid"), "ok", "good"),
    "cancelled": Mark(spoken("cancelled"), "cancelled", "past"),
}
"""States of a reminder."""

KINDS: Final[Mapping[str, Mapping[str, Mark]]] = {
    "ticket": TICKET,
    "reminder": REMINDER,
    "message": MESSAGE,
    "line": LINE,
    "job": JOB,
    "switch": SWITCH,
    "channel": CHANNEL,
}


def mark(code: str, kind: str = "message") -> Mark:
    """Returns what stands for a state of a `kind`; KeyError for a kind that is none."""
    return KINDS[kind].get(code) or Mark(code, "unknown", "past")
