"""New campaign: one question a step. To whom, what, when; the look at it before it is sent is `campaign_review`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, GatewayError, UsageError
from gatewayd.web.panel.campaign_shown import DAYS, address
from gatewayd.web.panel.customer_address import CustomerAddress
from gatewayd.web.panel.faults import fault, faults_of
from gatewayd.web.panel.marks import CHANNEL
from gatewayd.web.panel.page import page
from gatewayd.web.panel.uploading import NAME_MAX, account_of, attached, chosen, upload
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

NEW: Final = "/campanas/nueva"
ONE: Final = "/campanas/c/{campaign:int}"
STEPS: Final = (spoken("To whom"), spoken("What"), spoken("When"), spoken("Review"))
CHANNELS: Final = ("sms", "call", "email", "push", "whatsapp")
WAITS: Final[Mapping[str, str]] = {
    "1h": spoken("after an hour"),
    "4h": spoken("after 4 hours"),
    "24h": spoken("after a day"),
    "72h": spoken("after 3 days"),
}
WORDS_MAX: Final = 20_000
FIELD_MAX: Final = 300


def text(visit: Visit, name: str, most: int = FIELD_MAX) -> str:
    """Returns a field of the form, without blanks around it."""
    return str(visit.form.get(name, "")).strip()[:most]


def number_of(visit: Visit) -> int:
    return int(visit.request.path_params["campaign"])


async def campaign_of(visit: Visit) -> dict[str, Any]:
    found: dict[str, Any] = await visit.ask("campaign.show", campaign=number_of(visit))
    return found


def document_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what a campaign says, as it is saved again."""
    kept = {name: found[name] for name in ("ladder", "audience", "class", "schedule", "options") if name in found}
    return {name: value for name, value in kept.items() if value is not None}


async def saved(
    visit: Visit, found: Mapping[str, Any], document: Mapping[str, Any], uploads: Sequence[str] = ()
) -> Any:
    """Saves a draft as somebody looked at it; ConflictError where another has changed it since."""
    version = text(visit, "version", 9)
    return await visit.ask(
        "campaign.save",
        campaign=found["campaign"],
        account=found["account"],
        version=int(version) if version.isdecimal() else found["version"],
        title=found["name"],
        document=dict(document),
        uploads=list(uploads),
    )


def _options(names: Iterable[str], nothing: str = "") -> list[tuple[str, str]]:
    """Returns the options of a choice, the first of which is none yet."""
    return [("", nothing or _("Choose one")), *((name, name) for name in names)]


def status_of(error: GatewayError) -> int:
    return 409 if isinstance(error, ConflictError) else 422


# ----------------------------------------------------------------------------------------------------------- to whom


@page(NEW, operation="campaign.save")
async def ask_whom(visit: Visit) -> Response:
    """Asks for a name, a channel, and the people."""
    named = visit.query.get("lista", "")[:120]
    given = {
        "channel": "sms",
        "audience": "list" if named else "file",
        "list": named,
        "account": visit.query.get("account", "")[:64],
    }
    return await _whom(visit, given)


async def _whom(visit: Visit, given: Mapping[str, str], error: GatewayError | None = None) -> Response:
    faults, general = faults_of(error, ("title", "channel", "file", "list", "account")) if error else ({}, "")
    account = await account_of(visit, given.get("account", ""))
    lists: list[Any] = []
    if account:
        lists = (await visit.ask("list.list", account=account, limit=100))["items"]
    return visit.page(
        "campaign_whom.html",
        status=status_of(error) if error else 200,
        steps=[_(word) for word in STEPS],
        given=given,
        account=account,
        accounts=[] if account else _options(one["name"] for one in (await visit.ask("account.list"))["items"]),
        channels=CHANNELS,
        lists=_options(one["name"] for one in lists if one["state"] in {"ready", "loading"}) if lists else [],
        faults=faults,
        general=general,
    )


@page(NEW, operation="campaign.save", method="POST")
async def take_whom(visit: Visit) -> Response:
    """Makes a draft of a name and the people that were chosen."""
    given = {name: text(visit, name) for name in ("title", "channel", "audience", "list", "account", "search", "tag")}
    try:
        account = await account_of(visit, given["account"])
        if not account:
            raise fault("account", _("choose one"))
        if not given["title"]:
            raise fault("title", _("give it a name"))
        channel = given["channel"] if given["channel"] in CHANNELS else "sms"
        audience = await _audience(visit, account, given)
        made = await visit.ask(
            "campaign.save",
            account=account,
            title=given["title"],
            document={"ladder": [{"channel": channel}], "audience": audience},
        )
    except (UsageError, ConflictError) as error:
        return await _whom(visit, given, error)
    return visit.go(f"{address(made['campaign'])}/que")


async def _audience(visit: Visit, account: str, given: Mapping[str, str]) -> dict[str, Any]:
    match given["audience"]:
        case "list":
            if not given["list"]:
                raise fault("list", _("choose one"))
            return {"list": given["list"]}
        case "customers":
            return {"filter": CustomerAddress.read([("q", given["search"]), ("tag", given["tag"])]).wanted}
    try:
        file = chosen(visit, "file")
    except UsageError as error:
        raise UsageError(f"file: {error}") from None
    return {"upload": await upload(visit, account, file)}


# -------------------------------------------------------------------------------------------------------------- what


@page(f"{ONE}/que", operation="campaign.save")
async def ask_what(visit: Visit) -> Response:
    """Asks what each channel tells."""
    found = await campaign_of(visit)
    if visit.fragment:
        return visit.page("campaign_what.html", block="people", found=found, here=f"{address(found['campaign'])}/que")
    return await _what(visit, found, found["ladder"])


async def _what(
    visit: Visit, found: Mapping[str, Any], ladder: list[Any], error: GatewayError | None = None
) -> Response:
    faults, general = faults_of(error, tuple(f"template-{at}" for at in range(len(ladder)))) if error else ({}, "")
    known = await visit.ask("template.list", account=found["account"])
    by_channel: dict[str, list[str]] = {}
    for one in known["items"]:
        by_channel.setdefault(one["channel"], []).append(one["template"])
    nothing = _("None: I write the text here")
    return visit.page(
        "campaign_what.html",
        status=status_of(error) if error else 200,
        steps=[_(word) for word in STEPS],
        found=found,
        here=f"{address(found['campaign'])}/que",
        ladder=ladder,
        templates={channel: _options(names, nothing) for channel, names in by_channel.items()},
        mails=any(rung["channel"] == "email" for rung in ladder),
        channels=[(one, _(CHANNEL[one].word)) for one in CHANNELS],
        waits=[(value, _(word)) for value, word in WAITS.items()],
        faults=faults,
        general=general,
    )


@page(f"{ONE}/que", operation="campaign.save", method="POST")
async def take_what(visit: Visit) -> Response:
    """Keeps what is told; "another channel" asks for one more instead of going on."""
    found = await campaign_of(visit)
    ladder = _ladder(visit)
    try:
        if visit.form.get("more"):
            ladder.append({"channel": text(visit, "next_channel") or "call"})
        elif visit.form.get("less") and len(ladder) > 1:
            ladder.pop()
        else:
            for at, rung in enumerate(ladder):
                if "template" not in rung and "content" not in rung:
                    raise fault(f"template-{at}", _("choose a template, or write the text"))
        chosen_files = [
            one
            for at, rung in enumerate(ladder)
            if "content" in rung and rung["channel"] == "email"
            for one in attached(visit, f"attach-{at}")
        ]
        uploads = [await upload(visit, found["account"], one) for one in chosen_files]
        found = await saved(visit, found, document_of(found) | {"ladder": ladder}, uploads)
    except (UsageError, ConflictError) as error:
        return await _what(visit, found, ladder, error)
    onward = "que" if visit.form.get("more") or visit.form.get("less") else "cuando"
    return visit.go(f"{address(found['campaign'])}/{onward}")


def _ladder(visit: Visit) -> list[dict[str, Any]]:
    ladder: list[dict[str, Any]] = []
    for at in range(5):
        channel = text(visit, f"channel-{at}")
        if channel not in CHANNELS:
            break
        rung: dict[str, Any] = {"channel": channel}
        template, own = text(visit, f"template-{at}"), str(visit.form.get(f"text-{at}", ""))[:WORDS_MAX]
        if template:
            rung["template"] = template
        elif own.strip():
            rung["content"] = {"text": own}
            if channel == "email" and (subject := text(visit, f"subject-{at}")):
                rung["content"]["subject"] = subject
            if names := [str(one)[:NAME_MAX] for one in visit.form.getlist(f"kept-{at}")]:
                rung["content"]["attachments"] = names
        if text(visit, f"wait-{at}") in WAITS:
            rung["wait"] = text(visit, f"wait-{at}")
        ladder.append(rung)
    return ladder or [{"channel": "sms"}]


# -------------------------------------------------------------------------------------------------------------- when


@page(f"{ONE}/cuando", operation="campaign.save")
async def ask_when(visit: Visit) -> Response:
    """Asks when it goes."""
    found = await campaign_of(visit)
    return _when(visit, found, found["schedule"])


def _when(
    visit: Visit, found: Mapping[str, Any], schedule: Mapping[str, Any], error: GatewayError | None = None
) -> Response:
    faults, general = faults_of(error, ("at", "days", "hour", "until", "zone")) if error else ({}, "")
    return visit.page(
        "campaign_when.html",
        status=status_of(error) if error else 200,
        steps=[_(word) for word in STEPS],
        found=found,
        here=f"{address(found['campaign'])}/cuando",
        schedule=schedule,
        days=[(day, _(word), "") for day, word in DAYS.items()],
        local_zone=schedule.get("zone") or visit.zone,
        faults=faults,
        general=general,
    )


@page(f"{ONE}/cuando", operation="campaign.save", method="POST")
async def take_when(visit: Visit) -> Response:
    """Keeps when it goes."""
    found = await campaign_of(visit)
    schedule = _schedule(visit)
    try:
        if schedule["kind"] == "at" and not schedule.get("at"):
            raise fault("at", _("say the day and the time"))
        if schedule["kind"] == "every" and not schedule.get("days"):
            raise fault("days", _("choose one at least"))
        if schedule["kind"] == "every" and not schedule.get("hour"):
            raise fault("hour", _("say the time"))
        found = await saved(visit, found, document_of(found) | {"schedule": schedule})
    except (UsageError, ConflictError) as error:
        return _when(visit, found, schedule, error)
    return visit.go(f"{address(found['campaign'])}/revisar")


def _schedule(visit: Visit) -> dict[str, Any]:
    kind = text(visit, "kind")
    if kind == "at":
        given: dict[str, Any] = {"kind": "at", "at": text(visit, "at", 16), "zone": text(visit, "zone", 60)}
    elif kind == "every":
        given = {
            "kind": "every",
            "days": [day for day in DAYS if day in visit.form.getlist("days")],
            "hour": text(visit, "hour", 5),
            "until": text(visit, "until", 10),
            "zone": text(visit, "zone", 60),
            "audience": "frozen" if text(visit, "audience") == "frozen" else "live",
        }
    else:
        return {"kind": "now"}
    missed = text(visit, "missed")
    given["missed"] = missed if missed in {"late", "skip", "ask"} else "ask"
    return {name: value for name, value in given.items() if value}
