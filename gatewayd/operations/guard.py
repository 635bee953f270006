"""What stands before a password is compared: tries are counted by who guesses, and nobody is locked out for good.

Three are told apart. A browser in which the person has signed in before is counted by itself, so that no stranger's
guesses touch it. A stranger is counted by name and address together, by address, and, more generously, by name: many
addresses that guess one name slow each other down, and strangers alone.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from typing import Final

from gatewayd.credentials.passwords import KNOWN, NOBODYS, STRANGERS, BusyError, Lane
from gatewayd.values.errors import ThrottledError
from gatewayd.values.throttle import Throttle, counted_as
from gatewayd.words.translation import gettext as _

TOLD_S: Final = 60.0
"""Between two rows of the audit trail for one name whose tries are refused unseen."""


SHOWN_S: Final = (0.02, 0.12)
"""How long a comparison takes, on a quick machine and in a short queue."""


class Guard:
    """Counts the tries of one process, and compares the passwords of those that are granted."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._device = Throttle(10, 10.0)
        self._pair = Throttle(5, 20.0)
        self._address = Throttle(20, 3.0)
        self._name = Throttle(30, 5.0)
        self._code = Throttle(6, 60.0)
        self._told = Throttle(1, TOLD_S)
        self._rows = Throttle(30, 2.0)

    async def sign_in(self, name: str, address: str, password: str, hashed: str | None, device: str | None) -> bool:
        """Returns whether the password is right; `device` is the digest of a browser's secret that is the person's.

        ThrottledError, before anything is compared, where there were too many wrong ones.
        """
        if device is not None:
            return await self._tried([(self._device, device)], KNOWN, password, hashed, name)
        place = counted_as(address)
        counted = [(self._pair, f"{name} {place}"), (self._address, place), (self._name, name)]
        if hashed is None:
            self._grant(counted, name, self._clock())
            await self._compare_for_show(password)
            return False
        return await self._tried(counted, STRANGERS, password, hashed, name)

    async def _compare_for_show(self, password: str) -> None:
        """Takes as long over a name that does not exist as over one that does."""
        try:
            await NOBODYS.matches(password, None)
        except BusyError:
            # Names are invented by the thousand: they get their answer without the work.
            await asyncio.sleep(random.uniform(*SHOWN_S))  # noqa: S311 - a pause, not a secret

    async def confirm(self, who: str, password: str, hashed: str | None) -> bool:
        """Returns whether the password is right of somebody who is signed in: their own, or one that they were told.

        ThrottledError where there were too many wrong ones.
        """
        return await self._tried([(self._device, who)], KNOWN, password, hashed, who)

    def code(self, who: str) -> None:
        """Counts a second factor that is tried. ThrottledError where there were too many wrong ones."""
        self._grant([(self._code, who)], who, self._clock())

    def right_code(self, who: str) -> None:
        """Gives back what a right second factor took."""
        self._code.give_back(who, self._clock())

    def once(self, what: str, who: str, address: str) -> None:
        """Counts something that is asked for by mail. ThrottledError where it was asked too often."""
        place = counted_as(address)
        self._grant([(self._pair, f"{what} {who} {place}"), (self._address, f"{what} {place}")], who, self._clock())

    async def _tried(
        self, counted: Sequence[tuple[Throttle, str]], lane: Lane, password: str, hashed: str | None, name: str
    ) -> bool:
        self._grant(counted, name, self._clock())
        try:
            right = await lane.matches(password, hashed)
        except BusyError:
            raise ThrottledError(
                _("too many people are signing in just now; try again in a moment"), 2.0, repeated=self._is_told(name)
            ) from None
        if right:
            for throttle, key in counted:
                throttle.give_back(key, self._clock())
        return right

    def _grant(self, counted: Sequence[tuple[Throttle, str]], name: str, now: float) -> None:
        """Takes a try of each; ThrottledError, and none is taken, where one has none left."""
        wait = max(throttle.wait_s(key, now) for throttle, key in counted)
        if wait > 0:
            seconds = int(wait) + 1
            sentence = _("too many tries; wait {seconds} s and try again").format(seconds=seconds)
            raise ThrottledError(sentence, float(seconds), repeated=self._is_told(name))
        for throttle, key in counted:
            throttle.take(key, now)

    def _is_told(self, name: str) -> bool:
        """Returns whether the audit trail has a fresh row about tries for that name already; notes that it has one."""
        now = self._clock()
        # Names are the guesser's to choose: all together may not fill the store either.
        told = self._told.wait_s(name, now) > 0 or self._rows.wait_s("", now) > 0
        if not told:
            self._told.take(name, now)
            self._rows.take("", now)
        return told


GUARD: Final = Guard()
"""The process's: every door counts in the same place."""
