"""A reminder as a person writes it, and when it is sent by itself. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from gatewayd.values.templates import Unknown, Variables, VariableUnknownError

VARIABLES: Final = (
    *("nombre", "id", "documento", "cartera", "empresa", "company"),
    *("deuda", "monto", "factura", "vencimiento", "dias"),
)
"""What a reminder can say of anybody, where it is known; beside them a customer's further columns."""
State = Literal["active", "paid", "cancelled"]
CHANNELS: Final = ("sms", "email", "whatsapp", "push")
EVERY_MAX: Final = 365
TIMES_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class Timing:
    """When a reminder is sent without anybody's doing."""

    first: date | None = None
    """None: only when somebody sends it."""
    every_days: int | None = None
    """None: on that first day alone."""
    times: int = 0
    """How often at most, the first included."""
    hour: str = "10:00"
    """HH:MM in the account's zone."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person decides about a reminder."""

    customer: str
    """External id."""
    currency: str
    channel: str
    text: str
    invoice: str = ""
    due: date | None = None
    amount: int | None = None
    """Millionths."""
    subject: str = ""
    timing: Timing = Timing()


def unknown(draft: Draft, columns: Iterable[str]) -> Sequence[Unknown]:
    """Returns the variables of a reminder's words that nothing can ever be put for; `columns` are the further ones of
    its customer."""
    known = Variables([*VARIABLES, *columns], {})
    found: list[Unknown] = []
    for text in (draft.subject, draft.text):
        try:
            known.bind(text)
        except VariableUnknownError as error:
            found += error.unknown
    return list(dict.fromkeys(found))


def first_send(timing: Timing, zone: ZoneInfo) -> int | None:
    """Returns when a reminder is sent for the first time (Unix ms); None where only people send it."""
    if timing.first is None or timing.times < 1:
        return None
    return _instant(timing.first, timing.hour, zone)


def following_send(timing: Timing, repeated: int, now: int, zone: ZoneInfo) -> int | None:
    """Returns when it is sent by itself the next time, after `repeated` times; None where that was the last.

    Days that were missed are passed over: what was due on three of them is sent once.
    """
    if timing.first is None or timing.every_days is None or repeated >= timing.times:
        return None
    today = datetime.fromtimestamp(now / 1000, zone).date()
    passed = max((today - timing.first).days, 0) // timing.every_days + 1
    return _instant(timing.first + timedelta(days=passed * timing.every_days), timing.hour, zone)


def retimed(timing: Timing, repeated: int, now: int, zone: ZoneInfo) -> int | None:
    """Returns when a reminder that was edited, or is taken up again, is sent by itself next."""
    if timing.first is None or repeated >= timing.times:
        return None
    first = _instant(timing.first, timing.hour, zone)
    if first > now or repeated == 0:
        return first
    return following_send(timing, repeated, now, zone)


def tomorrow(now: int, hour: str, zone: ZoneInfo) -> int:
    """Returns that hour of the next day (Unix ms)."""
    return _instant(datetime.fromtimestamp(now / 1000, zone).date() + timedelta(days=1), hour, zone)


def job_name(reminder: int, number: int, made: int) -> str:
    """Returns the name of the job of one send. `made` is when the reminder was written: a store that was put back from
    a copy gives numbers out again, moments it does not."""
    return f"r-{reminder}.{made}-{number}"


def _instant(day: date, hour: str, zone: ZoneInfo) -> int:
    at = time(int(hour[:2]), int(hour[3:5]))
    return int(datetime.combine(day, at, tzinfo=zone).timestamp() * 1000)
