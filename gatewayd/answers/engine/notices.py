"""Tells customers of what is new of its own accord: payments, invoices, tickets. Each once, a portion a transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog

from gatewayd.answers import facts
from gatewayd.answers.engine import accounts
from gatewayd.answers.engine.accounts import Account
from gatewayd.answers.engine.answering import LATE_MS, WAITING, Done
from gatewayd.answers.engine.portion import Make
from gatewayd.answers.engine.telling import Telling
from gatewayd.answers.facts import Fact
from gatewayd.config import Config
from gatewayd.store.sending import causes
from gatewayd.store.sending.restoration import standing_still
from gatewayd.store.tickets import newest, notices
from gatewayd.store.tickets import settings as kept
from gatewayd.store.tickets.newest import TicketNews

log = structlog.get_logger()

SCANNED: Final = 2_000
"""Rows of one transaction that are looked at."""
TOLD: Final = 200
"""Notices of one transaction that are recorded."""
TRIES_MOST: Final = 5
OF_TICKETS: Final = frozenset({"mail.ticket", "sms.ticket"})
"""What is told of an act of a person here: it is no batch."""
CHANGES: Final = frozenset({"state"})
"""Rows of a ticket's history that its customer is told of."""


class Notices:
    """The work on portions, for `Change`. For the writer's thread alone."""

    def __init__(self, config: Callable[[], Config], make: Make) -> None:
        self._config = config
        self._make = make

    def portion(self, unit: Any, now: int) -> Done:
        """Finds what is new and tells a portion of what is due."""
        session, done = unit.session, Done()
        if standing_still(session.connection):
            return done
        houses = accounts.read(session, self._config())
        self._scan(session, "payment", houses, now, done)
        self._scan(session, "invoice", houses, now, done)
        self._scan(session, "ticket", houses, now, done)
        self._watch(session, now, done)
        left = TOLD
        for account_id, kind in self._ready(session, now, done):
            account = houses.get(account_id)
            if account is None or left <= 0:
                continue
            telling = Telling(unit, account, config=self._config(), make=self._make, now=now)
            count = telling.tell(kind, left)
            left -= count
            done.queues += telling.queues
            done.jobs += telling.jobs
            done.answered += telling.recorded
            done.more = done.more or left <= 0
        return done

    # ----------------------------------------------------------------------------------------------------- what is new

    def _scan(self, session: Any, name: str, houses: Mapping[int, Account], now: int, done: Done) -> None:
        place = kept.place(session, name)
        if place is None:
            kept.set_place(session, name, newest.last(session, name))
            return
        found: list[tuple[str, int, int, int | None, int]] = []
        rows: list[tuple[int, int]] = []
        for number, seen, kinds, account_id, customer in self._news(session, name, place, houses, now):
            rows.append((number, seen))
            found += [(kind, number, account_id, customer, now) for kind in kinds]
        if not rows:
            return
        notices.add(session, found)
        reached = place
        for number, seen in rows:
            if not session.sqlite and seen > now - LATE_MS:
                done.later = True
                break
            reached = number
        if reached != place:
            kept.set_place(session, name, reached)
        done.more = done.more or (len(rows) == SCANNED and reached != place)

    def _news(self, session: Any, name: str, place: int, houses: Mapping[int, Account], now: int) -> Any:
        """Yields number, when it was seen, kinds of notices, account and customer of each new row."""
        if name == "ticket":
            for event in newest.new_events(session, place, SCANNED):
                yield (
                    event.id,
                    event.at,
                    _of_ticket(houses.get(event.account_id), event),
                    event.account_id,
                    (event.customer_id),
                )
            return
        read: Any = newest.new_payments if name == "payment" else newest.new_invoices
        for one in read(session, place, SCANNED):
            fact: Fact = one.fact
            kinds = _of_fact(houses.get(fact.account_id), name, fact, now)
            yield fact.id, fact.first_seen, kinds, fact.account_id, fact.customer_id

    # ------------------------------------------------------------------------------------------------------ its batches

    def _ready(self, session: Any, now: int, done: Done) -> list[tuple[int, str]]:
        """Returns account and kind of what may be told now; what is too much waits for a person."""
        ready = notices.released(session)
        for what in notices.waiting(session):
            if what.kind in OF_TICKETS:
                ready.append((what.account_id, what.kind))
                continue
            if not facts.whole(what.count, what.oldest, what.newest, now):
                done.later = True
                continue
            customers = notices.customers_of(session, what.account_id) if what.people > facts.FEW else 0
            lately = notices.told_since(session, what.account_id, what.kind, now - facts.WHOLE_MS)
            if what.people > facts.FEW and facts.asks(what.people + lately, customers):
                number = notices.ask(session, what, customers, now)
                done.wakes.add("asked")
                log.warning("notices wait for a person", account=what.account_id, people=what.people, batch=number)
                continue
            ready.append((what.account_id, what.kind))
        return ready

    def _watch(self, session: Any, now: int, done: Done) -> None:
        """Has notices made anew whose debt changed before they left."""
        del now
        for one in notices.telling(session, TOLD):
            withdrawn = one.final and one.state == "cancelled" and one.reason in causes.REASONS
            if withdrawn and one.tries < TRIES_MOST:
                notices.put(session, one.kind, one.subject, notices.DUE, tries=one.tries)
            elif one.final or one.state not in WAITING:
                notices.put(session, one.kind, one.subject, notices.TOLD, message=one.message_id, tries=one.tries)
            else:
                done.open += 1


def _of_fact(account: Account | None, name: str, fact: Fact, now: int) -> list[str]:
    """Returns which notices a payment or an invoice asks for."""
    if account is None:
        return []
    kinds = ["mail.invoice"] if name == "invoice" else ["payment", "mail.payment"]
    settings = account.settings.payment
    if fact.method and not (settings.automatic if fact.method == "automatic" else settings.manual):
        kinds.remove("payment")
    return [kind for kind in kinds if facts.tells(fact, account.since.get(facts.SWITCH[kind]), now)]


def _of_ticket(account: Account | None, event: TicketNews) -> list[str]:
    """Returns which notices a row of a ticket's history asks for."""
    if account is None or event.customer_id is None or event.kind not in CHANGES:
        return []
    kinds = []
    if (since := account.since.get("mail_ticket")) is not None and event.at >= since:
        kinds.append("mail.ticket")
    if account.settings.ticket.on and account.settings.ticket.tell:
        kinds.append("sms.ticket")
    return kinds
