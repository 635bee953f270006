"""Weeks of contacts under each preset by a simulated clock; `make faults` lives through whole years."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rig.contact_year import LAWS, live

BEGINS = {"cl-21320": "2026-08-24", "us-ref": "2026-10-26"}
"""Where clocks are put forward or back."""


@pytest.mark.parametrize("preset", LAWS)
def test_weeks_of_contacts_obey_the_law(preset: str, tmp_path: Path) -> None:
    found = live(tmp_path, preset, begin=BEGINS.get(preset, "2026-03-23"), weeks=4, people=12)
    assert found["sent"] > 80
    assert found["restarts"] == 4
    assert found["kept by window"] > 10


def test_the_auditor_sees_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatewayd.store.contacts.caps.past", lambda *_: {})
    monkeypatch.setattr("gatewayd.store.contacts.rulebook.zone_of", lambda _, standing: standing.zone)
    monkeypatch.setattr("gatewayd.store.sending.gate.zone_of", lambda _, standing: standing.zone)
    with pytest.raises(AssertionError) as caught:
        live(tmp_path, "cl-21320", begin="2026-08-24", weeks=2, people=12)
    for wrong in ("three texts a week", "outside hours"):
        assert wrong in str(caught.value)
