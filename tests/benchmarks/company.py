"""Bad people among good ones: a line goes on at its pace where one in twenty is refused for a reason that could be the
line's. Counted as sends a second, good and bad, against the same line with good people alone."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, Final

import structlog

from drivers.base import Blame, Completed, NotSent, OutboundMessage, Outcome, Refused
from tests.benchmarks.figure import Figure
from tests.benchmarks.scale import Scale
from tests.rig.floor import Floor, floor, taken

EVERY: Final = 20
SEND_S: Final = 0.02
LEAST: Final = 95.0

CAUSES: Final[dict[str, tuple[str, int, Outcome]]] = {
    "a modem": ("sms", 1, Refused("no_balance", Blame.EITHER)),
    "a phone": ("sms", 1, NotSent("radio", blame=Blame.EITHER)),
    "a provider, 40 at once": ("sms", 40, Refused("rejected", Blame.EITHER)),
    "a mail host": ("email", 4, NotSent("smtp_451", blame=Blame.EITHER)),
    "a trunk, 40 at once": ("call", 40, Completed("failed", "rejected", blame=Blame.EITHER)),
}
CONTENT: Final[dict[str, dict[str, Any]]] = {
    # As intake leaves it in the store.
    "call": {"call": {"script": {"message": [{"say": "hola"}], "menu": {}, "language": "es", "voice": None}}},
    "email": {"email": {"subject": "hola"}},
}


def measure(_base: Path, scale: Scale) -> Iterator[Figure]:
    # The lines of this process say when they are ready; the table is for figures.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    people = 60 * scale.runs
    for name, (channel, at_once, refusal) in CAUSES.items():
        shares = []
        for _ in range(max(scale.runs // 2, 1)):
            alone = asyncio.run(_sends_a_second(channel, at_once, None, people * min(at_once, 10)))
            mixed = asyncio.run(_sends_a_second(channel, at_once, refusal, people * min(at_once, 10)))
            shares.append(100 * mixed / alone)
        title = f"one in {EVERY} is refused, {name}: share of its pace"
        yield Figure(title, median(shares), "%", LEAST, ">=", runs=tuple(shares))


async def _sends_a_second(channel: str, at_once: int, refusal: Outcome | None, people: int) -> float:
    """Sends to so many people; returns the sends a second from the first to the one with which all good ones are
    reached."""

    async def answer(message: OutboundMessage) -> Outcome:
        await asyncio.sleep(SEND_S)
        if refusal is not None and int(message.to[-8:]) % EVERY == EVERY // 2:
            return refusal
        return Completed("delivered", charged=True) if channel == "call" else taken(message)

    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        async with floor(Path(folder)) as house:
            line = house.line("only", answer, channel=channel, capacity=at_once)
            return await _run(house, channel, people, refusal is not None, line.asked)


async def _run(house: Floor, channel: str, people: int, mixed: bool, asked: list[str]) -> float:
    good = people - people // EVERY if mixed else people
    loop = asyncio.get_running_loop()
    began = loop.time()
    await house.job(range(people), channel=channel, content=CONTENT.get(channel))
    await house.until(lambda counts: counts["submitted"] + counts["delivered"] >= good, timeout_s=120)
    return len(asked) / (loop.time() - began)
