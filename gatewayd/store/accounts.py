"""The number of an account, which rows of every wing bear, and the language that its people speak."""

from __future__ import annotations

import json

from sqlalchemy import Connection, select

from gatewayd.store.tables import account
from gatewayd.values.errors import NotFoundError
from gatewayd.words.translation import gettext as _


def account_number(connection: Connection, name: str) -> int:
    """Returns the number of the account; NotFoundError."""
    number = connection.scalar(select(account.c.id).where(account.c.name == name))
    if number is None:
        raise NotFoundError(_("no account {account}").format(account=name))
    return int(number)


def language_in(settings: str | None) -> str | None:
    """Returns the language that an account has set, of its settings as they are stored; None: it has set none."""
    found = None if settings is None else json.loads(settings).get("language")
    return found if isinstance(found, str) else None
