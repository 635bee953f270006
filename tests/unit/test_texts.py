"""Templates and segments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.texts import Template, ValueMissingError, VariableUnknownError, preview, split_for, variable_name

VALUES = {"nombre": "Ana", "deuda": "1.500,50", "año": "2026", "n1": "x", "a_b": "y"}


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("Estimado %nombre%, debe $ %deuda%.", "Estimado Ana, debe $ 1.500,50."),
        ("%NOMBRE%%Nombre%", "AnaAna"),
        ("%AÑO% %año%", "2026 2026"),
        ("%an\u0303o%", "2026"),
        ("%n1% %a_b%", "x y"),
        ("50% hoy", "50% hoy"),
        ("50% hoy, %nombre%", "50% hoy, Ana"),
        ("100%nombre%", "100Ana"),
        ("50%% hoy", "50% hoy"),
        ("%%nombre%%", "%nombre%"),
        ("%%%nombre%", "%Ana"),
        ("%1n% %_a% %a b% %", "%1n% %_a% %a b% %"),
        ("%nombre% %", "Ana %"),
        ("%nombre%deuda%", "Anadeuda%"),
        ("", ""),
        ("%s %d {} {0}", "%s %d {} {0}"),
    ],
)
def test_a_variable_is_a_name_between_percent_signs(text: str, rendered: str) -> None:
    template = Template.parse(text)
    assert template.render(VALUES) == rendered
    names = list(VALUES)
    assert template.bind(names, {})(list(VALUES.values())) == rendered
    assert template.bind([], VALUES)([]) == rendered


def test_names_are_those_it_needs() -> None:
    assert Template.parse("%A% %b% %a% 5% %%c%%").names == {"a", "b"}


def test_an_unknown_variable_is_named() -> None:
    template = Template.parse("%nombre% %Zona%")
    with pytest.raises(VariableUnknownError) as refused:
        template.bind(["nombre"], {})
    assert refused.value.name == "zona"
    with pytest.raises(VariableUnknownError):
        template.render({"nombre": "Ana"})


@pytest.mark.parametrize("cell", ["", "  ", "\u00a0"])
def test_an_empty_cell_gives_no_text_unless_the_values_have_one(cell: str) -> None:
    template = Template.parse("Hola %nombre%, %deuda%")
    assert template.bind(["nombre", "deuda"], {})([cell, "5"]) is None
    assert template.bind(["nombre", "deuda"], {"Nombre": "cliente"})([cell, "5"]) == "Hola cliente, 5"
    assert template.bind(["nombre", "deuda"], {"nombre": "cliente"})(["Ana", "5"]) == "Hola Ana, 5"
    assert template.bind(["deuda"], {"nombre": cell})(["5"]) is None
    with pytest.raises(ValueMissingError):
        template.render({"nombre": cell, "deuda": "5"})


def test_one_variable_only_and_percent_signs_in_values() -> None:
    assert Template.parse("%a%").bind(["a"], {})(["5%s"]) == "5%s"
    assert Template.parse("%a% %b%").bind(["a"], {"b": "10%"})(["5%"]) == "5% 10%"


def test_of_columns_with_one_name_the_first_counts() -> None:
    assert Template.parse("%a%").bind(["a", "A"], {})(["1", "2"]) == "1"


pieces = st.lists(st.sampled_from(["%", "%%", "%nombre%", "%deuda%", "%zz%", "a", " ", "ñ", "{}", "%s", "nombre"]))


@given(pieces.map("".join), st.dictionaries(st.sampled_from(["nombre", "deuda", "zz"]), st.text(min_size=1)))
def test_the_bound_renderer_says_what_the_plain_one_says(text: str, values: dict[str, str]) -> None:
    template = Template.parse(text)
    try:
        expected: str | None = template.render(values)
    except ValueMissingError:
        expected = None
    except VariableUnknownError:
        with pytest.raises(VariableUnknownError):
            template.bind(list(values), {})
        return
    columns = list(values)
    assert template.bind(columns, {})([values[name] for name in columns]) == expected
    half = columns[: len(columns) // 2]
    rest = {name: values[name] for name in columns if name not in half}
    assert template.bind(half, rest)([values[name] for name in half]) == expected


@given(st.text())
def test_a_text_without_variables_comes_back_composed(text: str) -> None:
    template = Template.parse(text.replace("%", "%%"))
    assert not template.names
    assert variable_name(template.render({})) == variable_name(text)


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
