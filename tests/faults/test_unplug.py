"""Modems that go and come back under load: unplugged, restarted, full, without a network. The others go on."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from tests.rig import Gateway, Simulator, judge
from tests.rig.gateway import OverdueError

ACCOUNT: Final = "norte"
MODEMS: Final = 3
VICTIM: Final = 1

BACK_S: Final = 15.0
"""From the device's return to the next message that it sends."""

GAP_S: Final = 3.0
"""Longest rest of a line that is none of it: a submit takes 0.1 s; the rest is a machine that is busy elsewhere."""

MANY: Final = 3_000
"""More messages than any trial sends."""

UNENDED: Final = ("scheduled", "queued", "held", "sending", "submitted")

LOG_MAX: Final = 6_000
"""Bytes of log for one modem that goes and comes back."""


class Load:
    """A campaign on its way through all modems."""

    def __init__(self, gateway: Gateway, simulator: Simulator) -> None:
        self.gateway = gateway
        self.simulator = simulator
        self._logged = 0

    def begin(self, count: int, text: str = "Hola, este es un aviso de prueba para el numero %ref%. ") -> None:
        rows = "".join(f"11{50_000_000 + row};R{row}\n" for row in range(count))
        self.gateway.drop(
            {"job": "carga", "channel": "sms", "text": text, "recipients_file": "carga.csv"},
            {"carga.csv": f"telefono;ref\n{rows}".encode()},
            rows=[(row + 1, f"+54911{50_000_000 + row}", text.replace("%ref%", f"R{row}")) for row in range(count)],
        )
        for modem in range(MODEMS):
            self.more(modem, 3)
        self._logged = self.gateway.log.stat().st_size

    def taken(self, modem: int) -> int:
        return int(self.simulator.ask("stats")["modems"][modem]["taken"])

    def more(self, modem: int, count: int, timeout_s: float = 60.0) -> None:
        """Until this modem has sent so many more."""
        goal = self.taken(modem) + count
        reached = self.simulator.ask("wait", modem=modem, taken=goal, timeout=timeout_s)
        assert reached["reached"], f"modem {modem}: {reached}\n{self.gateway.log.read_text()[-3000:]}"

    def others_go_on(self, count: int = 10) -> None:
        for modem in range(MODEMS):
            if modem != VICTIM:
                self.more(modem, count)

    def back(self) -> None:
        """The victim sends again, soon enough."""
        self.more(VICTIM, 2, BACK_S)

    def end(self, inbound: Sequence[str] = (), tries: int = 0) -> None:
        """What waits is withdrawn, what is out ends; then everything is held against everything. `tries`: so many may
        have been used up by a message."""
        self.gateway.call("job.cancel", job=f"{ACCOUNT}/carga")
        self.gateway.wait_job("carga", lambda summary: not any(summary["counts"][state] for state in UNENDED))
        self._swept()
        grown = self.gateway.log.stat().st_size - self._logged
        assert self.gateway.stop() == 0
        verdict = judge(self.gateway, self.simulator, settled=True, inbound=inbound)
        assert not verdict.faults, f"{verdict.faults[:10]}\n{self.gateway.log.read_text()[-3000:]}"
        assert grown < LOG_MAX, self.gateway.log.read_text()[-LOG_MAX:]
        assert not verdict.duplicates
        assert self.gateway.sql("SELECT max(tries) FROM message")[0][0] <= tries
        for modem in range(MODEMS):
            if modem != VICTIM:
                assert max(self._gaps(modem)) < GAP_S, f"modem {modem} was held up"

    def _swept(self, timeout_s: float = 60.0) -> None:
        """What a cancelled job has left is withdrawn at once, and its rows are turned one portion after the other."""
        until = time.monotonic() + timeout_s
        while left := self.gateway.sql("SELECT count(*) FROM message WHERE state = 'queued'")[0][0]:
            if time.monotonic() > until:
                raise OverdueError(f"{left} rows of a cancelled job are still queued")
            time.sleep(0.1)

    def _gaps(self, modem: int) -> Iterator[float]:
        at = [text["monotonic"] for text in self.simulator.texts(modem=modem)]
        return (later - earlier for earlier, later in pairwise(at))


@contextmanager
def loaded(folder: Path, *options: str) -> Iterator[Load]:
    with (
        Simulator(folder, MODEMS, options=["--latency", "0.1", *options]) as simulator,
        Gateway(folder, simulator.ports).start() as gateway,
    ):
        gateway.account()
        yield Load(gateway, simulator)


@pytest.mark.timeout(300)
def test_unplugged_and_plugged_in_again_under_load(tmp_path: Path) -> None:
    with loaded(tmp_path) as load:
        load.begin(MANY)
        for _ in range(2):
            load.simulator.ask("unplug", modem=VICTIM)
            load.gateway.wait_line(f"m{VICTIM}", "recovering")
            load.others_go_on()
            load.simulator.ask("replug", modem=VICTIM)
            load.back()
        load.end()


@pytest.mark.timeout(300)
def test_a_silent_reboot_under_load(tmp_path: Path) -> None:
    with loaded(tmp_path) as load:
        load.begin(MANY)
        load.simulator.ask("set", modem=VICTIM, boot_s=1.0)
        load.simulator.ask("reboot", modem=VICTIM)
        load.others_go_on()
        load.back()
        # The prompt that never came counts as a try: that may be the message's fault.
        load.end(tries=1)


@pytest.mark.timeout(300)
def test_registration_lost_under_load(tmp_path: Path) -> None:
    with loaded(tmp_path) as load:
        load.begin(MANY)
        load.simulator.ask("set", modem=VICTIM, registration=2)
        load.gateway.wait_line(f"m{VICTIM}", "waiting")
        load.others_go_on()
        load.simulator.ask("set", modem=VICTIM, registration=1)
        load.back()
        load.end()


@pytest.mark.timeout(300)
def test_a_sim_that_fills_up_under_load(tmp_path: Path) -> None:
    # This brand hands over nothing at once: all that people write lies on the SIM first.
    with loaded(tmp_path, "--brand", "siemens") as load:
        load.begin(MANY)
        load.simulator.ask("set", modem=VICTIM, capacity=4)
        texts = [f"Respuesta numero {number}" for number in range(25)]
        for text in texts:
            load.simulator.ask("inject", modem=VICTIM, text=text)
        assert load.simulator.ask("stats")["modems"][VICTIM]["memory_full"], "the SIM was never full"
        load.gateway.wait_inbox(len(texts), timeout_s=BACK_S)
        load.back()
        load.end(texts)


@pytest.mark.timeout(300)
def test_every_modem_unplugged(tmp_path: Path) -> None:
    with loaded(tmp_path) as load:
        load.begin(60)
        load.simulator.ask("unplug", modem="all")
        gateway = load.gateway
        gateway.wait_job("carga", lambda summary: summary["counts"]["held"] > 0)
        held = [receipt for receipt in gateway.receipts("carga") if receipt["state"] == "held"]
        assert [receipt["reason"] for receipt in held] == ["no_line"]
        load.simulator.ask("replug", modem="all")
        for modem in range(MODEMS):
            load.more(modem, 2, BACK_S)
        gateway.wait_job("carga")
        assert gateway.stop() == 0
        verdict = judge(gateway, load.simulator, settled=True)
        assert not verdict.faults, verdict.faults[:10]
        assert verdict.uncertain <= MODEMS
