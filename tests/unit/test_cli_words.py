"""What devices answer, on people's screens: words of their language, and nothing that only Python writes so."""

from __future__ import annotations

import gettext
from collections.abc import Iterator

import pytest

from drivers.base import Accepted, NotSent, Uncertain
from drivers.provider.sending import Trace
from drivers.provider.showing import _WORDS
from gatewayd.cli.line import _said
from gatewayd.cli.simulate import simulate
from gatewayd.words import translation
from gatewayd.words.reasons import STATES


@pytest.fixture(autouse=True)
def _spanish() -> Iterator[None]:
    before = translation.language()
    domain = gettext.textdomain()
    translation.set_language("es")
    yield
    translation.set_language(before)
    gettext.textdomain(domain)


def test_the_last_exchanges_are_read_by_people() -> None:
    last = {
        "outcome": "uncertain",
        "reason": "html_page",
        "took_ms": 12,
        "request": {"request": "POST http://x/send", "headers": {"Authorization": "Bearer ***"}, "body": "a=1"},
        "answer": {"status": 200, "body": "<html>"},
    }
    lines = str(_said(last)).splitlines()
    assert lines == [
        "incierto: en vez de la respuesta vino una página web",
        "Pedido: POST http://x/send",
        "Authorization: Bearer ***",
        "Cuerpo: a=1",
        "Respuesta: HTTP 200",
        "<html>",
        "Tardó: 12 ms",
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "sí"),
        (7, 7),
        (["a", False], "a, no"),
        ([{"battery": 80}, {"battery": 7, "model": None}], "Batería: 80, Batería: 7"),
        ({"charging": True, "seen": {"a": 1}}, "Cargando: sí\nseen: a: 1"),
    ],
)
def test_values_within_values_are_words(value: object, shown: object) -> None:
    assert _said(value) == shown


def test_every_outcome_of_an_exchange_has_a_word() -> None:
    assert set(_WORDS.values()) <= STATES.keys()
    kinds = {Accepted, NotSent, Uncertain, type(None)}
    assert kinds <= _WORDS.keys()
    assert "outcome" in Trace.__annotations__


@pytest.mark.parametrize("kind", ["android", "gsm", "provider", "push", "smtp", "whatsapp"])
def test_the_help_of_a_simulator_is_spoken(
    kind: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGUAGE", "es")
    translation.speak_for_libraries()
    with pytest.raises(SystemExit):
        simulate.main([kind, "--help"], prog_name="gatewayd simulate", standalone_mode=False)
    said = capsys.readouterr().out
    for english in ("usage", "options:", "show this", "number of", "Simulated", "seconds"):
        assert english not in said
    assert "cantidad de equipos" in said
