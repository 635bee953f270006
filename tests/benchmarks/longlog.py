"""A store after a year of an invented ISP's traffic, written straight into its tables: minutes instead of days."""

from __future__ import annotations

import json
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gatewayd.store.commands import CreateAccount
from gatewayd.store.connection import open_store
from gatewayd.store.transactions import Transactions

ACCOUNTS: Final = (("costa", 80), ("sur", 19), ("isla", 1))
"""With the share of each, in hundredths."""
PRICE: Final = 850_000
DAY_MS: Final = 86_400_000
DAYS: Final = 365
JOB_ROWS: Final = 2_000
AT_ONCE: Final = 20_000
SHEET_ROWS: Final = 1_048_576

CUSTOMERS: Final = 50_000
_ADD_MESSAGE: Final = (
    'INSERT INTO message (id, job_id, queue_id, "row", ref, "to", text, encoding, segments, state, final, reason, due,'
    " tries, attempt_id, line, cost, updated_at, account_id, channel, at)"
    f" VALUES ({', '.join('?' * 21)})"
)
_ADD_ATTEMPT: Final = f"INSERT INTO attempt VALUES ({', '.join('?' * 11)})"
_ADD_PART: Final = 'INSERT INTO part (attempt_id, part, line, "to", state, reference, at) VALUES (?, ?, ?, ?, ?, ?, ?)'
_CHANNELS: Final = (("sms", 80), ("call", 8), ("email", 6), ("whatsapp", 6))
_ENDS: Final = (
    ("delivered", None, 860),
    ("submitted", None, 50),
    ("undelivered", "absent_subscriber", 40),
    ("failed", "rejected", 30),
    ("invalid", "number_invalid", 14),
    ("expired", "expired", 5),
    ("uncertain", "crashed", 1),
)
_TEXTS: Final = (
    "Estimado {name}, su saldo pendiente de pago es $ {debt}. Gracias por comunicarse con Norte Wifi.",
    "Hola {name}, la factura de noviembre por $ {debt} vence el viernes. Norte Wifi",
    "{name}: le recordamos que su deuda es de $ {debt}. Puede pagar con el enlace de su factura.",
)
_NAMES: Final = ("Ana Pérez", "Luis Gómez", "María José Ñandú", "Carlos Fernández", "Sofía Benítez", "José Iñíguez")
_ANSWERS: Final = ("Ya pagué", "Cuánto debo?", "gracias", "no soy esa persona", "PAGO 15/11", "baja")


@dataclass(frozen=True, slots=True)
class Size:
    messages: int = 1_000_000
    inbound: int = 200_000


def build(path: Path, size: Size, now: int, *, seed: int = 8) -> None:
    """Writes the store at `path`; its newest row is of `now` (Unix ms)."""
    store = open_store(f"sqlite:///{path}")
    transactions = Transactions(store.connection)
    for name, _share in ACCOUNTS:
        transactions.do(CreateAccount(name, "ARS", now - DAYS * DAY_MS))
    transactions.close()
    store.close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -200000")
    dropped = connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
        " AND tbl_name IN ('message', 'attempt', 'part', 'inbound')"
    ).fetchall()
    connection.execute("BEGIN")
    for name, _sql in dropped:
        connection.execute(f'DROP INDEX "{name}"')
    year = _Year(connection, size, now, random.Random(seed))
    year.write()
    for _name, sql in dropped:
        connection.execute(sql)
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


class _Year:
    """Jobs of some thousand messages each, one after another over the year; answers beside them."""

    def __init__(self, connection: sqlite3.Connection, size: Size, now: int, chance: random.Random) -> None:
        self._connection = connection
        self._size = size
        self._now = now
        self._chance = chance

    def write(self) -> None:
        jobs = max(1, self._size.messages // JOB_ROWS)
        step = DAYS * DAY_MS // jobs
        first = self._now - jobs * step
        number = 0
        for index in range(jobs):
            rows = min(JOB_ROWS, self._size.messages - number) if index < jobs - 1 else self._size.messages - number
            number = self._job(index + 1, first + index * step, step, number, rows, last=index == jobs - 1)
        self._inbound(first)

    def _job(self, job: int, begins: int, step: int, number: int, rows: int, *, last: bool) -> int:
        chance, execute, many = self._chance, self._connection.execute, self._connection.executemany
        account = _pick(chance, [(place, share) for place, (_name, share) in enumerate(ACCOUNTS, 1)])
        channel = _pick(chance, _CHANNELS)
        name = f"cobranza-{job:05}"
        content = json.dumps({"lines": []})
        execute(
            "INSERT INTO job (id, account_id, name, channel, priority, state, content_hash, resend, unit_price,"
            " currency, content, node, created_at, started_at, last_at, messages, cost, last_seq, written_seq)"
            " VALUES (?, ?, ?, ?, 'normal', 'running', 'hash', 0, ?, 'ARS', ?, 'pop', ?, ?, ?, ?, ?, ?, ?)",
            (
                *(job, account, name, channel, PRICE, content, begins, begins + 1000, begins + step, rows),
                *(rows * PRICE, rows, rows),
            ),
        )
        execute("INSERT INTO queue (id, job_id, prefix, without) VALUES (?, ?, '', '')", (job, job))
        counts: Counter[tuple[str, bool]] = Counter()
        pace = step // (rows + 1)
        messages: list[tuple[Any, ...]] = []
        attempts: list[tuple[Any, ...]] = []
        parts: list[tuple[Any, ...]] = []
        for row in range(1, rows + 1):
            number += 1
            at = begins + 1000 + row * pace
            waiting = last and row > rows - rows // 10
            state, reason = ("queued", None) if waiting else _end(chance)
            if state == "delivered" and channel == "whatsapp" and chance.random() < 0.6:
                state = "read"
            final = state != "queued" and not (state == "submitted" and last)
            counts[state, final] += 1
            left = state not in {"queued", "invalid", "expired"}
            to = f"+54911{chance.randrange(10**8):08}"
            text = chance.choice(_TEXTS).format(name=chance.choice(_NAMES), debt=f"{chance.randrange(100, 99999)},50")
            line = f"claro-{number % 64 + 1}" if left else None
            cost = PRICE if state in {"delivered", "read", "submitted", "undelivered", "uncertain"} else 0
            attempt = number if left else None
            place = at if left else begins
            messages.append(
                (
                    *(number, job, job, row, f"C-{number % CUSTOMERS}", to, text, "gsm7", 1, state, final, reason),
                    *(begins, int(left), attempt, line, cost, place + 2500, account, channel, place),
                )
            )
            if left:
                attempts.append((number, number, 1, line, "pop", 1, "closed", "accepted", None, at - 50, at + 2000))
                parts.append((number, 1, line, to, "taken" if state == "submitted" else "delivered", str(number), at))
            if len(messages) == AT_ONCE or row == rows:
                many(_ADD_MESSAGE, messages)
                many(_ADD_ATTEMPT, attempts)
                many(_ADD_PART, parts)
                messages, attempts, parts = [], [], []
        many(
            "INSERT INTO queue_count VALUES (?, ?, ?, ?, ?)",
            [(job, state, final, count, count) for (state, final), count in counts.items()],
        )
        return number

    def _inbound(self, first: int) -> None:
        self._connection.executemany(
            'INSERT INTO inbound (at, received_at, account_id, channel, line, sender, "to", text, "key", message_id,'
            " opt_out, written) VALUES (?, ?, ?, 'sms', ?, ?, NULL, ?, ?, ?, 0, 1)",
            self._answers(first),
        )

    def _answers(self, first: int) -> Iterator[tuple[Any, ...]]:
        """Each answers some message of the year, an hour after it."""
        step = max(1, self._size.messages // max(1, self._size.inbound))
        rows = self._connection.execute(
            'SELECT id, account_id, at, line, "to" FROM message WHERE line IS NOT NULL AND id % ? = 0 ORDER BY at, id',
            (step,),
        ).fetchall()
        for index in range(self._size.inbound):
            number, account, at, line, sender = rows[index * len(rows) // self._size.inbound]
            at = min(at + 3_600_000, self._now)
            yield (at - 800, at, account, line, sender, self._chance.choice(_ANSWERS), f"k{index}", number)


def _pick(chance: random.Random, shares: Any) -> Any:
    return chance.choices([one[0] for one in shares], [one[1] for one in shares])[0]


def _end(chance: random.Random) -> tuple[str, str | None]:
    state, reason, _weight = chance.choices(_ENDS, [one[2] for one in _ENDS])[0]
    return state, reason
