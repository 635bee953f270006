"""Situations: all that decides about customers, read by portions in one snapshot."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from sqlalchemy import select

from gatewayd.customers.document import LANDLINE
from gatewayd.dunning.holdout import left_alone
from gatewayd.dunning.ladder import day_of
from gatewayd.dunning.policy import CHANNELS
from gatewayd.dunning.situation import Pause, Promise, Situation
from gatewayd.store import tables
from gatewayd.store.billing.facts import facts
from gatewayd.store.contacts.audience import POINTS_OF
from gatewayd.store.dunning import contacted, steps
from gatewayd.store.dunning.policies import Rules, rules_of
from gatewayd.store.session import Session, Statement, among

_CUSTOMER: Final = tables.customer.c
_POINT: Final = tables.contact_point.c
_PROMISE: Final = tables.promise.c
_PAUSE: Final = tables.pause.c

_PEOPLE: Final = Statement(
    select(
        *(_CUSTOMER.id, _CUSTOMER.external_id, _CUSTOMER.name, _CUSTOMER.document_number, _CUSTOMER.portfolio_name),
        *(_CUSTOMER.columns, _CUSTOMER.no_claim, _CUSTOMER.no_claim_until),
    ).where(among(_CUSTOMER.id))
)
_THERE: Final = Statement(select(_CUSTOMER.id).where(among(_CUSTOMER.id)))
_POINTS: Final = Statement(
    select(_POINT.customer_id, _POINT.channel, _POINT.address, _POINT.kind, _POINT.state, _POINT.consent)
    .where(_POINT.state != "wrong_person", among(_POINT.customer_id))
    .order_by(_POINT.customer_id, _POINT.place)
)
_PROMISES: Final = Statement(
    select(
        *(_PROMISE.customer_id, _PROMISE.currency, _PROMISE.day, _PROMISE.amount, _PROMISE.tolerance_days),
        *(_PROMISE.made_at, _PROMISE.id),
    ).where(_PROMISE.state == "pending", among(_PROMISE.customer_id))
)
_PAUSES: Final = Statement(
    select(_PAUSE.customer_id, _PAUSE.until, _PAUSE.reason).where(_PAUSE.lifted_at.is_(None), among(_PAUSE.customer_id))
)


@dataclass(frozen=True, slots=True)
class Point:
    """How a channel reaches somebody."""

    address: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """A customer at one moment, and what a message to it needs beside."""

    situation: Situation
    external_id: str
    name: str
    document: str | None
    portfolio: str | None
    columns: Mapping[str, str]
    points: Mapping[str, Point]
    """By channel."""


def read(session: Session, rules: Rules, customers: Iterable[int], *, today: date, zone: str) -> dict[int, Seen]:
    """Returns what decides about some customers of an account, by number; whoever was erased is left out."""
    wanted = sorted(set(customers))
    people = {row[0]: row for row in session.among(_PEOPLE, wanted)}
    owed = facts(session, rules.account_id, people)
    whose = rules_of(session, rules, people)
    points = _points(session, people)
    promises: dict[int, list[Promise]] = {}
    for number, currency, day, amount, tolerance, made_at, _id in session.among(_PROMISES, people):
        made = Promise(currency, date.fromisoformat(day), amount, tolerance, made_at)
        promises.setdefault(number, []).append(made)
    pauses: dict[int, list[Pause]] = {}
    for number, until, reason in session.among(_PAUSES, people):
        pauses.setdefault(number, []).append(Pause(until, reason))
    taken = steps.of(session, people)
    by_hand = contacted.by_hand(session, people, today, zone)
    contacts = contacted.days(session, people, today, zone)
    named = rules.by_name
    found: dict[int, Seen] = {}
    for number, row in people.items():
        known = owed[number]
        rule = rules.known[whose[number]][1] if number in whose else None
        own_pauses = pauses.get(number, [])
        if row[6]:
            own_pauses = [*own_pauses, Pause(row[7], "blocked")]
        currencies = {one.currency for one in known.invoices}
        own_steps = taken.get(number, [])
        days = {(currency, day) for currency in currencies for day in contacts.get(number, ())}
        days |= by_hand.get(number, set())
        days |= {
            (one.currency, day_of(one.left_at, zone))
            for one in own_steps
            if one.action == "message" and one.fate == "done"
        }
        own = {one.policy for one in known.invoices if one.policy is not None}
        reached = points.get(number, {})
        found[number] = Seen(
            Situation(
                number,
                known.invoices,
                known.payments,
                tuple(one.value for one in own_steps),
                tuple(promises.get(number, ())),
                tuple(own_pauses),
                rule,
                tuple(named[name] for name in sorted(own) if name in named),
                tuple(sorted(days)),
                frozenset(reached),
                hold_out=rule is not None and left_alone(rules.account, row[1], rule.name, rule.hold_out),
            ),
            *(row[1], row[2], row[3], row[4], json.loads(row[5]) if row[5] else {}, reached),
        )
    return found


def existing(session: Session, customers: Iterable[int]) -> set[int]:
    """Returns those of some customers that there are: others were erased, or have become part of somebody."""
    return {row[0] for row in session.among(_THERE, sorted(set(customers)))}


def under(session: Session, rules: Rules, seen: Mapping[int, Seen]) -> dict[int, Seen]:
    """Returns the same customers as they would be judged under other rules."""
    whose, named = rules_of(session, rules, seen), rules.by_name
    found: dict[int, Seen] = {}
    for number, one in seen.items():
        rule = rules.known[whose[number]][1] if number in whose else None
        own = {bill.policy for bill in one.situation.invoices if bill.policy is not None}
        situation = replace(
            one.situation,
            policy=rule,
            policies=tuple(named[name] for name in sorted(own) if name in named),
            hold_out=rule is not None and left_alone(rules.account, one.external_id, rule.name, rule.hold_out),
        )
        found[number] = replace(one, situation=situation)
    return found


def _points(session: Session, people: Collection[int]) -> dict[int, dict[str, Point]]:
    """Returns the preferred point of each channel that may be used for claims."""
    found: dict[int, dict[str, Point]] = {}
    ranks: dict[tuple[int, str], int] = {}
    for number, kind_of_point, address, kind, state, consent in session.among(_POINTS, people):
        if consent and json.loads(consent).get("collections") is False:
            continue
        for channel in CHANNELS:
            kinds = POINTS_OF[channel]
            if kind_of_point not in kinds or (kind == LANDLINE and channel in {"sms", "whatsapp"}):
                continue
            rank = kinds.index(kind_of_point)
            if rank < ranks.get((number, channel), len(kinds)):
                ranks[number, channel] = rank
                found.setdefault(number, {})[channel] = Point(address, state == "confirmed")
    return found
