"""Lists in all the ways that programs, sheets and people vary them: who gets which text, or why nobody does."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

from gatewayd.intake.loading import Loading, Source
from gatewayd.numbers import Numbers, Policy
from spool.document import parse
from spool.errors import JobFileError
from spool.lists import encoding

POLICY = Policy("AR", "11")
NUMBERS = Numbers(POLICY)
ANA, LUIS, EVA = "+5491159876543", "+5493514123456", "+5493414123457"

Right = Mapping[str, str] | str
"""Texts by number, or the code of the refusal (`code/kind` where the kind matters)."""


def became(folder: Path, data: bytes | str, text: str = "Hola %nombre%", **keys: Any) -> tuple[Right, dict[int, str]]:
    """What becomes of a list: the texts by number or the refusal, and the reasons of the rows that are left out."""
    (folder / "lista.x").write_bytes(data.encode() if isinstance(data, str) else data)
    job = {"channel": "sms", "text": text, "recipients_file": "lista.x", **keys}
    try:
        document = parse(json.dumps(job).encode(), "job.json")
        with Loading(document, Source(str(folder), "job.json", POLICY), NUMBERS) as loading:
            rows = [row for chunk in loading.chunks() for row in chunk]
    except JobFileError as error:
        return f"{error.code}/{error.kind}", {}
    left_out = {row[0]: row[7] or "" for row in rows if row[7] is not None}
    sent = [(row[2] or "", row[3] or "") for row in rows if row[7] is None]
    assert len(dict(sent)) == len(sent)
    return (dict(sent) if sent else "no_valid_recipient"), left_out


def check(folder: Path, right: Right, data: bytes | str, **keys: Any) -> None:
    found, _ = became(folder, data, **keys)
    if isinstance(right, str) and isinstance(found, str) and "/" not in right:
        found = found.partition("/")[0]
    assert found == right


BOTH = {ANA: "Hola Ana", LUIS: "Hola Luis"}
AMBIGUOUS = "recipients_ambiguous"
UNREADABLE = "recipients_unreadable"

# ------------------------------------------------------------------------------------------------------------- headers


@pytest.mark.parametrize(
    "header",
    [
        "to", "TO", "celular", "Celular", "CELULARES", "Cel", "cel.", "Celu", "N° Cel", "Nro. Celular", "nro_celular",
        "NROCEL", "Número de teléfono celular", "celular del titular", "Celular (con 15)", "Cel / WhatsApp", "Móvil",
        "movil", "Tel. Móvil", "Telefono_Movil", "telefonoMovil", "TELMOVIL", "Mobile", "mobile_phone", "MobileNumber",
        "Mobile Phone Number", "Cell Phone", "cellphone", "WhatsApp", "Número de WhatsApp", "wsp", "Teléfono",
        "TELEFONO", "Telefono:", "Teléfonos", "Tel", "tel.", "TEL_1", "Telf.", "Tlf", "Fono", "Fono contacto", "phone",
        "Phone Number", "Telephone", "Phone 1 - Value", "telefono de contacto", "TelContacto", "numero", "Número",
        "Number", "Telemóvel", "No. de celular", "Celular (sin 0 ni 15)", "Enviar SMS a (celular)", "\ufeffTelefono",
        "Tele\u00adfono", "Celular*", "teléfono principal", "Número SMS", "MSISDN",
    ],
)  # fmt: skip
def test_a_header_speaks_of_a_telephone(tmp_path: Path, header: str) -> None:
    check(tmp_path, BOTH, f'"{header}";nombre\n1159876543;Ana\n3514123456;Luis\n')


@pytest.mark.parametrize(
    "header",
    [
        "email", "Correo electrónico", "E-mail 1 - Value", "dni", "Tipo de teléfono", "Phone 1 - Label", "Operador cel",
        "Empresa de telefonía", "Fax", "Teléfono fijo", "Home Phone", "Tel. casa", "Modelo de celular", "Saldo celular",
        "Fecha último llamado al celular", "Celeste", "Televisión", "Telar", "Automóvil", "cliente",
        "Nº", "móvil valido", "Cobertura móvil", "Motivo sin celular", "Nro. de serie del teléfono", "SIM celular",
        "ICC móvil", "PIN del celular",
    ],
)  # fmt: skip
def test_a_header_that_is_no_telephone_of_a_message(tmp_path: Path, header: str) -> None:
    check(tmp_path, f"{UNREADABLE}/recipients_column", f'"{header}";nombre\n1159876543;Ana\n3514123456;Luis\n')


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("telefono;celular", 1),
        ("Celular;Teléfono", 0),
        ("phone;Mobile Phone", 1),
        ("numero;tel", 1),
        ("tel;numero", 0),
        ("Número;Teléfono fijo 2;Cel", 2),
        ("to;celular", 0),
        ("celular;to", 1),
        ("email;cel", 1),
        ("WhatsApp;Celular", 1),
        ("Celular alternativo;Celular", 1),
        ("Celular 2;Celular 1", 1),
        ("Celular garante;Celular", 1),
        ("Celular vendedor;Teléfono", 1),
        ("Celular hijo;Celular", 1),
        ("Phone 2 - Value;Phone 1 - Value", 1),
        ("fijo telefono;telefono celular", 1),
        ("Celular;Celular (WhatsApp)", 0),
    ],
)
def test_of_several_columns_the_best_is_taken(tmp_path: Path, header: str, taken: int) -> None:
    width = len(header.split(";"))
    numbers = ["+54 9 341 412-3457"] * width
    numbers[taken] = "+54 9 11 5987-6543"
    check(tmp_path, {ANA: "Hola Ana"}, f"{header};nombre\n{';'.join(numbers)};Ana\n")


@pytest.mark.parametrize(
    "header",
    [
        "Celular;Móvil", "Teléfono;Phone", "Celular padre;Celular madre", "Celular garante", "Tel. vendedor",
        "Celular oficina norte;Celular oficina sur", "telefono;tel", "Celular abuela", "Celular suegro",
        "Celular apoderado", "Celular viejo", "Celular (no contactar)", "Celular robado", "No llamar al celular",
    ],
)  # fmt: skip
def test_of_equal_columns_none_is_taken(tmp_path: Path, header: str) -> None:
    row = ";".join(["1159876543", "3514123456"][: len(header.split(";"))])
    check(tmp_path, AMBIGUOUS, f"{header};nombre\n{row};Ana\n")
    first = header.split(";", maxsplit=1)[0]
    check(tmp_path, {ANA: "Hola Ana"}, f"{header};nombre\n{row};Ana\n", columns={"to": first})


@pytest.mark.parametrize(
    "rows",
    [
        "1159876543,Ana,1500,10/11/2026\n3514123456,Luis,1.500,50,10/11/2026\n",
        "1159876543,Muñoz,Ana,1500\n3514123456,Luis,1500\n",
        "1159876543,Ana,12\n3514123456,Luis,1,500.50\n",
    ],
)
def test_without_a_header_a_value_that_fell_apart_refuses_the_list(tmp_path: Path, rows: str) -> None:
    check(tmp_path, f"{AMBIGUOUS}/cells_uneven", rows, text="Hola %col2%, debe %col3%")


def test_rows_with_a_cell_too_many_speak_for_no_column(tmp_path: Path) -> None:
    # In most of them the telephone has moved below `Numero`; in the others that is somebody's document.
    whole = [f"Ana {n},1500,115300000{n},2000000{n}" for n in range(4)]
    moved = [f'Ana {n},"1.500,50",115300000{n},2000000{n}'.replace('"', "") for n in range(4, 10)]
    data = "\n".join(["nombre,deuda,Contacto,Numero", *whole, *moved, ""])
    check(tmp_path, f"{AMBIGUOUS}/columns_several", data, text="Aviso")


@pytest.mark.parametrize(
    "header",
    ["Carac.", "Característica", "DDD", "Lada", "Clave Lada", "DDN", "Prefijo", "Indicativo", "Cód. de Área Celular"],
)
def test_a_code_in_a_column_of_its_own_by_any_name(tmp_path: Path, header: str) -> None:
    # With the home area before it, 15555123 would be somebody else's number.
    check(tmp_path, f"{AMBIGUOUS}/columns_area", f"nombre;{header};Celular\nLuis;351;15555123\n")


def test_a_contact_with_a_name_is_another_person(tmp_path: Path) -> None:
    data = "nombre;Celular;{};Celular contacto\nAna;;Luis;3514123456\nEva;1159876543;Luis;3514123456\n"
    for name in ("Nombre contacto", "Contacto", "Persona de contacto"):
        check(tmp_path, {ANA: "Hola Eva"}, data.replace("{}", name))
    check(tmp_path, {LUIS: "Hola Ana", ANA: "Hola Eva"}, data.replace("{}", "Zona"))
    check(tmp_path, {LUIS: "Hola Luis"}, "cliente;nombre;Contacto;Tel. contacto\nNorte;Luis;Luis;3514123456\n")


@pytest.mark.parametrize(
    "header", ["id_celular", "Cuenta móvil", "Cédula titular móvil", "Contrato móvil", "DNI/Celular"]
)
def test_a_column_of_another_number_is_none_of_telephones(tmp_path: Path, header: str) -> None:
    check(tmp_path, {ANA: "Hola Ana"}, f"nombre;{header};Teléfono\nAna;3514123456;1159876543\n")
    check(tmp_path, f"{UNREADABLE}/recipients_column", f"nombre;{header}\nAna;3514123456\n")


def test_an_account_of_mail_is_an_address(tmp_path: Path) -> None:
    data = "nombre;Cuenta de correo\nAna;ana@norte.example\n"
    check(tmp_path, {"ana@norte.example": "Hola Ana"}, data, channel="email", subject="Aviso")


def test_a_fall_back_with_words_of_its_own_is_not_taken(tmp_path: Path) -> None:
    data = "nombre;Teléfono de {};Celular\nAna;3414123457;1159876543\nLuis;3414123457;\n"
    for words in ("ventas", "la oficina técnica", "instalación"):
        check(tmp_path, {ANA: "Hola Ana"}, data.replace("{}", words))


@pytest.mark.parametrize(
    "words",
    ["no usar", "viejo", "anterior", "baja", "equivocado", "bloqueado", "no contactar", "do not call", "sin servicio"],
)
def test_a_number_out_of_use_stands_in_for_none(tmp_path: Path, words: str) -> None:
    data = f"nombre;Celular;Celular ({words})\nLuis;;3514123456\nAna;1159876543;3414123457\n"
    check(tmp_path, {ANA: "Hola Ana"}, data)
    # Nor is it better than a telephone of which nobody says that it is a mobile.
    check(tmp_path, {ANA: "Hola Ana"}, f"nombre;Celular {words};Teléfono\nAna;3514123456;1159876543\n")


def test_a_column_of_texts_is_no_telephone(tmp_path: Path) -> None:
    data = "Celular;SMS;nombre\n1159876543;Hola Ana, debe 10;Ana\n3514123456;Hola Luis, debe 20;Luis\n"
    check(tmp_path, BOTH, data)
    check(tmp_path, f"{AMBIGUOUS}/columns_several", data.replace("Hola Ana, debe 10", "no tiene"))


def test_a_list_beside_another_one_is_refused(tmp_path: Path) -> None:
    two = "nombre;Celular;;nombre;Celular\nAna;1159876543;;Luis;3514123456\nEva;;;Paz;3414123457\n"
    check(tmp_path, f"{AMBIGUOUS}/columns_several", two)
    check(
        tmp_path,
        {LUIS: "Hola Luis", "+5493414123457": "Hola Paz"},
        two,
        text="Hola %nombre_2%",
        columns={"to": "celular_2"},
    )
    one = "nombre;Celular;Celular\nAna;1159876543;3414123457\nLuis;;3514123456\n"
    check(tmp_path, BOTH, one)


def test_an_area_in_a_column_of_its_own(tmp_path: Path) -> None:
    data = "Cod. área;Teléfono;nombre\n351;4123456;Luis\n"
    check(tmp_path, f"{AMBIGUOUS}/columns_area", data)
    check(tmp_path, {LUIS: "Hola Luis"}, data.replace("4123456", "3514123456"), columns={"to": "telefono"})


def receipts(folder: Path, data: str, **keys: Any) -> list[tuple[str | None, dict[str, Any]]]:
    (folder / "lista.x").write_text(data)
    job = {"channel": "sms", "text": "x", "recipients_file": "lista.x", **keys}
    document = parse(json.dumps(job).encode(), "job.json")
    with Loading(document, Source(str(folder), "job.json", POLICY), NUMBERS) as loading:
        return [(row[2], json.loads(row[8] or "{}")) for chunk in loading.chunks() for row in chunk]


def test_columns_stand_in_for_one_another_and_the_receipt_says_which(tmp_path: Path) -> None:
    data = (
        "Celular;Celular 2;Telefono\n1159876543;3514123456;\n;3514123456;\nno tiene;;3414123457\n"
        "NULL;1111111111;0341 15-412-3458\n10/11/2026;3514123459;\n"
    )
    found = receipts(tmp_path, data)
    assert [to for to, _ in found] == [ANA, LUIS, EVA, "+5493414123458", None]
    assert [detail.get("column") for _, detail in found] == [None, "celular_2", "telefono", "telefono", None]


def test_of_telephones_of_any_kind_the_one_marked_as_a_mobile_goes_first(tmp_path: Path) -> None:
    data = "Phone 1 - Value,Phone 2 - Value\n011 4321-0000,+54 9 11 5987-6543\n1159876544,\n"
    found = receipts(tmp_path, data)
    assert [(to, detail.get("column")) for to, detail in found] == [(ANA, "phone_2_-_value"), ("+5491159876544", None)]


def test_a_call_takes_a_landline_last(tmp_path: Path) -> None:
    call = {"channel": "call", "text": None, "call": {"script": {"message": "Hola"}}}
    found = receipts(tmp_path, "Teléfono fijo;Celular\n1143210000;1159876543\n1143210001;\n", **call)
    assert [(to, detail.get("column")) for to, detail in found] == [(ANA, None), ("+541143210001", "teléfono_fijo")]


# ----------------------------------------------------------------------------------------------------- where it stands


@pytest.mark.parametrize(
    ("above", "right"),
    [
        ("", BOTH),
        ("Morosos;;\n", BOTH),
        ("Morosos al 10/11/2026\n\n", BOTH),
        (";10/11/2026;\n", BOTH),
        ("Norte SA;30-71234567-8;\nPeríodo;202611;\n", BOTH | {}),
        ("Listado de teléfonos;;\n", BOTH),
        ("Período;202611;202612\n", BOTH),
        ("a;b;c\n" * 9, BOTH),
        ("a;b;c\n" * 10, f"{UNREADABLE}/recipients_column"),
        ("Eva;9;3414123457\n", f"{AMBIGUOUS}/header_several"),
        ("3414123457;Eva;1\n3414123458;Leo;1\n", f"{AMBIGUOUS}/header_several"),
        ("cel;x;y\n", BOTH),
        ("nombre;dni;telefono\n", BOTH),
    ],
)
def test_titles_above_the_header(tmp_path: Path, above: str, right: Right) -> None:
    data = f"{above}nombre;dni;telefono\nAna;30123456;1159876543\nLuis;28999111;3514123456\n"
    found, left_out = became(tmp_path, data)
    if above.startswith("Norte SA"):
        # Two rows of numbers above the header may as well be people.
        assert found in (BOTH, f"{AMBIGUOUS}/header_several")
    else:
        assert found == right
        assert set(left_out.values()) <= {"number_invalid"}


@pytest.mark.parametrize(
    "title", ["Teléfonos", "Teléfonos;;", "Celulares;Noviembre;", "Teléfonos;Noviembre;Centro", "Celular;x;y"]
)
def test_a_title_above_an_unclear_header_sends_to_nobody(tmp_path: Path, title: str) -> None:
    data = f"{title}\ndni;nombre;contacto\n30123456;Ana;1159876543\n28999111;Luis;3514123456\n"
    found, _ = became(tmp_path, data, text="Aviso")
    assert found == f"{AMBIGUOUS}/header_several"
    check(tmp_path, BOTH, data, columns={"to": "contacto"})


def test_a_first_row_without_a_number_is_no_header(tmp_path: Path) -> None:
    check(tmp_path, {LUIS: "Hola Luis"}, "telefono;nombre\nno tiene;Ana\n3514123456;Luis\n")
    check(tmp_path, {LUIS: "Hola Luis"}, "telefono;nombre;ciudad\n;Ana;Salta\n3514123456;Luis;Salta\n")


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_number_that_is_cut_is_nobodys(tmp_path: Path, encoding: str) -> None:
    data = "nombre;telefono\nAna;1159876543\nLuis;35141234"
    check(tmp_path, f"{UNREADABLE}/recipients_cut", data.encode(encoding))
    check(tmp_path, BOTH, (data + "56").encode(encoding))


def test_a_row_that_is_cut_has_a_receipt(tmp_path: Path) -> None:
    found = became(tmp_path, "nombre;telefono;x\nAna;1159876543;1\nLuis;3514123456", text="Aviso")
    assert found == ({ANA: "Aviso"}, {2: "row_short"})


def test_a_header_may_hold_months_and_dates(tmp_path: Path) -> None:
    check(tmp_path, BOTH, "nombre;celular;202611;10/12/2026\nAna;1159876543;5;6\nLuis;3514123456;7;8\n")


def test_a_title_that_speaks_of_telephones_is_not_the_header(tmp_path: Path) -> None:
    data = "Celulares de morosos;;Noviembre\ndni;nombre;celular\n30123456;Ana;1159876543\n"
    found, _ = became(tmp_path, data)
    assert found in ({ANA: "Hola Ana"}, f"{AMBIGUOUS}/header_several")
    check(tmp_path, {ANA: "Hola Ana"}, data, header_row=2)


@pytest.mark.parametrize(
    ("data", "right"),
    [
        ("1159876543;Ana\n3514123456;Luis\n", BOTH),
        ("1159876543;Ana;x\n3514123456;Luis\n", BOTH),
        ("1159876543;Ana;1500,50\n3514123456;Luis;9,5\n", BOTH),
        ("1159876543;Ana;10/11/2026\n3514123456;Luis;11/11/2026\n", BOTH),
        ("1159876543;Ana;a@b.example\n3514123456;Luis;c@d.example\n", BOTH),
        ("30123456;Ana;1159876543\n28999111;Luis;3514123456\n", AMBIGUOUS),
        ("1159876543;Ana;30123456\n", AMBIGUOUS),
        ("1159876543;Ana;150000\n", AMBIGUOUS),
        ("1159876543;1143210000;Ana\n", AMBIGUOUS),
        ("30123456;Ana\n28999111;Luis\n", AMBIGUOUS),
        ("20301234563;Ana\n27289991114;Luis\n", AMBIGUOUS),
        ("20261110;Ana\n", AMBIGUOUS),
        ("10/11/2026;Ana\n", UNREADABLE),
        ("Ana;Luis\n", UNREADABLE),
        ("a@b.example;Ana\n", UNREADABLE),
        ("1143210000;Norte\n;Nombre\n1159876543;Ana\n", AMBIGUOUS),
        ("Norte Wifi;1143210000;\nquién;;cuánto\nAna;1159876543;5\nLuis;3514123456;6\n", AMBIGUOUS),
        ("1159876543;Ana\nfin;de;lista\nx;y\nz;w\n", AMBIGUOUS),
        ("1159876543;Ana\n3514123456;Luis\ntelefono;nombre\n3414123457;Eva\n", AMBIGUOUS),
    ],
)
def test_a_list_without_a_header(tmp_path: Path, data: str, right: Right) -> None:
    check(tmp_path, right, data, text="Hola %col2%")


# -------------------------------------------------------------------------------------------------- bytes and letters


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("Muñoz", "cp1252"), ("MUÑOZ", "cp1252"), ("PEñA", "cp1252"), ("José", "cp1252"), ("Gonçalves", "cp1252"),
        ("João", "cp1252"), ("D’Angelo", "cp1252"), ("Ana – Norte", "cp1252"), ("Nº 5", "cp1252"), ("Müller", "cp1252"),
        ("¡Ana!", "cp1252"), ("5 € más", "cp1252"), ("Muñoz", "cp850"), ("García", "cp850"), ("ÑANDÚ", "cp850"),
        ("Córdoba", "mac_roman"), ("Núñez", "mac_roman"), ("Muñoz", "utf-8"), ("Muñoz", "utf-8-sig"),
        ("Muñoz", "utf-16"), ("Muñoz", "utf-16-le"), ("Muñoz", "utf-16-be"),
    ],
)  # fmt: skip
def test_letters_come_through(tmp_path: Path, name: str, encoding: str) -> None:
    data = f"telefono;nombre\r\n1159876543;{name}\r\n3514123456;Luis\r\n".encode(encoding)
    found, _ = became(tmp_path, data)
    assert found in (
        {ANA: f"Hola {name}", LUIS: "Hola Luis"},
        {ANA: f"Hola {name.replace('’', chr(39))}", LUIS: "Hola Luis"},
        {ANA: f"Hola {name.replace('–', '-')}", LUIS: "Hola Luis"},
    )


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        ([b"1159876543;Mu\xc3\xb1oz", b"3514123456;Pe\xf1a"], f"{AMBIGUOUS}/encoding_mixed"),
        ([b"1159876543;GARC\xd6A"], f"{AMBIGUOUS}/encoding_several"),
        ([b"1159876543;Jos\xc3\xa9", b"3514123456;Mu\xc3"], f"{UNREADABLE}/recipients_truncated"),
        ([b"1159876543;Jos\xc3\xa9 \xf0\x9f"], f"{UNREADABLE}/recipients_truncated"),
    ],
)
def test_letters_that_are_not_sure(tmp_path: Path, lines: Sequence[bytes], kind: str) -> None:
    check(tmp_path, kind, b"telefono;nombre\n" + b"\n".join(lines))


DOUBLED = "telefono;nombre\n3514123456;Luis\n1159876543;Muñoz\n".encode()


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "cp850", "cp437", "mac_roman"])
def test_a_list_that_was_encoded_twice_is_refused(tmp_path: Path, encoding: str) -> None:
    again = DOUBLED.decode(encoding)
    for data in (again.encode(), again.encode("utf-8-sig")):
        check(tmp_path, f"{AMBIGUOUS}/encoding_doubled", data)
        right = {LUIS: "Hola Luis", ANA: f"Hola {'Muñoz'.encode().decode(encoding)}"}
        check(tmp_path, right, data, recipients_encoding="utf-8")
    rows = [line.split(";") for line in again.splitlines()]
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    check(tmp_path, f"{UNREADABLE}/sheet_doubled", out.getvalue())


@pytest.mark.parametrize("before", [0, 1, 2, 3, 4])
def test_one_letter_that_was_encoded_twice_far_down_is_found(tmp_path: Path, before: int) -> None:
    """At any place of the border between two chunks, of which it has so many octets `before`."""
    row = b"1159876543;"
    people = [f"115{3_000_000 + n};Luis\n".encode() for n in range(65_000)]
    data = b"telefono;nombre\n" + b"".join(people)
    assert len(data) < encoding.CHUNK - len(row) - before
    name = b"x" * (encoding.CHUNK - len(data) - len(row) - before)
    check(tmp_path, f"{AMBIGUOUS}/encoding_doubled", data + row + name + "Ã±\n".encode() + people[0])


@pytest.mark.parametrize("name", ["JOÃO", "Ângela", "√2", "¬A", "A ├ B", "Vũ Ânh", "Ñandú"])
def test_letters_that_were_encoded_once(tmp_path: Path, name: str) -> None:
    check(tmp_path, {ANA: f"Hola {name}"}, f"telefono;nombre\n1159876543;{name}\n")


@pytest.mark.parametrize("told", ["cp850", "cp1252", "mac-roman", "iso8859-15"])
def test_a_job_that_takes_utf_8_for_letters_of_one_byte(tmp_path: Path, told: str) -> None:
    data = "celular;nombre\n1159876543;Ana\n3514123456;Muñoz\n"
    check(tmp_path, f"{UNREADABLE}/encoding_other", data, recipients_encoding=told)
    check(tmp_path, BOTH, data.replace("Muñoz", "Luis"), recipients_encoding=told)


def test_the_job_says_which_encoding(tmp_path: Path) -> None:
    data = b"telefono;nombre\n1159876543;GARC\xd6A\n"
    check(tmp_path, {ANA: "Hola GARCÍA"}, data, recipients_encoding="cp850")
    check(tmp_path, {ANA: "Hola GARCÖA"}, data, recipients_encoding="latin-1")
    check(tmp_path, f"{UNREADABLE}/encoding_other", data, recipients_encoding="utf-8")
    check(tmp_path, "value_invalid/value_encoding", data, recipients_encoding="klingon")


@pytest.mark.parametrize(
    "cell",
    [
        "NULL", "null", "Null", "(null)", "\\N", "nan", "NaN", "NaT", "None", "NONE", "undefined", "<NA>", "#N/A",
        "<null>", "[NULL]", "nil", "1.#IND",
        "#n/d", "#¡VALOR!", "#VALUE!", "#¡REF!", "#DIV/0!", "#¿NOMBRE?", "####", "##########", "[object Object]",
        "(en blanco)", "=A2*2", '="" ', "False", "\u200b", "\u00a0", "nUlL",
    ],
)  # fmt: skip
def test_a_cell_that_says_nothing_is_empty(tmp_path: Path, cell: str) -> None:
    data = f"telefono;nombre\n1159876543;{cell}\n3514123456;Luis\n"
    found, left_out = became(tmp_path, data)
    assert (found, left_out) == ({LUIS: "Hola Luis"}, {1: "value_missing"})
    check(tmp_path, {ANA: "Hola cliente", LUIS: "Hola Luis"}, data, values={"nombre": "cliente"})


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('="Ana"', "Ana"), ('"=""Ana"""', "Ana"), ("\ufeffAna\ufeff", "Ana"), ("\x1aAna", "Ana"), ("Ana\x1a", "Ana"),
        ("O'Higgins", "O'Higgins"), ("N/D", "N/D"), ("s/d", "s/d"), ("-", "-"), ("Nula", "Nula"),
        ("Nan Goldin", "Nan Goldin"),
        ("#1", "#1"), ("0", "0"), ("'0007", "0007"), ("+1500", "+1500"),
    ],
)  # fmt: skip
def test_a_cell_is_its_value(tmp_path: Path, cell: str, value: str) -> None:
    check(tmp_path, {ANA: f"Hola {value}"}, f"telefono;nombre\n1159876543;{cell}\n")


def test_apostrophes_around_every_cell_are_guards(tmp_path: Path) -> None:
    check(tmp_path, BOTH, "'telefono';'nombre'\n'1159876543';'Ana'\n'3514123456';'Luis'\n")
    check(tmp_path, {ANA: "Hola O'Higgins"}, "telefono;nombre\n'1159876543';'O'Higgins'\n")


@pytest.mark.parametrize(
    "cell",
    [
        '="1159876543"',
        "'1159876543",
        "'1159876543'",
        '"=""1159876543"""',
        "\u200e1159876543",
        "1159876543\x1a",
        "’1159876543",
    ],
)
def test_a_guarded_number_is_a_number(tmp_path: Path, cell: str) -> None:
    check(tmp_path, {ANA: "Hola Ana"}, f"telefono;nombre\n{cell};Ana\n")


@pytest.mark.parametrize(
    "cell", ["10/11/2026", "2026-11-10", "10-11-2026", "10.11.2026", "2026/11/10", "1/2/26", "2026-11-10 09:30"]
)
def test_a_date_is_nobodys_number(tmp_path: Path, cell: str) -> None:
    found, left_out = became(tmp_path, f"telefono;nombre\n{cell};Ana\n3514123456;Luis\n")
    assert (found, left_out) == ({LUIS: "Hola Luis"}, {1: "number_invalid"})


# ------------------------------------------------------------------------------------------------------- cells and rows


@pytest.mark.parametrize(
    ("data", "right"),
    [
        ("telefono;nombre;obs\n1159876543;Paz; Ana;\n3514123456;Luis;\n", {LUIS: "Hola Luis"}),
        ("telefono,nombre,debe,obs\n1159876543,Ana,1,500.50,\n3514123456,Luis,9,\n", {LUIS: "Hola Luis"}),
        ("telefono;nombre\n1159876543;Ana;\n3514123456;Luis;\n", BOTH),
        ("telefono;nombre;\n1159876543;Ana;\n3514123456;Luis;\n", BOTH),
        ("telefono;nombre;\n1159876543;Paz;Ana\n3514123456;Luis;\n", {LUIS: "Hola Luis"}),
        ("telefono;nombre;\n1159876543;Ana;x\n3514123456;Luis;y\n", BOTH),
        ("telefono,nombre,debe\n1159876543,Paz, Ana,\n3514123456,Gil, Luis,\n", AMBIGUOUS),
        ("telefono,nombre,debe\n1159876543,Paz,Ana,\n3514123456,Gil,Luis,\n", AMBIGUOUS),
        ("telefono,nombre,debe\n1159876543,Ana,1,500,\n3514123456,Luis,2,300,\n", "no_valid_recipient"),
        ("telefono,debe,nombre\n1159876543,1,500,\n3514123456,2,300,\n", AMBIGUOUS),
        ("telefono;nombre\n1159876543\n3514123456;Luis\n", {LUIS: "Hola Luis"}),
        ('telefono;nombre\n1159876543;"Ana\n"\n3514123456;Luis\n', BOTH),
        ('telefono;nombre;x\n1159876543;"Ana;1\n3514123456;Luis";2\n', UNREADABLE),
        ('telefono;nombre\n1159876543;"Ana\n3514123456;Luis"\n', UNREADABLE),
        ('nombre;telefono\n"Ana;1159876543\nLuis";3514123456\n', UNREADABLE),
        ('telefono;nombre\n1159876543;"Ana\n3514123456;Luis\n', UNREADABLE),
        ("telefono;nombre\n1159876543;Ana\nWarning: x in /var/y.php on line 3\n", UNREADABLE),
        ("telefono;nombre\n1159876543;Ana\n<html><body>504</body></html>\n", UNREADABLE),
        ("telefono;nombre\n1159876543;Ana\n{\"error\":\"timeout\"}\n", UNREADABLE),
        ("telefono;nombre\n1159876543;Ana\nORA-01555: snapshot too old\n", UNREADABLE),
        ("nombre;telefono\nAna;1159876543\nLu\n", UNREADABLE),
        ("nombre\n1159876543\n<br />\n", UNREADABLE),
        ("telefono;nombre\n1159876543;Ana\n3514123456;Luis\n\x1a\0\0\0", BOTH),
        ("telefono;nombre\n1159876543;Ana\n\x1a3514123456;Luis\n", BOTH),
        ("telefono;nombre\n1159876543;Ana\n\0\0\0\0", UNREADABLE),
        ("sep=;\ntelefono;nombre\n1159876543;Ana\n3514123456;Luis\n", BOTH),
        ("{\\rtf1 telefono;nombre}\n", UNREADABLE),
        ("<!-- x --><table><tr><td>telefono</td></tr></table>", UNREADABLE),
        ("MIME-Version: 1.0\nContent-Type: text/html\n\n<table>", UNREADABLE),
    ],
)  # fmt: skip
def test_rows_that_have_moved_are_cut_or_swallowed(tmp_path: Path, data: str, right: Right) -> None:
    check(tmp_path, right, data)


# -------------------------------------------------------------------------------------------------------------- sheets

Cells = Sequence[Sequence[Any]]
LIST: Cells = [["telefono", "nombre"], [1159876543, "Ana"], ["3514123456", "Luis"]]


def xlsx(sheets: Mapping[str, Cells], active: int = 0, hide: Callable[[Any], None] | None = None) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.active = active
    if hide is not None:
        hide(book.worksheets[0])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xls(sheets: Mapping[str, Cells], hidden: Sequence[int] = ()) -> bytes:
    book = xlwt.Workbook()
    for name, rows in sheets.items():
        sheet = book.add_sheet(name)
        for y, row in enumerate(rows):
            for x, cell in enumerate(row):
                sheet.write(y, x, cell)
        for y in hidden:
            sheet.row(y).hidden = True
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def ods(sheets: Mapping[str, Cells], hidden: Sequence[int] = (), how: str = "collapse") -> bytes:
    book = OpenDocumentSpreadsheet()
    for name, rows in sheets.items():
        table = Table(name=name)
        for y, row in enumerate(rows):
            line = TableRow(visibility=how) if y in hidden else TableRow()
            for cell in row:
                made = TableCell(valuetype="string")
                made.addElement(P(text=str(cell)))
                line.addElement(made)
            table.addElement(line)
        book.spreadsheet.addElement(table)
    out = io.BytesIO()
    book.write(out)
    return out.getvalue()


def by_hand(sheet: Any) -> None:
    sheet.row_dimensions[3].hidden = True


def by_group(sheet: Any) -> None:
    sheet.row_dimensions.group(3, 3, hidden=True)


@pytest.mark.parametrize(
    "data",
    [
        xlsx({"S": LIST}, hide=by_hand),
        xlsx({"S": LIST}, hide=by_group),
        xls({"S": LIST}, hidden=[2]),
        ods({"S": LIST}, hidden=[2]),
        ods({"S": LIST}, hidden=[2], how="filter"),
    ],
    ids=["hand", "group", "xls", "ods", "ods filter"],
)
def test_rows_that_a_sheet_hides(tmp_path: Path, data: bytes) -> None:
    check(tmp_path, f"{AMBIGUOUS}/rows_hidden", data)
    check(tmp_path, BOTH, data, hidden_rows="send")
    assert became(tmp_path, data, hidden_rows="skip") == ({ANA: "Hola Ana"}, {2: "row_hidden"})
    check(tmp_path, {ANA: "Hola Ana"}, data, hidden_rows="skip", recipients_rows=2)


def test_what_is_hidden_above_the_header_or_empty_is_nobody(tmp_path: Path) -> None:
    def hide(sheet: Any) -> None:
        sheet.row_dimensions[1].hidden = True
        sheet.row_dimensions[9].hidden = True

    check(tmp_path, BOTH, xlsx({"S": [["secreto", 3414123457], *LIST]}, hide=hide))


@pytest.mark.parametrize("write", [xlsx, xls, ods])
def test_of_two_sheets_the_job_says_which(tmp_path: Path, write: Callable[[Mapping[str, Cells]], bytes]) -> None:
    data = write({"Octubre": LIST, "Noviembre": [["telefono", "nombre"], ["3414123457", "Eva"]]})
    check(tmp_path, f"{AMBIGUOUS}/sheets_several", data)
    check(tmp_path, {EVA: "Hola Eva"}, data, sheet="Noviembre")
    check(tmp_path, BOTH, data, sheet=" octubre ")
    check(tmp_path, "value_invalid/sheet_missing", data, sheet="Diciembre")


@pytest.mark.parametrize(
    ("sheets", "right"),
    [
        ({"Tapa": [["Norte SA"], ["Morosos de noviembre"]], "Lista": LIST}, BOTH),
        ({"Tapa": [["Norte SA"], ["Tel: 011 4321-0000"]], "Lista": LIST}, BOTH),
        ({"Lista": LIST, "Totales": [["mes", "total"], ["11", 1500]]}, BOTH),
        ({"Lista": LIST, "Vacía": []}, BOTH),
        ({"Centro": LIST, "Norte": [[1159876544, "Leo"]]}, f"{AMBIGUOUS}/sheets_several"),
        ({"Lista": LIST, "Otra": [["Celular", "Móvil"], [1, 2]]}, f"{AMBIGUOUS}/sheets_several"),
        ({"A": [["x"]], "B": [["y"]]}, f"{UNREADABLE}/sheets_none"),
        ({"Solo encabezado": LIST[:1], "Lista": LIST}, f"{AMBIGUOUS}/sheets_several"),
    ],
)
def test_sheets_beside_the_list(tmp_path: Path, sheets: Mapping[str, Cells], right: Right) -> None:
    check(tmp_path, right, xlsx(sheets))


@pytest.mark.parametrize(
    ("keys", "right"),
    [
        ({"columns": {"to": "Dato"}}, {ANA: "Hola Ana"}),
        ({"columns": {"to": "dato", "ref": "nombre"}}, {ANA: "Hola Ana"}),
        ({"columns": {"to": ["Otro", "Dato"]}}, {LUIS: "Hola Ana"}),
        ({"columns": {"to": "Falta"}}, "value_invalid/column_missing"),
        ({"columns": {"to": "Dato", "ref": "Falta"}}, "value_invalid/column_missing"),
        ({"columns": {"to": 3}}, "value_invalid/value_string"),
        ({"columns": {"of": "x"}}, "key_unknown/key_unknown"),
        ({"columns": {"to": []}}, "value_invalid/value_list"),
        ({"sheet": "x"}, "value_invalid/key_of_sheets"),
        ({"hidden_rows": "send"}, "value_invalid/key_of_sheets"),
        ({"hidden_rows": "maybe"}, "value_invalid/value_choice"),
        ({"header_row": 9}, "value_invalid/header_row_missing"),
        ({"header_row": -1}, "value_invalid/value_whole"),
        ({"columns": {"to": "Dato"}, "header_row": 1}, {ANA: "Hola Ana"}),
    ],
)
def test_what_the_job_says_holds(tmp_path: Path, keys: Mapping[str, Any], right: Right) -> None:
    check(tmp_path, right, "Dato;Otro;nombre\n1159876543;3514123456;Ana\n", **keys)


def test_the_job_says_that_there_is_no_header(tmp_path: Path) -> None:
    data = "30123456;Ana;1159876543\n28999111;Luis;3514123456\n"
    check(tmp_path, BOTH, data, text="Hola %col2%", columns={"to": "col3"}, header_row=0)
    check(tmp_path, BOTH, data, text="Hola %col2%", columns={"to": "col3"})


def test_inline_recipients_are_chosen_by_the_same_words(tmp_path: Path) -> None:
    def inline(recipients: Sequence[Mapping[str, str]], **keys: Any) -> Right:
        job = {"channel": "sms", "text": "Hola %nombre%", "recipients": recipients, **keys}
        try:
            document = parse(json.dumps(job).encode(), "job.json")
            with Loading(document, Source(str(tmp_path), "job.json", POLICY), NUMBERS) as loading:
                return {row[2] or "": row[3] or "" for chunk in loading.chunks() for row in chunk if row[7] is None}
        except JobFileError as error:
            return error.code

    assert inline([{"Teléfono móvil": "1159876543", "numero": "7", "nombre": "Ana"}]) == {ANA: "Hola Ana"}
    assert inline([{"celular": "1159876543", "movil": "3514123456", "nombre": "Ana"}]) == AMBIGUOUS
    assert inline([{"x": "1159876543", "nombre": "Ana"}], columns={"to": "x"}) == {ANA: "Hola Ana"}
    assert inline([{"to": "1159876543", "nombre": "NULL"}], values={"nombre": "cliente"}) == {ANA: "Hola cliente"}
    assert inline([{"to": "1159876543", "nombre": "Ana"}], sheet="x") == "value_invalid"
