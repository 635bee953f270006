"""Everything that can go wrong at once, at random, under load: the gateway is killed, stopped, frozen and reloaded, its
modems are unplugged, its disk is full. Nothing is lost, nothing goes more often than allowed, nobody is left over."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.faults.ordeal import Ordeal, told
from tests.rig import Gateway
from tests.rig.verdict import Verdict

SEED: Final = int(os.environ.get("GATEWAYD_FAULT_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
"""Another one each time; a failing test prints it."""

DISK: Final = "96m"
"""Room for store and spool of a long run; small enough to be filled in a moment."""

TRACEBACK: Final = re.compile(r"Traceback \(most recent call last\)")


class Chaos(Ordeal):
    """An ordeal whose store and spool lie on a disk of their own, where this machine lets us mount one."""

    def __init__(self, folder: Path, chance: random.Random, *, modems: int = 4) -> None:
        self.disk = folder / "disk"
        self.disk.mkdir()
        self.mounted = (
            os.geteuid() == 0
            and subprocess.run(
                ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "chaos", self.disk], check=False, capture_output=True
            ).returncode
            == 0
        )
        super().__init__(folder, modems, latency_s=0.02)
        self.gateway = Gateway(self.disk, self.simulator.ports)
        self.gateway.log = folder / "gatewayd.log"
        self.chance = chance
        self.did: Counter[str] = Counter()

    def __exit__(self, *ending: object) -> None:
        super().__exit__(None, None, None)
        if self.mounted:
            subprocess.run(["umount", "-l", self.disk], check=False)

    def _pause(self, least_s: float, most_s: float) -> None:
        """Lets the world go on for a while: what is tested is what happens meanwhile."""
        threading.Event().wait(self.chance.uniform(least_s, most_s))

    def rage(self, seconds: float) -> None:
        """Does one thing after another, with a load all the time."""
        wild: list[tuple[int, Callable[[], None]]] = [
            (3, self.die_and_rise),
            (2, self.stop_and_start),
            (2, self.freeze),
            (2, self.reload),
            (2, self.unplug),
            (2 if self.mounted else 0, self.fill),
        ]
        weights, actions = zip(*wild, strict=True)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.load(
                urgent=self.chance.randint(1, 9), bulk=self.chance.randint(1, 7), inbound=self.chance.random() < 0.5
            )
            self._pause(0.05, 1.5)
            (action,) = self.chance.choices(actions, weights)
            action()
            self.did[action.__name__] += 1

    def die_and_rise(self) -> None:
        self.gateway.kill()
        self.gateway.start()

    def stop_and_start(self) -> None:
        assert self.gateway.stop() == 0, self.log()
        self.gateway.start()

    def freeze(self) -> None:
        os.kill(self.gateway.pid, signal.SIGSTOP)
        self._pause(0.5, 3.0)
        os.kill(self.gateway.pid, signal.SIGCONT)

    def reload(self) -> None:
        self.gateway.hup()

    def unplug(self) -> None:
        self.simulator.ask("unplug", modem="all")
        self._pause(0.2, 1.5)
        self.simulator.ask("replug", modem="all")

    def fill(self) -> None:
        """Takes the last octet of the disk, and gives it back."""
        ballast = self.disk / "ballast"
        with full(ballast):
            self._pause(0.3, 2.5)


@contextmanager
def full(ballast: Path) -> Iterator[None]:
    block = b"\0" * (1 << 20)
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(block)
        except OSError:
            pass
    try:
        yield
    finally:
        ballast.unlink()


def survived(folder: Path, seconds: float) -> tuple[Verdict, Chaos]:
    with Chaos(folder, random.Random(SEED)) as chaos:
        chaos.gateway.start()
        chaos.rage(seconds)
        if chaos.gateway.process is not None:
            assert chaos.gateway.stop() == 0, chaos.log()
        verdict = chaos.end()
        log = chaos.gateway.log.read_text()
        faults = [f"GATEWAYD_FAULT_SEED={SEED}", str(dict(chaos.did))]
        assert not verdict.faults, told(verdict, chaos, faults)
        assert not TRACEBACK.search(log), log[TRACEBACK.search(log).start() - 500 :][:3000]  # type: ignore[union-attr]
        sending = chaos.gateway.sql("SELECT count(*) FROM message WHERE state = 'sending'")
        assert sending == [(0,)]
        print(f"{verdict.messages} messages, {verdict.taken} parts, {verdict.uncertain} in doubt, {dict(chaos.did)}")
        return verdict, chaos


@pytest.mark.timeout(400)
def test_a_short_chaos(tmp_path: Path) -> None:
    verdict, chaos = survived(tmp_path, 20.0)
    assert verdict.messages > 0
    assert chaos.did.total() > 3


@pytest.mark.fault
@pytest.mark.timeout(3600)
def test_twenty_minutes_of_chaos(tmp_path: Path) -> None:
    survived(tmp_path, 1200.0)
