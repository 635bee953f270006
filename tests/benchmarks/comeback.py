"""Modems that go and come back under load: from the device's return to its next message, while the others go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.benchmarks.figure import Figure
from tests.benchmarks.scale import Scale
from tests.benchmarks.trial import Trial, trial

MODEMS: Final = 3
VICTIM: Final = 1
LATENCY_S: Final = 0.1
BACK_S: Final = 15.0
WAIT_S: Final = 60
"""For what comes much sooner, on any machine."""
BOOT_S: Final = 1.0
LOAD: Final = 5_000
"""More messages than are sent meanwhile."""
AWAY: Final = 10
"""Messages that each of the others sends while the modem is away."""
PLACES: Final = 4
REPLIES: Final = 25
LOG_KB: Final = 4.0
"""Of log for one modem that goes and comes back: some ten events."""


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    ways: dict[str, Callable[[Trial], float]] = {
        "unplugged and plugged in": _unplugged,
        "restarted unseen": _restarted,
        "registration lost": _deaf,
    }
    with trial(base, MODEMS, latency_s=LATENCY_S) as running:
        running.drop("carga", LOAD)
        _more(running, VICTIM, 1)
        logged = running.gateway.log.stat().st_size
        for name, way in ways.items():
            times = tuple(way(running) for _ in range(scale.comebacks))
            yield Figure(f"{name}: back at work, slowest of {len(times)}", max(times), "s", BACK_S, "<=")
        grown = (running.gateway.log.stat().st_size - logged) / 1000 / (len(ways) * scale.comebacks)
        yield Figure("log written for each", grown, "kB", LOG_KB, "<=")
    # This brand hands over nothing at once: all that people write lies on the SIM first.
    with trial(base, MODEMS, latency_s=LATENCY_S, simulated_as=("--brand", "siemens")) as running:
        running.drop("carga", LOAD)
        _more(running, VICTIM, 1)
        times = tuple(_full(running, number) for number in range(scale.comebacks))
        name = f"full SIM, {REPLIES} replies wait for {PLACES} places: all received, slowest of {len(times)}"
        yield Figure(name, max(times), "s", BACK_S, "<=")


def _taken(running: Trial, modem: int) -> int:
    return int(running.simulator.ask("stats")["modems"][modem]["taken"])


def _more(running: Trial, modem: int, count: int) -> None:
    """Until this modem has sent so many more."""
    goal = _taken(running, modem) + count
    answer = running.simulator.ask("wait", modem=modem, taken=goal, timeout=WAIT_S)
    assert answer["reached"], f"modem {modem} sends nothing: {answer}"


def _others_go_on(running: Trial) -> None:
    for modem in range(MODEMS):
        if modem != VICTIM:
            _more(running, modem, AWAY)


def _back(running: Trial, since: float) -> float:
    """Seconds from `since` (monotonic) to the modem's first message after it."""
    _more(running, VICTIM, 1)
    taken = [float(text["monotonic"]) for text in running.simulator.texts(modem=VICTIM)]
    return min(at for at in taken if at >= since) - since


def _unplugged(running: Trial) -> float:
    running.simulator.ask("unplug", modem=VICTIM)
    _others_go_on(running)
    at = time.monotonic()
    running.simulator.ask("replug", modem=VICTIM)
    return _back(running, at)


def _restarted(running: Trial) -> float:
    running.simulator.ask("set", modem=VICTIM, boot_s=BOOT_S)
    running.simulator.ask("reboot", modem=VICTIM)
    at = time.monotonic() + BOOT_S
    _others_go_on(running)
    return _back(running, at)


def _deaf(running: Trial) -> float:
    running.simulator.ask("set", modem=VICTIM, registration=2)
    running.gateway.wait_line(f"m{VICTIM}", "waiting")
    _others_go_on(running)
    at = time.monotonic()
    running.simulator.ask("set", modem=VICTIM, registration=1)
    return _back(running, at)


def _full(running: Trial, number: int) -> float:
    """Seconds until every reply, of which most found no place at first, is in the inbox."""
    running.simulator.ask("set", modem=VICTIM, capacity=PLACES)
    at = time.monotonic()
    for reply in range(REPLIES):
        running.simulator.ask("inject", modem=VICTIM, text=f"Respuesta {reply} de la vez {number}")
    running.gateway.wait_inbox(REPLIES * (number + 1), timeout_s=WAIT_S)
    took = time.monotonic() - at
    assert running.simulator.ask("stats")["modems"][VICTIM]["memory_full"], "the SIM was never full"
    return took
