"""The number of an account, which rows of every wing bear."""

from __future__ import annotations

from sqlalchemy import Connection, select

from gatewayd.errors import NotFoundError
from gatewayd.store.tables import account
from gatewayd.translation import gettext as _


def account_number(connection: Connection, name: str) -> int:
    """Returns the number of the account; NotFoundError."""
    number = connection.scalar(select(account.c.id).where(account.c.name == name))
    if number is None:
        raise NotFoundError(_("no account {account}").format(account=name))
    return int(number)
