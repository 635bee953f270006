"""One step of an import: a dry run, the run, or taking it back; each goes on where a crash has left it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import structlog

from gatewayd.billing.engine import desk as billing_desk
from gatewayd.config import Config
from gatewayd.customers.portion import AstrayError, Portion
from gatewayd.imports.engine.pipeline import Pipeline
from gatewayd.imports.engine.process import ReaderDiedError, Request, SheetRefusedError, reader
from gatewayd.imports.engine.reading import Batch
from gatewayd.imports.rows import House, Issue
from gatewayd.numbers import Policy
from gatewayd.process.failpoints import hit
from gatewayd.store.contacts import houses, imported, imports, undoing
from gatewayd.store.contacts.imported import Outcome, Sheet
from gatewayd.store.contacts.imports import Import
from gatewayd.store.insight import processes
from gatewayd.store.insight.processes import Process
from gatewayd.store.sending import causes
from gatewayd.store.sending.causes import Reason, Withdrawal
from gatewayd.store.session import Session
from gatewayd.values.errors import GatewayError
from gatewayd.values.news import Kind
from gatewayd.words.translation import gettext as _

log = structlog.get_logger()

R = TypeVar("R")

ABSENT_MOST: Final = 0.10
"""Of an account's customers whom a complete sheet may lack without a person being asked."""
PRESENT_AT_ONCE: Final = 10_000
UNDONE_AT_ONCE: Final = 2_000
TO_UNDO: Final = "sent_to"
BEHIND: Final = "undone_to"
"""Among the counts of an import that is taken back: the last row that was."""


class Engine(Protocol):
    """What a step needs of the engine."""

    config: Config
    tell: Callable[[Kind, str], object]
    now: Callable[[], int]

    @property
    def policy(self) -> Policy: ...

    def sheet(self, sha256: str) -> Path: ...

    def back(self, number: int) -> Path: ...

    async def change(self, work: Callable[[Any], R], *, bulk: bool = False) -> R: ...

    async def ask(self, question: Callable[..., R]) -> R: ...

    async def settled(self, withdrawal: Withdrawal) -> None: ...


@dataclass(frozen=True, slots=True)
class _Batched:
    """What became of a batch."""

    counts: dict[str, Any]
    kept: list[Issue]
    outcome: Outcome
    withdrawal: Withdrawal


class Stopped(Exception):  # noqa: N818 - a person's wish, no fault
    """The step was cancelled."""


class Steps:
    """One step of one import. What goes wrong with the sheet ends in its state, with words."""

    def __init__(self, engine: Engine, task: Process, work: Import, request: Mapping[str, Any]) -> None:
        self._engine = engine
        self._task = task
        self._work = work
        self._request = request
        self._language = str(request.get("language", engine.config.locale))
        # Rows that were written are counted already; where none was, all begins anew.
        runs = request["step"] == "run"
        self._counts: dict[str, Any] = dict(work.counts) if runs else {}
        self._after = work.applied if runs else 0
        self._issues = _issues_of(self._counts)
        self._seen: set[int] = set()

    async def perform(self) -> None:
        """Performs the step, and writes how it ended."""
        step = {"dry": self._dry, "run": self._run, "undo": self._undo}[self._request["step"]]
        try:
            await step()
        except Stopped:
            log.info("an import was cancelled", process=self._task.id)
        except (SheetRefusedError, ReaderDiedError, AstrayError) as error:
            log.warning("a sheet cannot be imported", process=self._task.id, error=type(error).__name__)
            await self._failed(str(error)[:500])
        except FileNotFoundError:
            await self._failed(_("the sheet is not kept any more; bring it again"))

    async def _failed(self, reason: str) -> None:
        engine, work, now = self._engine, self._work, self._engine.now()
        state = imports.CREATED if self._request["step"] == "dry" else imports.FAILED

        def write(unit: Any) -> None:
            processes.end(unit.session, self._task.id, "failed", now, done=self._rows, reason=reason)
            imports.change(unit.session, work.id, tuple(imports.BUSY), now, None, state=state, reason=reason)

        await engine.change(write)

    @property
    def _rows(self) -> int:
        return int(self._counts.get("rows", 0))

    async def _sheet(self) -> tuple[Sheet, Request]:
        engine, work = self._engine, self._work
        assert work.mapping is not None
        known = await engine.ask(partial(houses.house, account_id=work.account_id))
        house = House(engine.config.numbers.region, known.users, known.aliases, known.forgotten)
        path, back = engine.sheet(work.sha256), engine.back(work.id)
        request = Request(
            *(path, work.file, work.reading, engine.policy, self._language, work.mapping, house, work.kind, back)
        )
        named = frozenset(name for name in work.mapping if name not in {"ignore", "rest", "defaults"})
        named |= frozenset(work.mapping.get("defaults", {}))
        return Sheet(work.id, work.account_id, work.as_of, named, engine.now()), request

    def _added(
        self, batch: Batch, outcome: Outcome, before: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Any], list[Issue]]:
        """Returns the counts with a batch, and the issues of it that the store keeps. `before` are the counts without
        it; None: those that were taken last."""
        counts = dict(self._counts if before is None else before)
        known = self._issues if before is None else _issues_of(before)
        for key, value in (
            ("rows", batch.count),
            ("new", outcome.fresh),
            ("changed", outcome.changed),
            ("same", outcome.same),
            ("refused", outcome.refused),
        ):
            counts[key] = counts.get(key, 0) + value
        reasons = counts["reasons"] = dict(counts.get("reasons", {}))
        for one in batch.issues:
            counts[one.kind] = counts.get(one.kind, 0) + 1
            reasons[one.reason] = reasons.get(one.reason, 0) + 1
        return counts, batch.issues[: max(0, imports.ISSUES_KEPT - known)]

    def _take(self, counts: dict[str, Any], kept: Sequence[Issue], outcome: Outcome) -> None:
        self._counts = counts
        self._issues += len(kept)
        self._seen.update(outcome.seen)

    # ------------------------------------------------------------------------------------------------------------- dry

    async def _dry(self) -> None:
        engine, work = self._engine, self._work
        sheet, request = await self._sheet()
        kept: list[Issue] = []
        async with reader(request) as answers:
            await answers.judgement()
            async for batch in answers.batches():
                outcome = Outcome()
                if batch.portion is not None:
                    outcome = await engine.ask(partial(_compared, sheet=sheet, portion=batch.portion))
                counts, fresh = self._added(batch, outcome)
                self._take(counts, fresh, outcome)
                kept += fresh
        if work.complete:
            missing, known = await self._missing()
            self._counts |= {"absent": len(missing), "asks": len(missing) > known * ABSENT_MOST}
        await self._dried(kept)

    async def _dried(self, kept: Sequence[Issue]) -> None:
        """Writes what a dry run has found."""
        engine, work, now = self._engine, self._work, self._engine.now()

        def write(unit: Any) -> None:
            imports.drop_issues(unit.session, work.id)
            imports.add_issues(unit.session, work.id, noted(kept))
            processes.end(unit.session, self._task.id, "done", now, done=self._rows)
            imports.change(
                unit.session,
                work.id,
                (imports.CHECKING,),
                now,
                None,
                state=imports.CHECKED,
                counts=self._counts,
                reason=None,
            )

        await engine.change(write)

    # ------------------------------------------------------------------------------------------------------------- run

    async def _run(self) -> None:
        engine = self._engine
        sheet, request = await self._sheet()
        if not self._after:
            await engine.change(lambda unit: imports.drop_issues(unit.session, self._work.id))
        behind = self._after
        async with reader(request) as answers:
            await answers.judgement()
            async with Pipeline(self._written) as pipeline:
                async for batch in answers.batches():
                    hit("import.read")
                    if batch.last <= self._after:
                        await self._pass(sheet, batch)
                        continue
                    await pipeline.add(self._batch(sheet, batch, behind))
                    behind = batch.last
        hit("import.loaded")
        if self._work.complete:
            await self._note_absent(sheet)
        await self._done()

    async def _done(self) -> None:
        """Writes that the import is through."""
        engine, now = self._engine, self._engine.now()

        def write(unit: Any) -> None:
            processes.end(unit.session, self._task.id, "done", now, done=self._rows)
            imports.change(
                unit.session,
                self._work.id,
                (imports.RUNNING,),
                now,
                None,
                state=imports.DONE,
                counts=self._counts,
                reason=None,
            )

        await engine.change(write)

    async def _pass(self, sheet: Sheet, batch: Batch) -> None:
        """Looks at a batch that a crash came behind, where who is in the sheet matters."""
        if isinstance(batch.portion, Portion) and self._work.complete:
            question = partial(_compared, sheet=sheet, portion=batch.portion)
            self._seen.update((await self._engine.ask(question)).seen)

    async def _batch(self, sheet: Sheet, batch: Batch, behind: int) -> _Batched:
        """Writes a batch with how far the import is; `behind` is the last row of the batch before it. Stopped."""
        portion = batch.portion

        def write(unit: Any) -> _Batched:
            if not processes.running(unit.session, self._task.id):
                raise CancelledError
            before = imports.at(unit.session, self._work.id, behind)
            outcome = imported.apply(unit, sheet, portion) if isinstance(portion, Portion) else Outcome()
            withdrawal = owe(unit, sheet, outcome)
            counts, kept = self._added(batch, outcome, before)
            imports.add_issues(unit.session, self._work.id, noted(kept))
            imports.progress(unit.session, self._work.id, batch.last, counts, sheet.now)
            processes.advance(unit.session, self._task.id, counts["rows"])
            return _Batched(counts, kept, outcome, withdrawal)

        try:
            return await self._engine.change(write, bulk=True)
        except CancelledError:
            raise Stopped from None

    async def _written(self, done: _Batched) -> None:
        """Takes what became of a batch that is in the store."""
        self._take(done.counts, done.kept, done.outcome)
        await self._engine.settled(done.withdrawal)
        hit("import.applied")
        self._engine.tell("task", self._work.account)

    async def _missing(self) -> tuple[list[int], int]:
        """Returns customers whom the sheet lacks, and how many there are together."""
        missing: list[int] = []
        known, after = 0, 0
        while True:
            page = await self._engine.ask(partial(_present, account_id=self._work.account_id, after=after))
            if not page:
                return missing, known
            known += len(page)
            missing += [number for number in page if number not in self._seen]
            after = page[-1]

    async def _note_absent(self, sheet: Sheet) -> None:
        """Notes as absent whom a complete sheet lacks; above a tenth only where a person has said so."""
        engine = self._engine
        self._seen.update(await engine.ask(partial(_brought, number=self._work.id)))
        missing, known = await self._missing()
        if not missing or (len(missing) > known * ABSENT_MOST and self._request.get("absent") != "mark"):
            self._counts["absent_unmarked"] = len(missing)
            return
        for start in range(0, len(missing), PRESENT_AT_ONCE // 10):
            portion = missing[start : start + PRESENT_AT_ONCE // 10]
            await engine.change(partial(_mark, sheet=sheet, numbers=portion), bulk=True)
            hit("import.absent")
        self._counts.pop("absent_unmarked", None)
        self._counts["absent"] = int(self._counts.get("absent", 0)) + len(missing)

    # ------------------------------------------------------------------------------------------------------------ undo

    async def _undo(self) -> None:
        engine, work = self._engine, self._work
        since = int(work.counts.get("since", work.created_at))
        undo = undoing.Undo(work.account_id, work.id, since, engine.now())
        over = False

        async def settled(more: Withdrawal | None) -> None:
            nonlocal over
            if more is not None:
                hit("import.taken_back")
                await engine.settled(more)
                engine.tell("task", work.account)
                engine.tell("customer", work.account)
            over = over or more is None

        async with Pipeline(settled) as pipeline:
            while not over:
                await pipeline.add(engine.change(partial(self._taken_back, undo=undo), bulk=True))
        now = engine.now()

        def end(unit: Any) -> None:
            counts, done = _undone(imports.at(unit.session, work.id))
            counts.pop(BEHIND, None)
            processes.end(unit.session, self._task.id, "done", now, done=sum(done.values()))
            imports.change(
                unit.session, work.id, (imports.UNDOING,), now, None, state=imports.UNDONE, counts=counts, reason=None
            )

        await engine.change(end)

    def _taken_back(self, unit: Any, *, undo: undoing.Undo) -> Withdrawal | None:
        """Takes back some rows, and notes how far that is; returns what was withdrawn, None where there were none."""
        counts, done = _undone(imports.at(unit.session, undo.number))
        back, withdrawal = taken_back(unit, undo, counts.get(BEHIND, -(2**62)))
        if back is None:
            return None
        for name in done:
            done[name] += getattr(back, name)
        imports.progress(unit.session, undo.number, 0, {**counts, BEHIND: back.last}, undo.now)
        processes.advance(unit.session, self._task.id, sum(done.values()))
        return withdrawal


def _issues_of(counts: Mapping[str, Any]) -> int:
    return sum(int(counts.get(kind, 0)) for kind in imports.ISSUE_KINDS)


def _undone(counts: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, int]]:
    """Returns counts of an import that is taken back, and what they say of customers."""
    done = {"removed": 0, "restored": 0, "kept": 0, **counts.get("undone", {})}
    return {**counts, "undone": done}, done


def owe(unit: Any, sheet: Sheet, outcome: Outcome) -> Withdrawal:
    """Writes what a sheet says of debts into what customers owe, and withdraws what was written from it before."""
    found = Withdrawal()
    if outcome.debts:
        found += billing_desk.came(unit, sheet.account_id, outcome.debts, sheet.now).withdrawal
    owing = outcome.owing
    paid = [number for number, balance in owing.items() if balance == 0]
    others = [number for number, balance in owing.items() if balance != 0]
    reasons: tuple[tuple[Reason, list[int]], ...] = (("paid", paid), ("changed", others))
    for reason, numbers in reasons:
        if numbers:
            found += billing_desk.changed(unit, sheet.account_id, numbers, sheet.now, reason).withdrawal
    return found


def taken_back(unit: Any, undo: undoing.Undo, behind: int) -> tuple[undoing.TakenBack | None, Withdrawal]:
    """Takes back a portion of a sheet's rows, and withdraws what was written from what they said is owed."""
    back = undoing.take_back(unit, undo, behind, UNDONE_AT_ONCE)
    if back is None:
        return None, Withdrawal()
    withdrawal = causes.withdraw_of(unit, back.gone, "changed", undo.now)
    withdrawal += billing_desk.changed(unit, undo.account_id, back.as_before, undo.now).withdrawal
    return back, withdrawal


class CancelledError(GatewayError):
    """The step was cancelled before this portion was written."""


def noted(found: Sequence[Issue]) -> list[tuple[int, str, dict[str, Any]]]:
    """Returns issues as the store keeps them."""
    return [(one.row, one.kind, {"field": one.field, "reason": one.reason, "text": one.text}) for one in found]


def _compared(connection: Any, *, sheet: Sheet, portion: Any) -> Outcome:
    return imported.compare(Session(connection), sheet, portion)


def _present(connection: Any, *, account_id: int, after: int) -> list[int]:
    return imported.present(Session(connection), account_id, after, PRESENT_AT_ONCE)


def _brought(connection: Any, *, number: int) -> list[int]:
    return imported.brought(Session(connection), number)


def _mark(unit: Any, *, sheet: Sheet, numbers: list[int]) -> None:
    imported.mark_absent(unit.session, sheet, numbers)
