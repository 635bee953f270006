"""Answers what came in, each text once: a portion in one transaction, facts and answers together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from gatewayd.answers.engine import accounts
from gatewayd.answers.engine.accounts import Account
from gatewayd.answers.engine.portion import AccountPortion, Make, Making
from gatewayd.answers.known import Incoming
from gatewayd.config import Config
from gatewayd.store.commands import QueueInfo
from gatewayd.store.commands.posting import Posted
from gatewayd.store.sending import causes
from gatewayd.store.sending.restoration import standing_still
from gatewayd.store.tickets import answers, known
from gatewayd.store.tickets import settings as kept
from gatewayd.store.tickets.known import Came

INBOUND: Final = "inbound"
"""The name of the place in what came in."""
PORTION: Final = 200
"""Texts of one transaction."""
LATE_MS: Final = 10_000
"""On a store that several nodes write, a lower number may be committed so much later than a higher one."""
TRIES_MOST: Final = 5
"""A debt that changes so often while its answer waits is told by a person."""


@dataclass(slots=True)
class Done:
    """What a portion came to."""

    queues: tuple[QueueInfo, ...] = ()
    jobs: tuple[int, ...] = ()
    """That are new, or got receipts."""
    answered: int = 0
    spoke_of_debts: int = 0
    """Answers that were recorded, and may be withdrawn before they leave."""
    open: int = 0
    """Answers that speak of a debt, and may still be withdrawn."""
    later: bool = False
    """Whether a batch is waited for, for some seconds."""
    more: bool = False
    """Whether there may be more at once."""
    wakes: set[str] = field(default_factory=set)
    """Which other work there is now."""

    def take(self, posted: Posted | None, portion: AccountPortion, making: Sequence[Making]) -> None:
        """Adds what an account's portion came to."""
        self.spoke_of_debts += sum(one.cause is not None for one in making)
        if posted is not None:
            self.queues += posted.queues
            self.jobs += posted.jobs
            self.answered += len(posted.answers)
        self.jobs += portion.acts.withdrawn
        self.wakes |= portion.acts.wakes


class Answering:
    """The work on portions, for `Change`. For the writer's thread alone."""

    def __init__(self, config: Callable[[], Config], make: Make) -> None:
        self._config = config
        self._make = make
        self._seen: dict[int, int] = {}
        """What was looked at lately, where several nodes write: by number, when."""

    def portion(self, unit: Any, now: int) -> Done:
        """Answers the next portion of what came in."""
        session, done = unit.session, Done()
        place = kept.place(session, INBOUND)
        if place is None:
            # What came before anybody knew of answers is nobody's to answer.
            kept.set_place(session, INBOUND, known.last_in(session))
            return done
        if standing_still(session.connection):
            return done
        came = known.came_in(session, place, PORTION)
        if not came:
            return done
        done.more = len(came) == PORTION
        fresh = came if session.sqlite else self._unseen(came, now)
        reached = came[-1].text.id if session.sqlite else _settled(came, place, now)
        if reached != place:
            kept.set_place(session, INBOUND, reached)
        houses = accounts.read(session, self._config())
        texts: dict[int, list[Incoming]] = {}
        pressed = {one.account_id for one in fresh if one.text.pressed and one.account_id is not None}
        houses |= accounts.of_numbers(session, self._config(), pressed - houses.keys())
        for one in fresh:
            house = houses.get(one.account_id or 0)
            if house is None:
                continue
            if one.text.pressed or (house.settings.answers and one.text.channel != known.CALL):
                texts.setdefault(house.number, []).append(one.text)
        for number, its in texts.items():
            portion = self._of(unit, houses[number], its, now)
            making = portion.answer()
            done.take(portion.record(making), portion, making)
        return done

    def _of(self, unit: Any, account: Account, texts: list[Incoming], now: int) -> AccountPortion:
        return AccountPortion(unit, account, texts, config=self._config(), make=self._make, now=now)

    def _unseen(self, came: list[Came], now: int) -> list[Came]:
        fresh = [one for one in came if one.text.id not in self._seen]
        self._seen = {number: at for number, at in self._seen.items() if at > now - 2 * LATE_MS}
        self._seen.update((one.text.id, now) for one in came)
        return fresh

    def again(self, unit: Any, now: int) -> Done:
        """Makes answers anew whose debt changed before they left, and lets go of those that have left."""
        session, done = unit.session, Done()
        if standing_still(session.connection):
            return done
        over: list[int] = []
        anew: list[answers.Open] = []
        for one in answers.open_ones(session, PORTION):
            withdrawn = one.final and one.state == "cancelled" and one.reason in causes.REASONS
            if withdrawn and now < one.expires_at and one.tries < TRIES_MOST:
                anew.append(one)
            elif one.final or one.state is None or one.state not in WAITING or now >= one.expires_at:
                over.append(one.id)
            else:
                done.open += 1
        answers.ended(session, over)
        if anew:
            self._anew(unit, anew, now, done)
        return done

    def _anew(self, unit: Any, anew: list[answers.Open], now: int, done: Done) -> None:
        houses = accounts.read(unit.session, self._config())
        texts = known.texts(unit.session, [one.inbound_id for one in anew])
        for one in anew:
            account, text = houses.get(one.account_id), texts.get(one.inbound_id)
            if account is None or text is None or not account.settings.debt.on:
                answers.ended(unit.session, [one.id])
                continue
            portion = self._of(unit, account, [text], now)
            making = [portion.anew(text, one.id, one.tries + 1)]
            done.take(portion.record(making), portion, making)
            done.open += 1


WAITING: Final = frozenset({"queued", "scheduled", "held", "sending"})
"""States of a message that a withdrawn cause may still end."""


def _settled(came: list[Came], place: int, now: int) -> int:
    """Returns the last number below which nothing more can be committed."""
    reached = place
    for one in came:
        if one.text.at > now - LATE_MS:
            break
        reached = one.text.id
    return reached
