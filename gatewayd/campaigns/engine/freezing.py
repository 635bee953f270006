"""Freezes the audience of a run: writes down whom it reaches, and in which job, each person once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from gatewayd.campaigns import slices
from gatewayd.campaigns.engine.words import Words
from gatewayd.process.failpoints import hit
from gatewayd.store.campaigns import audience, facts, runs
from gatewayd.store.campaigns.runs import Person, Run, Slice
from gatewayd.store.commands import Change
from gatewayd.store.sending import causes
from gatewayd.values.errors import ConflictError

PORTION: Final = 2_000
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
        """Writes everybody down who is not yet; may be cut short anywhere and go on in another life.

        The next people are looked for while those before them are written. ConflictError: another life does the same.
        """
        done: Sequence[Slice] = await self._ask(partial(runs.slices, run=run.id, rung=0))
        number, sliced = len(done), sum(one.people for one in done)
        over = False
        before: Mapping[str, Sequence[str]] = {}
        ahead: asyncio.Task[_Found] | None = None
        try:
            while not over:
                if ahead is None:
                    room = slices.room(number) - (run.people - sliced)
                    found = await self._look(run.id, run.cursor, min(PORTION, room))
                else:
                    found, ahead = await ahead, None
                page = found.page
                people, left_out, own = await self._apart(found, before)
                left_out.update(found.gone)
                over = page.over
                self._weight += sum(len(one.cells) for one in people) * 2
                count = run.people + len(people) - sliced
                full = count and (over or count >= slices.room(number) or self._weight > OCTETS)
                new = None
                if full:
                    key = slices.run_key(run.campaign, run.planned)
                    new = Slice(run.id, 0, number, sliced + 1, count, slices.job_name(key, 0, number), None, None)
                # The first slice is filled exactly: its message is to leave at once.
                if not over and (number or new is not None):
                    ahead = asyncio.create_task(self._look(run.id, page.cursor, PORTION), name=f"people {run.id}")
                write = partial(_write, run, people, cursor=page.cursor, left_out=left_out, new=new)
                # A slice is on the disk before its file is: whoever finds the file finds whose it is.
                after = await self._execute(Change(write, "campaigns", bulk=new is None))
                if after is run:
                    raise ConflictError(f"the people of run {run.id} are written down elsewhere")
                run, before = after, own
                hit("campaign.frozen")
                if new is not None:
                    number, sliced, self._weight = number + 1, sliced + count, 0
                    self._sliced()
        finally:
            if ahead is not None:
                ahead.cancel()
                await asyncio.gather(ahead, return_exceptions=True)
        now = self._now()
        await self._execute(Change(lambda unit: runs.end_freezing(unit.session, run.id, now), "campaigns"))
        hit("campaign.all_frozen")
        return run

    async def _look(self, run: int, after: int, limit: int) -> _Found:
        """Returns the next people; of those whose texts say what they owe, with the facts of one moment."""
        look = partial(_look, source=self._source, run=run, after=after, limit=limit)
        if not self._caused:
            found: _Found = await self._ask(look)
            return found
        for _ in range(TRIES):
            found = await self._ask(partial(look, again=self._again))
            without = found.without
            if not without:
                break
            # The cause comes first: what is then read together with it is withdrawn with it.
            mint = partial(_mint, self._source.account_id, without, now=self._now())
            await self._execute(Change(mint, "campaigns"))
        return found.kept()

    async def _apart(
        self, found: _Found, before: Mapping[str, Sequence[str]]
    ) -> tuple[Sequence[Person], dict[str, int], Mapping[str, Sequence[str]]]:
        """Returns the people of a page but those at whose address the same is said already, how many these are, and
        what is said at the addresses of the others. `before` says that of those who were written while this page was
        looked for."""
        page, known = found.page, found.known
        left_out: dict[str, int] = {"no_address": page.without} if page.without else {}
        alone = {one.address: [one.cells] for one in page.people}
        if not known and len(alone) == len(page.people) and before.keys().isdisjoint(alone):
            return page.people, left_out, alone
        addresses: dict[str, list[str]] = {}
        kept: list[Person] = []
        repeated = 0
        for one in page.people:
            others = [*known.get(one.address, ()), *before.get(one.address, ()), *addresses.get(one.address, ())]
            if others:
                same: bool = await asyncio.to_thread(self._same.same, one.address, one.cells, others)
                if same:
                    repeated += 1
                    continue
            addresses.setdefault(one.address, []).append(one.cells)
            kept.append(one)
        if repeated:
            left_out["repeated"] = repeated
        return kept, left_out, addresses


@dataclass(frozen=True, slots=True)
class _Found:
    """Some people of an audience."""

    page: audience.Page
    known: Mapping[str, Sequence[str]]
    """What is said already at addresses of them."""
    gone: Mapping[str, int] = field(default_factory=dict)
    """Those left out for their facts' sake, by reason."""
    without: Sequence[int] = ()
    """Customers for whom no cause stood."""
    places_without: frozenset[int] = frozenset()

    def kept(self) -> _Found:
        """Returns this without those whose facts changed with every look: they are not written to of them."""
        if not self.without:
            return self
        kept = [one for place, one in enumerate(self.page.people) if place not in self.places_without]
        gone = {**self.gone, "changed": len(self.page.people) - len(kept)}
        return replace(self, page=replace(self.page, people=kept), gone=gone)


def _look(
    connection: Any, *, source: audience.Source, run: int, after: int, limit: int, again: bool | None = None
) -> _Found:
    """Looks for people. `again` not None: with what they owe and the causes that stand for that, in one snapshot."""
    if again is None:
        page = audience.page(connection, source=source, after=after, limit=limit)
        owing = facts.Facts(page)
    else:
        owing = facts.page(connection, source=source, after=after, limit=limit, again=again)
        page = owing.page
    known = runs.known_addresses(connection, run=run, addresses=[one.address for one in page.people])
    gone = {reason: count for reason, count in (("paid", owing.settled), ("shared_number", owing.shared)) if count}
    return _Found(page, known, gone, owing.without, owing.places_without)


def _mint(account_id: int, customers: Sequence[int], unit: Any, *, now: int) -> None:
    causes.mint_many(unit.session, account_id, customers, causes.ANY, now)


def _write(
    run: Run, people: Sequence[Person], unit: Any, *, cursor: int, left_out: dict[str, int], new: Slice | None
) -> Run:
    after = runs.freeze(unit.session, run, people, cursor=cursor, left_out=left_out)
    if new is not None:
        runs.add_slice(unit.session, new)
    return after
