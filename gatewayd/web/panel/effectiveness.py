"""What claims achieve: who paid within 3, 7 and 15 days of a contact, held against those who were left alone."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gatewayd.claim_reasons import PROMISES, promise_word
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

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
    return visit.page(
        "effectiveness.html",
        found=found,
        by=by,
        days=days,
        choices=[(key, _(word)) for key, word in BY],
        spans=[(one, _("{count} days").format(count=one)) for one in DAYS],
        percent=lambda rate: "–" if rate is None else f"{rate * 100:.1f} %",
        promises=[(promise_word(state), count) for state, count in found["promises"].items() if state in PROMISES],
    )
