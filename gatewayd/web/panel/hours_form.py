"""Changing the hours of contact of an account: the form, the year that would come of it, and saving."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, FaultsError, UsageError
from gatewayd.web.panel import hours_drawing, hours_fields
from gatewayd.web.panel.hours import CLASS_WORDS, CLASSES, HERE, account_of, words_of_days
from gatewayd.web.panel.page import page
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken
from gatewayd.words.translation import language

FORM: Final = f"{HERE}/cambiar"
KIND_WORDS: Final = {
    "count": spoken("at most so many contacts"),
    "channels": spoken("over at most so many channels"),
    "apart": spoken("days between one contact and the next"),
}
CHANNEL_WORDS: Final = {
    "sms": spoken("SMS"),
    "call": spoken("Calls"),
    "email": spoken("Mails"),
    "push": spoken("Push"),
    "whatsapp": spoken("WhatsApp"),
}


@page(FORM, operation="contact.set")
async def show(visit: Visit) -> Response:
    """Shows the form with the rules that hold."""
    account = await account_of(visit)
    if not account:
        return visit.go(HERE, said=_("Choose an account first: each has hours of its own."), tone="look")
    found = await visit.ask("contact.rules", account=account)
    presets = (await visit.ask("contact.presets"))["items"]
    fields = hours_fields.fields_of(found["rules"] or found["base"], (found["own"] or {}).get("preset") or "")
    return _shown(visit, found, presets, fields)


def _shown(
    visit: Visit,
    found: Mapping[str, Any],
    presets: Any,
    fields: Mapping[str, Any],
    *,
    faults: Mapping[str, str] | None = None,
    general: str = "",
    year: Mapping[str, Any] | None = None,
) -> Response:
    rules = found["rules"] or found["base"]
    return visit.page(
        "hours_form.html",
        status=422 if faults or general else 200,
        found=found,
        rules=rules,
        presets=[
            ("", _("as the gateway's file")),
            *((one["name"], f"{one['country']}: {one['law']}") for one in presets),
        ],
        fields=fields,
        faults=dict(faults or {}),
        general=general,
        classes=[(one, _(CLASS_WORDS[one])) for one in CLASSES],
        names=list(
            zip(hours_fields.DAYS, [*hours_drawing.day_names(language()), _("holidays")], strict=True),
        ),
        classes_more=[(one, _(CLASS_WORDS[one]), "") for one in CLASSES],
        opened={name.split(".")[1] for name in faults or () if name.startswith("h.")},
        kinds=[("", _("none")), *((one, _(word)) for one, word in KIND_WORDS.items())],
        channels=[(one, _(word), "") for one, word in CHANNEL_WORDS.items()],
        said=(found["said"] or {"caps": {}})["caps"],
        year=year,
        months=[] if year is None else hours_drawing.months(year["days"], language(), words_of_days()),
        days=hours_drawing.day_names(language(), "narrow"),
    )


@page(FORM, operation="contact.set", method="POST")
async def save(visit: Visit) -> Response:
    """Saves what the form says, or shows the year that would come of it."""
    account = await account_of(visit)
    found = await visit.ask("contact.rules", account=account)
    presets = (await visit.ask("contact.presets"))["items"]
    rules = found["rules"] or found["base"]
    given = hours_fields.given_of(visit.form, hours_fields.fields_of(rules, ""))
    by_name = {one["name"]: one["rules"] for one in presets}
    old = by_name.get(given["basis"], found["base"])
    document = hours_fields.document_of(given, rules, old, found["own"])
    added = hours_fields.new_name(rules["caps"], (found["own"] or {}).get("caps") or {})
    version = str(visit.form.get("version", ""))
    stated = int(version) if version.isdecimal() and len(version) < 10 else found["version"]
    if stated != found["version"]:
        sentence = _("Somebody has changed these hours meanwhile: look again. Nothing was saved.")
        return _shown(visit, found, presets, given, general=sentence)
    try:
        if visit.form.get("act") == "ver":
            arguments: dict[str, Any] = {"account": account, "contact": document or {}}
            year = await visit.remote.ask(visit.bearer, "contact.year", arguments)
            return _shown(visit, found, presets, given, year=year)
        kept = {"account": account, "contact": document, "version": stated}
        await visit.remote.ask(visit.bearer, "contact.set", kept)
    except FaultsError as error:
        faults, general = hours_fields.faults_of(error.faults, added, lambda one: f"{one['key']}: {one['message']}")
        return _shown(visit, found, presets, given, faults=faults, general=general)
    except (ConflictError, UsageError) as error:
        return _shown(visit, found, presets, given, general=str(error))
    return visit.go(HERE, said=_("The hours were saved; they hold from now on, for what waits too."))
