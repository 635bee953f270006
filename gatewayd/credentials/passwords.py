"""Passwords: hashed by argon2id, in few threads, so that no number of guesses takes memory or time from the lines.

Browsers that somebody has signed in with are served by a thread of their own: strangers wait for one another alone. So
are names that do not exist: a guesser may invent any number of them.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

LENGTH_MIN: Final = 10
"""Characters of a password (NIST SP 800-63B asks for 8 at least)."""
LENGTH_MAX: Final = 1000

WAITING_MAX: Final = 16
"""Comparisons that wait in a lane: a fraction of a second's work. More are refused."""

HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""argon2id with 19 MiB and two passes, the OWASP cheat sheet's choice where memory is short: about 20 ms."""


class BusyError(Exception):
    """Too many comparisons wait."""


class Lane:
    """One thread that hashes and compares, and a bounded queue before it."""

    def __init__(self, name: str, *, nice: int = 0, waiting_max: int = WAITING_MAX) -> None:
        """`nice` is how much the thread yields to others (setpriority(2): of a thread on Linux)."""
        self._threads = ThreadPoolExecutor(
            1, thread_name_prefix=f"password-{name}", initializer=_yield, initargs=(nice,)
        )
        self._waiting = 0
        self._waiting_max = waiting_max

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Returns whether a password is the one that was hashed; it takes as long where there is none to compare with.

        BusyError where too many wait already.
        """
        if self._waiting >= self._waiting_max:
            raise BusyError
        self._waiting += 1
        try:
            wanted = _nobodys() if hashed is None else hashed
            right = await asyncio.get_running_loop().run_in_executor(self._threads, matches, password, wanted)
        finally:
            self._waiting -= 1
        return right and hashed is not None

    async def hashed(self, password: str) -> str:
        """Returns a password as the store keeps it."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, HASHER.hash, password)


def _yield(nice: int) -> None:
    # A process that is nicer already may not become less so; a thread that fails here would be the end of signing in.
    with suppress(OSError):
        if nice:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)


def matches(password: str, hashed: str) -> bool:
    """Returns whether a password is the one that was hashed."""
    try:
        return HASHER.verify(hashed, password)
    except (Argon2Error, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return HASHER.hash(secrets.token_urlsafe(16))


STRANGERS: Final = Lane("strangers", nice=10)
NOBODYS: Final = Lane("nobodys", nice=19, waiting_max=4)
"""Of names that do not exist: compared with a password that nobody has, so that they take as long as others."""
KNOWN: Final = Lane("known")
"""Of known browsers, and of people who are signed in."""
