"""What a trial leaves behind, read once and laid side by side: the store, the spool's files, the network's record."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gatewayd.values.texts import split_for
from tests.rig.gateway import Gateway

Key = tuple[int, int]
"""Attempt and part."""

PartKey = tuple[str, int, int, str]
"""The number's last digits (lines write it in forms of their own), part, parts in all, and the part's text."""

_DIGITS = 8

LEFT = frozenset({"open", "taken", "doubt", "delivered", "undelivered"})
"""States of a part that may be in the network."""


@dataclass(slots=True)
class Part:
    attempt: int
    number: int
    line: str
    state: str
    reference: str | None


@dataclass(slots=True)
class Attempt:
    parts: dict[int, Part]
    id: int
    message: int
    number: int
    line: str
    state: str
    outcome: str | None

    def doubted(self, part: int) -> bool:
        """Whether this attempt said of that part that nobody knows."""
        return self.state == "closed" and self.outcome in {"uncertain", "partial"} and part in self.parts


@dataclass(slots=True)
class Message:
    id: int
    job: int
    row: int
    to: str
    text: str
    encoding: str
    state: str
    final: bool
    cost: int
    attempts: list[Attempt] = field(default_factory=list)
    copies: Counter[int] = field(default_factory=Counter)
    """How often the network took each part."""

    @property
    def parts(self) -> tuple[str, ...]:
        return split_for(self.text, self.encoding).parts

    def wire(self) -> list[PartKey]:
        """Its parts as the network sees them."""
        parts = self.parts
        return [(self.to[-_DIGITS:], number, len(parts), text) for number, text in enumerate(parts, 1)]

    def rows_of(self, part: int) -> list[Part]:
        """What the attempts say of that part, oldest first."""
        return [attempt.parts[part] for attempt in self.attempts if part in attempt.parts]


@dataclass(slots=True)
class Job:
    id: int
    account: str
    name: str
    state: str
    price: int
    resend: bool
    cost: int
    last_seq: int
    written_seq: int
    messages: list[Message] = field(default_factory=list)
    receipts: list[dict[str, Any]] = field(default_factory=list)
    """Those in files, then those still in the store, in order of `seq`; none twice unless the files have it twice."""


@dataclass(slots=True)
class Transfer:
    account: int
    kind: str
    amount: int
    key: Key


class Evidence:
    """Everything, as it is now. The daemon may run; then it should be at rest."""

    def __init__(self, gateway: Gateway, taken: Sequence[Mapping[str, Any]]) -> None:
        """`taken`: what the network took, as the simulator tells it."""
        self.gateway = gateway
        self.taken = taken
        self.jobs = {job.id: job for job in self._jobs()}
        self.messages = {message.id: message for message in self._messages()}
        self.attempts = {attempt.id: attempt for attempt in self._attempts()}
        self.transfers = [
            Transfer(row[0], row[1], row[2], (row[3], row[4]))
            for row in gateway.sql(
                "SELECT account_id, kind, amount, attempt_id, part FROM transfer"
                " WHERE attempt_id IS NOT NULL ORDER BY id"
            )
        ]
        self.strangers: list[Mapping[str, Any]] = []
        """Parts that the network took and no message has."""
        self._match()
        for job in self.jobs.values():
            job.receipts = list(self._receipts(job))

    def _jobs(self) -> Iterable[Job]:
        for row in self.gateway.sql(
            "SELECT j.id, a.name, j.name, j.state, j.unit_price, j.resend, j.cost, j.last_seq, j.written_seq"
            " FROM job j JOIN account a ON a.id = j.account_id"
        ):
            yield Job(*row)

    def _messages(self) -> Iterable[Message]:
        for row in self.gateway.sql(
            "SELECT id, job_id, row, coalesce(\"to\", ''), coalesce(text, ''), encoding, state, final, cost"
            " FROM message ORDER BY id"
        ):
            message = Message(*row)
            if (job := self.jobs.get(message.job)) is not None:
                job.messages.append(message)
            yield message

    def _attempts(self) -> Iterable[Attempt]:
        parts: dict[int, dict[int, Part]] = defaultdict(dict)
        for row in self.gateway.sql("SELECT attempt_id, part, line, state, reference FROM part"):
            parts[row[0]][row[1]] = Part(*row)
        for row in self.gateway.sql("SELECT id, message_id, number, line, state, outcome FROM attempt ORDER BY id"):
            attempt = Attempt(parts[row[0]], *row)
            if (message := self.messages.get(attempt.message)) is not None:
                message.attempts.append(attempt)
            yield attempt

    def _match(self) -> None:
        """Gives each taken part to the message it can be of; of several alike, to the one that has sent it most."""
        owners: dict[PartKey, list[Message]] = defaultdict(list)
        for message in self.messages.values():
            if message.state != "invalid":
                for key in message.wire():
                    owners[key].append(message)
        for taken in self.taken:
            concat = taken.get("concat") or {"number": 1, "total": 1}
            number = int(concat["number"])
            key = (str(taken["to"])[-_DIGITS:], number, int(concat["total"]), str(taken["text"]))
            found = owners.get(key)
            if not found:
                self.strangers.append(taken)
                continue
            leaving = [sum(part.state in LEFT for part in message.rows_of(number)) for message in found]
            room = [count - message.copies[number] for count, message in zip(leaving, found, strict=True)]
            found[room.index(max(room))].copies[number] += 1

    def _receipts(self, job: Job) -> Iterable[dict[str, Any]]:
        written = self.gateway.receipts(job.name, job.account)
        yield from written
        last = max((receipt["seq"] for receipt in written), default=0)
        for (body,) in self.gateway.sql(
            "SELECT body FROM receipt WHERE job_id = ? AND seq > ? ORDER BY seq", job.id, last
        ):
            yield json.loads(body)


def files_below(folder: Path) -> list[Path]:
    """Every file below, hidden ones too."""
    return sorted(path for path in folder.rglob("*") if path.is_file())
