"""The `whatsapp` line type, as the gateway loads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel

from drivers.base import Finding, Line, LineSetup

if TYPE_CHECKING:
    from drivers.whatsapp.options import WhatsappOptions


class WhatsappDriver:
    """Implements `drivers.base.Driver`."""

    @property
    def name(self) -> str:
        return "whatsapp"

    @property
    def channels(self) -> frozenset[str]:
        return frozenset({"whatsapp"})

    @property
    def options(self) -> type[BaseModel]:
        from drivers.whatsapp.options import WhatsappOptions

        return WhatsappOptions

    def encoding_variant(self, options: BaseModel) -> Literal["", "es"]:  # noqa: ARG002 - the port's signature
        return ""

    def make(self, setup: LineSetup) -> Line:
        """Returns a line; raises `MisconfiguredError` where the keys contradict each other."""
        from drivers.whatsapp.line import WhatsappLine

        return WhatsappLine(setup.name, _own(setup.options))

    def check(self, setup: LineSetup) -> Sequence[Finding]:
        from drivers.whatsapp.options import check

        return check(_own(setup.options))


def _own(options: BaseModel) -> WhatsappOptions:
    from drivers.whatsapp.options import WhatsappOptions

    assert isinstance(options, WhatsappOptions), options
    return options


driver = WhatsappDriver()
