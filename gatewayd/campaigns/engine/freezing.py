"""Freezes the audience of a run: writes down whom it reaches, and in which job, each person once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from gatewayd.campaigns import slices
from gatewayd.campaigns.engine.words import Words
from gatewayd.failpoints import hit
from gatewayd.store.campaigns import audience, facts, runs
from gatewayd.store.campaigns.runs import Person, Run, Slice
from gatewayd.store.commands import Change
from gatewayd.store.sending import causes

PORTION: Final = 1_000
"""People of one transaction."""
TRIES: Final = 5
"""Looks at people whose facts change while they are written down."""
OCTETS: Final = 24 << 20
"""Of the people of one slice: its job file has room for more than twice that."""


class Freezing:
    """Freezes one run. `sliced` is told whenever there is a job to record."""

    def __init__(
        self,
        source: audience.Source,
        *,
        ask: Callable[[Callable[..., Any]], Awaitable[Any]],
        execute: Callable[[Change[Any]], Awaitable[Any]],
        same: Words,
        sliced: Callable[[], None],
        now: Callable[[], int],
        caused: bool = False,
        again: bool = False,
    ) -> None:
        """`caused`: the texts say what somebody owes, so that each bears the facts that it is written from; `again`:
        they go to people who were written to before, and whoever has paid since is left out."""
        self._caused = caused
        self._again = again
        self._source = source
        self._ask = ask
        self._execute = execute
        self._same = same
        self._sliced = sliced
        self._now = now
        self._weight = 0
        """Octets of the slice that is being filled."""

    async def freeze(self, run: Run) -> Run:
        """Writes everybody down who is not yet; may be cut short anywhere and go on in another life."""
        done: Sequence[Slice] = await self._ask(partial(runs.slices, run=run.id, rung=0))
        number, sliced = len(done), sum(one.people for one in done)
        over = False
        while not over:
            room = slices.room(number) - (run.people - sliced)
            page, gone = await self._page(run.cursor, min(PORTION, room))
            people, left_out = await self._apart(run, page)
            left_out.update(gone)
            over = page.over
            self._weight += sum(len(one.cells) for one in people) * 2
            count = run.people + len(people) - sliced
            full = count and (over or count >= slices.room(number) or self._weight > OCTETS)
            new = None
            if full:
                key = slices.run_key(run.campaign, run.planned)
                new = Slice(run.id, 0, number, sliced + 1, count, slices.job_name(key, 0, number), None, None)
            write = partial(_write, run, people, cursor=page.cursor, left_out=left_out, new=new)
            run = await self._execute(Change(write, "campaigns"))
            hit("campaign.frozen")
            if new is not None:
                number, sliced, self._weight = number + 1, sliced + count, 0
                self._sliced()
        now = self._now()
        await self._execute(Change(lambda unit: runs.end_freezing(unit.session, run.id, now), "campaigns"))
        hit("campaign.all_frozen")
        return run

    async def _page(self, after: int, limit: int) -> tuple[audience.Page, dict[str, int]]:
        """Returns the next people, and how many are left out of them for their facts' sake."""
        if not self._caused:
            return await self._ask(partial(audience.page, source=self._source, after=after, limit=limit)), {}
        for _ in range(TRIES):
            found: facts.Facts = await self._ask(
                partial(facts.page, source=self._source, after=after, limit=limit, again=self._again)
            )
            if not found.without:
                break
            # The cause comes first: what is then read together with it is withdrawn with it.
            mint = partial(_mint, self._source.account_id, found.without, now=self._now())
            await self._execute(Change(mint, "campaigns"))
        gone = {"paid": found.settled} if found.settled else {}
        if not found.without:
            return found.page, gone
        # Whose facts changed with every look is not written to of them.
        kept = [one for place, one in enumerate(found.page.people) if place not in found.places_without]
        return replace(found.page, people=kept), gone | {"changed": len(found.page.people) - len(kept)}

    async def _apart(self, run: Run, page: audience.Page) -> tuple[Sequence[Person], dict[str, int]]:
        """Returns the people of a page but those at whose address the same is said already, and how many these are."""
        left_out: dict[str, int] = {"no_address": page.without} if page.without else {}
        addresses: dict[str, list[str]] = {}
        known = await self._ask(
            partial(runs.known_addresses, run=run.id, addresses=[one.address for one in page.people])
        )
        kept: list[Person] = []
        repeated = 0
        for one in page.people:
            others = [*known.get(one.address, ()), *addresses.get(one.address, ())]
            if others:
                same: bool = await asyncio.to_thread(self._same.same, one.address, one.cells, others)
                if same:
                    repeated += 1
                    continue
            addresses.setdefault(one.address, []).append(one.cells)
            kept.append(one)
        if repeated:
            left_out["repeated"] = repeated
        return kept, left_out


def _mint(account_id: int, customers: Sequence[int], unit: Any, *, now: int) -> None:
    causes.mint_many(unit.session, account_id, customers, causes.ANY, now)


def _write(
    run: Run, people: Sequence[Person], unit: Any, *, cursor: int, left_out: dict[str, int], new: Slice | None
) -> Run:
    after = runs.freeze(unit.session, run, people, cursor=cursor, left_out=left_out)
    if new is not None:
        runs.add_slice(unit.session, new)
    return after
