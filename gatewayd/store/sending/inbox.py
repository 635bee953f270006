"""Received messages: kept once, joined, given to the account they answer; opt-outs take effect at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import Connection, func, select, text, update

from gatewayd.contact.said import Verdict, words_of
from gatewayd.store.commands import (
    Blocked,
    Ended,
    EndParts,
    Inbound,
    InboxEntry,
    InboxWritten,
    Received,
    UnwrittenInbox,
)
from gatewayd.store.contacts import blocklist
from gatewayd.store.sending import blocks, conversations, fragments
from gatewayd.store.sending.tallies import HOUR_MS, RECEIVED
from gatewayd.store.sending.unit import Unit
from gatewayd.store.session import Row, Statement, adding, among, given
from gatewayd.store.tables import account, attempt, inbound, job, message, part
from gatewayd.store.webhooks import outbox
from gatewayd.values.model import ulid

UNMATCHED: Final = "_unmatched"
"""Stands for no account in `UnwrittenInbox.without`."""
KEYS: Final = "call"
"""The channel of keys pressed: the row's text is the key."""
OPT_OUT: Final = "opt_out"
NOTE_MOST: Final = 200
"""Characters of a text that stand beside a number on the do-not-contact list."""
ANSWER_MS: Final = 30 * 86_400_000
"""A received message answers the latest one sent to its sender within this time."""

MAY_HAVE_COME: Final = ("sending", "submitted", "delivered", "read", "undelivered", "uncertain")
"""States of a message that somebody may be answering."""

STORED: Final = Statement(
    select(inbound.c.id).where(inbound.c.line == given(inbound.c.line), inbound.c.key == given(inbound.c.key)),
    "p_line p_key",
)
ADD: Final = adding(
    inbound, "at received_at account_id channel line sender to text key message_id opt_out written review action"
)
ANSWERED: Final = Statement(
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
_BY_ATTEMPT: Final = Statement(
    select(message.c.id, job.c.account_id)
    .select_from(attempt.join(message, message.c.id == attempt.c.message_id).join(job, job.c.id == message.c.job_id))
    .where(attempt.c.id == given(attempt.c.id)),
    "p_id",
)
_BY_REFERENCE: Final = Statement(
    select(message.c.id, job.c.account_id)
    .select_from(
        message.join(job, job.c.id == message.c.job_id)
        .join(attempt, attempt.c.message_id == message.c.id)
        .join(part, part.c.attempt_id == attempt.c.id)
    )
    .where(
        message.c.to == given(message.c.to),
        part.c.line == given(part.c.line),
        # Networks spell one reference in several ways.
        func.ltrim(func.lower(part.c.reference), "0") == func.ltrim(func.lower(given(part.c.reference)), "0"),
    )
    .order_by(part.c.at.desc())
    .limit(1),
    "p_to p_line p_reference",
)
_ACCOUNT: Final = Statement(select(account.c.id).where(account.c.name == given(account.c.name)), "p_name")


def receive(unit: Unit, commands: list[Inbound]) -> list[Received | Exception]:
    unit.flush_messages()
    return [_receive(unit, command) for command in commands]


def _receive(unit: Unit, command: Inbound) -> Received:
    if command.concat is None:
        return _store(unit, command, fragments.Whole(command.text, command.key, command.to, command.at))
    added = fragments.add(unit.session, command)
    if added.repeat:
        return Received(stored=False, complete=False, opt_out=False)
    stored = [_store(unit, command, whole) for whole in (added.left, added.whole) if whole is not None]
    return Received(
        stored=True,
        complete=bool(stored),
        opt_out=any(each.opt_out for each in stored),
        doubtful=any(each.doubtful for each in stored),
        jobs=tuple(job for each in stored for job in each.jobs),
    )


def end_parts(unit: Unit, commands: list[EndParts]) -> list[Ended | Exception]:
    """Keeps what there is of texts whose other parts have not come for long."""
    unit.flush_messages()
    return [_end_parts(unit, command) for command in commands]


def _end_parts(unit: Unit, command: EndParts) -> Ended:
    stored: list[Received] = []
    for (line, sender, _, _), whole in fragments.overdue(unit.session, command.before, command.limit):
        owner = command.accounts.get(line, command.default_account)
        received = Inbound(
            line, "sms", whole.key, sender, whole.to, whole.text, whole.at, None, owner, command.judge, command.now
        )
        stored.append(_store(unit, received, whole))
    return Ended(len(stored), tuple(sorted({job for each in stored for job in each.jobs})))


def _store(unit: Unit, command: Inbound, whole: fragments.Whole) -> Received:
    session = unit.session
    if session.one(STORED, command.line, whole.key) is not None:
        return Received(stored=False, complete=True, opt_out=False)
    message_id, account_id = _answers(unit, command)
    verdict = Verdict.YES if command.opted_out else command.judge(whole.text, command.subject)
    opt_out = verdict is Verdict.YES
    session.run(
        ADD,
        whole.at,
        command.now,
        account_id,
        command.channel,
        command.line,
        command.sender,
        whole.to,
        whole.text,
        whole.key,
        message_id,
        opt_out,
        False,
        OPT_OUT if verdict is Verdict.DOUBTFUL else None,
        None,
    )
    if account_id is not None:
        unit.tallies.add((command.now // HOUR_MS, account_id, command.channel, command.line, RECEIVED), 1, 0, 0)
        conversations.received(
            session, account_id, command.sender, at=command.now, channel=command.channel, line=command.line
        )
    blocked = None
    if opt_out:
        note = words_of(whole.text[:NOTE_MOST]) or None
        blocked = blocks.put(
            unit,
            [command.sender, *command.aliases],
            OPT_OUT,
            note,
            command.now,
            account_id=blocklist.EVERYBODY if account_id is None else account_id,
        )
    elif command.aliases:
        blocked = _blocked_too(unit, command)
    return Received(
        stored=True,
        complete=True,
        opt_out=opt_out,
        doubtful=verdict is Verdict.DOUBTFUL,
        jobs=blocked.jobs if blocked else (),
    )


def _blocked_too(unit: Unit, command: Inbound) -> Blocked | None:
    """Somebody who opted out has another number now, or another name: it is the same person."""
    done = [
        blocks.put(unit, command.aliases, OPT_OUT, None, command.now, account_id=owner)
        for owner in sorted(blocklist.owners(unit.session, command.sender))
    ]
    jobs = tuple(sorted({job for each in done for job in each.jobs}))
    return Blocked(sum(each.added for each in done), sum(each.cancelled for each in done), jobs) if done else None


def _answers(unit: Unit, command: Inbound) -> tuple[int | None, int | None]:
    """The message it answers and the account it belongs to: the one that is named, else the latest to the sender."""
    found = None
    if command.answers is not None:
        found = unit.session.one(_BY_ATTEMPT, command.answers)
    addresses = (command.sender, *command.aliases)
    if command.answers_reference is not None:
        for address in addresses:
            found = found or unit.session.one(_BY_REFERENCE, address, command.line, command.answers_reference)
    for address in addresses:
        found = found or unit.session.one(ANSWERED, address, command.now - ANSWER_MS)
    if found is not None:
        return found[0], found[1]
    if command.default_account is None:
        return None, None
    owner = unit.session.one(_ACCOUNT, command.default_account)
    return None, None if owner is None else owner[0]


# --------------------------------------------------------------------------------------------------------------- inbox

_OWNER: Final = func.coalesce(account.c.name, UNMATCHED)
_WITHOUT: Final = given(account.c.name, "p_without")
_ENTRY: Final = select(
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
    inbound.c.review,
).select_from(
    inbound.outerjoin(account, account.c.id == inbound.c.account_id)
    .outerjoin(message, message.c.id == inbound.c.message_id)
    .outerjoin(job, job.c.id == message.c.job_id)
)
_UNWRITTEN: Final = Statement(
    _ENTRY.where(text("NOT inbound.written"), func.replace(_WITHOUT, "/" + _OWNER + "/", "") == _WITHOUT)
    .order_by(inbound.c.id)
    .limit(given(inbound.c.id, "p_limit")),
    "p_without p_limit",
)
"""Names of accounts have no slash: "//norte///sur/" with "/norte/" taken away is another text."""
_FRESH: Final = Statement(
    select(inbound.c.account_id, inbound.c.received_at, inbound.c.id).where(
        text("NOT inbound.written"), among(inbound.c.id)
    )
)
_WRITTEN: Final = Statement(update(inbound).where(among(inbound.c.id)).values(written=text("true")))


def unwritten(unit: Unit, commands: list[UnwrittenInbox]) -> list[tuple[InboxEntry, ...] | Exception]:
    return [
        tuple(
            _entry(row, unit.memory.stamps.public)
            for row in unit.session.all(_UNWRITTEN, _listed(command.without), command.limit)
        )
        for command in commands
    ]


def _listed(names: Sequence[str]) -> str:
    return "".join(f"//{name}/" for name in names)


def entries(connection: Connection, *, numbers: Sequence[int], salt: int) -> dict[int, InboxEntry]:
    """Returns messages received by their numbers, for `Reader.ask`; those that are gone are left out."""
    rows = connection.execute(_ENTRY.where(inbound.c.id.in_(list(numbers))))
    return {row[0]: _entry(tuple(row), lambda ms, number: ulid(ms, salt, number)) for row in rows}


def _entry(row: Row, public: Callable[[int, int], str]) -> InboxEntry:
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
        review=row[15],
    )


def written(unit: Unit, commands: list[InboxWritten]) -> list[Exception | None]:
    ids = sorted({number for command in commands for number in command.ids})
    wanting = outbox.listeners(unit.session, outbox.INBOUND)
    if wanting:
        fresh = unit.session.among(_FRESH, ids)
        outbox.add_inbound(unit.session, sorted({row for row in fresh if row[0] in wanting}, key=lambda row: row[2]))
    unit.session.among(_WRITTEN, ids)
    return [None] * len(commands)
