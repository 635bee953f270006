"""Segments of a text, and what a person is shown of them."""

from __future__ import annotations

import pytest

from gatewayd.texts import preview, split_for


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


def test_the_preview_shows_what_transliteration_saves() -> None:
    shown = preview(BILL)
    assert (len(BILL), shown.encoding, shown.segments) == (165, "ucs2", 3)
    assert shown.plain is not None
    assert "día" not in shown.plain
    assert shown.plain_segments == 2
    assert shown.strange == "íó"
    fits = preview(BILL[:150])
    assert (fits.segments, fits.plain_segments) == (3, 1)


def test_the_preview_offers_nothing_where_nothing_is_saved() -> None:
    assert preview("Mañana, señor").plain is None
    short = preview("Su día")
    assert (short.segments, short.plain, short.strange) == (1, None, "í")
    assert preview("Su día", "gsm7").encoding == "gsm7"
    assert preview("Su día", variant="es").encoding == "gsm7-es"
