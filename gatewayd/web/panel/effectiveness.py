"""What claims achieve: who paid within 3, 7 and 15 days of a contact, held against those who were left alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.responses import Response

from gatewayd.web.panel import marks
from gatewayd.web.panel.level_names import level_name, level_names
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.plots import Plot, Series
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken
from gatewayd.words.claim_reasons import PROMISES, promise_word

HERE: Final = "/cobranza/efectividad"
BY: Final = (
    ("level", spoken("Level")),
    ("channel", spoken("Channel")),
    ("template", spoken("Template")),
    ("hour", spoken("Hour")),
)
DAYS: Final = ("30", "60", "90", "180", "366")


@page(HERE, operation="effectiveness.show", place=Place("cobranza", spoken("Effectiveness"), 70))
async def show(visit: Visit) -> Response:
    """Shows the figures of some days, by what somebody asks for."""
    by = visit.query.get("por", "level")
    by = by if by in {key for key, _word in BY} else "level"
    days = visit.query.get("dias", "60")
    days = days if days in DAYS else "60"
    found = await visit.ask("effectiveness.show", by=by, days=int(days))
    names = await level_names(visit) if by == "level" else {}
    order = {name: rank for rank, name in enumerate(names)}

    def place(one: Mapping[str, Any]) -> int:
        """Levels as they stand on their ladder; whatever else as it comes."""
        return order.get(one["name"].partition("+")[0], len(order))

    return visit.page(
        "effectiveness.html",
        groups=[{**one, "name": _word(one["name"], by, names)} for one in sorted(found["groups"], key=place)],
        left_alone=found["left_alone"],
        promises_kept=found["promises_kept"],
        by=by,
        days=days,
        choices=[(key, _(word)) for key, word in BY],
        spans=[(one, _("{count} days").format(count=one)) for one in DAYS],
        percent=lambda rate: "–" if rate is None else visit.formats.percent(rate, 1),
        promises=[(promise_word(state), count) for state, count in found["promises"].items() if state in PROMISES],
        plot=_plot(visit, found["groups"], found["left_alone"]),
    )


def _word(name: str, by: str, names: Mapping[str, str]) -> str:
    if by == "channel" and name in marks.CHANNEL:
        return _(marks.CHANNEL[name].word)
    return level_name(name, names) or "–"


def _rates(groups: Sequence[Mapping[str, Any]]) -> list[float]:
    """Returns the shares of all groups together that paid within 3, 7 and 15 days."""
    contacts = sum(one["contacts"] for one in groups)
    return [sum(one[f"paid_{days}"] for one in groups) / contacts for days in (3, 7, 15)] if contacts else []


def _plot(visit: Visit, groups: Sequence[Mapping[str, Any]], alone: Sequence[Mapping[str, Any]]) -> Plot | None:
    """Draws those who were contacted beside those who were left alone; None until there are both."""
    contacted, left = _rates(groups), _rates(alone)
    if not contacted or not left:
        return None
    title = _(
        "Within 15 days a payment followed {contacted} of the contacts; of those who were left alone {alone} paid"
    )
    return Plot(
        title.format(contacted=visit.formats.percent(contacted[-1]), alone=visit.formats.percent(left[-1])),
        [_("{count} days").format(count=days) for days in (3, 7, 15)],
        [Series(_("Contacted"), "accent", contacted), Series(_("Left alone"), "past", left)],
        share=True,
    )
