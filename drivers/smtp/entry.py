"""The `smtp` line type, as the gateway loads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel

from drivers.base import Finding, Line, LineSetup

if TYPE_CHECKING:
    from drivers.smtp.options import SmtpOptions


class SmtpDriver:
    """Implements `drivers.base.Driver`."""

    @property
    def name(self) -> str:
        return "smtp"

    @property
    def channels(self) -> frozenset[str]:
        return frozenset({"email"})

    @property
    def options(self) -> type[BaseModel]:
        from drivers.smtp.options import SmtpOptions

        return SmtpOptions

    def encoding_variant(self, options: BaseModel) -> Literal["", "es"]:  # noqa: ARG002 - the port's signature
        return ""

    def make(self, setup: LineSetup) -> Line:
        """Makes a line; raises `MisconfiguredError` where the keys contradict each other."""
        from drivers.smtp.line import SmtpLine

        return SmtpLine(setup.name, _own(setup.options))

    def check(self, setup: LineSetup) -> Sequence[Finding]:
        from drivers.smtp.options import check

        return check(_own(setup.options))


def _own(options: BaseModel) -> SmtpOptions:
    from drivers.smtp.options import SmtpOptions

    assert isinstance(options, SmtpOptions), options
    return options


driver = SmtpDriver()
