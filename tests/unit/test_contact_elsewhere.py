"""A sheet of contacts made elsewhere: heads forgiven, rows read whole or refused with their first fault."""

from __future__ import annotations

import pytest

from gatewayd.contact.elsewhere import COLUMNS, TEMPLATE, Faulty, Told, columns_of, moment, told
from gatewayd.numbers import Numbers, Policy

NOW = 1_796_000_000_000
NUMBERS = Numbers(Policy("AR", "351"))
PLACES = {name: place for place, name in enumerate(COLUMNS)}
ROW = ["DNI", "30123456", "", "whatsapp", "2026-11-18 14:05:00", "+5491150000001", "read"]


def changed(**cells: str) -> list[str]:
    row = list(ROW)
    for name, value in cells.items():
        row[PLACES[name]] = value
    return row


def test_the_template_is_what_the_reader_takes() -> None:
    head, *rows = [line.split(",") for line in TEMPLATE.splitlines()]
    columns = columns_of(head)
    assert columns == PLACES
    assert all(isinstance(told(row, PLACES, NUMBERS, moment("2027-01-01 00:00:00") or 0), Told) for row in rows)


@pytest.mark.parametrize(
    "head",
    [
        ["Tipo de Documento", "Número de documento", "Canal", "Fecha de envío", "Destinatarios", "Estado"],
        [" CHANNEL ", "external-id", "Sent At", "recipients", "state", "", "nota interna"],
    ],
)
def test_heads_are_known_however_they_are_written(head: list[str]) -> None:
    assert isinstance(columns_of(head), dict)


def test_a_head_says_what_it_lacks_or_has_twice() -> None:
    assert columns_of(["document_number", "sent_at", "recipients", "state"]) == Faulty("channel", "head_missing")
    assert columns_of([*COLUMNS, "Canal"]) == Faulty("channel", "head_twice", "Canal")
    assert columns_of(["channel", "sent_at", "recipients", "state"]) == Faulty("document_number", "head_missing")


def test_a_row_is_read() -> None:
    found = told(ROW, PLACES, NUMBERS, NOW)
    assert isinstance(found, Told)
    assert found.at == 1_795_010_700_000
    assert (found.channel, found.recipients, found.state, found.counts) == (
        *("whatsapp", ("+5491150000001",), "read"),
        True,
    )
    several = told(changed(channel="email", recipients="Ana@X.com; b@y.org ;", state="answered"), PLACES, NUMBERS, NOW)
    assert isinstance(several, Told)
    assert (several.recipients, several.answered, several.reached) == (("ana@x.com", "b@y.org"), True, True)
    # A sheet wrote the number as a number: the country's code stands first.
    bare = told(changed(recipients="5491150000001"), PLACES, NUMBERS, NOW)
    assert isinstance(bare, Told)
    assert bare.recipients == ("+5491150000001",)


@pytest.mark.parametrize(
    ("cells", "field", "code"),
    [
        ({"document_number": ""}, "document_number", "missing"),
        ({"channel": "telegrama"}, "channel", "unknown"),
        ({"sent_at": "18/11/2026 14:05"}, "sent_at", "not_a_time"),
        ({"sent_at": "2026-02-30 14:05:00"}, "sent_at", "not_a_time"),
        ({"sent_at": "1970-01-01 00:00:00"}, "sent_at", "not_a_time"),
        ({"sent_at": "2030-01-01 00:00:00"}, "sent_at", "in_future"),
        ({"state": "perdida"}, "state", "unknown"),
        ({"recipients": ""}, "recipients", "missing"),
        ({"recipients": "11 5000-0001"}, "recipients", "not_an_address"),
        ({"recipients": "5.49115E+12"}, "recipients", "not_an_address"),
        ({"recipients": ";".join(["+5491150000001"] * 21)}, "recipients", "too_many"),
        ({"document_number": "3\u202e0"}, "document_number", "unreadable"),
    ],
)
def test_the_first_fault_of_a_row_is_said(cells: dict[str, str], field: str, code: str) -> None:
    found = told(changed(**cells), PLACES, NUMBERS, NOW)
    assert isinstance(found, Faulty)
    assert (found.field, found.code) == (field, code)


def test_what_is_yet_to_go_or_went_wrong_does_not_count() -> None:
    for state, counts in (("scheduled", False), ("failed", False), ("sent", True), ("answered", True)):
        found = told(changed(state=state), PLACES, NUMBERS, NOW)
        assert isinstance(found, Told)
        assert found.counts is counts
    visit = told(changed(channel="visita", recipients=""), PLACES, NUMBERS, NOW)
    assert isinstance(visit, Told)
    assert visit.recipients == ()


def test_short_rows_are_rows_with_empty_cells() -> None:
    assert told(ROW[:4], PLACES, NUMBERS, NOW) == Faulty("sent_at", "missing", "")
