"""Bills as a person works with them: entered, found, paid, a customer's account; axe finds nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.panel.test_log import judge
from tests.rig.panel import ADMINISTRATOR, PASSWORD, Panel, panel


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with panel(tmp_path_factory.mktemp("bills"), modems=0) as running:
        call = running.gateway.call
        call("customer.put", account="norte", external_id="A/7 ñ", customer={"name": "Bartolomé González"})
        bills = [
            {"external_id": f"F{number:03}", "customer": "A/7 ñ", "due": f"2026-1{number % 2}-10", "balance": "1500.50"}
            for number in range(60)
        ]
        stray = {"external_id": "Z1", "customer": "Z9", "balance": "7", "currency": "USD"}
        call("invoice.put_many", account="norte", invoices=[*bills, stray])
        yield running


LOOKS = [((1280, 900), "light", "es"), ((390, 844), "dark", "en")]


@pytest.mark.parametrize(("size", "scheme", "language"), LOOKS, ids=str)
def test_bills_are_entered_found_and_paid(shown: Panel, size: tuple[int, int], scheme: Any, language: str) -> None:
    width, look = size[0], f"{size[0]}-{scheme}-{language}"
    locale = {"es": "es-AR", "en": "en-US"}[language]
    with shown.browser() as browser:
        context = browser.context(locale=locale, viewport={"width": width, "height": size[1]}, color_scheme=scheme)
        page = browser.sign_in(context=context)
        page.goto(f"{shown.url}/cobranza/facturas")
        expect(page.locator("h1")).to_have_text({"es": "Facturas", "en": "Invoices"}[language])
        expect(page.locator("#invoices-table tbody tr")).to_have_count(50)
        judge(page, f"invoices-{look}", width)
        page.goto(f"{shown.url}/cobranza/facturas?ver=unknown")
        expect(page.locator("main")).to_contain_text("Z9")
        page.goto(f"{shown.url}/cobranza/facturas?q=bartolome")
        page.locator("#invoices-table tbody tr a").first.click()
        expect(page.locator("h1")).to_contain_text("Bartolomé González")
        judge(page, f"account-{look}", width)

        page.goto(f"{shown.url}/cobranza/facturas/nueva?customer=A/7+ñ")
        judge(page, f"invoice-new-{look}", width)
        page.fill("[name=number]", f"N-{width}")
        page.fill("[name=total]", "2.000,25")
        page.fill("[name=due]", "2026-11-01")
        page.locator("main form button[type=submit]").first.click()
        expect(page.locator("main")).to_contain_text(f"N-{width}")

        page.goto(f"{shown.url}/cobranza/pagos/nuevo?customer=A/7+ñ")
        judge(page, f"payment-new-{look}", width)
        page.fill("[name=amount]", "mucho")
        page.locator("main form button[type=submit]").first.click()
        expect(page.locator(".faults")).to_be_visible()
        page.fill("[name=amount]", "2.000,25")
        page.fill("[name=invoice]", f"N-{width}")
        page.locator("main form button[type=submit]").first.click()
        expect(page.locator("h1")).to_contain_text("Bartolomé González")
        page.goto(f"{shown.url}/cobranza/pagos")
        expect(page.locator("#payments-table tbody")).to_contain_text(f"N-{width}")
        judge(page, f"payments-{look}", width)
        page.goto(f"{shown.url}/clientes/ficha?id=A/7+ñ")
        expect(page.locator("main")).to_contain_text({"es": "Ver la cuenta", "en": "See the account"}[language])


def test_a_form_that_is_sent_again_writes_no_second_payment(shown: Panel) -> None:
    """A page that is loaded again, or tried once more after a link was lost: whoever pays once has paid once."""
    with httpx.Client(base_url=shown.url, trust_env=False, timeout=30.0) as client:
        client.post("/entrar", data={"user": ADMINISTRATOR, "password": PASSWORD})
        asked = client.get("/cobranza/pagos/nuevo").text
        given = {name: re.findall(rf'name="{name}" value="([0-9a-f]+)"', asked)[-1] for name in ("csrf", "key")}
        given |= {"customer": "A/7 ñ", "amount": "12,34", "kind": "payment"}
        for _ in range(2):
            assert client.post("/cobranza/pagos/nuevo", data=given).status_code == 303
        # Another amount on a page that one went back to is another payment.
        assert client.post("/cobranza/pagos/nuevo", data={**given, "amount": "12,35"}).status_code == 303
    amounts = shown.gateway.sql("SELECT amount FROM payment WHERE amount BETWEEN 12340000 AND 12350000 ORDER BY amount")
    assert amounts == [(12340000,), (12350000,)]
