"""A network that brings reports again, and a gateway that crashes between any two steps: the store claims of no part
that the network took it, unless it did.

One of the lines is an account that other systems use: reports of their messages come, too, to numbers of ours among
others and under references that may be any.

The line is played as the GSM driver plays it: one message at a time, part by part, each reference told with the next
point of no return; a report whose reference the line has just learned names its part, any other bears the reference
alone. The network brings a report until it is acknowledged, and what was not acknowledged it brings again.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import pytest

from drivers.base import Accepted, NotSent, Uncertain, Withdrawn
from drivers.gsm.sending import conclude
from gatewayd.dispatch.resuming import left_open
from gatewayd.outcomes import Terms, resolve
from gatewayd.store.commands import LateAnswer, NewMessage, OpenWork, Pnr, QueueInfo, Report, Settle, Work
from tests.conformance.house import DAY, HOUR, MONTH, House

SHARED = "provider"
LINES = ["claro-1", "claro-2", SHARED]
TERMS = Terms(4, HOUR)
NUMBERS = ["+5491150000001", "+5491150000002"]
TEXTS = ["x", "Hola " * 40, "Hola vecino " * 36]
"""Of one, two and three parts."""
STEPS = 90
VERDICTS = ["sent", "not-sent", "resend"]


@dataclass(slots=True)
class Taken:
    """A part that the network took, and its report on the way."""

    line: str
    attempt: int
    part: int
    to: str
    reference: str
    brought: bool = False
    acknowledged: bool = False


@dataclass(slots=True)
class Sending:
    """A message in a line's hands."""

    work: Work
    todo: list[int]
    passed: set[int] = field(default_factory=set)
    written: Taken | None = None
    """The part in flight, once the network has it."""
    answered: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class Modem:
    """A line, and the count of its references."""

    name: str
    reference: int
    sending: Sending | None = None
    silent: list[Taken] = field(default_factory=list)
    """Parts that it was given up for: their answers may still come."""
    open: list[OpenWork] = field(default_factory=list)
    """What a crash left open, until the line is ready."""


class Play:
    def __init__(self, house: House, chance: random.Random) -> None:
        self.house = house
        self.chance = chance
        self.network: list[Taken] = []
        self.modems = [Modem(name, chance.randrange(256)) for name in LINES]
        self.queues: list[QueueInfo] = []
        self.jobs = 0
        self.told: set[int] = set()
        """Attempts of messages that a person has said something of: that may be wrong."""
        self.story: list[str] = []

    def step(self) -> None:
        self.house.now += self.chance.choice([0, 1, 40, 1000])
        acts = {
            self.send: 12,
            self.report: 6,
            self.acknowledge: 4,
            self.finish_open: 4,
            self.crash: 2,
            self.answer_late: 1,
            self.settle: 1,
            self.report_foreign: 4,
            self.report_again: 1,
        }
        modem = self.chance.choice(self.modems)
        self.chance.choices(list(acts), list(acts.values()))[0](modem)

    def tell(self, what: str) -> None:
        self.story.append(f"{self.house.now} {what}")

    # ------------------------------------------------------------------------------------------------------ the line

    def send(self, modem: Modem) -> None:
        sending = modem.sending
        if sending is None:
            self._begin(modem)
        elif sending.written is not None:
            self._answer(modem, sending, sending.written)
        elif sending.passed and max(sending.passed) == sending.todo[0]:
            self._write_or_back_out(modem, sending)
        else:
            self._pass(modem, sending)

    def _begin(self, modem: Modem) -> None:
        if modem.open:
            return  # the line is not ready yet
        for queue in self.queues:
            claimed = self.house.claim(queue, 1, modem.name)
            if claimed.work:
                (work,) = claimed.work
                self.tell(f"{modem.name} claims {work.attempt_id} {work.todo} to {work.to}")
                modem.sending = Sending(work, list(work.todo))
                return
        self.jobs += 1
        rows = [
            NewMessage(n, None, to, self.chance.choice(TEXTS), "", 1, "", None, None) for n, to in enumerate(NUMBERS, 1)
        ]
        self.queues.append(self.house.job_of(rows, name=f"j{self.jobs}", resend=self.chance.random() < 0.2))

    def _pass(self, modem: Modem, sending: Sending) -> None:
        work, part = sending.work, sending.todo[0]
        taken = tuple(sending.answered.items())
        epoch, now = self.house.epoch, self.house.now
        try:
            self.house.do(Pnr(work.attempt_id, part, modem.name, work.to, epoch, now, DAY, MONTH, 0.0, taken))
        except Withdrawn as withdrawn:
            self._end(modem, sending, NotSent(withdrawn.reason, counts=False))
            return
        sending.passed.add(part)
        self.tell(f"pass {work.attempt_id}.{part}")

    def _write_or_back_out(self, modem: Modem, sending: Sending) -> None:
        work, part = sending.work, sending.todo[0]
        if self.chance.random() < 0.1:
            self._end(modem, sending, NotSent("no_prompt", retry_after=0.0))
            return
        modem.reference = (modem.reference + 1) % 256
        sending.written = Taken(modem.name, work.attempt_id, part, work.to, str(modem.reference))
        self.network.append(sending.written)
        self.tell(f"write {work.attempt_id}.{part} as {modem.reference}")

    def _answer(self, modem: Modem, sending: Sending, written: Taken) -> None:
        sending.written = None
        if self.chance.random() < 0.1:
            modem.silent.append(written)
            self._end(modem, sending, Uncertain("silence"))
            return
        sending.answered[sending.todo.pop(0)] = written.reference
        self.tell(f"answer {written.attempt}.{written.part}")
        if not sending.todo:
            self._end(modem, sending, Accepted(sending.answered))

    def _end(self, modem: Modem, sending: Sending, end: Accepted | NotSent | Uncertain) -> None:
        """As the GSM driver concludes."""
        work = sending.work
        outcome = end if isinstance(end, Accepted) else conclude(work.todo, sending.answered, sending.todo[0], end)
        passed = frozenset(sending.passed)
        self.house.do(resolve(work, outcome, line=modem.name, passed=passed, terms=TERMS, now=self.house.now))
        self.tell(f"end {work.attempt_id} {outcome}")
        modem.sending = None

    def answer_late(self, modem: Modem) -> None:
        if modem.silent:
            taken = modem.silent.pop()
            now = self.house.now
            self.house.do(LateAnswer(taken.attempt, taken.part, taken.reference, now + HOUR, now))
            self.tell(f"late answer {taken.attempt}.{taken.part}")

    # --------------------------------------------------------------------------------------------------- the network

    def _unacknowledged(self, modem: Modem) -> list[Taken]:
        """27.005 §3.4.4: one at a time, the oldest first; here any of the oldest three, for memories differ."""
        return [taken for taken in self.network if taken.line == modem.name and not taken.acknowledged][:3]

    def report(self, modem: Modem) -> None:
        waiting = self._unacknowledged(modem)
        if not waiting:
            return
        taken = self.chance.choice(waiting)
        sending = modem.sending
        if sending is not None and sending.written is taken:
            return  # the line holds it until the part's answer has come
        named = sending is not None and sending.work.to == taken.to and taken.reference in sending.answered.values()
        attempt, part = (taken.attempt, taken.part) if named else (None, None)
        status: Literal["delivered", "undelivered"] = "undelivered" if taken.attempt % 7 == 0 else "delivered"
        now = self.house.now
        self.house.do(
            Report(
                modem.name,
                self._spelt(modem, taken.reference),
                taken.to,
                status,
                None,
                now,
                attempt,
                part,
                now,
                exclusive=modem.name != SHARED,
            )
        )
        taken.brought = True
        self.tell(f"{modem.name} reports {taken.reference} {'named' if named else ''}")

    def _spelt(self, modem: Modem, reference: str) -> str:
        """Providers write a reference in their report as they please."""
        return reference.zfill(6) if modem.name == SHARED and self.chance.random() < 0.5 else reference

    def report_foreign(self, modem: Modem) -> None:
        """What another system sent over the same account; over a line that is ours alone, an older life's message to
        somebody else."""
        own = modem.name != SHARED
        to = "+5491150000099" if own else self.chance.choice([*NUMBERS, "+5491150000099", None])
        reference = str(1000 + self.chance.randrange(256))
        now = self.house.now
        self.house.do(Report(modem.name, reference, to, "delivered", None, now, None, None, now, exclusive=own))
        self.tell(f"{modem.name} reports {reference}, nobody's")

    def report_again(self, modem: Modem) -> None:
        """The network lost our acknowledgement."""
        acknowledged = [taken for taken in self.network if taken.line == modem.name and taken.acknowledged][-3:]
        if acknowledged:
            self.chance.choice(acknowledged).acknowledged = False

    def acknowledge(self, modem: Modem) -> None:
        for taken in self._unacknowledged(modem):
            if taken.brought:
                taken.acknowledged = True
                self.tell(f"{modem.name} acknowledges {taken.reference}")

    # ---------------------------------------------------------------------------------------- crashes and people

    def crash(self, _: Modem) -> None:
        opened = self.house.restart().open
        for modem in self.modems:
            modem.open = [each for each in opened if each.line == modem.name]
            modem.sending = None
            modem.silent.clear()
        self.tell("crash")

    def finish_open(self, modem: Modem) -> None:
        """The line is ready: what was open ends as far as it is known."""
        for finish in left_open(modem.open, {}, TERMS):
            self.house.do(finish)
            self.tell(f"finish {finish.work.attempt_id} {finish.parts}")
        modem.open = []

    def settle(self, _: Modem) -> None:
        doubts = self.house.rows("SELECT id FROM message WHERE state = 'uncertain' ORDER BY id")
        if doubts:
            (message,) = self.chance.choice(doubts)
            self.told |= {row[0] for row in self.house.rows(f"SELECT id FROM attempt WHERE message_id = {message}")}
            verdict = self.chance.choice(VERDICTS)
            self.house.do(Settle(message, verdict, self.house.now))  # type: ignore[arg-type]
            self.tell(f"a person says {verdict} of message {message}")

    # -------------------------------------------------------------------------------------------------------- the truth

    def lies(self) -> Iterator[str]:
        """What the store claims that is not so, but for what a person told it."""
        truth = {(taken.attempt, taken.part) for taken in self.network}
        claims = self.house.rows(
            "SELECT attempt_id, part, state, COALESCE(reason, '') FROM part"
            " WHERE state IN ('taken', 'delivered', 'undelivered')"
        )
        charges = self.house.rows("SELECT attempt_id, part, kind, '' FROM transfer WHERE kind = 'charge'")
        for attempt, part, claim, reason in [*claims, *charges]:
            if (attempt, part) not in truth and reason != "settled" and attempt not in self.told:
                yield f"part {part} of attempt {attempt}: {claim}, and it never left"


def walk(house: House, seed: int) -> None:
    play = Play(house, random.Random(seed))
    for _ in range(STEPS):
        play.step()
        lies = list(play.lies())
        assert not lies, f"seed {seed}: {lies}\n" + "\n".join(play.story)
    house.check()


@pytest.mark.parametrize("seed", range(12))
def test_the_store_claims_nothing_that_is_not_so(house: House, seed: int) -> None:
    walk(house, seed)
