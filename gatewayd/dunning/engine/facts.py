"""Decides anew about customers of whom a fact has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from gatewayd.claims.gathering import Gathering
from gatewayd.claims.moment import Moment
from gatewayd.claims.writing import WRITTEN, Written, write
from gatewayd.process.failpoints import hit
from gatewayd.store.billing import marks
from gatewayd.store.billing.marks import Mark
from gatewayd.store.commands import Change
from gatewayd.store.session import Session

MARKS: Final = 500
NEWEST: Final = 100
"""Of those that are looked at together: a payment does not wait until a whole list that came before it is decided."""


class Facts:
    """Works off marks."""

    def __init__(
        self,
        *,
        ask: Callable[[Callable[..., Any]], Awaitable[Any]],
        execute: Callable[[Change[Any]], Awaitable[Any]],
        now: Callable[[], int],
        wrote: Callable[[Written], object],
        fresh: Callable[[Moment], Awaitable[bool]],
    ) -> None:
        """`wrote` is called with what each transaction did. `fresh`: whether an account's billing is young enough to
        claim by."""
        self._ask = ask
        self._execute = execute
        self._now = now
        self._wrote = wrote
        self._fresh = fresh
        self._lock = asyncio.Lock()
        self.decided: set[int] = set()
        """Customers about whom was decided, before that is in the store; whoever wants to know empties it before."""

    async def decide(self, known: Mapping[int, Moment]) -> None:
        """Decides about all that are marked; of accounts without a rule the marks are taken away."""
        gathered: dict[int, Gathering] = {}
        async with self._lock:
            try:
                while await self._some(known, gathered):
                    pass
            finally:
                for number, one in gathered.items():
                    if one.numbers:
                        work = partial(_release, one, known[number].at(self._now()))
                        await self._execute(Change(work, "collections"))

    async def _some(self, known: Mapping[int, Moment], gathered: dict[int, Gathering]) -> bool:
        """Decides about the first that are marked, and the last; returns whether there are more."""
        found: Sequence[Mark] = await self._ask(_marked)
        by_account: dict[int, list[Mark]] = {}
        for one in found:
            by_account.setdefault(one.account, []).append(one)
        waits = 0
        for number, own in by_account.items():
            moment = known.get(number)
            if moment is None:
                await self._execute(Change(partial(_drop, own), "collections", bulk=True))
            elif not await self._fresh(moment):
                waits += len(own)
            else:
                gathering = gathered.setdefault(number, Gathering(open_=len(own) > WRITTEN))
                for start in range(0, len(own), WRITTEN):
                    await self._write(moment.at(self._now()), own[start : start + WRITTEN], gathering)
        return not waits and len(found) >= MARKS

    async def _write(self, moment: Moment, seen: Sequence[Mark], gathering: Gathering) -> None:
        customers = [one.customer for one in seen]
        self.decided.update(customers)
        work = partial(write, moment=moment, customers=customers, seen=seen, gathering=gathering)
        try:
            written = await self._execute(Change(work, "collections", bulk=True))
        except Exception:
            gathering.forget()
            raise
        hit("claims.decided")
        self._wrote(written)


def _marked(connection: Any) -> Sequence[Mark]:
    session = Session(connection)
    found = marks.marked(session, MARKS)
    if len(found) < MARKS:
        return found
    newest = {one.customer: one for one in marks.marked(session, NEWEST, newest=True)}
    return [*newest.values(), *(one for one in found if one.customer not in newest)]


def _drop(seen: Sequence[Mark], unit: Any) -> None:
    marks.drop(unit.session, seen)


def _release(gathering: Gathering, moment: Moment, unit: Any) -> None:
    gathering.release(unit.session, moment)
