"""Messages received, one immutable file each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spool import durable
from spool.errors import SpoolConflictError, operating_system
from spool.folders import INBOX, UNMATCHED, Spool, is_name
from spool.receipts import json_line


def write_inbox(spool: Spool, account: str | None, message_id: str, document: Mapping[str, Any]) -> Path:
    """Writes `inbox/<account>/<message_id>.json` for good, or below `inbox/_unmatched` without an account.

    Durable when it returns. The same message again is fine; SpoolConflictError if another one has its name;
    SpoolUnavailableError leaves nothing behind: call again.
    """
    if not is_name(message_id):
        raise ValueError(f"not an id: {message_id!r}")
    owner, name = account or UNMATCHED, f"{message_id}.json"
    with operating_system(f"{INBOX}/{owner}/{name}"), spool.open(INBOX, owner, create=True) as folder:
        try:
            durable.publish(folder, name, [json_line(document)])
        except FileExistsError as error:
            raise SpoolConflictError(f"{INBOX}/{owner}/{name}: another message is there") from error
    return spool.folder(INBOX, owner) / name
