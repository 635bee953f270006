"""A file of numbers that a command brings is a list of them, or nothing is done with it."""

from __future__ import annotations

import os
from pathlib import Path

import openpyxl
import pytest

from gatewayd.number_list import numbers_of
from gatewayd.numbers import Numbers, Policy
from gatewayd.values.errors import GatewayError

NUMBERS = Numbers(Policy("AR", "11"))


def read(folder: Path, data: str | bytes) -> list[tuple[int, str]]:
    (folder / "bajas.x").write_bytes(data.encode() if isinstance(data, str) else data)
    return list(numbers_of(folder / "bajas.x", NUMBERS))


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        ("1159876543\n\n1159876544\n", [1, 3]),
        ("Nombre;Celular\nAna;1159876543\nBeto;junk\nEva;1159876544\n", [2, 3, 4]),
        ("Ana;1159876543\nEva;1159876544\n", [1, 2]),  # the only column that holds numbers
        ("nro,dato\nAna,1159876543\n", [2]),
        ("ana@example.com\nluis@example.com\n", [1, 2]),
    ],
)
def test_a_column_of_numbers_is_found(tmp_path: Path, data: str, rows: list[int]) -> None:
    found = read(tmp_path, data)
    assert [row for row, _ in found] == rows
    assert all("1159" in cell or "@" in cell or cell == "junk" for _, cell in found)


def test_a_sheet_is_a_list_too(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["cliente", "telefono"], ["Ana", 1159876543], ["Eva", "1159876544"]):
        sheet.append(row)
    book.save(tmp_path / "b.xlsx")
    assert list(numbers_of(tmp_path / "b.xlsx", NUMBERS)) == [(2, "1159876543"), (3, "1159876544")]


@pytest.mark.parametrize(
    "data",
    [
        "",
        "\n\n",
        "no list\nhola\n",
        "nombre\nAna\nEva\n",
        "Querido cliente:\nllame al 1159876543\nsaludos\natte.\n",
        b"\x00\x01\x02 1159876543\n",
        b"%PDF-1.4\n\x07 4 0 obj\n1159876543\n",
        "<html><body>1159876543</body></html>\n",
        "<table>\n1159876543\n1159876544\n</table>\n",
        '{"numeros": [\n1159876543,\n1159876544\n]}\n',
        "\ufeff%PDF-1.7\n1159876543\n1159876544\n",
    ],
)
def test_what_is_none_is_refused(tmp_path: Path, data: str | bytes) -> None:
    with pytest.raises(GatewayError):
        read(tmp_path, data)


def test_noise_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GatewayError):
        read(tmp_path, os.urandom(4000))


def test_of_two_columns_of_numbers_none_is_taken(tmp_path: Path) -> None:
    with pytest.raises(GatewayError, match="telefono"):
        read(tmp_path, "30123456;1159876543\n30123457;1159876544\n")
    found = read(tmp_path, "dni;telefono\n30123456;1159876543\n30123457;1159876544\n")
    assert [cell for _, cell in found] == ["1159876543", "1159876544"]
