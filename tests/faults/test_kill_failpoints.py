"""SIGKILL at every named place along the whole way; then the daemon starts again, and nothing is lost or doubled."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from gatewayd.process.failpoints import NAMES
from tests.faults.ordeal import Ordeal, told
from tests.faults.test_answers_killed import PLACES as ANSWER_PLACES
from tests.faults.test_campaigns_killed import PLACES as CAMPAIGN_PLACES
from tests.faults.test_claims_killed import PLACES as CLAIM_PLACES
from tests.faults.test_kill_feeds import PLACES as FEED_PLACES
from tests.faults.test_kill_imports import LONG as IMPORTS_LONG
from tests.faults.test_kill_imports import SHORT as IMPORTS_SHORT
from tests.faults.test_reminders_killed import PLACES as REMINDER_PLACES
from tests.unit.test_resealing import PLACE as KEY_PLACE

ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Crash:
    """One place, how often it is passed before the kill, and what the load needs for it to be passed at all."""

    name: str
    at: Sequence[int] = (1,)
    before: str | None = None
    """A crash that leaves what this place has to do with."""
    load: Mapping[str, Any] | None = None
    many: bool = False
    """Whether later passes need more than a few messages."""

    def settings(self) -> Iterator[str]:
        yield from (f"{self.name}:{count}" for count in self.at)


MANY: Final = {"bulk": 80}
"""Enough to be at work for some seconds, so that receipts are written more than once."""

STAGES: Final[Mapping[str, Sequence[Crash]]] = {
    "start": (
        Crash("start.node", (1,), "send.intended:4"),
        Crash("start.loading_dropped", (1,), "intake.loaded:1"),
        Crash("start.spool_recovered", (1,), "intake.taken:2"),
        Crash("start.examined", (1,), "send.intended:4"),
        Crash("resume.finished", (1, 2), "gsm.written:6"),
        Crash("stop.draining", load={"stop_after": 4}),
    ),
    "intake": (
        Crash("intake.taken", (2, 1)),
        Crash("intake.files_taken", (1, 2)),
        Crash("intake.begun", (1, 2)),
        Crash("intake.chunk", (2, 1)),
        Crash("intake.loaded", (1, 2)),
        Crash("intake.recorded", (1, 2)),
        Crash("intake.accepted", (2, 1)),
    ),
    "spool": (
        Crash("spool.accepting", (1, 2)),
        Crash("spool.accepted", (2, 1)),
        Crash("spool.original_aside", (1, 2, 3)),
        Crash("spool.original_removed", (1, 2, 4)),
        Crash("spool.refusing", load={"bad": True}),
        Crash("spool.refused", load={"bad": True}),
    ),
    "store": (
        Crash("store.before_commit", (30, 7, 1, 60), many=True),
        Crash("store.after_commit", (25, 3, 70), many=True),
        Crash("store.checkpointed", load={"stop_after": 10}),
    ),
    "send": (
        Crash("send.claimed", (3, 1)),
        Crash("send.prompted", (7, 1, 12)),
        Crash("send.intended", (5, 1, 15)),
        Crash("gsm.written", (8, 2, 14)),
        Crash("gsm.answered", (9, 1, 16)),
        Crash("send.answered", (3, 7)),
        Crash("send.posted", (6, 2, 8)),
    ),
    "reports": (
        Crash("gsm.report", (5, 1, 12)),
        Crash("gsm.report_durable", (6, 2, 13)),
        Crash("gsm.report_acknowledged", (7, 3)),
        Crash("gsm.stored", (2, 1), load={"stored": True}),
        Crash("gsm.stored_durable", (1, 3), load={"stored": True}),
        Crash("gsm.stored_deleted", (2, 1), load={"stored": True}),
    ),
    "receipts": (
        Crash("inbox.written"),
        Crash("receipts.cut", (1, 2), many=True),
        Crash("spool.aside", (2, 1, 4, 7)),
        Crash("spool.published", (2, 4)),
        Crash("receipts.written", (1, 2), many=True),
        Crash("receipts.dropped", (1, 2), many=True),
        Crash("receipts.summarised", (1, 2), many=True),
    ),
}


def test_every_place_in_the_code_is_named_and_tried() -> None:
    passed: set[str] = set()
    for room in ("gatewayd", "drivers", "spool"):
        for file in (ROOT / room).rglob("*.py"):
            if file != ROOT / "gatewayd/process/failpoints.py":
                passed |= set(_places(ast.parse(file.read_text(encoding="utf-8"))))
    assert passed == set(NAMES)
    tried = [crash.name for stage in STAGES.values() for crash in stage] + [
        *CAMPAIGN_PLACES,
        *REMINDER_PLACES,
        *CLAIM_PLACES,
        *FEED_PLACES,
        *ANSWER_PLACES,
        KEY_PLACE,
    ]
    tried += sorted({place.partition(":")[0] for _step, place in (*IMPORTS_SHORT, *IMPORTS_LONG)})
    assert sorted(tried) == sorted(NAMES)


def _places(tree: ast.AST) -> Iterator[str]:
    """The names given to `hit(…)`, `failpoints.hit(…)` and `sys.audit(FAILPOINT, …)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            called = ast.unparse(node.func)
            if called in {"hit", "failpoints.hit"} or (
                called == "sys.audit" and ast.unparse(node.args[0]).endswith("FAILPOINT")
            ):
                name = node.args[-1]
                assert isinstance(name, ast.Constant), ast.unparse(node)
                assert re.fullmatch(r"[a-z]+\.[a-z_]+", str(name.value))
                yield str(name.value)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("stage", STAGES)
def test_a_daemon_killed_at_one_place_after_another_loses_and_doubles_nothing(tmp_path: Path, stage: str) -> None:
    """One store and spool through all crashes of a stage: each start is also the recovery of the crash before."""
    crashes: list[str] = []
    with Ordeal(tmp_path) as ordeal:
        for crash in STAGES[stage]:
            if crash.before is not None:
                ordeal.die(crash.before)
                crashes.append(crash.before)
            setting = next(crash.settings())
            ordeal.die(setting, **(crash.load or {}))
            crashes.append(setting)
        verdict = ordeal.end()
        assert not verdict.faults, told(verdict, ordeal, crashes)


@pytest.mark.fault
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("setting", "crash"),
    [(setting, crash) for stage in STAGES.values() for crash in stage for setting in crash.settings()],
    ids=[setting for stage in STAGES.values() for crash in stage for setting in crash.settings()],
)
def test_a_daemon_killed_once_loses_and_doubles_nothing(tmp_path: Path, setting: str, crash: Crash) -> None:
    with Ordeal(tmp_path) as ordeal:
        if crash.before is not None:
            ordeal.die(crash.before)
        load: dict[str, Any] = {**(crash.load or {}), **(MANY if crash.many else {})}
        ordeal.die(setting, **load)
        verdict = ordeal.end()
        assert not verdict.faults, told(verdict, ordeal, [setting])
