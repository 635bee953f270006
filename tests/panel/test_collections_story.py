"""A bill from its first day to its last, as somebody at a desk lives it, in both languages: reminded before it is due,
claimed once the tolerance is over, claimed again, promised by an answer, the promise broken, the bill paid.

The daemon is ended and started with a later clock for each day of the story; the modem's network is one all along.
Every word that a step looks for is taken from the catalogue.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from gatewayd.web.words import catalogue
from tests.rig.axe import Axe
from tests.rig.panel import Panel, Signed, panel
from tests.rig.warm_children import AHEAD

ZONE: Final = ZoneInfo("America/Argentina/Buenos_Aires")
NUMBER: Final = "+5491123450001"
EXTRA: Final = '[inbox]\ndefault = "norte"\n[billing]\nmax_age = "60d"\n'
PATIENCE_S: Final = 60.0
TOLERANCE: Final = 2
AGAIN: Final = 3
"""Days from a claim to its repeat."""
AHEAD_OF_DUE: Final = 2
"""Days before the due date on which the bill comes in, and is reminded."""


class Desk:
    """Somebody who speaks a language, at a page; the clock is noon of the story's day."""

    def __init__(self, shown: Panel, browser: Signed, language: str, noon_s: int) -> None:
        self.shown = shown
        self.language = language
        self._browser = browser
        self._catalogue = catalogue(language)
        self._noon_s = noon_s
        self.today = datetime.fromtimestamp(time.time() + noon_s, ZONE).date()
        self.due = self.today + timedelta(days=AHEAD_OF_DUE)
        self.page = self._sign_in()

    def _sign_in(self) -> Page:
        locale = {"es": "es-AR", "en": "en-US"}[self.language]
        return self._browser.sign_in(locale=locale, viewport={"width": 1280, "height": 900})

    def say(self, message: str, **values: object) -> str:
        return self._catalogue.gettext(message).format(**values)

    def count(self, one: str, number: int) -> str:
        """Returns a sentence that counts, as it is of one thing or of several."""
        return self._catalogue.ngettext(one, one, number).format(count=number)

    def go(self, path: str) -> None:
        answer = self.page.goto(f"{self.shown.url}{path}")
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"

    def press(self, message: str) -> None:
        self.page.get_by_role("button", name=self.say(message), exact=True).first.click()

    def sees(self, message: str, place: str = "main", **values: object) -> None:
        expect(self.page.locator(place).first).to_contain_text(self.say(message, **values))

    def look(self) -> None:
        """Axe finds nothing on the page, and nothing scrolls sideways."""
        found = Axe().run(self.page)
        assert found.violations_count == 0, found.generate_report()
        assert self.page.evaluate("document.documentElement.scrollWidth") <= 1280, "it scrolls sideways"

    def turn_to(self, days: int) -> None:
        """Lets the day come that is so many after the due date."""
        self.page.context.close()
        self.shown.restart(clock(self._noon_s + (AHEAD_OF_DUE + days) * 86_400))
        self.today = self.due + timedelta(days=days)
        self.page = self._sign_in()


def clock(ahead_s: int) -> dict[str, str]:
    return {AHEAD: str(ahead_s)}


def noon() -> int:
    """Returns by how many seconds a clock has to be ahead to show noon: no story runs over midnight."""
    now = datetime.now(UTC).astimezone(ZONE)
    return int((now.replace(hour=12, minute=0, second=0) - now).total_seconds()) % 86_400


def until(found: Callable[[], Any], told: Callable[[], Any] = str) -> Any:
    end = time.monotonic() + PATIENCE_S
    while not (seen := found()):
        assert time.monotonic() < end, f"it did not come to that: {told()}"
        time.sleep(0.1)
    return seen


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_bill_from_its_first_day_to_its_last(tmp_path: Path, language: str) -> None:
    ahead = noon()
    with panel(tmp_path, extra=EXTRA, env=clock(ahead)) as shown, shown.browser(whole=True) as browser:
        call = shown.gateway.call
        call("account.set", account="norte", language=language)
        known = {"name": "Ana", "contacts": [{"channel": "phone", "address": NUMBER, "state": "confirmed"}]}
        call("customer.put", account="norte", external_id="C-1", customer=known)
        for name, text in (("aviso", "%nombre%, %factura% vence el %vencimiento%"), ("reclamo", "Debe %deuda%")):
            call("template.save", account="norte", template=name, channel="sms", content={"text": text})
        desk = Desk(shown, browser, language, ahead)
        switch_answers_on(desk)
        write_the_rule(desk)
        a_bill_comes_in(desk)
        desk.turn_to(TOLERANCE)
        it_is_within_its_tolerance(desk)
        desk.turn_to(TOLERANCE + 1)
        it_is_claimed(desk)
        desk.turn_to(TOLERANCE + 1 + AGAIN)
        it_is_claimed_again_and_promised(desk)
        desk.turn_to(TOLERANCE + 3 + AGAIN)
        the_promise_is_broken(desk)
        a_complaint_is_answered_and_closed(desk)
        it_is_paid(desk)


def taken(desk: Desk, count: int) -> str:
    """Returns the newest text that the network took, once it has so many; there may be no more."""
    simulator = desk.shown.simulator
    assert simulator is not None
    until(lambda: len(simulator.texts()) >= count, lambda: decisions(desk))
    told = simulator.texts()
    assert len(told) == count, told
    return str(told[-1]["text"])


def comes_in(desk: Desk, text: str) -> None:
    assert desk.shown.simulator is not None
    desk.shown.simulator.ask("inject", modem=0, sender=NUMBER, text=text)


def decisions(desk: Desk) -> Any:
    """Returns what was decided about the customer, the newest first."""
    return desk.shown.gateway.call("decision.list", account="norte", customer="C-1")["items"]


def decided(desk: Desk, reason: str) -> None:
    """Waits until that is what is decided about the customer."""

    until(lambda: (found := decisions(desk)) and found[0]["reason"] == reason, lambda: decisions(desk))


def written(desk: Desk, day: date) -> str:
    return f"{day:%d/%m/%Y}" if desk.language == "es" else f"{day:%m/%d/%Y}"


def switch_answers_on(desk: Desk) -> None:
    desk.go("/ajustes/respuestas")
    for name in ("debt_on", "ticket_on", "promise_on"):
        desk.page.check(f"input[name={name}]")
    desk.press("Save")
    desk.sees("The answers were saved.", "body")


def write_the_rule(desk: Desk) -> None:
    page = desk.page
    desk.go("/cobranza")
    desk.sees("No rule for claims yet")
    desk.go("/cobranza/reglas?cuenta=norte")
    levels = (("Aviso", str(-AHEAD_OF_DUE), "aviso"), ("Reclamo", "1", "reclamo"))
    page.fill("#f-policy", "empresa")
    page.fill("#f-hour", "00:00")
    page.fill("#f-tolerance_days", str(TOLERANCE))
    page.fill("#f-reclaim_days", str(AGAIN))
    page.fill("#f-repeats", "2")
    for number, (name, days, template) in enumerate(levels):
        page.fill(f"#f-name_{number}", name)
        page.fill(f"#f-days_{number}", days)
        page.select_option(f"#f-way_{number}_0", f"sms:{template}")
    desk.press("Save it")
    desk.sees("The rule was saved; it holds from now on.", "body")


def a_bill_comes_in(desk: Desk) -> None:
    page = desk.page
    desk.go("/cobranza/facturas/nueva?customer=C-1")
    page.fill("[name=number]", "F-7")
    page.fill("[name=total]", "1.500,50")
    page.fill("[name=due]", desk.due.isoformat())
    desk.press("Save")
    desk.sees("Account of {name}", "h1", name="Ana")
    # Who types bills says when they are all there; before nothing is claimed.
    desk.go("/cobranza")
    desk.look()
    assert not desk.shown.gateway.call("decision.list", account="norte")["items"]
    desk.press("Everything stands here and is up to date")
    desk.sees("From now on what stands here counts as up to date; claims go on by their rules.", "body")
    assert taken(desk, 1).startswith("Ana, F-7 vence el ")
    decided(desk, "done")
    # What will be done is known beforehand, and nothing of it happens by looking.
    after = desk.due + timedelta(days=TOLERANCE + 1)
    desk.go(f"/cobranza/simulacion?cuenta=norte&fecha={after}")
    expect(page.locator("#people")).to_contain_text("Reclamo")
    expect(page.locator("#people")).to_contain_text("Ana")
    expect(page.locator("blockquote")).to_contain_text("Debe 1.500,50" if desk.language == "es" else "Debe ")
    desk.look()


def it_is_within_its_tolerance(desk: Desk) -> None:
    page = desk.page
    decided(desk, "tolerance")
    desk.go("/cobranza")
    desk.sees("within the days of tolerance")
    desk.look()
    # A rule without tolerance would claim today; trying it changes nothing.
    desk.go("/cobranza/reglas?regla=empresa&cuenta=norte")
    page.fill("#f-tolerance_days", "0")
    desk.press("Try it out")
    desk.sees("Would be contacted today: {count}. By the rules as they are: {before}.", count=1, before=0)
    desk.look()
    taken(desk, 1)


def it_is_claimed(desk: Desk) -> None:
    assert taken(desk, 2).startswith("Debe 1.500,50")
    until(lambda: len(desk.shown.gateway.call("novelty.list", account="norte")["items"]) == 1)
    desk.go("/cobranza/novedades")
    desk.page.get_by_role("link", name="Ana").click()
    desk.page.select_option("#f-result", "no_answer")
    desk.press("Save")
    desk.sees("The result was written down.", "body")
    desk.look()


def it_is_claimed_again_and_promised(desk: Desk) -> None:
    assert taken(desk, 3).startswith("Debe 1.500,50")
    comes_in(desk, "Saldo")
    assert "1.500,50" in taken(desk, 4)
    tomorrow = desk.today + timedelta(days=1)
    comes_in(desk, f"PAGO {tomorrow:%d/%m}")
    assert "Ana" in taken(desk, 5)
    decided(desk, "promised")
    desk.go("/cobranza/promesas")
    expect(desk.page.locator("#promises-table")).to_contain_text("Ana")
    desk.look()


def the_promise_is_broken(desk: Desk) -> None:
    def broken() -> Any:
        return desk.shown.gateway.call("novelty.list", account="norte", kind="broken_promise")["items"]

    until(broken)
    desk.go("/")
    expect(desk.page.locator("#needs")).to_contain_text(desk.count("{count} promise was not kept", 1))
    desk.look()
    desk.page.locator("#needs").get_by_role("link", name=desk.say("See the list")).first.click()
    expect(desk.page.locator("#novelties-table")).to_contain_text("Ana")
    desk.go("/cobranza/promesas?ver=broken")
    expect(desk.page.locator("#promises-table")).to_contain_text("Ana")
    desk.look()


def a_complaint_is_answered_and_closed(desk: Desk) -> None:
    assert desk.shown.simulator is not None
    before = len(desk.shown.simulator.texts())
    comes_in(desk, "RECLAMO no anda internet")
    assert "1" in taken(desk, before + 1)
    desk.go("/")
    expect(desk.page.locator("#needs")).to_contain_text(desk.count("{count} open ticket", 1))
    desk.page.locator("#needs").get_by_role("link", name=desk.say("See tickets")).click()
    desk.page.get_by_role("link", name="#1").click()
    desk.page.select_option("#f-state", "closed")
    desk.page.fill("#f-note", "Era el router")
    desk.press("Save")
    desk.sees("The ticket was changed.", "body")
    desk.look()


def it_is_paid(desk: Desk) -> None:
    page = desk.page
    desk.go("/cobranza/pagos/nuevo?customer=C-1")
    page.fill("[name=amount]", "1.500,50")
    page.fill("[name=invoice]", "F-7")
    desk.press("Save")
    desk.sees("Nothing is owed.")
    decided(desk, "nothing_owed")
    desk.go("/clientes/acciones/reclamos?id=C-1")
    for reason in ("nothing is owed", "a promise is pending", "within the days of tolerance"):
        desk.sees(reason)
    desk.look()
    desk.go("/cobranza/efectividad")
    expect(page.locator("#groups")).to_contain_text("Reclamo")
    # One payment is money once: the last contact's, though three came before it.
    groups = desk.shown.gateway.call("effectiveness.show", account="norte")["groups"]
    recovered = {one["name"]: (one["contacts"], one["recovered"]) for one in groups}
    assert recovered == {"aviso": (1, "0.00"), "reclamo": (2, "1500.50")}
    desk.look()
