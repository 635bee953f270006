"""The `asterisk` line type, as the gateway loads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel

from drivers.asterisk.engaged import Engaged
from drivers.base import Finding, Line, LineSetup

if TYPE_CHECKING:
    from drivers.asterisk.options import AsteriskOptions


class AsteriskDriver:
    """Implements `drivers.base.Driver`."""

    def __init__(self) -> None:
        self._engaged = Engaged()

    @property
    def name(self) -> str:
        return "asterisk"

    @property
    def channels(self) -> frozenset[str]:
        return frozenset({"call"})

    @property
    def options(self) -> type[BaseModel]:
        from drivers.asterisk.options import AsteriskOptions

        return AsteriskOptions

    def encoding_variant(self, options: BaseModel) -> Literal["", "es"]:  # noqa: ARG002 - nothing is encoded
        return ""

    def make(self, setup: LineSetup) -> Line:
        from drivers.asterisk.line import AsteriskLine

        return AsteriskLine(setup.name, _own(setup.options), engaged=self._engaged)

    def check(self, setup: LineSetup) -> Sequence[Finding]:
        from drivers.asterisk.diagnosis import check

        return check(setup.name, _own(setup.options))


def _own(options: BaseModel) -> AsteriskOptions:
    from drivers.asterisk.options import AsteriskOptions

    assert isinstance(options, AsteriskOptions), options
    return options


driver = AsteriskDriver()
