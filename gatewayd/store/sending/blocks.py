"""Blocks as sending obeys them: what waits for a blocked number is withdrawn in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from gatewayd.store.commands import Block, Blocked, Unblock
from gatewayd.store.contacts import blocklist
from gatewayd.store.contacts.blocklist import EVERYBODY
from gatewayd.store.sending.sweeps import withdraw
from gatewayd.store.sending.unit import Unit
from gatewayd.store.session import Session, Statement, among, given
from gatewayd.store.tables import account, job, message
from gatewayd.store.tables.base import of
from gatewayd.store.tables.sending import WAITS
from gatewayd.values.errors import NotFoundError
from gatewayd.values.model import State

_WAITING: Final = Statement(
    select(message.c.id, message.c.account_id, message.c.channel)
    .select_from(message.join(job, job.c.id == message.c.job_id))
    .where(of("message", WAITS), job.c["class"] != "reply", among(message.c.to))
)
_ACCOUNT: Final = Statement(select(account.c.id).where(account.c.name == given(account.c.name)), "p_name")
_LATEST: Final = Statement(
    select(message.c.account_id)
    .where(message.c.to == given(message.c.to), message.c.attempt_id.is_not(None))
    # The latest to be sent, not the latest to be recorded.
    .order_by(message.c.attempt_id.desc())
    .limit(1),
    "p_to",
)


def block(unit: Unit, commands: list[Block]) -> list[Blocked | Exception]:
    results: list[Blocked | Exception] = []
    for command in commands:
        try:
            results.append(_block(unit, command))
        except NotFoundError as error:
            results.append(error)
    return results


def _block(unit: Unit, command: Block) -> Blocked:
    owner = _owner(unit.session, command.account)
    if command.answered and command.numbers:
        found = unit.session.one(_LATEST, command.numbers[0])
        owner = EVERYBODY if found is None else int(found[0])
    return put(
        unit,
        command.numbers,
        command.source,
        command.note,
        command.now,
        account_id=owner,
        register=command.register,
        channel=command.channel,
    )


def _owner(session: Session, name: str | None) -> int:
    if name is None:
        return EVERYBODY
    found = session.one(_ACCOUNT, name)
    if found is None:
        raise NotFoundError(f"no account {name}")
    return int(found[0])


def put(
    unit: Unit,
    numbers: Sequence[str],
    source: str,
    note: str | None,
    now: int,
    *,
    account_id: int,
    register: str = "",
    channel: str = "",
) -> Blocked:
    """Puts numbers on the list of an account, or of everybody (0), and withdraws what waits for them there."""
    wanted = list(dict.fromkeys(numbers))
    fresh = blocklist.add(
        unit.session,
        wanted,
        account_id=account_id,
        source=source,
        note=note,
        now=now,
        register=register,
        channel=channel,
    )
    unit.flush_messages()
    rows = unit.load(
        row[0]
        for row in unit.session.among(_WAITING, wanted)
        if account_id in {EVERYBODY, row[1]} and channel in {"", row[2]}
    )
    withdraw(unit, list(rows.values()), State.CANCELLED, "blocked", now)
    return Blocked(fresh, len(rows), tuple(sorted({row.job_id for row in rows.values()})))


def unblock(unit: Unit, commands: list[Unblock]) -> list[bool | Exception]:
    results: list[bool | Exception] = []
    for command in commands:
        try:
            owner = _owner(unit.session, command.account)
        except NotFoundError as error:
            results.append(error)
        else:
            results.append(blocklist.drop(unit.session, command.number, account_id=owner))
    return results
