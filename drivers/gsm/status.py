"""TP-ST, what became of a submitted message (3GPP 23.040 §9.2.3.15)."""

from __future__ import annotations

from typing import Final, Literal

Outcome = Literal["delivered", "pending", "undelivered"]

_REASONS: Final = {
    0x01: "unconfirmed",
    0x02: "replaced",
    0x20: "congestion",
    0x21: "busy",
    0x22: "absent",
    0x23: "rejected",
    0x24: "quality_unavailable",
    0x25: "device_error",
    0x40: "procedure_error",
    0x41: "incompatible",
    0x42: "rejected",
    0x43: "unknown_subscriber",
    0x44: "quality_unavailable",
    0x45: "no_interworking",
    0x46: "expired_in_network",
    0x47: "deleted_by_sender",
    0x48: "deleted_by_network",
    0x49: "unknown_message",
    0x60: "congestion",
    0x61: "busy",
    0x62: "absent",
    0x63: "rejected",
    0x64: "quality_unavailable",
    0x65: "device_error",
}


def outcome(status: int) -> Outcome:
    """By the ranges: below 0x20 done, below 0x40 still trying, else given up (0x80 and above: service rejected)."""
    if status < 0x20:
        return "delivered"
    return "pending" if status < 0x40 else "undelivered"


def reason(status: int) -> str | None:
    """Why, as one word; None for plain delivery. Values of a service centre's own are `network_0x…`."""
    if status == 0x00:
        return None
    known = _REASONS.get(status)
    if known is not None:
        return known
    if status & 0x10 and status < 0x80:
        return f"network_0x{status:02x}"
    return "unspecified" if status < 0x40 else "rejected"
