"""The activity log of a campaign: every kind that the gateway notes has words."""

from __future__ import annotations

import re
from pathlib import Path
from zoneinfo import ZoneInfo

from gatewayd.web.panel.campaign_events import SAID, said
from gatewayd.web.panel.formats import Formats
from gatewayd.web.words import Words
from gatewayd.words import translation

SOURCES = Path(__file__).resolve().parents[2] / "gatewayd"
NOTED = re.compile(r"events\.note\(\s*(?:unit\.)?session,\s*[\w.]+,\s*\"(\w+)\"")


def formats() -> Formats:
    return Formats(Words("es"), ZoneInfo("America/Argentina/Buenos_Aires"))


def test_every_kind_that_is_noted_has_words() -> None:
    texts = [path.read_text() for path in SOURCES.rglob("*.py")]
    kinds = {kind for text in texts for kind in NOTED.findall(text)}
    assert {"launched", "finished", "refused", "next_rung"} <= kinds
    assert not kinds - SAID.keys()
    assert {"waits", "goes_on", "paused", "resumed", "cancelled"} <= SAID.keys()


def test_what_is_known_stands_beside_its_kind() -> None:
    with translation.speaking("es"):
        assert said({"kind": "waits", "reasons": ["window", "cap"]}, formats()).count(" · ") == 1
        assert said({"kind": "approved", "people": 1498}, formats()) == "aprobó · 1.498 personas"
        assert said({"kind": "missed", "planned": "2026-12-01T09:00"}, formats()).endswith("9:00")
        assert said({"kind": "of_tomorrow", "note": "<b>"}, formats()) == "of_tomorrow · <b>"
