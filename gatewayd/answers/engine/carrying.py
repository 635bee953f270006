"""Carries what happens to tickets to the spool: a file each in `inbox/ACCOUNT/tickets/`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final

import structlog

from gatewayd.failpoints import hit
from gatewayd.store.commands import Change
from gatewayd.store.port import Writer
from gatewayd.store.tickets import tickets
from spool.errors import SpoolError
from spool.folders import Spool
from spool.inbox import write_ticket

log = structlog.get_logger()

PORTION: Final = 200


class Carrying:
    """Writes rows of tickets out, each until its file is durable. `in_thread` runs what touches the disk."""

    def __init__(self, writer: Writer, spool: Spool, in_thread: Callable[..., Awaitable[Any]]) -> None:
        self._writer = writer
        self._spool = spool
        self._in_thread = in_thread

    async def carry(self) -> int:
        """Writes what no file holds yet; returns how many rows. SpoolError where none could be written."""
        count = 0
        while True:
            rows = await self._writer.do(
                Change(lambda unit: tickets.unwritten(unit.session.connection, PORTION), "answers")
            )
            if not rows:
                return count
            written, fault = await self._in_thread(self._write, rows)
            hit("ticket.carried")
            if written:
                await self._writer.do(Change(partial(_written, numbers=written), "answers"))
            count += len(written)
            if fault is not None:
                raise fault
            if len(rows) < PORTION:
                return count

    def _write(self, rows: Sequence[tuple[int, str, dict[str, Any]]]) -> tuple[list[int], SpoolError | None]:
        """Writes files; an account whose folder cannot be written waits alone."""
        written: list[int] = []
        fault: SpoolError | None = None
        stuck: set[str] = set()
        for number, account, document in rows:
            if account in stuck:
                continue
            try:
                write_ticket(self._spool, account, document["id"], document)
            except SpoolError as error:
                log.error("a ticket cannot be written; it waits in the store", account=account, error=str(error))  # noqa: TRY400
                stuck.add(account)
                fault = error
            else:
                written.append(number)
        return written, fault


def _written(unit: Any, *, numbers: Sequence[int]) -> None:
    tickets.written(unit.session, numbers)
