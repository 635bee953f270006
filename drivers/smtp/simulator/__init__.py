"""Simulated mail servers on aiosmtpd: submission with its faults, and a mailbox over IMAP for bounces and replies.

`settings` says how a server behaves and fails; `server` is the SMTP side, `imap` the mailbox; `process` several of them
with the operations of the control socket, `command` the program.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drivers.smtp.simulator.process import SmtpSimulator

__all__ = ["SmtpSimulator", "main"]


def main(arguments: Sequence[str] | None = None, program: str = "gatewayd simulate smtp") -> int:
    """Runs as a program until SIGTERM; the exit status. What `gatewayd simulate` looks for beside a driver."""
    from drivers.smtp.simulator.command import main as run

    return run(arguments, program)


def __getattr__(name: str) -> Any:
    if name == "SmtpSimulator":
        from drivers.smtp.simulator.process import SmtpSimulator

        return SmtpSimulator
    raise AttributeError(name)
