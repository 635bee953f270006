"""Makes notices of an account into messages, with the facts as they are now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from gatewayd.answers import facts
from gatewayd.answers.bodies import mail
from gatewayd.answers.engine import words
from gatewayd.answers.engine.accounts import Account, max_age_ms
from gatewayd.answers.engine.portion import Make, origin_of
from gatewayd.answers.known import Owed, Person
from gatewayd.config import Config
from gatewayd.customers.document import MAILS
from gatewayd.customers.variables import amount
from gatewayd.store.campaigns.templates import version_of
from gatewayd.store.commands import Post, PostItem, QueueInfo
from gatewayd.store.contacts import billing_age
from gatewayd.store.sending import causes, posting
from gatewayd.store.tickets import known, newest, notices
from gatewayd.store.tickets.newest import NewInvoice, NewPayment, TicketNews
from gatewayd.store.tickets.notices import Notice, Reached
from gatewayd.values.errors import ConflictError, NotFoundError

EXPIRES_MS: Final = 12 * 3_600_000
"""A notice that has not left by then is none any more."""
STEP_MS: Final = 3_600_000
CONFIRMED: Final = "confirmed"

Subject = NewPayment | NewInvoice | TicketNews


class Telling:
    """The notices of an account, in the transaction of `unit`. `now` is Unix ms."""

    def __init__(self, unit: Any, account: Account, *, config: Config, make: Make, now: int) -> None:
        self._unit = unit
        self._account = account
        self._config = config
        self._make = make
        self._now = now
        self.queues: tuple[QueueInfo, ...] = ()
        self.jobs: tuple[int, ...] = ()
        self.recorded = 0

    def tell(self, kind: str, limit: int) -> int:
        """Records the messages of what is due of a kind; returns how many were looked at."""
        session = self._unit.session
        due = notices.due(session, self._account.number, kind, limit)
        if not due:
            return 0
        subjects = _subjects(session, kind, [one.subject for one in due])
        people = notices.reached(session, {one.customer_id for one in due if one.customer_id is not None})
        shared = self._shared(kind, people)
        owed = known.owed(session, list(people))
        fresh = billing_age.is_fresh(session, self._account.number, max_age_ms(self._config), self._now)
        items: list[tuple[Notice, PostItem, bool]] = []
        for one in due:
            person = people.get(one.customer_id or 0)
            reason, item, speaks = self._item(one, subjects.get(one.subject), person, shared, owed, fresh=fresh)
            if item is None:
                notices.put(session, kind, one.subject, notices.LEFT, reason=reason, tries=one.tries)
            else:
                items.append((one, item, speaks))
        self._record(kind, items)
        return len(due)

    def _shared(self, kind: str, people: Mapping[int, Reached]) -> frozenset[str]:
        """Returns the telephones that more than one customer has on file."""
        if kind.startswith("mail."):
            return frozenset()
        numbers = {address for one in people.values() for channel, address, _state in one.points if channel == "phone"}
        owners = known.people(self._unit.session, self._account.number, "sms", numbers)
        return frozenset(address for address, those in owners.items() if len(those) > 1)

    def _item(
        self,
        notice: Notice,
        subject: Subject | None,
        person: Reached | None,
        shared: frozenset[str],
        owed: Mapping[int, tuple[Owed, ...]],
        *,
        fresh: bool,
    ) -> tuple[str | None, PostItem | None, bool]:
        """Returns why a notice is left, or its message and whether that speaks of a debt."""
        account, by_mail = self._account, notice.kind.startswith("mail.")
        if person is None or subject is None:
            return "no_address", None, False
        if not _still(subject, account, notice.kind, self._now):
            return "no_news", None, False
        channel = "email" if by_mail else "phone"
        if by_mail and not person.mails & MAILS[facts.AREAS[notice.kind]]:
            return "not_wanted", None, False
        points = [(address, state) for where, address, state in person.points if where == channel]
        if not points:
            return "no_address", None, False
        address, state = points[0]
        if address in shared:
            return "shared_number", None, False
        debts = owed.get(person.id, ())
        if by_mail:
            if isinstance(subject, NewPayment) and not fresh:
                return "stale", None, False
            message, stored = self._mail(notice.kind, subject, person, address, debts)
        else:
            quiet = not (fresh and state == CONFIRMED)
            message, stored = self._sms(subject, person, address, debts, quiet=quiet), None
        item = self._make(origin_of(account), message, self._now, stored)
        # The thanks without an amount, and what is told of a ticket, do not follow from what is owed.
        speaks = not isinstance(subject, TicketNews) and "deuda" in message["values"]
        if speaks and item.row is not None:
            cause = causes.mint(self._unit.session, account.number, person.id, causes.ANY, self._now)
            item = replace(item, row=item.row._replace(cause=cause))
        return None, item, speaks

    def _sms(
        self, subject: Subject, person: Reached, address: str, debts: Sequence[Owed], *, quiet: bool
    ) -> dict[str, Any]:
        account = self._account
        given = self._values(subject, person)
        if isinstance(subject, TicketNews):
            said = words.words_of(account, "change")
        elif quiet:
            said = words.words_of(account, "thanks")
            given.pop("monto", None)
        else:
            said = words.words_of(account, "payment")
            given |= words.of_debts(debts, account.region, account.day(self._now))
        return {**self._message(address, "sms"), "text": said, "values": given}

    def _mail(
        self, kind: str, subject: Subject, person: Reached, address: str, debts: Sequence[Owed]
    ) -> tuple[dict[str, Any], Any]:
        account = self._account
        given = self._values(subject, person)
        if isinstance(subject, NewPayment):
            given |= words.of_debts(debts, account.region, account.day(self._now))
        if isinstance(subject, NewInvoice):
            given["deuda"] = amount(subject.fact.amount, subject.currency, account.region)
            given["factura"] = subject.number
            given["vencimiento"] = "-" if subject.due is None else words.full_day(subject.due, account.region)
            given["enlace_de_pago"] = subject.link
        message = self._message(address, "email")
        name = getattr(account.settings, facts.SWITCH[kind]).template
        found = None if name is None else self._stored(name)
        if found is None:
            return {**message, **mail(kind, account.language), "values": given}, None
        return {**message, "template": name, "values": given}, found

    def _stored(self, name: str) -> Any:
        """Returns the account's own template; None where it is gone: then ours is sent."""
        try:
            return version_of(self._unit.session.connection, self._account.name, name, None, channel="email")
        except (NotFoundError, ConflictError):
            return None

    def _message(self, address: str, channel: str) -> dict[str, Any]:
        until = (self._now + EXPIRES_MS) // STEP_MS * STEP_MS
        return {
            "to": address,
            "channel": channel,
            "class": "notice",
            "not_after": datetime.fromtimestamp(until / 1000, UTC).isoformat(),
        }

    def _values(self, subject: Subject, person: Reached) -> dict[str, str]:
        account = self._account
        known_person = Person(person.id, person.external_id, person.name, CONFIRMED)
        given = words.values(account, known_person, account.day(self._now))
        if isinstance(subject, NewPayment):
            given["monto"] = amount(subject.fact.amount, subject.currency, account.region)
        if isinstance(subject, TicketNews):
            given["id"] = str(subject.number)
            given["operador"] = subject.operator or given["operador"]
            language = "en" if account.language == "en" else "es"
            given["estado"] = words.STATES[language].get(subject.became or "", subject.became or "")
        return given

    def _record(self, kind: str, items: Sequence[tuple[Notice, PostItem, bool]]) -> None:
        if not items:
            return
        session = self._unit.session
        post = Post(self._account.name, [item for _one, item, _speaks in items], None, self._config.node, self._now)
        (posted,) = posting.post(self._unit, [post])
        if isinstance(posted, Exception):
            raise posted
        self.queues, self.jobs = posted.queues, posted.jobs
        for (one, _item, speaks), message, answer in zip(items, posted.numbers, posted.answers, strict=True):
            good = bool(message) and answer["reason"] is None
            self.recorded += good
            state = (notices.TELLING if speaks else notices.TOLD) if good else notices.LEFT
            tries = one.tries + 1
            notices.put(
                session, kind, one.subject, state, reason=answer["reason"], message=message or None, tries=tries
            )
        if kind in TOLD_OUTSIDE:
            notices.tell_outside(session, self._account.name, self._account.number, items_of(items), self._now)


TOLD_OUTSIDE: Final = frozenset({"payment"})
"""What other systems are told of by webhook: a payment for which a customer was thanked."""


def items_of(items: Sequence[tuple[Notice, PostItem, bool]]) -> list[int]:
    return [one.subject for one, _item, _speaks in items]


def _subjects(session: Any, kind: str, numbers: Sequence[int]) -> Mapping[int, Subject]:
    if kind in {"payment", "mail.payment"}:
        return newest.payments(session, numbers)
    if kind == "mail.invoice":
        return newest.invoices(session, numbers)
    return newest.events(session, numbers)


def _still(subject: Subject, account: Account, kind: str, now: int) -> bool:
    """Whether it is still to be told: not taken back meanwhile, the switch still on, and young enough."""
    since = account.since.get(facts.SWITCH[kind])
    if isinstance(subject, TicketNews):
        return since is not None
    return facts.tells(subject.fact, since, now)
