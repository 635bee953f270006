"""`gatewayd list` and `gatewayd submit --dry-run`: how a list is read, what would be sent, and who is left out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gatewayd.cli import main
from gatewayd.cli.offline import OfflineBackend
from gatewayd.config import load

CONFIG = """
locale = "en"
[store]
url = "sqlite:///data/gatewayd.db"
[spool]
path = "spool"
[numbers]
region = "AR"
home_area = "11"
"""
LIST = "Fecha;Nro;Cel;nombre\n10/11/2026;30123456;1159876543;Ana\n10/11/2026;7;NULL;Luis\n10/11/2026;8;1159876544;;x\n"


def ran(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    (folder / "gatewayd.toml").write_text(CONFIG)
    code = 0
    try:
        main(["--config", str(folder / "gatewayd.toml"), *arguments])
    except SystemExit as ended:
        code = int(ended.code or 0)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def shown(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    code, out, _ = ran(folder, capsys, *arguments, "--json")
    assert code == 0
    document: dict[str, Any] = json.loads(out)
    return document


def test_a_list_with_nobody_to_send_to_is_shown_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for data, rows in (("celular;nombre\n", 0), ("celular;nombre\nno tiene;Ana\n", 1)):
        (tmp_path / "c.csv").write_text(data)
        code, out, error = ran(tmp_path, capsys, "list", str(tmp_path / "c.csv"), "--json")
        assert (code, json.loads(out)["rows"]) == (1, rows)
        assert "no_valid_recipient" in error
        code, out, error = ran(tmp_path, capsys, "list", str(tmp_path / "c.csv"))
        assert code == 1
        assert "Would be sent" in out
        assert "no_valid_recipient" in error


def test_a_list_is_shown_as_it_would_be_sent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c.csv").write_text(LIST)
    found = shown(
        tmp_path, capsys, "list", str(tmp_path / "c.csv"), "--text", "Hola %nombre%", "--ref", "Nro", "--to", "Cel"
    )
    assert found["judgement"]["to"] == ["cel"]
    assert found["judgement"]["header_row"] == 1
    assert [(one["to"], one["text"], one["ref"]) for one in found["first"]] == [
        ("+5491159876543", "Hola Ana", "30123456")
    ]
    assert [(one["row"], one["ref"], one["reason"]) for one in found["left_out"]] == [
        (2, "7", "number_missing"),
        (3, "8", "row_ragged"),
    ]
    assert (found["rows"], found["valid"], found["reasons"]) == (3, 1, {"number_missing": 1, "row_ragged": 1})


def test_a_job_is_tried_and_nothing_is_sent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c.csv").write_text(LIST)
    job = {"channel": "sms", "text": "Hola %nombre%", "recipients_file": "c.csv"}
    (tmp_path / "job.json").write_text(json.dumps(job))
    before = sorted(path.name for path in tmp_path.rglob("*"))
    code, out, _ = ran(tmp_path, capsys, "submit", "--dry-run", str(tmp_path / "job.json"))
    assert code == 0
    for word in ("+5491159876543", "Hola Ana", "more cells than columns"):
        assert word in out
    assert sorted({path.name for path in tmp_path.rglob("*")} - {"gatewayd.toml"}) == before


def test_a_job_is_tried_with_the_words_of_its_stored_template(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gatewayd.toml").write_text(CONFIG)
    backend = OfflineBackend(load(tmp_path / "gatewayd.toml"))
    backend.perform("account.create", {"account": "norte"})
    backend.perform("account.set", {"account": "norte", "company": "Norte Wifi"})
    said = {"account": "norte", "template": "aviso", "channel": "sms"}
    for words in ("Hola %nombre%", "Hola %nombre%, le escribe %empresa%"):
        backend.perform("template.save", {**said, "content": {"text": words}})
    backend.close()
    (tmp_path / "c.csv").write_text(LIST)
    job = {"channel": "sms", "template": "aviso", "recipients_file": "c.csv"}
    (tmp_path / "job.json").write_text(json.dumps(job))
    found = shown(tmp_path, capsys, "submit", "--dry-run", str(tmp_path / "job.json"))
    assert [one["text"] for one in found["first"]] == ["Hola Ana, le escribe Norte Wifi"]
    (tmp_path / "job.json").write_text(json.dumps(job | {"template_version": 1}))
    found = shown(tmp_path, capsys, "submit", "--dry-run", str(tmp_path / "job.json"))
    assert [one["text"] for one in found["first"]] == ["Hola Ana"]
    for wrong in ({"template": "otra"}, {"template_version": 9}):
        (tmp_path / "job.json").write_text(json.dumps(job | wrong))
        status, out, error = ran(tmp_path, capsys, "submit", "--dry-run", str(tmp_path / "job.json"))
        assert (status, out) == (1, "")
        assert "template_unknown" in error


@pytest.mark.parametrize(
    ("text", "arguments", "code", "field"),
    [
        ("Celular;Móvil\n1159876543;1159876544\n", [], "recipients_ambiguous", "columns"),
        ("nombre;deuda\nAna;1\n", [], "recipients_unreadable", "to"),
        ("Cel\n1159876543\n", ["--to", "Tel"], "value_invalid", "columns.to"),
        ("Cel\n1159876543\n", ["--sheet", "x"], "value_invalid", "sheet"),
    ],
)
def test_what_would_be_refused_is_said_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, arguments: Sequence[str], code: str, field: str
) -> None:
    (tmp_path / "c.csv").write_text(text)
    status, out, err = ran(tmp_path, capsys, "list", str(tmp_path / "c.csv"), *arguments)
    assert (status, out) == (1, "")
    for word in (str(tmp_path / "c.csv"), code, field):
        assert word in err
    assert "Traceback" not in err


def test_numbers_that_repeat_are_not_left_out_of_a_list_without_a_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "c.csv").write_text("cel;n\n1159876543;a\n1159876543;b\n")
    found = shown(tmp_path, capsys, "list", str(tmp_path / "c.csv"))
    assert (found["rows"], found["valid"], found["reasons"]) == (2, 2, {})
    (tmp_path / "job.json").write_text(json.dumps({"channel": "sms", "text": "x", "recipients_file": "c.csv"}))
    found = shown(tmp_path, capsys, "submit", "--dry-run", str(tmp_path / "job.json"))
    assert (found["rows"], found["valid"], found["reasons"]) == (2, 1, {"repeated": 1})


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"not_after": "2020-01-01T00:00:00-03:00"}, "not_after"),
        ({"lines": ["claro-l"]}, "claro-1"),
        ({"channel": "email", "subject": "x", "lines": ["claro-l"]}, "claro-1"),
        ({"class": "transactional"}, "class"),
    ],
)
def test_a_dry_run_refuses_what_the_gateway_would(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], keys: dict[str, Any], said: str
) -> None:
    to = "ana@norte.example" if keys.get("channel") == "email" else "1159876543"
    job = {"channel": "sms", "text": "a", "recipients": [{"to": to}]} | keys
    (tmp_path / "job.json").write_text(json.dumps(job))
    line = '[[line]]\nname = "claro-1"\ndriver = "gsm"\nport = "/dev/null"\n'
    (tmp_path / "gatewayd.toml").write_text(CONFIG + line)
    with pytest.raises(SystemExit) as ended:
        main(["--config", str(tmp_path / "gatewayd.toml"), "submit", "--dry-run", str(tmp_path / "job.json")])
    assert ended.value.code == 1
    error = capsys.readouterr().err
    assert "value_invalid" in error
    assert said in error
