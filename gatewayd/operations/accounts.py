"""Accounts and their credits."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from grp import getgrnam
from typing import ClassVar, Literal

from gatewayd.config.values import Currency, Name
from gatewayd.operations import shapes
from gatewayd.operations.base import Json, Note, Operation, Paged, reworded
from gatewayd.operations.ports import Backend
from gatewayd.store.commands import CreateAccount, Credit
from gatewayd.store.credit.questions import sums_by_day
from gatewayd.store.sending.questions import sums_by_job
from gatewayd.values.actor import Actor
from gatewayd.values.errors import ConflictError, InsufficientCreditError, UnavailableError, UsageError
from gatewayd.values.money import format_money, parse_money
from gatewayd.values.staff import ACCOUNT as STAFF
from gatewayd.words.translation import gettext as _
from spool.errors import SpoolError, SpoolUnavailableError


class CreateAccountRequest(Operation):
    name: ClassVar[str] = "account.create"
    account: Name
    currency: Currency | None = None
    """Default: the tariff's."""
    group: str | None = None
    """Whose members may use the account's folders; default: the spool's."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        currency = self.currency or backend.config.tariff.currency
        gid = None if self.group is None else _gid(self.group)
        try:
            # Before the account, so that a full disk leaves nothing half made; making them twice does no harm.
            await backend.create_folders(self.account, gid)
        except SpoolUnavailableError as error:
            if self.group is None or not isinstance(error.__cause__, PermissionError):
                raise UnavailableError(str(error)) from error
            advice = _("the service is not in group {group}: adduser gatewayd {group}, and restart it")
            raise UnavailableError(advice.format(group=self.group)) from error
        except SpoolError as error:
            raise UnavailableError(str(error)) from error
        with reworded(ConflictError, _("account {account} exists already").format(account=self.account)):
            made = await backend.execute(CreateAccount(self.account, currency, backend.now()))
        if backend.live is not None:
            backend.live.account_created(self.account)
        return shapes.account(made)


def _gid(group: str) -> int:
    try:
        return getgrnam(group).gr_gid
    except (KeyError, ValueError):
        raise UsageError(_("there is no group {group}").format(group=group)) from None


class CreditRequest(Operation):
    name: ClassVar[str] = "account.credit"
    account: str
    amount: str
    """Decimal; negative withdraws."""
    note: Note = ""

    async def before(self, backend: Backend) -> Json:
        return {"balance": format_money((await backend.read(lambda reader: reader.account(self.account))).balance)}

    async def perform(self, backend: Backend, by: Actor) -> Json:
        try:
            amount = parse_money(self.amount)
        except ValueError:
            raise UsageError(
                _("not an amount: {amount} (digits, a point, at most six decimals)").format(amount=self.amount)
            ) from None
        if amount == 0:
            raise UsageError(_("the amount must not be zero"))
        await backend.read(lambda reader: reader.account(self.account))
        short = _("the balance of {account} does not cover {amount}").format(
            account=self.account, amount=format_money(-amount)
        )
        with reworded(InsufficientCreditError, short):
            changed = await backend.execute(Credit(self.account, amount, backend.now(), self.note))
        if backend.live is not None:
            backend.live.credited(self.account)
        return shapes.account(changed)


class ListAccounts(Operation):
    name: ClassVar[str] = "account.list"
    reads_store = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await backend.read(lambda reader: reader.accounts())
        return {
            "items": [shapes.account(one) for one in found if by.scope.holds(one.name) and one.name != STAFF],
            "next": None,
        }


class ShowAccount(Operation):
    name: ClassVar[str] = "account.show"
    reads_store = True
    account: str

    async def perform(self, backend: Backend, by: Actor) -> Json:
        return shapes.account(await backend.read(lambda reader: reader.account(self.account)))


class AccountStatement(Paged):
    name: ClassVar[str] = "account.statement"
    reads_store = True
    account: str

    async def perform(self, backend: Backend, by: Actor) -> Json:
        page = await backend.read(lambda reader: reader.statement(self.account, cursor=self.cursor, limit=self.limit))
        return {"items": [shapes.transfer(one) for one in page.items], "next": page.next}


class AccountSums(Operation):
    """What an account has moved, summed up by job or by day (in the configured zone), the latest first."""

    name: ClassVar[str] = "account.sums"
    reads_store = True
    account: str
    by: Literal["job", "day"]

    async def perform(self, backend: Backend, by: Actor) -> Json:
        zone = backend.config.timezone

        def day(at: int) -> str:
            return f"{datetime.fromtimestamp(at / 1000, zone):%Y-%m-%d}"

        if self.by == "job":
            found = await backend.read(lambda reader: reader.ask(partial(sums_by_job, name=self.account)))
        else:
            found = await backend.read(lambda reader: reader.ask(partial(sums_by_day, name=self.account, day=day)))
        return {"items": [shapes.sums(one) for one in found], "next": None}
