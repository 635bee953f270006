"""Rules of contact as sentences for people, in the language spoken. Pure."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from drivers.base import spoken
from gatewayd.contact.classes import MessageClass
from gatewayd.contact.presets import MESSAGES
from gatewayd.contact.rules import Cap, Hours, Slot, written
from gatewayd.words.translation import gettext as _
from gatewayd.words.translation import ngettext

CLASSES: Final = {
    MessageClass.COLLECTIONS: spoken("collections"),
    MessageClass.NOTICE: spoken("notices"),
    MessageClass.TRANSACTIONAL: spoken("confirmations"),
    MessageClass.REPLY: spoken("replies"),
}
DAYS: Final = (
    spoken("Mon"),
    spoken("Tue"),
    spoken("Wed"),
    spoken("Thu"),
    spoken("Fri"),
    spoken("Sat"),
    spoken("Sun"),
)
_CHANNELS: Final = {
    "sms": spoken("SMS"),
    "call": spoken("calls"),
    "email": spoken("mails"),
    "push": spoken("push messages"),
    "whatsapp": spoken("WhatsApp messages"),
}


def class_name(klass: str) -> str:
    """Returns what a class of messages is called."""
    return _(CLASSES[MessageClass(klass)])


def hours_words(hours: Hours | None) -> str:
    """Returns hours as one line: `Mon–Fri 07:00-19:00, Sat 08:00-15:00, Sun closed, holidays closed`."""
    if hours is None:
        return _("at any time")
    parts = []
    for slots, group in groupby(range(7), key=lambda day: hours.days[day]):
        days = list(group)
        name = _(DAYS[days[0]]) if len(days) == 1 else f"{_(DAYS[days[0]])}–{_(DAYS[days[-1]])}"
        parts.append(f"{name} {_slots(slots)}")
    if hours.holiday is None:
        parts.append(_("holidays like other days"))
    else:
        parts.append(_("holidays {hours}").format(hours=_slots(hours.holiday)))
    return "; ".join(parts)


def _slots(slots: tuple[Slot, ...]) -> str:
    return written(slots) or _("closed")


def cap_words(cap: Cap) -> str:
    """Returns a cap as a sentence without its end: `at most 2 messages in 7 days`."""
    span = _("a day") if cap.days == 1 else _("in {days} days").format(days=cap.days)
    if cap.kind == "count":
        rule = _("at most {amount} {span}").format(amount=_amount(cap), span=span)
    elif cap.kind == "channels":
        rule = ngettext("over {count} channel alone {span}", "over at most {count} channels {span}", cap.most).format(
            count=cap.most, span=span
        )
    else:
        rule = ngettext(
            "at least {count} day between one contact and the next",
            "at least {count} days between one contact and the next",
            cap.days,
        ).format(count=cap.days)
        if cap.channels:
            rule = f"{rule} ({_channels(cap)})"
    if cap.direct_days:
        rule = ngettext(
            "within {count} day after a direct contact: {rule}",
            "within {count} days after a direct contact: {rule}",
            cap.direct_days,
        ).format(count=cap.direct_days, rule=rule)
    if cap.classes != (MessageClass.COLLECTIONS,):
        rule = f"{rule} ({', '.join(map(class_name, cap.classes))})"
    return rule


def _amount(cap: Cap) -> str:
    if cap.channels == ("call",):
        return ngettext("{count} call", "{count} calls", cap.most).format(count=cap.most)
    if set(cap.channels) == set(MESSAGES):
        return ngettext("{count} message", "{count} messages", cap.most).format(count=cap.most)
    amount = ngettext("{count} contact", "{count} contacts", cap.most).format(count=cap.most)
    return f"{amount} ({_channels(cap)})" if cap.channels else amount


def _channels(cap: Cap) -> str:
    if set(cap.channels) == set(MESSAGES):
        return _("messages")
    return ", ".join(_(_CHANNELS[one]) for one in cap.channels)
