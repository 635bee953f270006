"""Commands applied in transactions: grouped by kind, each kind by its handler, one commit for all."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from random import SystemRandom
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from gatewayd.process import failpoints
from gatewayd.store import commands
from gatewayd.store.commands import Command
from gatewayd.store.connection import CACHE_BULK_KIB
from gatewayd.store.contacts.rulebook import Rulebook
from gatewayd.store.credit import accounts
from gatewayd.store.faults import Fault, fault, translated
from gatewayd.store.ids import ConcatReferences, Ids
from gatewayd.store.people import audit
from gatewayd.store.public_ids import Stamps
from gatewayd.store.sending import (
    attempts,
    awaited,
    blocks,
    claims,
    holds,
    inbox,
    jobs,
    lines,
    nodes,
    posting,
    pressed,
    receipts,
    removal,
    reports,
    routes,
    settlement,
    sweeps,
)
from gatewayd.store.sending.early import EarlyReports
from gatewayd.store.sending.rows import Jobs
from gatewayd.store.sending.unit import Memory, Unit
from gatewayd.store.session import Session, Statement, given, merging
from gatewayd.store.tables import setting
from gatewayd.values.errors import GatewayError, StoreError, UnavailableError
from gatewayd.words.translation import gettext as _

_log: Final = logging.getLogger(__name__)

R = TypeVar("R")

UTC: Final = ZoneInfo("UTC")

CLASHES: Final = 5
"""Times that one batch is tried again at once when two nodes were in each other's way."""

BULK_CHANGES: Final = 1_000
"""Rows that an engine's transaction has changed when more of its kind will follow, which want room."""

REPORT_WAIT_MS: Final = 72 * 3_600_000

MAYBE: Final = "the store did not answer; it may be done all the same: look before you ask for it again ({error})"

Handler = Callable[[Unit, list[Any]], Sequence[Any]]
More = Callable[[], Command[Any] | None]


def _change(unit: Unit, changes: list[commands.Change[Any]]) -> list[Any]:
    """Runs each change in a savepoint of its own."""
    results: list[Any] = []
    for change in changes:
        unit.flush()
        if change.bulk:
            results.append(_bulk(unit, change))
            continue
        remembered = len(unit.after_commit)
        try:
            with unit.session.savepoint():
                result = change.context.run(change.work, unit)
                unit.flush()
        except GatewayError as error:
            unit.reset()
            del unit.after_commit[remembered:]
            results.append(error)
        else:
            results.append(result)
    return results


class _UndoneError(Exception):
    """A change that writes in bulk was refused, so that its transaction must go with it."""

    def __init__(self, error: GatewayError) -> None:
        super().__init__(str(error))
        self.error = error


def _bulk(unit: Unit, change: commands.Change[Any]) -> Any:
    """Runs one change without a savepoint."""
    try:
        result = change.context.run(change.work, unit)
        unit.flush()
    except GatewayError as error:
        raise _UndoneError(error) from error
    return result


HANDLERS: Final[dict[type[Command[Any]], Handler]] = {
    commands.StartNode: nodes.start,
    commands.LoadingJobs: jobs.loading,
    commands.ForsakenJob: jobs.forsaken,
    commands.CreateAccount: accounts.create,
    commands.Credit: accounts.credit,
    commands.BeginJob: jobs.begin,
    commands.AddMessages: jobs.add,
    commands.PublishJob: jobs.publish,
    commands.DropJob: removal.drop,
    commands.Post: posting.post,
    commands.Change: _change,
    commands.Block: blocks.block,
    commands.Unblock: blocks.unblock,
    commands.Pnr: attempts.point_of_no_return,
    commands.Finish: attempts.finish,
    commands.Amend: attempts.amend,
    commands.Reroute: routes.reroute,
    commands.LateAnswer: settlement.late_answer,
    commands.Report: reports.report,
    commands.Settle: settlement.settle,
    commands.Unclaim: claims.unclaim,
    commands.RecoverOwnerless: nodes.recover,
    commands.Inbound: inbox.receive,
    commands.KeyPressed: pressed.late,
    commands.EndParts: inbox.end_parts,
    commands.SetJobState: jobs.set_state,
    commands.Sweep: sweeps.sweep,
    commands.HoldQueue: holds.hold,
    commands.SegmentsWritten: receipts.written,
    commands.CutSegments: receipts.cut,
    commands.InboxWritten: inbox.written,
    commands.UnwrittenInbox: inbox.unwritten,
    commands.SetLineEnabled: lines.enable,
    commands.LoadLine: lines.load,
    commands.LoadQueues: jobs.load_queues,
    commands.Claim: claims.claim,
    commands.AwaitedOf: awaited.awaited,
    commands.Prune: sweeps.prune,
}
"""Each kind with its handler, in the order of the stages of one batch: what must stop a message comes before its point
of no return, an outcome before the report that follows it, and work that came back before it is claimed again."""
_RANK: Final = {kind: rank for rank, kind in enumerate(HANDLERS)}

_SALT: Final = Statement(select(setting.c.value).where(setting.c.key == given(setting.c.key)), "p_key")
_SET_SALT: Final = merging(setting, "key value", "key")


class Transactions:
    """The commands' way into the store, one caller at a time.

    `zone` is the time zone of receipts, and of people where nothing else says theirs; `report_wait_ms` how long reports
    are waited for where a command does not say; `contact` are the file's rules of contact, None where it has none;
    `billing_age_ms` is how old billing may be for what was written from it, None: of any age.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        zone: ZoneInfo = UTC,
        report_wait_ms: int = REPORT_WAIT_MS,
        contact: Mapping[str, Any] | None = None,
        billing_age_ms: int | None = None,
    ) -> None:
        self.session = Session(connection)
        try:
            self._memory = Memory(
                stamps=Stamps(zone, self._salt()),
                jobs=Jobs(),
                early=EarlyReports(),
                ids=Ids(),
                concat=ConcatReferences(),
                report_wait_ms=report_wait_ms,
                rules=Rulebook(contact, zone, billing_age_ms),
            )
            self._memory.early.load(self.session)
        except self.session.Error as error:
            raise self._failed(StoreError, _("the store cannot be read: {error}"), error) from error
        self._clashes = 0
        self._unsure = False
        """Whether a commit had no answer."""

    @property
    def salt(self) -> int:
        """The store's part of every public id."""
        return self._memory.stamps.salt

    def _salt(self) -> int:
        if self.session.one(_SALT, "salt") is None:
            self.session.run(_SET_SALT, "salt", str(SystemRandom().randrange(1 << 16)))
        row = self.session.one(_SALT, "salt")
        assert row is not None
        return int(row[0])

    def do(self, command: Command[R]) -> R:
        """Applies one command in a transaction of its own; raises what it raises."""
        (result,) = self.apply([command])
        if isinstance(result, Exception):
            raise result
        return result  # type: ignore[no-any-return]

    def apply(self, batch: Sequence[Command[Any]], more: More | None = None) -> list[Any]:
        """Returns the answer to each command, or the exception it ended with. All are durable when this returns.

        Should the transaction fail, each command is applied in one of its own, so that only the culprit fails. `more`
        is asked, before the end of a transaction that is an engine's alone, for what goes into it too: it has put that
        into `batch` itself.
        """
        try:
            return self._transaction(batch, more)
        except self.session.Error as error:
            kind = fault(error)
            if kind is Fault.AWAY:
                self._clashes = 0
                sentence = MAYBE if self._unsure else "the store cannot be written now: {error}"
                self._unsure = False
                return [self._failed(UnavailableError, sentence, error)] * len(batch)
            if kind is Fault.CLASH and self._clashes < CLASHES:
                self._clashes += 1
                return self.apply(batch)
            self._clashes = 0
            if len(batch) == 1:
                return [self._failed(StoreError, "the store refused: {error}", error)]
            _log.warning("a batch of %d commands failed and is applied one by one: %s", len(batch), error)
        except _UndoneError as undone:
            if len(batch) == 1:
                return [undone.error]
        except Exception as error:  # noqa: BLE001 - a command that breaks takes nothing down but itself
            if len(batch) == 1:
                return [self._broken(batch[0], error)]
            _log.warning("a batch of %d commands broke and is applied one by one: %r", len(batch), error)
        return [result for command in batch for result in self.apply([command])]

    def _failed(self, kind: type[GatewayError], sentence: str, error: Exception) -> GatewayError:
        failed = translated(error, self.session.connection.engine.url, kind, sentence)
        failed.__cause__ = error
        return failed

    def _broken(self, command: Command[Any], error: Exception) -> StoreError:
        _log.error("%s could not be applied", type(command).__name__, exc_info=error)
        broken = StoreError(f"{type(command).__name__} could not be applied: {error!r}")
        broken.__cause__ = error
        return broken

    def _transaction(self, batch: Sequence[Command[Any]], more: More | None) -> list[Any]:
        session = self.session
        bulk = is_bulk(batch)
        loosely = session.sqlite and is_untold(batch)
        if loosely:
            session.plain("PRAGMA synchronous = NORMAL")
        before = session.changes if loosely else 0
        try:
            return self._committed(session, batch, more if bulk else None)
        finally:
            if loosely:
                session.plain("PRAGMA synchronous = FULL")
                # A look of an engine that finds nothing to do is no bulk, and a list may be on its way beside it.
                if bulk and session.changes - before >= BULK_CHANGES:
                    session.plain(f"PRAGMA cache_size = -{CACHE_BULK_KIB}")

    def _committed(self, session: Session, batch: Sequence[Command[Any]], more: More | None) -> list[Any]:
        session.begin()
        try:
            self._memory.early.load(session)
            unit = Unit(session, self._memory)
            results = _apply(unit, batch)
            while more is not None and (command := more()) is not None:
                results += _apply(unit, [command])
            unit.flush()
            failpoints.hit("store.before_commit")
            try:
                session.commit()
            except session.Error:
                self._memory.early.forget()  # it may have been done all the same
                self._unsure = not session.sqlite  # which takes back what it could not commit
                raise
        except BaseException:
            # What was read in this transaction may never have been.
            self._memory.jobs.forget()
            self._memory.rules.forget()
            session.abandon()
            raise
        self._clashes = 0
        failpoints.hit("store.after_commit")
        for remember in unit.after_commit:
            remember()
        return results

    def close(self) -> None:
        self.session.close()


def is_bulk(batch: Sequence[Command[Any]]) -> bool:
    """Returns whether nothing in a batch is told to anybody as durable: an engine's own portions, which it goes on
    behind."""
    return all(isinstance(one, commands.Change) and one.bulk for one in batch)


def is_untold(batch: Sequence[Command[Any]]) -> bool:
    """Returns whether a batch waits for no disk: nothing of it is told before another commit, which lies behind it in
    the same log and brings it along. So are portions of engines, and the rows of jobs that are still being recorded:
    nobody sees them before the one update that shows their job, and a start that finds such a job drops it."""
    return all(isinstance(one, commands.AddMessages) or is_bulk((one,)) for one in batch)


def _apply(unit: Unit, batch: Sequence[Command[Any]]) -> list[Any]:
    entries = {index: one.entry for index, one in enumerate(batch) if isinstance(one, commands.Audited)}
    if not entries:
        return _applied(unit, batch)
    results = _applied(unit, [commands.bare(one) for one in batch])
    audit.write(unit.session, [(entry, results[index]) for index, entry in entries.items()])
    return results


def _applied(unit: Unit, batch: Sequence[Command[Any]]) -> list[Any]:
    if len(batch) == 1:
        return list(HANDLERS[type(batch[0])](unit, [batch[0]]))
    kinds: dict[type[Command[Any]], list[int]] = {}
    for index, command in enumerate(batch):
        kinds.setdefault(type(command), []).append(index)
    results: list[Any] = [None] * len(batch)
    for kind in sorted(kinds, key=_RANK.__getitem__):
        indexes = kinds[kind]
        answers = HANDLERS[kind](unit, [batch[index] for index in indexes])
        for index, answer in zip(indexes, answers, strict=True):
            results[index] = answer
    return results
