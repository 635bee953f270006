"""A message of more parts than its lines send in a whole window or quota would wait for ever: it is told at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gatewayd.cli import main
from gatewayd.cli.offline import OfflineBackend
from gatewayd.config import load, parse
from gatewayd.intake.feed import Feed, Request
from gatewayd.intake.lines import Ceiling, Lines
from gatewayd.intake.rendering import Rendering, RenderPlan
from gatewayd.numbers import Numbers, Policy
from spool.document import parse as parse_job
from spool.recipients import inline

POLICY = Policy("AR", "11")
SMS = frozenset({"sms"})
TO = ("1159876543", "+56987654321")
FIVE = "x" * 700
"""Five parts of 153 septets."""


def line(name: str, most: int | None = None, prefixes: tuple[str, ...] = (), *, shifts: bool = False) -> Ceiling:
    return Ceiling(name, SMS, prefixes, most, shifts)


def reasons(of: Lines, text: str = FIVE, **keys: Any) -> list[str | None]:
    raw = {"channel": "sms", "text": text, "recipients": [{"to": to} for to in TO], **keys}
    document = parse_job(json.dumps(raw).encode(), "job.json")
    plan = RenderPlan.of(document, POLICY, of.prefixes, most=of.most(document))
    return [row[7] for chunk in Rendering(plan, inline(document), Numbers(POLICY)).chunks() for row in chunk]


@pytest.mark.parametrize(
    ("ceilings", "keys", "expected"),
    [
        ([line("a", 4)], {}, ["over_lines", "over_lines"]),
        ([line("a", 5)], {}, [None, None]),
        ([line("a")], {}, [None, None]),
        ([], {}, [None, None]),  # it waits for a line, and says so
        ([line("a", 4), line("b", 5)], {}, [None, None]),
        ([line("a", 4), line("b")], {}, [None, None]),
        ([line("a", 4), line("b")], {"lines": ["a"]}, ["over_lines", "over_lines"]),
        ([line("a", 4, ("+549",)), line("b", 5, ("+56",))], {}, ["over_lines", None]),
        ([line("a", 4, ("+549",)), line("b", 9)], {}, [None, None]),
        ([line("a", 9, ("+549",)), line("b", 4)], {}, [None, "over_lines"]),
        ([Ceiling("a", frozenset({"call"}), (), 1), line("b", 5)], {}, [None, None]),
        ([line("a", 4)], {"channel": "call"}, [None, None]),
    ],
)
def test_what_no_line_ever_takes_is_invalid(
    ceilings: list[Ceiling], keys: dict[str, Any], expected: list[str | None]
) -> None:
    assert reasons(Lines().with_(ceilings), **keys) == expected


def test_a_line_that_shifts_takes_what_others_cut_into_more_parts() -> None:
    text = "ú" + "x" * 280  # five parts of UCS-2, two with the Spanish shift table
    assert reasons(Lines().with_([line("a", 4)]), text) == ["over_lines"] * 2
    assert reasons(Lines().with_([line("a", 4), line("b", 2, shifts=True)]), text) == [None, None]
    assert reasons(Lines().with_([line("b", 1, shifts=True)]), text) == ["over_lines"] * 2
    assert reasons(Lines().with_([line("b", 2, shifts=True)]), text, encoding="ucs2") == ["over_lines"] * 2


def test_lines_of_other_nodes_may_take_it_unless_the_job_names_its_own() -> None:
    shared = Lines(shared=True).with_([line("a", 4)])
    assert reasons(shared) == [None, None]
    assert reasons(shared, lines=["a"]) == ["over_lines"] * 2


@pytest.mark.parametrize(
    ("keys", "most"),
    [
        ({}, None),
        ({"window": "9/2h"}, 9),
        ({"window": "9/2h", "quota_day": 3}, 3),
        ({"window": "9/2h", "quota_day": 30, "quota_month": 4}, 4),
        ({"quota_month": 7, "shift_table": True}, 7),
    ],
)
def test_a_line_of_the_configuration_is_bounded_by_its_least(tmp_path: Path, keys: dict[str, Any], most: Any) -> None:
    raw = {"line": [{"name": "claro", "driver": "gsm", "port": "/dev/null", "prefixes": ["+54"], **keys}]}
    lines = Lines.of(parse(raw, tmp_path / "g.toml"))
    assert lines == Lines(("+54",), (Ceiling("claro", SMS, ("+54",), most, "shift_table" in keys),))


@pytest.mark.parametrize("apart", [False, True])
async def test_a_job_is_read_so_in_the_daemon_and_by_a_worker(tmp_path: Path, apart: bool) -> None:
    raw = {"channel": "sms", "text": FIVE, "recipients": [{"to": to} for to in TO]}
    (tmp_path / "j.json").write_text(json.dumps(raw))
    document = parse_job(json.dumps(raw).encode(), "j.json")
    lines = Lines().with_([line("a", 4, ("+549",)), line("b", 5, ("+56",))])
    feed = Feed()
    try:
        request = Request(document, tmp_path, POLICY, lines.prefixes, apart=apart, most=lines.most(document))
        async with feed.open(request) as stream:
            found = [(row.prefix, row.reason) async for rows in stream for row in rows]
    finally:
        await feed.close()
    assert found == [("", "over_lines"), ("+56", None)]


CONFIG = """
locale = "{locale}"
[store]
url = "sqlite:///data/gatewayd.db"
[spool]
path = "spool"
[numbers]
region = "AR"
home_area = "11"
[[line]]
name = "claro"
driver = "gsm"
port = "/dev/null"
quota_day = 4
"""


def tried(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    raw = {"channel": "sms", "text": FIVE, "recipients": [{"to": TO[0]}, {"to": "1159876544", "text": "x"}]}
    (folder / "job.json").write_text(json.dumps(raw))
    code = 0
    try:
        main(["--config", str(folder / "gatewayd.toml"), "submit", "--dry-run", str(folder / "job.json"), *arguments])
    except SystemExit as ended:
        code = int(ended.code or 0)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.mark.parametrize(
    ("locale", "words"), [("en", "more parts than its lines ever may send"), ("es", "más partes de las que sus líneas")]
)
def test_a_dry_run_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str], locale: str, words: str) -> None:
    (tmp_path / "gatewayd.toml").write_text(CONFIG.format(locale=locale))
    code, out, error = tried(tmp_path, capsys)
    assert (code, words in " ".join(out.split())) == (1, True)
    assert "no_valid_recipient" in error
    assert not (tmp_path / "data").exists()


def test_a_dry_run_knows_the_lines_that_people_added(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "gatewayd.toml").write_text(CONFIG.format(locale="en"))
    backend = OfflineBackend(load(tmp_path / "gatewayd.toml"))
    keys = {"app": "rest", "url": "192.168.1.20"}
    backend.perform("line.add", {"line": "celu", "driver": "android", "keys": keys})
    backend.close()
    code, out, _error = tried(tmp_path, capsys, "--json")
    assert (code, json.loads(out)["valid"]) == (0, 2)
