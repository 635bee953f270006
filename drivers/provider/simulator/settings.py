"""The lasting settings of a simulated provider."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Settings:
    """The lasting state of one provider. Times are seconds."""

    latency_s: float = 0.0
    """From the whole request to the answer; the message is taken at its end."""
    user: str = "norte"
    password: str = "clave1"  # noqa: S105 - a simulator's
    key: str = "k-123456"
    unique: bool = True
    """The generic dialect takes each id once, and answers 409 to the same again."""
    report: str = "delivered"
    """State a message ends in: delivered, failed, or any other word; "" for none."""
    report_delay_s: float = 0.0
    """How long a message is `queued` before that."""
    balance: str = "1234.50"
    rejects: str = ""
    """Pattern of numbers that are refused: of a block, when it is processed; else at once."""
    block_delay_s: float = 0.0
    """From a block's answer until it is processed; a question about it finds it pending before."""
    block_told: str = "each"
    """What a question about one message of a block is answered with: `each` that message, `all` its whole block."""
    block_loses: bool = False
    """Blocks are answered as if taken, and never processed."""
