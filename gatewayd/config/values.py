"""Values of the configuration that TOML has no type for: durations, rates, windows, amounts, zones, addresses.

Each `read_…` takes what TOML gave and returns the value, or raises `PydanticCustomError` whose type is a key of the
catalogue, so that the fault reads in the language of the configuration.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from gatewayd.values.money import parse_money

_UNIT_S: Final = {
    "ms": 0.001,
    "s": 1.0,
    "m": 60.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "day": 86400.0,
    "w": 604800.0,
}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d|w)", re.ASCII)
_DURATION_WHOLE: Final = re.compile(rf"(?:{_DURATION.pattern}\s*)+", re.ASCII)
_RATE: Final = re.compile(r"(\d{1,9})\s*/\s*(s|min|h|day)", re.ASCII)
_WINDOW: Final = re.compile(r"(\d{1,9})\s*/\s*(\S.*)", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_PREFIX: Final = re.compile(r"\+\d{1,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rate:
    """A pace: `count` units in `seconds`, evenly spread."""

    count: int
    seconds: float

    @property
    def interval_s(self) -> float:
        """Seconds between two units."""
        return self.seconds / self.count

    @property
    def per_second(self) -> float:
        return self.count / self.seconds

    def __str__(self) -> str:
        unit = {1.0: "s", 60.0: "min", 3600.0: "h", 86400.0: "day"}.get(self.seconds, f"{self.seconds:g}s")
        return f"{self.count}/{unit}"


@dataclass(frozen=True, slots=True)
class Window:
    """A ceiling: at most `count` units in any stretch of `seconds`."""

    count: int
    seconds: float

    def __str__(self) -> str:
        for unit in ("d", "h", "m"):
            if self.seconds % _UNIT_S[unit] == 0:
                return f"{self.count}/{self.seconds / _UNIT_S[unit]:g}{unit}"
        return f"{self.count}/{self.seconds:g}s"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def read_duration(value: Any) -> float:
    """Seconds (s) of "72h", "15s", "1h30m", "500ms", or of a plain number of seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value)
    if isinstance(value, str) and _DURATION_WHOLE.fullmatch(value.strip()):
        return sum(float(number) * _UNIT_S[unit] for number, unit in _DURATION.findall(value))
    raise PydanticCustomError("duration_invalid", "not a duration: {value}", {"value": _shown(value)})


def read_rate(value: Any) -> Rate:
    """`Rate` of "10/min": a whole number above zero, then /s, /min, /h or /day."""
    if isinstance(value, Rate):
        return value
    match = _RATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or int(match.group(1)) == 0:
        raise PydanticCustomError("rate_invalid", "not a rate: {value}", {"value": _shown(value)})
    return Rate(int(match.group(1)), _UNIT_S[match.group(2)])


def read_window(value: Any) -> Window:
    """`Window` of "200/2h": a whole number above zero, then a duration."""
    if isinstance(value, Window):
        return value
    match = _WINDOW.fullmatch(value.strip()) if isinstance(value, str) else None
    wrong = PydanticCustomError("window_invalid", "not a window: {value}", {"value": _shown(value)})
    if match is None or int(match.group(1)) == 0:
        raise wrong
    span = match.group(2)
    try:
        # "100/day" is what a hand used to rates writes; it can mean only one thing.
        seconds = _UNIT_S[span] if span in _UNIT_S else read_duration(span)
    except PydanticCustomError:
        raise wrong from None
    if seconds <= 0:
        raise wrong
    return Window(int(match.group(1)), seconds)


def read_price(value: Any) -> int:
    """Millionths of a decimal string; a TOML float is refused, since it has already been rounded."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str):
        try:
            micros = parse_money(value)
        except ValueError:
            micros = -1
        if micros >= 0:
            return micros
    raise PydanticCustomError("money_invalid", "not an amount: {value}", {"value": _shown(value)})


def read_zone(value: Any) -> ZoneInfo:
    if isinstance(value, ZoneInfo):
        return value
    try:
        return ZoneInfo(value)
    except (LookupError, ValueError, TypeError, OSError):
        raise PydanticCustomError("zone_unknown", "unknown time zone: {value}", {"value": _shown(value)}) from None


def check_name(value: str) -> str:
    """Names of accounts and lines: they become folders, metrics labels and arguments of commands."""
    if not _NAME.fullmatch(value):
        raise PydanticCustomError("name_invalid", "not a name: {value}", {"value": value})
    return value


def check_prefix(value: str) -> str:
    if not _PREFIX.fullmatch(value):
        raise PydanticCustomError("prefix_invalid", "not a prefix: {value}", {"value": value})
    return value


def check_region(value: str) -> str:
    # The library is loaded here alone: its tables cost time and memory that a client of the daemon need not pay twice.
    from phonenumbers import SUPPORTED_REGIONS

    if value not in SUPPORTED_REGIONS:
        raise PydanticCustomError("region_unknown", "unknown region: {value}", {"value": value})
    return value


def check_currency(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", value):
        raise PydanticCustomError("currency_invalid", "not a currency: {value}", {"value": value})
    return value


def check_digits(value: str) -> str:
    if not re.fullmatch(r"[0-9]{1,6}", value):
        raise PydanticCustomError("digits_invalid", "not digits: {value}", {"value": value})
    return value


def check_listen(value: str) -> str:
    """`host:port`, `[v6]:port`, or empty for none."""
    if value and split_listen(value) is None:
        raise PydanticCustomError("listen_invalid", "not host:port: {value}", {"value": value})
    return value


def split_listen(value: str) -> tuple[str, int] | None:
    """Host and port of "127.0.0.1:8080" or "[::1]:8080"; None when it is neither."""
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s:\[\]]+)):(\d{1,5})", value, re.ASCII)
    if match is None or int(match.group(3)) > 65535:
        return None
    return match.group(1) or match.group(2), int(match.group(3))


def is_local(host: str) -> bool:
    """Returns whether an address to listen on is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def check_web_url(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+(?:[/?#]\S*)?", value):
        raise PydanticCustomError("url_invalid", "not a web address: {value}", {"value": value})
    return value


Duration = Annotated[float, BeforeValidator(read_duration)]
"""Seconds (s)."""
Pace = Annotated[Rate, BeforeValidator(read_rate)]
Ceiling = Annotated[Window, BeforeValidator(read_window)]
Price = Annotated[int, BeforeValidator(read_price)]
"""Millionths of the currency."""
Zone = Annotated[ZoneInfo, BeforeValidator(read_zone)]
Name = Annotated[str, AfterValidator(check_name)]
Prefix = Annotated[str, AfterValidator(check_prefix)]
Region = Annotated[str, AfterValidator(check_region)]
Currency = Annotated[str, AfterValidator(check_currency)]
Digits = Annotated[str, AfterValidator(check_digits)]
Listen = Annotated[str, AfterValidator(check_listen)]
WebUrl = Annotated[str, AfterValidator(check_web_url)]
