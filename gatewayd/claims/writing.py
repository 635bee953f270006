"""Decides about customers, and writes down what follows, in one transaction: decisions, steps, batches, novelties."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from gatewayd.claims.gathering import Gathering
from gatewayd.claims.moment import Judged, Moment, judge, saying, tomorrow
from gatewayd.claims.reconnecting import reconnect
from gatewayd.claims.slices import Way, cells, known, level_of, way_of
from gatewayd.dunning.decide import decide
from gatewayd.dunning.decision import Decision
from gatewayd.dunning.ladder import plain
from gatewayd.dunning.novelty import NoveltyKind
from gatewayd.dunning.policy import Level
from gatewayd.store.billing import marks
from gatewayd.store.billing.marks import Mark
from gatewayd.store.dunning import (
    addresses,
    decisions,
    events,
    novelties,
    promises,
    recalling,
    situations,
    steps,
)
from gatewayd.store.dunning.decisions import Said
from gatewayd.store.dunning.events import NewEvent
from gatewayd.store.dunning.novelties import NewNovelty
from gatewayd.store.dunning.steps import StepRow, Try
from gatewayd.store.sending import causes
from gatewayd.store.session import Session
from gatewayd.values.addresses import NUMBERED

WRITTEN: Final = 50
"""Customers who are decided about in one transaction: some ten milliseconds of the writer."""


@dataclass(slots=True)
class Written:
    """What writing did."""

    steps: int = 0
    accounts: set[str] = field(default_factory=set)
    events: int = 0
    """What other systems are to be told."""


def write(
    unit: Any,
    *,
    moment: Moment,
    customers: Collection[int],
    seen: Sequence[Mark] = (),
    gathering: Gathering | None = None,
) -> Written:
    """Decides about customers anew, in this transaction, and writes down what follows; `seen` marks are let go.
    `gathering`: batches to which people are added; None: those of this transaction are whole."""
    session: Session = unit.session
    rules = moment.rules
    recalling.recall(session, rules.account_id, rules.account, customers)
    found = situations.read(session, rules, customers, today=moment.today, zone=moment.zone)
    judged = [judge(one, moment) for one in found.values()]
    work = _Work(session, moment, gathering or Gathering(open_=False))
    for one in judged:
        work.keep_promises(one)
    # What a promise, that is over now, held back is decided at once.
    over = {one.seen.situation.customer for one in judged if one.fates}
    if over:
        again = situations.read(session, rules, over, today=moment.today, zone=moment.zone)
        judged = [
            one if one.seen.situation.customer not in over else judge(again[one.seen.situation.customer], moment)
            for one in judged
        ]
    work.written.events += reconnect(session, moment, judged)
    work.take(judged)
    rows = [row for one in judged for row in saying(one, rules)]
    kept = [work.instead.get((row.customer, row.decision.currency), row) for row in rows]
    decisions.write(session, rules.account_id, kept, moment.today, moment.now)
    novelties.overtake(session, [one.seen.situation.customer for one in judged if one.owes_nothing], moment.now)
    if seen:
        marks.drop(session, seen)
    return work.written


class _Work:
    """The steps of a portion of customers."""

    def __init__(self, session: Session, moment: Moment, gathering: Gathering) -> None:
        self.session = session
        self._gathering = gathering
        self.moment = moment
        self.rules = moment.rules
        self.written = Written()
        self.instead: dict[tuple[int, str], Said] = {}
        """Decisions that writing has made others of: somebody at the same number was written to today."""
        self._new: list[NewNovelty] = []
        self._ways: dict[Way, list[tuple[Judged, Decision, int]]] = {}
        self._known = addresses.Shared(frozenset(), frozenset(), set())

    def keep_promises(self, one: Judged) -> None:
        """Writes what became of promises; of one that was not kept somebody is told."""
        customer = one.seen.situation.customer
        for currency, fate in one.fates.items():
            number = promises.pending(self.session, customer, currency)
            if number is None or not promises.end(self.session, number, fate, now=self.moment.now):
                continue
            if fate in {"broken", "partly"}:
                self._novelty(customer, "broken_promise", {"currency": currency, "fate": fate}, f"promise-{number}")

    def take(self, judged: Iterable[Judged]) -> None:
        """Takes the levels that are due."""
        due = [
            (one, decision) for one in judged for decision in one.decided if decision.reason in {"due", "no_channel"}
        ]
        shared = self._known = known(self.session, self.moment, due)
        for one, decision in due:
            rule, level = level_of(self.rules, decision)
            customer = one.seen.situation.customer
            point = one.seen.points.get(decision.channel or "")
            if point is not None and (decision.channel or "") in NUMBERED and point.address in shared.busy:
                later = replace(decision, verdict="wait", reason="contacted_today", again=tomorrow(self.moment.today))
                self._say(customer, later)
                continue
            number = steps.plan(
                *(self.session, self.rules.account_id, customer, decision, level.action),
                policy=self.rules.number_of(rule.name),
                version=rule.version,
                now=self.moment.now,
            )
            if number is None:
                continue
            self.written.steps += 1
            if point is not None and decision.channel in NUMBERED:
                shared.busy.update({point.address} & shared.several)
            self._carry_out(one, decision, number, level)
        for way, members in self._ways.items():
            self._batch(way, members)
        novelties.add_many(self.session, self._new, now=self.moment.now)
        if self.written.steps:
            self.written.accounts.add(self.rules.account)

    def _say(self, customer: int, decision: Decision) -> None:
        policy = None if decision.policy is None else self.rules.number_of(decision.policy[0])
        self.instead[customer, decision.currency] = Said(customer, decision, policy)

    def _carry_out(self, one: Judged, decision: Decision, number: int, level: Level) -> None:
        """Does what a level says, or puts the step among those of its batch."""
        customer, key = one.seen.situation.customer, f"step-{number}"
        detail = {
            "level": level.name or level.id,
            "currency": decision.currency,
            "amount": decision.amount,
            "invoices": list(decision.invoices),
        }
        if decision.reason == "no_channel":
            steps.hand_over(self.session, number, self.moment.now)
            self._novelty(customer, "no_channel", detail, key)
            return
        if level.action == "visit":
            steps.end(self.session, number, "done", self.moment.now)
            self._novelty(customer, "visit", detail, key)
            return
        if level.action == "event":
            steps.end(self.session, number, "done", self.moment.now)
            self._tell_outside(one, decision, level)
            return
        way = way_of(self.rules, one, decision, self._known)
        self._ways.setdefault(way, []).append((one, decision, number))

    def _tell_outside(self, one: Judged, decision: Decision, level: Level) -> None:
        assert decision.cycle is not None
        new = NewEvent(
            *(self.rules.account_id, self.rules.account, level.name or level.id, one.seen.external_id),
            *(decision.currency, ((decision.level or level.id, decision.cycle),), decision.amount),
            *(decision.invoices, "due"),
        )
        events.add(self.session, new, self.moment.now)
        self.written.events += 1

    def _batch(self, way: Way, members: Sequence[tuple[Judged, Decision, int]]) -> None:
        account_id, now = self.rules.account_id, self.moment.now
        minted = causes.mint_each(
            *(self.session, account_id),
            [(decision.currency, one.seen.situation.customer) for one, decision, _number in members],
            now,
        )
        batch, before = self._gathering.room(self.session, self.moment, way, len(members))
        tries = [
            Try(
                number,
                one.seen.points[way.channel].address,
                cells(one, decision, self.moment, neutral=not way.template),
                minted[decision.currency, one.seen.situation.customer],
            )
            for one, decision, number in members
        ]
        steps.put_in(self.session, batch, way.channel, way.template, tries, behind=before)

    def _novelty(self, customer: int, kind: NoveltyKind, detail: Mapping[str, Any], key: str) -> None:
        self._new.append(NewNovelty(self.rules.account_id, customer, kind, self.moment.today, "", detail, None, key))

    def try_again(self, one: Judged, decision: Decision, number: int) -> None:
        """Gives a step to the channel of a decision."""
        _rule, level = level_of(self.rules, decision)
        self._known = known(self.session, self.moment, [(one, decision)])
        self._carry_out(one, decision, number, level)
        for way, members in self._ways.items():
            self._batch(replace(way, approval=False), members)


def retry(session: Session, row: StepRow, moment: Moment) -> Literal["tried", "waits", "anew", "nobody"]:
    """Tries a step that did not reach the person by the next channel of its level.

    `nobody`: there is none. `waits`: somebody was contacted today, it is looked at again. `anew`: the facts want
    something else by now; the step is undone.
    """
    known = moment.rules.known.get(row.policy)
    level = None if known is None else next((one for one in known[1].levels if one.id == plain(row.level)), None)
    if level is None:
        # Its rule was put aside, or has that level no more: what is to be done now is another question.
        steps.end(session, row.id, "undone", moment.now)
        return "anew"
    if row.channel not in level.channels:
        return "nobody"
    later = level.channels[level.channels.index(row.channel) + 1 :]
    found = situations.read(session, moment.rules, [row.customer], today=moment.today, zone=moment.zone)
    seen = found.get(row.customer)
    if seen is None or not any(channel in seen.points for channel in later):
        return "nobody"
    situation = replace(
        seen.situation,
        steps=tuple(
            one
            for one in seen.situation.steps
            if (one.currency, one.level, one.cycle) != (row.currency, row.level, row.cycle)
        ),
        channels=seen.situation.channels & set(later),
    )
    one = Judged(seen, decide(situation, moment.today, moment.now, moment.zone), {})
    decision = next((each for each in one.decided if each.currency == row.currency), None)
    if decision is not None and decision.reason == "contacted_today":
        return "waits"
    if decision is None or decision.reason != "due" or (decision.level, decision.cycle) != (row.level, row.cycle):
        steps.end(session, row.id, "undone", moment.now)
        return "anew"
    _Work(session, moment, Gathering(open_=False)).try_again(one, decision, row.id)
    return "tried"
