"""The activity log of a campaign, in words. Pure but for the language spoken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gatewayd.web.panel.campaign_shown import planned
from gatewayd.web.panel.formats import Formats
from gatewayd.web.words import gettext as _
from gatewayd.web.words import ngettext, spoken
from gatewayd.words.reasons import meaning

SAID: Final[Mapping[str, str]] = {
    "saved": spoken("saved"),
    "launched": spoken("sent off"),
    "scheduled": spoken("scheduled"),
    "approval_asked": spoken("asked somebody else to approve it"),
    "approved": spoken("approved"),
    "rejected": spoken("sent back as a draft"),
    "paused": spoken("paused"),
    "resumed": spoken("went on"),
    "pace": spoken("changed how many parts leave a minute"),
    "lines": spoken("changed its lines"),
    "cancelled": spoken("withdrawn"),
    "finished": spoken("finished"),
    "missed": spoken("missed its time"),
    "skipped": spoken("left out, since its time was over"),
    "sent_again": spoken("sent again to some"),
    "run_finished": spoken("a run has finished"),
    "not_begun": spoken("could not begin"),
    "next_rung": spoken("asked by the next channel those whom the one before did not reach"),
    "waits": spoken("waits"),
    "goes_on": spoken("nothing waits any more"),
    "stuck": spoken("nothing leaves any more"),
    "moves": spoken("messages leave again"),
    "restored": spoken("the store was put back from a copy: it waits for you"),
    "sent_later": spoken("sent off after the copy was made that was put back; its jobs wait to be settled"),
    "refused": spoken("some could not be handed over"),
}
"""By kind of an event."""
HEADED: Final = frozenset({"scheduled", "missed", "skipped", "not_begun"})
"""Kinds that name the planned time that they are about."""


def said(one: Mapping[str, Any], formats: Formats) -> str:
    """Returns what happened as one line: its kind, then what is known of it."""
    kind = str(one["kind"])
    more = [planned(str(one["planned"]), formats) if kind in HEADED and one.get("planned") else ""]
    more.append("; ".join(meaning(str(reason)) for reason in one.get("reasons") or ()))
    if one.get("people"):
        count = int(one["people"])
        more.append(ngettext("{count} person", "{count} people", count).format(count=formats.number(count)))
    if kind == "pace":
        segments = one.get("segments")
        more.append(_("{rate} a minute").format(rate=formats.number(segments)) if segments else _("no bound"))
    if kind == "lines":
        more.append(", ".join(one.get("lines") or ()) or _("those of its launch"))
    more += [str(one.get(name) or "") for name in ("line", "sentence", "note")]
    return " · ".join(filter(None, [_(SAID.get(kind, kind)), *more]))
