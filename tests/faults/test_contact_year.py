"""A whole year of contacts under each preset, with outages, crashes and a clock that is set back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rig.contact_year import LAWS, live

pytestmark = pytest.mark.fault


@pytest.mark.parametrize("preset", LAWS)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_year_of_contacts_obeys_the_law(preset: str, seed: int, tmp_path: Path) -> None:
    found = live(tmp_path, preset, begin="2026-01-01", weeks=52, people=40, seed=seed)
    assert found["sent"] > 3_000
    assert found["restarts"] == 52
    assert found["set back"] == 13
