"""A rule for claims as people write it and the store keeps it: JSON to a frozen record, every fault by its place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

from gatewayd.dunning.policy import CHANNELS, DAYS_MAX, LEVELS_MAX, Level, Policy
from gatewayd.values.errors import UsageError
from gatewayd.values.money import format_money, parse_money
from gatewayd.words.translation import gettext as _

_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_HOUR: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_KEYS: Final = frozenset(
    {"levels", "nothing", "tolerance_days", "reclaim_days", "repeats", "minimums", "hour", "hold_out", "audience"}
)
_LEVEL_KEYS: Final = frozenset({"id", "days", "basis", "name", "action", "channels", "templates", "approval"})


def policy_of(name: str, version: int, document: Mapping[str, Any]) -> Policy:
    """Returns the rule that a document says. UsageError names the field that is wrong."""
    _known(document, _KEYS, "")
    levels = document.get("levels") or []
    if not isinstance(levels, Sequence) or isinstance(levels, str) or len(levels) > LEVELS_MAX:
        _wrong("levels")
    nothing = _flag(document, "nothing")
    made = tuple(_level(one, f"levels[{place}]") for place, one in enumerate(levels, 1))
    _in_order(made)
    if not made and not nothing:
        raise UsageError(_("levels: a rule has at least one, or says that nothing is claimed"))
    return Policy(
        name,
        version,
        made,
        nothing=nothing,
        tolerance_days=_number(document, "tolerance_days", 0, 365),
        reclaim_days=_number(document, "reclaim_days", 0, DAYS_MAX),
        repeats=_number(document, "repeats", 0, 100),
        minimums=_minimums(document.get("minimums") or {}),
        hour=_hour(document.get("hour", "09:00")),
        hold_out=_number(document, "hold_out", 0, 10),
    )


def document_of(policy: Policy, audience: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Returns a rule as a document; `audience` is the filter of the customers that it is for."""
    found: dict[str, Any] = {
        "levels": [
            {
                "id": one.id,
                "days": one.days,
                "basis": one.basis,
                "name": one.name,
                "action": one.action,
                "channels": list(one.channels),
                "templates": dict(one.templates),
                "approval": one.approval,
            }
            for one in policy.levels
        ],
        "nothing": policy.nothing,
        "tolerance_days": policy.tolerance_days,
        "reclaim_days": policy.reclaim_days,
        "repeats": policy.repeats,
        "minimums": {currency: format_money(amount) for currency, amount in sorted(policy.minimums.items())},
        "hour": policy.hour,
        "hold_out": policy.hold_out,
    }
    if audience:
        found["audience"] = dict(audience)
    return found


def _level(given: Any, at: str) -> Level:
    if not isinstance(given, Mapping):
        _wrong(at)
    _known(given, _LEVEL_KEYS, f"{at}.")
    name = given.get("id")
    if not isinstance(name, str) or not _ID.fullmatch(name):
        _wrong(f"{at}.id")
    basis, action = given.get("basis", "due"), given.get("action", "message")
    if basis not in {"due", "contact"}:
        _wrong(f"{at}.basis")
    if action not in {"message", "event", "visit"}:
        _wrong(f"{at}.action")
    channels = given.get("channels", ["sms"] if action == "message" else [])
    if not isinstance(channels, Sequence) or isinstance(channels, str) or not set(channels) <= set(CHANNELS):
        _wrong(f"{at}.channels")
    if len(set(channels)) != len(channels) or (action == "message" and not channels):
        _wrong(f"{at}.channels")
    templates = given.get("templates") or {}
    if not isinstance(templates, Mapping) or not all(
        key in CHANNELS and isinstance(value, str) and len(value) <= 100 for key, value in templates.items()
    ):
        _wrong(f"{at}.templates")
    if action == "message":
        missing = [channel for channel in channels if not templates.get(channel)]
        if missing:
            raise UsageError(
                _("{field}: which template goes by {channel}?").format(field=f"{at}.templates", channel=missing[0])
            )
    title = given.get("name", "")
    if not isinstance(title, str) or len(title) > 100:
        _wrong(f"{at}.name")
    return Level(
        *(name, _number(given, "days", -DAYS_MAX, DAYS_MAX, f"{at}."), basis, title, action, tuple(channels)),
        {str(key): str(value) for key, value in templates.items()},
        _flag(given, "approval", f"{at}."),
    )


def _in_order(levels: Sequence[Level]) -> None:
    """Raises where an id is borne twice, where the first level counts from a contact, or where one stands above another
    that comes later."""
    seen: set[str] = set()
    last: int | None = None
    for place, one in enumerate(levels, 1):
        if one.id in seen:
            raise UsageError(_("levels[{place}].id: another level has it").format(place=place))
        seen.add(one.id)
        if one.basis == "contact":
            if place == 1:
                raise UsageError(_("levels[1].basis: there is no contact before the first level"))
            if one.days < 1:
                _wrong(f"levels[{place}].days")
            continue
        if last is not None and one.days <= last:
            raise UsageError(_("levels[{place}].days: a higher level comes later").format(place=place))
        last = one.days


def _minimums(given: Any) -> Mapping[str, int]:
    if not isinstance(given, Mapping):
        _wrong("minimums")
    found = {}
    for currency, amount in given.items():
        if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
            _wrong("minimums")
        try:
            found[currency] = parse_money(str(amount))
        except ValueError:
            _wrong(f"minimums.{currency}")
        if found[currency] < 0:
            _wrong(f"minimums.{currency}")
    return found


def _hour(given: Any) -> str:
    if not isinstance(given, str) or not _HOUR.fullmatch(given):
        _wrong("hour")
    return given


def _number(given: Mapping[str, Any], key: str, least: int, most: int, at: str = "") -> int:
    value = given.get(key, 0)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise UsageError(
            _("{field}: a whole number from {least} to {most}").format(field=f"{at}{key}", least=least, most=most)
        )
    return value


def _flag(given: Mapping[str, Any], key: str, at: str = "") -> bool:
    value = given.get(key, False)
    if not isinstance(value, bool):
        _wrong(f"{at}{key}")
    return value


def _known(given: Mapping[str, Any], keys: frozenset[str], at: str) -> None:
    for key in given:
        if key not in keys:
            raise UsageError(_("{field}: a rule has no such field").format(field=f"{at}{str(key)[:40]}"))


def _wrong(field: str) -> NoReturn:
    raise UsageError(_("{field}: not a value of this field").format(field=field))
