"""What is looked for in the log of interactions, and the SQL conditions that say so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Boolean, ColumnElement, and_, case, exists, false, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from gatewayd.store import tables
from gatewayd.values.model import WAITING, State

MESSAGE: Final = tables.message.c
INBOUND: Final = tables.inbound.c
JOB: Final = tables.job.c
OTHER: Final = tables.elsewhere.c
"""Contacts made elsewhere."""

OUT: Final = "out"
IN: Final = "in"
ELSEWHERE: Final = "noted"

Row = tuple[str, int]
"""One interaction: `OUT`, `IN` or `ELSEWHERE`, and the number of its row there."""

ANSWERED: Final = "answered"
UNREAD: Final = "unread"
RECEIVED: Final = "received"
"""The one state of what came in."""

NOTED: Final = "noted"
"""The one state of a note."""
ELSEWHERE_CHANNELS: Final = ("visit", "web", "note")
"""Channels that no message goes over."""

READING: Final = ("whatsapp",)
"""Channels that tell when a message was read."""
UNREAD_MS: Final = 86_400_000
"""Delivered for so long and not read: unread."""

_ASTRAY: Final = frozenset({"undelivered", "failed", "expired", "uncertain", "invalid", "cancelled"})
_STORED_WAITING: Final = frozenset(str(state) for state in WAITING)
_ELSEWHERE_STATES: Final = frozenset(
    {
        *("scheduled", "submitted", "delivered", "read", "failed", "expired", "invalid", "cancelled"),
        UNREAD,
        ANSWERED,
        NOTED,
    }
)
_ESCAPE: Final = "\\"


@dataclass(frozen=True, slots=True)
class InteractionFilter:
    """Which interactions are meant; None or empty leaves a property open. Times are Unix ms, money millionths."""

    since: int | None = None
    until: int | None = None
    direction: str | None = None
    """`out` or `in`."""
    channels: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    """Words of `State`, `answered`, `unread`; `received` for what came in."""
    document: str | None = None
    """Letters and digits of the customer's document."""
    portfolio_type: str | None = None
    portfolio_name: str | None = None
    assigned: str | None = None
    """Name of the user whom the customer is assigned to."""
    supervisor: str | None = None
    """Name of that user's supervisor."""
    campaign: str | None = None
    """Its name."""
    flow: str | None = None
    """A word of `surroundings.FLOWS`."""
    template: str | None = None
    kind: str | None = None
    """`automatic`, `manual`."""
    line: str | None = None
    job: str | None = None
    """`ACCOUNT/JOB` or `JOB`."""
    customer: str | None = None
    """The external id of one; `people.with_person` says by which addresses and rows."""
    numbers: tuple[str, ...] = ()
    """Whole addresses; one of them."""
    persons: tuple[int, ...] = ()
    """Rows of customers; one of them, or of the `numbers`."""
    digits: str | None = None
    """Part of an address."""
    words: str | None = None
    """Part of a text, or a whole reference."""
    reason: str | None = None
    cost_min: int | None = None
    cost_max: int | None = None
    rows: tuple[Row, ...] = ()
    """Single ones, that somebody has picked; nothing else is meant then."""

    def picked(self, kind: str) -> list[int]:
        """Returns the numbers of the rows of that kind that somebody has picked."""
        return [number for each, number in self.rows if each == kind]

    @property
    def stored(self) -> frozenset[str]:
        """Returns the stored states in which a row may be that people see in one of `states`; empty: in any."""
        found: set[str] = set()
        for state in self.states:
            if state == ANSWERED:
                return frozenset()
            if state == UNREAD:
                found.add("delivered")
            elif state in _STORED_WAITING or state == State.CANCELLED:
                found |= _STORED_WAITING | {state}
            elif state not in {RECEIVED, NOTED}:
                found.add(state)
        return frozenset(found)

    @property
    def astray(self) -> bool:
        """Returns whether only states are wanted for which an index of their own is kept."""
        return bool(self.states) and _ASTRAY.issuperset(self.states)

    @property
    def sends(self) -> bool:
        """Returns whether messages can be meant at all."""
        if self.channels and set(self.channels) <= set(ELSEWHERE_CHANNELS):
            return False
        if self.rows and not self.picked(OUT):
            return False
        return self.direction != IN and not (self.states and set(self.states) <= {RECEIVED, NOTED})

    @property
    def receives(self) -> bool:
        """Returns whether what came in can be meant at all: it has no job, cost, reason or state but its own."""
        if self.direction == OUT or (self.states and RECEIVED not in self.states):
            return False
        if self.rows and not self.picked(IN):
            return False
        return self.job is None and self.reason is None and not self.cost_min and not self.of_source

    @property
    def of_source(self) -> bool:
        """Returns whether it matters where a message came from."""
        return any(one is not None for one in (self.campaign, self.flow, self.template, self.kind))

    @property
    def elsewhere(self) -> bool:
        """Returns whether contacts made elsewhere can be meant at all: they have no line, job, reason or cost."""
        if self.line is not None or self.job is not None or self.reason is not None or self.cost_min:
            return False
        if self.rows and not self.picked(ELSEWHERE):
            return False
        if self.campaign is not None or self.template is not None:
            return False
        return not self.states or bool(_ELSEWHERE_STATES & set(self.states))

    @property
    def hangs(self) -> bool:
        """Returns whether a state is wanted that hangs on the message's job and queue."""
        return any(state in _STORED_WAITING or state == State.CANCELLED for state in self.states)


def seen(now: int) -> ColumnElement[str]:
    """Returns the state of a message as people see it, of its row, job and queue (`snapshots.Hold` in SQL)."""
    return case(
        (MESSAGE.state.not_in(sorted(_STORED_WAITING)), MESSAGE.state),
        (JOB.state == "cancelled", "cancelled"),
        (JOB.not_before > now, "scheduled"),
        (and_(MESSAGE.state == "held", MESSAGE.due > now), "held"),
        (MESSAGE.due > now, "scheduled"),
        (JOB.state == "paused", "held"),
        (tables.queue.c.held_reason.is_not(None), "held"),
        else_="queued",
    )


def of_messages(wanted: InteractionFilter, now: int) -> list[ColumnElement[bool]]:
    """Returns the conditions on messages, but for time, account and channel."""
    found: list[ColumnElement[bool]] = list(_of_states(wanted, now))
    if wanted.rows:
        found.append(MESSAGE.id.in_(wanted.picked(OUT)))
    if wanted.line is not None:
        found.append(MESSAGE.line == wanted.line)
    if wanted.numbers:
        found.append(MESSAGE.to.in_(wanted.numbers))
    if wanted.digits is not None:
        part = _containing(wanted.digits)
        found.append(or_(MESSAGE.to.like(part, escape=_ESCAPE), MESSAGE.ref == wanted.digits))
    if wanted.words is not None:
        part = _containing(wanted.words)
        found.append(or_(_holds(MESSAGE.text, part), MESSAGE.ref == wanted.words, _holds(MESSAGE.to, part)))
    if wanted.reason is not None:
        found.append(MESSAGE.reason == wanted.reason)
    if wanted.cost_min is not None:
        found.append(MESSAGE.cost >= wanted.cost_min)
    if wanted.cost_max is not None:
        found.append(MESSAGE.cost <= wanted.cost_max)
    return found


def _of_states(wanted: InteractionFilter, now: int) -> Iterator[ColumnElement[bool]]:
    if not wanted.states:
        return
    ways: list[ColumnElement[bool]] = []
    plain = [state for state in wanted.states if state in set(State)]
    if plain and wanted.hangs:
        ways.append(seen(now).in_(plain))
    elif plain:
        ways.append(MESSAGE.state.in_(plain))
    if UNREAD in wanted.states:
        late = MESSAGE.updated_at < now - UNREAD_MS
        ways.append(and_(MESSAGE.state == "delivered", MESSAGE.channel.in_(READING), late))
    if ANSWERED in wanted.states:
        ways.append(exists(select(INBOUND.id).where(INBOUND.message_id == MESSAGE.id)))
    yield or_(*ways) if ways else false()


def of_inbound(wanted: InteractionFilter) -> list[ColumnElement[bool]]:
    """Returns the conditions on what came in, but for time and account."""
    found: list[ColumnElement[bool]] = []
    if wanted.rows:
        found.append(INBOUND.id.in_(wanted.picked(IN)))
    if wanted.channels:
        found.append(INBOUND.channel.in_(wanted.channels))
    if wanted.line is not None:
        found.append(INBOUND.line == wanted.line)
    if wanted.numbers:
        found.append(INBOUND.sender.in_(wanted.numbers))
    if wanted.digits is not None:
        found.append(INBOUND.sender.like(_containing(wanted.digits), escape=_ESCAPE))
    if wanted.words is not None:
        part = _containing(wanted.words)
        found.append(or_(_holds(INBOUND.text, part), _holds(INBOUND.sender, part)))
    return found


def of_person(wanted: InteractionFilter) -> ColumnElement[bool]:
    """Returns the condition on contacts made elsewhere that they were with the customer that is named."""
    unknown = and_(OTHER.person_id.is_(None), OTHER.external_id == wanted.customer)
    nobody = and_(OTHER.person_id.is_(None), OTHER.address.in_(wanted.numbers))
    return or_(OTHER.person_id.in_(wanted.persons), unknown, nobody)


def of_elsewhere(wanted: InteractionFilter) -> list[ColumnElement[bool]]:
    """Returns the conditions on contacts made elsewhere, but for time and account."""
    found: list[ColumnElement[bool]] = []
    if wanted.rows:
        found.append(OTHER.id.in_(wanted.picked(ELSEWHERE)))
    if wanted.direction is not None:
        found.append(OTHER.direction == wanted.direction)
    if wanted.channels:
        found.append(OTHER.channel.in_(wanted.channels))
    if wanted.states:
        ways: list[ColumnElement[bool]] = [OTHER.state.in_([each for each in wanted.states if each != ANSWERED])]
        if ANSWERED in wanted.states:
            ways.append(OTHER.answered.is_(True))
        found.append(or_(*ways))
    if wanted.customer is not None:
        found.append(of_person(wanted))
    elif wanted.numbers:
        found.append(OTHER.address.in_(wanted.numbers))
    if wanted.digits is not None:
        part = _containing(wanted.digits)
        whole = (OTHER.document_number, OTHER.external_id)
        found.append(or_(OTHER.address.like(part, escape=_ESCAPE), *(column == wanted.digits for column in whole)))
    if wanted.words is not None:
        part = _containing(wanted.words)
        found.append(or_(_holds(OTHER.text, part), _holds(OTHER.address, part), OTHER.external_id == wanted.words))
    return found


def _containing(part: str) -> str:
    """Returns the pattern of LIKE for what holds `part`, whose signs are no wildcards."""
    for sign in (_ESCAPE, "%", "_"):
        part = part.replace(sign, _ESCAPE + sign)
    return f"%{part}%"


class _Like(FunctionElement[bool]):
    """`column LIKE pattern` without regard to case; on SQLite to that of ASCII letters, as its own LIKE is."""

    name = "like_anyhow"
    type = Boolean()
    inherit_cache = True


@compiles(_Like)
def _ilike(element: Any, compiler: Any, **options: Any) -> str:
    column, pattern = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} ILIKE {pattern} ESCAPE '\\'"


@compiles(_Like, "sqlite")
def _like(element: Any, compiler: Any, **options: Any) -> str:
    column, pattern = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} LIKE {pattern} ESCAPE '\\'"


def _holds(column: Any, pattern: str) -> ColumnElement[bool]:
    """Returns whether a column is like the pattern, without regard to case."""
    return _Like(column, pattern)
