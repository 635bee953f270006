"""What intake knows of the lines: their prefixes, and how many parts a message may have that they could ever take.

A text of more parts than the whole window or quota of every line that it may take would wait for ever.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace

from gatewayd.config import Config, LineConfig
from gatewayd.intake.rendering import Most
from gatewayd.registry import driver
from gatewayd.values.model import Route
from spool.document import JobDocument


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What bounds one line."""

    name: str
    channels: frozenset[str]
    prefixes: tuple[str, ...] = ()
    most: int | None = None
    """Segments that it sends in its whole window, day or month, whichever is least; None: any number."""
    shifts: bool = False
    """Whether it may use the Spanish shift table."""


@dataclass(frozen=True, slots=True)
class Lines:
    """All lines of the node."""

    prefixes: tuple[str, ...] = ()
    """Every prefix that some line has, sorted."""
    ceilings: tuple[Ceiling, ...] = ()
    shared: bool = False
    """Whether other nodes may have lines of which nothing is known here."""

    @classmethod
    def of(cls, config: Config) -> Lines:
        """Returns what is to be known of the lines of a configuration, whether they are enabled or not."""
        shared = config.store.sqlite_path is None
        return cls((), (), shared).with_(map(_ceiling, config.lines))

    def with_(self, ceilings: Iterable[Ceiling]) -> Lines:
        """Returns these lines and more of them."""
        every = (*self.ceilings, *ceilings)
        return replace(self, prefixes=tuple(sorted({p for each in every for p in each.prefixes})), ceilings=every)

    def beside(self, others: Iterable[Ceiling] | None) -> Lines:
        """Returns these lines and those of all other nodes; None: of some nothing is known."""
        return self if others is None else replace(self.with_(others), shared=False)

    def most(self, document: JobDocument) -> Most:
        """Returns what bounds the messages of a job, by route. Only an SMS has parts; where no line fits at all nothing
        is bounded: it waits for one."""
        found: dict[str, Sequence[int]] = {}
        if document.channel != "sms" or (self.shared and not document.lines):
            return found
        for prefix in {"", *self.prefixes}:
            route = Route(document.channel, prefix, document.lines)
            fitting = [each for each in self.ceilings if route.fits(each.name, each.channels, each.prefixes)]
            bounds = [(each.most, each.shifts) for each in fitting if each.most is not None]
            if fitting and len(bounds) == len(fitting):
                plain = max((most for most, shifts in bounds if not shifts), default=0)
                found[prefix] = plain, max((most for most, shifts in bounds if shifts), default=0)
        return found


def packed(ceilings: Iterable[Ceiling]) -> str:
    """Returns lines as JSON, for other nodes."""
    return json.dumps([{**asdict(each), "channels": sorted(each.channels)} for each in ceilings])


def unpacked(document: str) -> tuple[Ceiling, ...]:
    """Returns what `packed` made; a key that a newer node has written is left out."""
    known = {field.name for field in fields(Ceiling)}
    return tuple(
        Ceiling(
            **{key: value for key, value in each.items() if key in known}
            | {"channels": frozenset(each["channels"]), "prefixes": tuple(each["prefixes"])}
        )
        for each in json.loads(document)
    )


def least(*numbers: int | None) -> int | None:
    """Returns the smallest of those that are given; None where none is."""
    return min((number for number in numbers if number is not None), default=None)


def _ceiling(line: LineConfig) -> Ceiling:
    made_by = driver(line.driver)
    most = least(None if line.window is None else line.window.count, line.quota_day, line.quota_month)
    shifts = made_by.encoding_variant(line.options) == "es"
    return Ceiling(line.name, made_by.channels, line.prefixes, most, shifts)
