"""What an account has set for itself, and its logo."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from gatewayd.store import tables
from gatewayd.store.accounts import account_number
from gatewayd.store.session import Session, Statement, given, merging
from gatewayd.values.errors import ConflictError
from gatewayd.values.money import parse_money

_SETTINGS: Final = tables.account_settings.c
_LOGO: Final = tables.logo.c


@dataclass(frozen=True, slots=True)
class Settings:
    """The document of an account's settings; `version` 0: nothing was set yet."""

    document: Mapping[str, Any]
    version: int
    logo: str | None
    """Digest of the logo; None: there is none."""


def settings(connection: Connection, account: str) -> Settings:
    """Returns what an account has set; NotFoundError without it."""
    number = account_number(connection, account)
    row = connection.execute(
        select(_SETTINGS.document, _SETTINGS.version).where(_SETTINGS.account_id == number)
    ).one_or_none()
    digest = connection.scalar(select(_LOGO.digest).where(_LOGO.account_id == number))
    return Settings({} if row is None else json.loads(row.document), 0 if row is None else row.version, digest)


def zone_of(connection: Connection, account: str, default: str) -> str:
    """Returns the time zone of an account; `default` is the gateway's. NotFoundError without the account."""
    return str(settings(connection, account).document.get("zone") or default)


def logo(connection: Connection, account: str) -> tuple[bytes, str] | None:
    """Returns the PNG of an account's logo and its digest; None without one. NotFoundError without the account."""
    number = account_number(connection, account)
    row = connection.execute(select(_LOGO.png, _LOGO.digest).where(_LOGO.account_id == number)).one_or_none()
    return None if row is None else (bytes(row.png), row.digest)


def low_bounds(connection: Connection) -> Mapping[str, int]:
    """Returns the balance (millionths) below which credit runs low, of each account that has set its own."""
    rows = connection.execute(
        select(tables.account.c.name, _SETTINGS.document).join(
            tables.account_settings, _SETTINGS.account_id == tables.account.c.id
        )
    )
    found = {row.name: json.loads(row.document).get("low_credit") for row in rows}
    return {name: parse_money(text) for name, text in found.items() if text is not None}


_FOUND: Final = Statement(
    select(_SETTINGS.version).where(_SETTINGS.account_id == given(_SETTINGS.account_id)), "p_account_id"
)
_KEEP: Final = merging(
    tables.account_settings,
    "account_id document changed_at version",
    "account_id",
    replace="document changed_at version",
)
_KEEP_LOGO: Final = merging(
    tables.logo, "account_id png digest changed_at", "account_id", replace="png digest changed_at"
)
_DROP_LOGO: Final = Statement(tables.logo.delete().where(_LOGO.account_id == given(_LOGO.account_id)), "p_account_id")


def keep(session: Session, account: str, document: Mapping[str, Any], now: int, version: int | None) -> None:
    """Replaces the settings. ConflictError where they are no longer at `version`; NotFoundError."""
    number = account_number(session.connection, account)
    row = session.one(_FOUND, number)
    found = 0 if row is None else int(row[0])
    if version is not None and version != found:
        raise ConflictError("the settings are no longer at that version")
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    session.run(_KEEP, number, text, now, found + 1)


def keep_logo(session: Session, account: str, png: bytes | None, digest: str, now: int) -> None:
    """Keeps a logo in place of an earlier one, or none."""
    number = account_number(session.connection, account)
    if png is None:
        session.run(_DROP_LOGO, number)
    else:
        session.run(_KEEP_LOGO, number, png, digest, now)
