"""Lists made by an oracle that knows what each cell is: nobody gets what is not his, and what is refused says why.

A list is drawn with its people, its columns in any order under headers clear and unclear, and then written as programs
do: encodings, delimiters, quotes, guards, titles, hidden rows, cells too many, cells lost, quotes astray, a cut end.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import openpyxl
import pytest
import xlwt
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gatewayd.intake.loading import Loading, Source
from gatewayd.intake.rendering import Row
from gatewayd.numbers import Numbers, Policy
from spool.document import parse
from spool.errors import JobFileError

POLICY: Final = Policy("AR", "11")
NUMBERS: Final = Numbers(POLICY)

NAMES: Final = (
    "Ana", "Muñoz, Ana", "José", "PEÑA", "Luis; Eva", "O'Higgins", "D'Angelo", "Núñez", 'Juan "el Turco" Paz',
    "Zoë", "Li", "María José", "Caño 3/4\"", "Ana\tPaz", "Leo | Eva", "Ibáñez", "Ñandú", "Gómez 2",
)  # fmt: skip
MONEY: Final = ("1500", "1.500,50", "1,500.50", "0", "980,5", "$ 12", "-3")
MOBILE: Final = ("Celular", "cel", "Teléfono móvil", "Mobile Phone", "WhatsApp", "Nº de celular", "Celular titular")
PHONE: Final = ("Teléfono", "tel.", "Fono", "Phone 1 - Value", "telefono de contacto")
UNCLEAR: Final = ("Contacto", "Dato", "Nro", "")
ALIEN: Final = ("Celular garante", "Tel. vendedor", "Teléfono referencia")
WHOLE: Final = ("clear", "clear", "clear", "phone", "unclear", "none")


Draw = Callable[[st.SearchStrategy[Any]], Any]


@dataclass(frozen=True, slots=True)
class Person:
    """What is true of one recipient."""

    mobile: str
    """National, ten digits."""
    name: str
    debt: str
    dni: str
    account: str
    other: str
    """A number of somebody else."""

    @property
    def to(self) -> str:
        return "+549" + self.mobile

    @property
    def text(self) -> str:
        return f"Hola {self.name}, debe {self.debt}"


@dataclass(slots=True)
class Plan:
    """A list as it will be written."""

    people: list[Person]
    header: list[str]
    kinds: list[str]
    rows: list[list[str]]
    has_header: bool = True
    titles: list[list[str]] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    """Places of the people whose rows the sheet hides."""
    damaged: set[int] = field(default_factory=set)
    """Places of the people whose rows are not as they should be."""
    keys: dict[str, Any] = field(default_factory=dict)
    is_plain: bool = False
    """The text has no variables, so that no unknown one refuses a list that is read wrongly."""
    is_cut: bool = False
    """The end is missing: the last cell may be the beginning of itself, which nobody can know."""


def written(mobile: str, form: int) -> str:
    area, rest = (mobile[:2], mobile[2:]) if mobile.startswith("11") else (mobile[:3], mobile[3:])
    return (mobile, f"0{area}-15-{rest[:-4]}-{rest[-4:]}", f"+54 9 {area} {rest[:-4]}-{rest[-4:]}", f"549{mobile}")[
        form
    ]


@st.composite
def plans(draw: st.DrawFn, sheet: bool) -> Plan:
    count = draw(st.integers(1, 14))
    base = draw(st.integers(0, 899))
    people = [
        Person(
            mobile=f"{draw(st.sampled_from(['115', '351', '341']))}" + f"{3_000_000 + base * 1000 + place * 7:07}"[:7],
            name=draw(st.sampled_from(NAMES)) + f" {place}",
            debt=draw(st.sampled_from(MONEY)),
            dni=f"{20_000_000 + base * 1_000 + place}",
            account=f"116{7_000_000 + base * 100 + place}",
            other=f"114{6_000_000 + base * 100 + place}",
        )
        for place in range(count)
    ]
    clarity = draw(st.sampled_from(WHOLE))
    kinds = ["mobile", "name", "debt"]
    kinds += draw(
        st.lists(st.sampled_from(["dni", "account", "date", "other", "note", "mail"]), unique=True, max_size=4)
    )
    kinds = list(draw(st.permutations(kinds)))
    pool = {"clear": MOBILE, "phone": PHONE, "unclear": UNCLEAR, "none": MOBILE}[clarity]
    names = {
        "mobile": draw(st.sampled_from(pool)),
        "name": draw(st.sampled_from(["nombre", "Nombre", "NOMBRE:"])),
        "debt": "deuda",
        "dni": draw(st.sampled_from(["dni", "Numero", "number", "Documento"])),
        "account": draw(st.sampled_from(["cuenta", "numero", "Nº de cliente", "contrato"])),
        "date": draw(st.sampled_from(["vence", "Fecha"])),
        "other": draw(st.sampled_from(ALIEN)),
        "note": draw(st.sampled_from(["obs", "Nota", ""])),
        "mail": "email",
    }
    form = draw(st.integers(0, 3))
    rows = []
    for place, person in enumerate(people):
        cells = {
            "mobile": written(person.mobile, form),
            "name": person.name,
            "debt": person.debt,
            "dni": person.dni,
            "account": person.account,
            "date": "10/11/2026",
            "other": person.other,
            "note": draw(st.sampled_from(["", "", "llamar", "piso 2"])),
            "mail": f"p{place}@example.com",
        }
        rows.append([cells[kind] for kind in kinds])
    plan = Plan(people, [names[kind] for kind in kinds], kinds, rows, has_header=clarity != "none")
    plan.is_plain = draw(st.integers(0, 2)) == 0
    if plan.has_header:
        plan.titles = draw(
            st.sampled_from(
                [[], [], [["Morosos"]], [["Norte Wifi", "1143210000"]], [["Listado al", "10/11/2026"], []],
                 [["Teléfonos"]], [["Celulares", "noviembre"]], [["Período", "202611"]], [["30-71234567-8"]]]
            )
        )  # fmt: skip
    if kinds[-1] == "note" and not names["note"] and not sheet:
        # What some fill and others leave empty, without a name, may be a cell too many.
        plan.damaged.update(place for place, row in enumerate(rows) if row[-1])
    if sheet and draw(st.booleans()):
        plan.hidden = set(draw(st.lists(st.integers(0, count - 1), max_size=2)))
        if plan.hidden:
            plan.keys["hidden_rows"] = draw(st.sampled_from(["skip", None]))
    nothing = draw(st.sampled_from([None, None, "NULL", "\\N", "#N/A", "nan", "####", "None"]))
    if nothing is not None:
        victim = draw(st.integers(0, count - 1))
        kind = draw(st.sampled_from(["mobile", "name", "debt"] if count > 1 else ["name", "debt"]))
        plan.rows[victim][kinds.index(kind)] = nothing
        plan.damaged.add(victim)
    return plan


def as_csv(plan: Plan, draw: Draw) -> bytes:
    delimiter = draw(st.sampled_from([";", ",", "\t", "|"]))
    newline = draw(st.sampled_from(["\r\n", "\n"]))
    out = io.StringIO()
    quoted = draw(st.booleans())
    quoting: Literal[0, 1] = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=newline)
    for title in plan.titles:
        writer.writerow([*title, *[""] * (len(plan.header) - len(title))])
    if plan.has_header:
        writer.writerow(plan.header)
    mishap = draw(st.sampled_from(["", "", "", "naked", "lost", "quote", "guard", "tail", "end", "cut", "error"]))
    victim = draw(st.integers(0, len(plan.rows) - 1))
    for place, row in enumerate(plan.rows):
        hit = place == victim
        if mishap == "naked" and hit:
            # A program that quotes nothing: what the name holds moves the other cells.
            out.write(delimiter.join(cell.replace("\t", " ") if delimiter == "\t" else cell for cell in row) + newline)
            plan.damaged.add(place)
        elif mishap == "lost" and hit and len(plan.rows) >= 12:
            lost = draw(st.integers(0, len(row) - 1))
            writer.writerow([cell for at, cell in enumerate(row) if at != lost])
            plan.damaged.add(place)
        elif mishap == "quote" and hit:
            at = plan.kinds.index("name")
            out.write(
                delimiter.join(f'"{cell}' if n == at else cell.replace('"', "") for n, cell in enumerate(row)) + newline
            )
            plan.damaged.update(range(place, len(plan.rows)))
        elif mishap == "guard":
            out.write(delimiter.join('="' + cell.replace('"', '""') + '"' for cell in row) + newline)
            if any(delimiter in cell or '"' in cell for cell in row):
                plan.damaged.add(place)
        else:
            writer.writerow([*row, ""] if mishap == "tail" else row)
    text = out.getvalue()
    if mishap == "tail" and len(plan.rows) == 1:
        plan.damaged.add(0)  # a cell too many, and no other row that shows that this is a habit
    if mishap == "end":
        text += "\x1a"
    if mishap == "error":
        text += "PHP Fatal error:  Allowed memory size exhausted" + newline
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252", "cp850", "mac_roman"]))
    data = text.encode(encoding, "replace")
    if "?" in data.decode(encoding, "replace"):
        data = text.encode("utf-8")
    if mishap == "cut":
        data = data[: len(data) - draw(st.integers(1, min(30, len(data) - 1)))]
        plan.damaged.update(range(max(0, len(plan.rows) - 3), len(plan.rows)))
        plan.is_cut = True
    if mishap == "end" and data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        plan.damaged.add(len(plan.rows) - 1)
    return data


def as_sheet(plan: Plan, draw: Draw) -> bytes:
    lines: list[list[str]] = [*plan.titles, *([plan.header] if plan.has_header else []), *plan.rows]
    first = len(plan.titles) + plan.has_header
    number = draw(st.booleans())
    out = io.BytesIO()

    def value(cell: str) -> str | int:
        return int(cell) if number and cell.isdigit() and not cell.startswith("0") else cell

    if draw(st.booleans()):
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        for y, line in enumerate(lines, 1):
            for x, cell in enumerate(line, 1):
                sheet.cell(y, x, value(cell))
        for place in plan.hidden:
            sheet.row_dimensions[first + place + 1].hidden = True
        if draw(st.booleans()):
            book.create_sheet("Totales").append(["mes", "total"])
        book.save(out)
    else:
        old = xlwt.Workbook()
        page = old.add_sheet("Lista")
        for y, line in enumerate(lines):
            for x, cell in enumerate(line):
                page.write(y, x, value(cell))
        for place in plan.hidden:
            page.row(first + place).hidden = True
        old.save(out)
    return out.getvalue()


def squeezed(text: str) -> str:
    """What a reader cannot tell apart is one: blanks, and quotes that a program takes off."""
    return " ".join(text.replace("'", "").replace('"', "").split())


def is_begun(text: str, person: Person) -> bool:
    """Whether a text has the beginnings of a person's own words."""
    name, debt = text.removeprefix("Hola ").rsplit(", debe ", 1)
    return squeezed(person.name).startswith(squeezed(name)) and person.debt.startswith(debt)


def judge(folder: Path, plan: Plan, data: bytes) -> str:
    """Reads the list as intake does and holds what comes out against the oracle. Answers what became of it."""
    (folder / "lista.x").write_bytes(data)
    keys = {key: value for key, value in plan.keys.items() if value is not None}
    job = {"channel": "sms", "text": "Hola %nombre%, debe %deuda%", "recipients_file": "lista.x", **keys}
    if not plan.has_header:
        job["text"] = f"Hola %col{plan.kinds.index('name') + 1}%, debe %col{plan.kinds.index('debt') + 1}%"
    if plan.is_plain:
        job["text"] = "Aviso"
    refused: JobFileError | None = None
    rows: list[Row] = []
    try:
        document = parse(json.dumps(job).encode(), "job.json")
        with Loading(document, Source(str(folder), "job.json", POLICY), NUMBERS) as loading:
            rows = [row for chunk in loading.chunks() for row in chunk]
    except JobFileError as error:
        refused = error
    if refused is not None:
        for locale in ("es", "en"):
            # Why, and where: the file, or the field of the job.
            assert "lista.x" in refused.text(locale) or refused.field is not None
        assert refused.file in {"lista.x", "job.json"}
        return refused.code
    by_number = {person.to: (place, person) for place, person in enumerate(plan.people)}
    reached: set[int] = set()
    for row in rows:
        if row[7] is not None:
            continue
        to, text = row[2] or "", row[3] or ""
        assert to in by_number, f"a stranger: {to} {text!r}"
        place, person = by_number[to]
        if plan.is_plain:
            assert text == "Aviso"
        elif not (plan.is_cut and row is rows[-1] and is_begun(text, person)):
            assert squeezed(text) == squeezed(person.text), f"another's words: {text!r} not {person.text!r}"
        if place in plan.hidden:
            assert plan.keys.get("hidden_rows") == "send", "a hidden row was sent"
        reached.add(place)
    # Everybody has a message or a receipt.
    assert len(rows) >= len(plan.people) - len(plan.damaged)
    missing = set(range(len(plan.people))) - reached - plan.damaged - plan.hidden
    told = sum(row[7] is not None for row in rows)
    assert len(missing) <= told, f"left out: {[plan.people[place] for place in missing]} {[row[7] for row in rows]}"
    return "read"


def one(folder: Path, data: st.DataObject) -> str:
    sheet = data.draw(st.integers(0, 3)) == 0
    plan = data.draw(plans(sheet))
    return judge(folder, plan, as_sheet(plan, data.draw) if sheet else as_csv(plan, data.draw))


SUPPRESSED: Final[Sequence[HealthCheck]] = [
    HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large,
    HealthCheck.large_base_example,
]  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=SUPPRESSED)
@given(data=st.data())
def test_nobody_gets_what_is_not_his(tmp_path: Path, data: st.DataObject) -> None:
    one(tmp_path, data)


@pytest.mark.fault
@pytest.mark.timeout(3600)
def test_nobody_gets_what_is_not_his_in_twenty_thousand_lists(
    tmp_path: Path, record_property: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    ends: dict[str, int] = {}

    @settings(
        max_examples=20_000,
        deadline=None,
        suppress_health_check=SUPPRESSED,
        database=None,
        phases=[Phase.generate, Phase.shrink],
    )
    @given(data=st.data())
    def run(data: st.DataObject) -> None:
        end = one(tmp_path, data)
        ends[end] = ends.get(end, 0) + 1

    run()
    record_property("ends", json.dumps(ends))
    with capsys.disabled():
        print("\n", ends)
