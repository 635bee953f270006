"""Writes a slice of a run in one transaction, as far as what it stands on is still so.

A slice was read some moments before. A fact that came since has marked its customer in its own transaction, and those
that are marked are left to whoever decides about facts; other rules, or another day, void the whole slice.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from gatewayd.claims.gathering import Gathering
from gatewayd.claims.moment import Moment
from gatewayd.claims.slices import Due, Slice, Way
from gatewayd.store.billing import marks
from gatewayd.store.dunning import decisions, policies, recalling, situations, steps
from gatewayd.store.dunning.steps import Entry
from gatewayd.store.sending import causes
from gatewayd.store.session import Session


def put(
    unit: Any, *, moment: Moment, found: Slice, gathering: Gathering, decided: Collection[int]
) -> Sequence[int] | None:
    """Writes what a slice says; returns the customers that are to be decided about in a transaction of their own, or
    None where the slice holds no more. `decided`: those about whom facts have decided since."""
    session: Session = unit.session
    account_id = moment.rules.account_id
    if found.day != moment.today.isoformat() or found.stamp != policies.stamp(session, account_id):
        return None
    concerned = found.customers()
    if not session.sqlite or recalling.aside(session, moment.rules.account):
        # Another node may have taken marks away; steps that are kept aside are to be written first.
        return sorted({*concerned, *found.others} - set(decided))
    left_out = {*decided, *marks.bearing(session, concerned)}
    left_out |= concerned - situations.existing(session, concerned)
    due = [one for one in found.due if one.customer not in left_out]
    known = steps.taken(session, account_id, {one.customer for one in due})
    free = [one for one in due if known.get(_key(one), (0, "undone"))[1] == "undone"]
    _enter(session, moment, free, known, gathering)
    decisions.keep(session, account_id, found.changes.without(left_out), moment.today, moment.now)
    return [number for number in found.others if number not in decided]


def _key(one: Due) -> steps.Key:
    return one.customer, one.currency, one.level, one.cycle


def _enter(
    session: Session,
    moment: Moment,
    due: Sequence[Due],
    known: dict[steps.Key, tuple[int, str]],
    gathering: Gathering,
) -> None:
    minted = causes.mint_each(
        session, moment.rules.account_id, [(one.currency, one.customer) for one in due], moment.now
    )
    ways: dict[Way, list[Due]] = {}
    for one in due:
        ways.setdefault(one.way, []).append(one)
    entries = []
    for way, members in ways.items():
        batch, before = gathering.room(session, moment, way, len(members))
        entries += [
            Entry(
                *(_key(one), way.policy, way.version, one.amount, one.invoices, way.channel, way.template),
                *(batch, place, one.address, one.cells, minted[one.currency, one.customer]),
            )
            for place, one in enumerate(members, before + 1)
        ]
    steps.enter(session, moment.rules.account_id, entries, known, moment.now)
