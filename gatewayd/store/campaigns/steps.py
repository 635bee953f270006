"""Who of a run is on which later rung of its ladder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select

from gatewayd.store import tables
from gatewayd.store.campaigns.runs import Person
from gatewayd.store.session import Session, merging

PORTION: Final = 500
_STEP: Final = tables.campaign_step.c
_PERSON: Final = tables.campaign_person.c
_SLICE: Final = tables.campaign_slice.c
_ADD: Final = merging(tables.campaign_step, "run_id rung row slice place address", "run_id rung row")


@dataclass(frozen=True, slots=True)
class Step:
    """Somebody on a rung: in which slice, at which place of its job. Slice 0: its channel does not reach them."""

    row: int
    slice: int
    place: int
    address: str


def add(session: Session, run: int, rung: int, new: Sequence[Step]) -> None:
    """Puts people on a rung; whoever is on it stays where they are."""
    session.many(_ADD, [(run, rung, one.row, one.slice, one.place, one.address) for one in new])


def taken(connection: Connection, *, run: int, rung: int) -> set[int]:
    """Returns the rows that are on a rung already."""
    return {row[0] for row in connection.execute(select(_STEP.row).where(_STEP.run_id == run, _STEP.rung == rung))}


def without(connection: Connection, *, run: int, rung: int) -> set[int]:
    """Returns the rows that the channel of a rung does not reach."""
    statement = select(_STEP.row).where(_STEP.run_id == run, _STEP.rung == rung, _STEP.slice == 0)
    return {row[0] for row in connection.execute(statement)}


def next_slice(connection: Connection, *, run: int, rung: int) -> int:
    """Returns the number of the next slice of a rung, from 1."""
    statement = select(func.coalesce(func.max(_SLICE.number), 0)).where(_SLICE.run_id == run, _SLICE.rung == rung)
    return 1 + int(connection.scalar(statement) or 0)


def people(connection: Connection, *, run: int, rows: Sequence[int]) -> list[tuple[int, Person]]:
    """Returns those at some rows, with these."""
    statement = (
        select(
            *(_PERSON.row, _PERSON.customer_id, _PERSON.external_id, _PERSON.address, _PERSON.cells, _PERSON.cause_id)
        )
        .where(_PERSON.run_id == run, _PERSON.row.in_(list(rows)))
        .order_by(_PERSON.row)
    )
    return [(row[0], Person(*row[1:])) for row in connection.execute(statement)]
