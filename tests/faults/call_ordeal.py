"""A campaign of calls in the middle of which something breaks: us, Asterisk, or the path between.

The people are sipp's, at the far end of a SIP trunk: what they saw is held against what the gateway tells.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tests.peers.asterisk_bench import running
from tests.peers.asterisk_callees import BUSY, LISTENS, person
from tests.peers.sipp import Record, Sipp
from tests.peers.wire import Wire
from tests.rig import Gateway
from tests.rig.calling import TARIFF, campaign, line

JOB: Final = "llamadas"
WORD_S: Final = 0.4
"""As the test's voice speaks."""
SETTLES_S: Final = 60.0
"""For calls that are in doubt to be given up, or told: less than a minute after the last fault."""
LIVE_S: Final = 60.0
REPORTED: Final = {"delivered", "undelivered"}


class CallOrdeal:
    """`with CallOrdeal(folder, channels=20, calls=60, said_s=4.0) as ordeal:`; then break something, and `end`."""

    def __init__(self, folder: Path, *, channels: int, calls: int, said_s: float, rate: float) -> None:
        """`said_s`: seconds of the message."""
        self.folder, self.channels, self.calls = folder, channels, calls
        self._words = round(said_s / WORD_S)
        self._rate = rate
        self._stack = ExitStack()
        self.kills: list[float] = []
        """When Asterisk was killed, Unix s: no call outlives that, though nobody tells the people."""

    def __enter__(self) -> Self:
        stack = self._stack
        self.sipp = stack.enter_context(Sipp(self.folder / "sipp"))
        self.pbx = stack.enter_context(running(self.folder / "pbx", verbose=0))
        self.wire = stack.enter_context(Wire(self.pbx.port))
        extra = line(
            self.pbx, channels=self.channels, rate=f"{self._rate:g}/s", dial=self.sipp.dial, port=self.wire.port
        )
        self.gateway = Gateway(self.folder, [], extra=extra, tariff=TARIFF)
        stack.enter_context(self.gateway.start())
        self.gateway.account(credit="100000")
        self.gateway.wait_line("troncal", "ready")
        numbers = [person(BUSY if row % 10 == 0 else LISTENS, row) for row in range(self.calls)]
        script = {"message": " ".join(["palabra"] * self._words)}
        self.gateway.drop(*campaign(JOB, numbers, script=script, ring_s=30))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    # ------------------------------------------------------------------------------------------------------ what breaks

    def wait_live(self, count: int) -> Record:
        """Until so many people hold a telephone to their ear."""
        until = time.monotonic() + LIVE_S
        while (record := self.record()).live < count:
            assert time.monotonic() < until, f"{record.live} of {count} live\n{self.log()}"
            time.sleep(0.05)  # a log file of another program tells nobody when it grows
        return record

    def kill_gateway(self) -> None:
        """SIGKILL, and a new life at once."""
        self.gateway.kill()
        self.gateway.start()

    def kill_asterisk(self) -> None:
        """SIGKILL, and a new life at once."""
        self.kills.append(time.time())
        self.pbx.kill()
        self.pbx.start()

    def record(self) -> Record:
        return self.sipp.record(self.kills)

    # --------------------------------------------------------------------------------------------------------- the end

    def end(self) -> dict[str, Any]:
        """Until every call is over; AssertionError for anything that is not as promised. The job's last summary."""
        lasts = self._words * WORD_S + 10
        timeout = SETTLES_S + self.calls / min(self._rate, self.channels / lasts) + lasts
        summary = self.gateway.wait_job(JOB, timeout_s=timeout)
        assert self.gateway.stop() == 0, self.log()
        faults = [*self._against_the_people(), *self._ledger(summary)]
        assert not faults, f"{faults[:10]}\n{summary}\n{self.log()}"
        return summary

    def _against_the_people(self) -> Iterator[str]:
        """What each of them saw against the last receipt."""
        record = self.record()
        if record.most > self.channels:
            yield f"{record.most} calls at once over {self.channels} channels"
        last = {each["to"]: each for each in self.gateway.receipts(JOB) if each["final"]}
        if len(last) != self.calls:
            yield f"{len(last)} of {self.calls} people have a receipt that is final"
        answered = Counter(call.number for call in record.calls if call.answered is not None)
        for to, receipt in last.items():
            called, state = record.called[to.removeprefix("+")], receipt["state"]
            if called > 1:
                yield f"{to} was called {called} times"
            if state in REPORTED and not answered[to.removeprefix("+")]:
                yield f"{to} is {state}, and nobody answered there"
            if state == "failed" and (not called or receipt["reason"] != "busy" or to[7:9] != BUSY):
                yield f"{to} failed, {receipt['reason']}, and was called {called} times"
            if state not in REPORTED | {"failed", "uncertain"}:
                yield f"{to} ended as {state}"

    def _ledger(self, summary: dict[str, Any]) -> Iterator[str]:
        """An answered call is paid once, one in doubt is held, all others cost nothing."""
        [(balance, held, charged, granted)] = self.gateway.sql("SELECT balance, held, charged, granted FROM account")
        price = 900_000  # millionths
        counts = summary["counts"]
        if balance + held + charged != granted:
            yield f"{balance} + {held} + {charged} != {granted}"
        if held != counts["uncertain"] * price:
            yield f"{held} held for {counts['uncertain']} in doubt"
        if charged != (counts["delivered"] + counts["undelivered"]) * price:
            yield f"{charged} charged for {counts}"

    def log(self) -> str:
        return self.gateway.log.read_text()[-4000:]
