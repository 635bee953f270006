"""Conversations: opened by what comes in, read, assigned and put away by people."""

from __future__ import annotations

from typing import Final

from sqlalchemy import literal_column, select, update

from gatewayd.store import tables
from gatewayd.store.session import Session, Statement, given, merging
from gatewayd.values.actor import Scope
from gatewayd.values.errors import NotFoundError, UsageError
from gatewayd.words.translation import gettext as _

_CONVERSATION: Final = tables.conversation
_COLUMN: Final = _CONVERSATION.c

_RECEIVED: Final = merging(
    _CONVERSATION,
    "account_id address last_at channel line unread done_at",
    "account_id address",
    add="unread",
    replace="last_at channel line done_at",
)
_ONE: Final = Statement(
    select(_COLUMN.account_id)
    .select_from(_CONVERSATION.join(tables.account, tables.account.c.id == _COLUMN.account_id))
    .where(tables.account.c.name == given(tables.account.c.name), _COLUMN.address == given(_COLUMN.address)),
    "p_name p_address",
)
_KEYED: Final = (_COLUMN.account_id == given(_COLUMN.account_id), _COLUMN.address == given(_COLUMN.address))
_READ: Final = Statement(
    update(_CONVERSATION).where(*_KEYED).values(unread=literal_column("0")), "p_account_id p_address"
)
_PUT_AWAY: Final = Statement(
    update(_CONVERSATION).where(*_KEYED).values(unread=literal_column("0"), done_at=given(_COLUMN.done_at)),
    "p_done_at p_account_id p_address",
)
_OPEN: Final = Statement(
    update(_CONVERSATION).where(*_KEYED).values(done_at=literal_column("NULL")), "p_account_id p_address"
)
_ASSIGN: Final = Statement(
    update(_CONVERSATION).where(*_KEYED).values(assigned_id=given(_COLUMN.assigned_id)),
    "p_assigned_id p_account_id p_address",
)
_USER: Final = Statement(
    select(tables.user.c.id, tables.user.c.account_id).where(tables.user.c.name == given(tables.user.c.name)),
    "p_name",
)


def received(session: Session, account_id: int, address: str, *, at: int, channel: str, line: str) -> None:
    """Opens the conversation with the sender of what just came in, or adds to it."""
    session.run(_RECEIVED, account_id, address, at, channel, line, 1, None)


def read(session: Session, scope: Scope, account: str, address: str) -> None:
    """Marks everything as read. NotFoundError where the scope has no such conversation."""
    session.run(_READ, _number(session, scope, account, address), address)


def put_away(session: Session, scope: Scope, account: str, address: str, now: int) -> None:
    """Puts it away until something comes in. NotFoundError where the scope has no such conversation."""
    session.run(_PUT_AWAY, now, _number(session, scope, account, address), address)


def open_again(session: Session, scope: Scope, account: str, address: str) -> None:
    """Takes it out again. NotFoundError where the scope has no such conversation."""
    session.run(_OPEN, _number(session, scope, account, address), address)


def assign(session: Session, scope: Scope, account: str, address: str, user: str | None) -> None:
    """Gives it to a user of the account or to an administrator of all; None takes it from everybody.

    NotFoundError where the scope has no such conversation, UsageError where the user is none of theirs.
    """
    number = _number(session, scope, account, address)
    person = None
    if user is not None:
        found = session.one(_USER, user.casefold())
        if found is None or found[1] not in {None, number}:
            raise UsageError(_("user: there is no {user} in {account}").format(user=user, account=account))
        person = found[0]
    session.run(_ASSIGN, person, number, address)


def _number(session: Session, scope: Scope, account: str, address: str) -> int:
    """Returns the number of the conversation's account."""
    found = session.one(_ONE, account, address) if scope.holds(account) else None
    if found is None:
        raise NotFoundError(_("no conversation with {address}").format(address=address))
    return int(found[0])
