"""The collections of the demo's past weeks: bills and payments come in, a rule claims, promises are made and broken.

A day's claims are decided and written by what the daemon decides and writes them with, at that day's hour.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from gatewayd.claims.moment import Moment, moments
from gatewayd.claims.writing import write
from gatewayd.demo.books import Bill
from gatewayd.demo.campaign import ACCOUNT
from gatewayd.demo.office import AGENTS, Perform
from gatewayd.dunning import wording
from gatewayd.dunning.engine.settling import settle
from gatewayd.store.commands import CLAIM, Change, Command, NewMessage
from gatewayd.store.dunning import approving, batches, decisions, novelties, runs, steps
from gatewayd.store.dunning.batches import Batch
from gatewayd.store.dunning.novelties import NoveltyFilter
from gatewayd.values.actor import Scope

POLICY: Final = "Hogares y comercios"
HOUR: Final = "09:30"
BY: Final = "marta"
AWAY: Final = 6
"""On Sundays nobody is claimed from."""
WORDS: Final[Mapping[str, str]] = {
    "Factura vencida": "%nombre%: le recordamos su saldo vencido de $ %deuda%. Norte Wifi",
    "Segundo aviso": "%nombre%: sigue pendiente su saldo de $ %deuda%. Por un plan de pagos, responda. Norte Wifi",
}
"""By template."""
CALL: Final[Mapping[str, Any]] = {
    "name": "Llamada",
    "channels": ["call"],
    "templates": {"call": "Llamada: recordatorio"},
}
LAST: Final[Mapping[str, Any]] = {"name": "Último aviso", "templates": {"sms": "Segundo aviso"}}
"""The third level, with a line that calls and without one."""
TELEPHONED: Final = timedelta(days=4)
"""After so long everybody who was claimed from has been telephoned."""
FOUND_OUT: Final = ("talked", "no_answer", "talked", "refused", "no_answer")
PROMISES: Final = 9
"""People who promise in the past weeks; of some the day is over by now."""

Apply = Callable[[Sequence[Command[Any]]], Sequence[Any]]


def rule(*, calls: bool) -> dict[str, Any]:
    """Returns the company's rule; its third level calls where a line can."""
    return {
        "tolerance_days": 2,
        "hold_out": 5,
        "hour": HOUR,
        "minimums": {"ARS": "1000"},
        "levels": [
            {"id": "aviso", "days": 3, "name": "Primer aviso", "templates": {"sms": "Factura vencida"}},
            {"id": "segundo", "days": 10, "name": "Segundo aviso", "templates": {"sms": "Segundo aviso"}},
            {"id": "tercero", "days": 20, "approval": True, **(CALL if calls else LAST)},
            {"id": "visita", "days": 35, "name": "Visita", "action": "visit"},
        ],
    }


class Sender(Protocol):
    """Has a job's messages leave and come to their end."""

    def send(self, job: str, channel: str, rows: Sequence[NewMessage], at: int, *, origin: str, klass: str) -> int:
        """Returns the job's number."""
        ...


class Claiming:
    """Lives through collections day by day; `perform` works at the moment that `set_clock` (Unix ms) was told."""

    def __init__(
        self,
        perform: Perform,
        apply: Apply,
        sender: Sender,
        books: Sequence[Bill],
        *,
        zone: ZoneInfo,
        set_clock: Callable[[int], None],
        calls: bool,
    ) -> None:
        """`calls`: whether a line of the company calls."""
        self._perform = perform
        self._apply = apply
        self._sender = sender
        self._books = books
        self._zone = zone
        self._set_clock = set_clock
        self._calls = calls
        self._billed: set[str] = set()
        self._promised: set[str] = set()

    def begin(self, day: date) -> None:
        """Writes the rule, on the day before the first one."""
        self._at(day, 8)
        document = rule(calls=self._calls)
        self._perform("policy.save", {"account": ACCOUNT, "policy": POLICY, "document": document, "standard": True})

    def live(self, day: date, *, last: bool) -> None:
        """Lives through one day; of the `last` one nobody has decided about the calls yet."""
        self._at(day, 7)
        self.bring(day)
        if day.weekday() != AWAY:
            self._claim(day, last=last)
        if day.weekday() % 2 and len(self._promised) < PROMISES:
            self._promise(day)

    def bring(self, day: date) -> None:
        """Brings in what was billed until that day, and what was paid on the day before."""
        new = [one for one in self._books if one.issued <= day and one.number not in self._billed]
        self._billed.update(one.number for one in new)
        paid = [
            one
            for one in self._books
            if one.paid is not None and (one.paid == day - timedelta(days=1) or (one in new and one.paid < day))
        ]
        if new:
            self._perform("invoice.put_many", {"account": ACCOUNT, "invoices": [one.invoice() for one in new]})
        if paid:
            payments = [one.payment(self._zone) for one in paid]
            self._perform("payment.put_many", {"account": ACCOUNT, "payments": payments})
        self._perform("billing.vouch", {"account": ACCOUNT})

    def _at(self, day: date, hour: int, minute: int = 0) -> int:
        now = int(datetime.combine(day, time(hour, minute), self._zone).timestamp() * 1000)
        self._set_clock(now)
        return now

    def _change(self, work: Callable[[Any], Any]) -> Any:
        return self._apply([Change(work, BY)])[0]

    def _promise(self, day: date) -> None:
        """Has somebody who owes promise to pay within the week."""
        open_ = [
            one.customer
            for one in self._books
            if one.due < day and (one.paid is None or one.paid > day) and one.customer not in self._promised
        ]
        if open_:
            who = open_[day.toordinal() % len(open_)]
            self._promised.add(who)
            until = day + timedelta(days=5)
            said = {"account": ACCOUNT, "customer": who, "day": until.isoformat(), "note": "Lo prometió por teléfono"}
            self._perform("promise.add", said)

    # -------------------------------------------------------------------------------------------------------- claims

    def _claim(self, day: date, *, last: bool) -> None:
        now = self._at(day, 9, 31)
        for batch in self._change(partial(_decided, now=now, zone=str(self._zone), approved=not last)):
            rows = self._change(partial(_rows, batch=batch))
            job = self._sender.send(batch.job, batch.channel, rows, now, origin=CLAIM, klass="collections")
            self._change(partial(_recorded, number=batch.id, job=job))
        self._change(partial(_settled, now=self._at(day, 20), zone=str(self._zone)))
        self._change(partial(_telephoned, until=day - TELEPHONED, now=self._at(day, 20)))


def _moment(unit: Any, now: int, zone: str) -> Moment:
    (found,) = moments(unit.session.connection, now=now, zone=zone, region="AR", account=ACCOUNT).values()
    return found


def _decided(unit: Any, *, now: int, zone: str, approved: bool) -> Sequence[Batch]:
    """Does a day's run; returns the batches that become jobs."""
    session, moment = unit.session, _moment(unit, now, zone)
    number = moment.rules.account_id
    everybody = decisions.customers_behind(session.connection, account_id=number, after=0, limit=10_000)
    runs.begin(session, number, moment.today.isoformat(), HOUR, now)
    write(unit, moment=moment, customers=everybody)
    counts: Counter[str] = Counter()
    for (reason, _level), people in decisions.standing(session.connection, scope=Scope.of(ACCOUNT)).items():
        counts[reason] += people
    run = runs.run_of(session.connection, account_id=number, day=moment.today.isoformat(), hour=HOUR)
    assert run is not None
    runs.go_on(session, run, max(everybody, default=0), counts)
    runs.end(session, run, now)
    for one in batches.waiting(session.connection, state="approval") if approved else ():
        batches.decide(session, one.id, approved=True, now=now, by=BY)
        approving.close(session, one, now=now, by=BY)
    return batches.waiting(session.connection)


def _rows(unit: Any, *, batch: Batch) -> Sequence[NewMessage]:
    neutral = str(wording.neutral("sms", "es")["text"]).replace(f"%{wording.COMPANY}%", "Norte Wifi")
    text = "" if batch.channel == "call" else WORDS.get(batch.template, neutral)
    found = []
    for row, one in enumerate(batches.members(unit.session.connection, number=batch.id), 1):
        cells = json.loads(one.cells)
        said = re.sub(r"%(\w+)%", partial(_cell, cells), text)
        found.append(
            NewMessage(row, one.external_id, one.address, said, "", 1, "", None, None, None, one.cause),
        )
    return found


def _cell(cells: Mapping[str, str], found: re.Match[str]) -> str:
    return cells.get(found[1], "")


def _recorded(unit: Any, *, number: int, job: int) -> None:
    batches.recorded(unit.session, number, job)


def _telephoned(unit: Any, *, until: date, now: int) -> None:
    """Writes down what came of the calls to those who were claimed from until a day."""
    wanted = NoveltyFilter("open", "claim", until)
    for one in novelties.novelties(unit.session.connection, scope=Scope.of(ACCOUNT), wanted=wanted, limit=10_000):
        result, by = FOUND_OUT[one.id % len(FOUND_OUT)], AGENTS[one.id % len(AGENTS)]
        novelties.done(unit.session, one, result=result, note="", next_date=None, now=now, by=by)


def _settled(unit: Any, *, now: int, zone: str) -> None:
    moment = _moment(unit, now, zone)
    numbers = [one.id for one in steps.unsettled(unit.session.connection, after=0, limit=10_000)]
    settle(unit, moment=moment, numbers=numbers)
