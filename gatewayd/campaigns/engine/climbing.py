"""Climbs ladders: whoever was not reached over one channel within its wait is tried over the next one, once."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from gatewayd.campaigns import slices
from gatewayd.campaigns.document import CampaignDocument
from gatewayd.campaigns.ladder import missed_states
from gatewayd.process.failpoints import hit
from gatewayd.store.campaigns import audience, events, facts, outcomes, runs, steps
from gatewayd.store.campaigns.campaigns import Campaign
from gatewayd.store.campaigns.runs import OPEN_STATES, Run, Slice
from gatewayd.store.campaigns.steps import Step
from gatewayd.store.commands import Change

LOOK_MS: Final = 60_000
"""The shortest time between two looks at a ladder."""
LOOKS: Final = 10
"""Looks within a wait: nobody waits more than a tenth longer than was said."""


class Climbing:
    """Looks at the ladders of runs. `source` gives the question for a campaign's people over the channel of a rung."""

    def __init__(
        self,
        *,
        ask: Callable[[Callable[..., Any]], Awaitable[Any]],
        execute: Callable[[Change[Any]], Awaitable[Any]],
        now: Callable[[], int],
        source: Callable[[Campaign, CampaignDocument, int], Callable[[Any], audience.Source]],
    ) -> None:
        self._ask = ask
        self._execute = execute
        self._now = now
        self._source = source

    async def climb(self, campaign: Campaign, document: CampaignDocument, run: Run) -> int | None:
        """Puts those on the next rung whose time has come; returns when to look again (Unix ms), None: nobody can go
        on any more."""
        now = self._now()
        open_ones = False
        for rung in range(len(document.ladder) - 1):
            wait = document.ladder[rung].wait_ms
            question = partial(
                _due,
                run=run,
                rung=rung,
                before=now - wait,
                missed=missed_states(document.options.count_as_reached),
            )
            rows, later = await self._ask(question)
            open_ones = open_ones or later
            while rows:
                await self._put(campaign, document, run, rung + 1, rows[: slices.REST])
                rows = rows[slices.REST :]
                open_ones = True
        if not open_ones:
            return None
        shortest = min(rung.wait_ms for rung in document.ladder[:-1])
        return now + max(min(LOOK_MS, shortest), shortest // LOOKS)

    async def _put(
        self, campaign: Campaign, document: CampaignDocument, run: Run, rung: int, rows: Sequence[int]
    ) -> None:
        """Puts some people on a rung; those whom its channel does not reach go on to the one after it."""
        column = document.ladder[rung].column
        addresses: dict[int, str] = {}
        source: audience.Source = await self._ask(self._source(campaign, document, rung))
        for start in range(0, len(rows), steps.PORTION):
            some = rows[start : start + steps.PORTION]
            addresses |= await self._ask(partial(_addresses, run=run.id, rows=some, source=source, column=column))
        number: int = await self._ask(partial(steps.next_slice, run=run.id, rung=rung))
        job = slices.job_name(slices.run_key(run.campaign, run.planned), rung, number)
        reached = [row for row in rows if row in addresses]
        new = [Step(row, number, place, addresses[row]) for place, row in enumerate(reached, 1)]
        new += [Step(row, 0, 0, "") for row in rows if row not in addresses]
        made = None if not reached else Slice(run.id, rung, number, 1, len(reached), job, None, None)
        now = self._now()

        def work(unit: Any) -> None:
            steps.add(unit.session, run.id, rung, new)
            if made is not None:
                runs.add_slice(unit.session, made)
                events.note(unit.session, campaign.id, "next_rung", now, run=run.id, rung=rung, people=len(reached))

        await self._execute(Change(work, "campaigns"))
        hit("campaign.climbed")


def _due(connection: Any, *, run: Run, rung: int, before: int, missed: frozenset[str]) -> tuple[list[int], bool]:
    """Returns the rows of a rung that go on now, and whether others may later."""
    found = outcomes.states_of(connection, run, rung=rung, before=before, answered=True)
    taken, without = steps.taken(connection, run=run.id, rung=rung + 1), set()
    if rung:
        without = steps.without(connection, run=run.id, rung=rung)
    due = [row for row in sorted({*outcomes.rows_in(found, missed), *without}) if row not in taken]
    return due, bool(outcomes.rows_in(found, OPEN_STATES))


def _addresses(
    connection: Any, *, run: int, rows: Sequence[int], source: audience.Source, column: str | None
) -> Mapping[int, str]:
    """Returns the addresses of some people over another channel: a customer's, as its card says today, or what stands
    in a column of the file."""
    people = steps.people(connection, run=run, rows=rows)
    today = audience.by_customer(connection, source, [one.customer for _row, one in people if one.customer is not None])
    found: dict[int, str] = {}
    for row, one in people:
        if one.customer is not None and one.customer in today:
            found[row] = today[one.customer].address
        elif one.customer is None:
            address = json.loads(one.cells).get(column) if column is not None else one.address
            if address:
                found[row] = address
    # What speaks of a debt is read by whoever else has the number.
    spoken_to = {found[row] for row, one in people if row in found and one.cause is not None}
    several = facts.shared(connection, source.account_id, source.channel, spoken_to)
    return {row: address for row, address in found.items() if address not in several}
