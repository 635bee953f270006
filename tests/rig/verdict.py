"""The checker: the network's record, the store, the ledger and the receipts against each other.

Nothing lost: every valid recipient was taken by the network, or its message says why not. No silent duplicate: what
the network took twice is a message that was called uncertain before it went again. The ledger is exact.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.rig.gateway import Gateway
from tests.rig.simulator import Simulator

LEFT = {"submitted", "delivered", "undelivered", "read"}
ENDS = {"delivered", "read", "undelivered", "failed", "expired", "uncertain", "cancelled", "invalid"}


@dataclass(slots=True)
class Verdict:
    """What was found wrong (`faults`, empty is good), and the figures."""

    faults: list[str] = field(default_factory=list)
    taken: int = 0
    messages: int = 0
    uncertain: int = 0
    duplicates: int = 0

    def __bool__(self) -> bool:
        return not self.faults


def judge(gateway: Gateway, simulator: Simulator, *, final: bool = True) -> Verdict:
    """Reads everything and compares. `final`: every message should have come to its end."""
    verdict = Verdict()
    _messages(gateway, simulator.texts(), verdict, final=final)
    _ledger(gateway, verdict)
    _counts(gateway, verdict)
    _receipts(gateway, verdict)
    return verdict


def _messages(gateway: Gateway, texts: list[dict[str, Any]], verdict: Verdict, *, final: bool) -> None:
    """By number and text: how often the network took it against what the store says of it."""
    taken: Counter[tuple[str, str, int]] = Counter()
    for text in texts:
        concat = text.get("concat") or {}
        taken[text["to"].lstrip("+"), text["text"], concat.get("number", 1)] += 1
    verdict.taken = sum(taken.values())
    by_number: dict[str, int] = defaultdict(int)
    for (number, _, part), count in taken.items():
        if part == 1:
            by_number[number] += count
    rows = gateway.sql(
        'SELECT id, "to", state, reason, tries FROM message WHERE "to" IS NOT NULL AND state != \'invalid\''
    )
    verdict.messages = len(rows)
    expected: Counter[str] = Counter(row[1].lstrip("+") for row in rows)
    doubtful = {
        row[0]
        for row in gateway.sql("SELECT message_id FROM attempt WHERE outcome = 'uncertain' OR reason = 'crashed'")
    }
    for number, state, message_id in ((row[1].lstrip("+"), row[2], row[0]) for row in rows):
        count = by_number.get(number, 0)
        if state == "uncertain":
            verdict.uncertain += 1
        if final and state not in ENDS and state != "submitted":
            verdict.faults.append(f"{number}: still {state}")
        if state in LEFT and not count:
            verdict.faults.append(f"{number}: says {state}, but the network has nothing")
        if count and state not in LEFT | {"uncertain", "sending"}:
            verdict.faults.append(f"{number}: says {state}, but the network took it {count} times")
        if count > expected[number]:
            verdict.duplicates += count - expected[number]
            if message_id not in doubtful:
                verdict.faults.append(f"{number}: taken {count} times and never called uncertain")
    for number in by_number:
        if number not in expected:
            verdict.faults.append(f"{number}: taken, but no message is to it")


def _ledger(gateway: Gateway, verdict: Verdict) -> None:
    for name, balance, held, charged, granted in gateway.sql(
        "SELECT name, balance, held, charged, granted FROM account"
    ):
        if balance + held + charged != granted or balance < 0 or held < 0:
            verdict.faults.append(f"account {name}: {balance} + {held} + {charged} != {granted}")
    sums = {
        (name, kind): amount
        for name, kind, amount in gateway.sql(
            "SELECT a.name, t.kind, SUM(t.amount) FROM transfer t JOIN account a ON a.id = t.account_id GROUP BY 1, 2"
        )
    }
    for name, held, charged, granted in gateway.sql("SELECT name, held, charged, granted FROM account"):
        got = [sums.get((name, kind), 0) for kind in ("grant", "hold", "charge", "release")]
        if (granted, charged, held) != (got[0], got[2], got[1] - got[2] - got[3]):
            verdict.faults.append(f"account {name}: its transfers say {got}, it says {granted}, {charged}, {held}")
    twice = gateway.sql("SELECT attempt_id, part FROM transfer WHERE step = 'settle' GROUP BY 1, 2 HAVING COUNT(*) > 1")
    verdict.faults += [f"attempt {attempt} part {part}: settled twice" for attempt, part in twice]
    charged_parts = gateway.sql("SELECT COUNT(*) FROM transfer WHERE kind = 'charge'")[0][0]
    if charged_parts > verdict.taken:
        verdict.faults.append(f"{charged_parts} parts charged, the network took {verdict.taken}")
    held = gateway.sql("SELECT COUNT(*) FROM message WHERE state IN ('uncertain', 'sending')")[0][0]
    if not held and any(row[0] for row in gateway.sql("SELECT held FROM account")):
        verdict.faults.append("credits are held, but nothing is in doubt or being sent")


def _counts(gateway: Gateway, verdict: Verdict) -> None:
    counted = gateway.sql("SELECT queue_id, state, final, COUNT(*) FROM message GROUP BY 1, 2, 3")
    kept = gateway.sql("SELECT queue_id, state, final, messages FROM queue_count WHERE messages != 0")
    if sorted(map(str, counted)) != sorted(map(str, kept)):
        verdict.faults.append(f"counts: kept {sorted(kept)[:6]}, counted {sorted(counted)[:6]}")


def _receipts(gateway: Gateway, verdict: Verdict) -> None:
    """Sequence numbers without gap or repeat, and the last receipt of each message is its state."""
    jobs = gateway.sql(
        "SELECT j.id, a.name, j.name, j.last_seq, j.written_seq FROM job j JOIN account a ON a.id = j.account_id"
    )
    for job_id, account, job, last_seq, _ in jobs:
        receipts = gateway.receipts(job, account)
        written = [receipt["seq"] for receipt in receipts]
        waiting = [row[0] for row in gateway.sql("SELECT seq FROM receipt WHERE job_id = ? ORDER BY seq", job_id)]
        if sorted(set(written) | set(waiting)) != list(range(1, last_seq + 1)):
            verdict.faults.append(f"{account}/{job}: receipts with gaps, {len(written)} written of {last_seq}")
        if len(written) != len(set(written)):
            verdict.faults.append(f"{account}/{job}: a receipt was written twice")
        last: dict[int, str] = {}
        for receipt in receipts + [
            json.loads(row[0]) for row in gateway.sql("SELECT body FROM receipt WHERE job_id = ? ORDER BY seq", job_id)
        ]:
            if receipt["row"] is not None:
                last[receipt["row"]] = receipt["state"]
        for row, state in gateway.sql("SELECT row, state FROM message WHERE job_id = ?", job_id):
            if state not in {"queued", "scheduled", "sending"} and last.get(row) != state:
                verdict.faults.append(f"{account}/{job} row {row}: is {state}, its last receipt says {last.get(row)}")
