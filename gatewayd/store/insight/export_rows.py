"""All rows of the log that are meant, oldest first, in portions: each of one short snapshot, none twice, none missed.

A message moves up in time when it leaves, perhaps while it is being read. Reading upwards meets it again, and what has
been read is remembered; reading downwards would miss it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, and_, func, or_, select

from gatewayd.store import tables
from gatewayd.store.insight.filters import INBOUND, JOB, MESSAGE, OTHER, InteractionFilter
from gatewayd.store.insight.interactions import ways_of
from gatewayd.store.insight.position import ELSEWHERE, MESSAGES, RECEIVED
from gatewayd.store.insight.surroundings import Person, Source, contacts_before, owners, persons, sources
from gatewayd.store.insight.walk import Way
from gatewayd.values.actor import Scope

R = TypeVar("R")

PORTION: Final = 5_000
"""Rows looked at in one snapshot of one way: some 50 ms."""
ASKED_AT_ONCE: Final = 500

MESSAGE_COLUMNS: Final = (
    *("id", "at", "job_id", "ref", "to", "text", "segments", "state", "reason", "due", "line", "cost"),
    *("attempt_id", "channel", "queue_id", "updated_at", "person_id", "account_id"),
)
_JOB, _STATE, _QUEUE, _ANSWERS = 2, 7, 14, 8
RECEIVED_COLUMNS: Final = ("id", "received_at", "at", "account_id", "channel", "line", "sender", "text", "message_id")
ELSEWHERE_COLUMNS: Final = (
    *("id", "at", "account_id", "direction", "channel", "address", "state", "answered", "text", "document_type"),
    *("document_number", "external_id", "kind", "actor", "created_at"),
    *("person_id", "source"),
)
PERSON: Final = MESSAGE_COLUMNS.index("person_id")
OTHER_PERSON: Final = ELSEWHERE_COLUMNS.index("person_id")
PEOPLE: Final = frozenset(
    {"name", "customer", "document", "portfolio_type", "portfolio_name", "assigned", "supervisor"}
)
"""Columns that show the customer."""
SOURCES: Final = frozenset({"campaign", "flow", "template", "kind"})
"""Columns that show where a message came from."""
_NAMES: Final = {MESSAGES: MESSAGE_COLUMNS, ELSEWHERE: ELSEWHERE_COLUMNS}


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What a message's row needs of its job."""

    name: str
    account: str
    created_at: int
    started_at: int | None
    not_before: int | None
    state: str


@dataclass(frozen=True, slots=True)
class Portion:
    """Rows of messages (`MESSAGE_COLUMNS`) and of what came in (`RECEIVED_COLUMNS`), and what they need."""

    messages: Sequence[Any]
    received: Sequence[Any]
    jobs: dict[int, JobFacts]
    held: dict[int, str]
    """Held queues, with the reason."""
    answered: frozenset[int]
    """Numbers of messages that were answered."""
    accounts: dict[int, str]
    elsewhere: Sequence[Any] = ()
    """Rows of contacts made elsewhere (`ELSEWHERE_COLUMNS`)."""
    people: Mapping[int, Person] = field(default_factory=dict)
    """Customers by their rows, where a column needs them."""
    owners: Mapping[tuple[int | None, str], int] = field(default_factory=dict)
    """Customers by account and address, of rows that bear none."""
    sources: Mapping[int, Source] = field(default_factory=dict)
    """By job."""
    before: Mapping[tuple[int, int], int] = field(default_factory=dict)
    """By rank and row, when its address was contacted last before it."""


class ExportRows:
    """Reads the rows of one export. `ask` answers a question in a snapshot of its own."""

    def __init__(
        self,
        ask: Callable[[Callable[[Connection], Any]], Any],
        *,
        scope: Scope,
        wanted: InteractionFilter,
        now: int,
        answered: bool,
        columns: Collection[str] = (),
    ) -> None:
        """`columns` are those of the export: what none of them shows is not read."""
        self._ask = ask
        self._answered = answered
        self._of_people = bool(PEOPLE & set(columns))
        self._of_sources = bool(SOURCES & set(columns))
        self._of_before = "last_contact" in columns
        self._jobs: dict[int, JobFacts] = {}
        self._accounts: dict[int, str] = {}
        self._ways: list[Way] = ask(lambda connection: ways_of(connection, scope=scope, wanted=wanted, now=now))
        self._last: dict[int, int] = ask(_newest)
        self._seen = bytearray(self._last[MESSAGES] // 8 + 1)

    def portions(self) -> Iterator[Portion]:
        """Yields all rows; those of one portion are younger than those before it."""
        streams = [_Stream(self, way) for way in self._ways]
        while True:
            for stream in streams:
                if not stream.rows and not stream.over:
                    stream.fill()
            open_ends = [stream.end for stream in streams if not stream.over]
            # What is younger than the end of some stream may not be all there is of that time.
            bound = min(open_ends, default=None)
            taken: dict[int, list[Any]] = {rank: [] for rank in self._last}
            for stream in streams:
                taken[stream.way.rank] += stream.take(bound)
            if any(taken.values()):
                yield self._with_facts(self._unseen(taken[MESSAGES]), taken[RECEIVED], taken[ELSEWHERE])
            if bound is None:
                return

    def window(self, way: Way, last: tuple[int, int]) -> tuple[list[Any], tuple[int, int] | None]:
        """Returns the rows that are meant of the next stretch of a way, oldest first, and its end; None: the last."""

        def question(connection: Connection) -> tuple[list[Any], tuple[int, int] | None]:
            key, at = way.table.c.id, way.at
            newest = self._last[way.rank]
            looked = (
                select(at.label("at"), key)
                .where(*way.within, at >= last[0], or_(at > last[0], and_(at == last[0], key > last[1])))
                .order_by(at, key)
                .limit(PORTION)
                .subquery("looked")
            )
            end = connection.execute(select(func.count(), func.max(looked.c.at)).select_from(looked)).one()
            names = _NAMES.get(way.rank, RECEIVED_COLUMNS)
            statement = (
                select(*(way.table.c[name] for name in names))
                .select_from(looked.join(way.source, looked.c.id == key))
                .where(key <= newest, *way.judged)
                .order_by(looked.c.at, looked.c.id)
            )
            # The driver's own rows: to make a million others of them would cost as much as reading them.
            cursor = connection.execute(statement).cursor
            rows = [] if cursor is None else cursor.fetchall()
            if end[0] < PORTION:
                return list(rows), None
            edge = connection.execute(
                select(looked.c.at, looked.c.id).order_by(looked.c.at.desc(), looked.c.id.desc()).limit(1)
            ).one()
            return list(rows), (edge[0], edge[1])

        found: tuple[list[Any], tuple[int, int] | None] = self._ask(question)
        return found

    def _unseen(self, rows: Sequence[Any]) -> list[Any]:
        seen, found = self._seen, []
        for row in rows:
            place, bit = row[0] >> 3, 1 << (row[0] & 7)
            if not seen[place] & bit:
                seen[place] |= bit
                found.append(row)
        return found

    def _with_facts(self, messages: list[Any], received: list[Any], elsewhere: list[Any]) -> Portion:
        waiting = {row[_QUEUE] for row in messages if row[_STATE] in {"queued", "scheduled", "held"}}
        numbers = [row[_ANSWERS] for row in received if row[_ANSWERS] is not None]

        def question(connection: Connection) -> Portion:
            origins: dict[int, int] = {}
            for some in _chunks(numbers):
                found = connection.execute(select(MESSAGE.id, MESSAGE.job_id).where(MESSAGE.id.in_(some)))
                origins.update((number, job) for number, job in found)
            self._learn(connection, set(map(itemgetter(_JOB), messages)) | set(origins.values()))
            if (received or elsewhere) and not self._accounts:
                table = tables.account.c
                self._accounts.update((row[0], row[1]) for row in connection.execute(select(table.id, table.name)))
            held: dict[int, str] = {}
            queue = tables.queue.c
            for some in _chunks(sorted(waiting)):
                statement = select(queue.id, queue.held_reason).where(
                    queue.id.in_(some), queue.held_reason.is_not(None)
                )
                held.update((row[0], row[1]) for row in connection.execute(statement))
            answered: set[int] = set()
            if self._answered:
                for some in _chunks([row[0] for row in messages]):
                    answered.update(connection.scalars(select(INBOUND.message_id).where(INBOUND.message_id.in_(some))))
            jobs = dict(self._jobs)
            # What came in names the job that it answers under its message's number, below nought.
            jobs |= {-number: self._jobs[job] for number, job in origins.items() if job in self._jobs}
            return Portion(
                *(messages, received, jobs, held, frozenset(answered), self._accounts, elsewhere),
                **self._around(connection, messages, received, elsewhere),
            )

        portion: Portion = self._ask(question)
        return portion

    def _around(
        self, connection: Connection, messages: list[Any], received: list[Any], elsewhere: list[Any]
    ) -> dict[str, Any]:
        """Returns the people, sources and contacts before, as far as columns show them."""
        found: dict[str, Any] = {}
        if self._of_people:
            unknown = {(row[3], row[6]) for row in received}
            unknown |= {(row[PERSON + 1], row[4]) for row in messages if row[PERSON] is None and row[4] is not None}
            unknown |= {(row[2], row[5]) for row in elsewhere if row[OTHER_PERSON] is None and row[5] is not None}
            known = owners(connection, unknown)
            numbers = {row[PERSON] for row in messages} | {row[OTHER_PERSON] for row in elsewhere} | set(known.values())
            found |= {"owners": known, "people": persons(connection, numbers - {None})}
        if self._of_sources:
            found["sources"] = sources(connection, {row[_JOB] for row in messages})
        if self._of_before:
            rows: list[tuple[tuple[int, int], str | None, int]] = [
                ((MESSAGES, row[0]), row[4], row[1]) for row in messages
            ]
            rows += [((RECEIVED, row[0]), row[6], row[1]) for row in received]
            rows += [((ELSEWHERE, row[0]), row[5], row[1]) for row in elsewhere]
            found["before"] = contacts_before(connection, rows)
        return found

    def _learn(self, connection: Connection, wanted: set[int]) -> None:
        """Reads the jobs that are not known yet; old ones are forgotten when there are many."""
        if len(self._jobs) > ASKED_AT_ONCE * 4:
            self._jobs = {}
        for some in _chunks(sorted(wanted - self._jobs.keys())):
            statement = (
                select(
                    JOB.id, JOB.name, tables.account.c.name, JOB.created_at, JOB.started_at, JOB.not_before, JOB.state
                )
                .join_from(tables.job, tables.account, tables.account.c.id == JOB.account_id)
                .where(JOB.id.in_(some))
            )
            for row in connection.execute(statement):
                self._jobs[row[0]] = JobFacts(*row[1:])


class _Stream:
    """One way, read ahead by a stretch."""

    def __init__(self, source: ExportRows, way: Way) -> None:
        self._source = source
        self.way = way
        self.rows: list[Any] = []
        self.over = False
        self.end: tuple[int, int] = (-1, -1)

    def fill(self) -> None:
        """Reads on until something is found, or the end."""
        while not self.rows and not self.over:
            self.rows, end = self._source.window(self.way, self.end)
            self.over = end is None
            self.end = end or self.end

    def take(self, bound: tuple[int, int] | None) -> list[Any]:
        """Hands out the rows up to the time of `bound`; all of them for None."""
        if bound is None:
            taken, self.rows = self.rows, []
            return taken
        place = 1
        cut = len(self.rows)
        while cut and self.rows[cut - 1][place] > bound[0]:
            cut -= 1
        taken, self.rows = self.rows[:cut], self.rows[cut:]
        return taken


def _newest(connection: Connection) -> dict[int, int]:
    """Returns the greatest numbers there are, by kind of row: what is recorded later is no part of the export."""
    keys = {MESSAGES: MESSAGE.id, RECEIVED: INBOUND.id, ELSEWHERE: OTHER.id}
    return {rank: int(connection.scalar(select(func.max(key))) or 0) for rank, key in keys.items()}


def _chunks(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), ASKED_AT_ONCE):
        yield numbers[start : start + ASKED_AT_ONCE]
