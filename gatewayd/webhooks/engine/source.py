"""Makes events of what the log names: receipts of the store, or of the spool once they have left it, and messages
received."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog

from gatewayd.outgoing.inbox_writer import inbox_document
from gatewayd.store.reader import Reader
from gatewayd.store.sending.inbox import entries
from gatewayd.store.webhooks.outbox import INBOUND, RECEIPT
from gatewayd.store.webhooks.progress import Place
from gatewayd.store.webhooks.questions import Endpoint, Logged, logged
from gatewayd.webhooks import event
from gatewayd.webhooks.event import Event
from spool.errors import SpoolError
from spool.evidence import read_segment
from spool.folders import Spool

log = structlog.get_logger()

PAGE: Final = 100
"""Events read at once: some 50 kB, and what is posted a second time after a crash."""


@dataclass(frozen=True, slots=True)
class Item:
    """An event, and where its endpoint is once it is over."""

    event: Event
    after: Place


@dataclass(frozen=True, slots=True)
class Page:
    """What comes next for an endpoint; `after` is where it is once all is over, None where nothing has come."""

    items: tuple[Item, ...]
    after: Place | None


class Source:
    """Reads in a thread; holds the last segment that it read of a file, for the pages that follow."""

    def __init__(self, reader: Reader, spool: Spool) -> None:
        self.reader = reader
        self._spool = spool
        self._segment: tuple[object, tuple[tuple[int, str], ...]] = (None, ())

    def page(self, endpoint: Endpoint, place: Place, end: int | None = None, limit: int = PAGE) -> Page:
        """Returns what comes next from `place` on, below the log's row `end`; StoreError."""
        rows = self.reader.ask(
            partial(
                logged,
                account_id=endpoint.account_id,
                events=endpoint.events,
                place=place,
                end=end,
                limit=limit,
            )
        )
        received = [row.inbound_id for row in rows if row.type == INBOUND and row.inbound_id is not None]
        inbox = self.reader.ask(partial(entries, numbers=received, salt=self.reader.salt())) if received else {}
        items: list[Item] = []
        after: Place | None = None
        for row in rows:
            if len(items) >= limit:
                break
            if row.type == RECEIPT:
                found, after = self._receipts(endpoint.account, row, limit - len(items))
                items += found
                continue
            after = Place(row.id + 1)
            made = self._single(row, lambda number: inbox_document(inbox[number]) if number in inbox else None)
            if made is not None:
                items.append(Item(made, after))
        return Page(tuple(items), after)

    def _single(self, row: Logged, received: Callable[[int], dict[str, object] | None]) -> Event | None:
        if row.type == INBOUND:
            document = None if row.inbound_id is None else received(row.inbound_id)
            return None if document is None else event.inbound(document)
        said = json.loads(row.body or "{}")
        return event.occurrence(row.type, said["subject"], row.id, said["at"], said["data"], known=said.get("known"))

    def _receipts(self, account: str, row: Logged, limit: int) -> tuple[list[Item], Place]:
        lines = row.receipts[:limit] or self._written(account, row)[:limit]
        if not lines:
            log.warning("receipts for a webhook are gone", job=row.job, first=row.first_seq, last=row.last_seq)
            return [], Place(row.id + 1)
        items = [
            Item(event.receipt(line), Place(row.id, seq) if seq < row.last_seq else Place(row.id + 1))
            for seq, line in lines
        ]
        return items, items[-1].after

    def _written(self, account: str, row: Logged) -> tuple[tuple[int, str], ...]:
        """Returns what is left of a segment as the spool has it."""
        if row.job is None:
            return ()
        name = (account, row.job, row.whole_from)
        if self._segment[0] != name:
            try:
                self._segment = (name, read_segment(self._spool, *name))
            except SpoolError as error:
                log.warning("receipts for a webhook cannot be read", job=row.job, error=str(error))
                return ()
        return tuple(each for each in self._segment[1] if row.first_seq <= each[0] <= row.last_seq)
