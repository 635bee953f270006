"""What people see: tables that fit their terminal, and a live view that keeps what matters on a narrow one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from gatewayd.cli import account, output
from gatewayd.cli.top_view import columns, event_line, line_cells
from gatewayd.words import translation

LINE: dict[str, Any] = {
    "name": "claro-1",
    "driver": "gsm",
    "state": "waiting",
    "reason": "quota_day",
    "signal": 13,
    "operator": "Claro AR",
    "rate": "10/min",
    "pace": 3.0,
    "sent_today": 12,
    "outcomes": {"accepted": 12, "not_sent": 2},
}


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    spoken = translation.language()
    translation.set_language("es")
    yield
    translation.set_language(spoken)


def printed(width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], **options: Any) -> str:
    monkeypatch.setattr(output, "_console", lambda: Console(width=width, highlight=False))
    output.table(("Cuenta", "Nota", "Importe"), [("norte", "transferencia 4711", "10.00")], **options)
    return capsys.readouterr().out


def test_a_narrow_terminal_costs_columns_in_their_order_before_it_folds_cells(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wide = printed(60, monkeypatch, capsys, right=(2,), spare=(1, 0)).splitlines()
    assert [line.split() for line in (wide[0], wide[2])] == [
        ["Cuenta", "Nota", "Importe"],
        ["norte", "transferencia", "4711", "10.00"],
    ]
    narrow = printed(20, monkeypatch, capsys, right=(2,), spare=(1, 0)).splitlines()
    assert [line.split() for line in (narrow[0], narrow[2])] == [["Cuenta", "Importe"], ["norte", "10.00"]]
    folded = printed(20, monkeypatch, capsys)
    assert "tran" in folded
    assert "Nota" in folded


@pytest.mark.parametrize("width", [60, 80, 140])
def test_the_live_view_keeps_name_state_and_reason_at_any_width(width: int) -> None:
    keys = [key for key, _title in columns(width)]
    assert {"name", "state", "signal", "today", "reason"} <= set(keys)
    assert keys[-1] == "reason"
    cells = line_cells(LINE)
    assert set(keys) <= cells.keys()
    fixed = sum(max(cells[key].cell_len, len(title())) + 2 for key, title in columns(width)[:-1])
    assert fixed < width


def test_a_line_says_why_it_waits_in_words() -> None:
    cells = line_cells(LINE)
    assert cells["reason"].plain == "cupo del día agotado"
    assert (cells["signal"].plain, cells["bad"].plain) == ("▂     13 %", "2")
    at = "2026-11-23T12:00:00.000Z"
    event = {"seq": 1, "at": at, "kind": "line", "subject": "m1", "state": "quarantined", "reason": "pin_wrong"}
    told = event_line(event, ZoneInfo("America/Argentina/Buenos_Aires")).plain
    assert told == "09:00:00  línea    m1  en cuarentena  PIN incorrecto, no se reintenta"


@pytest.mark.parametrize(
    ("kind", "amount", "effects"),
    [
        ("grant", "10.00", ("+10.00", "", "")),
        ("grant", "-2.50", ("-2.50", "", "")),
        ("hold", "0.85", ("-0.85", "+0.85", "")),
        ("charge", "0.85", ("", "-0.85", "+0.85")),
        ("release", "0.85", ("+0.85", "-0.85", "")),
    ],
)
def test_a_statement_adds_up_to_the_account(kind: str, amount: str, effects: tuple[str, str, str]) -> None:
    assert account._effects(kind, amount) == effects
