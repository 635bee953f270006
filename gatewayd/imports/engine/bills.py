"""Steps of imports of invoices, payments and credit notes, and what a sheet of customers means for their bills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from gatewayd.billing.engine import desk
from gatewayd.billing.fields import BillRow, Kind
from gatewayd.billing.portion import BillPortion
from gatewayd.imports.bills import rows_together
from gatewayd.imports.engine.pipeline import Pipeline
from gatewayd.imports.engine.process import Request, reader
from gatewayd.imports.engine.reading import Batch
from gatewayd.imports.engine.steps import CancelledError, Engine, Steps, Stopped, noted
from gatewayd.imports.rows import House, Issue
from gatewayd.process.failpoints import hit
from gatewayd.store.billing import freshness, joining, trial
from gatewayd.store.billing.loads import Fault, Written
from gatewayd.store.contacts import imports
from gatewayd.store.contacts.imported import Outcome
from gatewayd.store.contacts.imports import Import
from gatewayd.store.insight import processes
from gatewayd.store.insight.processes import Process
from gatewayd.store.sending.causes import Withdrawal
from gatewayd.store.settings.accounts import zone_of
from gatewayd.values.actor import Scope

JOINED_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class _Recorded:
    """What became of a batch."""

    last: int
    counts: dict[str, Any]
    kept: list[Issue]
    withdrawal: Withdrawal


def steps_of(engine: Engine, task: Process, work: Import, request: Mapping[str, Any]) -> Steps:
    """Returns one step of one import, by what its rows are."""
    if work.kind != imports.CUSTOMERS:
        return BillSteps(engine, task, work, request)
    return CustomerSteps(engine, task, work, request)


class CustomerSteps(Steps):
    """A step of an import of customers: whom it brings is given the bills that waited for them."""

    async def perform(self) -> None:
        await super().perform()
        if self._request["step"] == "run":
            await join_bills(self._engine)
            await self._fresh()

    async def _fresh(self) -> None:
        """Notes as of when debts are so that a sheet of customers says."""
        engine, mapping = self._engine, self._work.mapping or {}
        if not any(name.startswith("debt.") for name in mapping):
            return
        found = await engine.ask(partial(imports.one, scope=Scope.all(), number=self._work.id))
        if found.state == imports.DONE:
            await engine.change(
                lambda unit: freshness.refresh(unit.session, found.account_id, found.as_of, "sheet", engine.now())
            )


async def join_bills(engine: Engine) -> None:
    """Gives customers who have come the bills that waited for them: after each import, and at the start for those whom
    a crash has cut off."""
    for account_id in await engine.ask(joining.waiting):
        while names := await engine.ask(partial(joining.joinable, account_id=account_id, limit=JOINED_AT_ONCE)):
            work = partial(desk.joined, account_id=account_id, external_ids=names, now=engine.now())
            await engine.settled((await engine.change(work, bulk=True)).withdrawal)


class BillSteps(Steps):
    """A step of an import of bills. It is not taken back: a newer list says what is right."""

    @property
    def _kind(self) -> Kind:
        return cast("Kind", self._work.kind)

    async def _request_of(self) -> tuple[Request, ZoneInfo]:
        engine, work = self._engine, self._work
        assert work.mapping is not None
        zone = await engine.ask(partial(zone_of, account=work.account, default=str(engine.config.timezone)))
        path, back = engine.sheet(work.sha256), engine.back(work.id)
        house = House(engine.config.numbers.region)
        request = Request(
            *(path, work.file, work.reading, engine.policy, self._language, work.mapping, house, work.kind, back),
            # One that began otherwise goes on so: how far it is counts rows in that order.
            by_customer=rows_together(self._request.get("order")) if self._kind == "invoices" else 0,
        )
        return request, ZoneInfo(zone)

    def _bills(self, batch: Batch, zone: ZoneInfo) -> list[BillRow] | BillPortion:
        if not isinstance(batch.portion, BillPortion):
            return []
        if self._kind == "invoices" and "as_of" not in batch.portion.columns:
            return batch.portion
        return list(batch.portion.made(zone, self._work.as_of, posted=self._kind != "invoices"))

    def _load(self, unit: Any) -> Any:
        work = self._work
        return desk.load(
            unit,
            work.account_id,
            self._kind,
            source="spool" if work.origin == "spool" else "sheet",
            as_of=work.as_of,
            now=self._engine.now(),
            importing=True,
        )

    def _counted(
        self, batch: Batch, written: Written, before: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Any], list[Issue]]:
        """Returns the counts with a batch, and the issues of it that the store keeps; `before` are those without it,
        None: those that were taken last."""
        told = [*batch.issues, *map(_issue, written.faults)]
        outcome = Outcome(len(written.new), written.changed, written.same)
        counts, kept = self._added(replace(batch, issues=sorted(told)), outcome, before)
        for key, value in (("older", written.older), ("unknown", written.unknown)):
            if value:
                counts[key] = counts.get(key, 0) + value
        return counts, kept

    # ------------------------------------------------------------------------------------------------------------- dry

    async def _dry(self) -> None:
        engine, work = self._engine, self._work
        request, zone = await self._request_of()
        kept: list[Issue] = []
        async with reader(request) as answers:
            await answers.judgement()
            async for batch in answers.batches():
                question = partial(trial.tried, account_id=work.account_id, kind=self._kind, as_of=work.as_of)
                written = await engine.ask(partial(question, rows=self._bills(batch, zone)))
                counts, fresh = self._counted(batch, written)
                self._take(counts, fresh, Outcome())
                kept += fresh
        await self._dried(kept)

    # ------------------------------------------------------------------------------------------------------------- run

    async def _run(self) -> None:
        engine, work = self._engine, self._work
        request, zone = await self._request_of()
        if not self._after:
            await engine.change(lambda unit: imports.drop_issues(unit.session, work.id))
        behind = self._after
        async with reader(request) as answers:
            await answers.judgement()
            async with Pipeline(self._told) as pipeline:
                async for batch in answers.batches():
                    hit("import.read")
                    if batch.last > behind:
                        await pipeline.add(self._record(batch, self._bills(batch, zone), behind))
                        behind = batch.last
        hit("import.loaded")
        await self._close()
        await self._done()

    async def _record(self, batch: Batch, rows: Sequence[BillRow] | BillPortion, behind: int) -> _Recorded:
        """Writes a batch with how far the import is; `behind` is how far it was before. Stopped."""
        engine = self._engine

        def write(unit: Any) -> _Recorded:
            if not processes.running(unit.session, self._task.id):
                raise CancelledError
            before = imports.at(unit.session, self._work.id, behind)
            done = desk.record(unit, self._load(unit), self._kind, rows) if rows else desk.Recorded(Written())
            counts, kept = self._counted(batch, done.written, before)
            imports.add_issues(unit.session, self._work.id, noted(kept))
            imports.progress(unit.session, self._work.id, batch.last, counts, engine.now())
            processes.advance(unit.session, self._task.id, counts["rows"])
            return _Recorded(batch.last, counts, kept, done.withdrawal)

        try:
            return await engine.change(write, bulk=True)
        except CancelledError:
            raise Stopped from None

    async def _told(self, done: _Recorded) -> None:
        """Takes what became of a batch that is in the store."""
        self._after = done.last
        self._take(done.counts, done.kept, Outcome())
        await self._engine.settled(done.withdrawal)
        hit("import.applied")
        self._engine.tell("task", self._work.account)

    async def _close(self) -> None:
        """Notes how fresh billing is, and closes what a complete list of invoices lacks, where that needs no person."""
        engine, work = self._engine, self._work
        rows = int(self._counts.get("rows", 0))
        faulty = sum(int(self._counts.get(kind, 0)) for kind in ("refused", "repeated"))
        since = int(self._counts.get("since", work.created_at))

        def judge(unit: Any) -> desk.Absence | None:
            how = self._load(unit)
            desk.finish(unit, how, self._kind)
            if not work.complete or self._kind != "invoices":
                return None
            return desk.absence(unit, how, since, rows=rows - faulty, faulty=faulty)

        found = await engine.change(judge)
        engine.tell("bill", work.account)
        if found is None:
            return
        if found.asks is not None:
            self._counts |= {"absent_unmarked": found.missing, "asks": found.asks}
            return
        counts: dict[str, Any] | None = self._counts
        while counts is not None:
            self._counts = counts
            counts = await engine.change(self._closed, bulk=True)
            hit("import.absent")

    def _closed(self, unit: Any) -> dict[str, Any] | None:
        """Closes a portion of what the list lacks; returns the counts with it, None once nothing is left."""
        work, now = self._work, self._engine.now()
        closed = desk.close_absent(unit, work.account_id, work.as_of, now)
        if closed is None:
            return None
        counts = {**self._counts, "absent": int(self._counts.get("absent", 0)) + closed}
        imports.progress(unit.session, work.id, self._after, counts, now)
        return counts


def _issue(fault: Fault) -> Issue:
    kind = "repeated" if fault.reason in {"row_same", "row_repeated"} else "refused"
    return Issue(fault.row, kind, fault.field, fault.reason, fault.value)
