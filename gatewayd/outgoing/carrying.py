"""Carries what other systems are told to the spool: a file each, until it is durable."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import structlog

from gatewayd.store.commands import Change
from spool.errors import SpoolError
from spool.folders import Spool

log = structlog.get_logger()

PORTION: Final = 200

Row = tuple[int, str, Mapping[str, Any]]
"""Number, account, document; the document's `id` names the file."""


@dataclass(frozen=True, slots=True)
class Cargo:
    """What is carried."""

    kind: str
    """For logs."""
    by: str
    unwritten: Callable[[Any, int], Sequence[Row]]
    written: Callable[[Any, Sequence[int]], None]
    write: Callable[[Spool, str, str, Mapping[str, Any]], object]
    carried: Callable[[], None]
    """The failpoint: files are in the spool, the store does not know yet."""


class Carrying:
    """Writes rows out, each until its file is durable. `in_thread` runs what touches the disk."""

    def __init__(
        self,
        cargo: Cargo,
        execute: Callable[[Change[Any]], Awaitable[Any]],
        spool: Spool,
        in_thread: Callable[..., Awaitable[Any]],
    ) -> None:
        self._cargo = cargo
        self._execute = execute
        self._spool = spool
        self._in_thread = in_thread

    async def carry(self) -> int:
        """Writes what no file holds yet; returns how many rows. SpoolError where an account's could not be written."""
        count = 0
        cargo = self._cargo
        while True:
            rows = await self._execute(Change(lambda unit: cargo.unwritten(unit.session.connection, PORTION), cargo.by))
            if not rows:
                return count
            written, fault = await self._in_thread(self._write, rows)
            cargo.carried()
            if written:
                await self._execute(Change(partial(_written, cargo=cargo, numbers=written), cargo.by))
            count += len(written)
            if fault is not None:
                raise fault
            if len(rows) < PORTION:
                return count

    def _write(self, rows: Sequence[Row]) -> tuple[list[int], SpoolError | None]:
        """Writes files; an account whose folder cannot be written waits alone."""
        written: list[int] = []
        fault: SpoolError | None = None
        stuck: set[str] = set()
        for number, account, document in rows:
            if account in stuck:
                continue
            try:
                self._cargo.write(self._spool, account, str(document["id"]), document)
            except SpoolError as error:
                what = f"{self._cargo.kind}: a file cannot be written; it waits in the store"
                log.error(what, account=account, error=str(error))  # noqa: TRY400
                stuck.add(account)
                fault = error
            else:
                written.append(number)
        return written, fault


def _written(unit: Any, *, cargo: Cargo, numbers: Sequence[int]) -> None:
    cargo.written(unit.session, numbers)
