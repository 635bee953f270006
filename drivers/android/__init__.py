"""Android phones as lines: SMSGate's local server, Traccar SMS Gateway, REST SMS Gateway.

`driver` is what the gateway loads. Pure: states, inbox, webhooks, encryption, the plain apps' requests. At the edges:
the HTTP client, the watch over open messages, the lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drivers.android.entry import AndroidDriver, driver

__all__ = ["AndroidDriver", "driver"]


def __getattr__(name: str) -> Any:
    """Loaded when it is asked for: `gatewayd check` names drivers without their libraries."""
    if name in __all__:
        from drivers.android import entry

        return getattr(entry, name)
    raise AttributeError(name)
