"""What became of the people of a run: of each the state of the last message that was made for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from gatewayd.store import tables
from gatewayd.store.campaigns.lists import Member
from gatewayd.store.campaigns.runs import Run, Slice, slices

STATES: Final = (
    "",
    "queued",
    "scheduled",
    "held",
    "sending",
    "submitted",
    "delivered",
    "read",
    "undelivered",
    "failed",
    "expired",
    "uncertain",
    "invalid",
    "cancelled",
)
"""By the code that stands for each: 200,000 people are as many octets."""
_CODE: Final = {state: code for code, state in enumerate(STATES)}
_REACHED: Final = frozenset({"delivered", "read"})
PORTION: Final = 5_000

_MESSAGE: Final = tables.message.c
_PERSON: Final = tables.campaign_person.c
_STEP: Final = tables.campaign_step.c


def states_of(
    connection: Connection,
    run: Run,
    *,
    rung: int | None = None,
    before: int | None = None,
    answered: bool = False,
) -> bytearray:
    """Returns for each row of a run (the first is 1) the code of its state, after all rungs or of one alone; 0: no
    message was made. With `before`, what has reached nobody and is younger than that (Unix ms) counts as being sent.
    With `answered`, a message that somebody has answered counts as read, whatever the network said of it."""
    found = bytearray(run.people + 1)
    for slice_ in slices(connection, run=run.id, rung=rung):
        if slice_.job_id is None:
            if slice_.reason not in {None, "cancelled"}:
                for row in _rows_of(connection, slice_):
                    found[row] = _CODE["invalid"]
            continue
        rows = _rows(connection, slice_)
        replied = _answered(connection, slice_.job_id) if answered else frozenset()
        for place, state, at in _messages(connection, slice_.job_id):
            row = slice_.first_row + place - 1 if rows is None else rows.get(place, 0)
            if 0 < row < len(found):
                if place in replied:
                    found[row] = _CODE["read"]
                    continue
                young = before is not None and at > before and state not in _REACHED
                found[row] = _CODE["sending"] if young else _CODE.get(state, 0)
    return found


def _answered(connection: Connection, job_id: int) -> frozenset[int]:
    """Returns the places of a job's messages that something has come in for as their answer."""
    inbound = tables.inbound.c
    statement = (
        select(_MESSAGE.row)
        .select_from(tables.inbound.join(tables.message, _MESSAGE.id == inbound.message_id))
        .where(inbound.message_id.is_not(None), _MESSAGE.job_id == job_id)
    )
    return frozenset(connection.scalars(statement))


def _rows(connection: Connection, slice_: Slice) -> dict[int, int] | None:
    """Returns the people's rows by their places in a slice's job; None for the first rung, where they follow."""
    if slice_.rung == 0:
        return None
    statement = select(_STEP.place, _STEP.row).where(
        _STEP.run_id == slice_.run, _STEP.rung == slice_.rung, _STEP.slice == slice_.number
    )
    return {row[0]: row[1] for row in connection.execute(statement)}


def _rows_of(connection: Connection, slice_: Slice) -> Iterable[int]:
    """Returns the people's rows of a slice."""
    rows = _rows(connection, slice_)
    return range(slice_.first_row, slice_.first_row + slice_.people) if rows is None else rows.values()


def _messages(connection: Connection, job_id: int) -> Iterator[tuple[int, str, int]]:
    after = 0
    while True:
        statement = (
            select(_MESSAGE.id, _MESSAGE.row, _MESSAGE.state, _MESSAGE.at)
            .where(_MESSAGE.job_id == job_id, _MESSAGE.id > after)
            .order_by(_MESSAGE.id)
            .limit(PORTION)
        )
        rows = connection.execute(statement).all()
        yield from ((row[1], row[2], row[3]) for row in rows)
        if len(rows) < PORTION:
            return
        after = rows[-1][0]


def rows_in(found: bytearray, states: Collection[str]) -> list[int]:
    """Returns the rows that are in one of some states."""
    codes = {_CODE[state] for state in states if state in _CODE}
    return [row for row, code in enumerate(found) if row and code in codes]


def people_at(connection: Connection, run: int, rows: Sequence[int]) -> list[Member]:
    """Returns those at some rows, in their order, as members of a list: a customer by its number alone, so that what
    is told is made of today's facts."""
    statement = (
        select(_PERSON.row, _PERSON.customer_id, _PERSON.external_id, _PERSON.address, _PERSON.cells)
        .where(_PERSON.run_id == run, _PERSON.row.in_(list(rows)))
        .order_by(_PERSON.row)
    )
    return [
        Member(row, customer, external, None if customer is not None else address, None if customer else cells)
        for row, customer, external, address, cells in connection.execute(statement)
    ]


@dataclass(frozen=True, slots=True)
class Reached:
    """Somebody of a run, with the last message that was made for them; its fields are None where none was."""

    row: int
    external_id: str | None
    address: str
    rung: int
    job: str | None
    message: int | None
    recorded_at: int | None
    state: str | None
    reason: str | None
    line: str | None
    text: str | None


def people(connection: Connection, *, run: Run, states: Collection[str], after: int, limit: int) -> Sequence[Reached]:
    """Returns the next people of a run behind a row, all or those in one of some states."""
    if states:
        rows = [row for row in rows_in(states_of(connection, run), states) if row > after][:limit]
    else:
        rows = list(range(after + 1, min(after + limit, run.people) + 1))
    each = slices(connection, run=run.id)
    return [one for one in (_reached(connection, run, row, each) for row in rows) if one is not None]


def _reached(connection: Connection, run: Run, row: int, each: Sequence[Slice]) -> Reached | None:
    person = connection.execute(
        select(_PERSON.external_id, _PERSON.address).where(_PERSON.run_id == run.id, _PERSON.row == row)
    ).one_or_none()
    if person is None:
        return None
    place, address, rung = 0, person.address, 0
    steps = select(_STEP.rung, _STEP.slice, _STEP.place, _STEP.address).where(
        _STEP.run_id == run.id, _STEP.row == row, _STEP.slice > 0
    )
    last = connection.execute(steps.order_by(_STEP.rung.desc()).limit(1)).one_or_none()
    found = next((one for one in each if one.rung == 0 and 0 <= row - one.first_row < one.people), None)
    if last is not None:
        rung, place, address = last.rung, last.place, last.address
        found = next((one for one in each if one.rung == rung and one.number == last.slice), None)
    elif found is not None:
        place = row - found.first_row + 1
    message = None if found is None or found.job_id is None else _message_at(connection, found.job_id, place)
    if found is None or message is None:
        reason = None if found is None else found.reason
        return Reached(row, person.external_id, address, rung, None, None, None, None, reason, None, None)
    return Reached(
        *(row, person.external_id, address, rung, found.job, message.id, message.updated_at),
        *(message.state, message.reason, message.line, message.text),
    )


def _message_at(connection: Connection, job_id: int, place: int) -> Any:
    """Returns the message of a row of a job: they are numbered in the order of its rows."""
    statement = (
        select(
            *(_MESSAGE.id, _MESSAGE.row, _MESSAGE.state, _MESSAGE.reason, _MESSAGE.line, _MESSAGE.text),
            _MESSAGE.updated_at,
        )
        .where(_MESSAGE.job_id == job_id)
        .order_by(_MESSAGE.id)
        .offset(place - 1)
        .limit(1)
    )
    found = connection.execute(statement).one_or_none()
    return found if found is not None and found.row == place else None
