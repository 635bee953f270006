"""Sends to many: a password that a person gives, and the number of people above which somebody else approves.

`require` is asked by every operation by which a person sends. Programs need the scope `mass` instead.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, SecretStr

from gatewayd.credentials.passwords import KNOWN
from gatewayd.operations.base import Json, Operation
from gatewayd.operations.guard import GUARD
from gatewayd.operations.limits import month_of, spend
from gatewayd.operations.ports import Backend
from gatewayd.operations.users import Password
from gatewayd.store.commands import Change
from gatewayd.store.people import masssend
from gatewayd.values.actor import Actor, Role
from gatewayd.values.errors import ConflictError, ForbiddenError, UsageError
from gatewayd.words.translation import gettext as _

PEOPLE_MAX = 10_000_000


class PasswordNeededError(ForbiddenError):
    """The send reaches more than one person: ask for the account's password for such, and send it along."""


async def require(
    backend: Backend, by: Actor, account: str, to: Collection[str], password: SecretStr | None = None, *, price: int = 0
) -> None:
    """Lets a send to `to` (addresses, each once) pass, and counts it. `price` is what all of it costs (millionths).

    LimitReachedError where a person's month has not so much left; PasswordNeededError where a person sends to more
    than one within 24 hours and gave no password; ForbiddenError for a wrong one, or a token without the scope;
    ConflictError where the account has no password yet; ThrottledError.
    """
    people = set(to)
    if by.kind == "engine" or not people:
        return
    if by.kind == "token":
        if len(people) > 1:
            _bears_scope(by)
        return
    who, now = acting(by), backend.now()
    month = await month_of(backend, account) if by.kind == "person" else ""
    currency = backend.config.tariff.currency

    def count(unit: Any, proven: bool) -> bool:
        """Notes the send, and answers whether it may go; judged and noted in one, so that many at once are many."""
        since = now - masssend.DAY_MS
        reached = masssend.reached(unit.session.connection, account=account, actor=who, since=since, to=people)
        if reached > 1 and not proven:
            return False
        spend(unit, by, month, price, currency)
        masssend.note_reach(unit.session, account, who, now, people)
        return True

    if not await backend.execute(Change(partial(count, proven=False), by.name, aside=True)):
        await _prove(backend, who, account, password)
        await backend.execute(Change(partial(count, proven=True), by.name, aside=True))


async def permit(
    backend: Backend, by: Actor, account: str, to: Collection[str], password: SecretStr | None = None, *, price: int = 0
) -> None:
    """Lets somebody send to `to` again, as `require` does; ForbiddenError for a user where somebody else approves."""
    people = len(set(to))
    if by.role is Role.USER and await needs_approval(backend, account, people):
        refusal = _("{count} people: ask a supervisor to send to so many. Nothing was sent")
        raise ForbiddenError(refusal.format(count=people))
    await require(backend, by, account, to, password, price=price)


async def activate(backend: Backend, by: Actor, account: str, people: int, password: SecretStr | None = None) -> None:
    """Lets a rule hold by which so many people may be claimed from by itself, at any later day.

    PasswordNeededError where a person means more than one and gave no password; ForbiddenError for a wrong one, or a
    token without the scope; ConflictError where the account has no password yet; ThrottledError.
    """
    if people <= 1 or by.kind not in {"person", "token"}:
        return
    if by.kind == "token":
        _bears_scope(by)
    else:
        await _prove(backend, acting(by), account, password)


async def answered(backend: Backend, by: Actor, account: str, *, price: int) -> None:
    """Counts an answer to somebody who wrote in the month of whoever answers. LimitReachedError.

    It is nobody's send to many: a day's answers are no reason to ask for the password at the next single one.
    """
    if by.kind not in {"person", "operator"}:
        return
    month = await month_of(backend, account) if by.kind == "person" else ""
    currency = backend.config.tariff.currency

    def count(unit: Any) -> None:
        spend(unit, by, month, price, currency)

    await backend.execute(Change(count, by.name, aside=True))


def _bears_scope(token: Actor) -> None:
    if "mass" not in token.scopes:
        raise ForbiddenError(_("this token may not send to many: it needs the scope {scope}").format(scope="mass"))


async def _prove(backend: Backend, who: str, account: str, password: SecretStr | None) -> None:
    rule = await backend.read(lambda reader: reader.ask(partial(masssend.mass_rule, account=account)))
    if rule.password is None:
        raise ConflictError(
            _("{account} has no password for sends to many yet; an administrator sets it. Nothing was sent").format(
                account=account
            )
        )
    if password is None or not password.get_secret_value():
        raise PasswordNeededError(
            _("this reaches more than one person: give the account's password for sends to many. Nothing was sent")
        )
    if not await GUARD.confirm(f"mass {who}", password.get_secret_value(), rule.password):
        raise ForbiddenError(_("this is not the account's password for sends to many. Nothing was sent"))


async def needs_approval(backend: Backend, account: str, people: int) -> bool:
    """Returns whether somebody else has to approve a send to that many people."""
    rule = await backend.read(lambda reader: reader.ask(partial(masssend.mass_rule, account=account)))
    return rule.approve_above is not None and people > rule.approve_above


def acting(by: Actor) -> str:
    """Returns who acts, as sends are counted: a person by its number, an operator by its user of the machine."""
    return f"person {by.number}" if by.kind == "person" else by.name


def _shape(account: str, rule: masssend.MassRule) -> Json:
    return {
        "account": account,
        "password": rule.password is not None,
        "approve_above": rule.approve_above,
        "version": rule.version,
    }


class ShowMassRule(Operation):
    """Says whether an account has a password for sends to many, and above how many people somebody approves."""

    name: ClassVar[str] = "mass.show"
    reads_store = True
    account: str | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        account = _named(self.account)
        rule = await backend.read(lambda reader: reader.ask(partial(masssend.mass_rule, account=account)))
        return _shape(account, rule)


class SetMassRule(Operation):
    """Sets an account's password for sends to many, and above how many people somebody else approves."""

    name: ClassVar[str] = "mass.set"
    account: str | None = None
    password: Password | None = None
    approve_above: Annotated[int, Field(ge=1, le=PEOPLE_MAX)] | Literal[""] | None = None
    """An empty text: nobody needs to approve."""
    version: int | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        account = _named(self.account)
        values: dict[str, Any] = {}
        if self.password is not None:
            values["password"] = await KNOWN.hashed(self.password.get_secret_value())
        if self.approve_above is not None:
            values["approve_above"] = self.approve_above or None
        changed = await backend.execute(
            Change(lambda unit: masssend.set_rule(unit.session, account, values, self.version), by.name)
        )
        return _shape(account, changed.answer)


def _named(account: str | None) -> str:
    if account is None:
        raise UsageError(_("account: name one"))
    return account
