"""Segments of a text, and what a person is shown of them."""

from __future__ import annotations

import pytest

from gatewayd.values.texts import letters, split_for


def test_a_line_may_choose_the_shift_table_until_a_part_has_left() -> None:
    text = "Su día límite es el próximo miércoles, " * 3
    assert split_for(text, "").encoding == "ucs2"
    assert split_for(text, "", "es").encoding == "gsm7-es"
    assert split_for(text, "gsm7-es") == split_for(text, "", "es")
    assert split_for(text, "ucs2", "es").encoding == "ucs2"
    assert split_for(text, "gsm7", "es").encoding == "gsm7"


def test_a_text_past_255_segments_is_refused() -> None:
    with pytest.raises(ValueError, match="255"):
        split_for("ñ" * 153 * 256, "")


BILL = (
    "Estimado cliente: le recordamos que su factura de internet vence el día 10. Puede abonarla en línea, "
    "por depósito o en nuestra oficina de Av. Rivadavia 1234. Gracias"
)


def test_what_a_text_costs_and_which_letters_make_it_dear() -> None:
    shown = letters(BILL)
    assert (len(BILL), shown.encoding, shown.segments, shown.units, shown.left) == (165, "ucs2", 3, 165, 36)
    assert [shown.text[start:end] for start, end in shown.dear] == ["í", "í", "ó"]
    assert (shown.plain_segments, shown.lost) == (2, ())
    assert shown.plain is not None
    assert "día" not in shown.plain
    assert (letters(BILL[:150]).segments, letters(BILL[:150]).plain_segments) == (3, 1)
    assert letters("Pague con 😀 o con “QR”").lost == ("😀",)


def test_nothing_is_offered_where_nothing_is_saved() -> None:
    assert letters("Mañana, señor").plain is None
    short = letters("Su día")
    assert (short.segments, short.plain, short.dear, short.left) == (1, None, ((4, 5),), 64)
    assert letters("Su día", "gsm7").text == "Su dia"
    assert letters("Su día", "ucs2").dear == ()


def test_typographic_signs_cost_nothing_and_braces_twice() -> None:
    shown = letters("“Hola” – {Ana}…")
    assert (shown.text, shown.encoding, shown.dear) == ('"Hola" - {Ana}...', "gsm7", ())
    assert ([shown.text[start:end] for start, end in shown.double], shown.left) == (["{", "}"], 160 - 19)
