"""What is said of rights and of acts is complete: the page of people, and the panel's words for the audit trail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from gatewayd.operations.rights import RIGHTS
from gatewayd.values.errors import UsageError
from gatewayd.web.panel.acts import WORDS, word_of
from gatewayd.web.panel.agents import browser_of
from gatewayd.web.panel.faults import faults_of

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_shows_the_table_of_rights() -> None:
    """`make rights` writes it anew."""
    done = subprocess.run(
        [sys.executable, ".ci/rights_table.py"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout in (ROOT / "docs" / "people.md").read_text(encoding="utf-8")


def test_every_act_of_the_trail_has_words() -> None:
    assert {name for name, right in RIGHTS.items() if right.audited} <= WORDS.keys()
    assert word_of("some.thing") == "some.thing"


def test_an_error_is_about_the_fields_it_names() -> None:
    error = UsageError("mail: not an address; use a@b; password: too short; try again")
    assert faults_of(error, ("mail", "password")) == (
        {"mail": "not an address; use a@b", "password": "too short; try again"},
        "",
    )
    assert faults_of(UsageError("nothing fits: at all"), ("mail",)) == ({}, "nothing fits: at all")


def test_browsers_are_called_as_people_call_them() -> None:
    windows = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36"
    )
    assert browser_of(windows) == "Chrome · Windows"
    assert browser_of(f"{windows} Edg/131.0") == "Edge · Windows"
    assert browser_of("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0") == "Firefox · Linux"
    assert browser_of("curl/8.5") == "curl/8.5"
    assert browser_of("") == ""
