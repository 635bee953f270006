"""The `gsm` line type, as the gateway loads it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel

from drivers.base import Finding, FoundDevice, Line, LineSetup

if TYPE_CHECKING:
    from drivers.gsm.options import GsmOptions


class GsmDriver:
    """Implements `drivers.base.Driver`."""

    @property
    def name(self) -> str:
        return "gsm"

    @property
    def channels(self) -> frozenset[str]:
        return frozenset({"sms"})

    @property
    def options(self) -> type[BaseModel]:
        from drivers.gsm.options import GsmOptions

        return GsmOptions

    def encoding_variant(self, options: BaseModel) -> Literal["", "es"]:
        return _own(options).variant

    def make(self, setup: LineSetup) -> Line:
        """Makes a line; raises `MisconfiguredError` where the keys contradict each other."""
        from drivers.gsm.line import GsmLine

        return GsmLine(setup.name, _own(setup.options))

    async def discover(self, search: Sequence[str], taken: Collection[str]) -> Sequence[FoundDevice]:
        """Implements `drivers.base.DiscoversDevices`."""
        from drivers.gsm.survey import survey

        return await survey(search, taken)

    def check(self, setup: LineSetup) -> Sequence[Finding]:
        from drivers.gsm.discovery import candidates
        from drivers.gsm.options import check

        options = _own(setup.options)
        return check(options, candidates(options.search))


def _own(options: BaseModel) -> GsmOptions:
    from drivers.gsm.options import GsmOptions

    assert isinstance(options, GsmOptions), options
    return options


driver = GsmDriver()
