"""How numbers, money and times are written for a person: in their language, in the account's zone. Pure.

Months and the words of relative times come from the panel's catalogue. A number that cannot be read is shown as it is:
a page is no place to lose a figure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final
from zoneinfo import ZoneInfo

from gatewayd.web.words import MARKS, Words, grouped, spoken

SYMBOLS: Final = {
    "ARS": "$",
    "BOB": "Bs",
    "BRL": "R$",
    "CLP": "$",
    "COP": "$",
    "CRC": "₡",
    "DOP": "RD$",
    "EUR": "€",
    "GTQ": "Q",
    "HNL": "L",
    "MXN": "$",
    "NIO": "C$",
    "PEN": "S/",
    "PYG": "₲",
    "USD": "US$",
    "UYU": "$",
}
"""Signs of currencies as they are written where they are the money of the country; any other by its code."""

NO_BREAK: Final = "\N{NO-BREAK SPACE}"
MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 86_400


MONTHS: Final = (
    spoken("Jan"),
    spoken("Feb"),
    spoken("Mar"),
    spoken("Apr"),
    spoken("May"),
    spoken("Jun"),
    spoken("Jul"),
    spoken("Aug"),
    spoken("Sep"),
    spoken("Oct"),
    spoken("Nov"),
    spoken("Dec"),
)
WEEKDAYS: Final = (
    spoken("Mon"),
    spoken("Tue"),
    spoken("Wed"),
    spoken("Thu"),
    spoken("Fri"),
    spoken("Sat"),
    spoken("Sun"),
)
_AT_THE_SERVER: Final = re.compile(r"uid \d+ \((.+)\)")


@dataclass(frozen=True, slots=True)
class Formats:
    """Writes values for people who read `words`' language, with times in `zone`."""

    words: Words
    zone: ZoneInfo

    def number(self, value: object, decimals: int | None = None) -> str:
        """Returns a number with its thousands parted, and with as many decimals as it has or `decimals`."""
        amount = _decimal(value)
        if amount is None:
            return "" if value is None else str(value)
        return self._written(amount, decimals)

    def money(self, value: object, currency: str | None = None) -> str:
        """Returns an amount such as `$ 1.433,95`; two decimals, or as many as the amount needs to be exact."""
        amount = _decimal(value)
        if amount is None:
            return "" if value is None else str(value)
        places = max(2, -int(amount.normalize().as_tuple().exponent))
        sign = "\N{MINUS SIGN}" if amount < 0 else ""
        symbol = SYMBOLS.get(currency, currency) if currency else "$"
        return f"{sign}{symbol}{NO_BREAK}{self._written(abs(amount), places)}"

    def percent(self, share: float, decimals: int = 0) -> str:
        """Returns a share of 1 as per cent: `94 %`. Nearly all is never rounded to all, nor little to nothing."""
        per_cent = share * 100
        if decimals == 0 and 0 < share < 1 and round(per_cent) in (0, 100):
            decimals = 1
            per_cent = min(max(per_cent, 0.1), 99.9)
        return f"{self._written(Decimal(per_cent), decimals)}{NO_BREAK}%"

    def size(self, number: int) -> str:
        """Returns a size in bytes as kB or MB."""
        if number < 1000:
            return f"{number}{NO_BREAK}B"
        for unit in ("kB", "MB", "GB"):
            number_of_unit = number / 1000 ** (("kB", "MB", "GB").index(unit) + 1)
            if number_of_unit < 1000 or unit == "GB":
                return f"{self._written(Decimal(number_of_unit), 1 if number_of_unit < 10 else 0)}{NO_BREAK}{unit}"
        raise AssertionError

    def _written(self, amount: Decimal, decimals: int | None) -> str:
        text = f"{amount:,f}" if decimals is None else f"{amount:,.{decimals}f}"
        whole, _point, rest = text.partition(".")
        thousands, point = MARKS[self.words.language]
        whole = whole.replace(",", thousands).replace("-", "\N{MINUS SIGN}")
        return f"{whole}{point}{rest}" if rest else whole

    def moment(self, value: object) -> datetime | None:
        """Returns a time in the zone, from ISO 8601, a datetime that knows its zone, or ms of Unix time."""
        if value is None or value == "":
            return None
        if isinstance(value, datetime):
            return value.astimezone(self.zone)
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value / 1000, self.zone)
        found = datetime.fromisoformat(str(value))
        return found.replace(tzinfo=self.zone) if found.tzinfo is None else found.astimezone(self.zone)

    def who(self, name: object) -> str:
        """Returns who did something; of somebody at the server's terminal (`uid 0 (root)`) the name there."""
        match = _AT_THE_SERVER.fullmatch(str(name or ""))
        return self.words.phrase("{name}, at the server", name=match[1]) if match else str(name or "")

    def day(self, value: object) -> str:
        """Returns a day such as `30 nov 2026`, of a date or a time."""
        if isinstance(value, str) and len(value) == 10:
            value = date.fromisoformat(value)
        if isinstance(value, date) and not isinstance(value, datetime):
            return self._day(value)
        moment = self.moment(value)
        return "" if moment is None else self._day(moment.date())

    def _day(self, day: date) -> str:
        return f"{day.day}{NO_BREAK}{self.words.phrase(MONTHS[day.month - 1])}{NO_BREAK}{day.year}"

    def weekday(self, value: object) -> str:
        """Returns a weekday and a day such as `lun 30 nov`."""
        moment = self.moment(value)
        if moment is None:
            return ""
        month = self.words.phrase(MONTHS[moment.month - 1])
        return f"{self.words.phrase(WEEKDAYS[moment.weekday()])}{NO_BREAK}{moment.day}{NO_BREAK}{month}"

    def clock(self, value: object, *, seconds: bool = False) -> str:
        """Returns the time of day such as `18:28`."""
        moment = self.moment(value)
        return "" if moment is None else moment.strftime("%H:%M:%S" if seconds else "%H:%M")

    def full(self, value: object) -> str:
        """Returns day and time to the second: what stands as title behind a relative time."""
        moment = self.moment(value)
        return "" if moment is None else f"{self._day(moment.date())}, {moment.strftime('%H:%M:%S')}"

    def when(self, value: object, now: datetime) -> str:
        """Returns a time as people say it: relative under a day, the time of yesterday and tomorrow, else the day."""
        moment = self.moment(value)
        if moment is None:
            return ""
        seconds = (now - moment).total_seconds()
        if abs(seconds) < DAY:
            return self._relative(seconds)
        here = now.astimezone(self.zone)
        days = (here.date() - moment.date()).days
        phrase = self.words.phrase
        if days == 1:
            return phrase(spoken("yesterday {time}"), time=self.clock(moment))
        if days == -1:
            return phrase(spoken("tomorrow {time}"), time=self.clock(moment))
        if moment.year == here.year:
            return f"{moment.day}{NO_BREAK}{phrase(MONTHS[moment.month - 1])}{NO_BREAK}{self.clock(moment)}"
        return self._day(moment.date())

    def _relative(self, seconds: float) -> str:
        phrase, size = self.words.phrase, abs(seconds)
        if size < MINUTE:
            return phrase(spoken("just now")) if seconds >= 0 else phrase(spoken("at once"))
        span = self.span(size)
        return phrase(spoken("{span} ago") if seconds > 0 else spoken("in {span}"), span=span)

    def span(self, seconds: float) -> str:
        """Returns a length of time by its largest unit, and the next where it matters: `4 min`, `1 h 20 min`, `3 d`."""
        if seconds < MINUTE:
            return f"{int(seconds)}{NO_BREAK}s"
        if seconds < HOUR:
            return f"{int(seconds // MINUTE)}{NO_BREAK}min"
        if seconds < DAY:
            hours, minutes = divmod(int(seconds // MINUTE), 60)
            short = f"{hours}{NO_BREAK}h"
            return f"{short}{NO_BREAK}{minutes}{NO_BREAK}min" if minutes and hours < 6 else short
        return f"{grouped(int(seconds // DAY), self.words.language)}{NO_BREAK}d"


def _decimal(value: object) -> Decimal | None:
    if value is None or value == "" or isinstance(value, bool):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
