"""Lists of recipients: whatever a billing program or a spreadsheet writes is read rightly, or refused with its line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_mock import MockerFixture

from spool import columns
from spool.document import parse
from spool.errors import JobFileError
from spool.lists import judge, text
from spool.lists.choice import Choice, choose
from spool.lists.text import examine
from spool.names import column_name
from spool.recipients import Recipients, inline, open_list, open_recipients


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "copy"


def table(path: Path, data: bytes | str, **keys: Any) -> Recipients:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return open_list(path, "clientes.csv", **keys)


def rows(path: Path, data: bytes | str, **keys: Any) -> list[list[str]]:
    with table(path, data, **keys) as opened:
        return list(opened.rows)


def refusal(path: Path, data: bytes | str, **keys: Any) -> JobFileError:
    with pytest.raises(JobFileError) as refused:
        rows(path, data, **keys)
    assert refused.value.file == "clientes.csv"
    return refused.value


# ------------------------------------------------------------------------------------------------------------- columns


@pytest.mark.parametrize(
    ("header", "name"),
    # The third is decomposed, as macOS writes it.
    [("Teléfono", "teléfono"), (" Saldo  Final ", "saldo_final"), ("An\u0303o", "año"), ("", "")],
)
def test_a_header_is_a_variables_name(header: str, name: str) -> None:
    assert column_name(header) == name


def test_headers_without_a_name_or_twice_are_told_apart() -> None:
    assert columns.names(["to", "", "Deuda", "deuda", "DEUDA", "deuda_2"]) == (
        "to", "col2", "deuda", "deuda_2", "deuda_3", "deuda_2_2",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("channel", "header", "place"),
    [
        ("sms", ["nombre", "to", "telefono"], 1),
        ("sms", ["telefono", "celular"], 1),
        ("sms", ["Teléfono", "email"], 0),
        ("email", ["telefono", "correo"], 1),
        ("email", ["telefono", "nombre"], None),
        ("sms", ["email", "nombre"], None),
        ("call", ["cliente", "phone"], 1),
        ("sms", ["Móvil", "x"], 0),
        ("sms", ["nombre", "deuda"], None),
    ],
)
def test_the_address_is_found_by_its_header_and_the_channel(channel: str, header: list[str], place: int | None) -> None:
    chosen = choose(header, channel)
    assert (chosen.places[0] if isinstance(chosen, Choice) else None) == place


# ---------------------------------------------------------------------------------------------------------------- CSV

TEXT = "Teléfono;Nombre;Deuda\r\n1159876543;Muñoz, Ana;1.500,50\r\n1155554444;José;0\r\n"
ROWS = [["1159876543", "Muñoz, Ana", "1.500,50"], ["1155554444", "José", "0"]]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1", "cp850"]
)
@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
def test_every_encoding_and_line_end(path: Path, encoding: str, newline: str) -> None:
    opened = table(path, TEXT.replace("\r\n", newline).encode(encoding))
    assert opened.columns == ("teléfono", "nombre", "deuda")
    assert list(opened.rows) == ROWS


def test_mac_roman_is_told_by_its_letters(path: Path) -> None:
    assert rows(path, "telefono;calle\n1159876543;Córdoba año mañana\n".encode("mac_roman")) == [
        ["1159876543", "Córdoba año mañana"]
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_delimiter(path: Path, delimiter: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerows([["telefono", "nombre", "deuda"], ["1159876543", "Ana, la de 11; y | más\tx", "1.500,50"]])
    assert rows(path, out.getvalue()) == [["1159876543", "Ana, la de 11; y | más\tx", "1.500,50"]]


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("telefono;deuda\n1159876543;1.500,50\n1155554444;2,00\n", ";"),
        ("1159876543;1.500,50\n1155554444;2,00\n", ";"),
        ('telefono,deuda\n1159876543,"1.500,50"\n', ","),
        ("telefono\n1159876543\n", ";"),
        ("telefono\tnombre\n1159876543\tAna, y Juan; y más\n", "\t"),
        ("nombre|celular\nAna|1159876543\n", "|"),
        ("sep=,\ntelefono,nombre\n1159876543,Ana\n", ","),
        ("telefono;a,b,c,d\n1;x,y,z,w\n", ";"),
    ],
)
def test_the_delimiter_is_the_one_that_makes_sense(path: Path, text: str, delimiter: str) -> None:
    path.write_text(text)
    assert examine(path, "x").delimiter == delimiter


def test_excels_separator_line_is_obeyed_and_is_no_row(path: Path) -> None:
    assert rows(path, "sep=|\r\ntelefono|nombre\r\n1159876543|Ana;B\r\n") == [["1159876543", "Ana;B"]]


def test_a_late_byte_that_is_no_utf8_is_found_before_the_first_row(path: Path) -> None:
    ascii_rows = "1159876543;Ana\n" * 200_000
    data = f"telefono;nombre\n{ascii_rows}".encode() + "1159876543;Muñoz\n".encode("cp1252")
    path.write_bytes(data)
    form = examine(path, "x")
    assert (form.encoding, form.delimiter) == ("cp1252", ";")


def test_blank_rows_are_no_recipients_and_cells_are_trimmed(path: Path) -> None:
    text = '\n\ntelefono,nombre\n\n 1159876543 , Ana \n,\n , \n"1155554444"," B "\n\n'
    assert rows(path, text) == [["1159876543", "Ana"], ["1155554444", "B"]]


def test_short_rows_are_filled_and_long_ones_are_ragged(path: Path) -> None:
    opened = table(path, "telefono,ref,deuda\n1159876543\n1155554444,C-2,1,500.50\n1155553333,C-3,7,,\n")
    first, second, third = opened
    assert (first.row, first.to, first.ref, first.values["deuda"], first.ragged) == (1, "1159876543", None, "", False)
    assert (second.row, second.ref, second.ragged) == (2, "C-2", True)
    assert (third.row, third.values["deuda"], third.ragged) == (3, "7", True)


def test_a_cell_may_hold_lines_and_quotes(path: Path) -> None:
    assert rows(path, 'telefono,nota\n1159876543,"una\nnota ""larga"""\n1155554444,b\n') == [
        ["1159876543", 'una\nnota "larga"'],
        ["1155554444", "b"],
    ]


def test_quotes_inside_a_cell_are_letters(path: Path) -> None:
    assert rows(path, 'telefono;nombre\n1159876543;Juan "el loco" Pérez\n') == [["1159876543", 'Juan "el loco" Pérez']]


def test_a_list_without_a_header(path: Path) -> None:
    opened = table(path, "1159876543;Ana\n1155554444;Juan\n")
    assert opened.columns == ("to", "col2")
    assert [(r.row, r.to, r.values["col2"]) for r in opened] == [(1, "1159876543", "Ana"), (2, "1155554444", "Juan")]


def test_address_and_ref_are_variables_too(path: Path) -> None:
    [one] = table(path, "Cliente;Teléfono\nAna SRL;1159876543\n")
    assert (one.to, one.ref) == ("1159876543", "Ana SRL")
    assert one.values == {"cliente": "Ana SRL", "teléfono": "1159876543"}


@pytest.mark.parametrize(
    ("data", "kind", "line"),
    [
        (b"", "recipients_empty", None),
        (b" \r\n\r\n", "recipients_empty", None),
        (b";;;\n;;\n", "recipients_empty", None),
        (b"\xef\xbb\xbf", "recipients_empty", None),
        (b"nombre;deuda\nAna;1\n", "recipients_column", None),
        (b"a\x1b[2J\x07b;deuda\nAna;1\n", "recipients_binary", None),
        (b"telefono;n\n1159876543;a\n11\0;b\n", "recipients_nul", 3),
        (b'telefono;n\n1159876543;a\n1159876544;"b\n1159876545;c\n', "recipients_quote", 3),
        (b'telefono;n\n1159876543;"a"b\n', "recipients_quote", 2),
        (b"telefono;n\n1159876543;" + b"x" * 140_000 + b"\n", "recipients_field", 2),
        (b'telefono;n\n1;a\n2;"' + b"1159876543;b\n" * 20_000, "recipients_field", 3),
        (b"<!DOCTYPE html><table><tr><td>telefono</td></tr></table>", "recipients_html", None),
        (b"\n<TABLE border=1>", "recipients_html", None),
        (b"\xff\xfe\x00\xd8", "recipients_encoding", None),
        (b"%PDF-1.4\n\0\0\0", "recipients_nul", 2),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(path: Path, data: bytes, kind: str, line: int | None) -> None:
    error = refusal(path, data)
    assert (error.code, error.kind, error.line) == ("recipients_unreadable", kind, line)
    assert "?" not in error.text("en").replace("never close?", "")


def test_the_columns_found_are_named(path: Path) -> None:
    assert "nombre, deuda" in refusal(path, "nombre;deuda\nAna;1\n").text()


def test_a_list_is_bounded(path: Path, mocker: MockerFixture) -> None:
    mocker.patch("spool.lists.judge.ROW_LIMIT", 3)
    assert len(rows(path, "telefono\n" + "1159876543\n" * 3)) == 3
    error = refusal(path, "telefono\n" + "1159876543\n" * 4)
    assert (error.code, error.kind) == ("too_large", "too_many_rows")
    error = refusal(path, ",".join(["to", *"x" * 1000]) + "\n1\n")
    assert (error.code, error.kind) == ("too_large", "too_many_columns")


def test_a_list_of_another_length_than_promised_is_refused_at_its_end(path: Path) -> None:
    text = "telefono\n1159876543\n\n1155554444\n"
    assert len(rows(path, text, expected=2)) == 2
    for expected in (0, 1, 3):
        error = refusal(path, text, expected=expected)
        assert (error.code, error.field) == ("recipients_mismatch", "recipients_rows")
        assert str(expected) in error.text()


def test_a_list_left_in_the_middle_is_closed(path: Path) -> None:
    with table(path, "telefono\n" + "1159876543\n" * 100_000) as opened:
        next(opened.rows)
    with pytest.raises(StopIteration):
        next(opened.rows)


def test_a_million_rows_stream(path: Path) -> None:
    with path.open("w") as file:
        file.write("telefono;nombre\n")
        for _ in range(1000):
            file.write("1159876543;Ana\n" * 1000)
    assert sum(1 for _ in open_list(path, "x").rows) == 1_000_000
    with path.open("a") as file:
        file.write("1159876543;Ana\n")
    with pytest.raises(JobFileError) as error:
        sum(1 for _ in open_list(path, "x").rows)
    assert error.value.code == "too_large"


# ------------------------------------------------------------------------------------------------------------- inline


def job(raw: dict[str, Any]) -> Any:
    return parse(json.dumps({"channel": "sms", "text": "x", **raw}).encode())


def test_inline_recipients_are_a_table() -> None:
    document = job(
        {
            "values": {"deuda": "0", "mes": "11"},
            "recipients": [{"to": "1", "Nombre": "Ana"}, {"ref": "C", "to": "2", "deuda": ""}, {"nombre": "sin"}],
        }
    )
    opened = inline(document)
    assert (opened.columns, opened.to, opened.ref) == (("to", "nombre", "ref", "deuda"), 0, 2)
    assert list(opened.rows) == [["1", "Ana", "", "0"], ["2", "", "C", ""], ["", "sin", "", "0"]]


def test_inline_recipients_without_any_address_are_refused() -> None:
    with pytest.raises(JobFileError) as error:
        inline(job({"recipients": [{"nombre": "Ana"}]}))
    assert error.value.kind == "recipients_column"


def test_a_documents_recipients_wherever_they_are(tmp_path: Path) -> None:
    (tmp_path / "clientes.csv").write_text("telefono\n1159876543\n")
    listed = job({"recipients_file": "clientes.csv", "recipients_rows": 1})
    assert [r.to for r in open_recipients(listed, tmp_path)] == ["1159876543"]
    assert [r.to for r in open_recipients(job({"recipients": [{"to": "7"}]}), tmp_path)] == ["7"]


# --------------------------------------------------------------------------------------------------------------- fuzz

CELL = st.text(st.sampled_from('aZñÑ€ ";,|\t0159.-+'), max_size=10)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(CELL, CELL), max_size=8),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_a_csv_writer_writes_is_what_is_read(
    path: Path, cells: list[tuple[str, str]], delimiter: str, encoding: str
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([["telefono", "nombre", "nota"], *(["1159876543", *pair] for pair in cells)])
    assert rows(path, out.getvalue().encode(encoding)) == [["1159876543", *map(str.strip, pair)] for pair in cells]


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_list_is_read_or_refused(path: Path, data: st.DataObject) -> None:
    content = TEXT.encode(data.draw(st.sampled_from(["utf-8", "cp1252", "utf-16", "utf-8-sig"])))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        piece = data.draw(
            st.binary(max_size=4) | st.sampled_from([b'"', b"\0", b"\r", b";;;;", b"\xff\xfe", b"PK\x03\x04"])
        )
        content = content[:at] + piece + content[at + data.draw(st.integers(0, 6)) :]
    refused = None
    try:
        width = len((opened := table(path, content)).columns)
        assert all(len(row) >= width for row in opened.rows)
    except JobFileError as error:
        refused = error
    assert refused is None or refused.code in {"recipients_unreadable", "recipients_ambiguous", "too_large"}


def test_the_limits_are_the_promised_ones() -> None:
    assert (judge.ROW_LIMIT, csv.field_size_limit()) == (1_000_000, 131_072)
    assert text.DELIMITERS == (";", ",", "\t", "|")
