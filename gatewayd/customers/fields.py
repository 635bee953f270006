"""Values of a customer as they are judged, whoever brings them: a form, a program, a sheet. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final
from zoneinfo import available_timezones

from gatewayd.customers.document import (
    CHANNELS,
    COLUMNS_MAX,
    COLUMNS_OCTETS_MAX,
    LANDLINE,
    MAILS,
    MOBILE,
    POINTS_MAX,
    PORTFOLIOS,
    STATES,
    TAGS_MAX,
    TEXT_MAX,
    Point,
)
from gatewayd.customers.faults import FieldError
from gatewayd.customers.words import folded
from gatewayd.numbers import NumberError, Numbers
from gatewayd.values import addresses
from gatewayd.values.addresses import AddressError
from gatewayd.values.money import MICROS
from gatewayd.values.storable import wellformed

ID_MAX: Final = 200
NAME_MAX: Final = 200
TAG_LONGEST: Final = 60
REASON_MAX: Final = 500
CLASSES: Final = ("collections", "notice", "transactional", "reply")
LANGUAGES: Final = ("es", "en", "pt")
AMOUNT_MAX: Final = 10**12 * MICROS

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")
_INVISIBLE: Final = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
_KIND: Final = re.compile(r"[\x00-\x1f\x7f]")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")


def external_id(value: str) -> str:
    """Returns the account's own name of a customer. FieldError."""
    text = wellformed(value).strip()
    if not text:
        raise FieldError("external_id", "id_missing")
    if len(text) > ID_MAX or _INVISIBLE.search(text):
        raise FieldError("external_id", "id_invalid", text)
    return text


def line(field: str, value: str | None, longest: int = NAME_MAX) -> str | None:
    """Returns one line of text, control characters as blanks; None where nothing is left. FieldError."""
    if value is None:
        return None
    text = wellformed(value)
    if not text.isprintable():
        text = _CONTROL.sub(" ", text)
    text = text.strip()
    if len(text) > longest:
        raise FieldError(field, "text_too_long", text)
    return text or None


def language(value: str | None) -> str | None:
    """Returns the two letters of a language (`es-AR`, `Español`). FieldError."""
    text = line("language", value)
    if text is None:
        return None
    found = folded(text)
    found = {"espanol": "es", "castellano": "es", "spanish": "es", "ingles": "en", "english": "en"}.get(found, found)
    found = {"portugues": "pt", "portuguese": "pt"}.get(found, found)[:2]
    if found not in LANGUAGES:
        raise FieldError("language", "language_invalid", text)
    return found


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def zone(value: str | None) -> str | None:
    """Returns a time zone of the IANA's. FieldError."""
    text = line("zone", value)
    if text is not None and text not in _zones():
        raise FieldError("zone", "zone_invalid", text)
    return text


def portfolio(value: str | None) -> str | None:
    """Returns `vigente` or `castigada`. FieldError."""
    text = line("portfolio_type", value)
    if text is None:
        return None
    found = {"current": "vigente", "written_off": "castigada", "castigado": "castigada"}.get(folded(text), folded(text))
    if found not in PORTFOLIOS:
        raise FieldError("portfolio_type", "portfolio_invalid", text)
    return found


def tags(values: Iterable[str]) -> tuple[str, ...]:
    """Returns tags without repeats, the first spelling of each. FieldError."""
    found: dict[str, str] = {}
    for value in values:
        text = line("tags", value, TAG_LONGEST)
        if text is not None:
            found.setdefault(folded(text), text)
    if len(found) > TAGS_MAX:
        raise FieldError("tags", "tags_invalid")
    return tuple(found.values())


def columns(values: Mapping[str, str]) -> dict[str, str]:
    """Returns further columns as they are written, each within its bound. FieldError."""
    found = {wellformed(name)[:NAME_MAX]: wellformed(text)[:TEXT_MAX] for name, text in values.items() if text}
    if len(found) > COLUMNS_MAX or _octets(found) > COLUMNS_OCTETS_MAX:
        raise FieldError("columns", "columns_too_large")
    return found


def _octets(found: Mapping[str, str]) -> int:
    letters = sum(len(name) + len(text) for name, text in found.items())
    if letters * 4 <= COLUMNS_OCTETS_MAX:
        return letters
    return sum(len(name.encode()) + len(text.encode()) for name, text in found.items())


def mails(values: Mapping[str, Any], before: int) -> int:
    """Returns the switches of mails; what is not named stays as it was. FieldError."""
    found = before
    for name, value in values.items():
        if name not in MAILS or not isinstance(value, bool):
            raise FieldError("mails", "value_invalid", name)
        found = found | MAILS[name] if value else found & ~MAILS[name]
    return found


def address(channel: str, raw: str, numbers: Numbers) -> tuple[str, str]:
    """Returns an address as it is kept, and its kind where the number says it. FieldError."""
    try:
        if channel == "email":
            return addresses.email(raw), ""
        if channel == "push":
            return addresses.push(raw), ""
        quick = numbers.quick(raw)
        if quick is not None:
            return quick.e164, MOBILE
        try:
            return numbers.parse_fully(raw).e164, MOBILE
        except NumberError as error:
            if error.reason not in {"number_not_mobile", "number_invalid"}:
                raise
            return numbers.parse_fully(raw, fixed=True).e164, LANDLINE
    except (NumberError, AddressError) as error:
        raise FieldError("contacts", str(error.reason), raw) from None


def point(given: Mapping[str, Any], numbers: Numbers, known: Mapping[tuple[str, str], Point]) -> Point:
    """Returns a contact point of a document; what it does not say stays as it is of the same address. FieldError."""
    for key in given:
        if key not in {"channel", "address", "kind", "state", "consent", "source"}:
            raise FieldError(f"contacts.{key}"[:60], "value_invalid")
    channel, raw = given.get("channel"), given.get("address")
    if channel not in CHANNELS:
        raise FieldError("contacts.channel", "channel_invalid", str(channel))
    if not isinstance(raw, str):
        raise FieldError("contacts.address", "address_missing")
    found, kind = address(channel, raw, numbers)
    was = known.get((channel, found), Point(channel, found, kind))
    state = given.get("state", was.state)
    if state not in STATES:
        raise FieldError("contacts.state", "state_invalid", str(state))
    consent = given.get("consent", was.consent)
    if not isinstance(consent, Mapping) or not all(
        name in CLASSES and isinstance(value, bool) for name, value in consent.items()
    ):
        raise FieldError("contacts.consent", "consent_invalid")
    said_kind, source = given.get("kind"), given.get("source", was.source)
    for value in (said_kind, source):
        if value is not None and (not isinstance(value, str) or len(value) > 40 or _KIND.search(value)):
            raise FieldError("contacts", "value_invalid", str(value))
    return Point(channel, found, was.kind if said_kind is None else said_kind, state, dict(consent), source or "")


def points(given: Iterable[Any], numbers: Numbers, known: Iterable[Point]) -> tuple[Point, ...]:
    """Returns contact points in their order, each address once. FieldError."""
    by_key = {one.key: one for one in known}
    found: dict[tuple[str, str], Point] = {}
    for one in given:
        if not isinstance(one, Mapping):
            raise FieldError("contacts", "value_invalid")
        made = point(one, numbers, by_key)
        found.setdefault(made.key, made)
    if len(found) > POINTS_MAX:
        raise FieldError("contacts", "contacts_too_many")
    return tuple(found.values())


def currency(value: str | None) -> str | None:
    """Returns a currency's three letters. FieldError."""
    text = line("debt.currency", value)
    if text is None:
        return None
    found = {"$": None, "U$S": "USD", "US$": "USD", "USD$": "USD"}.get(text.upper(), text.upper())
    if found is not None and not _CURRENCY.fullmatch(found):
        raise FieldError("debt.currency", "currency_invalid", text)
    return found
