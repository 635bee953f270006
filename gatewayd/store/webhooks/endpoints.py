"""Endpoints: made, changed, switched, and brought into line with the configuration file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, func, select, update

from gatewayd.store.session import Session, Statement, adding, among, given, setting
from gatewayd.store.tables import account, webhook, webhook_failure, webhook_log
from gatewayd.values.errors import ConflictError, NotFoundError, UsageError
from gatewayd.words.translation import gettext as _

FILE: Final = "file"
STORE: Final = "store"

MOST: Final = 100
"""Endpoints of a store: each has a task and up to four connections."""

BY_PERSON: Final = "by_person"
NOT_IN_FILE: Final = "not_in_file"
"""An endpoint of the file that the file has no more: it stays, with what it has not posted, until it lapses."""


@dataclass(frozen=True, slots=True)
class Filed:
    """An endpoint as the configuration file has it."""

    account: str
    url: str
    events: tuple[str, ...]
    allow_private: bool = False


_ACCOUNT: Final = Statement(select(account.c.id).where(account.c.name == given(account.c.name)), "p_name")
_NEXT: Final = Statement(select(func.coalesce(func.max(webhook_log.c.id), 0) + 1))
_COUNT: Final = Statement(select(func.count(webhook.c.id)))
_SAME: Final = Statement(
    select(webhook.c.id).where(
        webhook.c.account_id == given(webhook.c.account_id), webhook.c.url == given(webhook.c.url)
    ),
    "p_account_id p_url",
)
_ADD: Final = adding(
    webhook,
    "account_id origin node url events allow_private secrets enabled since gathers log_id log_seq created_at"
    " acknowledged",
)
_ONE: Final = Statement(
    select(webhook.c.account_id, webhook.c.origin, webhook.c.gathers, webhook.c.enabled).where(
        webhook.c.id == given(webhook.c.id)
    ),
    "p_id",
)
_SET_URL: Final = setting(webhook, "url", "id")
_SET_EVENTS: Final = setting(webhook, "events", "id")
_SET_FILED: Final = setting(webhook, "events allow_private", "id")
_SET_SECRETS: Final = setting(webhook, "secrets", "id")
_SWITCH: Final = setting(webhook, "enabled reason since resting_until", "id")
_GATHER_ANEW: Final = setting(webhook, "gathers log_id log_seq", "id")
_DROP_FAILURES: Final = Statement(
    delete(webhook_failure).where(webhook_failure.c.webhook_id == given(webhook_failure.c.webhook_id)), "p_webhook_id"
)
_DROP: Final = Statement(delete(webhook).where(webhook.c.id == given(webhook.c.id)), "p_id")
_ONCE_MORE: Final = Statement(
    update(webhook_failure)
    .where(webhook_failure.c.webhook_id == given(webhook_failure.c.webhook_id), webhook_failure.c.waiting)
    .values(tries=given(webhook_failure.c.tries), due=given(webhook_failure.c.due)),
    "p_tries p_due p_webhook_id",
)
_FILED: Final = Statement(
    select(
        webhook.c.id,
        account.c.name,
        webhook.c.url,
        webhook.c.events,
        webhook.c.enabled,
        webhook.c.reason,
        webhook.c.node,
        webhook.c.allow_private,
    )
    .select_from(webhook.join(account, account.c.id == webhook.c.account_id))
    .where(webhook.c.origin == FILE)
    .order_by(webhook.c.id)
)


def spelt(events: Sequence[str]) -> str:
    """Returns names of events as the column has them."""
    return f" {' '.join(dict.fromkeys(events))} "


def add(
    session: Session,
    *,
    owner: str,
    url: str,
    events: Sequence[str],
    secrets: str | None,
    now: int,
    node: str | None = None,
    allow_private: bool = False,
) -> int:
    """Makes an endpoint, for what happens from now on; returns its number. `node`: whose file has it; None: none's.

    NotFoundError, ConflictError, UsageError.
    """
    found = session.one(_ACCOUNT, owner)
    if found is None:
        raise NotFoundError(_("no account {account}").format(account=owner))
    _free(session, found[0], url, 0)
    count = session.one(_COUNT)
    if count is not None and count[0] >= MOST:
        raise UsageError(_("there are {most} webhooks already, which is the most").format(most=MOST))
    origin, names = STORE if node is None else FILE, spelt(events)
    place = (_next(session), 0)
    session.run(_ADD, found[0], origin, node, url, names, allow_private, secrets, True, now, True, *place, now, 0)
    made = session.one(_SAME, found[0], url)
    assert made is not None
    return int(made[0])


def _next(session: Session) -> int:
    row = session.one(_NEXT)
    assert row is not None
    return int(row[0])


def _free(session: Session, owner: int, url: str, number: int) -> None:
    """ConflictError where another endpoint of the account has that address."""
    same = session.one(_SAME, owner, url)
    if same is not None and same[0] != number:
        raise ConflictError(_("webhook {webhook} of that account has this address already").format(webhook=same[0]))


def _existing(session: Session, number: int, *, changed: bool) -> tuple[int, bool, bool]:
    """Returns account, whether things are kept for it, and whether it is enabled. NotFoundError; ConflictError where it
    is to be `changed` and the file has it."""
    row = session.one(_ONE, number)
    if row is None:
        raise NotFoundError(_("no webhook {webhook}").format(webhook=number))
    if changed and row[1] == FILE:
        raise ConflictError(_("webhook {webhook} is from the file: change it there").format(webhook=number))
    return row[0], bool(row[2]), bool(row[3])


def alter(
    session: Session,
    number: int,
    *,
    url: str | None = None,
    events: Sequence[str] | None = None,
    secrets: str | None = None,
) -> None:
    """Changes what is not None. NotFoundError, ConflictError."""
    owner, _gathers, _enabled = _existing(session, number, changed=True)
    if url is not None:
        _free(session, owner, url, number)
        session.run(_SET_URL, url, number)
    if events is not None:
        session.run(_SET_EVENTS, spelt(events), number)
    if secrets is not None:
        session.run(_SET_SECRETS, secrets, number)


def remove(session: Session, number: int) -> None:
    """Removes an endpoint with all that it has not posted. NotFoundError, ConflictError."""
    _existing(session, number, changed=True)
    _drop(session, number)


def _drop(session: Session, number: int) -> None:
    session.run(_DROP_FAILURES, number)
    session.run(_DROP, number)


def enable(session: Session, number: int, now: int) -> None:
    """Goes on where the endpoint was; what waits is due at once and has all its tries again. NotFoundError."""
    _owner, gathers, _enabled = _existing(session, number, changed=False)
    if not gathers:
        session.run(_GATHER_ANEW, True, _next(session), 0, number)
    session.run(_SWITCH, True, None, now, None, number)
    session.run(_ONCE_MORE, 0, now, number)


def disable(session: Session, number: int, now: int, reason: str = BY_PERSON) -> None:
    """Posts nothing more until it is enabled; what happens is kept for a while. NotFoundError."""
    _existing(session, number, changed=False)
    session.run(_SWITCH, False, reason, now, None, number)


def match_file(session: Session, filed: Iterable[Filed], node: str, now: int) -> tuple[str, ...]:
    """Makes the endpoints of a node's file be those of the store; returns why some of them cannot be.

    One that the file has no more is disabled, and removed once nothing is kept for it; one that comes back goes on.
    """
    wanted: Mapping[tuple[str, str], Filed] = {(each.account, each.url): each for each in filed}
    strange: list[str] = []
    seen: set[tuple[str, str]] = set()
    for number, owner, url, events, enabled, reason, whose, private in session.all(_FILED):
        each = wanted.get((owner, url))
        if each is None:
            if enabled and whose == node:
                disable(session, number, now, NOT_IN_FILE)
            continue
        seen.add((owner, url))
        if (events, bool(private)) != (spelt(each.events), each.allow_private):
            session.run(_SET_FILED, spelt(each.events), each.allow_private, number)
        if not enabled and reason == NOT_IN_FILE:
            enable(session, number, now)
    for key, each in wanted.items():
        if key in seen:
            continue
        try:
            add(
                session,
                owner=each.account,
                url=each.url,
                events=each.events,
                secrets=None,
                now=now,
                node=node,
                allow_private=each.allow_private,
            )
        except (NotFoundError, UsageError) as error:
            strange.append(str(error))
        except ConflictError:
            # An administrator has made it before the file named it: the file's word goes first.
            _take_over(session, each, node)
    return tuple(dict.fromkeys(strange))


_ADOPT: Final = setting(webhook, "origin node events allow_private secrets", "id")


def _take_over(session: Session, filed: Filed, node: str) -> None:
    found = session.one(_ACCOUNT, filed.account)
    same = None if found is None else session.one(_SAME, found[0], filed.url)
    if same is not None:
        session.run(_ADOPT, FILE, node, spelt(filed.events), filed.allow_private, None, same[0])


_LAPSED: Final = Statement(
    select(webhook.c.id).where(webhook.c.origin == FILE, webhook.c.reason == NOT_IN_FILE, ~webhook.c.gathers)
)


def drop_lapsed(session: Session) -> None:
    """Removes endpoints that left the file so long ago that nothing is kept for them any more."""
    for (number,) in session.all(_LAPSED):
        _drop(session, number)


# ---------------------------------------------------------------------------------------------------- several nodes

_CLAIM: Final = Statement(
    update(webhook)
    .where(
        (webhook.c.owner.is_(None))
        | (webhook.c.owner == given(webhook.c.owner, "k_owner"))
        | (webhook.c.owned_until < given(webhook.c.owned_until, "k_now")),
        among(webhook.c.id),
    )
    .values(owner=given(webhook.c.owner), owned_until=given(webhook.c.owned_until)),
    "p_owner p_owned_until k_owner k_now",
)


def claim(session: Session, numbers: Sequence[int], node: str, now: int, until: int) -> None:
    """Takes those of the endpoints that no living node posts to, and keeps those that are this node's, until a time."""
    session.among(_CLAIM, sorted(numbers), node, until, node, now)
