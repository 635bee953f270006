"""Rules of contact by the law of a country, by name, and what holds for an account. Pure.

Engineering input, no legal advice: every value can be changed by whoever configures the gateway.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from drivers.base import spoken
from gatewayd.contact.classes import DEFAULT, MessageClass
from gatewayd.contact.reading import RulesError, RulesFault, over
from gatewayd.contact.rules import Cap, Hours, Rules, Slot
from gatewayd.words.translation import gettext as _

COLLECTIONS, NOTICE = MessageClass.COLLECTIONS, MessageClass.NOTICE
MESSAGES: Final = ("sms", "email", "push", "whatsapp")

REPLIES: Final = Cap("replies", (MessageClass.REPLY,), most=20)
CONFIRMATIONS: Final = Cap("confirmations", (MessageClass.TRANSACTIONAL,), most=6)
"""What a person asked for or did has hours and caps of its own: an answer comes when it is asked for, and neither is
counted with what asks for money."""


@dataclass(frozen=True, slots=True)
class Preset:
    """Rules of a country."""

    name: str
    rules: Rules
    country: str
    """Its name in English, marked for translation."""
    law: str
    """The law as it is cited; a sentence, marked for translation, where there is none."""
    sources: tuple[str, ...]
    """Where the values were taken from; where one reads on."""
    notes: tuple[str, ...] = ()
    """What the law asks beside hours and caps, marked for translation."""


def _hour(begin: int, end: int) -> tuple[Slot, ...]:
    return ((begin * 60, end * 60),)


def _week(weekday: tuple[Slot, ...], saturday: tuple[Slot, ...] = (), sunday: tuple[Slot, ...] = ()) -> Hours:
    """Hours whose holidays are as closed as their Sundays."""
    return Hours((weekday,) * 5 + (saturday, sunday), sunday)


def _daily(begin: int, end: int) -> Hours:
    return Hours((_hour(begin, end),) * 7, None)


def _rules(preset: str, country: str, collections: Hours, notice: Hours, caps: tuple[Cap, ...]) -> Rules:
    return Rules(
        hours={
            COLLECTIONS: collections,
            NOTICE: notice,
            MessageClass.TRANSACTIONAL: _daily(7, 22),
            MessageClass.REPLY: None,
        },
        caps=(*caps, CONFIRMATIONS, REPLIES),
        country=country,
        preset=preset,
    )


_COLOMBIA: Final = _week(_hour(7, 19), _hour(8, 15))

PRESETS: Final[Mapping[str, Preset]] = {
    one.name: one
    for one in (
        Preset(
            "co-2300",
            _rules(
                "co-2300",
                "CO",
                _COLOMBIA,
                # The law speaks of commercial messages as well: notices keep its hours and count.
                _COLOMBIA,
                (
                    Cap("day", (COLLECTIONS, NOTICE), most=1, days=1, direct_days=7),
                    Cap("channel", (COLLECTIONS, NOTICE), "channels", most=1, days=7, direct_days=7),
                ),
            ),
            country=spoken("Colombia"),
            law=spoken("Law 2300 of 2023"),
            sources=("https://www.funcionpublica.gov.co/", "https://www.sic.gov.co/"),
            notes=(spoken("Only over channels that the person has authorised: record the consent of each address."),),
        ),
        Preset(
            "cl-21320",
            _rules(
                "cl-21320",
                "CL",
                _week(_hour(8, 20), _hour(8, 20)),
                _daily(8, 21),
                (
                    Cap("calls", (COLLECTIONS,), most=1, days=7, channels=("call",)),
                    Cap("messages", (COLLECTIONS,), most=2, days=7, channels=MESSAGES),
                    Cap("apart", (COLLECTIONS,), "apart", days=2, channels=MESSAGES),
                ),
            ),
            country=spoken("Chile"),
            law=spoken("Law 21.320"),
            sources=("https://www.bcn.cl/leychile/", "https://www.sernac.cl/"),
            notes=(
                spoken("Evidence is kept for two years."),
                spoken("Automated calls come from a number that begins with 600 or 809."),
            ),
        ),
        Preset(
            "mx-condusef",
            _rules("mx-condusef", "MX", _daily(7, 22), _daily(7, 22), ()),
            country=spoken("Mexico"),
            law=spoken("CONDUSEF, general provisions for collection agencies"),
            sources=("https://www.condusef.gob.mx/", "https://www.dof.gob.mx/"),
            notes=(
                spoken("The number that calls is shown."),
                spoken("Only numbers that the person gave are contacted."),
            ),
        ),
        Preset(
            "ar-cautious",
            _rules(
                "ar-cautious",
                "AR",
                _week(_hour(9, 19), _hour(10, 14)),
                _daily(8, 21),
                (
                    Cap("day", (COLLECTIONS,), most=1, days=1),
                    Cap("week", (COLLECTIONS,), most=3, days=7),
                ),
            ),
            country=spoken("Argentina"),
            law=spoken("No national law sets hours: a cautious choice of ours, beside Law 24.240, section 8 bis"),
            sources=("https://servicios.infoleg.gob.ar/",),
            notes=(spoken("No message may look like one of a court."),),
        ),
        Preset(
            "us-ref",
            _rules(
                "us-ref",
                "US",
                _daily(8, 21),
                _daily(8, 21),
                (Cap("calls", (COLLECTIONS,), most=7, days=7, channels=("call",)),),
            ),
            country=spoken("United States"),
            law=spoken("For reference: Regulation F, 12 CFR part 1006"),
            sources=("https://www.ecfr.gov/current/title-12/chapter-X/part-1006",),
            notes=(spoken("Words that ask for no more messages are obeyed."),),
        ),
    )
}

FREE: Final = Rules(
    hours=dict.fromkeys(MessageClass),
    caps=(),
)
"""What one begins with who names no preset: at any time, as often as one likes."""


def effective(contact: Mapping[str, Any] | None, settings: Mapping[str, Any] | None) -> Rules | None:
    """Returns the rules that hold for an account; None: no rules.

    `contact` is the file's `[contact]` as a document, `settings` the document of the account's settings, whose key
    `contact` says the same in the same way. An account that names a preset begins with that; another with what the file
    says. RulesError where either cannot be meant.
    """
    own = settings.get("contact") if settings else None
    if contact is None and not own:
        return None
    if own and own.get("preset"):
        return over(preset_rules(own["preset"]), own)
    rules = of_document(contact) if contact is not None else FREE
    return over(rules, own) if own else rules


def of_document(document: Mapping[str, Any]) -> Rules:
    """Returns the rules of one document: those of its preset, with what it says in their place. RulesError."""
    name = document.get("preset")
    return over(FREE if name is None else preset_rules(name), document)


def preset_rules(name: Any) -> Rules:
    """Returns the rules of a preset; RulesError where it is none."""
    found = PRESETS.get(name) if isinstance(name, str) else None
    if found is None:
        raise RulesError([RulesFault("preset", _("one of: {names}").format(names=", ".join(PRESETS)))])
    return found.rules


def default_class(contact: Mapping[str, Any] | None, settings: Mapping[str, Any] | None) -> MessageClass:
    """Returns the class of an account's messages that name none."""
    rules = effective(contact, settings)
    return DEFAULT if rules is None else rules.default_class


def without_preset(rules: Rules) -> Rules:
    """Returns the same rules as nobody's preset."""
    return replace(rules, preset=None)
