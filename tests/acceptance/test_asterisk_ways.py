"""Ways through a call on a real Asterisk: transfers that nobody takes, keys that mean nothing, what counts as heard."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator
from typing import Any

import pytest

from drivers.asterisk.line import AsteriskLine
from drivers.base import Completed
from tests.peers.asterisk import Asterisk
from tests.peers.asterisk_bench import message, passed, running, working
from tests.peers.asterisk_callees import LISTENS, POUND, PRESSES, SHORT, STAYS

serials = itertools.count(1)

TEXT = "uno dos tres cuatro cinco"
"""2 s as the test's voice speaks it."""
TEXT_S = 2.0


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    with running(tmp_path_factory.mktemp("pbx") / "asterisk") as started:
        yield started


async def took(line: AsteriskLine, number: str, script: dict[str, Any], **more: Any) -> tuple[Completed, float]:
    """What became of one call, and how long it was."""
    serial = next(serials)
    began = time.monotonic()
    call = {"script": {"message": TEXT, **script}, "ring_s": 5, **more}
    outcome = await line.send(message(f"{number}{serial:06d}", serial, call), passed)
    assert isinstance(outcome, Completed), outcome
    return outcome, time.monotonic() - began


async def test_what_became_of_a_transfer_is_told(pbx: Asterisk) -> None:
    places = {"ventas": "answered", "sorda": "no_answer", "ocupada": "busy", "cerrada": "failed", "nirgends": "failed"}
    goodbye = " ".join(["chau"] * 6)
    async with working(pbx, channels=10) as (line, ear):
        await ear.state("ready")

        async def one(place: str) -> tuple[Completed, float]:
            script = {"menu": {"0": f"transfer:{place}"}, "goodbye": goodbye}
            return await took(line, f"{PRESSES}0", script, min_heard_s=60)

        # With an agent, a call has no limit of its own.
        long = asyncio.create_task(took(line, f"{PRESSES}0", {"menu": {"0": "transfer:larga"}}, limit_s=10))
        ended = dict(zip(places, await asyncio.gather(*map(one, places)), strict=True))
        talked, talked_s = await long
    for place, expected in places.items():
        outcome, seconds = ended[place]
        assert (outcome.state, outcome.detail["action"]) == ("delivered", "transfer"), (place, outcome)
        assert outcome.detail["transfer"] == expected, (place, outcome)
        # Where nobody took it, goodbye is said.
        assert (seconds > 3.0) == (expected != "answered"), (place, seconds)
    assert (talked.state, talked.detail["transfer"]) == ("delivered", "answered")
    assert talked_s > 14


async def test_only_the_message_is_heard(pbx: Asterisk) -> None:
    """Waiting for a key and the goodbye are not the message; and a key that means nothing ends it for nobody."""
    menu = {"menu": {"9": "opt_out"}, "goodbye": TEXT}
    steps = {"steps": [{"say": TEXT}, {"ask": "a", "prompt": TEXT, "digits": [1, 1], "tries": 1}]}
    async with working(pbx, channels=10) as (line, ear):
        await ear.state("ready")
        (whole, _), (pound, _), (stayed, _), (short, _), (stepped, _) = await asyncio.gather(
            took(line, LISTENS, menu, min_heard_s=60),
            took(line, POUND, menu, min_heard_s=1.5),
            took(line, STAYS, menu, min_heard_s=60),
            took(line, SHORT, menu, min_heard_s=1.5),
            took(line, LISTENS, steps, min_heard_s=60),
        )
    assert (whole.state, whole.detail["heard_s"]) == ("delivered", round(TEXT_S))
    assert (pound.state, pound.reason, pound.detail["action"]) == ("undelivered", "not_heard", None)
    assert pound.detail["heard_s"] <= 1
    # Said again from the start, and this time to its end.
    assert (stayed.state, stayed.detail["heard_s"]) == ("delivered", round(TEXT_S))
    assert (short.state, short.reason) == ("undelivered", "not_heard")
    assert (stepped.state, stepped.detail["heard_s"]) == ("delivered", round(2 * TEXT_S))
