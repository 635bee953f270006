"""Settings, API: a token is made, shown once, used and revoked."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.rig.panel import panel


def test_a_token_is_made_used_and_revoked(tmp_path: Path) -> None:
    with panel(tmp_path, modems=0) as shown, shown.browser() as browser:
        page = browser.sign_in()
        page.goto(f"{shown.url}/ajustes/api")
        page.get_by_role("link", name="Crear un token").first.click()
        page.fill("input[name=label]", "facturacion")
        page.select_option("select[name=account]", "norte")
        page.get_by_role("button", name="Crear el token").click()
        secret = page.locator("#secret").inner_text().strip()
        assert secret.startswith("gwd_live_")
        bearer = {"Authorization": f"Bearer {secret}"}
        assert httpx.get(f"{shown.url}/v1/account", headers=bearer, trust_env=False).json()["name"] == "norte"
        page.get_by_role("link", name="Ya lo guardé").click()
        assert secret not in page.content()
        assert page.get_by_role("cell", name="facturacion").count() == 1
        page.get_by_role("button", name="Revocar", exact=True).click()
        page.get_by_role("button", name="Revocarlo").click()
        page.get_by_text("El token facturacion quedó revocado").wait_for()
        until = 40
        while httpx.get(f"{shown.url}/v1/account", headers=bearer, trust_env=False).status_code != 401:
            page.wait_for_timeout(100)
            until -= 1
            assert until, "still good"


def test_a_form_that_lacks_something_says_so(tmp_path: Path) -> None:
    with panel(tmp_path, modems=0) as shown, shown.browser() as browser:
        page = browser.sign_in()
        page.goto(f"{shown.url}/ajustes/api/nuevo")
        page.fill("input[name=label]", "x")
        for box in page.locator("input[name=scopes]").all():
            box.uncheck()
        page.get_by_role("button", name="Crear el token").click()
        page.get_by_text("elija al menos uno").first.wait_for()
