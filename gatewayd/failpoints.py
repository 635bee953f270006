"""Named places at which the fault harness kills this process. Off, a call costs a comparison."""

from __future__ import annotations

import os
import signal
from typing import Final

VARIABLE: Final = "GATEWAYD_FAILPOINT"
"""`name` or `name:n`: SIGKILL at the n-th time that place is passed."""

_name: str | None = None
_left = 0


def arm(setting: str | None) -> None:
    """Takes a setting as `GATEWAYD_FAILPOINT` holds it; None or empty disarms."""
    global _name, _left  # noqa: PLW0603 - one process, one failpoint
    name, _, count = (setting or "").partition(":")
    _name = name or None
    _left = int(count) if count else 1


def hit(name: str) -> None:
    """Passes a named place: the process ends here, without any clean-up, if it is the armed one."""
    global _left  # noqa: PLW0603
    if _name != name:
        return
    _left -= 1
    if _left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
        # The signal is pending for this very process; nothing after the failpoint may run.
        while True:
            signal.pause()


arm(os.environ.get(VARIABLE))
