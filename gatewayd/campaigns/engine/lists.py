"""Reads the files of fixed lists: a worker judges and streams, the store keeps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Any, Final, Protocol, TypeVar

import structlog

from gatewayd.campaigns.engine.workers import documents
from gatewayd.config import Config
from gatewayd.numbers import Policy
from gatewayd.process.failpoints import hit
from gatewayd.store.campaigns import lists, outcomes, runs
from gatewayd.store.campaigns.lists import Member, PeopleList
from gatewayd.store.commands import Change
from gatewayd.values.errors import UnavailableError
from spool import uploads
from spool.folders import Spool

log = structlog.get_logger()

R = TypeVar("R")

PORTION: Final = 500
WORKER: Final = "gatewayd.campaigns.engine.list_worker"


class Execute(Protocol):
    """Hands a change to whoever writes the store."""

    def __call__(self, command: Change[R], /) -> Awaitable[R]: ...


class ListReader:
    """Reads one list after another."""

    def __init__(
        self,
        config: Callable[[], Config],
        spool: Spool,
        policy: Policy,
        *,
        ask: Callable[[Callable[..., Any]], Awaitable[Any]],
        execute: Execute,
    ) -> None:
        self._ask = ask
        self._config = config
        self._spool = spool
        self._policy = policy
        self._execute = execute

    async def read(self, known: PeopleList) -> None:
        """Reads the file of a list from its beginning. What is wrong with the file is written down; GatewayError where
        it is the store's or the machine's fault."""
        await self._execute(Change(lambda unit: lists.clear(unit.session, known.id), "campaigns"))
        hit("campaign.list_begun")
        if "resend" in known.source:
            await self._gather(known, known.source["resend"])
            return
        if "customers" in known.source:
            await self._select(known, known.source["customers"])
            return
        try:
            path = uploads.find(self._spool, known.account, str(known.source["upload"]))
        except uploads.UploadError:
            await self._end(known, [], {}, "upload_gone")
            return
        policy = self._policy
        request = {
            "path": str(path),
            "name": known.source.get("file") or "list.csv",
            "channel": known.source.get("channel", "sms"),
            "instructions": known.source.get("instructions", {}),
            "policy": [policy.region, policy.home_area, policy.assume_mobile],
            "language": known.source.get("language") or self._config().locale,
        }
        columns: list[str] = []
        judgement: dict[str, Any] = {}
        count = 0
        async with aclosing(documents(WORKER, request)) as told:
            async for document in told:
                if "columns" in document:
                    columns, judgement = [str(name) for name in document["columns"]], document["judgement"] or {}
                elif "rows" in document:
                    some, refused = _members(document)
                    count += len(some)
                    work = partial(_added, known, some, members=count, refused=refused)
                    if not await self._execute(Change(work, "campaigns")):
                        return
                    hit("campaign.list_chunk")
                elif "error" in document:
                    await self._end(known, columns, judgement, str(document["error"])[:2000])
                    return
        hit("campaign.list_read")
        await self._end(known, columns, judgement, None)

    async def _gather(self, known: PeopleList, wanted: Mapping[str, Any]) -> None:
        """Makes a list of those of a run whose last message is in one of some states."""

        def chosen(connection: Any) -> list[int]:
            run = runs.run(connection, number=int(wanted["run"]))
            return outcomes.rows_in(outcomes.states_of(connection, run, answered=True), wanted["states"])

        rows: list[int] = await self._ask(chosen)
        for start in range(0, len(rows), PORTION):
            some = await self._ask(
                partial(outcomes.people_at, run=int(wanted["run"]), rows=rows[start : start + PORTION])
            )
            # Numbered anew, without a gap: as many as there are members.
            members = [replace(one, row=place) for place, one in enumerate(some, start + 1)]
            count = start + len(members)
            await self._execute(Change(partial(_added, known, members, members=count, refused={}), "campaigns"))
            hit("campaign.list_chunk")
        hit("campaign.list_read")
        await self._end(known, [], {}, None)

    async def _select(self, known: PeopleList, names: Sequence[str]) -> None:
        """Makes a list of those of some customers (external ids) that there are."""
        count = missing = 0
        for start in range(0, len(names), PORTION):
            some = names[start : start + PORTION]
            found: Mapping[str, int] = await self._ask(partial(lists.customers, account=known.account, names=some))
            missing += len(some) - len(found)
            members = [
                Member(place, found[name], name, None, None)
                for place, name in enumerate((name for name in some if name in found), count + 1)
            ]
            count += len(members)
            refused = {"unknown": missing} if missing else {}
            work = partial(_added, known, members, members=count, refused=refused)
            if not await self._execute(Change(work, "campaigns")):
                return
        await self._end(known, [], {}, None)

    async def _end(self, known: PeopleList, columns: list[str], judgement: dict[str, Any], reason: str | None) -> None:
        source = {**known.source, "judgement": judgement}
        work = Change(
            lambda unit: lists.end_reading(unit.session, known, columns=columns, source=source, reason=reason),
            "campaigns",
        )
        await self._execute(work)
        log.info("list read", list=known.id, account=known.account, failed=reason is not None)


def _added(known: PeopleList, some: Sequence[Member], unit: Any, *, members: int, refused: Mapping[str, int]) -> bool:
    return lists.add_members(unit.session, known, some, members=members, refused=refused)


def _members(document: Mapping[str, Any]) -> tuple[list[Member], dict[str, int]]:
    """Returns the members that a worker tells of, and how many rows it has refused. UnavailableError for nonsense."""
    try:
        some = [Member(int(row), None, ref or None, str(to), str(cells)) for row, to, ref, cells in document["rows"]]
        refused = {str(reason): int(count) for reason, count in document["refused"].items()}
    except (TypeError, ValueError, AttributeError) as error:
        raise UnavailableError("the process that reads people says nonsense") from error
    return some, refused
