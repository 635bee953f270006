"""How old billing may be, and whether it is older: one rule for runs, answers, pages and the point of no return.

An account's own bound is before the file's. A feed with a bound of its own has to keep that one too, whatever other
sources have brought meanwhile: a payment typed in by hand makes no feed young.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from gatewayd.store.session import Session, Statement, given
from gatewayd.store.tables import account_settings, billing_state, feed

_AS_OF: Final = Statement(
    select(billing_state.c.as_of).where(billing_state.c.account_id == given(billing_state.c.account_id)),
    "p_account_id",
)
_OWN: Final = Statement(
    select(account_settings.c.document).where(account_settings.c.account_id == given(account_settings.c.account_id)),
    "p_account_id",
)
_FEEDS: Final = Statement(
    select(feed.c.as_of, feed.c.counts).where(feed.c.account_id == given(feed.c.account_id), feed.c.kind == ""),
    "p_account_id",
)


def own_ms(document: str | None) -> int | None:
    """Returns the bound that an account's settings name; None: they name none."""
    own = json.loads(document or "{}").get("billing_max_age")
    return None if own is None else int(own) * 1000


def bound_ms(session: Session, account_id: int, most_ms: int) -> int:
    """Returns how old an account's billing may be; `most_ms` holds where it says nothing."""
    row = session.one(_OWN, account_id)
    own = None if row is None else own_ms(row[0])
    return most_ms if own is None else own


@dataclass(frozen=True, slots=True)
class Age:
    """How old an account's billing may be, and whether it is older."""

    bound_ms: int
    old: bool


def age(session: Session, account_id: int, most_ms: int, now: int) -> Age:
    """Returns both; `most_ms` holds where the account says nothing."""
    bound = bound_ms(session, account_id, most_ms)
    return Age(bound, is_old(session, account_id, bound, now))


def is_old(session: Session, account_id: int, bound: int, now: int) -> bool:
    """Returns whether an account's billing is older than it may be. What has never come is not old."""
    found = session.one(_AS_OF, account_id)
    if found is None:
        return False
    return bool(found[0] + bound < now) or feed_is_old(session, account_id, bound, now)


def feed_is_old(session: Session, account_id: int, bound: int, now: int) -> bool:
    """Returns whether a feed of the account has a bound of its own, and what it brought is older."""
    for as_of, shape in session.all(_FEEDS, account_id):
        own_s = json.loads(shape or "{}").get("max_age")
        if own_s is not None and (as_of is None or as_of + min(bound, int(float(own_s) * 1000)) < now):
            return True
    return False


def fresh(connection: Connection, *, account_id: int, most_ms: int, now: int) -> bool:
    """Returns the same as `is_fresh`, for `Reader.ask`."""
    return is_fresh(Session(connection), account_id, most_ms, now)


def is_fresh(session: Session, account_id: int, most_ms: int, now: int) -> bool:
    """Returns whether an account has billing that is young enough to claim by and to name amounts from; `most_ms` holds
    where the account says nothing."""
    if session.one(_AS_OF, account_id) is None:
        return False
    return not is_old(session, account_id, bound_ms(session, account_id, most_ms), now)
