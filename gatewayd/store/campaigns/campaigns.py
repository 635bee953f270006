"""Campaigns as they are kept: what they say, how far they are, and who approved them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, or_, select, text

from gatewayd.store import tables
from gatewayd.store.accounts import account_number
from gatewayd.store.campaigns import files, numbers
from gatewayd.store.session import Row, Session, Statement, adding, given, setting
from gatewayd.store.snapshots import Page
from gatewayd.store.tables.campaigns import DUE, OPEN
from gatewayd.values.actor import Scope
from gatewayd.values.errors import ConflictError, NotFoundError
from gatewayd.words.translation import gettext as _

_CAMPAIGN: Final = tables.campaign.c
_COLUMNS: Final = (
    "id name state document list_id origin due planned missed approved_people launched_by launched_at ended_at"
    " created_at created_by updated_at version review review_version test pace lines"
)
_WITH_ACCOUNT: Final = select(*(_CAMPAIGN[name] for name in _COLUMNS.split()), tables.account.c.name.label("owner"))
_JOINED: Final = _WITH_ACCOUNT.select_from(
    tables.campaign.join(tables.account, tables.account.c.id == _CAMPAIGN.account_id)
)


@dataclass(frozen=True, slots=True)
class Campaign:
    """A row. Times are Unix ms; `document`, `origin` and `review` JSON."""

    id: int
    name: str
    state: str
    document: str
    list_id: int | None
    origin: str | None
    due: int | None
    planned: str | None
    missed: str | None
    approved_people: int | None
    launched_by: str | None
    launched_at: int | None
    ended_at: int | None
    created_at: int
    created_by: str
    updated_at: int
    version: int
    review: str | None
    review_version: int | None
    test: bool
    pace: int | None
    """Segments a minute over all its jobs."""
    lines: str | None
    """JSON: lines by channel, in place of those that the document names."""
    account: str


def _view(row: Any) -> Campaign:
    values = list(row)
    values[_TEST] = bool(values[_TEST])
    return Campaign(*values)


_TEST: Final = _COLUMNS.split().index("test")


def campaign(connection: Connection, *, scope: Scope, number: int) -> Campaign:
    """Returns one campaign within a scope. NotFoundError."""
    statement = _JOINED.where(_CAMPAIGN.id == number)
    if scope.account is not None:
        statement = statement.where(tables.account.c.name == scope.account)
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise NotFoundError(_("no campaign {number}").format(number=number))
    return _view(row)


def campaigns(
    connection: Connection,
    *,
    scope: Scope,
    states: Collection[str] = (),
    q: str = "",
    before: int | None = None,
    limit: int,
) -> Page[Campaign]:
    """Returns the campaigns within a scope, newest first; of some states, and with `q` in their names, where given."""
    statement = _JOINED.order_by(_CAMPAIGN.id.desc()).limit(limit + 1)
    if scope.account is not None:
        statement = statement.where(tables.account.c.name == scope.account)
    if states:
        statement = statement.where(_CAMPAIGN.state.in_(list(states)))
    if q:
        statement = statement.where(_CAMPAIGN.name.icontains(q, autoescape=True))
    if before is not None:
        statement = statement.where(_CAMPAIGN.id < before)
    rows = connection.execute(statement).all()
    return Page(tuple(map(_view, rows[:limit])), str(rows[limit - 1].id) if len(rows) > limit else None)


def using(connection: Connection, *, account: str, name: str, limit: int) -> Sequence[Campaign]:
    """Returns an account's campaigns that go to the list of that name, newest first."""
    said = f'"list":{json.dumps(name, ensure_ascii=False)}'
    statement = _JOINED.where(tables.account.c.name == account, _CAMPAIGN.document.contains(said, autoescape=True))
    return [_view(row) for row in connection.execute(statement.order_by(_CAMPAIGN.id.desc()).limit(limit))]


def open_campaigns(connection: Connection) -> Sequence[Campaign]:
    """Returns those that run or are paused, of all accounts, for the engine."""
    return [_view(row) for row in connection.execute(_JOINED.where(text(f"campaign.{OPEN}")).order_by(_CAMPAIGN.id))]


def asking_campaigns(connection: Connection, *, scope: Scope, limit: int = 20) -> Sequence[Campaign]:
    """Returns those that want a person's word: on a run that was missed, or an approval."""
    statement = _JOINED.where(
        or_(_CAMPAIGN.state == "awaiting_approval", (_CAMPAIGN.state == "scheduled") & _CAMPAIGN.missed.is_not(None))
    )
    if scope.account is not None:
        statement = statement.where(tables.account.c.name == scope.account)
    return [_view(row) for row in connection.execute(statement.order_by(_CAMPAIGN.id.desc()).limit(limit))]


def stuck_campaigns(connection: Connection, *, scope: Scope) -> Sequence[Campaign]:
    """Returns those that run and of which nothing leaves, as their log says."""
    event = tables.campaign_event.c
    newest = (
        select(event.kind)
        .where(event.campaign_id == _CAMPAIGN.id, event.kind.in_(("stuck", "moves")))
        .order_by(event.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    statement = _JOINED.where(text(f"campaign.{OPEN}"), _CAMPAIGN.state == "running", newest == "stuck")
    if scope.account is not None:
        statement = statement.where(tables.account.c.name == scope.account)
    return [_view(row) for row in connection.execute(statement.order_by(_CAMPAIGN.id))]


def due_campaigns(connection: Connection, limit: int = 1_000) -> Sequence[Campaign]:
    """Returns those that wait for their time, the next one first, of all accounts, for the engine."""
    statement = _JOINED.where(text(f"campaign.{DUE.replace('due', 'campaign.due')}")).order_by(_CAMPAIGN.due)
    return [_view(row) for row in connection.execute(statement.limit(limit))]


# ------------------------------------------------------------------------------------------------------------- changes

_ADD: Final = adding(
    tables.campaign,
    "account_id name state document list_id origin created_at created_by updated_at version test",
)
_ADD_NUMBERED: Final = adding(
    tables.campaign,
    "id account_id name state document list_id origin created_at created_by updated_at version test",
)
_LATEST: Final = Statement(
    select(_CAMPAIGN.id)
    .where(_CAMPAIGN.account_id == given(_CAMPAIGN.account_id))
    .order_by(_CAMPAIGN.id.desc())
    .limit(1),
    "p_account_id",
)
_SAVE: Final = setting(
    tables.campaign, "name state document list_id approved_people due planned missed updated_at version", "id version"
)
_LOCK: Final = Statement(
    select(_CAMPAIGN.state, _CAMPAIGN.version).where(_CAMPAIGN.id == given(_CAMPAIGN.id)).with_for_update(), "p_id"
)
_SET_STATE: Final = setting(tables.campaign, "state updated_at", "id state")
_REMOVE: Final = Statement(
    tables.campaign.delete().where(_CAMPAIGN.id == given(_CAMPAIGN.id), _CAMPAIGN.state == "draft"), "p_id"
)
_REMOVE_EVENTS: Final = Statement(
    tables.campaign_event.delete().where(
        tables.campaign_event.c.campaign_id == given(tables.campaign_event.c.campaign_id)
    ),
    "p_campaign_id",
)
_REMOVE_APPROVALS: Final = Statement(
    tables.approval.delete().where(tables.approval.c.campaign_id == given(tables.approval.c.campaign_id)),
    "p_campaign_id",
)


@dataclass(frozen=True, slots=True)
class NewCampaign:
    """A campaign that is being made; `document` and `origin` are JSON."""

    account: str
    name: str
    document: str
    by: str
    now: int
    list_id: int | None = None
    origin: str | None = None
    test: bool = False


def add(session: Session, new: NewCampaign) -> int:
    """Keeps a new draft; returns its number."""
    account = account_number(session.connection, new.account)
    said = (new.name, "draft", new.document, new.list_id, new.origin, new.now, new.by, new.now, 1, new.test)
    if session.sqlite:
        number = numbers.following(session)
        session.run(_ADD_NUMBERED, number, account, *said)
        return number
    session.run(_ADD, account, *said)
    made = session.one(_LATEST, account)
    assert made is not None
    return int(made[0])


def save(
    session: Session,
    *,
    scope: Scope,
    number: int,
    version: int,
    name: str,
    document: str,
    list_id: int | None,
    now: int,
) -> int:
    """Keeps what a draft says now, as a draft that nobody approved; returns its version. ConflictError where somebody
    else saved it meanwhile."""
    campaign(session.connection, scope=scope, number=number)
    saved = session.run(
        _SAVE, name, "draft", document, list_id, None, None, None, None, now, version + 1, number, version
    )
    if not saved:
        raise ConflictError(_("somebody has changed this meanwhile; load it again. Nothing was saved"))
    return version + 1


def state(session: Session, number: int) -> str:
    """Returns the state of a campaign, which stays so for this transaction. NotFoundError."""
    row: Row | None = session.one(_LOCK, number)
    if row is None:
        raise NotFoundError(_("no campaign {number}").format(number=number))
    return str(row[0])


_PLANNED: Final = Statement(select(_CAMPAIGN.planned).where(_CAMPAIGN.id == given(_CAMPAIGN.id)), "p_id")


def planned(session: Session, number: int) -> str | None:
    """Returns the planned time of a campaign's next run."""
    row = session.one(_PLANNED, number)
    return None if row is None else row[0]


def unchanged(session: Session, found: Campaign) -> None:
    """Raises ConflictError where somebody has saved another version of a campaign than `found`; it stays so for this
    transaction."""
    row = session.one(_LOCK, found.id)
    if row is None or row[1] != found.version:
        raise ConflictError(_("somebody has changed this meanwhile; load it again. Nothing was sent"))


def turn(session: Session, number: int, before: Collection[str], after: str, now: int) -> str:
    """Brings a campaign from one of some states to another; returns which it was. ConflictError from any other."""
    was = state(session, number)
    if was not in before:
        raise ConflictError(_("the campaign is {state}: that is not possible now").format(state=_(was)))
    session.run(_SET_STATE, after, now, number, was)
    return was


def put(session: Session, number: int, **values: Any) -> None:
    """Writes some columns of a campaign."""
    names = sorted(values)
    session.run(setting_of(" ".join(names)), *(values[name] for name in names), number)


_SETTINGS: Final[dict[str, Statement]] = {}


_WISHES: Final = Statement(select(_CAMPAIGN.pace, _CAMPAIGN.lines).where(_CAMPAIGN.id == given(_CAMPAIGN.id)), "p_id")


def wishes(session: Session, number: int) -> tuple[int | None, str | None]:
    """Returns the pace and the lines (JSON) that were wished for a campaign."""
    row = session.one(_WISHES, number)
    return (None, None) if row is None else (row[0], row[1])


def setting_of(columns: str) -> Statement:
    """Returns the statement that writes these columns; made once."""
    if columns not in _SETTINGS:
        _SETTINGS[columns] = setting(tables.campaign, columns, "id")
    return _SETTINGS[columns]


def remove(session: Session, *, scope: Scope, number: int) -> Campaign:
    """Removes a draft; returns what it was. ConflictError for what is no draft any more."""
    was = campaign(session.connection, scope=scope, number=number)
    if was.state != "draft" or was.launched_at is not None:
        raise ConflictError(_("only a draft that was never launched can be removed"))
    session.run(_REMOVE_EVENTS, number)
    session.run(_REMOVE_APPROVALS, number)
    numbers.used(session, number)
    files.release(session, "campaign", number)
    session.run(_REMOVE, number)
    return was
