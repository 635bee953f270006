"""Any order of commands, with crashes and restarts in between: the ledger, the counts and the receipts stand."""

from __future__ import annotations

import itertools
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from drivers.base import (
    Accepted,
    Completed,
    Fate,
    NotSent,
    Outcome,
    Partial,
    PartOutcome,
    Refused,
    Uncertain,
    Withdrawn,
)
from gatewayd.contact.optout import judge
from gatewayd.outcomes import Terms, resolve
from gatewayd.store.commands import (
    Block,
    Credit,
    HoldQueue,
    Inbound,
    LateAnswer,
    NewMessage,
    Prune,
    QueueInfo,
    Report,
    SegmentsWritten,
    SetJobState,
    Settle,
    Unblock,
    Unclaim,
    Work,
)
from gatewayd.store.sending.rows import MessageRow
from gatewayd.store.sending.unit import Unit
from gatewayd.values.errors import GatewayError
from gatewayd.values.model import WAITING, State, may_become
from tests.conformance.house import HOUR, LONG, PRICE, House

SPANISH = "Hasta mañana: día, café, ratón, índice. " * 3
NUMBERS = [f"+54911{n:08}" for n in range(6)]
LINES = ["claro-1", "claro-2"]
TERMS = Terms(tries=3, report_wait_ms=HOUR)
REFERENCES = 5
"""References come round soon."""


class Begun:
    """Work in a driver's hands, and what the driver has passed of it."""

    def __init__(self, work: Work, line: str, passed: set[int]) -> None:
        self.work = work
        self.line = line
        self.passed = passed


class Play:
    """The gateway's commands in any order; the store alone must keep things right."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.names = itertools.count()
        self.references = itertools.count()
        self.queues: list[QueueInfo] = []
        self.begun: list[Begun] = []
        self.done: list[Begun] = []
        self.record(["x", LONG], False, PRICE, "sms", None)

    def reference(self) -> str:
        return str(next(self.references) % REFERENCES)

    # ------------------------------------------------------------------------------------------------------ people

    def record(self, texts: list[str], resend: bool, price: int, channel: str, lasts: int | None) -> None:
        rows = [
            NewMessage(n, None, NUMBERS[n % 6], text, "", 1, "", None if text else "empty", None)
            for n, text in enumerate(texts, 1)
        ]
        queue = self.house.job_of(
            rows,
            name=f"job{next(self.names)}",
            channel=channel,
            resend=resend,
            price=price,
            not_after=None if lasts is None else self.house.now + lasts,
        )
        self.queues.append(queue)

    def people(self, pick: int, act: str, amount: int, job: tuple[list[str], bool, int, str, int | None]) -> None:
        if act == "job":
            self.record(*job)
            return
        now, number = self.house.now, NUMBERS[pick % 6]
        acts: dict[str, Any] = {
            "credit": Credit("norte", amount * PRICE, now),
            "block": Block([number], "person", None, now),
            "unblock": Unblock(number),
            "answer": Inbound("claro-1", "sms", str(amount % 4), number, None, "baja", now, None, None, judge, now),
        }
        queue = self.queues[pick % len(self.queues)]
        self.try_to(acts.get(act) or SetJobState("norte", queue.job, act, now))  # type: ignore[arg-type]

    # ------------------------------------------------------------------------------------------------------- lines

    def dispatch(self, pick: int, act: str, variant: str, outcome: Outcome | None, fates: list[Fate]) -> None:
        if act == "claim" or not self.begun:
            self.claim(pick, variant)
            return
        begun = self.begun[-1 - pick % len(self.begun)]
        match act:
            case "pass":
                self.pass_on(begun, 1 + pick % 4)
            case "accept":
                self.accept(begun)
            case "end":
                self.pass_on(begun, pick % 3)
                self.end_somehow(begun, outcome, fates)
            case "back":
                self.house.do(Unclaim([begun.work.attempt_id], self.house.now))

    def claim(self, pick: int, variant: str) -> None:
        # The newest first: old queues are often empty.
        queue = self.queues[-1 - pick % len(self.queues)]
        line = LINES[pick % 2]
        claimed = self.house.claim(queue, 1 + pick % 3, line, variant=variant)
        self.begun += [Begun(work, line, set()) for work in claimed.work]
        if claimed.blocked is not None and pick % 3 == 0:
            self.people(pick, "credit" if claimed.blocked == "credit" else "running", 20, ([], False, 0, "", None))
        elif not claimed.work and claimed.blocked in {None, "cancelled", "expired"}:
            self.record(["x", LONG, "x"], pick % 2 == 0, PRICE, "sms", None)

    def pass_on(self, begun: Begun, parts: int) -> None:
        for part in [part for part in begun.work.todo if part not in begun.passed][:parts]:
            try:
                self.house.pnr(begun.work, part, begun.line)
            except Withdrawn:
                return
            begun.passed.add(part)

    def accept(self, begun: Begun) -> None:
        """The usual way: everything passes and is taken."""
        self.pass_on(begun, 9)
        whole = set(begun.work.todo) == begun.passed
        references = {part: self.reference() for part in begun.work.todo}
        self.end(begun, Accepted(references) if whole else NotSent("withdrawn", counts=False))

    def end_somehow(self, begun: Begun, outcome: Outcome | None, fates: list[Fate]) -> None:
        if isinstance(outcome, Completed) and (begun.work.parts or not begun.passed):
            outcome = Refused("never")
        if outcome is None:
            ends = zip(sorted(begun.passed), fates, strict=False)
            outcome = Partial({part: PartOutcome(fate, self.reference()) for part, fate in ends})
        self.end(begun, outcome)

    def end(self, begun: Begun, outcome: Outcome) -> None:
        passed = frozenset(begun.passed)
        self.house.do(resolve(begun.work, outcome, line=begun.line, passed=passed, terms=TERMS, now=self.house.now))
        self.begun.remove(begun)
        self.done.append(begun)

    def hear(self, pick: int, part: int, status: Any, named: Any) -> None:
        """The network, or a person, says something of a part: early or late, once or again."""
        all_begun = [*self.done, *self.begun]
        if not all_begun:
            return
        begun, now = all_begun[-1 - pick % len(all_begun)], self.house.now
        work = begun.work
        if named == "late":
            self.house.do(LateAnswer(work.attempt_id, part, self.reference(), now + HOUR, now))
            return
        if named in {"sent", "not-sent", "resend"}:
            self.try_to(Settle(work.message_id, named, now))
            return
        attempt = work.attempt_id if named == "attempt" else None
        self.house.do(
            Report(begun.line, str(pick % REFERENCES), work.to, status, None, now, attempt, attempt and part, now)
        )

    # -------------------------------------------------------------------------------------------------------- time

    def time(self, ms: int, act: str) -> None:
        self.house.now += ms
        acts: dict[str, Callable[[], Any]] = {
            "sweep": self.house.sweep,
            "hold": lambda: self.house.do(HoldQueue(self.queues[-1].id, "no_line", self.house.now)),
            "free": lambda: self.house.do(HoldQueue(self.queues[-1].id, None, self.house.now)),
            "cut": lambda: self.house.cut(lines=3),
            "write": self.write,
            "prune": lambda: self.house.do(Prune(self.house.now - HOUR, limit=3)),
            "crash": self.crash,
        }
        acts[act]()

    def write(self) -> None:
        segments = self.house.cut(lines=3)
        self.house.do(SegmentsWritten([(s.job_id, s.first_seq, s.last_seq) for s in segments]))

    def crash(self) -> None:
        """All that was in memory is gone; the lines get back what was past its point of no return."""
        started = self.house.restart()
        self.begun = [Begun(one.work, one.line, {part for part, _ in one.parts}) for one in started.open]

    def try_to(self, command: Any) -> None:
        """A refusal by rule is an answer; a failure of the store is not."""
        (result,) = self.house.transactions.apply([command])
        if isinstance(result, Exception):
            assert isinstance(result, GatewayError), result
            assert "could not be applied" not in str(result)
            assert "the store refused" not in str(result)


class Steps:
    """Every step that the store makes a message take, held to the model's table."""

    def __init__(self) -> None:
        self.taken: set[tuple[State, State]] = set()

    @property
    def forbidden(self) -> set[tuple[str, str]]:
        return {(str(old), str(new)) for old, new in self.taken if not may_become(old, new)}


@pytest.fixture(scope="module")
def steps() -> Iterator[Steps]:
    """Looks on while the store works: `turn` is the only way to another state."""
    seen, turn = Steps(), Unit.turn

    def watched(unit: Unit, row: MessageRow, state: str, now: int, *, reason: str | None, final: bool) -> None:
        seen.taken.add((State(row.state), State(state)))
        turn(unit, row, state, now, reason=reason, final=final)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Unit, "turn", watched)
        yield seen


Job = tuple[list[str], bool, int, str, int | None]

PEOPLE = [
    *("job", "job", "credit", "credit", "running", "running", "paused", "cancelled"),
    *("block", "unblock", "unblock", "answer"),
]
DISPATCH = ["claim", "claim", "pass", "pass", "accept", "accept", "accept", "end", "end", "back"]
OUTCOMES: list[Outcome | None] = [
    NotSent("withdrawn", counts=False),
    NotSent("no_prompt", retry_after=0.0),
    Refused("never"),
    Uncertain("silence"),
    Uncertain("silence"),
    Completed("delivered", charged=True),
    Completed("undelivered", "not_heard", charged=True),
    Completed(None, "busy"),
    None,
    None,
]
STATUSES = ["delivered", "delivered", "undelivered", "read", "pending"]
NAMED = ["reference", "reference", "attempt", "late", "sent", "not-sent", "resend"]
TIMES = ["sweep", "hold", "free", "cut", "write", "prune", "crash"]
TEXTS = ["x", LONG, SPANISH, ""]

picks = st.integers(0, 11)


class StoreMachine(RuleBasedStateMachine):
    """Hypothesis plays, and shows the shortest way to whatever it breaks."""

    pattern: ClassVar[Path]
    steps: ClassVar[Steps]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="gatewayd-store-"))
        shutil.copy(self.pattern, self.folder / "a.db")
        self.house = House(f"sqlite:///{self.folder}/a.db", credit=20 * PRICE)
        self.play = Play(self.house)

    def teardown(self) -> None:
        self.house.close()
        shutil.rmtree(self.folder)

    @rule(
        pick=picks,
        act=st.sampled_from(PEOPLE),
        amount=st.integers(-10, 20),
        job=st.tuples(
            st.lists(st.sampled_from(TEXTS), min_size=1, max_size=4),
            st.booleans(),
            st.sampled_from([PRICE, PRICE, 0]),
            st.sampled_from(["sms", "sms", "call"]),
            st.none() | st.integers(0, 2 * HOUR),
        ),
    )
    def people(self, pick: int, act: str, amount: int, job: Job) -> None:
        self.play.people(pick, act, amount, job)

    @rule(
        pick=picks,
        act=st.sampled_from(DISPATCH),
        variant=st.sampled_from(["", "es"]),
        outcome=st.sampled_from(OUTCOMES),
        fates=st.lists(st.sampled_from(Fate), min_size=4, max_size=4),
    )
    def dispatch(self, pick: int, act: str, variant: str, outcome: Outcome | None, fates: list[Fate]) -> None:
        self.play.dispatch(pick, act, variant, outcome, fates)

    @rule(pick=picks, part=st.integers(1, 2), status=st.sampled_from(STATUSES), named=st.sampled_from(NAMED))
    def hear(self, pick: int, part: int, status: str, named: str) -> None:
        self.play.hear(pick, part, status, named)

    @rule(ms=st.integers(0, HOUR), act=st.sampled_from(TIMES))
    def time(self, ms: int, act: str) -> None:
        self.play.time(ms, act)

    @invariant()
    def stands(self) -> None:
        self.house.check()
        assert not self.steps.forbidden


def test_whatever_happens_the_books_are_in_order(pattern: Path, steps: Steps) -> None:
    StoreMachine.pattern, StoreMachine.steps = pattern, steps
    machine = StoreMachine.TestCase
    machine.settings = settings(
        max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
    )
    machine().runTest()


@pytest.mark.parametrize("seed", range(3))
def test_a_long_walk_ends_with_the_books_in_order(house: House, seed: int, steps: Steps) -> None:
    """Deeper than Hypothesis goes, and on both stores."""
    draw, play, seen = random.Random(seed), Play(house), set()
    for step in range(400):
        pick = draw.randrange(12)
        match draw.choices(["people", "dispatch", "hear", "time"], [1, 6, 3, 1])[0]:
            case "people":
                texts = draw.choices(TEXTS, k=draw.randint(1, 4))
                lasts = draw.choice([None, None, draw.randrange(2 * HOUR)])
                job = (texts, draw.random() < 0.5, draw.choice([PRICE, PRICE, 0]), draw.choice(["sms", "call"]), lasts)
                play.people(pick, draw.choice(PEOPLE), draw.randint(-5, 20), job)
            case "dispatch":
                fates = draw.choices(list(Fate), k=4)
                play.dispatch(pick, draw.choice(DISPATCH), draw.choice(["", "es"]), draw.choice(OUTCOMES), fates)
            case "hear":
                play.hear(pick, draw.randint(1, 2), draw.choice(STATUSES), draw.choice(NAMED))
            case "time":
                play.time(draw.choice([0, 1000, 60_000, HOUR // 2]), draw.choice(TIMES))
        if step % 5 == 0:
            house.check()
        seen.update(house.states())
    missing = {"queued", "sending", "submitted", "delivered", "undelivered", "failed", "uncertain", "cancelled"} - seen
    assert not missing, "the walk must come everywhere"
    assert not steps.forbidden


@pytest.mark.parametrize(
    ("first", "second", "end"),
    [
        (Fate.TAKEN, Fate.UNSENT, State.UNDELIVERED),
        (Fate.DOUBT, Fate.UNSENT, State.UNCERTAIN),
        (Fate.UNSENT, Fate.UNSENT, State.CANCELLED),
    ],
)
def test_what_waits_and_is_withdrawn_ends_as_what_became_of_its_parts(
    house: House, steps: Steps, first: Fate, second: Fate, end: State
) -> None:
    queue = house.job(LONG, resend=True)
    (work,) = house.claim(queue).work
    for part in work.todo:
        house.pnr(work, part)
    outcome = Partial({1: PartOutcome(first, "1"), 2: PartOutcome(second)})
    passed = frozenset(work.todo)
    house.do(resolve(work, outcome, line="claro-1", passed=passed, terms=TERMS, now=house.now))
    (before,) = house.states()
    house.do(SetJobState("norte", queue.job, "cancelled", house.now))
    house.sweep()
    assert house.states() == [end.value]
    assert (State(before), end) in steps.taken
    assert State(before) in WAITING
    assert not steps.forbidden
    assert may_become(State(before), end, begun=end is not State.CANCELLED)
    assert not may_become(State(before), end, begun=end is State.CANCELLED)
    house.check()


def test_what_waits_and_turns_out_to_be_taken_is_submitted(house: House, steps: Steps) -> None:
    (work,) = house.claim(house.job("x", resend=True)).work
    house.pnr(work)
    house.do(resolve(work, Uncertain("silence"), line="claro-1", passed=frozenset({1}), terms=TERMS, now=house.now))
    (before,) = house.states()
    house.do(LateAnswer(work.attempt_id, 1, "7", house.now + HOUR, house.now))
    house.do(SetJobState("norte", "j", "cancelled", house.now))
    house.sweep()
    assert house.states() == ["submitted"]
    assert (State(before), State.SUBMITTED) in steps.taken
    assert not steps.forbidden
    house.check()
