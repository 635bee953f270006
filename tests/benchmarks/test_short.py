"""Each benchmark in a few seconds: it runs, and nothing is slower by ten times than it should be on any machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.benchmarks import (
    answers,
    audio,
    backlog,
    biglist,
    claims,
    customers,
    doubt,
    export,
    first_send,
    idle,
    inbound,
    launch,
    panel,
    population,
    posts,
    provider,
    quiet,
    share,
    status,
    throughput,
    voice,
    web,
)
from tests.benchmarks.__main__ import ROWS, one
from tests.benchmarks.figure import Figure, Result
from tests.benchmarks.report import BEGIN, END, load, merged, publish, save
from tests.benchmarks.scale import FULL, SHORT, Scale
from tests.peers.asterisk import UnavailableError, installation


def figures(measure: Callable[[Path, Scale], Iterator[Figure]], folder: Path) -> dict[str, float]:
    return {figure.name: figure.value for figure in measure(folder, SHORT)}


@pytest.fixture
def warm(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is judged is neither how anything starts nor what memory it takes."""
    monkeypatch.setenv("GATEWAYD_WARM", "1")


def test_throughput(tmp_path: Path) -> None:
    found = figures(throughput.measure, tmp_path)
    assert found["zero latency, 4 modems"] >= 25
    assert 0 < found["CPU per 1,000 messages, 4 modems"] <= 12
    assert found["share of the rate of a bare loop of AT+CMGS on pyserial, 4 modems"] > 0


def test_web(tmp_path: Path) -> None:
    found = figures(web.measure, tmp_path)
    assert found["web process killed: back, the slowest"] <= 15
    assert found["daemon killed under it and started: signs in again"] <= 15
    assert found["1,000 half requests: the lines' pace beside"] >= 50
    assert found["1,000 half requests: the slowest first page"] <= 10


def test_customers(tmp_path: Path) -> None:
    found = figures(customers.measure, tmp_path)
    for kind in ("CSV", "XLSX"):
        name = f"4,000 customers from {kind}"
        assert found[f"{name}: growth of the daemon's memory"] <= 100
        for step in ("dry run", "import", "undo"):
            assert found[f"{name}: {step}, times that loop"] <= 20


def test_a_run_of_claims(tmp_path: Path) -> None:
    found = figures(claims.measure, tmp_path)
    name = "2,000 customers with 3,000 open invoices"
    assert 0 < found[f"{name}: jobs of claims"] <= 30
    assert found[f"{name}: growth of memory"] <= 250
    assert found[f"{name}: 16 modems without pace beside that, share"] >= 40


@pytest.mark.usefixtures("warm")
def test_a_first_import_tells_nobody(tmp_path: Path) -> None:
    found = figures(quiet.measure, tmp_path)
    assert [value for name, value in found.items() if name.endswith((": thanked or told", ": closed"))] == [0, 0]


@pytest.mark.usefixtures("warm")
def test_people_who_ask_are_answered(tmp_path: Path) -> None:
    found = figures(answers.measure, tmp_path)
    assert [value for name, value in found.items() if name.endswith(("or twice", "another's amount"))] == [0, 0]


@pytest.mark.usefixtures("warm")
def test_share_of_the_possible(tmp_path: Path) -> None:
    [share_] = figures(share.measure, tmp_path).values()
    assert 40 <= share_ <= 100.5


@pytest.mark.usefixtures("warm")
def test_first_send(tmp_path: Path) -> None:
    found = figures(first_send.measure, tmp_path)
    assert 0 < found["rename to first AT+CMGS, p50 of 10"] <= 1000


@pytest.mark.usefixtures("warm")
def test_launch(tmp_path: Path) -> None:
    found = figures(launch.measure, tmp_path)
    assert 0 < found["click to first AT+CMGS, 10000 people of a live list"] <= 10_000
    assert 0 < found["all 10000 recorded"] <= 60


def test_large_list(tmp_path: Path) -> None:
    found = figures(biglist.measure, tmp_path)
    assert 0 < found["5,000 rows, lines idle: drop to recorded"] <= 20
    assert found["5,000 rows, 16 modems busy: their rate meanwhile"] >= 25
    assert found["5,000 rows, 16 modems busy: growth of memory"] <= 150


def test_backlog(tmp_path: Path) -> None:
    found = figures(backlog.measure, tmp_path)
    assert 0 < found["10,000 waiting: start to control socket"] <= 20
    assert found["10,000 waiting: memory, started and sending"] <= 250


def test_idle(tmp_path: Path) -> None:
    found = figures(idle.measure, tmp_path)
    assert found["idle, 8 modems, 3 s: CPU"] <= 25
    assert found["idle, 8 modems, 3 s: memory"] <= 150


@pytest.mark.usefixtures("warm")
def test_a_provider(tmp_path: Path) -> None:
    found = figures(provider.measure, tmp_path)
    assert found["a provider at zero latency, 50 at once"] >= 50
    assert 0 < found["CPU per 1,000 messages, a provider"] <= 16
    assert 10 <= found["a provider at 200 ms, 100 at once: share of 500/s"] <= 105


@pytest.mark.usefixtures("warm")
def test_doubts(tmp_path: Path) -> None:
    found = list(doubt.measure(tmp_path, SHORT))
    assert [figure for figure in found if figure.met is not True] == []


@pytest.mark.usefixtures("warm")
def test_what_comes_in(tmp_path: Path) -> None:
    found = list(inbound.measure(tmp_path, SHORT))
    assert {figure.value for figure in found if figure.unit == "messages"} == {0}
    assert all(figure.value <= 60 for figure in found if figure.unit == "s")


@pytest.mark.usefixtures("warm")
def test_reports(tmp_path: Path) -> None:
    assert figures(status.measure, tmp_path)["a report to its receipt's file, p99 of 60"] <= 15


def test_posts_of_programs(tmp_path: Path) -> None:
    found = figures(posts.measure, tmp_path)
    name = "API single posts, 32 at once, 16 modems sending"
    assert found[f"{name}: share of a bare FastAPI route"] >= 0.1
    assert found[f"{name}: p99"] <= 1000
    assert found[f"{name}: answered and not in the store"] == 0
    assert found[f"{name}: folders made in the spool"] <= 3
    assert found[f"{name}: growth of memory, daemon and web"] <= 100


@pytest.mark.usefixtures("warm")
def test_looks_at_the_log(tmp_path: Path) -> None:
    found = figures(panel.measure, tmp_path)
    assert found["p99, times that of the bare route"] <= 120
    assert next(value for name, value in found.items() if name.startswith("alone, the slowest page")) <= 2000


def test_exports_of_the_log(tmp_path: Path) -> None:
    found = figures(export.measure, tmp_path)
    for kind, beside, most in (
        ("CSV", "a bare cursor and csv.writer", 30),
        ("XLSX", "a bare writer of the same cells", 15),
    ):
        assert found[f"24,000 interactions to {kind}, times the CPU of {beside}"] <= most
        assert found[f"24,000 interactions to {kind}: growth of memory"] <= 100


@pytest.fixture
def asterisk() -> None:
    """A real one is at hand."""
    try:
        installation()
    except UnavailableError as error:
        pytest.skip(str(error))


@pytest.mark.peer
@pytest.mark.usefixtures("asterisk", "warm")
def test_calls_at_a_pace(tmp_path: Path) -> None:
    found = figures(voice.measure, tmp_path)
    assert 5 <= found["calls, message and menu, 2 s at 10/s"] <= 11
    assert 0 < found["CPU of all our processes meanwhile"] <= 1


@pytest.mark.peer
@pytest.mark.usefixtures("asterisk", "warm")
def test_first_sound(tmp_path: Path) -> None:
    assert 0 < figures(audio.measure, tmp_path)["answer to first audio, 20 calls at 5/s, p99"] <= 3000


@pytest.mark.peer
@pytest.mark.usefixtures("asterisk", "warm")
def test_all_kinds_of_people(tmp_path: Path) -> None:
    found = figures(population.measure, tmp_path)
    assert found["20 calls, mixed, Local: told wrongly"] == 0
    assert found["2 calls, mixed, SIP: told wrongly"] == 0
    assert found["20 calls, mixed, Local: most at once"] <= 10


@pytest.mark.bench
@pytest.mark.timeout(0)
@pytest.mark.parametrize("row", ROWS)
def test_every_promise_is_kept(row: str, tmp_path: Path) -> None:
    result = one(row, tmp_path, FULL)
    assert result.error is None
    assert [figure for figure in result.figures if figure.met is False] == []


# ---------------------------------------------------------------------------------------------------------- the report


def figure(**more: object) -> Figure:
    return Figure("rename to send", 10.0, "ms", 30.0, "<=", 2500.0, "a peer", **more)  # type: ignore[arg-type]


def test_better_is_above_one_whatever_the_sense() -> None:
    assert figure().met is True
    assert figure().ratio == 250
    rate = Figure("rate", 100.0, "segments/s", 200.0, ">=", 50.0)
    assert rate.met is False
    assert rate.ratio == 2
    assert Figure("beside", 1.0, "s").met is None


def test_rows_measured_again_replace_what_they_were(tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    first, second = Result("first", "one", [figure(runs=(9.0, 11.0))]), Result("idle", "two", error="broken\nbadly")
    save(path, [first, second], {"cores": 2})
    earlier, machine = load(path)
    assert (earlier, machine) == ([first, second], {"cores": 2})
    again = Result("idle", "two", [figure()])
    assert merged(earlier, [again], [*ROWS]) == [first, again]


def test_figures_go_between_the_marks_of_the_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n\n{BEGIN}\nold\n{END}\n\nafter\n")
    machine = {"cores": 2, "memory_mb": 2048, "kernel": "6", "python": "3.11"}
    publish(page, [Result("first", "one", [figure()], {"load": "1.0"}), Result("idle", "two", error="broken")], machine)
    text = page.read_text()
    assert "old" not in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "| rename to send | ≤ 30 | 10 ms | met | 2,500 (a peer) | 250 × |" in text
    assert "| two | | failed | broken | | |" in text
    page.write_text("a page of something else")
    with pytest.raises(ValueError, match="no marks"):
        publish(page, [], machine)
