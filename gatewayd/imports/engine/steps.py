"""One step of an import: a dry run, the run, or taking it back; each goes on where a crash has left it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import structlog

from gatewayd import billing_desk
from gatewayd.config import Config
from gatewayd.customers.portion import AstrayError, Portion
from gatewayd.errors import GatewayError
from gatewayd.failpoints import hit
from gatewayd.imports.engine.process import ReaderDiedError, Request, SheetRefusedError, reader
from gatewayd.imports.engine.reading import Batch
from gatewayd.imports.rows import House, Issue
from gatewayd.news import Kind
from gatewayd.numbers import Policy
from gatewayd.store.contacts import houses, imported, imports, undoing
from gatewayd.store.contacts.imported import Outcome, Sheet
from gatewayd.store.contacts.imports import Import
from gatewayd.store.insight import processes
from gatewayd.store.insight.processes import Process
from gatewayd.store.sending import causes
from gatewayd.store.sending.causes import Reason, Withdrawal
from gatewayd.store.session import Session
from gatewayd.translation import gettext as _

log = structlog.get_logger()

R = TypeVar("R")

ABSENT_MOST: Final = 0.10
"""Of an account's customers whom a complete sheet may lack without a person being asked."""
PRESENT_AT_ONCE: Final = 10_000
UNDONE_AT_ONCE: Final = 2_000
TO_UNDO: Final = "sent_to"


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
        self._issues = sum(int(self._counts.get(kind, 0)) for kind in imports.ISSUE_KINDS)
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

    def _added(self, batch: Batch, outcome: Outcome) -> tuple[dict[str, Any], list[Issue]]:
        """Returns the counts with a batch, and the issues of it that the store keeps."""
        counts = dict(self._counts)
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
        return counts, batch.issues[: max(0, imports.ISSUES_KEPT - self._issues)]

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
        async with reader(request) as answers:
            await answers.judgement()
            async for batch in answers.batches():
                hit("import.read")
                await self._batch(sheet, batch)
                hit("import.applied")
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

    async def _batch(self, sheet: Sheet, batch: Batch) -> None:
        """Writes a batch with how far the import is; one that a crash came behind is only looked at."""
        engine, portion = self._engine, batch.portion
        if batch.last <= self._after:
            if portion is not None and self._work.complete:
                self._seen.update((await engine.ask(partial(_compared, sheet=sheet, portion=portion))).seen)
            return

        withdrawal = Withdrawal()

        def write(unit: Any) -> tuple[dict[str, Any], list[Issue], Outcome]:
            nonlocal withdrawal
            if not processes.running(unit.session, self._task.id):
                raise CancelledError
            outcome = imported.apply(unit, sheet, portion) if isinstance(portion, Portion) else Outcome()
            withdrawal = owe(unit, sheet, outcome.owing)
            counts, kept = self._added(batch, outcome)
            imports.add_issues(unit.session, self._work.id, noted(kept))
            imports.progress(unit.session, self._work.id, batch.last, counts, sheet.now)
            processes.advance(unit.session, self._task.id, counts["rows"])
            return counts, kept, outcome

        try:
            self._take(*await engine.change(write, bulk=True))
        except CancelledError:
            raise Stopped from None
        await engine.settled(withdrawal)
        engine.tell("task", self._work.account)

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
        counts = dict(work.counts)
        counts.setdefault("undone", {"removed": 0, "restored": 0, "kept": 0})
        after: int | None = -(2**62)
        while after is not None:
            counts, after, withdrawal = await engine.change(
                partial(self._taken_back, undo=undo, counts=counts, behind=after), bulk=True
            )
            hit("import.taken_back")
            await engine.settled(withdrawal)
            engine.tell("task", work.account)
            engine.tell("customer", work.account)
        now = engine.now()

        def end(unit: Any) -> None:
            processes.end(unit.session, self._task.id, "done", now, done=sum(counts["undone"].values()))
            imports.change(
                unit.session, work.id, (imports.UNDOING,), now, None, state=imports.UNDONE, counts=counts, reason=None
            )

        await engine.change(end)

    def _taken_back(
        self, unit: Any, *, undo: undoing.Undo, counts: dict[str, Any], behind: int
    ) -> tuple[dict[str, Any], int | None, Withdrawal]:
        """Takes back some rows; returns the counts with them, the last of them, and what was withdrawn: what they owed
        by the sheet nobody owes any more."""
        back, withdrawal = taken_back(unit, undo, behind)
        if back is None:
            return counts, None, withdrawal
        done = {name: count + getattr(back, name) for name, count in counts["undone"].items()}
        imports.progress(unit.session, undo.number, 0, {**counts, "undone": done}, undo.now)
        processes.advance(unit.session, self._task.id, sum(done.values()))
        return {**counts, "undone": done}, back.last, withdrawal


def owe(unit: Any, sheet: Sheet, owing: Mapping[int, int | None]) -> Withdrawal:
    """Writes what a sheet says of debts into what customers owe, and withdraws what was written from it before."""
    paid = [number for number, balance in owing.items() if balance == 0]
    others = [number for number, balance in owing.items() if balance != 0]
    found = Withdrawal()
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
