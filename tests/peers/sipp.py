"""Callees at the other end of a SIP trunk: sipp, a program nobody here wrote, with `sipp_callees.xml`.

What it logs is the truth of who was called: it lives on whatever becomes of Asterisk and of us.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pytest

from tests.peers.ulaw import tone
from tests.rig.ports import free_port

SCENARIO: Final = Path(__file__).with_name("sipp_callees.xml")
AWAY, DEAD = "25", "26"
"""Kinds of callee beside those of `asterisk_callees`: 480, and a trunk that says nothing at all."""
UP_S: Final = 20.0
STOP_S: Final = 10.0


@dataclass(slots=True)
class SipCall:
    """One call as the callee saw it; times are Unix s, None for what did not come."""

    number: str
    rtp: int
    """The port that Asterisk's audio comes from."""
    begun: float
    answered: float | None = None
    ended: float | None = None


@dataclass(slots=True)
class Record:
    """All calls so far."""

    calls: list[SipCall] = field(default_factory=list)
    live: int = 0
    """Calls there are now."""
    most: int = 0
    """Most calls at once; of a trunk that says nothing nobody knows when a call ends."""

    @property
    def called(self) -> Counter[str]:
        return Counter(call.number for call in self.calls)


class Sipp:
    """`with Sipp(folder) as people:`; dial `people.dial`."""

    def __init__(self, folder: Path, rtp_port: int | None = None) -> None:
        """`rtp_port`: where audio is to go; default: to a port where nobody listens."""
        if shutil.which("sipp") is None:
            pytest.skip("sipp is not installed (Debian: apt-get install sip-tester)")
        self.folder = folder
        self.port = free_port(socket.SOCK_DGRAM)
        self.log = folder / "sipp.log"
        self._rtp_port = rtp_port or free_port(socket.SOCK_DGRAM)

    @property
    def dial(self) -> str:
        return f"PJSIP/trunk/sip:{{number}}@127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "greeting.ul").write_bytes(tone(4.0))
        (self.folder / "word.ul").write_bytes(tone(0.5))
        command = ["sipp", "-sf", str(SCENARIO), "-i", "127.0.0.1", "-p", str(self.port), "-nostdin", "-trace_logs"]
        command += ["-log_file", str(self.log), "-key", "rtp_port", str(self._rtp_port), "-trace_err", "-error_file"]
        command += [str(self.folder / "sipp.errors"), "-mp", str(free_port(socket.SOCK_DGRAM)), "-default_behaviors"]
        command += ["all,-bye,-abortunexp"]
        with (self.folder / "sipp.out").open("wb") as out:
            self._process = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                env={"TERM": "dumb", "PATH": "/usr/bin:/bin"},
            )  # fmt: skip
        until = time.monotonic() + UP_S
        while not _listens(self.port):
            if self._process.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"sipp did not start:\n{(self.folder / 'sipp.out').read_text()[-2000:]}")
            time.sleep(0.02)  # nothing tells but the port itself
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait(STOP_S)

    def record(self, cleared: Sequence[float] = ()) -> Record:
        """What was logged so far. `cleared`: when all calls ended untold (Asterisk was killed), Unix s."""
        clears = sorted(cleared)
        record = Record()
        live: dict[tuple[str, int], SipCall] = {}
        for line in self.log.read_text(errors="replace").splitlines() if self.log.exists() else []:
            words = line.split()
            if len(words) != 6:  # the last one is being written
                continue
            at, what, key = float(words[2]), words[3], (words[4], int(words[5]))
            if clears and at >= clears[0]:
                clears.pop(0)
                live.clear()
            if what == "begin":
                live[key] = SipCall(*key, at)
                record.calls.append(live[key])
                record.most = max(record.most, sum(call.number[6:8] != DEAD for call in live.values()))
            elif what == "answer":
                if key in live:
                    live[key].answered = at
            elif key in live:
                live.pop(key).ended = at
        record.live = 0 if clears else len(live)
        return record


def _listens(port: int) -> bool:
    """Whether some process of this machine has that UDP port of the loopback."""
    wanted = f"0100007F:{port:04X}"
    return any(wanted in line for line in Path("/proc/net/udp").read_text().splitlines())
