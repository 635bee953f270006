"""Push notifications: Firebase Cloud Messaging (HTTP v1), ntfy, Web Push (RFC 8030, 8188, 8291, 8292).

`driver` is what the gateway loads. Pure: `notification` (what is told), `subscription` and `encryption` (Web Push),
`tokens` (signed assertions), and of each service its requests and how its answers are read. At the edges: `access`
(OAuth 2.0), `line`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drivers.push.entry import PushDriver, driver

__all__ = ["PushDriver", "driver"]


def __getattr__(name: str) -> Any:
    """Loads the driver when it is asked for: a house without push never imports it."""
    if name in __all__:
        from drivers.push import entry

        return getattr(entry, name)
    raise AttributeError(name)
