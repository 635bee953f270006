"""Received messages: kept once, joined, given to the account they answer; opt-outs take effect at once."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, func, select, text, update

from gatewayd.store.commands import Finish, Inbound, InboxEntry, InboxWritten, Received, UnwrittenInbox
from gatewayd.store.sending import blocks
from gatewayd.store.sending.unit import Unit
from gatewayd.store.session import Row, Statement, adding, among, given
from gatewayd.store.tables import account, inbound, inbound_part, job, message

UNMATCHED: Final = "_unmatched"
"""Stands for no account in `UnwrittenInbox.without`."""
KEYS: Final = "call"
"""The channel of keys pressed: the row's text is the key."""
ANSWER_MS: Final = 30 * 86_400_000
"""A received message answers the latest one sent to its sender within this time."""

MAY_HAVE_COME: Final = ("sending", "submitted", "delivered", "read", "undelivered", "uncertain")
"""States of a message that somebody may be answering."""

_STORED: Final = Statement(
    select(inbound.c.id).where(inbound.c.line == given(inbound.c.line), inbound.c.key == given(inbound.c.key)),
    "p_line p_key",
)
_ADD: Final = adding(inbound, "at received_at account_id channel line sender to text key message_id opt_out written")
_SAME_SET: Final = (
    inbound_part.c.line == given(inbound_part.c.line),
    inbound_part.c.sender == given(inbound_part.c.sender),
    inbound_part.c.reference == given(inbound_part.c.reference),
    inbound_part.c.total == given(inbound_part.c.total),
)
_PARTS: Final = Statement(
    select(inbound_part.c.number, inbound_part.c.key, inbound_part.c.text, inbound_part.c.at)
    .where(*_SAME_SET)
    .order_by(inbound_part.c.number),
    "p_line p_sender p_reference p_total",
)
_DROP_SET: Final = Statement(delete(inbound_part).where(*_SAME_SET), "p_line p_sender p_reference p_total")
_DROP_PART: Final = Statement(
    delete(inbound_part).where(*_SAME_SET, inbound_part.c.number == given(inbound_part.c.number)),
    "p_line p_sender p_reference p_total p_number",
)
_ADD_PART: Final = adding(inbound_part, "line sender reference total number key to text at received_at")
_ANSWERED: Final = Statement(
    select(message.c.id, job.c.account_id)
    .select_from(message.join(job, job.c.id == message.c.job_id))
    .where(
        message.c.to == given(message.c.to),
        message.c.attempt_id.is_not(None),
        message.c.state.in_(MAY_HAVE_COME),
        message.c.updated_at >= given(message.c.updated_at),
    )
    # The latest to be sent, not the latest to be recorded.
    .order_by(message.c.attempt_id.desc())
    .limit(1),
    "p_to p_updated_at",
)
_ACCOUNT: Final = Statement(select(account.c.id).where(account.c.name == given(account.c.name)), "p_name")


def receive(unit: Unit, commands: list[Inbound]) -> list[Received | Exception]:
    unit.flush_messages()
    return [_receive(unit, command) for command in commands]


def _receive(unit: Unit, command: Inbound) -> Received:
    if command.concat is None:
        return _store(unit, command, command.text, command.key, command.at)
    session = unit.session
    reference, total, number = command.concat
    group = (command.line, command.sender, reference, total)
    known = {row[0]: row for row in session.all(_PARTS, *group)}
    if number in known and known[number][1] == command.key:
        return Received(stored=False, complete=len(known) == total, opt_out=False)
    if len(known) == total:
        # Joined long ago, kept to know repeats: the sender's references have come round.
        session.run(_DROP_SET, *group)
        known = {}
    elif number in known:
        session.run(_DROP_PART, *group, number)
    session.run(_ADD_PART, *group, number, command.key, command.to, command.text, command.at, command.now)
    known[number] = (number, command.key, command.text, command.at)
    if len(known) < total:
        return Received(stored=True, complete=False, opt_out=False)
    parts = [known[at] for at in sorted(known)]
    return _store(unit, command, "".join(row[2] for row in parts), parts[0][1], min(row[3] for row in parts))


def _store(unit: Unit, command: Inbound, body: str, key: str, at: int) -> Received:
    session = unit.session
    if session.one(_STORED, command.line, key) is not None:
        return Received(stored=False, complete=True, opt_out=False)
    message_id, account_id = _answers(unit, command)
    opt_out = plain(body) in command.opt_out_words
    session.run(
        _ADD,
        at,
        command.now,
        account_id,
        command.channel,
        command.line,
        command.sender,
        command.to,
        body,
        key,
        message_id,
        opt_out,
        False,
    )
    if opt_out:
        blocks.put(unit, [command.sender], "opt_out", plain(body), command.now)
    return Received(stored=True, complete=True, opt_out=opt_out)


def plain(body: str) -> str:
    """Upper case, without accents, its words alone, one space between them: as opt-out words are written."""
    letters = unicodedata.normalize("NFD", body.upper())
    words = (each if each.isalnum() else " " for each in letters if not unicodedata.combining(each))
    return " ".join("".join(words).split())


def keyed(unit: Unit, commands: Sequence[Finish]) -> None:
    """The keys that people pressed in calls: each answers the call it was pressed in, once."""
    unit.session.many(
        _ADD,
        [
            (
                command.now,
                command.now,
                command.work.account_id,
                KEYS,
                command.line,
                command.work.to,
                None,
                command.pressed,
                f"#{command.work.attempt_id}",
                command.work.message_id,
                command.opted_out,
                False,
            )
            for command in commands
        ],
    )


def _answers(unit: Unit, command: Inbound) -> tuple[int | None, int | None]:
    """The message it answers and the account it belongs to."""
    found = unit.session.one(_ANSWERED, command.sender, command.now - ANSWER_MS)
    if found is not None:
        return found[0], found[1]
    if command.default_account is None:
        return None, None
    owner = unit.session.one(_ACCOUNT, command.default_account)
    return None, None if owner is None else owner[0]


# --------------------------------------------------------------------------------------------------------------- inbox

_OWNER: Final = func.coalesce(account.c.name, UNMATCHED)
_WITHOUT: Final = given(account.c.name, "p_without")
_UNWRITTEN: Final = Statement(
    select(
        inbound.c.id,
        inbound.c.received_at,
        inbound.c.at,
        account.c.name,
        inbound.c.channel,
        inbound.c.line,
        inbound.c.sender,
        inbound.c.to,
        inbound.c.text,
        inbound.c.key,
        inbound.c.opt_out,
        job.c.name,
        message.c.id,
        job.c.created_at,
        message.c.ref,
    )
    .select_from(
        inbound.outerjoin(account, account.c.id == inbound.c.account_id)
        .outerjoin(message, message.c.id == inbound.c.message_id)
        .outerjoin(job, job.c.id == message.c.job_id)
    )
    .where(text("NOT inbound.written"), func.replace(_WITHOUT, "/" + _OWNER + "/", "") == _WITHOUT)
    .order_by(inbound.c.id)
    .limit(given(inbound.c.id, "p_limit")),
    "p_without p_limit",
)
"""Names of accounts have no slash: "//norte///sur/" with "/norte/" taken away is another text."""
_WRITTEN: Final = Statement(update(inbound).where(among(inbound.c.id)).values(written=text("true")))


def unwritten(unit: Unit, commands: list[UnwrittenInbox]) -> list[tuple[InboxEntry, ...] | Exception]:
    return [
        tuple(_entry(unit, row) for row in unit.session.all(_UNWRITTEN, _listed(command.without), command.limit))
        for command in commands
    ]


def _listed(names: Sequence[str]) -> str:
    return "".join(f"//{name}/" for name in names)


def _entry(unit: Unit, row: Row) -> InboxEntry:
    public = unit.memory.stamps.public
    return InboxEntry(
        id=row[0],
        public=public(row[1], row[0]),
        at=row[2],
        account=row[3],
        channel=row[4],
        line=row[5],
        sender=row[6],
        to=row[7],
        text=row[8],
        key=row[9],
        opt_out=bool(row[10]),
        job=row[11],
        message=None if row[12] is None else public(row[13], row[12]),
        ref=row[14],
    )


def written(unit: Unit, commands: list[InboxWritten]) -> list[Exception | None]:
    unit.session.among(_WRITTEN, sorted({number for command in commands for number in command.ids}))
    return [None] * len(commands)
