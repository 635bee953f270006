"""Messages received, one immutable file each."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from spool import durable
from spool.errors import SpoolConflictError, operating_system
from spool.folders import INBOX, UNMATCHED, Spool, is_name
from spool.receipts import json_line

TICKETS: Final = "tickets"
"""The folder of what happens to tickets, within an account's inbox."""
EVENTS: Final = "events"
"""The folder of what other systems are told of customers (suspension due, reconnection), within an account's inbox."""
_BESIDE: Final = 10
"""Names tried for one message."""


def write_inbox(
    spool: Spool, account: str | None, message_id: str, document: Mapping[str, Any], *, beside: bool = False
) -> Path:
    """Writes `inbox/<account>/<message_id>.json` for good, or below `inbox/_unmatched` without an account.

    Durable when it returns. The same message again is fine; SpoolConflictError if something else has its name, unless
    it may be written `beside`, as `<message_id>.2.json` and so on. SpoolUnavailableError leaves nothing behind: call
    again.
    """
    if not is_name(message_id):
        raise ValueError(f"not an id: {message_id!r}")
    return _write(spool, (account or UNMATCHED, None), message_id, document, beside=beside)


def write_ticket(spool: Spool, account: str, event_id: str, document: Mapping[str, Any]) -> Path:
    """Writes what happened to a ticket to `inbox/<account>/tickets/<event_id>.json`, as `write_inbox` does."""
    return _write(spool, (account, TICKETS), event_id, document, beside=False)


def write_event(spool: Spool, account: str, event_id: str, document: Mapping[str, Any]) -> Path:
    """Writes what other systems are told to `inbox/<account>/events/<event_id>.json`, as `write_inbox` does."""
    return _write(spool, (account, EVENTS), event_id, document, beside=False)


def _write(
    spool: Spool, folders: tuple[str, str | None], message_id: str, document: Mapping[str, Any], *, beside: bool
) -> Path:
    owner, inner = folders
    content = json_line(document)
    where = "/".join(filter(None, (INBOX, owner, inner, f"{message_id}.json")))
    with operating_system(where), spool.open(INBOX, owner, inner, create=True) as folder:
        for version in range(1, _BESIDE if beside else 2):
            name = f"{message_id}.json" if version == 1 else f"{message_id}.{version}.json"
            with suppress(FileExistsError):
                durable.publish(folder, name, [content])
                return spool.folder(INBOX, owner, inner) / name
    raise SpoolConflictError(f"{where}: another message is there")
