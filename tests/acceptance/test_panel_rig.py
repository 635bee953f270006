"""The first way through the panel: somebody signs in and sees a line; what breaks the policy is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rig.panel import Panel, panel


def test_a_person_signs_in(tmp_path: Path) -> None:
    with panel(tmp_path) as shown, shown.browser() as browser:
        page = browser.sign_in()
        page.get_by_text("m0").first.wait_for()
        shown.gateway.campaign(2, text="Hola")
        shown.gateway.wait_job("c1")
        page.reload()
        page.get_by_text("m0").first.wait_for()


def test_a_breach_of_the_policy_is_found(tmp_path: Path) -> None:
    """What all tests of pages stand on: a page that breaks the policy fails its test."""
    with panel(tmp_path, modems=0) as shown, pytest.raises(AssertionError, match="script-src"):
        _break_the_policy(shown)


def _break_the_policy(shown: Panel) -> None:
    with shown.browser() as browser:
        page = browser.context().new_page()
        page.goto(f"{shown.url}/entrar")
        page.evaluate("document.body.append(Object.assign(document.createElement('script'), {textContent: '1'}))")
        page.wait_for_timeout(200)
