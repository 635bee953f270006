"""What is decided of claims, in words for people: reasons, how invoices stand, what is a person's to do."""

from __future__ import annotations

from typing import Final

from drivers.base import spoken
from gatewayd.words.translation import gettext as _

AWAITS: Final = spoken("A message from %empresa% awaits you. Please get in touch with us.")
TOUCH: Final = spoken("%empresa%: please get in touch")
"""What somebody is told of whom nobody knows whether it is the customer."""

OF_CLAIMS: Final = {
    "due": spoken("to be claimed"),
    "no_policy": spoken("no rule is for it"),
    "nothing": spoken("its rule claims nothing"),
    "nothing_owed": spoken("nothing is owed"),
    "not_due": spoken("not due yet"),
    "tolerance": spoken("within the days of tolerance"),
    "minimum": spoken("less than the rule's minimum"),
    "done": spoken("this level is done"),
    "in_flight": spoken("on its way"),
    "promised": spoken("a promise is pending"),
    "disputed": spoken("in dispute"),
    "blocked": spoken("claims are blocked"),
    "claims_paid": spoken("says that it has paid"),
    "contacted_today": spoken("contacted today already"),
    "hold_out": spoken("left alone, to compare with"),
    "no_channel": spoken("no channel reaches it"),
    "ended": spoken("every level is done"),
    "hour": spoken("waits for the rule's hour"),
    "minimum_missing": spoken("no minimum for this currency"),
    "overdue": spoken("overdue"),
    "covered": spoken("covered by free credit"),
    "no_due": spoken("without a due date"),
    "stale": spoken("billing is too old"),
    "missed": spoken("missed"),
}
"""Reasons of decisions and runs, and how an invoice stands."""

KINDS: Final = {
    "claim": spoken("Claim for lack of payment"),
    "visit": spoken("Visit"),
    "no_channel": spoken("No channel reached the customer"),
    "broken_promise": spoken("Promise not kept"),
    "verify_payment": spoken("Verify a payment"),
    "wrong_person": spoken("Wrong person"),
    "shared_number": spoken("One number of two customers"),
    "dispute": spoken("Invoice in dispute"),
    "approval": spoken("Claims wait for approval"),
    "note": spoken("Note"),
}
"""Kinds of novelties."""

RESULTS: Final = {
    "talked": spoken("Talked to"),
    "promised": spoken("Promises to pay"),
    "paid": spoken("Says that it has paid"),
    "no_answer": spoken("No answer"),
    "wrong_person": spoken("Wrong person"),
    "refused": spoken("Refuses to pay"),
    "visited": spoken("Visited"),
    "other": spoken("Something else"),
}
"""What may come of a novelty, as a person writes it down."""
_BY_ITSELF: Final = {"settled": spoken("Owes nothing any more")}

PROMISES: Final = {
    "pending": spoken("pending"),
    "kept": spoken("kept"),
    "partly": spoken("kept in part"),
    "broken": spoken("not kept"),
    "withdrawn": spoken("withdrawn"),
}


def claim_word(code: str) -> str:
    """Returns a reason in the language spoken; the code itself where it has no word."""
    return _(OF_CLAIMS[code]) if code in OF_CLAIMS else code


def kind_word(code: str) -> str:
    """Returns a novelty's kind in the language spoken."""
    return _(KINDS[code]) if code in KINDS else code


def result_word(code: str) -> str:
    """Returns what came of a novelty, in the language spoken."""
    word = RESULTS.get(code) or _BY_ITSELF.get(code)
    return _(word) if word else code


def promise_word(code: str) -> str:
    """Returns what became of a promise, in the language spoken."""
    return _(PROMISES[code]) if code in PROMISES else code
