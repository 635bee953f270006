"""Accounts: made, credited, looked up."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from gatewayd.store.commands import AccountInfo, CreateAccount, Credit
from gatewayd.store.credit.book import HasBook
from gatewayd.store.session import Statement, adding, given
from gatewayd.store.tables import account
from gatewayd.values.errors import ConflictError, InsufficientCreditError, NotFoundError

_BY_NAME: Final = Statement(
    select(account.c.id, account.c.name, account.c.currency).where(account.c.name == given(account.c.name)), "p_name"
)
_CREATE: Final = adding(account, "name currency created_at")


def create(unit: HasBook, commands: list[CreateAccount]) -> list[AccountInfo | Exception]:
    results: list[AccountInfo | Exception] = []
    for command in commands:
        if unit.session.one(_BY_NAME, command.name):
            results.append(ConflictError(f"account {command.name!r} exists already"))
            continue
        unit.session.run(_CREATE, command.name, command.currency, command.now)
        results.append(_info(unit, command.name))
    return results


def credit(unit: HasBook, commands: list[Credit]) -> list[AccountInfo | Exception]:
    results: list[AccountInfo | Exception] = []
    for command in commands:
        try:
            info = _info(unit, command.account)
            unit.book.grant(info.id, command.amount, command.now, command.note)
        except (NotFoundError, InsufficientCreditError) as error:
            results.append(error)
        else:
            results.append(_info(unit, command.account))
    return results


def _info(unit: HasBook, name: str) -> AccountInfo:
    row = unit.session.one(_BY_NAME, name)
    if row is None:
        raise NotFoundError(f"no account {name!r}")
    number, _, currency = row
    pots = unit.book.pots(number)
    return AccountInfo(number, name, currency, pots.balance, pots.held, pots.charged, pots.granted)
