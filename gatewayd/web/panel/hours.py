"""Hours of contact: the rules that hold, what law they are of, and the year that comes of them."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, FaultsError, UsageError
from gatewayd.web.panel import hours_drawing
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.pieces import Tab
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken
from gatewayd.words.translation import language

HERE: Final = "/ajustes/horarios"
CLASSES: Final = ("collections", "notice", "transactional", "reply")
CLASS_WORDS: Final = {
    "collections": spoken("Collections"),
    "notice": spoken("Notices"),
    "transactional": spoken("Confirmations"),
    "reply": spoken("Replies"),
}
YEAR_DIGITS: Final = 4


async def account_of(visit: Visit) -> str:
    """Returns the account that is worked in, or the only one; "" where one has to be chosen."""
    if visit.account:
        return visit.account
    accounts = (await visit.ask("account.list"))["items"]
    return str(accounts[0]["name"]) if len(accounts) == 1 else ""


def words_of_days() -> dict[str, str]:
    """Returns what `hours_drawing` says of a day."""
    return {
        "closed": _("closed"),
        "own": _("own holiday"),
        "longer": _("the clock goes back: a longer day"),
        "shorter": _("the clock goes forward: a shorter day"),
    }


@page(HERE, operation="contact.rules", place=Place("ajustes", spoken("Hours"), 30))
async def show(visit: Visit) -> Response:
    """Shows the rules that hold, and a year of them or of a preset that one looks at."""
    account = await account_of(visit)
    klass = visit.query.get("clase", "")
    klass = klass if klass in CLASSES else CLASSES[0]
    found = await visit.ask("contact.rules", account=account)
    presets = (await visit.ask("contact.presets"))["items"]
    looked = next((one for one in presets if one["name"] == visit.query.get("ver")), None)
    year = visit.query.get("anio", "")
    shown = await visit.ask(
        "contact.year",
        account=account,
        message_class=klass,
        preset=None if looked is None else looked["name"],
        year=int(year) if year.isdecimal() and len(year) == YEAR_DIGITS and 2000 <= int(year) <= 2100 else None,
    )
    waiting = await visit.ask("contact.waiting", account=account)
    rules = found["rules"] if looked is None else looked["rules"]
    return visit.page(
        "hours.html",
        account=account,
        found=found,
        presets=presets,
        looked=looked,
        preset=looked or found["preset"],
        said=found["said"] if looked is None else looked["said"],
        rules=rules,
        waiting=waiting["items"],
        klass=klass,
        tabs=[Tab(_(CLASS_WORDS[one]), _address(visit, clase=one), one == klass) for one in CLASSES],
        class_words=CLASS_WORDS,
        week=_week(rules, klass),
        year=shown,
        months=hours_drawing.months(shown["days"], language(), words_of_days()),
        days=hours_drawing.day_names(language(), "narrow"),
        earlier=_address(visit, anio=str(shown["year"] - 1)),
        later=_address(visit, anio=str(shown["year"] + 1)),
        holidays=[one for one in shown["days"] if one["holiday"] is not None],
        may_set=visit.may("contact.set") and bool(account),
    )


def _address(visit: Visit, **changed: str) -> str:
    kept = {key: visit.query[key] for key in ("ver", "clase", "anio") if visit.query.get(key)}
    return f"{HERE}?{urlencode(kept | changed)}"


def _week(rules: Any, klass: str) -> list[tuple[str, str, Any]]:
    """Each day of the week, and a holiday, with its slots and its drawing; none where there are no hours."""
    hours = None if rules is None else rules["hours"][klass]
    if hours is None:
        return []
    names = [*hours_drawing.day_names(language()), _("holiday")]
    rows = []
    for name, key in zip(names, (*hours_drawing.DAYS, "holiday"), strict=True):
        slots = hours[key]
        said = _("as any other day") if slots is None else slots.replace("-", "–") or _("closed")
        drawn = "" if slots is None else hours_drawing.bar(slots, f"{name}: {said}")
        rows.append((name.capitalize(), said, drawn))
    return rows


@page(f"{HERE}/preset", operation="contact.set", method="POST")
async def choose(visit: Visit) -> Response:
    """Begins with a preset's rules, whatever was changed before; none: those of the gateway's file."""
    account = await account_of(visit)
    preset = str(visit.form.get("preset", ""))[:40]
    version = str(visit.form.get("version", ""))
    arguments: dict[str, Any] = {"account": account, "contact": {"preset": preset} if preset else None}
    if version.isdecimal() and len(version) < 10:
        arguments["version"] = int(version)
    try:
        await visit.remote.ask(visit.bearer, "contact.set", arguments)
    except (ConflictError, FaultsError, UsageError) as error:
        return visit.go(HERE, said=str(error), tone="look")
    return visit.go(HERE, said=_("The hours were saved; they hold from now on, for what waits too."))
