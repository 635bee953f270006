"""What is to be done about a customer today, and why: facts and rules in, one decision a currency out.

Nothing is stepped forward. The same facts on the same day give the same decisions, whatever was decided before; what
was done is among the facts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from gatewayd.billing.balance import Balance, Open, balances, disputed
from gatewayd.billing.facts import Invoice
from gatewayd.dunning import ladder, promises
from gatewayd.dunning.decision import Decision, Reason, Verdict
from gatewayd.dunning.ladder import Taken
from gatewayd.dunning.policy import Policy
from gatewayd.dunning.situation import Situation

VERDICTS: Final[dict[Reason, Verdict]] = {
    "due": "send",
    "not_due": "wait",
    "tolerance": "wait",
    "in_flight": "wait",
    "promised": "wait",
    "claims_paid": "wait",
    "contacted_today": "wait",
}
"""Of the reasons that time or an outcome ends by itself; every other one is a `skip`."""


def decide(situation: Situation, today: date, now: int, zone: str = "UTC") -> tuple[Decision, ...]:
    """Returns what is decided on that day and instant (Unix ms) about each currency that a customer has invoices or
    payments in. Days of instants are those of `zone`."""
    rules = {one.name: one for one in situation.policies}
    found = balances(situation.invoices, situation.payments)
    cases = (_Case(situation, found[name], rules, today=today, now=now, zone=zone) for name in sorted(found))
    return tuple(case.decided() for case in cases)


@dataclass(frozen=True, slots=True)
class _Choice:
    """A level that may be taken today."""

    policy: Policy
    place: int
    name: str


class _Case:
    """One currency of one customer on one day."""

    def __init__(
        self, situation: Situation, balance: Balance, rules: dict[str, Policy], *, today: date, now: int, zone: str
    ) -> None:
        self.situation = situation
        self.balance = balance
        self.currency = balance.currency
        self.rules = rules
        self.today = today
        self.now = now
        self.zone = zone

    def rule(self, invoice: Invoice) -> Policy | None:
        """Returns the rule that an invoice is judged by: its own, else its customer's."""
        own = None if invoice.policy is None else self.rules.get(invoice.policy)
        return own or self.situation.policy

    def decided(self) -> Decision:
        opens = self.balance.owing
        asked = [self.rule(one.invoice) for one in opens] or [self.situation.policy]
        known = [rule for rule in asked if rule is not None]
        if not known:
            return self._say("no_policy")
        if all(rule.nothing for rule in known):
            return self._say("nothing")
        if not opens:
            return self._say("nothing_owed")
        arguable = [one for one in opens if not disputed(one.invoice, self.today)]
        if not arguable:
            ends = [one.invoice.disputed_until for one in opens if one.invoice.disputed_until is not None]
            return self._say("disputed", again=_after(min(ends, default=None)))
        held = self._held()
        if held is not None:
            return held
        return self._claimed([one for one in arguable if self._claims(one.invoice)])

    def _claims(self, invoice: Invoice) -> bool:
        rule = self.rule(invoice)
        return rule is not None and not rule.nothing and invoice.due is not None

    # ------------------------------------------------------------------------------------------ what keeps claims back

    def _held(self) -> Decision | None:
        for reason in ("blocked", "claims_paid"):
            standing = [
                one.until
                for one in self.situation.pauses
                if one.reason == reason and (one.until is None or self.now < one.until)
            ]
            if standing:
                until = [one for one in standing if one is not None]
                again = max(until) if len(until) == len(standing) else None
                again_day = None if again is None else max(ladder.day_of(again, self.zone), _next(self.today))
                return self._say("blocked" if reason == "blocked" else "claims_paid", again=again_day)
        pending = [
            promises.last_day(one)
            for one in self.situation.promises
            if one.currency == self.currency
            and promises.fate(one, self.situation.payments, self.balance.balance, self.today) == "pending"
        ]
        if pending:
            return self._say("promised", again=_after(max(pending)))
        return self._say("hold_out") if self.situation.hold_out else None

    # -------------------------------------------------------------------------------------------------- what is claimed

    def _claimed(self, claimable: list[Open]) -> Decision:
        dues = [one.invoice.due for one in claimable if one.invoice.due is not None]
        if not dues:
            return self._say("not_due", again=min(self._disputes_over(), default=None))
        cycle = min(dues)
        taken = ladder.taken(self.situation.steps, self.currency, cycle, self.zone)
        again = self._again(claimable, taken)
        standing = self._highest(claimable, taken)
        if standing is None:
            return self._say("tolerance" if self._within_tolerance(claimable) else "not_due", cycle=cycle, again=again)
        rule, place = standing
        name, reason = self._step(rule, place, taken)
        if name is None:
            return self._say(reason, level=rule.levels[place].id, cycle=cycle, again=again, policy=rule)
        return self._taken(_Choice(rule, place, name), claimable, cycle, taken, again)

    def _highest(self, claimable: Sequence[Open], taken: Taken) -> tuple[Policy, int] | None:
        """Returns the rule and place of the highest level that any invoice reaches; of two as high, the customer's."""
        best: tuple[int, bool] | None = None
        found: tuple[Policy, int] | None = None
        for one in claimable:
            rule = self.rule(one.invoice)
            if rule is None or one.invoice.due is None:
                continue
            place = ladder.reached(rule, one.invoice.due, self.today, taken)
            height = place, rule is self.situation.policy
            if place >= 0 and (best is None or height > best):
                best, found = height, (rule, place)
        return found

    def _step(self, rule: Policy, place: int, taken: Taken) -> tuple[str | None, Reason]:
        """Returns the name of the step that a level asks for; None and the reason where it asks for none."""
        level = rule.levels[place]
        others = [self.situation.policy, *(self.rule(one) for one in self.situation.invoices)]
        played = [one for one in others if one is not None and one is not rule]
        if not ladder.is_done(rule, place, played, taken):
            return level.id, "due"
        if place < len(rule.levels) - 1 or not any(ladder.plain(name) == level.id for name in taken.done):
            return None, "done"
        repeats = ladder.repeats(rule, taken, self._contacts(), self.today)
        if repeats.level is not None:
            return repeats.level, "due"
        return None, "ended" if repeats.again is None else "done"

    def _contacts(self) -> list[date]:
        return [day for currency, day in self.situation.contacts if currency == self.currency]

    def _taken(
        self, choice: _Choice, claimable: Sequence[Open], cycle: date, taken: Taken, again: date | None
    ) -> Decision:
        if taken.planned:
            return self._say("in_flight", level=choice.name, cycle=cycle, again=again, policy=choice.policy)
        listed = self._listed(choice, claimable)
        amount = sum(one.net for one in listed)
        warnings: tuple[str, ...] = ()
        minimums = choice.policy.minimums
        if amount < minimums.get(self.currency, 0):
            return self._say("minimum", level=choice.name, cycle=cycle, again=again, policy=choice.policy)
        if minimums and self.currency not in minimums:
            warnings = ("minimum_missing",)
        # One of a later day: the clock was set back, and it is that day again for whoever was contacted.
        contacted = [day for day in self._contacts() if day >= self.today]
        if contacted:
            again = _next(max(contacted))
            return self._say("contacted_today", level=choice.name, cycle=cycle, again=again, policy=choice.policy)
        level = choice.policy.levels[choice.place]
        channel = next((one for one in level.channels if one in self.situation.channels), None)
        message = level.action == "message"
        reason: Reason = "no_channel" if message and channel is None else "due"
        return Decision(
            *(self.currency, VERDICTS.get(reason, "skip"), reason, choice.name, cycle, channel if message else None),
            invoices=tuple(one.invoice.external_id for one in listed),
            amount=amount,
            again=again,
            warnings=warnings,
            policy=(choice.policy.name, choice.policy.version),
            judged=self._judged(),
        )

    def _listed(self, choice: _Choice, claimable: Sequence[Open]) -> list[Open]:
        """Returns what is overdue; of a level before the due date, what falls due within its days."""
        level = choice.policy.levels[choice.place]
        first = level.days if level.basis == "due" and level.days < 0 else 1
        return [one for one in claimable if self._days(one) >= first]

    def _days(self, one: Open) -> int:
        return -9999 if one.invoice.due is None else (self.today - one.invoice.due).days

    def _within_tolerance(self, claimable: Sequence[Open]) -> bool:
        rules = [(self.rule(one.invoice), self._days(one)) for one in claimable]
        return any(rule is not None and 1 <= days <= rule.tolerance_days for rule, days in rules)

    def _again(self, claimable: Sequence[Open], taken: Taken) -> date | None:
        days: list[date] = []
        for one in claimable:
            rule, due = self.rule(one.invoice), one.invoice.due
            if rule is not None and due is not None:
                days += ladder.coming(rule, due, self.today, taken)
                if rule.levels:
                    following = ladder.repeats(rule, taken, self._contacts(), self.today).again
                    days += [] if following is None or following <= self.today else [following]
        return min([*days, *self._disputes_over()], default=None)

    def _disputes_over(self) -> list[date]:
        """Returns the days on which disputes are over."""
        ends = [one.invoice.disputed_until for one in self.balance.owing if disputed(one.invoice, self.today)]
        return [_next(end) for end in ends if end is not None]

    # ---------------------------------------------------------------------------------------------------- what is said

    def _say(
        self,
        reason: Reason,
        *,
        level: str | None = None,
        cycle: date | None = None,
        again: date | None = None,
        policy: Policy | None = None,
    ) -> Decision:
        rule = policy or self.situation.policy
        named = None if rule is None else (rule.name, rule.version)
        verdict = VERDICTS.get(reason, "skip")
        return Decision(
            *(self.currency, verdict, reason, level, cycle), again=again, policy=named, judged=self._judged()
        )

    def _judged(self) -> tuple[tuple[str, str], ...]:
        """Returns for each invoice with something open how it stands, by external id."""
        return tuple((one.invoice.external_id, self._stand(one)) for one in self.balance.invoices)

    def _stand(self, one: Open) -> str:
        invoice, rule = one.invoice, self.rule(one.invoice)
        if not one.net:
            return "covered"
        if disputed(invoice, self.today):
            return "disputed"
        if rule is None:
            return "no_policy"
        if rule.nothing:
            return "nothing"
        if invoice.due is None:
            return "no_due"
        days = self._days(one)
        if days < 1:
            return "not_due"
        return "tolerance" if days <= rule.tolerance_days else "overdue"


def _next(day: date) -> date:
    return day + timedelta(days=1)


def _after(day: date | None) -> date | None:
    return None if day is None else _next(day)
