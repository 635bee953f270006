"""One moment of an account's claims: its rules, its clock, and what is decided about a customer then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from gatewayd.billing.balance import balances
from gatewayd.dunning import promises as said
from gatewayd.dunning.decide import decide
from gatewayd.dunning.decision import Decision
from gatewayd.dunning.document import policy_of
from gatewayd.store.dunning import policies
from gatewayd.store.dunning.decisions import Said
from gatewayd.store.dunning.policies import Rules
from gatewayd.store.dunning.situations import Seen
from gatewayd.store.settings.accounts import zone_of
from gatewayd.values.actor import Scope


@dataclass(frozen=True, slots=True)
class Moment:
    """When something is decided, and for whom."""

    rules: Rules
    now: int
    """Unix ms."""
    today: date
    zone: str
    region: str
    """How amounts and dates are written."""

    def at(self, now: int) -> Moment:
        """Returns the same at another instant."""
        return replace(self, now=now, today=datetime.fromtimestamp(now / 1000, ZoneInfo(self.zone)).date())

    def begun(self, hour: str) -> bool:
        """Returns whether the hour of a rule's run has come today."""
        return datetime.fromtimestamp(self.now / 1000, ZoneInfo(self.zone)).strftime("%H:%M") >= hour


@dataclass(frozen=True, slots=True)
class Judged:
    """A customer with what is decided of it."""

    seen: Seen
    decided: tuple[Decision, ...]
    fates: Mapping[str, str]
    """By currency: what became of a promise that was pending."""

    @property
    def acts(self) -> bool:
        """Returns whether something is to be done, beside keeping what was decided."""
        return bool(self.fates) or any(one.reason in {"due", "no_channel"} for one in self.decided)

    @property
    def owes_nothing(self) -> bool:
        """Returns whether it is known, and nothing is open in any currency."""
        return bool(self.decided) and all(one.reason == "nothing_owed" for one in self.decided)


def judge(seen: Seen, moment: Moment) -> Judged:
    """Decides about one customer. Before the hour of its rule nothing is sent: then it waits for that."""
    situation = seen.situation
    found = decide(situation, moment.today, moment.now, moment.zone)
    made = tuple(_in_time(one, moment) for one in found)
    fates: dict[str, str] = {}
    if situation.promises:
        owed = balances(situation.invoices, situation.payments)
        for one in situation.promises:
            balance = owed.get(one.currency)
            fate = said.fate(one, situation.payments, 0 if balance is None else balance.balance, moment.today)
            if fate != "pending":
                fates[one.currency] = fate
    return Judged(seen, made, fates)


def _in_time(one: Decision, moment: Moment) -> Decision:
    rule = None if one.policy is None else moment.rules.by_name.get(one.policy[0])
    if one.reason not in {"due", "no_channel"} or rule is None or moment.begun(rule.hour):
        return one
    return replace(one, verdict="wait", reason="hour", again=moment.today)


def saying(judged: Judged, rules: Rules) -> list[Said]:
    """Returns decisions as the store keeps them."""
    return [
        Said(
            judged.seen.situation.customer,
            one,
            None if one.policy is None else rules.number_of(one.policy[0]),
        )
        for one in judged.decided
    ]


def tomorrow(day: date) -> date:
    return day + timedelta(days=1)


def moments(connection: Any, *, now: int, zone: str, region: str, account: str | None = None) -> dict[int, Moment]:
    """Returns the rules and the clock of each account that has any rule, by its number; `zone` is the gateway's.

    One whose rules are all archived is there too: what was claimed by them goes on to its end.
    """
    grouped: dict[tuple[str, int], list[policies.PolicyRow]] = {}
    for row in policies.policies(connection, scope=Scope(account), archived=True):
        grouped.setdefault((row.account, row.account_id), []).append(row)
    found = {}
    for (name, number), own in grouped.items():
        active = [row for row in own if row.state == "active"]
        known = {row.id: (row, policy_of(row.name, row.version, row.document)) for row in active}
        there = zone_of(connection, name, zone)
        rules = Rules(name, number, known)
        found[number] = Moment(rules, now, day_in(there, now), there, region)
    return found


def today_in(connection: Any, *, account: str, now: int, zone: str) -> date:
    """Returns the day it is in an account's zone; `zone` is the gateway's. NotFoundError without the account."""
    return day_in(zone_of(connection, account, zone), now)


def day_in(zone: str, now: int) -> date:
    """Returns the day it is in a zone."""
    return datetime.fromtimestamp(now / 1000, ZoneInfo(zone)).date()
