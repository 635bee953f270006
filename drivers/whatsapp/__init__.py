"""WhatsApp Business through Meta's Cloud API: templates and texts out, states and replies in.

`driver` is what the gateway loads. Pure: `message` (what is asked), `answers` (what an answer means), `hooks` (what a
call of Meta's tells). At the edge: `line`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drivers.whatsapp.entry import WhatsappDriver, driver

__all__ = ["WhatsappDriver", "driver"]


def __getattr__(name: str) -> Any:
    """Loads the driver when it is asked for: a house without WhatsApp never imports it."""
    if name in __all__:
        from drivers.whatsapp import entry

        return getattr(entry, name)
    raise AttributeError(name)
