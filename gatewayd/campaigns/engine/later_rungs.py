"""What the later channels of a ladder may cost: of each person what every channel takes that reaches them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gatewayd.campaigns.document import CampaignDocument
from gatewayd.campaigns.engine.cuts import Cuts
from gatewayd.campaigns.engine.words import Words
from gatewayd.store.campaigns import audience
from gatewayd.store.campaigns.runs import Person
from gatewayd.store.reader import Reader


@dataclass(slots=True)
class Rung:
    """A channel of a ladder, and what it would take if it had to reach everybody whom it can."""

    channel: str
    price: int
    """Of a segment, a call or a mail, in millionths."""
    people: int = 0
    segments: int = 0
    fewest: int = 0

    def document(self) -> dict[str, Any]:
        return {
            "channel": self.channel,
            "people": self.people,
            "segments": self.segments,
            "segments_least": self.fewest,
        }


@dataclass(slots=True)
class LadderCost:
    """What all rungs of a ladder may cost, in millionths: at least, where the cheapest channel that reaches somebody is
    the only one that is charged; at most, where every channel is."""

    rungs: list[Rung] = field(default_factory=list)
    least: int = 0
    most: int = 0

    def add(self, counts: Sequence[tuple[int, int] | None]) -> None:
        """Adds a person: of each rung the fewest and the most segments, None where it does not reach them."""
        charges = []
        for rung, count in zip(self.rungs, counts, strict=True):
            if count is not None:
                rung.people += 1
                rung.fewest += count[0]
                rung.segments += count[1]
                charges.append(rung.price * count[0])
                self.most += rung.price * count[1]
        self.least += min(charges, default=0)

    def document(self) -> dict[str, Any]:
        return {
            "least": self.least,
            "most": self.most,
            "prices": [rung.price for rung in self.rungs],
            "rungs": [rung.document() for rung in self.rungs],
        }


class LaterRungs:
    """The rungs after the first, as a climb would find them today."""

    def __init__(
        self,
        reader: Reader,
        document: CampaignDocument,
        source: Callable[[str], audience.Source],
        words: Sequence[Words],
        cuts: Sequence[Cuts],
    ) -> None:
        """`source` gives where the people are over a channel; `words` and `cuts` are of each rung after the first."""
        self._reader = reader
        self._rungs = document.ladder[1:]
        self._sources = [source(rung.channel) for rung in self._rungs]
        self._words = words
        self._cuts = cuts

    def counts(self, people: Sequence[Person]) -> list[list[tuple[int, int] | None]]:
        """Returns of each of some people the fewest and the most segments over each later rung; None where that does
        not reach them."""
        customers = [one.customer for one in people if one.customer is not None]
        found: list[list[tuple[int, int] | None]] = [[] for _one in people]
        for rung, source, words, cuts in zip(self._rungs, self._sources, self._words, self._cuts, strict=True):
            today = self._reader.ask(_of(source, customers))
            for one, each in zip(people, found, strict=True):
                address = _address(one, today, rung.column)
                row = None if not address else words.row(address, one.external_id, one.cells)
                if row is None or row[7] is not None:
                    each.append(None)
                elif rung.channel == "sms":
                    each.append(cuts.parts(row[2] or "", row[3] or "", row[4], row[5]))
                else:
                    each.append((1, 1))
        return found


def _of(source: audience.Source, customers: Sequence[int]) -> Callable[[Any], Mapping[int, Any]]:
    return lambda connection: audience.by_customer(connection, source, customers)


def _address(one: Person, today: Mapping[int, Any], column: str | None) -> str | None:
    """Returns somebody's address over a rung's channel, as a climb finds it."""
    if one.customer is not None:
        return today[one.customer].address if one.customer in today else None
    if column is None:
        return one.address
    cell = json.loads(one.cells).get(column)
    return None if not cell else str(cell)
