"""Templates: which percent signs are variables, and what refuses a job."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.values.templates import Variables, VariableUnknownError
from spool.names import column_name, variable_name

CELLS = {
    "nombre": "Ana",
    "deuda": "1.500,50",
    "año": "2026",
    "n1": "x",
    "a_b": "y",
    column_name("Fecha de pago"): "10/11/2026",
    column_name("Saldo ($)"): "980",
    "20": "veinte",
}
NAMES = list(CELLS)


def rendered(text: str) -> str | None:
    return Variables(NAMES, {}).bind(text)(list(CELLS.values()))


def refused(text: str, *, tags: bool = False) -> list[str]:
    with pytest.raises(VariableUnknownError) as error:
        Variables(NAMES, {}).bind(text, tags=tags)
    return [each.written for each in error.value.unknown]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Nombre", "nombre"),
        ("Saldo ($)", "saldo"),
        ("saldo_($)", "saldo"),
        ("  Fecha  de\tpago ", "fecha_de_pago"),
        ("TELÉFONO", "telefono"),
        ("Año", "ano"),
        ("an\u0303o", "ano"),
        ("E-mail", "email"),
        ("($)", ""),
        ("_", ""),
        ("\ufeffNombre", "nombre"),
    ],
)
def test_names_are_letters_digits_and_single_bars(written: str, name: str) -> None:
    assert variable_name(written) == name


@given(st.text())
def test_a_name_is_its_own_name(written: str) -> None:
    assert variable_name(variable_name(written)) == variable_name(written)
    assert variable_name(column_name(written)) == variable_name(written)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Estimado %nombre%, debe $ %deuda%.", "Estimado Ana, debe $ 1.500,50."),
        ("%NOMBRE%%Nombre%", "AnaAna"),
        ("%AÑO% %año% %an\u0303o% %ano%", "2026 2026 2026 2026"),
        ("%n1% %a_b% %a b%", "x y y"),
        ("%nombre %, % nombre%", "Ana, Ana"),
        ("vence el %Fecha de pago% %fecha_de_pago% %FECHA DE PAGO%", "vence el 10/11/2026 10/11/2026 10/11/2026"),
        ("%Saldo ($)% %saldo_($)% %Saldo%", "980 980 980"),
        ("50% hoy", "50% hoy"),
        ("50% hoy, 20% mañana", "50% hoy, 20% mañana"),
        ("50% hoy, 20% mañana, %nombre%", "50% hoy, 20% mañana, Ana"),
        ("el % de interés y el % de mora", "el % de interés y el % de mora"),
        ("100%nombre%", "100Ana"),
        ("50%% hoy", "50% hoy"),
        ("%%nombre%%", "%nombre%"),
        ("%%%nombre%", "%Ana"),
        ("%1,5% %", "%1,5% %"),
        ("%nombre% %", "Ana %"),
        ("%nombre%%deuda%", "Ana1.500,50"),
        ("", ""),
        ("%s de 5", "%s de 5"),
        ("%d {} {0} [] <> ## $ $5", "%d {} {0} [] <> ## $ $5"),
        ("https://norte.example/?q=%C3%B1u%20a%20b", "https://norte.example/?q=%C3%B1u%20a%20b"),
        ("[%nombre%] {%deuda%} <%nombre%>", "[Ana] {1.500,50} <Ana>"),
        ("un 10%, o 20%: elija", "un 10%, o 20%: elija"),
        ("hasta 30%!! y solo 5% de interés", "hasta 30%!! y solo 5% de interés"),
        ("wa.me/549?text=Hola%20quiero%20pagar", "wa.me/549?text=Hola%20quiero%20pagar"),
        ("norte.example/p%20a%20b %nombre%", "norte.example/p%20a%20b Ana"),
        ("~nombre~ *nombre* _nombre_ {1} {x}", "~nombre~ *nombre* _nombre_ {1} {x}"),
        ("Hola [Norte] #promo# $importe <b> @nombre", "Hola [Norte] #promo# $importe <b> @nombre"),
    ],
)
def test_what_stands_between_percent_signs_and_has_a_name_is_a_variable(text: str, expected: str) -> None:
    assert rendered(text) == expected


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("%zona% y %nombre%, %deudda%", ["%zona%", "%deudda%"]),
        ("Hola %cliente.nombre%", ["%cliente.nombre%"]),
        ("100%seguro y 20% off", ["%seguro y 20%"]),
        ("Hola % nombree%", ["% nombree%"]),
        ("%Fecha-de-pago%", ["%Fecha-de-pago%"]),
        ("a%20b%20c", ["%20b%"]),
        ("Hola {{nombre}}, su saldo", ["{{nombre}}"]),
        ("{{ nombre }} {{cliente.nombre | upper}}", ["{{ nombre }}", "{{cliente.nombre | upper}}"]),
        ("Hola [NOMBRE] / {nombre} / $nombre / %nombre", ["%nombre", "[NOMBRE]", "{nombre}", "$nombre"]),
        ("Hola {nombre|title}, {nombre:20}", ["{nombre|title}", "{nombre:20}"]),
        ("Hola %%=nombre=%%, &nombre;", ["%%=nombre=%%", "&nombre;"]),
        ("Hola \uff05nombre\uff05", ["\uff05nombre\uff05"]),
        ("<nombre> <<Nombre>> «Nombre» ${nombre} #nombre#", None),
        ("{Fecha de pago} [[Fecha de pago]]", ["{Fecha de pago}", "[[Fecha de pago]]"]),
        ("Hola %nombre, su saldo", ["%nombre"]),
        ("Hola %nombre debe %deuda%", ["%nombre"]),
        ("%nombre", ["%nombre"]),
        ("{{apellido}} {{1}} *|FNAME|*", ["{{apellido}}", "{{1}}", "*|FNAME|*"]),
        ("*|NOMBRE|* __nombre__ @nombre@ %(nombre)s", ["*|NOMBRE|*", "__nombre__", "@nombre@", "%(nombre)s"]),
        ("<%= nombre %> {% nombre %} <% nombre %>", ["<%= nombre %>", "{% nombre %}", "<% nombre %>"]),
        ("%nombre, debe %deuda% y 5%", ["%nombre"]),
    ],
)
def test_what_only_looks_like_a_variable_refuses_the_job(text: str, written: list[str] | None) -> None:
    found = refused(text)
    assert found == (["<nombre>", "<<Nombre>>", "«Nombre»", "{nombre}", "#nombre#"] if written is None else written)


def test_a_name_that_nobody_has_comes_with_the_likeliest() -> None:
    with pytest.raises(VariableUnknownError) as error:
        Variables(NAMES, {"empresa": "Norte"}).bind("%nombr% %Saldo final ($)% %EMPRESSA% %xyz% {nombre}")
    hints = [(each.name, each.hint, each.foreign) for each in error.value.unknown]
    assert hints == [
        ("nombr", "nombre", False),
        ("saldo_final", "saldo_($)", False),
        ("empressa", "empresa", False),
        ("xyz", None, False),
        ("nombre", "nombre", True),
    ]


def test_tags_of_html_are_no_placeholders() -> None:
    columns = ["b", "title", "nombre"]
    render = Variables(columns, {}).bind("<html><title>x</title><b>%nombre%</b></html>", tags=True)
    assert render(["1", "2", "Ana"]) == "<html><title>x</title><b>Ana</b></html>"
    page = (
        "<style>@keyframes x{0%{opacity:0}50%{opacity:.5}} .a{width:calc(100%-2px);height:50%!important}"
        ".c{background:url(data:image/svg+xml;utf8,%3Csvg xmlns=%27http://www.w3.org/2000/svg%27%3E)}</style>"
        "<table width=\"100%\" class='x'><td width=50%><td width='20%'>{}<!--[if mso]><td width=\"100%\"><![endif]-->"
    )
    assert Variables(columns, {}).bind(page.replace("{}<", "%nombre%<"), tags=True)(["", "", "Ana"]) == page.replace(
        "{}<", "Ana<"
    )
    with pytest.raises(VariableUnknownError):
        Variables(columns, {}).bind("<td width='100%'>%nombree%<td width='50%'>", tags=True)
    with pytest.raises(VariableUnknownError):
        Variables(columns, {}).bind("<p class='x'>Hola <nombre></p>", tags=True)
    with pytest.raises(VariableUnknownError):
        Variables(columns, {}).bind("<a href='{nombre}'>", tags=True)


def test_a_column_of_digits_takes_no_percent_sign_from_a_number() -> None:
    render = Variables(["50", "3"], {}).bind("20%-50% off, 2%-3% más, %50% y %3%")
    assert render(["a", "b"]) == "20%-50% off, 2%-3% más, a y b"


def test_of_two_columns_that_are_equally_meant_neither_is() -> None:
    variables = Variables(["saldo_($)", "saldo_(€)", "to"], {})
    assert variables.bind("%Saldo ($)%")(["1", "2", ""]) == "1"
    assert variables.bind("%Saldo (€)%")(["1", "2", ""]) == "2"
    with pytest.raises(VariableUnknownError):
        variables.bind("%Saldo%")
    assert Variables(["a", "A"], {}).bind("%a%")(["1", "2"]) == "1"


@pytest.mark.parametrize("cell", ["", "  ", "\u00a0"])
def test_an_empty_cell_gives_no_text_unless_the_values_have_one(cell: str) -> None:
    text = "Hola %nombre%, %deuda%"
    assert Variables(["nombre", "deuda"], {}).bind(text)([cell, "5"]) is None
    assert Variables(["nombre", "deuda"], {"Nombre": "cliente"}).bind(text)([cell, "5"]) == "Hola cliente, 5"
    assert Variables(["nombre", "deuda"], {"nombre": "cliente"}).bind(text)(["Ana", "5"]) == "Hola Ana, 5"
    assert Variables(["deuda"], {"nombre": cell}).bind(text)(["5"]) is None


def test_percent_signs_in_values_are_text() -> None:
    assert Variables(["a"], {}).bind("%a%")(["5%s"]) == "5%s"
    assert Variables(["a"], {"b": "10%"}).bind("%a% %b%")(["5%"]) == "5% 10%"
    assert Variables(["a", "b"], {}).bind("%a% %b%")(["%b%", "%%"]) == "%b% %%"


@given(st.text())
def test_a_text_whose_percent_signs_are_doubled_comes_back(text: str) -> None:
    assert Variables([], {}).bind(text.replace("%", "%%"))([]) == unicodedata.normalize("NFC", text)
