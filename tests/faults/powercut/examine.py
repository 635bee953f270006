"""Does the promise hold on what a power cut left? Asked of store and spool themselves, as a start finds them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import astuple
from pathlib import Path
from typing import Any, Final

from gatewayd.dispatch.resuming import left_open
from gatewayd.outcomes import Terms
from gatewayd.outgoing.inbox_writer import inbox_document
from gatewayd.store.commands import (
    CutSegments,
    DropJob,
    InboxWritten,
    LoadingJobs,
    LoadQueues,
    SegmentsWritten,
    StartNode,
    UnwrittenInbox,
)
from gatewayd.store.connection import open_store
from gatewayd.store.reader import Reader
from gatewayd.store.sending.early import same_recipient
from gatewayd.store.transactions import Transactions
from spool.copies import Identity
from spool.folders import Spool
from spool.inbox import write_inbox
from spool.receipts import write_segment
from spool.recovery import recover
from tests.faults.powercut.scene import ACCOUNT
from tests.faults.powercut.witness import Witness
from tests.rig import verdict
from tests.rig.evidence import Evidence
from tests.rig.gateway import Dropped, Gateway

NODE: Final = "trial"
_SEGMENTS: Final = 8


def gateway_on(folder: Path, ports: list[str], witness: Witness, manifest: Mapping[str, Any]) -> Gateway:
    """A gateway over what is left, that expects what upstream had dropped by then."""
    gateway = Gateway(folder, ports)
    _identify(gateway.spool)
    for name in witness.dropped:
        told = manifest[name]
        files = {file: text.encode() for file, text in told["files"].items()}
        gateway.dropped[ACCOUNT, name] = Dropped(files, [(row, to, text) for row, to, text in told["rows"]])
    return gateway


def _identify(spool: Spool) -> None:
    """Files written out anew are no longer the ones that removals under way have noted: note these instead."""
    for plan in spool.path.glob(".intake/*/.remove-*"):
        incoming = spool.folder("incoming", plan.parent.name)
        todo = json.loads(plan.read_text())
        for entry in todo:
            if (incoming / entry[0]).exists():
                entry[1:] = astuple(Identity.of((incoming / entry[0]).lstat()))
        plan.write_text(json.dumps(todo))
    for aside in spool.path.glob(".intake/*/.aside-*"):
        for file in aside.iterdir():
            aside.rename(aside.with_name(".aside-" + "-".join(map(str, astuple(Identity.of(file.lstat()))))))


def examine(gateway: Gateway, witness: Witness) -> list[str]:
    """What is broken, after the first steps of a start have been taken in this process."""
    gateway.spool.create()
    with closing(open_store(f"sqlite:///{gateway.store}")) as store:
        transactions = Transactions(store.connection)
        faults = [row[0] for row in transactions.session.plain("PRAGMA integrity_check") if row[0] != "ok"]
        _start(gateway, transactions)
        due = _write_out(gateway, transactions)
        due |= {queue.job_id for queue in transactions.do(LoadQueues())}
    evidence = Evidence(gateway, witness.sent)
    for check in (verdict.network, verdict.accounts, verdict.ledger, verdict.counts, verdict.receipts):
        faults += check(evidence)
    faults += _jobs(evidence)
    faults += _summaries(evidence, due)
    faults += _reports(evidence, witness)
    faults += _replies(evidence, witness)
    if witness.account and not evidence.gateway.sql("SELECT 1 FROM account WHERE name = ?", ACCOUNT):
        faults.append("the account is gone")
    return faults


def _start(gateway: Gateway, transactions: Transactions) -> None:
    """As the daemon starts."""
    now = time.time_ns() // 1_000_000
    started = transactions.do(StartNode(NODE, now))
    for job_id in transactions.do(LoadingJobs(NODE)):
        while not transactions.do(DropJob(job_id)):
            pass
    recover(gateway.spool)
    for finish in left_open(started.open, {}, Terms(4, 3_600_000)):
        transactions.do(finish)


def _write_out(gateway: Gateway, transactions: Transactions) -> set[int]:
    """As receipts and inbox are written; what is there already must be byte for byte the same. Answers the jobs that
    had news, which get a new summary."""
    now = time.time_ns() // 1_000_000
    due: set[int] = set()
    while segments := transactions.do(CutSegments(NODE, now, None, segments=_SEGMENTS)):
        due |= {segment.job_id for segment in segments}
        for segment in segments:
            lines = [line.encode() + b"\n" for line in segment.lines]
            write_segment(gateway.spool, segment.account, segment.job, segment.first_seq, lines)
        transactions.do(SegmentsWritten(tuple((each.job_id, each.first_seq, each.last_seq) for each in segments)))
    entries = transactions.do(UnwrittenInbox(1000))
    for entry in entries:
        write_inbox(gateway.spool, entry.account, entry.public, inbox_document(entry))
    transactions.do(InboxWritten(tuple(entry.id for entry in entries)))
    return due


def _summaries(evidence: Evidence, due: set[int]) -> Iterator[str]:
    """Where a start has nothing to write, what is there is true."""
    gateway = evidence.gateway
    with closing(Reader(f"sqlite:///{gateway.store}")) as reader:
        for job in evidence.jobs.values():
            if job.id in due or job.state == "loading":
                continue
            wanted = reader.job_by_number(job.id, time.time_ns() // 1_000_000).document()
            found = gateway.summary(job.name, job.account)
            if found != wanted:
                yield f"{job.name}: summary.json says {found}, the store {wanted}"


def _jobs(evidence: Evidence) -> Iterator[str]:
    """Each job is in `incoming` as it came, or recorded row by row, or refused; whatever is there is whole."""
    yield from verdict.dropped(evidence)
    gateway = evidence.gateway
    recorded = {(job.account, job.name) for job in evidence.jobs.values() if job.state != "loading"}
    for (account, name), expected in gateway.dropped.items():
        if _whole(gateway.spool.folder("incoming", account), expected):
            continue
        if (account, name) in recorded:
            if not _whole(gateway.spool.folder("accepted", account, name), expected):
                yield f"{name} is recorded, but neither in incoming nor in accepted as it came"
        elif not (_whole(rejected := gateway.spool.folder("rejected", account), expected)):
            yield f"{name} is lost: neither in incoming, nor recorded, nor refused"
        elif not (rejected / f"{name}.json.error.json").is_file():
            yield f"{name} is refused, and nothing says why"


def _whole(folder: Path, expected: Dropped) -> bool:
    return all(
        (folder / file).is_file() and (folder / file).read_bytes() == data for file, data in expected.files.items()
    )


def _reports(evidence: Evidence, witness: Witness) -> Iterator[str]:
    """What was acknowledged to the network is on record."""
    known = evidence.gateway.sql("SELECT line, reference, \"to\" FROM part WHERE state = 'delivered'")
    known += evidence.gateway.sql('SELECT line, reference, "to" FROM early_report')
    for report in witness.reports:
        if not any(
            line == report.line and reference in {report.reference, None} and same_recipient(to, report.to)
            for line, reference, to in known
        ):
            yield f"{report} was acknowledged, and is not on record"


def _replies(evidence: Evidence, witness: Witness) -> Iterator[str]:
    known = set(evidence.gateway.sql("SELECT line, text FROM inbound"))
    for reply in witness.replies:
        if reply not in known:
            yield f"the reply {reply} was acknowledged, and is not on record"
