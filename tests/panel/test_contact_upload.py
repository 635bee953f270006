"""A sheet of contacts made elsewhere, as a person uploads it: faults row by row, mended, and in the log once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.panel.test_log import judge
from tests.rig.panel import Panel, panel

HEAD = "document_type,document_number,external_id,channel,sent_at,recipients,state"
SHEET = f"""{HEAD}
DNI,30123456,,whatsapp,2026-11-18 14:05:00,+5491150000001,read
DNI,30123457,,sms,18/11/2026,+5491150000002,sent
,,C-1042,email,2026-11-18 14:10:00,ana@example.com;pagos@example.com,delivered
,,C-1043,visit,2026-11-18 15:10:00,,answered
"""
DONE_S = 30.0


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with panel(tmp_path_factory.mktemp("uploads"), modems=0) as running:
        yield running


def test_a_sheet_is_read_its_faults_mended_and_nothing_entered_twice(shown: Panel, tmp_path: Path) -> None:
    sheet = tmp_path / "contactos de otra vía.csv"
    sheet.write_text(SHEET)
    for name, document in (("C-1042", {}), ("C-9", {"document_type": "DNI", "document_number": "30.123.456"})):
        shown.gateway.call("customer.put", account="norte", external_id=name, customer={"name": "Ana", **document})
    with shown.browser() as browser:
        page = browser.sign_in(viewport={"width": 390, "height": 844})
        page.goto(f"{shown.url}/interacciones/subir")
        judge(page, "upload-contacts", 390)
        page.set_input_files("input[type=file]", sheet)
        page.get_by_role("button", name="Subir").click()
        expect(page.locator("#upload-state")).to_contain_text("1 fila no se pudo cargar")
        expect(page.locator("#faults tbody tr")).to_have_count(1)
        expect(page.locator("#faults tbody tr")).to_contain_text("18/11/2026")
        judge(page, "uploaded-contacts", 390)
        with page.expect_download() as download:
            page.get_by_role("link", name="Descargar las filas").click()
        text = Path(download.value.path()).read_text(encoding="utf-8-sig")
        assert text.splitlines()[1].startswith("DNI;30123457;;sms;18/11/2026;+5491150000002;sent;")
        mended = tmp_path / "corregido.csv"
        mended.write_text(text.replace("18/11/2026", "2026-11-18 16:00:00") + SHEET.splitlines()[1].replace(",", ";"))
        page.goto(f"{shown.url}/interacciones/subir")
        page.set_input_files("input[type=file]", mended)
        page.get_by_role("button", name="Subir").click()
        expect(page.locator("#upload-state")).to_contain_text("Se cargaron todas las filas")
        page.goto(f"{shown.url}/interacciones?channel=visit")
        expect(page.locator("#log tbody tr")).to_have_count(1)
        page.goto(f"{shown.url}/interacciones")
        expect(page.locator("#log tbody tr")).to_have_count(5)
        page.goto(f"{shown.url}/ajustes/tareas")
        judge(page, "tasks-with-uploads", 390)
    assert shown.gateway.sql("SELECT count(*) FROM elsewhere") == [(5,)]
    # Of two customers who are known; the one with two addresses was contacted once.
    known = "SELECT customer.external_id, counts FROM elsewhere JOIN customer ON customer.id = person_id ORDER BY 1, 2"
    assert shown.gateway.sql(known) == [("C-1042", 0), ("C-1042", 1), ("C-9", 1)]


def test_what_is_no_sheet_of_contacts_is_said_and_nothing_entered(shown: Panel, tmp_path: Path) -> None:
    before = shown.gateway.sql("SELECT count(*) FROM elsewhere")
    sheet = tmp_path / "clientes.csv"
    sheet.write_text("nombre,celular\nAna,+5491150000001\n")
    with shown.browser() as browser:
        page = browser.sign_in()
        page.goto(f"{shown.url}/interacciones/subir")
        page.get_by_role("button", name="Subir").click()
        assert page.url.endswith("/subir")
        page.set_input_files("input[type=file]", sheet)
        page.get_by_role("button", name="Subir").click()
        expect(page.locator("#upload-state")).to_contain_text("No se puede leer la planilla")
        expect(page.locator("#faults")).to_contain_text("Canal")
        judge(page, "upload-refused", 1280)
    assert shown.gateway.sql("SELECT count(*) FROM elsewhere") == before


def test_a_program_enters_one_and_the_same_again_changes_it(shown: Panel) -> None:
    given = {"account": "norte", "channel": "call", "address": "+5491150000009", "ref": "crm-1", "reached": False}
    first = shown.gateway.call("interaction.note", **given)
    assert (first["state"], first["source"], first["kind"]) == ("failed", "person", "manual")
    second = shown.gateway.call("interaction.note", **{**given, "reached": True, "text": "Prometió pagar"})
    assert second["state"] == "delivered"
    assert second["id"] == first["id"]
    assert shown.gateway.call("interaction.show", direction="noted", id=first["id"])["text"] == "Prometió pagar"
    until = time.monotonic() + DONE_S
    while len(shown.gateway.call("interaction.list", channel=["call"])["items"]) != 1:
        assert time.monotonic() < until
