"""One campaign: how far it is, when it ends and why not sooner, what happened to it, and what can be done with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from gatewayd.values.errors import GatewayError, UnauthenticatedError
from gatewayd.web.panel import going_acts
from gatewayd.web.panel.campaign_events import said
from gatewayd.web.panel.campaign_new import ONE, campaign_of, number_of, text
from gatewayd.web.panel.campaign_shown import address, behind, shown, whom
from gatewayd.web.panel.marks import CHANNEL
from gatewayd.web.panel.page import page
from gatewayd.web.panel.pieces import Figure
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

EVENTS: Final = 30
EXCERPT: Final = 160
"""Characters of a text that stand for it."""


@page(ONE, operation="campaign.show")
async def show(visit: Visit) -> Response:
    """Shows a campaign, or its live part anew."""
    found = await campaign_of(visit)
    if found["state"] == "draft" and not visit.fragment:
        return visit.go(f"{address(found['campaign'])}/revisar")
    return await shown_campaign(visit, found)


async def shown_campaign(visit: Visit, found: Mapping[str, Any], fault: str = "", status: int = 200) -> Response:
    """Returns a campaign's page, with what went wrong with an act on it."""
    number = int(found["campaign"])
    events = await visit.ask("campaign.events", campaign=number, limit=EVENTS)
    seen = shown(found, visit.words, visit.formats)
    return visit.page(
        "campaign.html",
        block="live" if visit.fragment else None,
        status=status,
        found=found,
        shown=seen,
        says=says(found),
        whom=whom(found, visit.words, visit.formats),
        here=address(number),
        figures=_figures(visit, found) if found["messages"] or found["state"] == "running" else (),
        forecast=await forecast_of(visit, found) if _going(found) else None,
        events=[(one, said(one, visit.formats)) for one in events["items"]],
        failed=sum(int(found["counts"].get(state, 0)) for state in ("failed", "undelivered", "expired")),
        behind=lambda state="": behind(found, state),
        fault=fault,
        lines=await _lines(visit, found),
        wished=[name for names in (found.get("lines_wished") or {}).values() for name in names],
        origin=address(found["origin"]["campaign"]) if found.get("origin") else "",
    )


async def _lines(visit: Visit, found: Mapping[str, Any]) -> list[str]:
    """Returns the lines that can be chosen for a campaign; none where it cannot be changed so."""
    if visit.fragment or "wish" not in found["actions"] or not visit.may("campaign.lines"):
        return []
    try:
        lines = (await visit.ask("line.list"))["items"]
    except UnauthenticatedError:
        raise
    except GatewayError:
        return []
    channels = {rung["channel"] for rung in found["ladder"]}
    return [one["name"] for one in lines if channels & {word.strip() for word in one["channel"].split(",")}]


def _going(found: Mapping[str, Any]) -> bool:
    """Returns whether something of a campaign is still to go out by itself."""
    return found["state"] == "scheduled" or bool(found["state"] == "running" and (found["open"] or found["recording"]))


def says(found: Mapping[str, Any]) -> str:
    """Returns what each channel of a campaign tells, in one line."""
    told = []
    for rung in found["ladder"]:
        words = rung.get("template") or (rung.get("content") or {}).get("text") or ""
        shortened = words if len(words) <= EXCERPT else f"{words[: EXCERPT - 1]}…"
        version = _("version {number}").format(number=rung["version"]) if rung.get("version") else ""
        told.append(": ".join(filter(None, [_(CHANNEL[rung["channel"]].word), shortened, version])))
    return " · ".join(told)


def _figures(visit: Visit, found: Mapping[str, Any]) -> Sequence[Figure]:
    """Returns the numbers of a campaign that are read from afar."""
    counts, formats = found["counts"], visit.formats
    delivered = sum(int(counts.get(state, 0)) for state in ("delivered", "read"))
    rate = found["rate"]
    figures = [
        Figure(_("People"), formats.number(found["people"])),
        Figure(_("Delivered"), formats.number(delivered), href=behind(found, "delivered") if delivered else ""),
        Figure(_("Open"), formats.number(found["open"])),
        Figure(_("Cost"), formats.money(found["cost"], found["currency"])),
    ]
    if found["state"] == "running" and rate["since_start"] is not None:
        since = _("{rate} since the start").format(rate=formats.number(rate["since_start"]))
        figures.append(Figure(_("In the last minute"), formats.number(rate["minute"]), since))
    return figures


async def forecast_of(visit: Visit, found: Mapping[str, Any]) -> Any:
    """Returns when it ends and what limits it; None where nobody can say."""
    try:
        return await visit.ask("campaign.forecast", campaign=found["campaign"], account=found["account"])
    except UnauthenticatedError:
        raise
    except GatewayError:
        return None


def _named(visit: Visit) -> dict[str, Any]:
    return {"campaign": number_of(visit)}


def _at(found: Mapping[str, Any]) -> tuple[str, str]:
    return address(found["campaign"]), str(found["name"])


going_acts.register(ONE, "campaign", _named, _at)
page(f"{ONE}/rechazar", operation="campaign.reject", method="POST")(
    going_acts.act("campaign.reject", spoken("{name} is a draft again. Nothing was sent."), _named, _at)
)


@page(f"{ONE}/aprobar", operation="campaign.approve", method="POST")
async def approve(visit: Visit) -> Response:
    """Approves what somebody else wants to send; what forbids it is shown, and nothing was sent."""
    try:
        found = await visit.ask("campaign.approve", campaign=number_of(visit), password=text(visit, "password", 1000))
    except UnauthenticatedError:
        raise
    except GatewayError as error:
        return await shown_campaign(visit, await campaign_of(visit), str(error), 422)
    return visit.go(address(found["campaign"]), said=_("{campaign} is approved.").format(campaign=found["name"]))


@page(f"{ONE}/quitar", operation="campaign.remove", method="POST")
async def remove(visit: Visit) -> Response:
    """Removes a draft."""
    await visit.ask("campaign.remove", campaign=number_of(visit))
    return visit.go(f"/campanas?{urlencode({'ver': 'borradores'})}", said=_("The draft is gone."))


@page(f"{ONE}/reenviar", operation="campaign.resend", method="POST")
async def resend(visit: Visit) -> Response:
    """Makes a draft of those who were not reached: it is looked at like any other before it is sent."""
    made = await visit.ask("campaign.resend", campaign=number_of(visit))
    return visit.go(f"{address(made['campaign'])}/revisar")


@page(f"{ONE}/perdida", operation="campaign.launch", method="POST")
async def settle_missed(visit: Visit) -> Response:
    """Lets a run that was missed begin now, or leaves it out."""
    what = "skip" if text(visit, "what") == "skip" else "run"
    try:
        found = await visit.ask(
            "campaign.launch", campaign=number_of(visit), missed=what, password=text(visit, "password", 1000)
        )
    except UnauthenticatedError:
        raise
    except GatewayError as error:
        return await shown_campaign(visit, await campaign_of(visit), str(error), 422)
    done = _("That run is left out.") if what == "skip" else _("It is on its way.")
    return visit.go(address(found["campaign"]), said=done)
