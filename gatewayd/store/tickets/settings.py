"""What accounts let the gateway answer, and how far it has read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from gatewayd.answers.settings import AnswerSettings, switched
from gatewayd.store import tables
from gatewayd.store.accounts import account_number
from gatewayd.store.session import Session, Statement, given, merging
from gatewayd.values.errors import ConflictError
from gatewayd.words.translation import gettext as _

_SETTINGS: Final = tables.answer_settings.c
_PLACE: Final = tables.answer_place.c

_KEEP: Final = merging(
    tables.answer_settings,
    "account_id document since changed_at version",
    "account_id",
    replace="document since changed_at version",
)
_PLACE_OF: Final = Statement(select(_PLACE.place).where(_PLACE.name == given(_PLACE.name)), "p_name")
_SET_PLACE: Final = merging(tables.answer_place, "name place", "name", replace="place")


@dataclass(frozen=True, slots=True)
class Kept:
    settings: AnswerSettings
    since: Mapping[str, int]
    """When each switch that is on was turned on; Unix ms."""
    version: int
    """0: nothing was set yet."""


def settings(connection: Connection, account: str) -> Kept:
    """Returns what an account lets the gateway answer; NotFoundError without it."""
    number = account_number(connection, account)
    row = connection.execute(
        select(_SETTINGS.document, _SETTINGS.since, _SETTINGS.version).where(_SETTINGS.account_id == number)
    ).one_or_none()
    if row is None:
        return Kept(AnswerSettings(), {}, 0)
    return Kept(AnswerSettings.model_validate_json(row.document), json.loads(row.since), row.version)


def keep(session: Session, account: str, wanted: AnswerSettings, now: int, version: int | None) -> Kept:
    """Replaces the settings. ConflictError where they are no longer at `version`; NotFoundError."""
    was = settings(session.connection, account)
    if version is not None and version != was.version:
        raise ConflictError(_("somebody has changed these settings meanwhile; look again. Nothing was saved"))
    since = switched(was.since, was.settings, wanted, now)
    number = account_number(session.connection, account)
    session.run(_KEEP, number, wanted.model_dump_json(), _dumped(since), now, was.version + 1)
    return Kept(wanted, since, was.version + 1)


def _dumped(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), separators=(",", ":"), sort_keys=True)


def place(session: Session, name: str) -> int | None:
    """Returns how far the gateway has read rows of that name; None: it has not begun."""
    row = session.one(_PLACE_OF, name)
    return None if row is None else int(row[0])


def set_place(session: Session, name: str, number: int) -> None:
    """Notes how far the gateway has read."""
    session.run(_SET_PLACE, name, number)
