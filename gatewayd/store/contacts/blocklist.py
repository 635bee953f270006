"""The do-not-contact list: an account's own, everybody's, and the registers of the law.

Whoever is on it gets nothing that has not left yet, but for class `reply`: what the person has just asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import Any, Final
from urllib.parse import quote, unquote

from sqlalchemy import Connection, Integer, delete, literal, literal_column, or_, select, tuple_
from sqlalchemy.sql.expression import ColumnElement, exists

from gatewayd.store.session import Session, Statement, adding, among, given
from gatewayd.store.snapshots import BlockedNumber
from gatewayd.store.tables import account, blocklist
from gatewayd.values.errors import UsageError
from gatewayd.words.translation import gettext as _

EVERYBODY: Final = 0
"""In place of an account's number: a block that all accounts obey."""

HASHED: Final = "sha256:"
"""Before the hash of an address that is not to be kept: its person was forgotten, the wish stays."""
_ZERO: Final[ColumnElement[int]] = literal_column("0", Integer)
_DIGITS: Final = 18
"""Of an account's number."""

_LISTED: Final = Statement(
    select(blocklist.c.to).where(
        blocklist.c.account_id == given(blocklist.c.account_id),
        blocklist.c.register == given(blocklist.c.register),
        among(blocklist.c.to),
    ),
    "p_account_id p_register",
)
_ANY_HASHED: Final = Statement(
    select(blocklist.c.to).where(blocklist.c.to >= HASHED, blocklist.c.to < HASHED + "~").limit(1)
)
_OWN: Final = Statement(
    select(blocklist.c.to, blocklist.c.channel, blocklist.c.at, blocklist.c.source).where(
        blocklist.c.account_id == given(blocklist.c.account_id),
        blocklist.c.register == "",
        among(blocklist.c.to),
    ),
    "p_account_id",
)
_ANY: Final = Statement(select(blocklist.c.to).limit(1))
_BARRED: Final = Statement(
    select(blocklist.c.to).where(
        blocklist.c.account_id.in_([given(blocklist.c.account_id), _ZERO]),
        or_(blocklist.c.channel == "", blocklist.c.channel == given(blocklist.c.channel)),
        among(blocklist.c.to),
    ),
    "p_account_id p_channel",
)
_OWNERS: Final = Statement(
    select(blocklist.c.account_id).where(blocklist.c.to == given(blocklist.c.to), blocklist.c.register == ""), "p_to"
)
_ADD: Final = adding(blocklist, "account_id to register channel at source note")
_DROP: Final = Statement(
    delete(blocklist).where(
        blocklist.c.account_id == given(blocklist.c.account_id),
        blocklist.c.to == given(blocklist.c.to),
        blocklist.c.register == "",
    ),
    "p_account_id p_to",
)


def holds(to: Any, account_id: Any, channel: Any = None) -> ColumnElement[bool]:
    """Returns the condition that an address is blocked for an account, as columns or values say both: over a channel,
    or for anything at all where none is given."""
    wide = blocklist.c.channel == ""
    about = [blocklist.c.to == to, wide if channel is None else or_(wide, blocklist.c.channel == channel)]
    # Asked twice: for an IN of what each row says SQLite builds a table in memory for each row.
    return or_(*(exists().where(blocklist.c.account_id == whose, *about) for whose in (account_id, _ZERO)))


def barred(session: Session, account_id: int, channel: str, addresses: Collection[str]) -> set[str]:
    """Returns those of the addresses that the account must not write to over the channel."""
    if not addresses or session.one(_ANY) is None:
        return set()
    found = {row[0] for row in session.among(_BARRED, sorted(addresses), account_id, channel)}
    if session.one(_ANY_HASHED) is not None:
        by_hash = {hashed(address): address for address in addresses}
        found |= {by_hash[row[0]] for row in session.among(_BARRED, sorted(by_hash), account_id, channel)}
    return found


def hashed(address: str) -> str:
    """Returns what stands on the list for an address that is not to be kept in clear."""
    return HASHED + hashlib.sha256(address.encode()).hexdigest()


def hide(session: Session, account_id: int, addresses: Sequence[str]) -> int:
    """Keeps an account's blocks of some addresses as hashes alone; they bar as before. Nothing may wait for these
    addresses: what waits is asked for by the address itself. Returns how many there were."""
    rows = session.among(_OWN, sorted(set(addresses)), account_id) if addresses else []
    for to, channel, at, source in {row[0]: row for row in rows}.values():
        session.run(_DROP, account_id, to)
        add(session, [hashed(to)], account_id=account_id, source=source, note=None, now=at, channel=channel)
    return len(rows)


def owners(session: Session, address: str) -> set[int]:
    """Returns the accounts that have the address on a list of their own, with `EVERYBODY` where all have it."""
    return {row[0] for one in (address, hashed(address)) for row in session.all(_OWNERS, one)}


def add(
    session: Session,
    addresses: Sequence[str],
    *,
    account_id: int,
    source: str,
    note: str | None,
    now: int,
    register: str = "",
    channel: str = "",
) -> int:
    """Puts addresses on the list of an account, or of everybody; returns how many were not on it yet."""
    # What a register says is never hidden, and it is long.
    either = addresses if register else [*addresses, *map(hashed, addresses)]
    listed = {row[0] for row in session.among(_LISTED, either, account_id, register)} if addresses else set()
    fresh = [one for one in dict.fromkeys(addresses) if one not in listed and hashed(one) not in listed]
    session.many(_ADD, [(account_id, address, register, channel, now, source, note) for address in fresh])
    return len(fresh)


def drop(session: Session, address: str, *, account_id: int) -> bool:
    """Takes an address off the list of an account, or of everybody; returns whether it was on it. What a register says
    stays."""
    return session.run(_DROP, account_id, address) + session.run(_DROP, account_id, hashed(address)) > 0


_NAME: Final = select(account.c.name).where(account.c.id == blocklist.c.account_id).scalar_subquery()


def page(
    connection: Connection, *, account_id: int | None, own: bool = False, after: str | None, limit: int
) -> list[BlockedNumber]:
    """Returns what is on the lists in the order of numbers, behind the place `after`; of all, or what one account
    obeys (`own`: its own list alone). UsageError for a place that is none."""
    key = blocklist.c.to, blocklist.c.account_id, blocklist.c.register
    statement = select(blocklist, _NAME.label("account")).order_by(*key).limit(limit)
    if account_id is not None:
        obeyed = [account_id] if own else [account_id, EVERYBODY]
        statement = statement.where(blocklist.c.account_id.in_(obeyed))
    if after is not None:
        statement = statement.where(tuple_(*key) > tuple_(*map(literal, _read(after))))
    return [
        BlockedNumber(
            row.to, row.at, row.source, row.note, row.account, row.register or None, row.channel or None, row.account_id
        )
        for row in connection.execute(statement)
    ]


def place(entry: BlockedNumber) -> str:
    """Returns the place of an entry, behind which the next page begins."""
    return f"{entry.account_id} {quote(entry.register or '')} {entry.to}"


def _read(after: str) -> tuple[str, int, str]:
    owner, _blank, rest = after.partition(" ")
    register, separator, to = rest.partition(" ")
    if not separator or not owner.isascii() or not owner.isdigit() or len(owner) > _DIGITS:
        raise UsageError(_("not a cursor of this list: {cursor}").format(cursor=after[:40]))
    return to, int(owner), unquote(register)


def is_blocked(connection: Connection, address: str, account_id: int) -> bool:
    """Returns whether the account must not write to an address over any channel."""
    return bool(connection.scalar(select(or_(holds(address, account_id), holds(hashed(address), account_id)))))
