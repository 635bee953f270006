"""The `android` line type, as the gateway loads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel

from drivers.base import Finding, Line, LineSetup

if TYPE_CHECKING:
    from drivers.android.options import AndroidOptions


class AndroidDriver:
    """Implements `drivers.base.Driver`."""

    @property
    def name(self) -> str:
        return "android"

    @property
    def channels(self) -> frozenset[str]:
        return frozenset({"sms"})

    @property
    def options(self) -> type[BaseModel]:
        from drivers.android.options import AndroidOptions

        return AndroidOptions

    def encoding_variant(self, options: BaseModel) -> Literal["", "es"]:  # noqa: ARG002 - the phone codes by itself
        return ""

    def make(self, setup: LineSetup) -> Line:
        """Returns a line; raises `MisconfiguredError` where the keys contradict each other."""
        options = _own(setup.options)
        if options.app == "smsgate":
            from drivers.android.smsgate import SmsgateLine

            return SmsgateLine(setup.name, options)
        from drivers.android.plain import PlainLine

        return PlainLine(setup.name, options)

    def check(self, setup: LineSetup) -> Sequence[Finding]:
        from drivers.android.options import check

        return check(_own(setup.options))


def _own(options: BaseModel) -> AndroidOptions:
    from drivers.android.options import AndroidOptions

    assert isinstance(options, AndroidOptions), options
    return options


driver = AndroidDriver()
