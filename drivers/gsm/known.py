"""What a line knows of its modem and SIM beyond one connection."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.gsm.pace import Pace


@dataclass(slots=True)
class Known:
    pace: Pace
    """How fast the modem has proven to be."""
    imei: str | None = None
    imsi: str | None = None
    smsc: str | None = None
    pin_tried: bool = False
    """The PIN was written and the SIM has not been seen ready since."""
    acknowledges: bool = True
    """Whether AT+CNMA works: until it has failed twice in a row."""
