"""Calls to all kinds of people, Local ones and over SIP: is what is told of each what happened?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.benchmarks.figure import Figure
from tests.benchmarks.scale import Scale
from tests.benchmarks.trial import scratch
from tests.peers.asterisk_callees import PEOPLE
from tests.peers.onlooker import Onlooker
from tests.peers.sipp import Sipp
from tests.rig import Gateway
from tests.rig.calling import TARIFF, campaign, exchange, line
from tests.rig.people import OVER_LOCAL, OVER_SIP, Person, rounds

RATE: Final = 20
DONE_S: Final = 240.0


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    yield from _called(base, "Local", PEOPLE, OVER_LOCAL, scale.population, scale.channels)
    with scratch(base) as folder, Sipp(folder) as people:
        yield from _called(base, "SIP", people.dial, OVER_SIP, scale.population // 10, scale.channels)


def _called(
    base: Path, name: str, dial: str, people: tuple[Person, ...], count: int, channels: int
) -> Iterator[Figure]:
    campaigns = rounds(people, count)
    with scratch(base) as folder, exchange(folder / "pbx", verbose=0) as pbx:
        extra = line(pbx, channels=channels, rate=f"{RATE}/s", dial=dial)
        with Gateway(folder, [], extra=extra, tariff=TARIFF).start() as gateway, Onlooker(pbx) as seen:
            gateway.account(credit="100000")
            gateway.wait_line("troncal", "ready")
            for each in campaigns:
                gateway.drop(*campaign(each.name, each.numbers, **each.call))
            untold: list[str] = []
            for each in campaigns:
                gateway.wait_job(each.name, timeout_s=DONE_S)
                untold += each.untold(gateway.receipts(each.name))
    assert len(seen.began) == count, f"{len(seen.began)} calls"
    yield Figure(f"{count:,} calls, mixed, {name}: told wrongly", len(untold), "calls", 0, "<=")
    yield Figure(f"{count:,} calls, mixed, {name}: most at once", seen.most, "calls", channels, "<=")
    assert not untold, untold[:5]
