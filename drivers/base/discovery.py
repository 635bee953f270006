"""Devices that a driver finds by itself, and keys that only the machine's own administrator may set."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, runtime_checkable

FILE_ONLY: Final[Mapping[str, Any]] = {"file_only": True}
"""`json_schema_extra` of an option that may stand in the configuration file alone: a command, say, which would be run
as the daemon. Options that are a `Path` are such by themselves."""


@dataclass(frozen=True, slots=True)
class FoundDevice:
    """A device that a line could be made of."""

    keys: Mapping[str, str]
    """The line's keys that name it, the best choice first: a link that does not change before a bare device."""
    busy: bool = False
    """Whether somebody has it already, so that nothing could be asked."""
    detail: Mapping[str, str] = field(default_factory=dict)
    """What it says of itself: maker, model, imei, imsi, number, operator, sim (`ready`, `pin`, `puk`, `missing`)."""


@runtime_checkable
class DiscoversDevices(Protocol):
    """A driver that can look for its devices."""

    async def discover(self, search: Sequence[str], taken: Collection[str]) -> Sequence[FoundDevice]:
        """Looks through the system's devices and those that the patterns match; bounded in time. `taken` are devices
        of lines at work (real paths), which are passed over untouched."""
