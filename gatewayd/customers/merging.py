"""What a sheet changes of a customer who is known already, and what is left where two are made one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from gatewayd.customers.document import POINTS_MAX, STATES, TAGS_MAX, Customer, NoClaim, Point
from gatewayd.customers.portion import SHEET

_PLAIN: Final = (
    "document_type",
    "document_number",
    "name",
    "language",
    "zone",
    "portfolio_type",
    "portfolio_name",
    "assigned",
    "tags",
)


def renewed(was: Customer, row: Customer, named: frozenset[str]) -> Customer:
    """Returns a customer as a row of a sheet has it; `named` are the fields that the sheet has columns of.

    An empty cell leaves what is known, but for what is owed: who has no debt in a sheet of debts owes nothing. The
    sheet's addresses come first; those that an earlier sheet brought, and this one lacks, go away unless somebody has
    said something of them. A debt of an older day never replaces a newer one.
    """
    values: dict[str, Any] = {}
    for name in _PLAIN:
        value = getattr(row, name)
        if name in named and value:
            values[name] = value
    if row.columns:
        values["columns"] = {**was.columns, **row.columns}
    if row.no_claim is not None and was.no_claim is None:
        values["no_claim"] = row.no_claim
    channels = named & {"phone", "whatsapp", "email", "push"}
    if channels:
        values["contacts"] = _points(was.contacts, row.contacts, channels)
    if any(name.startswith("debt.") for name in named):
        newer = was.debt is not None and row.debt is not None and was.debt.as_of > row.debt.as_of
        values["debt"] = was.debt if newer else row.debt
    return replace(was, **values)


def _points(was: Sequence[Point], fresh: Sequence[Point], channels: frozenset[str]) -> tuple[Point, ...]:
    known = {one.key: one for one in was}
    first = [
        replace(known[one.key], kind=one.kind or known[one.key].kind) if one.key in known else one for one in fresh
    ]
    taken = {one.key for one in first}
    rest = [
        one
        for one in was
        if one.key not in taken
        and not (one.source == SHEET and one.channel in channels and one.state == "unknown" and not one.consent)
    ]
    return tuple([*first, *rest][:POINTS_MAX])


def joined(kept: Customer, gone: Customer) -> Customer:
    """Returns what is left where `gone` becomes part of `kept`: what only one knows is known, and the stricter of two
    words about contact holds."""
    values: dict[str, Any] = {
        name: getattr(kept, name) or getattr(gone, name) for name in _PLAIN if name not in {"tags", "assigned"}
    }
    return replace(
        kept,
        **values,
        assigned=kept.assigned if kept.assigned is not None else gone.assigned,
        tags=tuple(dict.fromkeys((*kept.tags, *gone.tags)))[:TAGS_MAX],
        columns={**gone.columns, **kept.columns},
        mails=kept.mails & gone.mails,
        no_claim=_stricter(kept.no_claim, gone.no_claim),
        contacts=_together(kept.contacts, gone.contacts),
        debt=max((one for one in (kept.debt, gone.debt) if one is not None), key=lambda one: one.as_of, default=None),
    )


def _stricter(a: NoClaim | None, b: NoClaim | None) -> NoClaim | None:
    both = [one for one in (a, b) if one is not None]
    return max(both, key=lambda one: float("inf") if one.until is None else one.until, default=None)


def _together(a: Sequence[Point], b: Sequence[Point]) -> tuple[Point, ...]:
    found: dict[tuple[str, str], Point] = {}
    for one in (*a, *b):
        before = found.get(one.key)
        if before is None:
            found[one.key] = one
            continue
        consent = {**one.consent, **before.consent}
        consent |= {name: False for name in consent if one.consent.get(name) is False}
        state = max(before.state, one.state, key=STATES.index)
        found[one.key] = replace(before, state=state, consent=consent, kind=before.kind or one.kind)
    return tuple(found.values())[:POINTS_MAX]
