"""What is answered to a text, and what is done about it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from gatewayd.answers import keywords
from gatewayd.answers.known import Answered, Incoming, Known, Person, Verdict
from gatewayd.answers.promised import day_in, promise_in
from gatewayd.answers.settings import AnswerSettings

HOUR_MS: Final = 3_600_000
EXPIRES_MS: Final = 30 * 60_000
"""An answer that has not left by then is none any more."""
ASKED_MS: Final = 24 * HOUR_MS
"""So long a question of ours waits for its answer."""
ROUNDS: Final = 2
"""Answers in a row to what looks like another machine."""
AT_ONCE_MS: Final = 60_000
"""Whoever writes a word again so soon after an answer, time after time, is a machine."""
LONG_MS: Final = 10 * 60_000
"""The same for texts that only begin with a word, as another machine's answers do."""
RECENT_MS: Final = ASKED_MS

QUESTIONS: Final = frozenset({"day", "confirm"})


@dataclass(frozen=True, slots=True)
class House:
    """What an account says, and the day it is there."""

    settings: AnswerSettings
    today: date
    month_first: bool = False


def judge(house: House, text: Incoming, known: Known) -> Verdict:
    """Returns what becomes of a text: nothing for a person's eyes alone, an act, an answer, or both."""
    meant = _meant(house, text, known)
    if meant.kind in {"none", "opt_out", "doubtful"} or not meant.speaks:
        return meant
    reason = _bounded(house.settings, text, known, meant)
    return meant if reason is None else replace(meant, speaks=False, reason=reason)


def _meant(house: House, text: Incoming, known: Known) -> Verdict:
    """What the text asks for, in the order in which words count."""
    settings = house.settings
    if text.pressed:
        return _pressed(house, text, known)
    wrong = settings.wrong_person.on and keywords.whole(
        text.text, keywords.WRONG_PERSON | keywords.folded(settings.wrong_person.words)
    )
    if wrong:
        return _wrong_person(text, known)
    if text.opt_out:
        return Verdict("opt_out")
    if text.review:
        return Verdict("doubtful")
    people = _people(text, known)
    if settings.paid.on and _says_paid(settings, text):
        return _paid(people)
    if settings.promise.on and (found := _promise(house, text, known, people)) is not None:
        return found
    if settings.debt.on and _asked(known.recent, "confirm", text.at) and keywords.whole(text.text, keywords.IDENTITY):
        return _confirmed(known)
    ticket_words, debt_words = keywords.folded(settings.ticket.words), keywords.folded(settings.debt.words)
    if settings.ticket.on and keywords.begins(text.text, ticket_words):
        return _ticket(settings, text, known, people, long=not keywords.whole(text.text, ticket_words))
    if settings.debt.on and keywords.begins(text.text, debt_words):
        return answer_to_debt(text, known, long=not keywords.whole(text.text, debt_words))
    return Verdict("none")


def _pressed(house: House, text: Incoming, known: Known) -> Verdict:
    """What a key says that somebody pressed in a call. It is acted on, and not answered: the call has answered already.
    A script that names the key is its switch."""
    if text.opt_out:
        return Verdict("opt_out")
    people = _people(text, known)
    reason = None if len(people) == 1 else "shared_number" if people else "unknown_number"
    if text.pressed == "wrong_person":
        return _wrong_person(text, known)
    if text.pressed == "paid":
        return Verdict("paid", people=people, reason=None if people else reason)
    if reason is not None:
        return Verdict("promise" if text.pressed == "promise" else "confirm", reason=reason)
    if text.pressed == "promise":
        day = house.today + timedelta(days=house.settings.promise.key_days)
        return Verdict("promise", people=people, day=day)
    # Who shares a number is another one each time it is said.
    return Verdict("confirm", people=people, confirms=len(known.people) == 1)


def _people(text: Incoming, known: Known) -> tuple[Person, ...]:
    """Whom a text is about: whose the number is; of several, the one to whom the message went that it answers."""
    meant = tuple(person for person in known.people if person.state != "wrong_person")
    answered = tuple(person for person in meant if person.id == text.answers_customer)
    return answered if len(meant) > 1 and answered else meant


def _wrong_person(text: Incoming, known: Known) -> Verdict:
    people = _people(text, known)
    return Verdict("wrong_person", people=people, reason=None if people else "unknown_number")


# ------------------------------------------------------------------------------------------------------------ the debt


def telling(people: Sequence[Person]) -> Person | None:
    """Returns the customer who may hear an amount at an address: the only one who has it on file, and confirmed."""
    if len(people) != 1:
        return None  # nobody's, or shared: a wrong person's is another's
    (person,) = people
    return person if person.state == "confirmed" else None


def answer_to_debt(text: Incoming, known: Known, *, long: bool = False) -> Verdict:
    """Returns what is answered to whoever asks for a balance: an amount to the one who may hear it alone."""
    person = telling(known.people)
    if person is not None and known.fresh:
        return Verdict("debt", speaks=True, people=(person,), long=long)
    alone = known.people[0] if len(known.people) == 1 else None
    if alone is not None and alone.state == "unknown" and known.fresh and text.channel != "email":
        return Verdict("confirm", speaks=True, people=(alone,), long=long)
    return Verdict("other", speaks=True, people=_people(text, known), long=long)


def _confirmed(known: Known) -> Verdict:
    """The number was asked whether it is the customer's, and says so."""
    if len(known.people) != 1 or known.people[0].state == "wrong_person":
        return Verdict("other", speaks=True)
    kind = "debt" if known.fresh else "other"
    return Verdict(kind, speaks=True, people=known.people, confirms=True)  # type: ignore[arg-type]


# --------------------------------------------------------------------------------------------------- paid and promised


def _says_paid(settings: AnswerSettings, text: Incoming) -> bool:
    wanted = keywords.PAID | keywords.folded(settings.paid.words)
    return keywords.picture(text.text) or keywords.whole(text.text, wanted)


def _paid(people: tuple[Person, ...]) -> Verdict:
    if not people:
        return Verdict("paid", reason="unknown_number")
    return Verdict("paid", speaks=True, people=people)


def _promise(house: House, text: Incoming, known: Known, people: tuple[Person, ...]) -> Verdict | None:
    promises, day = promise_in(text.text, house.today, month_first=house.month_first)
    asked = _asked(known.recent, "day", text.at)
    if not promises and asked:
        day = day_in(text.text, house.today, month_first=house.month_first)
        promises = day is not None
    if not promises:
        return None
    if len(people) != 1:
        return Verdict("promise", reason="shared_number" if people else "unknown_number")
    if day is None or (day - house.today).days > house.settings.promise.days_max:
        # Asked once: who does not say a day that can be is a person's.
        return Verdict("promise", reason="day_unclear") if asked else Verdict("day", speaks=True, people=people)
    return Verdict("promise", speaks=True, people=people, day=day)


def _asked(recent: Sequence[Answered], kind: str, at: int) -> bool:
    """Whether the last thing that we said to the number was that question."""
    last = next((one for one in recent if one.told), None)
    return last is not None and last.kind == kind and at - last.at <= ASKED_MS


# ---------------------------------------------------------------------------------------------------------- the ticket


def _ticket(
    settings: AnswerSettings, text: Incoming, known: Known, people: tuple[Person, ...], *, long: bool
) -> Verdict:
    if len(people) != 1:
        return Verdict("ticket", reason="shared_number" if people else "unknown_number", long=long)
    if known.tickets_today < settings.ticket.per_day:
        return Verdict("ticket", speaks=True, people=people, long=long, note=text.text)
    since = text.at - 24 * HOUR_MS
    told = any(one.kind == "tickets" and one.told and one.at >= since for one in known.recent)
    if told or known.open_ticket is None:
        return Verdict("tickets", reason="tickets_most", people=people, long=long)
    return Verdict("tickets", speaks=True, people=people, long=long)


# ---------------------------------------------------------------------------------------------------------- the bounds


def _bounded(settings: AnswerSettings, text: Incoming, known: Known, meant: Verdict) -> str | None:
    """Why an answer is not sent although one is meant: so many an hour, or another machine at the other end."""
    told = [one for one in known.recent if one.told]
    if sum(text.at - one.at < HOUR_MS for one in told) >= settings.per_number:
        return "number_most"
    if known.account_hour >= settings.per_account:
        return "account_most"
    if told and told[0].kind in QUESTIONS and meant.kind in {"promise", "debt", "other"} and not meant.long:
        return None  # it answers what we asked
    rounds, at = 0, text.at
    long = meant.long
    for one in told:
        if at - one.at > (LONG_MS if long else AT_ONCE_MS):
            break
        rounds, at, long = rounds + 1, one.at, one.long
        if rounds >= ROUNDS:
            return "other_machine"
    return None
