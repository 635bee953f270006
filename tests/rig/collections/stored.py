"""Lives through a history with the real store: facts go in as billing and people bring them, situations come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from gatewayd.billing import fields
from gatewayd.billing.engine import desk
from gatewayd.claims.moment import Moment, moments
from gatewayd.customers.change import changed
from gatewayd.customers.document import Customer
from gatewayd.dunning.decide import decide
from gatewayd.dunning.decision import Decision
from gatewayd.dunning.document import document_of, policy_of
from gatewayd.numbers import Numbers, Policy
from gatewayd.store.accounts import account_number
from gatewayd.store.commands import Change, CreateAccount
from gatewayd.store.contacts import customers, joining
from gatewayd.store.dunning import merging, pauses, policies, promises, reminder_sends, reminders, situations, steps
from gatewayd.store.dunning.promises import NewPromise
from gatewayd.store.session import Session
from gatewayd.values.actor import Scope
from gatewayd.values.errors import UsageError
from gatewayd.values.reminder import Draft
from tests.conformance.house import House
from tests.rig.collections.book import Bill, Money, Rule
from tests.rig.collections.history import Event, History, When
from tests.rig.collections.life import Life
from tests.rig.collections.moment import MILLIONTHS, policy

NUMBERS = Numbers(Policy("AR"))
ADDRESSES = {"sms": ("phone", 1), "call": ("phone", 1), "whatsapp": ("phone", 1), "email": ("email", 2)}
LEFT_OUT = frozenset({"alone"})
"""Whom rules leave alone follows from a hash."""
RESTARTS = 9
"""Days from one restart to the next."""


def document(rule: Rule) -> dict[str, Any]:
    """Returns a rule as the store keeps it."""
    made = document_of(policy(rule))
    for level in made["levels"]:
        level["templates"] = dict.fromkeys(level["channels"], "aviso")
    return made


def storable(history: History) -> History:
    """Returns a history without what its store is not told, and without rules that nobody may save."""
    kept = [_told(event) for event in history.events if event.what not in LEFT_OUT and _may_be_saved(event)]
    return replace(history, events=tuple(kept), set_back=frozenset())


def _may_be_saved(event: Event) -> bool:
    if event.what != "rule":
        return True
    try:
        policy_of("r", 1, document(event.facts["rule"]))
    except UsageError:
        return False
    return True


def _told(event: Event) -> Event:
    """Returns an event as the store can be told it."""
    if event.what == "channels":
        # A telephone takes texts, calls and WhatsApp alike.
        named = set(event.facts["channels"])
        phone = {"sms", "call", "whatsapp"} if named & {"sms", "call", "whatsapp"} else set()
        return replace(event, facts={"channels": tuple(sorted(phone | (named & {"email"})))})
    if event.what == "invoice" and event.facts["bill"].state == "closed":
        # No billing says so: that a list lacks it does.
        return replace(event, facts={"bill": replace(event.facts["bill"], state="open", argued_until=None)})
    return event


class StoredLife(Life):
    """A life of which the store knows the facts, and nothing else is asked."""

    def __init__(self, history: History, house: House) -> None:
        super().__init__(storable(history), lambda *_: ())
        self.house = house
        self.account = f"h{history.seed}"
        self.numbers: dict[str, int] = {}
        house.now = When(history.begin, 0).ms(history.zone) - 86_400_000
        house.do(CreateAccount(self.account, "ARS", house.now))
        self.account_id = account_number(self.session.connection, self.account)
        self.scope = Scope.of(self.account)
        for who in history.customers:
            self.numbers[who] = self._person(who, ())

    @property
    def session(self) -> Session:
        return self.house.transactions.session

    def _do(self, work: Any) -> Any:
        return self.house.do(Change(work))

    def _person(self, who: str, channels: tuple[str, ...]) -> int:
        points = []
        if "sms" in channels:
            points.append({"channel": "phone", "address": f"+54911{5_000_000_0 + len(who) + hash(who) % 1000:08d}"})
        if "email" in channels:
            points.append({"channel": "email", "address": f"{who}@example.com"})

        def make(was: Customer, find: customers.UserOf) -> Customer:
            said = {"name": who, "contacts": points}
            return changed(was, said, numbers=NUMBERS, user=find, now=self.house.now)

        put = customers.Put(who, make, self.house.now, None)
        kept, _fresh = self._do(lambda unit: customers.put(unit, self.scope, [put])[0]).answer
        return int(kept.id)

    # ----------------------------------------------------------------------------------------------------- the facts

    def _hear(self, event: Event) -> None:
        self.house.now = event.when.ms(self.history.zone)
        before = dict(self.book.files)
        super()._hear(event)
        self._write(event)
        for who in before.keys() & self.book.files.keys():
            self._sync(who)

    def _write(self, event: Event) -> None:
        facts, now = event.facts, self.house.now
        number = self.numbers.get(event.who, 0)
        match event.what:
            case "rule":
                self._save(facts["rule"])
            case "company":
                self._save(self.book.rules[facts["name"]])
            case "own rule":
                rule = facts["name"]
                row = None
                if rule is not None:
                    row = policies.policy(self.session.connection, scope=self.scope, account=self.account, name=rule).id
                self._do(lambda unit: policies.give(unit.session, number, row))
            case "channels":
                self._person(event.who, facts["channels"])
            case "invoice":
                self._bring("invoices", _invoice(facts["bill"], event.who, self.history.zone))
                known = self.book.files[event.who].bills[facts["bill"].id]
                # Billing says nothing of what a person disputes here; where it is settled, a person has said so too.
                self._argue(known, number)
            case "dispute" | "settle":
                self._argue(self.book.files[event.who].bills[facts["id"]], number)
            case "complete":
                self._complete(facts["kept"])
            case "money":
                self._pay(facts["money"], event.who)
            case "cancel money":
                self._pay(self.book.files[event.who].moneys[facts["id"]], event.who)
            case "promise":
                word = facts["word"]
                amount = None if word.amount is None else word.amount * MILLIONTHS
                new = NewPromise(self.account_id, number, word.currency, word.day, amount, word.grace)
                self._do(lambda unit: promises.add(unit.session, new, now=now))
            case "withdraw promise":
                said = promises.promises(self.session.connection, scope=self.scope, customer=number, limit=50)
                for one in said:
                    if one.state == "pending":
                        self._do(lambda unit, one=one: promises.withdraw(unit.session, one, now=now))
            case "rest":
                rest = facts["rest"]
                until = None if rest.until is None else rest.until.ms(self.history.zone)
                self._do(
                    lambda unit: pauses.add(unit.session, self.account_id, number, rest.reason, until=until, now=now)
                )
            case "lift":
                rows = self.session.plain(
                    f"SELECT id FROM pause WHERE customer_id = {number} AND reason = '{facts['reason']}'"
                    " AND lifted_at IS NULL"
                )
                for (pause,) in rows:
                    self._do(lambda unit, pause=pause: pauses.lift(unit.session, pause, now=now, by="ana"))
            case "by hand":
                self._remind(event.who, facts["currency"])
            case "merge":
                merge = joining.Merge(facts["into"], event.who, now)
                stays = self.numbers[facts["into"]]
                self._do(lambda unit: merging.move(unit, self.scope, merge.stays, merge.gone))
                self._do(lambda unit: joining.merge(unit, self.scope, merge))
                self._do(lambda unit: desk.changed(unit, self.account_id, [stays], now))
            case _:
                raise AssertionError(event.what)

    def _save(self, rule: Rule) -> None:
        known = self.session.plain(
            f"SELECT version FROM policy WHERE account_id = {self.account_id} AND name = '{rule.name}'"
        )
        seen = known[0][0] if known else None
        place = 0
        self._do(
            lambda unit: policies.save(
                *(unit.session, self.account, rule.name, document(rule)),
                standard=rule.name == self.book.company,
                place=place,
                seen=seen,
                now=self.house.now,
                by="ana",
            )
        )

    def _bring(self, kind: fields.Kind, said: Mapping[str, Any], *, credit: bool = False) -> None:
        row = (fields.invoice if kind == "invoices" else fields.payment)(said, row=1)

        def work(unit: Any) -> desk.Recorded:
            how = desk.load(unit, self.account_id, kind, source="api", as_of=self.house.now, now=self.house.now)
            if kind == "invoices":
                return desk.record_invoices(unit, how, [row])
            return desk.record_payments(unit, how, [row], "credit_note" if credit else "payment")

        done = self._do(work)
        assert not done.written.faults, (said, done.written.faults)

    def _argue(self, bill: Bill, number: int) -> None:
        now = self.house.now

        def work(unit: Any) -> None:
            if bill.state == "disputed":
                until = bill.argued_until
                pauses.dispute(unit.session, self.account_id, number, bill.id, until=until, note="", now=now)
            else:
                pauses.end_dispute(unit.session, self.account_id, number, bill.id, now=now)
            desk.changed(unit, self.account_id, [number], now)

        self._do(work)

    def _complete(self, kept: frozenset[str]) -> None:
        """Brings a complete list: each invoice as it was said last, and a person agrees to close what is not in it."""
        as_of = self.house.now + 30_000
        bills = [
            (who, bill) for who, file in self.book.files.items() for bill in file.bills.values() if bill.id in kept
        ]
        said = [_invoice(bill, who, self.history.zone) for who, bill in bills if bill.state in ("open", "disputed")]
        rows = [fields.invoice(one, row=number) for number, one in enumerate(said, 1)]

        def work(unit: Any) -> None:
            how = desk.load(unit, self.account_id, "invoices", source="api", as_of=as_of, now=self.house.now)
            assert not desk.record_invoices(unit, how, rows).written.faults

        self._do(work)
        while self._do(lambda unit: desk.close_absent(unit, self.account_id, as_of, self.house.now)) is not None:
            pass

    def _day(self, day: date, events: list[Event]) -> None:
        if day.toordinal() % RESTARTS == 0:
            self.house.restart()
        super()._day(day, events)

    def _pay(self, money: Money, who: str) -> None:
        self._bring("payments", _payment(money, who, self.history.zone), credit=money.credit_note)

    def _remind(self, who: str, currency: str) -> None:
        now, zone = self.house.now, ZoneInfo(self.history.zone)
        draft = Draft(who, currency, "sms", "hola")

        def work(unit: Any) -> None:
            number = reminders.add(unit.session, account=self.account, draft=draft, next_at=None, by="ana", now=now)
            known = reminders.by_number(unit.session.connection, scope=self.scope, number=number)
            reminder_sends.decide(unit.session, known, now=now, zone=zone, by="ana")
            # It leaves at once, and its message is kept no longer.
            for send in reminder_sends.waiting(unit.session.connection):
                reminder_sends.recorded(unit.session, send, 0)

        self._do(work)

    # -------------------------------------------------------------------------------------------------- what is decided

    def _moment(self, at: int) -> Moment:
        found = moments(self.session.connection, now=at, zone=self.history.zone, region="AR", account=self.account)
        return found[self.account_id]

    def _decided(self, who: str, now: When) -> dict[str, Decision]:
        zone = self.history.zone
        at = now.ms(zone)
        moment = self._moment(at)
        number = self.numbers[who]
        seen = situations.read(self.session, moment.rules, [number], today=moment.today, zone=zone)[number]
        assert moment.today == now.day
        return {one.currency: one for one in decide(seen.situation, moment.today, at, zone)}

    def _planned(self, who: str, decided: Decision, now: When) -> None:
        rule, at = decided.policy, now.ms(self.history.zone)
        assert rule is not None
        rules = self._moment(at).rules
        level = next(one for one in rules.by_name[rule[0]].levels if one.id == (decided.level or "").partition("+")[0])
        number = self._do(
            lambda unit: steps.plan(
                *(unit.session, self.account_id, self.numbers[who], decided, level.action),
                policy=rules.number_of(rule[0]),
                version=rule[1],
                now=at,
            )
        )
        assert number is not None, f"{who}: {decided} is taken already"

    def _settle(self, now: When) -> None:
        super()._settle(now)
        for who in self.book.files:
            self._sync(who)

    def _sync(self, who: str) -> None:
        """Brings what became of steps into the store."""
        number = self.numbers[who]
        rows = steps.of(self.session, [number]).get(number, [])
        known = {(one.currency, one.level, one.cycle): one for one in self.book.files[who].taken}
        for row in rows:
            step = known.get((row.currency, row.level, row.cycle))
            if row.state != "planned" or step is None or step.state == "planned":
                continue
            at = step.at.ms(self.history.zone)
            reached = (row.currency, step.at.day) in self.book.files[who].contacts
            if step.state == "done" and row.action == "message" and not reached:
                self._do(lambda unit, row=row, at=at: steps.hand_over(unit.session, row.id, at))
            else:
                self._do(lambda unit, row=row, at=at, step=step: steps.end(unit.session, row.id, step.state, at))


def _iso(when: When, zone: str) -> str:
    return datetime.fromtimestamp(when.ms(zone) / 1000, UTC).isoformat().replace("+00:00", "Z")


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def _invoice(bill: Bill, who: str, zone: str) -> dict[str, Any]:
    said: dict[str, Any] = {"external_id": bill.id, "customer": who, "number": bill.id, "currency": bill.currency}
    said |= {
        "due": bill.due and bill.due.isoformat(),
        "state": "open" if bill.state == "disputed" else bill.state,
        "as_of": _iso(bill.told, zone),
    }
    if bill.total is not None:
        said["total"] = _money(bill.total)
    if bill.balance is not None:
        said["balance"] = _money(bill.balance)
    if bill.rule is not None:
        said["policy"] = bill.rule
    return said


def _payment(money: Money, who: str, zone: str) -> dict[str, Any]:
    said: dict[str, Any] = {"external_id": money.id, "customer": who, "amount": _money(money.amount)}
    said |= {"currency": money.currency, "posted_at": _iso(money.posted, zone), "cancelled": money.cancelled}
    if money.shares is not None:
        said["invoices"] = [{"external_id": name, "amount": _money(amount)} for name, amount in money.shares]
    if money.takes_back is not None:
        said["reversal_of"] = money.takes_back
    if money.credit_note:
        said["reason"] = "nota"
    return said
