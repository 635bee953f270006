"""The checker: the network's record, the store, the ledger, the receipts and the spool against each other.

Nothing lost: what upstream dropped is recorded row by row, and each message was taken by the network whole, or says why
not. No silent duplicate: a part that the network took again belongs to a message that said `uncertain` before (or whose
job allows it). The ledger is exact to the part. Receipts have no gap, tell each message's way as the contract allows
it, and what was once written stays as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from gatewayd.values.money import format_money
from tests.rig.evidence import LEFT, Evidence, Job, Message, files_below
from tests.rig.gateway import Gateway
from tests.rig.simulator import Simulator

ENDS: Final = {"delivered", "read", "undelivered", "failed", "expired", "uncertain", "cancelled", "invalid"}

IN_NETWORK: Final = {"taken", "delivered", "undelivered"}

AFTER: Final[Mapping[str | None, set[str]]] = {
    None: ENDS | {"submitted"},
    "submitted": {"submitted", "delivered", "read", "undelivered"},
    "uncertain": {"submitted", "delivered", "read", "undelivered", "failed"},
    "undelivered": {"delivered"},
    "delivered": {"read"},
}
"""Which receipt of a message may follow which."""


@dataclass(slots=True)
class Verdict:
    """What was found wrong (`faults`, empty is good), and the figures."""

    faults: list[str] = field(default_factory=list)
    taken: int = 0
    """Parts that the network took."""
    messages: int = 0
    """Those that are not invalid."""
    uncertain: int = 0
    duplicates: int = 0
    """Parts that the network took once more, silently or not."""

    def __bool__(self) -> bool:
        return not self.faults


def judge(
    gateway: Gateway,
    simulator: Simulator | Sequence[Mapping[str, Any]],
    *,
    final: bool = True,
    settled: bool = False,
    inbound: Sequence[str] = (),
) -> Verdict:
    """Reads everything and compares.

    `simulator`, or all that the network took. `final`: every message should have come to its end, and every file to
    its place. `settled`: reports are on, and all have come: what the network took whole is delivered. `inbound`: the
    texts that were sent to the modems, each to be in the inbox once.
    """
    taken = simulator.texts() if isinstance(simulator, Simulator) else simulator
    evidence = Evidence(gateway, taken)
    verdict = Verdict(
        taken=len(taken),
        messages=sum(message.state != "invalid" for message in evidence.messages.values()),
        uncertain=sum(message.state == "uncertain" for message in evidence.messages.values()),
    )
    for message in evidence.messages.values():
        verdict.duplicates += sum(count - 1 for count in message.copies.values() if count > 1)
    checks: list[Callable[[Evidence], Iterator[str]]] = [dropped, network, accounts, ledger, counts, receipts]
    if final:
        checks += [ended, spool]
    if settled:
        checks.append(reported)
    for check in checks:
        verdict.faults += check(evidence)
    verdict.faults += _inbox(evidence, inbound)
    return verdict


def name_of(evidence: Evidence, message: Message) -> str:
    job = evidence.jobs.get(message.job)
    return f"{job.account}/{job.name} row {message.row}" if job else f"message {message.id}"


# ---------------------------------------------------------------------------------------------------------- the network


def dropped(evidence: Evidence) -> Iterator[str]:
    """What upstream dropped against what is recorded. A job that waits in `incoming` is `spool`'s business."""
    recorded = {(job.account, job.name): job for job in evidence.jobs.values() if job.state != "loading"}
    for key, expected in evidence.gateway.dropped.items():
        job = recorded.get(key)
        if job is None or expected.rows is None:
            continue
        got = Counter((message.row, message.to, message.text) for message in job.messages if message.state != "invalid")
        for row in (Counter(expected.rows) - got).elements():
            yield f"{job.account}/{job.name}: {row} was dropped, and is not recorded"
        for row in (got - Counter(expected.rows)).elements():
            yield f"{job.account}/{job.name}: {row} is recorded, and was never dropped so"


def network(evidence: Evidence) -> Iterator[str]:
    """Part by part: what the network took against what the store says of it."""
    for taken in evidence.strangers:
        yield f"{taken['to']}: the network took {taken['text']!r} ({taken.get('concat')}), which no message says"
    for message in evidence.messages.values():
        job = evidence.jobs.get(message.job)
        if job is not None and message.state != "invalid":
            for fault in _of_message(message, job):
                yield f"{name_of(evidence, message)} is {message.state}, but {fault}"


def _of_message(message: Message, job: Job) -> Iterator[str]:
    count = len(message.parts)
    copies = message.copies
    if message.state in {"delivered", "submitted", "read"}:
        missing = [part for part in range(1, count + 1) if not copies[part]]
        if missing:
            yield f"the network never took part {missing} of {count}"
    elif message.state == "undelivered" and not copies:
        yield "the network has nothing of it"
    elif message.state in {"failed", "expired", "cancelled"} and copies and not job.resend:
        yield f"the network took {dict(copies)}"
    for part, taken in copies.items():
        rows = message.rows_of(part)
        leaving = sum(row.state in LEFT for row in rows)
        if taken > leaving:
            yield f"the network took part {part} {taken} times, and {leaving} intents are on record"
        # Each time it went again, somebody must have been told that it may go twice.
        doubts = sum(attempt.doubted(part) for attempt in message.attempts)
        if taken - 1 > doubts or (taken > 1 and not job.resend and not _said_uncertain(message, job)):
            yield f"part {part} was taken {taken} times: a silent duplicate"
    references = {row.reference for attempt in message.attempts for row in attempt.parts.values()} - {None}
    if message.state in {"queued", "scheduled"} and count == 1 and references:
        yield "a reference is known for its only part"


def _said_uncertain(message: Message, job: Job) -> bool:
    return any(receipt["row"] == message.row and receipt["state"] == "uncertain" for receipt in job.receipts)


def ended(evidence: Evidence) -> Iterator[str]:
    for message in evidence.messages.values():
        if message.state not in ENDS and message.state != "submitted":
            yield f"{name_of(evidence, message)}: still {message.state}"
    for job in evidence.jobs.values():
        if job.state == "loading":
            yield f"{job.account}/{job.name}: still loading"


def reported(evidence: Evidence) -> Iterator[str]:
    """All reports have come: what is whole in the network is delivered; only what it does not have stays in doubt."""
    for message in evidence.messages.values():
        if message.state == "invalid":
            continue
        whole = all(message.copies[part] for part in range(1, len(message.parts) + 1))
        if whole and message.state != "delivered":
            yield f"{name_of(evidence, message)} is {message.state}, and the network delivered all of it"
        if message.state == "submitted":
            yield f"{name_of(evidence, message)}: its reports are missing"


# ----------------------------------------------------------------------------------------------------------- the ledger


def accounts(evidence: Evidence) -> Iterator[str]:
    """Each account's sums against its transfers."""
    sql = evidence.gateway.sql
    sums = {
        (account, kind): amount
        for account, kind, amount in sql("SELECT account_id, kind, SUM(amount) FROM transfer GROUP BY 1, 2")
    }
    for account, name, balance, held, charged, granted in sql(
        "SELECT id, name, balance, held, charged, granted FROM account"
    ):
        if balance + held + charged != granted or balance < 0 or held < 0:
            yield f"account {name}: {balance} + {held} + {charged} != {granted}"
        got = [sums.get((account, kind), 0) for kind in ("grant", "hold", "charge", "release")]
        if (granted, charged, held) != (got[0], got[2], got[1] - got[2] - got[3]):
            yield f"account {name}: its transfers say {got}, it says {granted}, {charged}, {held}"


def ledger(evidence: Evidence) -> Iterator[str]:
    """Each part of each attempt: held once, and settled as its fate asks."""
    holds = {transfer.key: transfer for transfer in evidence.transfers if transfer.kind == "hold"}
    settles = {transfer.key: transfer for transfer in evidence.transfers if transfer.kind != "hold"}
    if len(holds) + len(settles) != len(evidence.transfers):
        yield "a part was held or settled twice"
    for key, settle in settles.items():
        if key not in holds or holds[key].amount != settle.amount or holds[key].account != settle.account:
            yield f"attempt {key[0]} part {key[1]}: settled otherwise than held"
    for attempt_id, part in holds:
        kind = settles[attempt_id, part].kind if (attempt_id, part) in settles else None
        wanted = _wanted(evidence, attempt_id, part)
        if kind not in wanted:
            yield f"attempt {attempt_id} part {part}: {kind or 'held'}, should be {' or '.join(map(str, wanted))}"
    for message in evidence.messages.values():
        job = evidence.jobs.get(message.job)
        if job is None:
            continue
        charges = Counter(
            part
            for attempt in message.attempts
            for part in range(1, len(message.parts) + 1 if message.text else 1)
            if (found := settles.get((attempt.id, part))) is not None and found.kind == "charge"
        )
        if message.cost != sum(charges.values()) * job.price:
            yield f"{name_of(evidence, message)} costs {message.cost}, and {dict(charges)} parts are charged"
        for part, count in charges.items():
            if count > message.copies[part]:
                yield f"{name_of(evidence, message)}: part {part} charged {count} times, taken {message.copies[part]}"


def _wanted(evidence: Evidence, attempt_id: int, part: int) -> tuple[str | None, ...]:
    attempt = evidence.attempts.get(attempt_id)
    if attempt is None:
        return ("release",)  # a claim that nothing came of
    if attempt.state != "closed":
        return (None,)
    row = attempt.parts.get(part)
    if row is None or row.state in {"refused", "unsent"}:
        return ("release",)
    if row.state in IN_NETWORK:
        # A part that was released as in doubt (resend) and is reported later is not charged any more.
        return ("charge", "release") if attempt.doubted(part) else ("charge",)
    message = evidence.messages[attempt.message]
    job = evidence.jobs[message.job]
    return ("release",) if job.resend else (None,)


def counts(evidence: Evidence) -> Iterator[str]:
    counted = evidence.gateway.sql("SELECT queue_id, state, final, COUNT(*) FROM message GROUP BY 1, 2, 3")
    kept = evidence.gateway.sql("SELECT queue_id, state, final, messages FROM queue_count WHERE messages != 0")
    if sorted(map(str, counted)) != sorted(map(str, kept)):
        yield f"counts: kept {sorted(kept)[:6]}, counted {sorted(counted)[:6]}"


# --------------------------------------------------------------------------------------------------- receipts and spool


def receipts(evidence: Evidence) -> Iterator[str]:
    for job in evidence.jobs.values():
        where = f"{job.account}/{job.name}"
        seqs = [receipt["seq"] for receipt in job.receipts]
        if seqs != list(range(1, job.last_seq + 1)):
            yield f"{where}: receipts {_gaps(seqs)} of {job.last_seq}"
        yield from (f"{where}: {fault}" for fault in _ways(job))
    evidence.gateway.keep_receipts()
    yield from evidence.gateway.spoilt


def _gaps(seqs: Sequence[int]) -> str:
    count = Counter(seqs)
    twice = [seq for seq, times in count.items() if times > 1]
    missing = sorted(set(range(1, max(seqs, default=0) + 1)) - set(seqs))
    return f"{len(seqs)}, twice {twice[:5]}, missing {missing[:5]}"


def _ways(job: Job) -> Iterator[str]:
    """Each message's receipts in order: allowed steps, and the last one is what the message is."""
    last: dict[int, dict[str, Any]] = {}
    for receipt in job.receipts:
        row = receipt["row"]
        if row is None:
            continue
        before = last.get(row)
        old = before["state"] if before else None
        resent = old == "uncertain" and receipt["attempt"] != (before or {})["attempt"]
        if receipt["state"] not in AFTER.get(old, set()) and not resent:
            yield f"row {row}: {receipt['state']} after {old}"
        last[row] = receipt
    for message in job.messages:
        receipt = last.get(message.row, {})
        if message.state in {"queued", "scheduled", "sending"}:
            continue
        if receipt.get("state") != message.state:
            yield f"row {message.row} is {message.state}, its last receipt says {receipt.get('state')}"
        elif receipt["final"] != bool(message.final):
            yield f"row {message.row}: final {message.final}, its last receipt says {receipt}"
        elif receipt["cost"] != format_money(message.cost) and message.state != "uncertain":
            # A report may settle one of several parts in doubt: that is no news of the message.
            yield f"row {message.row}: its last receipt says {receipt}, it costs {message.cost}"


def spool(evidence: Evidence) -> Iterator[str]:
    """Every file has come to its place, and nothing is left lying about."""
    gateway = evidence.gateway
    recorded = {(job.account, job.name) for job in evidence.jobs.values()}
    for (account, name), expected in gateway.dropped.items():
        accepted = gateway.spool.folder("accepted", account, name)
        refused = gateway.spool.folder("rejected", account) / f"{name}.json.error.json"
        known = (account, name) in recorded
        if refused.exists() == known and not (known and (account, name) in gateway.dropped_again):
            yield f"{account}/{name}: {'refused and recorded' if refused.exists() else 'neither recorded nor refused'}"
        home = accepted if known else refused.parent
        for file, data in expected.files.items():
            if not (home / file).is_file() or (home / file).read_bytes() != data:
                yield f"{account}/{name}: {file} is not in {home.parent.name} as it came"
    # Those of an account that does not exist stay where they are.
    for path in [*files_below(gateway.spool.path / "incoming"), *files_below(gateway.spool.path / ".intake")]:
        if (path.parent.name, path.stem) in gateway.dropped or ".intake" in path.parts:
            yield f"{path.relative_to(gateway.spool.path)} is left behind"
    for kind in ("accepted", "rejected", "receipts", "inbox"):
        for path in files_below(gateway.spool.path / kind):
            if path.name.startswith(".") or "~" in path.parent.name:
                yield f"{path.relative_to(gateway.spool.path)} is litter"


def _inbox(evidence: Evidence, inbound: Sequence[str]) -> Iterator[str]:
    got = Counter(document["text"] for document in evidence.gateway.inbox())
    if inbound and got != Counter(inbound):
        yield f"inbox: lost {dict(Counter(inbound) - got)}, too many {dict(got - Counter(inbound))}"
