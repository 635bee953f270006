"""How a modem that does not work is brought back: a ladder within a connection, pauses between connections.

The ladder asks for the least first: probe (ESC, AT), initialise again, restart the modem. What it cannot bring back is
closed and opened anew; a device that keeps failing is quarantined and tested again after pauses that grow.
"""

from __future__ import annotations

from drivers.gsm.errors import CommandFailedError, ModemError, SilentError
from drivers.gsm.modem import Modem
from drivers.gsm.timing import Timing


async def climb(modem: Modem) -> str:
    """Brings the modem of a living port back to work and returns the rung that did it. Raises `SilentError` at the top,
    and `PortLostError` or `BlockedError` from any rung.
    """
    last: ModemError = SilentError("the modem does not answer")
    for rung in ("initialised", "restarted"):
        try:
            if rung == "restarted":
                await modem.reset()
            await modem.initialise()
        except (SilentError, CommandFailedError) as error:
            last = error
        else:
            return rung
    raise SilentError(str(last)) from last


class Backoff:
    """Pauses between connections: each equals the time already waited, so that a short fault ends soon and a long one
    costs nothing. After `quarantine_after` failures in a row the line counts as quarantined.
    """

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._waited = 0.0
        self._failures = 0

    @property
    def quarantined(self) -> bool:
        return self._failures >= self._timing.quarantine_after

    def failed(self) -> float:
        """Counts a failure and returns the pause before the next try."""
        was_quarantined = self.quarantined
        self._failures += 1
        if self.quarantined and not was_quarantined:
            self._waited = 0.0
        return self._pause()

    def unavailable(self) -> float:
        """Returns the pause after a port that could not be opened: no failure of the modem, and asking is cheap."""
        return self._pause()

    def blocked(self) -> float:
        """Returns the pause after a fault that only a person can remove: quarantined at once."""
        if not self.quarantined:
            self._waited = 0.0
        self._failures = max(self._failures + 1, self._timing.quarantine_after)
        return self._pause()

    def absent(self) -> float:
        """Returns the pause before a SIM that is not there is looked for again: quarantined, but looking is cheap."""
        if not self.quarantined:
            self._waited = 0.0
        self._failures = max(self._failures + 1, self._timing.quarantine_after)
        pause = min(max(self._waited, self._timing.sim_absent_s), self._timing.quarantine_s)
        self._waited += pause
        return pause

    def succeeded(self) -> None:
        self._failures = 0
        self._waited = 0.0

    def _pause(self) -> float:
        timing = self._timing
        if self.quarantined:
            pause = min(max(self._waited, timing.quarantine_s), timing.quarantine_max_s)
        else:
            pause = min(max(self._waited, timing.backoff_s), timing.backoff_max_s)
        self._waited += pause
        return pause
