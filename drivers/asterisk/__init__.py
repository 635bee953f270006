"""Telephone calls through Asterisk: one line is one trunk, or one way out of a dial plan, with N channels.

`driver` is what the gateway loads. Asterisk dials and runs our dialplan (`dialplan/`); the driver places calls over
the manager interface (`ami`), collects what is said of each (`call`), and decides what became of it (`disposition`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drivers.asterisk.entry import AsteriskDriver, driver

__all__ = ["AsteriskDriver", "driver"]


def __getattr__(name: str) -> Any:
    """Loads the driver when it is asked for: the intake worker, which reads amounts alone, stays small."""
    if name in __all__:
        from drivers.asterisk import entry

        return getattr(entry, name)
    raise AttributeError(name)
