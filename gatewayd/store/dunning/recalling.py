"""Steps that another life of the store took, as the spool tells it after a copy was put back: they count as done.

Of customers that the copy does not know yet they are kept aside, and written once somebody has brought them in and
before anything is decided about them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import delete, select

from gatewayd.dunning.step_key import COLUMN, StepKey
from gatewayd.store import tables
from gatewayd.store.billing import marks
from gatewayd.store.dunning.events import ACTION as EVENT
from gatewayd.store.dunning.events import RECONNECTION
from gatewayd.store.session import Session, Statement, among, given, merging, setting

_STEP: Final = tables.step.c
_CUSTOMER: Final = tables.customer.c
_SETTING: Final = tables.setting.c

_ASIDE: Final = "claimed:"
_KEY: Final = "account_id customer_id currency level cycle"

_ACCOUNT: Final = Statement(
    select(tables.account.c.id).where(tables.account.c.name == given(tables.account.c.name)), "p_name"
)
_CALLED: Final = Statement(
    select(_CUSTOMER.external_id, _CUSTOMER.id).where(
        _CUSTOMER.account_id == given(_CUSTOMER.account_id), among(_CUSTOMER.external_id)
    ),
    "p_account_id",
)
_NAMES: Final = Statement(select(_CUSTOMER.external_id, _CUSTOMER.id).where(among(_CUSTOMER.id)))
_ADD: Final = merging(tables.step, f"{_KEY} state action at policy_id policy_version channel tries invoices", _KEY)
_OTHERWISE: Final = setting(tables.step, "state at", f"{_KEY} state")

_GET: Final = Statement(select(_SETTING.key, _SETTING.value).where(among(_SETTING.key)))
_ANY: Final = Statement(
    select(_SETTING.key)
    .where(_SETTING.key >= given(_SETTING.key, "p_from"), _SETTING.key < given(_SETTING.key, "p_to"))
    .limit(1),
    "p_from p_to",
)
_PUT: Final = merging(tables.setting, "key value", "key", replace="value")
_DROP: Final = Statement(delete(tables.setting).where(among(_SETTING.key)))


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that a claim's job names, or a file of events. `at` is Unix ms."""

    customer: str
    """External id."""
    key: StepKey
    channel: str
    at: int
    action: str = "message"
    state: str = "done"
    """`undone`: an event that a reconnection has ended."""
    invoices: tuple[str, ...] = ()
    """External ids of what an event was told for."""


def take_over(session: Session, account: str, taken: Sequence[Taken], now: int) -> int:
    """Writes that these steps are done, and marks their customers; returns of how many customers that are known. Of
    the others they are kept aside."""
    found = session.one(_ACCOUNT, account)
    names = {one.customer for one in taken}
    known: dict[str, int] = {} if found is None else dict(session.among(_CALLED, sorted(names), found[0]))
    if found is not None:
        _write(session, found[0], [(known[one.customer], one) for one in taken if one.customer in known])
        marks.mark(session, found[0], known.values(), now)
    _keep(session, account, [one for one in taken if one.customer not in known])
    return len(known)


def recall(session: Session, account_id: int, account: str, customers: Collection[int]) -> None:
    """Writes the steps of these customers that were kept aside until somebody brought them in."""
    if not aside(session, account):
        return
    names = {_aside(account, row[0]): (row[0], row[1]) for row in session.among(_NAMES, sorted(set(customers)))}
    rows = session.among(_GET, sorted(names)) if names else []
    for key, value in rows:
        name, number = names[key]
        _write(session, account_id, [(number, one) for one in _read(name, value)])
    if rows:
        session.among(_DROP, [row[0] for row in rows])


def aside(session: Session, account: str) -> bool:
    """Returns whether steps of anybody in an account are kept aside."""
    # "0" is what follows "/".
    return session.one(_ANY, f"{_ASIDE}{account}/", f"{_ASIDE}{account}0") is not None


def _write(session: Session, account_id: int, taken: Iterable[tuple[int, Taken]]) -> None:
    keyed = [
        ((account_id, customer, one.key.currency, one.key.level, one.key.cycle.isoformat()), one)
        for customer, one in taken
    ]
    # Planned or undone in the copy: it went on after that.
    for state in ("planned", "undone", "done"):
        session.many(_OTHERWISE, [(one.state, one.at, *key, state) for key, one in keyed if one.state != state])
    rows = [
        (*key, one.state, one.action, one.at, 0, 0, one.channel or None, 1, json.dumps(list(one.invoices)))
        for key, one in keyed
    ]
    session.many(_ADD, rows)


def _aside(account: str, customer: str) -> str:
    return f"{_ASIDE}{account}/{customer}"


def _keep(session: Session, account: str, taken: Sequence[Taken]) -> None:
    found: dict[str, dict[StepKey, Taken]] = {}
    for one in taken:
        found.setdefault(one.customer, {})[one.key] = one
    keys = {_aside(account, name): name for name in found}
    for key, value in session.among(_GET, sorted(keys)) if keys else []:
        name = keys[key]
        found[name] = {one.key: one for one in _read(name, value)} | found[name]
    session.many(_PUT, [(key, _text(found[name].values())) for key, name in keys.items()])


def _text(taken: Iterable[Taken]) -> str:
    rows = [
        [
            *(one.key.currency, one.key.level, one.key.cycle.isoformat(), one.channel, one.at),
            *(one.action, one.state, list(one.invoices)),
        ]
        for one in taken
    ]
    return json.dumps(rows, ensure_ascii=False)


def _read(customer: str, value: str) -> list[Taken]:
    return [
        Taken(customer, StepKey(currency, level, date.fromisoformat(cycle)), channel, at, *_more(more))
        for currency, level, cycle, channel, at, *more in json.loads(value)
    ]


def _more(kept: Sequence[Any]) -> tuple[Any, ...]:
    """Returns what an older version did not keep."""
    return (*kept[:2], tuple(kept[2])) if kept else ()


def told_of(documents: Iterable[Mapping[str, Any]], at: Callable[[str], int]) -> list[Taken]:
    """Returns the steps that files of events name, as the newest of each step says; `at` reads an instant (Unix ms).
    What names none says nothing."""
    found: dict[tuple[str, StepKey], Taken] = {}
    for one in documents:
        try:
            over, moment = one["event"] == RECONNECTION, at(str(one["at"]))
            for step in one["steps"]:
                cycle = date.fromisoformat(str(step["cycle"]))
                key = (str(one["customer"]), StepKey(str(one["currency"]), str(step["level"]), cycle))
                known = found.get(key)
                if known is None or known.at <= moment:
                    invoices = tuple(str(each) for each in one.get("invoices", ()))
                    found[key] = Taken(*key, "", moment, EVENT, "undone" if over else "done", invoices)
        except (ValueError, KeyError, TypeError, OverflowError):
            continue
    return list(found.values())


def taken_of(document: Mapping[str, Any], *, at: int, without: Collection[int]) -> list[Taken]:
    """Returns the steps that the recipients of a job of claims name, those of the rows `without` left out. What names
    none says nothing."""
    found = []
    channel, rows = str(document.get("channel", "")), document.get("recipients")
    for number, row in enumerate(rows if isinstance(rows, list) else (), 1):
        if number in without or not isinstance(row, dict) or not row.get("ref"):
            continue
        try:
            found.append(Taken(str(row["ref"]), StepKey.read(str(row.get(COLUMN, ""))), channel, at))
        except ValueError:
            continue
    return found
