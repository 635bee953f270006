"""Columns that are called alike: which one a text means is not guessed, and the job may say it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from gatewayd.intake.loading import Loading, Source
from gatewayd.numbers import Numbers, Policy
from spool.columns import told_apart
from spool.document import parse
from spool.errors import JobFileError

POLICY = Policy("AR", "11")
NUMBERS = Numbers(POLICY)
ANA, LUIS = "+5491159876543", "+5493514123456"
TWO = "celular;nombre;deuda;plan;Deuda\n1159876543;Ana;100;A;100\n3514123456;Luis;200;B;{}\n"


def became(folder: Path, data: bytes | str, text: str, **keys: Any) -> dict[str, str] | JobFileError:
    (folder / "lista.x").write_bytes(data.encode() if isinstance(data, str) else data)
    job = {"channel": "sms", "text": text, "recipients_file": "lista.x", **keys}
    try:
        document = parse(json.dumps(job).encode(), "job.json")
        with Loading(document, Source(str(folder), "job.json", POLICY), NUMBERS) as loading:
            rows = [row for chunk in loading.chunks() for row in chunk]
    except JobFileError as error:
        return error
    return {row[2] or "": row[3] or str(row[7]) for row in rows}


@pytest.mark.parametrize("text", ["Debe %deuda%", "Debe %DEUDA%", "%Deuda% pesos", "50% hoy: %deuda%"])
@pytest.mark.parametrize("other", ["999", "", "200,00"])
def test_columns_that_say_different_things_are_not_chosen_between(tmp_path: Path, text: str, other: str) -> None:
    refused = became(tmp_path, TWO.format(other), text)
    assert isinstance(refused, JobFileError)
    assert (refused.code, refused.file, refused.field) == ("recipients_ambiguous", "lista.x", "text")
    for words in (refused.text("en"), refused.text("es")):
        for word in ('"deuda"', "2", "%deuda_1%, %deuda_2%"):
            assert word in words


def test_in_a_sheet_and_in_three_columns(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Celular", "nombre", "nombre", "Nombre"], ["1159876543", "Ana", "Ana", "Plan 10"]):
        sheet.append(row)
    data = io.BytesIO()
    book.save(data)
    refused = became(tmp_path, data.getvalue(), "Hola %nombre%")
    assert isinstance(refused, JobFileError)
    assert "%nombre_1%, %nombre_2%, %nombre_3%" in refused.text("es")
    assert became(tmp_path, data.getvalue(), "Hola %nombre_3%") == {ANA: "Hola Plan 10"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hola %nombre%", ["Hola Ana", "Hola Luis"]),  # not used
        ("%deuda_1%", ["100", "200"]),
        ("%Deuda 1%", ["100", "200"]),
        ("%deuda_2%", ["100", "999"]),
        ("%deuda_1%/%deuda_2%", ["100/100", "200/999"]),
    ],
)
def test_a_text_may_say_which_one_it_means(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert became(tmp_path, TWO.format("999"), text) == dict(zip((ANA, LUIS), expected, strict=True))


def test_columns_that_say_the_same_are_one(tmp_path: Path) -> None:
    assert became(tmp_path, TWO.format(" 200"), "%deuda%") == {ANA: "100", LUIS: "200"}


def test_every_text_of_a_job_counts(tmp_path: Path) -> None:
    data = "correo;deuda;deuda\na@b.com;1;2\n"
    html = became(tmp_path, data, "x", channel="email", subject="s", html="<p>%deuda%</p>")
    subject = became(tmp_path, data, "x", channel="email", subject="%deuda%")
    assert isinstance(html, JobFileError)
    assert isinstance(subject, JobFileError)
    assert became(tmp_path, data, "x", channel="email", subject="%deuda_2%") == {"a@b.com": "x"}


def test_the_jobs_word_for_a_column_must_mean_one(tmp_path: Path) -> None:
    data = "Celular;id;Celular;id\n1159876543;1;3514123456;2\n"
    for field, name, columns in (("to", "celular", "celular_1, celular_2"), ("ref", "ID", "id_1, id_2")):
        said = {"to": "celular_1", field: name}
        refused = became(tmp_path, data, "x", columns=said)
        assert isinstance(refused, JobFileError)
        assert (refused.code, refused.field) == ("recipients_ambiguous", f"columns.{field}")
        assert columns in refused.text("es")
    assert became(tmp_path, data, "%id_2%", columns={"to": "celular_1", "ref": "id_2"}) == {ANA: "2"}
    assert became(tmp_path, data, "x", columns={"to": "celular_2"}) == {LUIS: "x"}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (["a", "b"], ("a", "b")),
        (["a", "A", "b"], ("a_1", "a_2", "b")),
        (["a", "a", "a_1"], ("a", "a_2", "a_1")),
        (["", "a", ""], ("col1", "a", "col3")),
    ],
)
def test_columns_that_are_called_alike_have_names_of_their_own(header: list[str], expected: tuple[str, ...]) -> None:
    assert told_apart(header) == expected


def test_a_campaigns_list_keeps_no_column_by_a_name_that_two_have(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text(TWO.format("999"))
    request = {
        "path": str(tmp_path / "l.csv"), "name": "l.csv", "channel": "sms", "policy": ["AR", "11", True],
        "instructions": {}, "language": "es",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "gatewayd.campaigns.engine.list_worker", str(os.getpid()), str(1 << 30)],
        input=json.dumps(request) + "\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert told[0]["columns"] == ["celular", "nombre", "deuda_1", "plan", "deuda_2"]
    assert json.loads(told[1]["rows"][1][3])["deuda_2"] == "999"
