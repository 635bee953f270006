"""The registry of line types: finds drivers by the entry-point group `gatewayd.drivers` and loads them when asked.

A driver is loaded only when a line names it, so that the daemon of a house with modems alone never imports the rest.
The built-in drivers register the same way as a third party's package does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from pydantic import BaseModel

from drivers.base import (
    ENTRY_POINTS,
    DiscoversDevices,
    Driver,
    Finding,
    FoundDevice,
    LineSetup,
    MisconfiguredError,
)
from gatewayd.values.errors import ConfigError
from gatewayd.words.translation import gettext as _


class UnknownDriverError(ConfigError):
    """No installed package offers a driver of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no driver {name!r}; installed: {', '.join(names()) or 'none'}")
        self.name = name


class BrokenDriverError(ConfigError):
    """A driver of this name is installed but cannot be imported."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"driver {name!r} cannot be loaded: {why}")
        self.name = name
        self.why = why


@dataclass(frozen=True, slots=True)
class Discovered:
    """A device that a line of that driver could be made of."""

    driver: str
    device: FoundDevice


@cache
def _offered() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=ENTRY_POINTS)}


def names() -> tuple[str, ...]:
    """Names of the drivers that are installed, sorted; none is loaded for it."""
    return tuple(sorted(_offered()))


@cache
def driver(name: str) -> Driver:
    """The driver of that name, loaded at the first call.

    Raises UnknownDriverError or BrokenDriverError.
    """
    point = _offered().get(name)
    if point is None:
        raise UnknownDriverError(name)
    try:
        loaded: Driver = point.load()
    except (ImportError, AttributeError) as error:
        raise BrokenDriverError(name, str(error)) from error
    return loaded


async def discover(driver_names: Iterable[str], search: Sequence[str], taken: Collection[str]) -> list[Discovered]:
    """Returns the devices that these drivers find, each with its driver; a driver that cannot look finds none."""
    found = []
    for name in driver_names:
        one = driver(name)
        if isinstance(one, DiscoversDevices):
            found += [Discovered(name, device) for device in await one.discover(search, taken)]
    return found


def contradiction(name: str, line: str, options: BaseModel) -> Finding | None:
    """Why driver `name` cannot make a line of these keys at all, in the language spoken; None where it can."""
    try:
        driver(name).make(LineSetup(line, options))
    except MisconfiguredError as error:
        return _said(error)
    return None


def findings(name: str, line: str, options: BaseModel) -> Sequence[Finding]:
    """What a line's driver can tell without sending, in the language spoken."""
    try:
        found = driver(name).check(LineSetup(line, options))
    except MisconfiguredError as error:
        return [_said(error)]
    return [_spoken(one) for one in found]


def _said(error: MisconfiguredError) -> Finding:
    return _spoken(error.finding or Finding(error.key, str(error), _("correct the key")))


def _spoken(finding: Finding) -> Finding:
    message, remedy = _(finding.message), _(finding.remedy)
    if finding.values:
        message, remedy = message.format_map(finding.values), remedy.format_map(finding.values)
    return Finding(finding.key, message, remedy)
