"""GSM modems: SMS over AT commands on a serial port (3GPP 27.005, 27.007, 23.040).

`driver` is what the gateway loads. The package falls into pure parts (PDU codec, line classifier, causes, profiles),
the conversation with one modem (dialogue, sending, receiving) and what keeps a line alive (recovery, discovery, line).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drivers.gsm.entry import GsmDriver, driver

__all__ = ["GsmDriver", "driver"]


def __getattr__(name: str) -> Any:
    """The driver is loaded when it is asked for: who needs the codec alone (the intake worker) stays small."""
    if name in __all__:
        from drivers.gsm import entry

        return getattr(entry, name)
    raise AttributeError(name)
