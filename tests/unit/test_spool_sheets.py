"""Sheets as lists of recipients: XLSX, XLS and ODS written by other programs' libraries, and files that mean harm."""

from __future__ import annotations

import io
import os
import resource
import signal
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P
from pytest_mock import MockerFixture

from spool.errors import JobFileError
from spool.lists import sheets
from spool.lists.sheets import cell_text
from spool.recipients import open_list

Sheet = Sequence[Sequence[Any]]

PLAIN: Sheet = [
    ["Teléfono", "Nombre", "Deuda", "Vence", "Activo"],
    [1159876543.0, " Muñoz ", 1500.5, date(2026, 11, 23), True],
    [1155554444, None, 0.1 + 0.2, None, False],
    [],
    ["011-15-5987-6543", "José", "1.500,50", date(2026, 12, 1), None],
]
READ = [
    ["1159876543", "Muñoz", "1500.5", "2026-11-23", "true"],
    ["1155554444", "", "0.3", "", "false"],
    ["011-15-5987-6543", "José", "1.500,50", "2026-12-01", ""],
]


def xlsx(rows: Sheet) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(list(row))
    return saved(book)


def xls(rows: Sheet) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("S")
    dates = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            if cell is not None:
                sheet.write(y, x, cell, *([dates] if isinstance(cell, date) else []))
    return saved(book)


def ods(rows: Sheet) -> bytes:
    book = OpenDocumentSpreadsheet()
    table = Table(name="S")
    for row in rows:
        line = TableRow()
        for cell in row:
            line.addElement(ods_cell(cell))
        table.addElement(line)
    # As an office program fills a sheet up to its end.
    rest = TableRow(numberrowsrepeated=1_000_000)
    rest.addElement(TableCell(numbercolumnsrepeated=16_000))
    table.addElement(rest)
    book.spreadsheet.addElement(table)
    out = io.BytesIO()
    book.write(out)
    return out.getvalue()


def ods_cell(cell: Any) -> Any:
    match cell:
        case None:
            return TableCell()
        case bool():
            return TableCell(valuetype="boolean", booleanvalue=str(cell).lower())
        case int() | float():
            return TableCell(valuetype="float", value=f"{cell:.15g}")
        case date():
            return TableCell(valuetype="date", datevalue=cell.isoformat())
        case _:
            made = TableCell(valuetype="string")
            made.addElement(P(text=str(cell)))
            return made


def saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "copy"


def rows(path: Path, data: bytes, **keys: Any) -> list[list[str]]:
    path.write_bytes(data)
    with open_list(path, "clientes.xlsx", **keys) as opened:
        return list(opened.rows)


def refusal(path: Path, data: bytes) -> JobFileError:
    with pytest.raises(JobFileError) as refused:
        rows(path, data)
    assert refused.value.file == "clientes.xlsx"
    return refused.value


def repacked(data: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return out.getvalue()


# ------------------------------------------------------------------------------------------------------------- reading


@pytest.mark.parametrize("write", [xlsx, xls, ods])
def test_every_format_reads_alike(path: Path, write: Callable[[Sheet], bytes]) -> None:
    assert rows(path, write(PLAIN), expected=3) == READ


def test_the_name_says_nothing(path: Path) -> None:
    path.write_bytes(xlsx(PLAIN))
    assert list(open_list(path, "clientes.csv").rows) == READ


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (1159876543.0, "1159876543"),
        (5491159876543.0, "5491159876543"),
        (-3.0, "-3"),
        (1e20, "100000000000000000000"),
        (1500.5, "1500.5"),
        (0.1 + 0.2, "0.3"),
        (19.239, "19.2390"),
        (-999.125, "-999.1250"),
        (1500.505, "1500.505"),
        (0.125, "0.125"),
        (1e-7, "0.0000001"),
        (float("nan"), ""),
        (float("inf"), ""),
        (7, "7"),
        (True, "true"),
        (date(2026, 11, 23), "2026-11-23"),
        (datetime(2026, 11, 23), "2026-11-23"),
        (datetime(2026, 11, 23, 9, 30), "2026-11-23 09:30"),
        (datetime(2026, 11, 23, 9, 30, 5, 999), "2026-11-23 09:30:05"),
        (time(9, 30), "09:30"),
        (time(9, 30, 1), "09:30:01"),
        (timedelta(hours=30), "1 day, 6:00:00"),
        (None, ""),
    ],
)
def test_cells_become_the_text_a_person_sees(cell: Any, text: str) -> None:
    assert cell_text(cell) == text


def test_a_formula_gives_its_cached_value_and_is_never_run(path: Path) -> None:
    def cached(name: str, content: bytes) -> bytes:
        return content.replace(b"<f>1+1</f><v></v>", b"<f>1+1</f><v>42</v>").replace(b"<v />", b"<v>42</v>")

    data = repacked(xlsx([["telefono", "x", "y"], [1159876543, "=1+1", "=cmd|' /C calc'!A0"]]), cached)
    [row] = rows(path, data)
    assert row[1] == "42"
    assert "cmd" not in row[2]


def test_errors_of_a_sheet_are_empty_cells(path: Path) -> None:
    assert rows(path, xlsx([["telefono", "deuda"], [1159876543, "#N/A"], [1155554444, "#REF!"]])) == [
        ["1159876543", ""],
        ["1155554444", ""],
    ]


def test_the_first_visible_sheet_with_rows_counts(path: Path) -> None:
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.sheet_state = "hidden"
    first["A1"] = "secret"
    book.create_sheet("empty")
    book.create_sheet("lista").append(["telefono"])
    book["lista"].append([1159876543])
    book.create_sheet("más").append(["otra"])
    assert rows(path, saved(book)) == [["1159876543"]]


def test_a_sheet_may_begin_anywhere_and_have_no_header(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["C5"], sheet["D5"], sheet["C7"], sheet["D7"] = 1159876543, "Ana", 1155554444, "Juan"
    path.write_bytes(saved(book))
    opened = open_list(path, "x")
    assert opened.columns == ("to", "col2")
    assert [(r.row, r.to, r.values["col2"]) for r in opened] == [(1, "1159876543", "Ana"), (2, "1155554444", "Juan")]


# ------------------------------------------------------------------------------------------------------------- refusing


def test_an_empty_sheet(path: Path) -> None:
    assert refusal(path, xlsx([])).kind == "recipients_empty"


@pytest.mark.parametrize("write", [xlsx, xls, ods])
def test_a_damaged_sheet(path: Path, write: Callable[[Sheet], bytes]) -> None:
    whole = write(PLAIN)
    for data in (whole[: len(whole) // 2], whole[:600] + b"\0" * (len(whole) - 600)):
        error = refusal(path, data)
        assert (error.code, error.kind) == ("recipients_unreadable", "recipients_damaged")
        assert error.values["reason"]


def test_an_upload_cut_off_anywhere_is_never_read(path: Path) -> None:
    for write in (xlsx, xls, ods):
        whole = write([["telefono", "n"], *([1159876543 + n, f"n{n}"] for n in range(300))])
        for size in range(9, len(whole) - 600, len(whole) // 37):
            assert refusal(path, whole[:size]).kind in {"recipients_damaged", "recipients_format"}


@pytest.mark.parametrize("there", ["table", "directory", "small table", "stream"])
def test_chains_of_the_old_format_that_never_end(path: Path, there: str) -> None:
    data = bytearray(xls([["telefono"], *([1159876543 + n] for n in range(300))]))
    table = (int.from_bytes(data[76:80], "little") + 1) * 512
    match there:
        case "table":
            data[44:48] = (2).to_bytes(4, "little")  # the second place of the header's list is free
        case "directory":
            start = int.from_bytes(data[48:52], "little")
            data[table + 4 * start : table + 4 * start + 4] = start.to_bytes(4, "little")
        case "small table":
            data[60:64] = (0).to_bytes(4, "little")
            data[table : table + 4] = (0).to_bytes(4, "little")
        case _:
            data[table + 4 : table + 8] = (0).to_bytes(4, "little")
    assert refusal(path, bytes(data)).kind == "recipients_damaged"


def test_an_archive_that_is_no_sheet(path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert refusal(path, out.getvalue()).kind == "recipients_format"


def test_a_protected_sheet(path: Path) -> None:
    wrapped = sheets.OLE + b"\0" * 504 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 2000
    assert refusal(path, wrapped).kind == "recipients_password"

    flagged = bytearray(xlsx(PLAIN))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := flagged.find(mark, at + 1)) >= 0:
            flagged[at + place] |= 1
    assert refusal(path, bytes(flagged)).kind == "recipients_password"


def test_a_sheet_is_bounded_in_rows(path: Path, mocker: MockerFixture) -> None:
    mocker.patch("spool.lists.sheets.ROW_LIMIT", 2)
    assert len(rows(path, xlsx([["telefono"], [1159876543], [1155554444]]))) == 2
    error = refusal(path, xlsx([["telefono"], [1], [2], [3]]))
    assert (error.code, error.kind) == ("too_large", "too_many_rows")


@pytest.mark.parametrize("place", ["XFD1048576", "A99999999", "ZZ900000"])
def test_a_cell_far_off_is_found_before_the_sheet_is_laid_out(path: Path, mocker: MockerFixture, place: str) -> None:
    def moved(name: str, content: bytes) -> bytes:
        return content.replace(b'r="B2"', f'r="{place}"'.encode()) if "worksheets" in name else content

    data = repacked(xlsx([["telefono", "x"], [1159876543, 7]]), moved)
    opened = mocker.patch("python_calamine.CalamineWorkbook.from_filelike")
    error = refusal(path, data)
    assert (error.code, error.kind) == ("too_large", "too_many_cells")
    opened.assert_not_called()


def test_a_sheet_that_unpacks_to_more_than_its_bound(path: Path, mocker: MockerFixture) -> None:
    mocker.patch("spool.lists.archive.UNPACKED_LIMIT", 1 << 20)

    def inflated(name: str, content: bytes) -> bytes:
        return content + b" " * (2 << 20) if name.endswith("sheet1.xml") else content

    bomb = repacked(xlsx(PLAIN), inflated)
    assert len(bomb) < 100_000
    error = refusal(path, bomb)
    assert (error.code, error.kind) == ("too_large", "too_many_cells")
    # An archive may say of itself what it likes: only what comes out counts.
    with zipfile.ZipFile(io.BytesIO(bomb)) as archive:
        size = next(m.file_size for m in archive.infolist() if m.filename.endswith("sheet1.xml"))
    lying = bomb.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert lying != bomb
    assert refusal(path, lying).code == "too_large"


def test_parts_that_are_no_cells_do_not_count(path: Path, mocker: MockerFixture) -> None:
    mocker.patch("spool.lists.archive.UNPACKED_LIMIT", 1 << 20)
    out = io.BytesIO(xlsx(PLAIN))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/logo.png", b" " * (2 << 20))
    assert rows(path, out.getvalue()) == READ


def test_a_giant_of_the_old_format(path: Path, mocker: MockerFixture) -> None:
    mocker.patch("spool.lists.sheets.XLS_LIMIT", 1000)
    error = refusal(path, xls(PLAIN))
    assert (error.code, error.kind) == ("too_large", "too_many_bytes")


def test_a_defect_of_the_library_is_a_damaged_sheet(path: Path, mocker: MockerFixture) -> None:
    class PanicException(BaseException):
        pass

    mocker.patch("python_calamine.CalamineWorkbook.from_filelike", side_effect=PanicException("overflow\nat x.rs"))
    error = refusal(path, xlsx(PLAIN))
    assert (error.kind, error.values["reason"]) == ("recipients_damaged", "overflow")
    mocker.patch("python_calamine.CalamineWorkbook.from_filelike", side_effect=MemoryError)
    assert refusal(path, xlsx(PLAIN)).code == "too_large"
    mocker.patch("python_calamine.CalamineWorkbook.from_filelike", side_effect=KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        rows(path, xlsx(PLAIN))


def test_a_duration_that_is_longer_than_any_is_a_damaged_sheet(path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("S")
    sheet.write(0, 0, "telefono")
    sheet.write(1, 0, 1e9, xlwt.easyxf(num_format_str="[h]:mm:ss"))
    out = io.BytesIO()
    book.save(out)
    assert refusal(path, out.getvalue()).kind == "recipients_damaged"


SEEDS = [xlsx(PLAIN), xls(PLAIN), ods(PLAIN)]

READ_OR_REFUSED = 0
ABORTED = -signal.SIGABRT


def judged(path: Path, content: bytes) -> int:
    """How a process of its own ends that reads this under a memory limit, as the daemon's worker does.

    An abort (compiled code that met the limit) is an end that the daemon knows; a signal of any other kind, a second
    of computing, or another exception is a defect. The limit is for the reading: it comes on top of what the tests
    have in memory, of which a fork begins with all.
    """
    path.write_bytes(content)
    child = os.fork()
    if not child:
        code = 1
        with suppress(BaseException):
            limit = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + (1 << 30)
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_CPU, (5, 5))
            os.dup2(os.open("/dev/null", os.O_WRONLY), 2)
            try:
                list(open_list(path, "clientes.xlsx").rows)
                code = READ_OR_REFUSED
            except JobFileError as error:
                known = {"recipients_unreadable", "recipients_ambiguous", "too_large"}
                code = READ_OR_REFUSED if error.code in known else 2
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_cell_repeated_a_billion_times_ends(path: Path) -> None:
    book = OpenDocumentSpreadsheet()
    table, row, cell = Table(name="S"), TableRow(numberrowsrepeated=1_048_576), ods_cell("1159876543")
    cell.setAttribute("numbercolumnsrepeated", 16_384)
    row.addElement(cell)
    table.addElement(row)
    book.spreadsheet.addElement(table)
    out = io.BytesIO()
    book.write(out)
    assert judged(path, out.getvalue()) in {READ_OR_REFUSED, ABORTED}


def test_an_archive_whose_parts_lie_before_its_beginning_is_damaged(path: Path) -> None:
    content = bytearray(SEEDS[0])
    end = content.rindex(b"PK\x05\x06")
    # Where the central directory is said to begin: further on than it does, so that all else is taken to lie earlier.
    begin = int.from_bytes(content[end + 16 : end + 20], "little")
    content[end + 16 : end + 20] = (begin + len(content)).to_bytes(4, "little")
    path.write_bytes(bytes(content))
    with pytest.raises(JobFileError) as refused:
        open_list(path, "clientes.xlsx")
    assert refused.value.code == "recipients_unreadable"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(SEEDS), st.data())
def test_a_mutated_sheet_is_read_or_refused(path: Path, seed: bytes, data: st.DataObject) -> None:
    content = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(8, len(content) - 1))] = data.draw(st.integers(0, 255))
    assert judged(path, bytes(content)) in {READ_OR_REFUSED, ABORTED}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_mutated_xml_inside_is_read_or_refused(path: Path, data: st.DataObject) -> None:
    target = data.draw(st.sampled_from(["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml"]))
    piece = data.draw(st.sampled_from([b"<", b'r="ZZZ9"', b"&lol;", b"<c>", b"\xff", b"-1", b"999999999999", b""]))

    def damaged(name: str, content: bytes) -> bytes:
        if name != target:
            return content
        at = data.draw(st.integers(0, len(content)))
        return content[:at] + piece + content[at + data.draw(st.integers(0, 10)) :]

    assert judged(path, repacked(SEEDS[0], damaged)) in {READ_OR_REFUSED, ABORTED}
