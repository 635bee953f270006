"""What came in, on its way from the store to `inbox/`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from gatewayd.process.failpoints import hit
from gatewayd.store.commands import InboxEntry, InboxWritten, UnwrittenInbox
from gatewayd.store.port import Writer
from gatewayd.store.sending.inbox import KEYS
from gatewayd.values.errors import GatewayError
from gatewayd.values.stalls import Stalls, Tell
from spool.errors import SpoolError
from spool.folders import UNMATCHED, Spool
from spool.inbox import write_inbox

log = structlog.get_logger()

BATCH: Final = 500
GATHER_S: Final = 0.1
"""Between two lots: the first message goes at once, and those that follow it go together. Each lot costs the store two
transactions, and a trunk may bring fifty keys a second."""
TROUBLE_S: Final = 5.0
"""Between tries while the disk is full: what came in waits in the store."""


class InboxWriter:
    """Writes stored messages out, for as long as it runs. An account whose folder cannot be written waits alone."""

    def __init__(
        self,
        writer: Writer,
        spool: Spool,
        in_thread: Callable[..., asyncio.Future[Any]],
        tell: Tell | None = None,
        written: Callable[[], None] = lambda: None,
    ) -> None:
        """`written` is called once messages are in the spool."""
        self._writer = writer
        self._spool = spool
        self._in_thread = in_thread
        self._written = written
        self._wake = asyncio.Event()
        self._wake.set()
        self.stalls: Stalls[str] = Stalls("inbox", lambda _: self.due(), tell)

    def due(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled; begins with what a crash has left."""
        try:
            while True:
                await self._wake.wait()
                try:
                    await self.flush()
                    await asyncio.sleep(GATHER_S)
                except (GatewayError, SpoolError) as error:
                    log.error("inbox cannot be written; it waits in the store", error=str(error))  # noqa: TRY400
                    self._wake.set()
                    await asyncio.sleep(TROUBLE_S)
        finally:
            self.stalls.close()

    async def flush(self) -> None:
        while True:
            self._wake.clear()
            entries = await self._writer.do(UnwrittenInbox(BATCH, self.stalls.accounts()))
            if not entries:
                return
            faults: dict[str, str] = {}
            written = await self._in_thread(self._write, entries, faults)
            hit("inbox.written")
            if written:
                await self._writer.do(InboxWritten(tuple(written)))
                self._written()
            for owner in dict.fromkeys(entry.account or UNMATCHED for entry in entries):
                if owner in faults:
                    self.stalls.failed(owner, owner, faults[owner])
                else:
                    self.stalls.over(owner, owner)
            if len(entries) < BATCH:
                return

    def _write(self, entries: Sequence[InboxEntry], faults: dict[str, str]) -> list[int]:
        """Answers which are written."""
        written: list[int] = []
        for entry in entries:
            owner = entry.account or UNMATCHED
            if owner in faults:
                continue
            try:
                write_inbox(self._spool, entry.account, entry.public, inbox_document(entry), beside=True)
            except SpoolError as error:
                faults[owner] = str(error)
            else:
                written.append(entry.id)
        return written


def inbox_document(entry: InboxEntry) -> dict[str, Any]:
    """The content of an inbox file."""
    pressed = entry.channel == KEYS
    reply = {"job": entry.job, "message": entry.message, "ref": entry.ref} if entry.message else None
    return {
        "v": 1,
        "id": entry.public,
        "at": datetime.fromtimestamp(entry.at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "account": entry.account,
        "channel": entry.channel,
        "line": entry.line,
        "from": entry.sender,
        "to": entry.to,
        "text": None if pressed else entry.text,
        "key": entry.text if pressed else None,
        "in_reply_to": reply,
        "opt_out": entry.opt_out,
    } | ({} if entry.review is None else {"review": entry.review})
