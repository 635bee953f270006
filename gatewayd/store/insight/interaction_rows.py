"""Rows of the log of interactions: a message, what came in, or a contact made elsewhere, as one record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, select

from gatewayd.store import tables
from gatewayd.store.insight.filters import IN, INBOUND, JOB, MESSAGE, OTHER, OUT, READING, RECEIVED, UNREAD_MS
from gatewayd.store.insight.position import ELSEWHERE, MESSAGES, Position
from gatewayd.store.insight.position import RECEIVED as CAME_IN
from gatewayd.store.insight.surroundings import Person, described, owners, persons, sources
from gatewayd.store.snapshots import Hold
from gatewayd.values.errors import NotFoundError
from gatewayd.values.model import WAITING, State, ulid
from gatewayd.words.translation import gettext as _

REPLIES_MOST: Final = 50

_ACCOUNT: Final = tables.account.c
JUDGED_FROM: Final = tables.message.join(tables.job, JOB.id == MESSAGE.job_id).join(
    tables.queue, tables.queue.c.id == MESSAGE.queue_id
)
_MESSAGES: Final = select(
    *(MESSAGE.id, MESSAGE.at, MESSAGE.row, MESSAGE.ref, MESSAGE.to, MESSAGE.text, MESSAGE.segments, MESSAGE.state),
    *(MESSAGE.final, MESSAGE.reason, MESSAGE.due, MESSAGE.line, MESSAGE.cost, MESSAGE.updated_at),
    *(
        MESSAGE.person_id,
        MESSAGE.account_id,
        MESSAGE.job_id,
        MESSAGE.attempt_id,
        JOB.name.label("job"),
        JOB.channel,
        JOB.created_at,
        JOB.started_at,
        JOB.not_before,
    ),
    *(JOB.state.label("job_state"), JOB.currency, tables.queue.c.held_reason, _ACCOUNT.name.label("account")),
).select_from(JUDGED_FROM.join(tables.account, _ACCOUNT.id == JOB.account_id))
_RECEIVED: Final = select(tables.inbound, _ACCOUNT.name.label("account"), JOB.name.label("job")).select_from(
    tables.inbound.outerjoin(tables.account, _ACCOUNT.id == INBOUND.account_id)
    .outerjoin(tables.message, MESSAGE.id == INBOUND.message_id)
    .outerjoin(tables.job, JOB.id == MESSAGE.job_id)
)
_OTHERS: Final = select(tables.elsewhere, _ACCOUNT.name.label("account")).select_from(
    tables.elsewhere.join(tables.account, _ACCOUNT.id == OTHER.account_id)
)


@dataclass(frozen=True, slots=True)
class Interaction:
    """One contact, in either direction."""

    place: Position
    direction: str
    public: str
    at: int
    """Unix ms by which it stands in the log."""
    sent_at: int | None
    """When it left for the network (the latest try), or when the network had it from its sender."""
    account: str | None
    channel: str
    job: str | None
    ref: str | None
    row: int | None
    party: str | None
    """The address at the other end."""
    line: str | None
    state: str
    """A word of `State`, `unread`, or `received`."""
    answered: bool
    final: bool
    reason: str | None
    text: str | None
    segments: int | None
    cost: int | None
    """Millionths of `currency`; None where nothing is paid."""
    currency: str | None
    source: str = "gateway"
    """`gateway`, or of a contact made elsewhere: `upload`, `person`, `api`."""
    kind: str | None = None
    """`automatic`, `manual`; None for what came in."""
    by: str | None = None
    """Who entered it."""
    document: str | None = None
    external_id: str | None = None
    person: Person | None = None
    flow: str | None = None
    """A word of `surroundings.FLOWS`; None for what came in."""
    campaign: str | None = None
    template: str | None = None
    template_version: int | None = None


def fetched(connection: Connection, places: Sequence[Position], *, now: int, salt: int) -> list[Interaction]:
    """Returns the rows at these places, in their order; what has been removed meanwhile is left out."""
    sent = [place.number for place in places if place.rank == MESSAGES]
    came = [place.number for place in places if place.rank == CAME_IN]
    found: dict[tuple[int, int], Interaction] = {}
    if sent:
        rows = connection.execute(_MESSAGES.where(MESSAGE.id.in_(sent))).all()
        answers = select(INBOUND.message_id).where(INBOUND.message_id.in_(sent))
        answered = set(connection.scalars(answers))
        numbers = _numbers(connection, [(row.person_id, row.account_id, row.to) for row in rows])
        people = persons(connection, {number for number in numbers if number is not None})
        origins = sources(connection, {row.job_id for row in rows})
        for row, number in zip(rows, numbers, strict=True):
            one = sent_row(row, row.id in answered, now=now, salt=salt)
            found[MESSAGES, row.id] = replace(one, **described(people, number, origins.get(row.job_id)))
    if came:
        received = connection.execute(_RECEIVED.where(INBOUND.id.in_(came))).all()
        known = owners(connection, {(row.account_id, row.sender) for row in received})
        people = persons(connection, set(known.values()))
        for row in received:
            number = known.get((row.account_id, row.sender))
            found[CAME_IN, row.id] = replace(received_row(row, salt=salt), **described(people, number, None))
    others = [place.number for place in places if place.rank == ELSEWHERE]
    if others:
        made = connection.execute(_OTHERS.where(OTHER.id.in_(others))).all()
        numbers = _numbers(connection, [(row.person_id, row.account_id, row.address) for row in made])
        people = persons(connection, {number for number in numbers if number is not None})
        for row, number in zip(made, numbers, strict=True):
            found[ELSEWHERE, row.id] = replace(elsewhere_row(row, salt=salt), **described(people, number, None))
    return [found[place.rank, place.number] for place in places if (place.rank, place.number) in found]


def _numbers(connection: Connection, rows: Sequence[tuple[int | None, int, str | None]]) -> list[int | None]:
    """Returns the customer of each row (customer as it was recorded, account, address): who was not known then may be
    known now."""
    unknown = {(account, address) for number, account, address in rows if number is None and address is not None}
    known = owners(connection, unknown)
    return [known.get((account, address or "")) if number is None else number for number, account, address in rows]


def replies(connection: Connection, *, message: int, now: int, salt: int) -> tuple[Interaction, list[Interaction]]:
    """Returns a message, and what came in as an answer to it, oldest first. NotFoundError."""
    found = fetched(connection, [Position(0, MESSAGES, message)], now=now, salt=salt)
    if not found:
        raise NotFoundError(_("no such message"))
    rows = connection.execute(_RECEIVED.where(INBOUND.message_id == message).order_by(INBOUND.id).limit(REPLIES_MOST))
    return found[0], [received_row(row, salt=salt) for row in rows]


def reply(connection: Connection, *, number: int, now: int, salt: int) -> tuple[Interaction, Interaction | None] | None:
    """Returns what came in under that number, and the message that it answers; None where nothing did."""
    row = connection.execute(_RECEIVED.where(INBOUND.id == number)).one_or_none()
    if row is None:
        return None
    answered: list[Interaction] = []
    if row.message_id is not None:
        answered = fetched(connection, [Position(0, MESSAGES, row.message_id)], now=now, salt=salt)
    return received_row(row, salt=salt), answered[0] if answered else None


def sent_row(row: Any, answered: bool, *, now: int, salt: int) -> Interaction:
    """Returns the interaction of a message's row."""
    state, reason = State(row.state), row.reason
    if state in WAITING:
        state, reason = Hold(row.job_state, row.held_reason, row.not_before).of(state, reason, row.due, now)
    word = str(state)
    if state is State.DELIVERED and row.channel in READING and row.updated_at < now - UNREAD_MS:
        word = "unread"
    # No row of a job is recorded after its first one has left: an earlier time is that of its recording.
    left = row.attempt_id is not None and row.started_at is not None and row.at >= row.started_at
    return Interaction(
        place=Position(row.at, MESSAGES, row.id),
        direction=OUT,
        public=ulid(row.created_at, salt, row.id),
        at=row.at,
        sent_at=row.at if left and state not in WAITING else None,
        account=row.account,
        channel=row.channel,
        job=row.job,
        ref=row.ref,
        row=row.row,
        party=row.to,
        line=row.line,
        state=word,
        answered=answered,
        final=bool(row.final) or state is State.CANCELLED,
        reason=reason,
        text=row.text,
        segments=row.segments if row.channel == "sms" else None,
        cost=row.cost,
        currency=row.currency,
    )


def received_row(row: Any, *, salt: int) -> Interaction:
    """Returns the interaction of a received message's row."""
    return Interaction(
        place=Position(row.received_at, CAME_IN, row.id),
        direction=IN,
        public=ulid(row.received_at, salt, row.id),
        at=row.received_at,
        sent_at=row.at,
        account=row.account,
        channel=row.channel,
        job=row.job,
        ref=None,
        row=None,
        party=row.sender,
        line=row.line,
        state=RECEIVED,
        answered=False,
        final=True,
        reason="opt_out" if row.opt_out else None,
        text=row.text,
        segments=None,
        cost=None,
        currency=None,
    )


def elsewhere_row(row: Any, *, salt: int) -> Interaction:
    """Returns the interaction of the row of a contact made elsewhere."""
    document = " ".join(filter(None, (row.document_type, row.document_number))) or None
    return Interaction(
        place=Position(row.at, ELSEWHERE, row.id),
        direction=row.direction,
        public=ulid(row.created_at, salt, row.id),
        at=row.at,
        sent_at=None if row.state == "scheduled" else row.at,
        account=row.account,
        channel=row.channel,
        job=None,
        ref=row.external_id,
        row=row.row,
        party=row.address,
        line=None,
        state=row.state,
        answered=bool(row.answered),
        final=True,
        reason=None,
        text=row.text,
        segments=None,
        cost=None,
        currency=None,
        source=row.source,
        kind=row.kind,
        flow={"person": "noted"}.get(row.source, row.source),
        by=row.actor,
        document=document,
        external_id=row.external_id,
    )


def made_elsewhere(connection: Connection, *, number: int, salt: int) -> Interaction | None:
    """Returns the contact made elsewhere of that number; None where there is none."""
    row = connection.execute(_OTHERS.where(OTHER.id == number)).one_or_none()
    return None if row is None else elsewhere_row(row, salt=salt)


def of_key(connection: Connection, *, account: int, key: str, salt: int) -> Interaction:
    """Returns the contact made elsewhere that was entered under a key. NotFoundError."""
    row = connection.execute(_OTHERS.where(OTHER.account_id == account, OTHER.key == key)).one_or_none()
    if row is None:
        raise NotFoundError(_("no such message"))
    return elsewhere_row(row, salt=salt)
