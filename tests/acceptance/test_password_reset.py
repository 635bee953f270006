"""A forgotten password, from the sign-in page over a mail to the new one."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from drivers.control import ControlClient
from tests.rig.axe import Axe
from tests.rig.panel import PASSWORD, Panel, Signed, panel
from tests.rig.processes import end, gatewayd

FRESH = "otra-clave-bien-larga"
LINE = """
[[line]]
name = "mail-1"
driver = "smtp"
rate = "1000/s"
from_address = "avisos@norte.example"
host = "127.0.0.1"
port = {port}
security = "none"
user = "cuenta@example.net"
password = "una-clave-larga"
"""


@pytest.fixture
def server() -> Iterator[dict[str, Any]]:
    arguments = ["simulate", "smtp", "--security", "none", "--set", "password=una-clave-larga"]
    process = gatewayd(arguments, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        announced: dict[str, Any] = json.loads(process.stdout.readline())
        yield announced
    finally:
        end(process, signal.SIGTERM)
        process.stdout.close()


def _ask(shown: Panel, browser: Signed, who: str) -> Page:
    page = browser.context().new_page()
    page.goto(f"{shown.url}/entrar")
    page.get_by_role("link", name="¿Olvidó la contraseña?").click()
    page.get_by_label("Nombre o correo").fill(who)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Mire su correo")
    assert Axe().run(page).violations_count == 0
    return page


def _links(ask: ControlClient, count: int) -> list[str]:
    assert ask("wait", taken=count, timeout=30)["reached"]
    mails = ask("texts")["texts"]
    assert len(mails) == count
    assert {mail["to"][0] for mail in mails} == {"luz@norte.example"}
    found = [re.search(r"/entrar/clave/(\S+)", mail["text"]) for mail in mails]
    return [one[1] for one in found if one is not None]


def test_a_forgotten_password(server: dict[str, Any], tmp_path: Path) -> None:
    line = LINE.format(port=server["devices"][0]["port"])
    web = 'base_url = "http://panel.norte.example"'
    with (
        ControlClient(server["control"]) as ask,
        panel(tmp_path, modems=0, web=web, extra=line) as shown,
        shown.browser() as browser,
    ):
        shown.user("luz")
        shown.gateway.call("user.edit", user="luz", mail="luz@norte.example")
        before = shown.gateway.call("account.show", account="norte")
        signed_in = browser.sign_in("luz")
        # The same page for who does not exist; nobody gets a mail for it.
        _ask(shown, browser, "nobody@norte.example").context.close()
        _ask(shown, browser, "LUZ@norte.example").context.close()
        (first,) = _links(ask, 1)
        _ask(shown, browser, "luz").context.close()
        _first, second = _links(ask, 2)
        # Neither link stands in the store, in the log or in a file of the spool; the earlier one is good no more.
        with sqlite3.connect(tmp_path / "gatewayd.db") as store:
            dump = "\n".join(store.iterdump())
        store.close()
        texts = [path.read_text(errors="replace") for path in (tmp_path / "spool").rglob("*") if path.is_file()]
        for secret in (first, second):
            assert len(secret) == 43
            assert not any(secret in text for text in (dump, shown.gateway.log.read_text(), *texts))
        page = browser.context().new_page()
        page.goto(f"{shown.url}/entrar/clave/{first}")
        expect(page.get_by_role("alert")).to_contain_text("ya no vale")
        page.goto(f"{shown.url}/entrar/clave/{second}")
        assert Axe().run(page).violations_count == 0
        page.get_by_label("Contraseña nueva").fill(FRESH)
        page.get_by_label("La contraseña otra vez").fill(FRESH)
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("rige")
        page.goto(f"{shown.url}/entrar/clave/{second}")
        expect(page.get_by_role("alert")).to_contain_text("ya no vale")
        signed_in.goto(f"{shown.url}/mi-cuenta")
        assert "/entrar" in signed_in.url
        browser.sign_in("luz", FRESH).context.close()
        # It cost nobody anything, and the gateway's own account is shown to nobody.
        assert shown.gateway.call("account.show", account="norte") == before
        assert [one["name"] for one in shown.gateway.call("account.list")["items"]] == ["norte"]
        assert shown.gateway.call("message.list")["items"] == []
        assert shown.gateway.call("interaction.list")["items"] == []
        assert shown.gateway.call("job.list")["items"] == []
        acts = [one["operation"] for one in shown.gateway.call("audit.list", act="reset")["items"]]
        assert acts == ["reset.use", "reset.ask", "reset.ask", "reset.ask"]
        assert PASSWORD not in dump
