"""The `push` line type, as the gateway loads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel

from drivers.base import Finding, Line, LineSetup, MisconfiguredError, spoken

if TYPE_CHECKING:
    from drivers.push.options import PushOptions


class PushDriver:
    """Implements `drivers.base.Driver`."""

    @property
    def name(self) -> str:
        return "push"

    @property
    def channels(self) -> frozenset[str]:
        return frozenset({"push"})

    @property
    def options(self) -> type[BaseModel]:
        from drivers.push.options import PushOptions

        return PushOptions

    def encoding_variant(self, options: BaseModel) -> Literal["", "es"]:  # noqa: ARG002 - the port's signature
        return ""

    def make(self, setup: LineSetup) -> Line:
        """Returns a line; raises `MisconfiguredError` where the keys contradict each other."""
        from drivers.push.line import PushLine

        return PushLine(setup.name, _own(setup.options))

    def check(self, setup: LineSetup) -> Sequence[Finding]:
        from drivers.push.checking import check

        try:
            return check(_own(setup.options))
        except MisconfiguredError as error:
            return [error.finding or Finding(error.key, str(error), spoken("correct the key"))]


def _own(options: BaseModel) -> PushOptions:
    from drivers.push.options import PushOptions

    assert isinstance(options, PushOptions), options
    return options


driver = PushDriver()
