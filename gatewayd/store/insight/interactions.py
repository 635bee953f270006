"""The log of interactions: messages and what came in, newest first, page by page. It has no table of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, func, select, text

from gatewayd.store import tables
from gatewayd.store.insight import walk
from gatewayd.store.insight.filters import (
    INBOUND,
    JOB,
    MESSAGE,
    OTHER,
    InteractionFilter,
    of_elsewhere,
    of_inbound,
    of_messages,
    of_person,
)
from gatewayd.store.insight.interaction_rows import JUDGED_FROM, Interaction, fetched
from gatewayd.store.insight.people import with_person
from gatewayd.store.insight.position import ELSEWHERE, MESSAGES, NEWEST, Position
from gatewayd.store.insight.position import RECEIVED as CAME_IN
from gatewayd.store.insight.surroundings import of_jobs, of_others, of_people
from gatewayd.store.insight.walk import Budget, Way
from gatewayd.store.sending.counts import words_of
from gatewayd.store.tables.sending import ASTRAY
from gatewayd.values.actor import Scope
from gatewayd.values.errors import NotFoundError
from gatewayd.values.model import Channel
from gatewayd.values.staff import ACCOUNT as STAFF
from gatewayd.words.translation import gettext as _

GATHERED_MOST: Final = 3_000
"""Rows that are fetched by another index and sorted; where there may be more, time is walked back."""
JOBS_MOST: Final = 200
"""Jobs named in one statement."""
ABREAST_MOST: Final = 100
"""Ways walked side by side: each costs a statement."""
COUNTED_MOST: Final = 10_000
"""Above it a person reads "more than", and nothing is counted."""

_ACCOUNT: Final = tables.account.c


@dataclass(frozen=True, slots=True)
class Counted:
    count: int
    all: bool
    """False: there are more, or they were not all looked at."""


@dataclass(frozen=True, slots=True)
class InteractionPage:
    items: Sequence[Interaction]
    next: str | None
    looked_to: int | None
    """Unix ms down to which was looked where the page ends before it is full; None: it is full, or all is shown."""
    counted: Counted | None = None
    """How many are meant, on all pages together, where that was asked."""


def interactions(
    connection: Connection,
    *,
    scope: Scope,
    wanted: InteractionFilter,
    now: int,
    salt: int,
    limit: int,
    seconds: float,
    behind: Position | None = None,
    count_s: float | None = None,
) -> InteractionPage:
    """Returns a page of what is meant, newest first, from behind a place; `seconds` is how long may be looked for it.

    `count_s`: it is counted as well how many are meant, for so long from the beginning of the search on. More than
    `COUNTED_MOST` are not counted. NotFoundError for an account or job that is not there.
    """
    start = behind or NEWEST
    gathered, ways = _ways(connection, scope, wanted, now)
    counting = Budget.of(count_s or 0.0)
    looked = walk.walk(connection, ways, start, limit + 1, Budget.of(seconds))
    edge = looked.edge
    places = [one for one in gathered if one < start and (edge is None or one >= edge)]
    places = sorted([*looked.places, *places], reverse=True)
    page = InteractionPage(fetched(connection, places[:limit], now=now, salt=salt), None, None)
    if len(places) > limit:
        page = replace(page, next=places[limit - 1].cursor)
    elif edge is not None:
        page = replace(page, next=edge.cursor, looked_to=edge.at)
    if count_s is None:
        return page
    if behind is not None:
        looked = walk.unbegun(ways)
    elif page.looked_to is not None:
        # The time was over before the page was full: a count would come no further down.
        return replace(page, counted=Counted(len(places), all=False))
    total, everything = looked.count(connection, max(0, COUNTED_MOST - len(gathered)), counting)
    total += len(gathered)
    return replace(page, counted=Counted(min(total, COUNTED_MOST), all=everything and total <= COUNTED_MOST))


def _ways(
    connection: Connection, scope: Scope, wanted: InteractionFilter, now: int
) -> tuple[list[Position], list[Way]]:
    """Returns the places of what was found at once by another index, and the ways by which to look for the rest."""
    account = _account(connection, scope)
    wanted = with_person(connection, account, wanted)
    sent, sent_ways = _sent(connection, account, wanted, now)
    came, came_ways = _received(account, wanted, connection)
    others, other_ways = _elsewhere(connection, account, wanted)
    return [*sent, *came, *others], [*sent_ways, *came_ways, *other_ways]


def ways_of(connection: Connection, *, scope: Scope, wanted: InteractionFilter, now: int) -> list[Way]:
    """Returns the ways by which all that is meant is found, without what another index would find at once."""
    account = _account(connection, scope)
    wanted = with_person(connection, account, wanted)
    _, sent = _sent(connection, account, wanted, now, gather=False)
    _, came = _received(account, wanted, connection, gather=False)
    _, others = _elsewhere(connection, account, wanted, gather=False)
    return [*sent, *came, *others]


def _account(connection: Connection, scope: Scope) -> int | None:
    if scope.account is None:
        return None
    number = connection.scalar(select(_ACCOUNT.id).where(_ACCOUNT.name == scope.account))
    if number is None:
        raise NotFoundError(_("no account {account}").format(account=scope.account))
    return int(number)


# ------------------------------------------------------------------------------------------------------------ messages


def _sent(
    connection: Connection, account: int | None, wanted: InteractionFilter, now: int, *, gather: bool = True
) -> tuple[list[Position], list[Way]]:
    if not wanted.sends:
        return [], []
    judged = [*of_messages(wanted, now), *of_people(wanted, "message")]
    by_job = of_jobs(wanted)
    if by_job:
        judged.append(MESSAGE.job_id.in_(select(JOB.id).where(*by_job)))
    loading = connection.scalars(select(JOB.id).where(JOB.state == "loading")).all()
    if loading:
        judged.append(MESSAGE.job_id.not_in(loading))
    staff = connection.scalar(select(_ACCOUNT.id).where(_ACCOUNT.name == STAFF))
    if staff is not None:
        judged.append(MESSAGE.account_id != staff)
    jobs = _jobs(connection, account, wanted, by_job)
    if jobs is not None:
        if not jobs:
            return [], []
        judged.append(MESSAGE.job_id.in_([job.id for job in jobs]))
        # Nothing of a job is older than the job itself.
        oldest = min(job.created_at for job in jobs)
        wanted = replace(wanted, since=max(oldest, wanted.since or oldest))
    within = _between(MESSAGE.at, wanted)
    alone = [] if account is None else [MESSAGE.account_id == account]
    if wanted.channels:
        alone.append(MESSAGE.channel.in_(wanted.channels))
    if gather and wanted.numbers and _few(connection, MESSAGE.to.in_(wanted.numbers)):
        return _gathered(connection, MESSAGE.to.in_(wanted.numbers), [*alone, *within, *judged]), []
    # In so many words, as the partial index of those in doubt says it.
    doubt: Any = text("message.state = 'uncertain'")
    if gather and wanted.states == ("uncertain",) and _few(connection, doubt):
        return _gathered(connection, doubt, [*alone, *within, *judged]), []
    if gather and jobs is not None and sum(job.messages for job in jobs) <= GATHERED_MOST:
        return _gathered(connection, MESSAGE.job_id.in_([job.id for job in jobs]), [*alone, *within, *judged]), []
    source = JUDGED_FROM if wanted.hangs else tables.message

    def way(*conditions: ColumnElement[bool]) -> Way:
        return Way(tables.message, MESSAGES, MESSAGE.at, [*conditions, *within], source, judged)

    accounts = _accounts(connection, account, wanted)
    if accounts is None:
        judged += alone
        return [], [way()]
    if wanted.astray:
        # In so many words, as the partial index says it: else it would not be taken.
        judged += alone
        own: Any = text(ASTRAY)
        return [], [way(MESSAGE.account_id == one, own) for one in accounts]
    return [], [
        way(MESSAGE.account_id == one, MESSAGE.channel == channel)
        for one in accounts
        for channel in wanted.channels or sorted(Channel)
    ]


def _accounts(connection: Connection, account: int | None, wanted: InteractionFilter) -> Sequence[int] | None:
    """Returns the accounts that are walked side by side; None where time alone is walked."""
    if account is not None:
        return [account]
    if not (wanted.channels or wanted.astray):
        return None
    found = connection.scalars(select(_ACCOUNT.id).limit(ABREAST_MOST + 1)).all()
    return found if len(found) * max(1, len(wanted.channels)) <= ABREAST_MOST else None


def _jobs(
    connection: Connection, account: int | None, wanted: InteractionFilter, by_job: Sequence[ColumnElement[bool]]
) -> Sequence[Any] | None:
    """Returns the few jobs that can have what is meant; None where that is not known, or they are many.

    Counts that are kept anyway tell which jobs have messages in a state, so that a rare one needs no search.
    """
    if not (wanted.job or wanted.stored or wanted.campaign or wanted.template):
        return None
    statement = select(JOB.id, JOB.created_at, JOB.messages).where(JOB.state != "loading", *by_job)
    statement = statement.limit(JOBS_MOST + 1)
    if account is not None:
        statement = statement.where(JOB.account_id == account)
    if wanted.channels:
        statement = statement.where(JOB.channel.in_(wanted.channels))
    if wanted.until is not None:
        statement = statement.where(JOB.created_at < wanted.until)
    if wanted.job is not None:
        owner, slash, name = wanted.job.rpartition("/")
        statement = statement.where(JOB.name == name)
        if slash:
            statement = statement.where(JOB.account_id.in_(select(_ACCOUNT.id).where(_ACCOUNT.name == owner)))
    if wanted.stored:
        count = tables.queue_count.c
        statement = statement.where(
            JOB.id.in_(
                select(tables.queue.c.job_id)
                .join_from(tables.queue, tables.queue_count, count.queue_id == tables.queue.c.id)
                .where(count.state.in_(words_of(wanted.stored)), count.messages > 0)
            )
        )
    found = connection.execute(statement).all()
    return None if len(found) > JOBS_MOST else found


def _few(connection: Connection, condition: ColumnElement[bool]) -> bool:
    some = select(MESSAGE.id).where(condition).limit(GATHERED_MOST + 1).subquery("some")
    return int(connection.scalar(select(func.count()).select_from(some)) or 0) <= GATHERED_MOST


def _gathered(
    connection: Connection, few: ColumnElement[bool], conditions: list[ColumnElement[bool]]
) -> list[Position]:
    """Returns the places among the `few` rows, found by an index of their own, that fit the conditions."""
    # Bounded by itself, so that no planner thinks of another index first.
    some = select(MESSAGE.id).where(few).limit(GATHERED_MOST + 1).subquery("some")
    statement = (
        select(MESSAGE.at, MESSAGE.id)
        .select_from(JUDGED_FROM.join(some, some.c.id == MESSAGE.id))
        .where(JOB.state != "loading", *conditions)
    )
    return [Position(at, MESSAGES, number) for at, number in connection.execute(statement)]


# ------------------------------------------------------------------------------------------------------------- inbound


def _received(
    account: int | None, wanted: InteractionFilter, connection: Connection, *, gather: bool = True
) -> tuple[list[Position], list[Way]]:
    if not wanted.receives:
        return [], []
    within = [] if account is None else [INBOUND.account_id == account]
    within += _between(INBOUND.received_at, wanted)
    judged = [*of_inbound(wanted), *of_people(wanted, "inbound")]
    if gather and wanted.numbers:
        few = select(INBOUND.id).where(INBOUND.sender.in_(wanted.numbers)).order_by(INBOUND.id.desc())
        some = few.limit(GATHERED_MOST).subquery("some")
        statement = (
            select(INBOUND.received_at, INBOUND.id)
            .select_from(tables.inbound.join(some, some.c.id == INBOUND.id))
            .where(*within, *judged)
        )
        return [Position(at, CAME_IN, number) for at, number in connection.execute(statement)], []
    return [], [Way(tables.inbound, CAME_IN, INBOUND.received_at, within, tables.inbound, judged)]


# ----------------------------------------------------------------------------------------------------------- elsewhere


def _elsewhere(
    connection: Connection, account: int | None, wanted: InteractionFilter, *, gather: bool = True
) -> tuple[list[Position], list[Way]]:
    if not wanted.elsewhere:
        return [], []
    within = [] if account is None else [OTHER.account_id == account]
    within += _between(OTHER.at, wanted)
    judged = [*of_elsewhere(wanted), *of_people(wanted, "elsewhere"), *of_others(wanted)]
    if gather and wanted.numbers:
        meant = OTHER.address.in_(wanted.numbers) if wanted.customer is None else of_person(wanted)
        few = select(OTHER.id).where(meant).order_by(OTHER.at.desc())
        some = few.limit(GATHERED_MOST).subquery("some")
        statement = (
            select(OTHER.at, OTHER.id)
            .select_from(tables.elsewhere.join(some, some.c.id == OTHER.id))
            .where(*within, *judged)
        )
        return [Position(at, ELSEWHERE, number) for at, number in connection.execute(statement)], []
    return [], [Way(tables.elsewhere, ELSEWHERE, OTHER.at, within, tables.elsewhere, judged)]


def _between(column: Any, wanted: InteractionFilter) -> list[ColumnElement[bool]]:
    found = []
    if wanted.since is not None:
        found.append(column >= wanted.since)
    if wanted.until is not None:
        found.append(column < wanted.until)
    return found
