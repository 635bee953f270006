"""A store under test, the rest of the house played by hand: a clock, a line, and what must hold at every instant."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from gatewayd.store.commands import (
    AddMessages,
    BeginJob,
    Claim,
    Claimed,
    CreateAccount,
    Credit,
    CutSegments,
    Finish,
    NewMessage,
    PartEnd,
    Pnr,
    Prune,
    PublishJob,
    QueueInfo,
    Report,
    Reported,
    StartNode,
    Sweep,
    Work,
)
from gatewayd.store.connection import Store, open_store
from gatewayd.store.transactions import Transactions
from gatewayd.values.model import TRANSITIONS, PartState, Priority, State

START = 1_795_000_000_000
PRICE = 850_000
DAY, MONTH = "2026-11-18", "2026-11"
HOUR = 3_600_000
LONG = "Hola " * 40
"""Two parts in GSM 7-bit."""


class House:
    """One account `norte` with credit, one node, and the commands in short."""

    contact: dict[str, Any] | None = None
    """The file's rules of contact."""
    billing_age_ms: int | None = None
    """How old billing may be."""
    zone = ZoneInfo("UTC")

    def __init__(self, url: str, *, credit: int = 1_000 * PRICE) -> None:
        self.url = url
        self.now = START
        self.node = "pop"
        self.pruned = False
        self.store: Store
        self.transactions: Transactions
        self.open()
        self.do(CreateAccount("norte", "ARS", self.now))
        if credit:
            self.do(Credit("norte", credit, self.now))
        self.epoch = 0
        self.start()

    # ------------------------------------------------------------------------------------------------------- life

    def open(self) -> None:
        self.store = open_store(self.url)
        self.transactions = Transactions(
            self.store.connection, zone=self.zone, contact=self.contact, billing_age_ms=self.billing_age_ms
        )

    def close(self) -> None:
        self.transactions.close()
        self.store.close()

    def start(self) -> Any:
        started = self.do(StartNode(self.node, self.now))
        self.epoch = started.epoch
        return started

    def restart(self) -> Any:
        """As after a crash: nothing that was in memory is known any more."""
        self.close()
        self.open()
        return self.start()

    def do(self, command: Any) -> Any:
        self.now += 1
        self.pruned = self.pruned or isinstance(command, Prune)
        return self.transactions.do(command)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.transactions.session.plain(sql)

    def rule(self, contact: dict[str, Any] | None, zone: str = "America/Argentina/Buenos_Aires") -> None:
        """From now on the rules of contact are these, for people of that zone."""
        self.contact, self.zone = contact, ZoneInfo(zone)
        self.restart()

    # ------------------------------------------------------------------------------------------------------- jobs

    def job(self, *texts: str, name: str = "j", **options: Any) -> QueueInfo:
        """A visible job with a message for each text, all to different numbers, in one queue."""
        rows = [NewMessage(n, f"C{n}", f"+54911{n:08}", text, "", 1, "", None, None) for n, text in enumerate(texts, 1)]
        return self.job_of(rows, name=name, **options)

    def job_of(
        self,
        rows: Sequence[NewMessage],
        *,
        name: str = "j",
        channel: str = "sms",
        not_before: int | None = None,
        not_after: int | None = None,
        resend: bool = False,
        price: int = PRICE,
        account: str = "norte",
        klass: str | None = None,
    ) -> QueueInfo:
        begun = self.do(
            BeginJob(
                account,
                name,
                channel,
                Priority.NORMAL,
                "hash",
                not_before,
                not_after,
                resend,
                price,
                "ARS",
                json.dumps({"lines": []}),
                self.node,
                self.now,
                klass=klass,
            )
        )
        self.do(AddMessages(begun.job_id, rows, self.now))
        queues: tuple[QueueInfo, ...] = self.do(PublishJob(begun.job_id, self.now))
        return queues[0]

    # --------------------------------------------------------------------------------------------------- dispatch

    def claim(self, queue: QueueInfo, limit: int = 10, line: str = "claro-1", **options: Any) -> Claimed:
        claimed: Claimed = self.do(self.claiming(queue, limit, line, **options))
        return claimed

    def claiming(self, queue: QueueInfo, limit: int = 10, line: str = "claro-1", **options: Any) -> Claim:
        return Claim(
            queue.id,
            line,
            options.get("variant", ""),
            limit,
            options.get("segments", 1000),
            self.node,
            self.epoch,
            self.now,
        )

    def pnr(self, work: Work, part: int = 1, line: str = "claro-1") -> None:
        self.do(
            Pnr(work.attempt_id, part, line, work.to, self.epoch, self.now, DAY, MONTH, float(self.now), ends=work.ends)
        )

    def finish(self, work: Work, state: State, line: str = "claro-1", **options: Any) -> None:
        self.do(self.finishing(work, state, line, **options))

    def finishing(self, work: Work, state: State, line: str = "claro-1", **options: Any) -> Finish:
        return Finish(
            work=work,
            line=line,
            parts=options.get("parts", {}),
            outcome=options.get("outcome", "accepted"),
            state=state,
            reason=options.get("reason"),
            final=state not in {State.QUEUED, State.SCHEDULED, State.SUBMITTED},
            due=options.get("due", self.now + HOUR),
            tries=options.get("tries", work.tries),
            charge=options.get("charge", False),
            detail=options.get("detail"),
            now=self.now,
            options=options.get("options"),
        )

    def send(self, work: Work, line: str = "claro-1", first: int = 1) -> None:
        """The network takes every part, under references from `first` on."""
        for part in work.todo:
            self.pnr(work, part, line)
        ends = {part: PartEnd(PartState.TAKEN, str(reference)) for reference, part in enumerate(work.todo, first)}
        self.finish(work, State.SUBMITTED, line, parts=ends)

    def report(self, work: Work, reference: int | str = 1, status: str = "delivered", **options: Any) -> Reported:
        reported: Reported = self.do(
            Report(
                options.get("line", "claro-1"),
                str(reference),
                options.get("to", work.to),
                status,  # type: ignore[arg-type]
                options.get("reason"),
                options.get("at", self.now),
                options.get("attempt_id"),
                options.get("part"),
                self.now,
                exclusive=options.get("exclusive", True),
            )
        )
        return reported

    def sweep(self) -> Any:
        return self.do(Sweep(self.now))

    # -------------------------------------------------------------------------------------------------- questions

    def states(self) -> list[str]:
        """States of all messages in the order of their rows."""
        return [row[0] for row in self.rows("SELECT state FROM message ORDER BY id")]

    def account(self, name: str = "norte") -> tuple[int, int, int, int]:
        """(balance, held, charged, granted) in units of one segment's price where it comes out even."""
        found = self.rows(f"SELECT balance, held, charged, granted FROM account WHERE name = '{name}'")
        return found[0]

    def receipts(self) -> list[dict[str, Any]]:
        """What is told of all jobs and not yet cut away, in order of job and seq."""
        return [json.loads(row[0]) for row in self.rows("SELECT body FROM receipt ORDER BY job_id, seq")]

    def told(self) -> list[tuple[int | None, str, bool]]:
        return [(receipt["row"], receipt["state"], receipt["final"]) for receipt in self.receipts()]

    def cut(self, **options: Any) -> Any:
        return self.do(CutSegments(self.node, self.now, **options))

    # -------------------------------------------------------------------------------------------------- invariants

    def check(self) -> None:
        """What holds at every instant."""
        self._check_ledger()
        self._check_counts()
        self._check_tallies()
        self._check_attempts()
        check_receipts(self.receipts())
        for job_id, last_seq, cost in self.rows("SELECT id, last_seq, cost FROM job"):
            seqs = [row[0] for row in self.rows(f"SELECT seq FROM receipt WHERE job_id = {job_id} ORDER BY seq")]
            assert seqs == list(range(last_seq - len(seqs) + 1, last_seq + 1))
            ((costs,),) = self.rows(f"SELECT COALESCE(SUM(cost), 0) FROM message WHERE job_id = {job_id}")
            # Messages leave by retention, what they cost stays.
            assert int(costs) <= cost if self.pruned else int(costs) == cost

    def _check_ledger(self) -> None:
        pots: dict[int, Counter[str]] = defaultdict(Counter)
        holds: dict[tuple[int, int], int] = {}
        for account_id, kind, amount, attempt, part, step in self.rows(
            "SELECT account_id, kind, amount, attempt_id, part, step FROM transfer ORDER BY id"
        ):
            sums = pots[account_id]
            match kind:
                case "grant":
                    sums["balance"] += amount
                    sums["granted"] += amount
                case "hold":
                    assert step == "hold"
                    holds[attempt, part] = amount
                    sums["balance"] -= amount
                    sums["held"] += amount
                case "charge" | "release":
                    assert step == "settle"
                    assert holds.pop((attempt, part)) == amount, "settled once, and what was held"
                    sums["held"] -= amount
                    sums["charged" if kind == "charge" else "balance"] += amount
        for account_id, *amounts in self.rows("SELECT id, balance, held, charged, granted FROM account"):
            assert amounts == [pots[account_id][name] for name in ("balance", "held", "charged", "granted")]
            assert amounts[0] + amounts[1] + amounts[2] == amounts[3]
            assert min(amounts) >= 0
        live = {
            (row[0], row[1]) for row in self.rows("SELECT attempt_id, part FROM part WHERE state IN ('open', 'doubt')")
        }
        claimed = {row[0] for row in self.rows("SELECT id FROM attempt WHERE state != 'closed'")}
        waiting = {
            (row[0], row[1])
            for row in self.rows(
                "SELECT part.attempt_id, part.part FROM part JOIN attempt ON attempt.id = part.attempt_id"
                " JOIN message ON message.id = attempt.message_id WHERE part.state = 'doubt'"
                " AND (message.state != 'uncertain' OR message.attempt_id != attempt.id)"
            )
        }
        for key in holds:
            assert key in live or key[0] in claimed, f"held for nothing: {key}"
        assert waiting.isdisjoint(holds), "a part in doubt is held only while its message is uncertain"

    def _check_counts(self) -> None:
        counted = {
            (queue, state, bool(final)): (messages, segments)
            for queue, state, final, messages, segments in self.rows(
                "SELECT queue_id, state, final, messages, segments FROM queue_count WHERE messages != 0"
            )
        }
        real = {
            (queue, state, bool(final)): (messages, int(segments))
            for queue, state, final, messages, segments in self.rows(
                "SELECT queue_id, CASE WHEN state = 'held' AND reason IN ('window', 'stale') THEN 'held_' || reason"
                " ELSE state END,"
                " final, COUNT(*), SUM(segments) FROM message GROUP BY 1, 2, 3"
            )
        }
        assert counted == real

    def _check_tallies(self) -> None:
        """Statistics know each message, in its hour and under its line, as it is; removed ones as they were."""
        tallied = {
            row[:5]: tuple(map(int, row[5:]))
            for row in self.rows(
                "SELECT hour, account_id, channel, line, state, messages, segments, cost FROM tally"
                " WHERE state != 'received' AND (messages != 0 OR segments != 0 OR cost != 0)"
            )
        }
        real = {
            row[:5]: tuple(map(int, row[5:]))
            for row in self.rows(
                "SELECT coalesce(attempt.started_at, CASE message.state WHEN 'invalid' THEN job.created_at"
                " ELSE message.updated_at END) / 3600000, job.account_id, job.channel,"
                " CASE WHEN attempt.id IS NULL THEN '' ELSE coalesce(message.line, '') END, message.state,"
                " count(*), sum(message.segments), sum(message.cost) FROM message JOIN job ON job.id = message.job_id"
                " LEFT JOIN attempt ON attempt.id = message.attempt_id WHERE job.state != 'loading' AND NOT job.test"
                " AND message.state IN ('submitted', 'delivered', 'read', 'undelivered', 'failed',"
                " 'expired', 'uncertain', 'cancelled', 'invalid') GROUP BY 1, 2, 3, 4, 5"
            )
        }
        if not self.pruned:
            assert tallied == real
        for key, counts in real.items():
            assert all(mine >= theirs for mine, theirs in zip(tallied[key], counts, strict=True)), key

    def _check_attempts(self) -> None:
        left = self.rows(
            "SELECT message.id, message.state, part.part, part.state, part.attempt_id FROM message"
            " JOIN job ON job.id = message.job_id AND job.channel = 'sms'"
            " JOIN attempt ON attempt.message_id = message.id JOIN part ON part.attempt_id = attempt.id"
            " WHERE message.state IN ('failed', 'expired', 'cancelled', 'invalid') ORDER BY part.attempt_id"
        )
        for _, state, _, fate, _ in left:
            assert fate in {"refused", "unsent"}, f"{state}, and a part is {fate}"
        unfounded = self.rows(
            "SELECT message.id, message.state FROM message JOIN job ON job.id = message.job_id AND job.channel = 'sms'"
            " WHERE message.state IN ('submitted', 'delivered', 'read', 'undelivered', 'uncertain') AND NOT EXISTS ("
            "SELECT 1 FROM attempt JOIN part ON part.attempt_id = attempt.id WHERE attempt.message_id = message.id"
            " AND part.state NOT IN ('refused', 'unsent'))"
        )
        assert not unfounded, "something is said to have left, and no part did"
        sending = {row[0] for row in self.rows("SELECT attempt_id FROM message WHERE state = 'sending'")}
        live = {row[0] for row in self.rows("SELECT id FROM attempt WHERE state != 'closed'")}
        assert sending == live


def reachable(old: State) -> frozenset[State]:
    """States that may follow in the receipts, which do not tell the ways between."""
    silent = {State.SCHEDULED, State.QUEUED, State.HELD, State.SENDING}
    seen: set[State] = set()
    ends: set[State] = set()
    stack = [old]
    while stack:
        for state in TRANSITIONS[stack.pop()]:
            ends.add(state)
            if state in silent and state not in seen:
                seen.add(state)
                stack.append(state)
    return frozenset(ends)


def check_receipts(receipts: Sequence[dict[str, Any]]) -> None:
    """Each message's receipts follow the state machine; what was final changes only where that is allowed."""
    last: dict[str, State] = {}
    for receipt in receipts:
        if receipt["message"] is None:
            assert receipt["state"] == "held"
            continue
        state = State(receipt["state"])
        before = last.get(receipt["message"])
        if before is not None:
            assert state in reachable(before), f"{before} -> {state}"
        last[receipt["message"]] = state
