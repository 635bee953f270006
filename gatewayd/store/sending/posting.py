"""Single messages of programs: the hourly jobs that they share, their rows and their keys, in one transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import select

from gatewayd.store.commands import NewMessage, Post, Posted, PostItem, PostKey, QueueInfo, SharedJob
from gatewayd.store.commands.posting import ORIGIN
from gatewayd.store.sending import additions, jobs, keys, restoration
from gatewayd.store.sending.rows import JobInfo
from gatewayd.store.sending.unit import Unit
from gatewayd.store.session import Statement, given
from gatewayd.store.tables import account, job, message
from gatewayd.values.errors import ConflictError, CurrencyError, NotFoundError
from gatewayd.values.model import State
from gatewayd.values.money import format_money

_NAMES_MAX: Final = 1000
"""Tries for the name of a shared job: names are taken by people's own jobs, or by one that was cancelled."""

WAITS: Final = frozenset({State.QUEUED.value, State.SCHEDULED.value})
as_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

_ACCOUNT: Final = Statement(
    select(account.c.id, account.c.currency).where(account.c.name == given(account.c.name)), "p_name"
)
_JOB: Final = Statement(
    select(job.c.id, job.c.state, job.c.content_hash, job.c.origin, job.c.test, job.c.messages).where(
        job.c.account_id == given(job.c.account_id), job.c.name == given(job.c.name)
    ),
    "p_account_id p_name",
)


@dataclass(slots=True)
class _Job:
    """A shared job as this transaction fills it."""

    info: JobInfo
    state: str
    row: int
    """Of its latest message."""
    fresh: bool
    rows: list[NewMessage] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    receipts: bool = False

    def take(self, row: NewMessage, number: int, *, receipt: bool) -> None:
        self.row += 1
        self.rows.append(row._replace(row=self.row))
        self.numbers.append(number)
        self.receipts = self.receipts or receipt or self.info.test


@dataclass(frozen=True, slots=True)
class _Placed:
    """One message on its way: what is answered, where it goes, its number."""

    answer: dict[str, Any]
    job: _Job | None
    number: int


def _natural(unique: str) -> PostKey:
    """Returns the key of a message that is the only one of its name."""
    return PostKey(f"r:{unique}", "")


def post(unit: Unit, commands: list[Post]) -> list[Posted | Exception]:
    """Handles all posts of a batch together: one look at the block list, one write a job."""
    fresh = sum(command.key is not None for command in commands)
    fresh += sum(item.unique is not None for command in commands for item in command.items)
    if fresh:
        keys.forget_old(unit.session, commands[0].now, fresh)
    batch = _Batch(unit, commands)
    results: list[Posted | Exception] = []
    for command in commands:
        try:
            results.append(batch.take(command))
        except (NotFoundError, ConflictError) as error:
            results.append(error)
    queues, touched = batch.write()
    for index, result in enumerate(results):
        if isinstance(result, Posted) and not result.replayed:
            # All queues of the batch to each: whoever publishes them twice does no harm, and none is forgotten.
            results[index] = replace(result, queues=queues, jobs=touched)
            queues = touched = ()
    return results


class _Batch:
    """Takes posts one after the other, and writes their rows at the end."""

    def __init__(self, unit: Unit, commands: list[Post]) -> None:
        self._unit = unit
        self._now = max(command.now for command in commands)
        self._accounts: dict[str, tuple[int, str]] = {}
        self._jobs: dict[tuple[int, str, str], _Job] = {}
        self._rows = [item.row for command in commands for item in command.items if item.row is not None]
        self._listed: dict[tuple[int, str, bool], set[str]] = {}

    def take(self, command: Post) -> Posted:
        session = self._unit.session
        account_id, currency = self._account(command.account)
        for item in command.items:
            if item.shared is not None and item.shared.unit_price and item.shared.currency != currency:
                raise CurrencyError(currency)
        if command.key is not None and (earlier := keys.known(session, account_id, command.key)) is not None:
            return Posted(json.loads(earlier), replayed=True)  # before a job is made that nothing goes into
        placed = [self._place(account_id, item, command) for item in command.items]
        answers = [one.answer for one in placed]
        if command.key is not None:
            earlier = keys.claim(session, account_id, command.key, command.now, as_json(answers))
            if earlier is not None:
                return Posted(json.loads(earlier), replayed=True)
        repeated = 0
        for one, item in zip(placed, command.items, strict=True):
            if one.job is None or item.row is None:
                continue
            if item.unique is not None:
                said = as_json(one.answer)
                earlier = keys.claim(session, account_id, _natural(item.unique), command.now, said)
                if earlier is not None:
                    one.answer.clear()
                    one.answer.update(json.loads(earlier) | {"repeated": True})
                    repeated += 1
                    continue
            one.job.take(item.row, one.number, receipt=one.answer["status"] == "rejected")
        if repeated and command.key is not None:
            keys.amend(session, account_id, command.key, as_json(answers))
        return Posted(answers, numbers=tuple(one.number for one in placed))

    def _listed_for(self, info: JobInfo) -> set[str]:
        """Returns those of all addresses that a job must not write to: one look for what is alike."""
        key = info.account_id, info.channel, info.klass == additions.REPLY
        found = self._listed.get(key)
        if found is None:
            found = self._listed[key] = additions.blocked(self._unit.session, info, self._rows)
        return found

    def _account(self, name: str) -> tuple[int, str]:
        found = self._accounts.get(name)
        if found is None:
            row = self._unit.session.one(_ACCOUNT, name)
            if row is None:
                raise NotFoundError(f"no account {name}")
            found = self._accounts[name] = (int(row[0]), str(row[1]))
        return found

    def _place(self, account_id: int, item: PostItem, command: Post) -> _Placed:
        """Returns the answer to one message and the job that it goes into; no row of it is written yet."""
        if item.shared is None or item.row is None:
            return _Placed(dict(item.refused or {}), None, 0)
        unit, row = self._unit, item.row
        if item.unique is not None:
            earlier = keys.known(unit.session, account_id, _natural(item.unique))
            if earlier is not None:
                return _Placed(json.loads(earlier) | {"repeated": True}, None, 0)
        shared = self._job(account_id, item.shared, command)
        number = unit.memory.ids.take(unit.session, message, 1)
        reason = "blocked" if row.reason is None and row.to in self._listed_for(shared.info) else row.reason
        state = additions.fate(shared.info, reason, command.now)
        if state in WAITS and shared.state == "paused":
            state = State.HELD.value
        good = reason is None
        answer: dict[str, Any] = {
            "status": "accepted" if good else "rejected",
            "account": command.account,
            "job": shared.info.name,
            "id": unit.memory.stamps.public(shared.info.created_at, number),
            "ref": row.ref,
            "to": row.to,
            "state": state,
            "reason": additions.TEST if good and shared.info.test else reason,
            "segments": row.segments if good else None,
            "price": format_money(item.shared.unit_price * row.segments) if good else None,
            "test": shared.info.test,
        }
        return _Placed(answer, shared, number)

    def _job(self, account_id: int, wanted: SharedJob, command: Post) -> _Job:
        key = account_id, wanted.name, wanted.content_hash
        found = self._jobs.get(key)
        if found is None:
            found = self._jobs[key] = self._found_or_made(account_id, wanted, command)
        return found

    def _found_or_made(self, account_id: int, wanted: SharedJob, command: Post) -> _Job:
        session = self._unit.session
        for version in range(1, _NAMES_MAX):
            name = wanted.name if version == 1 else f"{wanted.name}.{version}"
            row = session.one(_JOB, account_id, name)
            if row is None:
                if restoration.expected(session, command.account, name) is not None:
                    continue  # another life of this store wrote receipts under that name
                jobs.begin_shared(self._unit, account_id, name, wanted, node=command.node, now=command.now)
                row = session.one(_JOB, account_id, name)
                assert row is not None
                return _Job(self._unit.job(row[0]), "running", 0, fresh=True)
            ours = row[3] == ORIGIN and row[2] == wanted.content_hash and bool(row[4]) == wanted.test
            if ours and row[1] in {"running", "paused"}:
                return _Job(self._unit.job(row[0]), row[1], int(row[5]), fresh=False)
        raise ConflictError(f"no name is left for {wanted.name}")

    def write(self) -> tuple[tuple[QueueInfo, ...], tuple[int, ...]]:
        """Writes all rows; returns the queues of the jobs they are in, and the jobs that are new or got receipts."""
        unit = self._unit
        for one in self._jobs.values():
            if one.rows:
                additions.write(
                    unit,
                    one.info,
                    one.rows,
                    self._now,
                    numbers=one.numbers,
                    listed=self._listed_for(one.info),
                    shown=True,
                )
        unit.flush()
        queues = tuple(
            info for one in self._jobs.values() if one.rows for info in jobs.infos(unit.session, one.info.id)
        )
        return queues, tuple(one.info.id for one in self._jobs.values() if one.fresh or one.receipts)
