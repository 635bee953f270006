"""Rules for claims, with all their versions, and which one is for whom."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, false, select

from gatewayd.customers.filters import CustomerFilter, filter_of
from gatewayd.dunning.policy import Policy
from gatewayd.store import tables
from gatewayd.store.accounts import account_number
from gatewayd.store.contacts.directory import conditions
from gatewayd.store.numbered import number_of, numbering
from gatewayd.store.session import Session, Statement, adding, given, merging, setting
from gatewayd.values.actor import Scope
from gatewayd.values.errors import ConflictError, NotFoundError
from gatewayd.words.translation import gettext as _

_POLICY: Final = tables.policy.c
_VERSION: Final = tables.policy_version.c
_OWN: Final = tables.customer_policy.c


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A rule as it holds now. Times are Unix ms."""

    id: int
    account: str
    account_id: int
    name: str
    state: str
    """active, archived."""
    standard: bool
    """Whether it is the company's: for whoever has no other."""
    place: int
    version: int
    document: Mapping[str, Any]
    created_at: int
    created_by: str
    updated_at: int

    @property
    def audience(self) -> CustomerFilter | None:
        """The customers that it is for; None: nobody by a filter."""
        found = self.document.get("audience")
        return None if not found else filter_of(found)


_SELECT: Final = select(
    *(_POLICY.id, tables.account.c.name.label("account"), _POLICY.account_id, _POLICY.name, _POLICY.state),
    *(_POLICY.standard, _POLICY.place, _POLICY.version, _VERSION.document, _POLICY.created_at, _POLICY.created_by),
    _POLICY.updated_at,
).select_from(
    tables.policy.join(tables.account, tables.account.c.id == _POLICY.account_id).join(
        tables.policy_version, (_VERSION.policy_id == _POLICY.id) & (_VERSION.version == _POLICY.version)
    )
)


def _view(row: Any) -> PolicyRow:
    values = list(row)
    values[5], values[8] = bool(values[5]), json.loads(values[8])
    return PolicyRow(*values)


def policies(connection: Connection, *, scope: Scope, archived: bool = False) -> Sequence[PolicyRow]:
    """Returns rules, the company's first, then in the order in which their audiences are asked."""
    statement = _SELECT.order_by(_POLICY.account_id, _POLICY.standard.desc(), _POLICY.place, _POLICY.id)
    if scope.account is not None:
        statement = statement.where(tables.account.c.name == scope.account)
    if not archived:
        statement = statement.where(_POLICY.state == "active")
    return [_view(row) for row in connection.execute(statement)]


def policy(connection: Connection, *, scope: Scope, account: str, name: str) -> PolicyRow:
    """Returns one; NotFoundError."""
    row = connection.execute(_SELECT.where(tables.account.c.name == account, _POLICY.name == name)).one_or_none()
    if row is None or not scope.holds(row.account):
        raise NotFoundError(_("there is no such rule"))
    return _view(row)


Stamp = Sequence[Sequence[Any]]
"""What tells rules of an account from others: number, version, whether it is the company's, place of each."""

_STAMP: Final = Statement(
    select(_POLICY.id, _POLICY.version, _POLICY.standard, _POLICY.place)
    .where(_POLICY.account_id == given(_POLICY.account_id), _POLICY.state == "active")
    .order_by(_POLICY.id),
    "p_account_id",
)


def stamp(session: Session, account_id: int) -> Stamp:
    """Returns the stamp of the rules that hold now."""
    return [[row[0], row[1], bool(row[2]), row[3]] for row in session.all(_STAMP, account_id)]


@dataclass(frozen=True, slots=True)
class VersionRow:
    version: int
    document: Mapping[str, Any]
    at: int
    by: str


def versions(connection: Connection, *, number: int, limit: int = 100) -> Sequence[VersionRow]:
    """Returns the versions of a rule, newest first."""
    statement = (
        select(_VERSION.version, _VERSION.document, _VERSION.at, _VERSION.by)
        .where(_VERSION.policy_id == number)
        .order_by(_VERSION.version.desc())
        .limit(limit)
    )
    return [VersionRow(row[0], json.loads(row[1]), row[2], row[3]) for row in connection.execute(statement)]


# ------------------------------------------------------------------------------------------------------------- written

_ADD: Final = numbering(tables.policy, "account_id name state standard place version created_at created_by updated_at")
_ADD_VERSION: Final = adding(tables.policy_version, "policy_id version document at by")
_SAVE: Final = setting(tables.policy, "version standard place state updated_at", "id version")
_ARCHIVE: Final = setting(tables.policy, "state standard updated_at", "id")
_NOT_STANDARD: Final = Statement(
    tables.policy.update()
    .where(_POLICY.account_id == given(_POLICY.account_id, "k_account_id"), _POLICY.id != given(_POLICY.id, "k_id"))
    .values(standard=false()),
    "k_account_id k_id",
)


def save(
    session: Session,
    account: str,
    name: str,
    document: Mapping[str, Any],
    *,
    standard: bool,
    place: int,
    seen: int | None,
    now: int,
    by: str,
) -> int:
    """Writes a rule as its next version; returns that. `seen` is the version that whoever saves has seen.

    ConflictError where somebody has saved it meanwhile. Of an account one rule is the company's.
    """
    connection = session.connection
    number = account_number(connection, account)
    row = connection.execute(
        select(_POLICY.id, _POLICY.version).where(_POLICY.account_id == number, _POLICY.name == name)
    ).one_or_none()
    text = json.dumps(document, ensure_ascii=False)
    if row is None:
        found = number_of(session, _ADD, number, name, "active", standard, place, 1, now, by, now)
        if found is None:
            raise ConflictError(_("somebody has saved this rule meanwhile; look at it again"))
        version = 1
    else:
        found, before = row
        if seen is not None and seen != before:
            raise ConflictError(_("somebody has saved this rule meanwhile; look at it again"))
        version = before + 1
        if not session.run(_SAVE, version, standard, place, "active", now, found, before):
            raise ConflictError(_("somebody has saved this rule meanwhile; look at it again"))
    session.run(_ADD_VERSION, found, version, text, now, by)
    if standard:
        session.run(_NOT_STANDARD, number, found)
    return version


def archive(session: Session, row: PolicyRow, *, now: int) -> None:
    """Puts a rule aside: it is nobody's any more."""
    session.run(_ARCHIVE, "archived", False, now, row.id)


_GIVE: Final = merging(tables.customer_policy, "customer_id policy_id", "customer_id", replace="policy_id")
_TAKE: Final = Statement(
    tables.customer_policy.delete().where(_OWN.customer_id == given(_OWN.customer_id)), "p_customer_id"
)


def give(session: Session, customer: int, number: int | None) -> None:
    """Gives a customer a rule of its own; None: the one of its audience, else the company's."""
    if number is None:
        session.run(_TAKE, customer)
    else:
        session.run(_GIVE, customer, number)


# ------------------------------------------------------------------------------------------------------------ for whom


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of an account, as customers are judged by them."""

    account: str
    account_id: int
    known: Mapping[int, tuple[PolicyRow, Policy]]
    """Active ones by number."""

    @property
    def by_name(self) -> Mapping[str, Policy]:
        return {rule.name: rule for _row, rule in self.known.values()}

    def number_of(self, name: str) -> int:
        """Returns the number of a rule by its name, which there is."""
        return next(number for number, (row, _rule) in self.known.items() if row.name == name)

    @property
    def stamp(self) -> Stamp:
        rows = [self.known[number][0] for number in sorted(self.known)]
        return [[row.id, row.version, row.standard, row.place] for row in rows]

    @property
    def standard(self) -> int | None:
        return next((number for number, (row, _rule) in self.known.items() if row.standard), None)

    def hours(self) -> set[str]:
        """Returns the hours at which a run begins."""
        return {rule.hour for _row, rule in self.known.values()}

    def others(self) -> Iterator[PolicyRow]:
        """Yields rules with an audience, in the order in which they are asked."""
        yield from (row for row, _rule in self.known.values() if not row.standard and row.document.get("audience"))


def rules_of(session: Session, rules: Rules, customers: Collection[int]) -> dict[int, int]:
    """Returns the number of each customer's rule: its own, that of the first audience that means it, the company's."""
    connection, wanted = session.connection, sorted(set(customers))
    found: dict[int, int] = {}
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        own = select(_OWN.customer_id, _OWN.policy_id).where(_OWN.customer_id.in_(part))
        found.update((row[0], row[1]) for row in connection.execute(own) if row[1] in rules.known)
        for row in rules.others():
            rest = [number for number in part if number not in found]
            chosen = row.audience
            if not rest or chosen is None:
                break
            meant = conditions(connection, rules.account_id, chosen)
            if meant is None:
                continue
            customer = tables.customer.c
            statement = select(customer.id).where(customer.id.in_(rest), *meant)
            found.update((number, row.id) for number in connection.scalars(statement))
    standard = rules.standard
    if standard is not None:
        for number in wanted:
            found.setdefault(number, standard)
    return found
