"""The texts of one account within one transaction: judged, acted upon, answered, recorded for sending."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from gatewayd.answers.engine import words
from gatewayd.answers.engine.accounts import Account, max_age_ms
from gatewayd.answers.engine.acts import Acts
from gatewayd.answers.engine.situation import Situation
from gatewayd.answers.judge import EXPIRES_MS, House, answer_to_debt, judge
from gatewayd.answers.known import Incoming, OpenTicket, Verdict
from gatewayd.config import Config
from gatewayd.store.commands import Origin, Post, PostItem
from gatewayd.store.commands.posting import Posted
from gatewayd.store.sending import causes, posting
from gatewayd.store.tickets import answers, known, tickets
from gatewayd.store.tickets.answers import NewAnswer
from gatewayd.store.tickets.tickets import NewTicket, Opened

LABEL: Final = "answers"
"""Piece of the names of the jobs that answers share."""
BY: Final = "gatewayd"
SILENT: Final = frozenset({"none", "opt_out", "doubtful"})
"""What is for a person alone, or was dealt with where it came in."""
DONE: Final = "done"


class Make(Protocol):
    """Makes a message of what would be posted; `stored` is the version of the template that it names."""

    def __call__(self, origin: Origin, message: Mapping[str, Any], now: int, stored: Any = None) -> PostItem: ...


@dataclass(frozen=True, slots=True)
class Making:
    """An answer that has its row, and whose message is to be recorded."""

    number: int
    item: PostItem
    cause: int | None
    tries: int = 1


class AccountPortion:
    """Some texts of an account, in the transaction of `unit`. `now` is Unix ms."""

    def __init__(
        self, unit: Any, account: Account, texts: Sequence[Incoming], *, config: Config, make: Make, now: int
    ) -> None:
        self._unit = unit
        self._account = account
        self._texts = texts
        self._config = config
        self._make = make
        self._now = now
        self._situation = Situation(unit.session, account, texts, now, max_age_ms(config))
        self.acts = Acts(unit, account, now)

    def answer(self) -> list[Making]:
        """Decides about every text, once for good; returns the answers that are to be recorded."""
        account, now = self._account, self._now
        house = House(account.settings, account.day(now), account.region == "US")
        making = []
        for text in self._texts:
            verdict = judge(house, text, self._situation.of(text))
            if verdict.kind in SILENT:
                continue
            if verdict.speaks and text.at < now - EXPIRES_MS:
                verdict = replace(verdict, speaks=False, reason="late")
            made = self._decided(text, verdict)
            if made is not None:
                making.append(made)
        return making

    def _decided(self, text: Incoming, verdict: Verdict) -> Making | None:
        """Writes what becomes of a text; returns its answer, None where none is sent or it was answered already."""
        number = answers.add(self._unit.session, self._row(text, verdict))
        if number is None:
            return None
        self._situation.answered(text, verdict.kind, told=verdict.speaks, long=verdict.long, at=self._now)
        opened = self._open(text, verdict, number)
        self.acts.do(text, verdict)
        if verdict.confirms:
            people = tuple(replace(one, state="confirmed") for one in verdict.people)
            self._situation.confirmed(text, people)
        if not verdict.speaks:
            return None
        return self.made(text, verdict, number, None if opened is None else opened.number)

    def _row(self, text: Incoming, verdict: Verdict) -> NewAnswer:
        state = known.TOLD if verdict.speaks else answers.INBOX
        if not verdict.speaks and verdict.reason is None:
            state = DONE
        return NewAnswer(
            account_id=self._account.number,
            inbound_id=text.id,
            kind=verdict.kind,
            address=text.sender,
            at=self._now,
            state=state,
            reason=known.LONG if verdict.speaks and verdict.long else verdict.reason,
            customer_id=verdict.people[0].id if len(verdict.people) == 1 else None,
            ticket_id=None,
            expires_at=words.expires(self._now),
            final=True,
        )

    def _open(self, text: Incoming, verdict: Verdict, number: int) -> Opened | None:
        """Opens the ticket that a text asks for. What is bounded opens none: a person reads it."""
        if verdict.kind != "ticket" or (verdict.reason is not None and verdict.reason != "late"):
            return None
        (person,) = verdict.people
        session, account = self._unit.session, self._account
        settings = account.settings.ticket
        new = NewTicket(
            account_id=account.number,
            customer_id=person.id,
            text=text.text,
            day=account.day(self._now),
            category=settings.category,
            operator_id=tickets.operator(session, account.number, settings.operator),
            channel=text.channel,
            address=text.sender,
            line=text.line,
        )
        opened = tickets.add(session, new, now=self._now, by=BY)
        answers.about(session, number, opened.id)
        self._situation.opened(person.id, OpenTicket(opened.number, opened.id))
        self.acts.wakes.add("tickets")
        return opened

    def made(self, text: Incoming, verdict: Verdict, number: int, ticket: int | None = None, tries: int = 1) -> Making:
        """Returns an answer as a message, with the facts as they are now."""
        account, now = self._account, self._now
        given = words.given(account, verdict, self._situation.of(text), account.day(now), ticket)
        cause = None
        if verdict.kind == "debt":
            (person,) = verdict.people
            cause = causes.mint(self._unit.session, account.number, person.id, causes.ANY, now)
        said = words.sayable(account, verdict.kind, given)
        message = words.message(account, text, said, given, words.expires(now))
        return Making(number, self._make(origin_of(account), message, now), cause, tries)

    def anew(self, text: Incoming, number: int, tries: int) -> Making:
        """Returns the answer to a question about a debt with the facts as they are now."""
        return self.made(text, answer_to_debt(text, self._situation.of(text)), number, tries=tries)

    def record(self, making: Sequence[Making]) -> Posted | None:
        """Records answers for sending, in the jobs that those of the hour share; None where there is none."""
        if not making:
            return None
        items = [_caused(one) for one in making]
        (posted,) = posting.post(self._unit, [Post(self._account.name, items, None, self._config.node, self._now)])
        if isinstance(posted, Exception):
            raise posted
        for one, message_id, said in zip(making, posted.numbers, posted.answers, strict=True):
            if said["status"] != "accepted":
                answers.failed(self._unit.session, one.number, said["reason"])
            elif message_id:
                answers.told(self._unit.session, one.number, message_id, one.cause, one.tries)
        return posted


def origin_of(account: Account) -> Origin:
    """Returns who posts answers of an account: the gateway, which alone may answer people who asked for silence."""
    return Origin(account.name, LABEL, language=account.language, may=frozenset({"reply"}))


def _caused(one: Making) -> PostItem:
    if one.cause is None or one.item.row is None:
        return one.item
    return replace(one.item, row=one.item.row._replace(cause=one.cause))
