"""Power cuts at any moment of a daemon's life: what had been promised by then holds on whatever the disk has kept."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from tests.faults.powercut import trace
from tests.faults.powercut.disk import Anything, Chance, Disk, Everything, Nothing, write_out
from tests.faults.powercut.examine import examine, gateway_on
from tests.faults.powercut.scene import ACCOUNT
from tests.faults.powercut.trace import Event, PortRead, SyncBegins, Trace
from tests.faults.powercut.witness import Witness
from tests.rig import Simulator, judge
from tests.rig.processes import ROOT

OBSTACLE: Final = trace.obstacle()
pytestmark = pytest.mark.skipif(OBSTACLE is not None, reason=OBSTACLE or "")

SEED: Final = int(os.environ.get("GATEWAYD_FAULT_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
"""Another one each time; a failing test prints it."""

MODEMS: Final = 3
SCENE_S: Final = 400.0
"""The whole play under `strace` on a busy machine."""


@dataclass(frozen=True, slots=True)
class Play:
    """What was recorded."""

    folder: Path
    events: Sequence[Event]
    manifest: Mapping[str, Any]
    lines: Mapping[str, str]

    def cuts(self) -> Iterator[tuple[int, bool, Disk, Witness]]:
        """After each event: how many there were, whether the world was told something, and how everything stands."""
        disk, witness = Disk(self.folder), Witness(self.lines)
        for number, event in enumerate(self.events, 1):
            disk.apply(event)
            told = witness.see(event)
            yield number, told, disk, witness


def played(folder: Path, messages: int) -> Play:
    root = folder / "recorded"
    root.mkdir()
    plan = {
        "folder": str(root),
        "marks": str(folder / "marks"),
        "manifest": str(folder / "manifest.json"),
        "log": str(folder / "gatewayd.log"),
        "messages": messages,
    }
    with Simulator(folder, MODEMS, options=["--latency", "0.02", "--report-delay", "0.02"]) as simulator:
        plan |= {"control": str(simulator.control), "ports": simulator.ports}
        (folder / "plan.json").write_text(json.dumps(plan))
        command = [*trace.recording(folder / "trace"), sys.executable, "-m", "tests.faults.powercut.scene"]
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        scene = subprocess.run(
            [*command, str(folder / "plan.json")],
            check=False,
            timeout=SCENE_S,
            env={**os.environ, "PYTHONPATH": path, "GATEWAYD_COLD": "1"},
            capture_output=True,
            text=True,
        )
        assert scene.returncode == 0, scene.stderr[-4000:]
        taken = simulator.texts()
    events = list(Trace(folder / "trace", root, folder / "marks"))
    (folder / "trace").unlink()
    play = Play(
        root,
        events,
        json.loads((folder / "manifest.json").read_text()),
        {port: f"m{index}" for index, port in enumerate(simulator.ports)},
    )
    _hold_to_what_is_there(play, taken)
    return play


def _hold_to_what_is_there(play: Play, taken: Sequence[Mapping[str, Any]]) -> None:
    """The record is true: at its end it has the very files that are there, and the parts that the network took."""
    *_, (_, _, disk, witness) = play.cuts()
    recorded = {name: data for name, data in disk.after(Everything()).items() if _lasting(name)}
    there = {
        str(path.relative_to(play.folder)): None if path.is_dir() else path.read_bytes()
        for path in play.folder.rglob("*")
        if not path.is_socket() and _lasting(path.name)
    }
    assert recorded == there
    key = ("to", "text")
    assert sorted(tuple(each[k] for k in key) for each in witness.sent) == sorted(
        tuple(each[k] for k in key) for each in taken
    )


def _lasting(name: str) -> bool:
    return not name.endswith("-shm")  # an index that SQLite makes anew


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Play:
    return played(tmp_path_factory.mktemp("powercut"), 6)


def told_and_others(play: Play) -> tuple[list[int], list[int]]:
    """Moments right after the world was told something, and those after any event that changes what there is."""
    told = [number for number, told, _, _ in play.cuts() if told]
    other = [n for n, event in enumerate(play.events, 1) if not isinstance(event, (PortRead, SyncBegins))]
    return told, other


def points(play: Play, count: int, chance: random.Random) -> frozenset[int]:
    """Moments to cut at: half of them right after the world was told something."""
    told, other = told_and_others(play)
    half = chance.sample(told, min(count // 2, len(told)))
    return frozenset(half) | frozenset(chance.sample(other, min(count - len(half), len(other))))


def left_after(disk: Disk, chance: Chance, folder: Path) -> Path:
    write_out({name: data for name, data in disk.after(chance).items() if _lasting(name)}, folder)
    return folder


def cut_and_examined(play: Play, where: frozenset[int], chances: Sequence[Chance], folder: Path) -> list[str]:
    faults: list[str] = []
    for number, _, disk, witness in play.cuts():
        if number not in where:
            continue
        for chance in chances:
            left = left_after(disk, chance, folder / f"{number}-{type(chance).__name__}")
            found = examine(gateway_on(left, [], witness, play.manifest), witness)
            if found:
                faults += [f"after {number} ({play.events[number - 1]!r:.200}), {left}: {fault}" for fault in found[:3]]
            else:
                shutil.rmtree(left)
    return faults


def carried_on(play: Play, disk: Disk, witness: Witness, chance: Chance, folder: Path) -> list[str]:
    """A real daemon starts on what a cut has left, with the modems as they were, and brings everything to its end."""
    folder.mkdir()
    with Simulator(folder, MODEMS) as simulator:
        left = left_after(disk, chance, folder / "left")
        gateway = gateway_on(left, simulator.ports, witness, play.manifest)
        with gateway.start():
            if not witness.account and not gateway.sql("SELECT 1 FROM account"):
                gateway.account(ACCOUNT)
            for name, told in play.manifest.items():
                if name in witness.dropped and told["rows"]:
                    # Reports of what had gone out before do not come any more.
                    gateway.wait_job(name, lambda summary: summary["state"] in {"sent", "done"})
            gateway.wait_read()
            gateway.stop()
        return judge(gateway, [*witness.sent, *simulator.texts()]).faults


def reason(faults: Sequence[str]) -> str:
    return f"GATEWAYD_FAULT_SEED={SEED}\n" + "\n".join(faults[:20])


@pytest.mark.timeout(600)
def test_what_was_promised_survives_a_power_cut(play: Play, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    faults = cut_and_examined(play, points(play, 100, chance), [Nothing(), Anything(chance)], tmp_path)
    assert not faults, reason(faults)


@pytest.mark.timeout(600)
def test_a_daemon_carries_on_after_a_power_cut(play: Play, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    carry_on(play, points(play, 4, chance), chance, tmp_path)


def carry_on(play: Play, where: frozenset[int], chance: random.Random, folder: Path) -> None:
    for number, _, disk, witness in play.cuts():
        if number in where:
            kept = chance.choice((Nothing(), Anything(chance)))
            faults = carried_on(play, disk, witness, kept, folder / str(number))
            assert not faults, f"after {number}: {play.events[number - 1]!r:.200}, {kept}\n{reason(faults)}"


# ------------------------------------------------------------------------------------------------------------ long form


@pytest.fixture(scope="module")
def long_play(tmp_path_factory: pytest.TempPathFactory) -> Play:
    return played(tmp_path_factory.mktemp("powercut"), 16)


@pytest.mark.fault
@pytest.mark.timeout(3600)
def test_what_was_promised_survives_a_power_cut_at_every_moment(long_play: Play, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    _, everywhere = told_and_others(long_play)
    chances: list[Chance] = [Nothing(), Anything(chance), Anything(chance)]
    faults = cut_and_examined(long_play, frozenset(everywhere), chances, tmp_path)
    assert not faults, reason(faults)


@pytest.mark.fault
@pytest.mark.timeout(3600)
def test_a_daemon_carries_on_after_many_power_cuts(long_play: Play, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    carry_on(long_play, points(long_play, 60, chance), chance, tmp_path)
