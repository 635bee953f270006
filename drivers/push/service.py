"""What the line needs of a push service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from drivers.base import Blame, Outcome, Refused
from drivers.http.flight import Flight
from drivers.http.keeping import Health
from drivers.push.notification import Notification

UNREGISTERED: Final = "unregistered"
"""The one reason, whatever the service, by which upstream learns that it must forget an address."""
INVALID: Final = "address_invalid"
"""It was never an address of this service."""


def elsewhere(reason: str) -> Refused:
    """This service cannot carry it; another one may."""
    return Refused(reason, Blame.PERSON, elsewhere=True)


class PushService(Protocol):
    async def look(self) -> Health:
        """Returns how it is; raises `UnusableError`."""

    async def send(self, flight: Flight, told: Notification) -> Outcome:
        """Raises what `Flight.ask` raises, and `UnusableError` before anything was asked."""

    def carries(self, told: Notification) -> str | None:
        """Why this service can never carry it: another kind of address, too much of it. None where it can. No I/O."""

    def facts(self) -> Mapping[str, Any]:
        """Returns what a person may want to know of it: no secrets."""
