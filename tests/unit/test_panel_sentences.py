"""What needs somebody and what runs, as sentences; and today beside a week ago."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gatewayd.web.panel.formats import Formats
from gatewayd.web.panel.going import Pace, going, running
from gatewayd.web.panel.needs import need
from gatewayd.web.panel.pages import PAGES
from gatewayd.web.panel.rendering import sentence
from gatewayd.web.panel.today import Sums, figures, sums
from gatewayd.web.words import Words
from gatewayd.words import translation

assert PAGES, "links lead to pages that are registered"
ES = Words("es")
FORMATS = Formats(ES, ZoneInfo("America/Argentina/Buenos_Aires"))
NOW = datetime(2026, 11, 30, 15, 30, tzinfo=UTC)
STATES = ("scheduled", "queued", "held", "sending", "submitted", "delivered", "failed", "uncertain")


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def said(kind: str, subject: str = "", reason: str | None = None, count: int | None = None, **more: str) -> str:
    with translation.speaking("es"):
        return plain(
            str(need({"kind": kind, "subject": subject, "reason": reason, "count": count, **more}, ES, FORMATS).text)
        )


def test_needs_are_sentences() -> None:
    assert said("line", "claro-2", "pin_required") == "La línea claro-2: la SIM pide su PIN"
    assert said("uncertain", count=1) == "1 mensaje en duda: pudo haber salido"
    assert said("uncertain", count=1523) == "1.523 mensajes en duda: pudieron haber salido"
    assert said("paused", "norte/marzo") == "marzo está en pausa y le quedan mensajes"
    assert said("credit", "norte", "low", balance="12.5") == "El crédito de norte se termina: quedan $ 12,50"
    assert said("credit", "norte", "waits", 3, balance="0") == "3 mensajes de norte esperan crédito: quedan $ 0,00"
    assert "quite_new" in said("quite_new", "x")


def test_a_name_never_becomes_markup() -> None:
    assert "<b>" not in said("line", "<b>x</b>", "no_sim")
    assert "&lt;b&gt;" in said("paused", "norte/<b>x</b>")
    assert "{0.__class__}" in said("paused", "norte/{0.__class__}")


def job(state: str = "running", **counts: int) -> dict[str, Any]:
    messages = sum(counts.values())
    return {
        "account": "norte",
        "job": "marzo",
        "state": state,
        "messages": messages,
        "segments": messages * 2,
        "counts": {one: counts.get(one, 0) for one in STATES},
        "held": {"credit": counts.get("held", 0)} if counts.get("held") else {},
        "not_before": "2026-11-30T19:00:00Z",
    }


@pytest.mark.parametrize(
    ("given", "rate", "ahead", "words"),
    [
        (job(queued=60), 0.5, 60, "termina hacia las 12:34: las líneas envían 30 por minuto"),
        (job(queued=60), 0.5, 60_000, "termina el jue 3 dic hacia las 07:10: las líneas envían 30 por minuto"),
        (job(queued=60), 0.017, 10_000_000, "a este ritmo tarda más de un mes"),
        (job(queued=60), 0.0, 60, "espera una línea"),
        (job("paused", held=60), 1.0, 60, "sigue cuando alguien lo diga"),
        (job("loading"), 1.0, 60, "se está leyendo su lista"),
        (job(held=5, delivered=9), 1.0, 0, "espera: falta crédito"),
        (job(scheduled=5), 1.0, 0, "empieza en 3 h 30 min"),
        (job(submitted=5), 1.0, 0, "todo enviado; se esperan los informes"),
        (job("done", delivered=5), 1.0, 0, ""),
    ],
)
def test_the_end_of_a_job_is_said_with_its_cause(given: dict[str, Any], rate: float, ahead: int, words: str) -> None:
    with translation.speaking("es"):
        assert plain(going(given, Pace(rate, ahead, NOW), ES, FORMATS).said) == words


def test_numbers_of_a_job_lead_to_the_people_behind_them() -> None:
    shown = going(job(delivered=3, uncertain=1), Pace(1.0, 0, NOW), ES, FORMATS)
    assert [(one.number, one.hatched) for one in shown.parts] == [(3, False), (1, True)]
    assert shown.parts[0].href == "/interacciones?job=norte%2Fmarzo&state=delivered"


def test_only_what_runs_is_shown_as_running() -> None:
    jobs = [job("done"), job("running"), job("paused"), job("cancelled"), job("loading")]
    assert [one["state"] for one in running(jobs)] == ["running", "paused", "loading"]


def hour(at: str, sent: int, cost: str = "0") -> dict[str, Any]:
    return {"group": at, "sent": sent, "delivered": sent, "failed": 0, "received": 0, "cost": {"ARS": cost}}


def test_the_hour_that_is_not_over_counts_in_part() -> None:
    hours = [hour("2026-11-30T14:00", 10, "8.50"), hour("2026-11-30T15:00", 10, "8.50"), hour("2026-11-30T16:00", 99)]
    found = sums(hours, NOW)
    assert (found.sent, found.cost["ARS"]) == (15.0, Decimal("12.75"))
    assert sums(hours, NOW - timedelta(days=1)).sent == 0


def test_today_stands_beside_a_week_ago() -> None:
    found = figures(Sums(1523, 1431, 12, 48, {"ARS": Decimal("1294.55")}), Sums(), ES, FORMATS)
    assert [plain(one.value) for one in found] == ["1.523", "94 %", "12", "48", "$ 1.294,55"]
    assert [plain(one.note) for one in found] == ["antes: 0", "antes: –", "antes: 0", "antes: 0", "antes: $ 0,00"]


@pytest.mark.parametrize(
    ("text", "shown"), [("nothing was done", "Nothing was done."), ("Is it?", "Is it?"), ("", "."), ("ñandú", "Ñandú.")]
)
def test_an_error_of_the_core_is_a_sentence(text: str, shown: str) -> None:
    assert sentence(text) == shown
