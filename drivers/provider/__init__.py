"""HTTP providers: one configurable line, and presets of it as data.

`driver` is what the gateway loads. `options` are the keys and `presets/` tables of them; `plan` compiles them into
requests by `template`, `rules` judge the answers, `received` reads what comes back: all pure. `sending` is one message,
`gathering` several in a request; `reporting` asks what became of them, `calls` reads what we are called for; `line` is
the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel

from drivers.base import Finding, Line, LineSetup, MisconfiguredError, spoken

if TYPE_CHECKING:
    from drivers.provider.options import ProviderOptions

__all__ = ["ProviderDriver", "driver"]


class ProviderDriver:
    """Implements `drivers.base.Driver`."""

    @property
    def name(self) -> str:
        return "provider"

    @property
    def channels(self) -> frozenset[str]:
        return frozenset({"sms"})

    @property
    def options(self) -> type[BaseModel]:
        from drivers.provider.options import ProviderOptions

        return ProviderOptions

    def encoding_variant(self, options: BaseModel) -> Literal["", "es"]:  # noqa: ARG002 - the provider codes the text
        return ""

    def make(self, setup: LineSetup) -> Line:
        """Returns a line; raises `MisconfiguredError` where the keys contradict each other."""
        from drivers.provider.line import ProviderLine

        return ProviderLine(setup.name, _own(setup.options))

    def check(self, setup: LineSetup) -> Sequence[Finding]:
        from drivers.provider.checking import check

        try:
            return check(_own(setup.options))
        except MisconfiguredError as error:
            return [error.finding or Finding(error.key, str(error), spoken("correct the key"))]


def _own(options: BaseModel) -> ProviderOptions:
    from drivers.provider.options import ProviderOptions

    assert isinstance(options, ProviderOptions), options
    return options


driver = ProviderDriver()
