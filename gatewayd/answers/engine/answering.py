"""Answers what came in, in one transaction: facts are read, acts done, answers written and recorded for sending."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import structlog

from gatewayd.answers.engine import accounts, words
from gatewayd.answers.engine.accounts import Account
from gatewayd.answers.engine.acts import Acts
from gatewayd.answers.engine.situation import Situation
from gatewayd.answers.judge import EXPIRES_MS, House, answer_to_debt, judge
from gatewayd.answers.known import Incoming, OpenTicket, Person, Verdict
from gatewayd.config import Config
from gatewayd.store.commands import Origin, Post, Posted, PostItem, QueueInfo
from gatewayd.store.sending import causes, posting
from gatewayd.store.sending.restoration import standing_still
from gatewayd.store.tickets import answers, known, tickets
from gatewayd.store.tickets import settings as kept
from gatewayd.store.tickets.answers import NewAnswer
from gatewayd.store.tickets.tickets import NewTicket

log = structlog.get_logger()

INBOUND: Final = "inbound"
"""The name of the place in what came in."""
PORTION: Final = 200
"""Texts of one transaction."""
LATE_MS: Final = 10_000
"""On a store that several nodes write, a lower number may be committed so much later than a higher one."""
LABEL: Final = "answers"
TRIES_MOST: Final = 5
"""A debt that changes so often while its answer waits is told by a person."""

Make = Callable[[Origin, Mapping[str, Any], int], PostItem]


@dataclass(slots=True)
class Done:
    """What a portion came to. `more`: there may be more at once."""

    queues: tuple[QueueInfo, ...] = ()
    jobs: tuple[int, ...] = ()
    withdrawn: tuple[int, ...] = ()
    """Jobs of which messages ended."""
    answered: int = 0
    events: int = 0
    """Rows of tickets that are to be told."""
    more: bool = False
    wakes: set[str] = field(default_factory=set)

    def take(self, posted: Posted) -> None:
        self.queues += posted.queues
        self.jobs += posted.jobs


@dataclass(frozen=True, slots=True)
class Making:
    """An answer that has its row, and whose message is to be recorded."""

    number: int
    item: PostItem
    cause: int | None
    tries: int = 1


class Answering:
    """The work on a portion, for `Change`. For the writer's thread alone."""

    def __init__(self, config: Callable[[], Config], make: Make) -> None:
        self._config = config
        self._make = make
        self._seen: dict[int, int] = {}
        """What was looked at within `LATE_MS`, where several nodes write; by number, when."""

    def portion(self, unit: Any, now: int) -> Done:
        """Answers the next portion of what came in."""
        session = unit.session
        done = Done()
        place = kept.place(session, INBOUND)
        if place is None:
            kept.set_place(session, INBOUND, known.last_in(session))
            return done
        if standing_still(session.connection):
            return done
        came = known.came_in(session, place, PORTION)
        if not came:
            return done
        done.more = len(came) == PORTION
        kept.set_place(session, INBOUND, self._reached(came, place, now, alone=session.sqlite))
        fresh = [one for one in came if one.text.id not in self._seen]
        self._seen = {number: at for number, at in self._seen.items() if at > now - 2 * LATE_MS}
        if not session.sqlite:
            self._seen.update((one.text.id, now) for one in came)
        houses = accounts.read(session, self._config())
        texts: dict[int, list[Incoming]] = {}
        for one in fresh:
            house = houses.get(one.account_id or 0)
            if house is not None and house.settings.answers and one.text.channel != known.CALL:
                texts.setdefault(house.number, []).append(one.text)
        for number, its in texts.items():
            self._account(unit, houses[number], its, now, done)
        return done

    def _reached(self, came: list[known.Came], place: int, now: int, *, alone: bool) -> int:
        if alone:
            return came[-1].text.id
        settled = [one.text.id for one in came if one.text.at < now - LATE_MS]
        return settled[-1] if settled else place

    def _account(self, unit: Any, account: Account, texts: list[Incoming], now: int, done: Done) -> None:
        max_age = int(self._config().billing_max_age(account.name) * 1000)
        situation = Situation(unit.session, account, texts, now, max_age)
        house = House(account.settings, account.day(now), account.region == "US")
        acts = Acts(unit, account, now)
        making: list[Making] = []
        for text in texts:
            verdict = judge(house, text, situation.of(text))
            if verdict.kind in {"none", "opt_out", "doubtful"}:
                continue
            if verdict.speaks and text.at < now - EXPIRES_MS:
                verdict = replace(verdict, speaks=False, reason="late")
            made = self._answer(unit, account, text, verdict, situation, acts, now)
            if made is not None:
                making.append(made)
        done.withdrawn += acts.withdrawn
        done.wakes |= acts.wakes
        self._record(unit, account, making, now, done)

    def _answer(
        self, unit: Any, account: Account, text: Incoming, verdict: Verdict, situation: Situation, acts: Acts, now: int
    ) -> Making | None:
        """Writes what becomes of a text; returns the answer that is to be recorded, None: none is sent."""
        session = unit.session
        until = words.expires(now)
        person = verdict.people[0] if len(verdict.people) == 1 else None
        state = known.TOLD if verdict.speaks else answers.INBOX
        if verdict.kind == "wrong_person" and verdict.reason is None:
            state = "done"
        opened = None
        number = answers.add(
            session,
            NewAnswer(
                *(account.number, text.id, verdict.kind, text.sender, now, state),
                known.LONG if verdict.speaks and verdict.long else verdict.reason,
                None if person is None else person.id,
                *(None, until, True),
            ),
        )
        if number is None:
            return None
        situation.answered(text, verdict.kind, told=verdict.speaks, long=verdict.long, at=now)
        if verdict.kind == "ticket" and verdict.speaks and person is not None:
            opened = self._open(session, account, text, person, now)
            situation.opened(person.id, OpenTicket(opened.number, opened.id))
            answers.about(session, number, opened.id)
            acts.wakes.add("tickets")
        acts.do(text, verdict)
        if verdict.confirms:
            situation.confirmed(text, tuple(replace(one, state="confirmed") for one in verdict.people))
        if not verdict.speaks:
            return None
        ticket = opened.number if opened is not None else None
        return self._made(unit, account, text, verdict, situation, number, ticket, now)

    def _made(
        self,
        unit: Any,
        account: Account,
        text: Incoming,
        verdict: Verdict,
        situation: Situation,
        number: int,
        ticket: int | None,
        now: int,
    ) -> Making:
        person = verdict.people[0] if len(verdict.people) == 1 else None
        today, found = account.day(now), situation.of(text)
        given = words.values(account, person, today)
        cause = None
        if verdict.kind == "debt":
            assert person is not None
            given |= words.of_debts(found.owed.get(person.id, ()), account.region, today)
            cause = causes.mint(unit.session, account.number, person.id, causes.ANY, now)
        if verdict.kind in {"ticket", "tickets"}:
            known_ticket = ticket if ticket is not None else found.open_ticket and found.open_ticket.number
            given["id"] = str(known_ticket or "")
            if account.settings.ticket.operator:
                given["operador"] = account.settings.ticket.operator
        if verdict.day is not None:
            given["vencimiento"] = words.full_day(verdict.day, account.region)
        said = words.words_of(account, verdict.kind)
        message = words.message(account, text, said, given, words.expires(now))
        return Making(number, self._make(_origin(account), message, now), cause)

    def _open(self, session: Any, account: Account, text: Incoming, person: Person, now: int) -> tickets.Opened:
        settings = account.settings.ticket
        helper = tickets.operator(session, account.number, settings.operator)
        new = NewTicket(
            *(account.number, person.id, text.text, account.day(now), settings.category, helper),
            *(text.channel, text.sender, text.line),
        )
        return tickets.add(session, new, now=now, by="gatewayd")

    # ------------------------------------------------------------------------------------------------------- messages

    def _record(self, unit: Any, account: Account, making: list[Making], now: int, done: Done) -> None:
        """Records answers for sending, in the jobs that those of the hour share."""
        if not making:
            return
        node = self._config().node
        items = [_caused(one) for one in making]
        (posted,) = posting.post(unit, [Post(account.name, items, None, node, now)])
        if isinstance(posted, Exception):
            raise posted
        done.take(posted)
        for one, message_id in zip(making, posted.numbers, strict=True):
            if message_id:
                answers.told(unit.session, one.number, message_id, one.cause, one.tries)
        done.answered += len(making)

    def again(self, unit: Any, now: int) -> Done:
        """Makes answers anew whose debt has changed before they left, and lets go of those that have."""
        session = unit.session
        done = Done()
        if standing_still(session.connection):
            return done
        over: list[int] = []
        anew: list[answers.Open] = []
        for one in answers.open_ones(session, PORTION):
            withdrawn = one.state == "cancelled" and one.final and one.reason in causes.REASONS
            if withdrawn and now < one.expires_at and one.tries < TRIES_MOST:
                anew.append(one)
            elif one.final or one.state is None or now >= one.expires_at:
                over.append(one.id)
        answers.ended(session, over)
        if anew:
            self._anew(unit, anew, now, done)
        return done

    def _anew(self, unit: Any, anew: list[answers.Open], now: int, done: Done) -> None:
        session = unit.session
        houses = accounts.read(session, self._config())
        texts = known.texts(session, [one.inbound_id for one in anew])
        for one in anew:
            account, text = houses.get(one.account_id), texts.get(one.inbound_id)
            if account is None or text is None or not account.settings.debt.on:
                answers.ended(session, [one.id])
                continue
            max_age = int(self._config().billing_max_age(account.name) * 1000)
            situation = Situation(session, account, [text], now, max_age)
            verdict = answer_to_debt(text, situation.of(text))
            made = self._made(unit, account, text, verdict, situation, one.id, None, now)
            self._record(unit, account, [replace(made, tries=one.tries + 1)], now, done)


def _origin(account: Account) -> Origin:
    return Origin(account.name, LABEL, language=account.language, may=frozenset({"reply"}))


def _caused(one: Making) -> PostItem:
    if one.cause is None or one.item.row is None:
        return one.item
    return replace(one.item, row=one.item.row._replace(cause=one.cause))
