"""Questions about conversations: which wait, and what was said in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Connection, Select, func, or_, select, tuple_

from gatewayd.store import tables
from gatewayd.store.contacts import blocklist
from gatewayd.store.tickets import answers
from gatewayd.store.tickets.answers import Shown
from gatewayd.values.actor import Scope
from gatewayd.values.errors import NotFoundError
from gatewayd.values.model import ulid
from gatewayd.words.translation import gettext as _

_CONVERSATION: Final = tables.conversation.c
_ACCOUNT: Final = tables.account.c
_USER: Final = tables.user.c
_IN: Final = tables.inbound.c
_OUT: Final = tables.message.c
_JOB: Final = tables.job.c

THREAD_MOST: Final = 200
"""What is shown of one conversation, the latest; the rest is in the log of interactions."""

Which = Literal["open", "unread", "mine", "done", "all"]


@dataclass(frozen=True, slots=True)
class ConversationView:
    account: str
    address: str
    last_at: int
    channel: str
    line: str
    unread: int
    done_at: int | None
    assigned: str | None
    text: str
    """The latest that came in."""


@dataclass(frozen=True, slots=True)
class Said:
    """One thing said in a conversation, by either side."""

    direction: Literal["in", "out"]
    public: str
    at: int
    channel: str
    line: str | None
    text: str | None
    state: str | None
    reason: str | None
    final: bool
    opt_out: bool
    review: str | None
    answer: Shown | None = None
    """What was answered to it without a person, or why nothing was."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ends: the last conversation on it."""

    last_at: int
    account_id: int
    address: str


@dataclass(frozen=True, slots=True)
class ConversationPage:
    items: Sequence[ConversationView]
    next: Place | None


_ALL: Final = select(
    tables.conversation, _ACCOUNT.name.label("account"), _USER.shown_name.label("assigned")
).select_from(
    tables.conversation.join(tables.account, _ACCOUNT.id == _CONVERSATION.account_id).outerjoin(
        tables.user, _USER.id == _CONVERSATION.assigned_id
    )
)


def conversations(
    connection: Connection,
    scope: Scope,
    *,
    which: Which,
    person: int | None,
    limit: int,
    search: str | None = None,
    account: str | None = None,
    behind: Place | None = None,
) -> ConversationPage:
    """Returns the conversations within a scope, the one with the latest message first, from behind a place."""
    statement = _meant(_ALL, scope, which, person, account)
    if search:
        like = "%" + search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        statement = statement.where(_CONVERSATION.address.like(like, escape="\\"))
    if behind is not None:
        key = tuple_(_CONVERSATION.last_at, _CONVERSATION.account_id, _CONVERSATION.address)
        statement = statement.where(key < tuple_(behind.last_at, behind.account_id, behind.address))
    statement = statement.order_by(
        _CONVERSATION.last_at.desc(), _CONVERSATION.account_id.desc(), _CONVERSATION.address.desc()
    ).limit(limit + 1)
    rows = connection.execute(statement).all()
    items = [_view(connection, row) for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return ConversationPage(items, None if last is None else Place(last.last_at, last.account_id, last.address))


def unread_conversations(connection: Connection, scope: Scope, most: int) -> int:
    """Returns how many conversations hold something unread, counted up to `most`."""
    found = _meant(select(_CONVERSATION.address), scope, "unread", None, None).select_from(
        tables.conversation.join(tables.account, _ACCOUNT.id == _CONVERSATION.account_id)
    )
    return int(connection.scalar(select(func.count()).select_from(found.limit(most).subquery())) or 0)


def _meant(statement: Select[Any], scope: Scope, which: Which, person: int | None, account: str | None) -> Select[Any]:
    if scope.account is not None:
        statement = statement.where(_ACCOUNT.name == scope.account)
    if account is not None:
        statement = statement.where(_ACCOUNT.name == account)
    match which:
        case "open":
            return statement.where(_CONVERSATION.done_at.is_(None))
        case "unread":
            return statement.where(_CONVERSATION.done_at.is_(None), _CONVERSATION.unread > 0)
        case "mine":
            return statement.where(_CONVERSATION.done_at.is_(None), _CONVERSATION.assigned_id == person)
        case "done":
            return statement.where(_CONVERSATION.done_at.is_not(None))
    return statement


def conversation(connection: Connection, scope: Scope, account: str, address: str) -> ConversationView:
    """Returns one conversation; NotFoundError where the scope has no such one."""
    row = None
    if scope.holds(account):
        row = connection.execute(_ALL.where(_ACCOUNT.name == account, _CONVERSATION.address == address)).one_or_none()
    if row is None:
        raise NotFoundError(_("no conversation with {address}").format(address=address))
    return _view(connection, row)


def _view(connection: Connection, row: Any) -> ConversationView:
    text = connection.scalar(
        select(_IN.text)
        .where(_IN.sender == row.address, _IN.account_id == row.account_id, _IN.channel != "call")
        .order_by(_IN.id.desc())
        .limit(1)
    )
    return ConversationView(
        account=row.account,
        address=row.address,
        last_at=row.last_at,
        channel=row.channel,
        line=row.line,
        unread=row.unread,
        done_at=row.done_at,
        assigned=row.assigned,
        text=text or "",
    )


def thread(connection: Connection, scope: Scope, account: str, address: str, salt: int) -> Sequence[Said]:
    """Returns what was said in a conversation, the oldest first, at most the latest `THREAD_MOST` of either side."""
    number = connection.scalar(select(_ACCOUNT.id).where(_ACCOUNT.name == account)) if scope.holds(account) else None
    if number is None:
        return ()
    came = connection.execute(
        select(tables.inbound)
        .where(_IN.sender == address, _IN.account_id == number)
        .order_by(_IN.id.desc())
        .limit(THREAD_MOST)
    )
    rows = list(came)
    answered = answers.shown(connection, [row.id for row in rows])
    said = [
        Said(
            direction="in",
            public=ulid(row.received_at, salt, row.id),
            at=row.at,
            channel=row.channel,
            line=row.line,
            text=row.text,
            state=None,
            reason=None,
            final=True,
            opt_out=bool(row.opt_out),
            review=row.review,
            answer=answered.get(row.id),
        )
        for row in rows
    ]
    went = connection.execute(
        select(
            *(_OUT.id, _OUT.text, _OUT.state, _OUT.final, _OUT.reason, _OUT.line),
            *(_JOB.channel, _JOB.created_at, tables.attempt.c.started_at),
        )
        .select_from(
            tables.message.join(tables.job, _JOB.id == _OUT.job_id).outerjoin(
                tables.attempt, tables.attempt.c.id == _OUT.attempt_id
            )
        )
        .where(_OUT.to == address, _JOB.account_id == number, or_(_OUT.reason.is_(None), _OUT.state != "invalid"))
        .order_by(_OUT.id.desc())
        .limit(THREAD_MOST)
    )
    said += [
        Said(
            direction="out",
            public=ulid(row.created_at, salt, row.id),
            at=row.started_at or row.created_at,
            channel=row.channel,
            line=row.line,
            text=row.text,
            state=row.state,
            reason=row.reason,
            final=bool(row.final),
            opt_out=False,
            review=None,
        )
        for row in went
    ]
    return sorted(said, key=lambda one: (one.at, one.public))


def is_blocked(connection: Connection, *, scope: Scope, account: str, address: str) -> bool:
    """Returns whether an account must not write to an address."""
    number = connection.scalar(select(_ACCOUNT.id).where(_ACCOUNT.name == account)) if scope.holds(account) else None
    return number is not None and blocklist.is_blocked(connection, address, number)
