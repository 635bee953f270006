"""Who must not be written to, and who was told the very same already today."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, select

from gatewayd.store import tables
from gatewayd.store.contacts.blocklist import EVERYBODY, hashed

AT_ONCE: Final = 500
RUNS_MAX: Final = 200
_RUN: Final = tables.campaign_run.c
_PERSON: Final = tables.campaign_person.c
_WORDS: Final = frozenset({"text", "template", "template_version", "subject", "html", "call", "push", "whatsapp"})


def _words(content: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key in _WORDS}


def same_content(
    connection: Connection, *, campaign: int, account_id: int, content: Mapping[str, Any], since: int
) -> Mapping[int, int]:
    """Returns the runs begun since then (Unix ms) that say the same over their first channel, with their campaigns."""
    statement = (
        select(_RUN.id, _RUN.campaign_id, _RUN.content)
        .select_from(tables.campaign_run.join(tables.campaign, tables.campaign.c.id == _RUN.campaign_id))
        .where(
            tables.campaign.c.account_id == account_id,
            tables.campaign.c.id != campaign,
            _RUN.created_at >= since,
            _RUN.state != "skipped",
        )
        .order_by(_RUN.id.desc())
        .limit(RUNS_MAX)
    )
    wanted, found = _words(content), {}
    for run, other, told in connection.execute(statement):
        rungs = json.loads(told)
        if rungs and _words(rungs[0]) == wanted:
            found[run] = other
    return found


def contacted(connection: Connection, *, runs: Mapping[int, int], addresses: Sequence[str]) -> Mapping[str, int]:
    """Returns those of `addresses` that some runs reach, with the campaign that does."""
    if not runs:
        return {}
    found: dict[str, int] = {}
    for start in range(0, len(addresses), AT_ONCE):
        statement = select(_PERSON.address, _PERSON.run_id).where(
            _PERSON.run_id.in_(list(runs)), _PERSON.address.in_(list(addresses[start : start + AT_ONCE]))
        )
        found.update({address: runs[run] for address, run in connection.execute(statement)})
    return found


def blocked(connection: Connection, *, account_id: int, channel: str, addresses: Sequence[str]) -> set[str]:
    """Returns those of `addresses` that the account must not write to over a channel."""
    found: set[str] = set()
    to, account, over = tables.blocklist.c.to, tables.blocklist.c.account_id, tables.blocklist.c.channel
    for start in range(0, len(addresses), AT_ONCE):
        known = {one: one for one in addresses[start : start + AT_ONCE]}
        known |= {hashed(one): one for one in known}
        statement = select(to).where(to.in_(list(known)), account.in_([account_id, EVERYBODY]), over.in_(["", channel]))
        found.update(known[str(row[0])] for row in connection.execute(statement))
    return found
