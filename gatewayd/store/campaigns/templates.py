"""Templates: by account, name and channel, every version of each as it was saved."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, func, or_, select, tuple_

from gatewayd.store import tables
from gatewayd.store.accounts import account_number
from gatewayd.store.campaigns import files
from gatewayd.store.session import Session, Statement, adding, given, setting
from gatewayd.values.actor import Scope
from gatewayd.values.errors import ConflictError, NotFoundError
from gatewayd.words.translation import gettext as _

TEMPLATES_MAX: Final = 2_000
"""Of one account; who has more of them looks for none."""
VERSIONS_MAX: Final = 10_000
"""Of one template."""
PAGE_MAX: Final = 500
_USED_EVERY_MS: Final = 3_600_000
"""How exact the time of the last use is kept: a campaign of a hundred jobs writes it once."""

_T: Final = tables.template.c
_V: Final = tables.template_version.c
_ACCOUNT: Final = tables.account.c

_NAMED: Final = Statement(
    select(_T.id, _T.version).where(
        _T.account_id == given(_T.account_id), _T.name == given(_T.name), _T.channel == given(_T.channel)
    ),
    "p_account_id p_name p_channel",
)
_HOW_MANY: Final = Statement(
    select(func.count()).select_from(tables.template).where(_T.account_id == given(_T.account_id)), "p_account_id"
)
_ADD: Final = adding(tables.template, "account_id channel name version created_at changed_at")
_ADD_VERSION: Final = adding(tables.template_version, "template_id version content klass made_at made_by")
_TURN: Final = setting(tables.template, "version changed_at archived_at", "id version")
_RENAME: Final = setting(tables.template, "name changed_at", "id")
_ARCHIVE: Final = setting(tables.template, "archived_at", "id")
_APPROVE: Final = setting(tables.template_version, "approved_at approved_by", "template_id version")
_USE: Final = setting(tables.template, "used_at", "id")
_USE_VERSION: Final = setting(tables.template_version, "used_at", "template_id version")
_REMOVE_VERSIONS: Final = Statement(
    tables.template_version.delete().where(_V.template_id == given(_V.template_id)), "p_template_id"
)
_REMOVE: Final = Statement(
    tables.template.delete().where(_T.id == given(_T.id), _T.used_at.is_(None)),
    "p_id",
)


@dataclass(frozen=True, slots=True)
class Version:
    """What one version says. Never changed, but for its approval and its use."""

    template_id: int
    account: str
    name: str
    channel: str
    version: int
    content: Mapping[str, Any]
    """The keys of a job file that say what is sent."""
    klass: str | None
    """None: the account's."""
    made_at: int
    made_by: str
    approved_at: int | None
    approved_by: str | None
    used_at: int | None
    """When a job last named it; None: never."""
    archived_at: int | None
    """Of the template; None: it is offered."""
    newest: int
    """The template's newest version."""
    created_at: int
    """When the template's first version was saved."""
    template_used_at: int | None
    """When a job last named any version; None: never."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a template is found by."""

    account: str
    name: str
    channel: str | None = None
    """None: the only one of that name."""


@dataclass(frozen=True, slots=True)
class NewVersion:
    key: Key
    content: Mapping[str, Any]
    klass: str | None
    by: str
    now: int
    seen: int | None = None
    """The version that was looked at: where another is the newest by now, ConflictError. None: whatever there is."""
    fresh: bool = False
    """Whether there must be none of that name yet."""


def _rows(scope: Scope) -> Select[Any]:
    found = select(
        _T.id,
        _ACCOUNT.name.label("account"),
        _T.name,
        _T.channel,
        _T.version.label("newest"),
        _T.created_at,
        _T.archived_at,
        _T.used_at.label("template_used_at"),
        *(_V.version, _V.content, _V.klass, _V.made_at, _V.made_by, _V.approved_at, _V.approved_by, _V.used_at),
    ).select_from(
        tables.template.join(tables.account, _ACCOUNT.id == _T.account_id).join(
            tables.template_version, _V.template_id == _T.id
        )
    )
    return found if scope.account is None else found.where(_ACCOUNT.name == scope.account)


def _version(row: Row[Any]) -> Version:
    return Version(
        template_id=row.id,
        account=row.account,
        name=row.name,
        channel=row.channel,
        version=row.version,
        content=json.loads(row.content),
        klass=row.klass,
        made_at=row.made_at,
        made_by=row.made_by,
        approved_at=row.approved_at,
        approved_by=row.approved_by,
        used_at=row.used_at,
        archived_at=row.archived_at,
        newest=row.newest,
        created_at=row.created_at,
        template_used_at=row.template_used_at,
    )


def templates(
    connection: Connection,
    scope: Scope,
    *,
    channel: str | None = None,
    archived: bool | None = False,
    search: str = "",
    after: tuple[str, int] | None = None,
    limit: int = PAGE_MAX,
) -> Sequence[Version]:
    """Returns the newest version of each template, by name; `after` is the name and number of the last one seen.

    `archived` None: those in the archive too."""
    found = _rows(scope).where(_V.version == _T.version)
    if channel is not None:
        found = found.where(_T.channel == channel)
    if archived is not None:
        found = found.where(_T.archived_at.is_not(None) if archived else _T.archived_at.is_(None))
    if search:
        words = search.lower()
        found = found.where(
            or_(
                func.lower(_T.name).contains(words, autoescape=True),
                func.lower(_V.content).contains(json.dumps(words, ensure_ascii=False)[1:-1], autoescape=True),
            )
        )
    if after is not None:
        found = found.where(tuple_(_T.name, _T.id) > tuple_(*after))
    return [_version(row) for row in connection.execute(found.order_by(_T.name, _T.id).limit(min(limit, PAGE_MAX)))]


def version_of(
    connection: Connection, account: str, name: str, version: int | None = None, *, channel: str | None = None
) -> Version:
    """Returns a version of a template, the newest where none is named; of one in the archive too.

    NotFoundError without it; ConflictError where several channels have a template of that name and none is said.
    """
    found = _rows(Scope.of(account)).where(_T.name == name, _V.version == (_T.version if version is None else version))
    if channel is not None:
        found = found.where(_T.channel == channel)
    rows = connection.execute(found.limit(2)).all()
    if not rows:
        raise NotFoundError(_missing(name, version))
    if len(rows) > 1:
        raise ConflictError(_("several templates are called {template}: say the channel").format(template=name))
    return _version(rows[0])


def version_by_id(connection: Connection, template_id: int, version: int) -> Version:
    """Returns a version by its row's number; NotFoundError. For engines, which kept the number."""
    row = connection.execute(_rows(Scope.all()).where(_T.id == template_id, _V.version == version)).one_or_none()
    if row is None:
        raise NotFoundError(_missing(str(template_id), version))
    return _version(row)


def _missing(name: str, version: int | None) -> str:
    if version is None:
        return _("there is no template {template}").format(template=name)
    return _("there is no version {version} of the template {template}").format(template=name, version=version)


def versions(connection: Connection, scope: Scope, template_id: int, limit: int = PAGE_MAX) -> Sequence[Version]:
    """Returns the versions of a template, newest first."""
    found = _rows(scope).where(_T.id == template_id).order_by(_V.version.desc()).limit(limit)
    return [_version(row) for row in connection.execute(found)]


def save(session: Session, new: NewVersion) -> Version:
    """Saves a version after those that are there; one that says the same as the newest is that one. What is saved
    leaves the archive.

    ConflictError where somebody has saved another meanwhile, where the name is taken and `fresh` is asked for, where
    there are too many; NotFoundError without the account.
    """
    connection, key = session.connection, new.key
    assert key.channel is not None
    account = account_number(connection, key.account)
    known = session.one(_NAMED, account, key.name, key.channel)
    if known is None:
        if new.seen is not None:
            raise NotFoundError(_missing(key.name, None))
        return _begin(session, account, new)
    number, newest = int(known[0]), int(known[1])
    if new.fresh:
        raise ConflictError(_("there is a template {template} already").format(template=key.name))
    if new.seen is not None and new.seen != newest:
        raise ConflictError(
            _("somebody saved version {version} meanwhile; look again. Nothing was saved").format(version=newest)
        )
    last = version_by_id(connection, number, newest)
    if last.content == new.content and last.klass == new.klass and last.archived_at is None:
        return last
    if newest >= VERSIONS_MAX:
        raise ConflictError(_("this template has too many versions; save it under another name"))
    if last.content != new.content or last.klass != new.klass:
        _write(session, number, newest + 1, new)
        newest += 1
    if not session.run(_TURN, newest, new.now, None, number, last.version):
        raise ConflictError(_("somebody saved another version meanwhile; look again. Nothing was saved"))
    return version_by_id(connection, number, newest)


def _begin(session: Session, account: int, new: NewVersion) -> Version:
    count = session.one(_HOW_MANY, account)
    if count is not None and count[0] >= TEMPLATES_MAX:
        raise ConflictError(_("there are {count} templates already; remove one first").format(count=TEMPLATES_MAX))
    key = new.key
    session.run(_ADD, account, key.channel, key.name, 1, new.now, new.now)
    made = session.one(_NAMED, account, key.name, key.channel)
    assert made is not None
    _write(session, int(made[0]), 1, new)
    return version_by_id(session.connection, int(made[0]), 1)


def _write(session: Session, number: int, version: int, new: NewVersion) -> None:
    content = json.dumps(new.content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    session.run(_ADD_VERSION, number, version, content, new.klass, new.now, new.by)


def rename(session: Session, found: Version, name: str, now: int) -> None:
    """Gives a template another name; its versions go along. ConflictError where it is taken, or where it was used:
    who reads an old job must find the template under the name that stands there."""
    if found.template_used_at is not None:
        raise ConflictError(_("a template that was used keeps its name; save it under another one"))
    account = account_number(session.connection, found.account)
    if session.one(_NAMED, account, name, found.channel) is not None:
        raise ConflictError(_("there is a template {template} already").format(template=name))
    session.run(_RENAME, name, now, found.template_id)


def archive(session: Session, found: Version, now: int) -> None:
    """Puts a template into the archive: it is offered no more, and whoever names it is still served."""
    session.run(_ARCHIVE, now, found.template_id)


def restore(session: Session, found: Version) -> None:
    """Takes a template out of the archive."""
    session.run(_ARCHIVE, None, found.template_id)


def remove(session: Session, found: Version) -> None:
    """Removes a template that no job ever named, with all its versions. ConflictError where one did."""
    if found.template_used_at is not None:
        raise ConflictError(_("a template that was used is archived, not removed"))
    session.run(_REMOVE_VERSIONS, found.template_id)
    files.release(session, "template", found.template_id)
    if not session.run(_REMOVE, found.template_id):
        raise ConflictError(_("a template that was used is archived, not removed"))


def approve(session: Session, found: Version, by: str, now: int) -> None:
    """Lets one version be sent as `transactional`."""
    session.run(_APPROVE, now, by, found.template_id, found.version)


def mark_used(session: Session, found: Version, now: int) -> None:
    """Remembers that a job names this version, to the hour."""
    session.run(_USE_VERSION, now, found.template_id, found.version)
    session.run(_USE, now, found.template_id)


def needs_mark(found: Version, now: int) -> bool:
    """Returns whether `mark_used` would say something new."""
    times = (found.used_at, found.template_used_at)
    return any(at is None or now - at > _USED_EVERY_MS for at in times)
