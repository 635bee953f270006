"""How a state is shown: a word, an icon of its own shape and a tone, the same in table, bar, plot and export. Pure.

Codes are those of the contract; a code that is unknown here is shown as it is, with the icon of the unknown: nothing
is hidden because it is new.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


def _(message: str) -> str:
    """Marks a text for the catalogue; it is spoken in the person's language where it is used."""
    return message


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
    "scheduled": Mark(_("scheduled"), "scheduled", "rest"),
    "queued": Mark(_("queued"), "queued", "rest"),
    "held": Mark(_("on hold"), "held", "look"),
    "sending": Mark(_("being sent"), "sending", "move"),
    "submitted": Mark(_("sent"), "submitted", "sent"),
    "delivered": Mark(_("delivered"), "delivered", "good"),
    "read": Mark(_("read"), "read", "read"),
    "unread": Mark(_("not read"), "unread", "sent"),
    "answered": Mark(_("answered"), "answered", "read"),
    "undelivered": Mark(_("failed"), "undelivered", "act"),
    "failed": Mark(_("failed"), "failed", "act"),
    "expired": Mark(_("expired"), "expired", "past"),
    "uncertain": Mark(
        _("in doubt"), "uncertain", "doubt", _("It may have gone out. It is not repeated unless you say so.")
    ),
    "cancelled": Mark(_("cancelled"), "cancelled", "past"),
    "invalid": Mark(_("invalid"), "invalid", "past"),
}
"""States of a message and of an interaction, in the order of its life."""

LINE: Final[Mapping[str, Mark]] = {
    "ready": Mark(_("ready"), "ready", "good"),
    "busy": Mark(_("sending now"), "busy", "good"),
    "starting": Mark(_("starting"), "starting", "rest"),
    "waiting": Mark(_("waiting"), "waiting", "look"),
    "recovering": Mark(_("recovering"), "recovering", "look"),
    "quarantined": Mark(_("stopped by a fault"), "quarantined", "act"),
    "disabled": Mark(_("switched off"), "disabled", "past"),
    "unknown": Mark(_("unknown"), "unknown", "past"),
}

JOB: Final[Mapping[str, Mark]] = {
    "loading": Mark(_("being read"), "loading", "rest"),
    "running": Mark(_("running"), "running", "move"),
    "paused": Mark(_("paused"), "paused", "look"),
    "sent": Mark(_("all sent"), "sent", "sent"),
    "done": Mark(_("finished"), "done", "good"),
    "cancelled": Mark(_("withdrawn"), "cancelled", "past"),
    "refused": Mark(_("refused"), "invalid", "act"),
    "rejected": Mark(_("refused"), "invalid", "act"),
    "draft": Mark(_("draft"), "edit", "past"),
    "awaiting_approval": Mark(_("awaits approval"), "person", "look"),
    "scheduled": Mark(_("scheduled"), "scheduled", "rest"),
    "finished": Mark(_("finished"), "done", "good"),
}
"""States of a job, a campaign and a task."""

SWITCH: Final[Mapping[str, Mark]] = {
    "active": Mark(_("active"), "ready", "good"),
    "disabled": Mark(_("no access"), "disabled", "past"),
    "expired": Mark(_("has expired"), "expired", "past"),
    "revoked": Mark(_("no longer valid"), "cancelled", "past"),
}
"""States of users, tokens and sessions."""

CHANNEL: Final[Mapping[str, Mark]] = {
    "sms": Mark(_("SMS"), "sms", "plain"),
    "call": Mark(_("Call"), "call", "plain"),
    "email": Mark(_("Mail"), "email", "plain"),
    "push": Mark(_("Push"), "push", "plain"),
    "whatsapp": Mark(_("WhatsApp"), "whatsapp", "plain"),
    "web": Mark(_("Web"), "web", "plain"),
}

KINDS: Final[Mapping[str, Mapping[str, Mark]]] = {
    "message": MESSAGE,
    "line": LINE,
    "job": JOB,
    "switch": SWITCH,
    "channel": CHANNEL,
}


def mark(code: str, kind: str = "message") -> Mark:
    """Returns what stands for a state of a `kind`; KeyError for a kind that is none."""
    return KINDS[kind].get(code) or Mark(code, "unknown", "past")
