"""The process that reads a feed, over real databases: what it gives, what it may not do, and what it says of all that
goes wrong, without the address and without what lies there."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from gatewayd.feeds.faults import SENTENCES, sentence
from gatewayd.workers.feed import Refusal, read
from gatewayd.workers.launch import worker
from tests.rig.databases import MariaDb, mariadb, postgresql
from tests.rig.ports import free_port

pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)  # of libraries whose connection broke off: the process that reads ends with it

SECRET: Final = "clave-de-lectura"
INVOICES: Final = (
    "SELECT id AS external_id, cliente AS customer, vence AS due, saldo AS balance FROM facturas ORDER BY id"
)
PAYMENTS: Final = "SELECT id AS external_id, cliente AS customer, monto AS amount, fecha AS posted_at FROM pagos"
SCHEMA: Final = (
    "CREATE TABLE facturas (id INTEGER PRIMARY KEY, cliente VARCHAR(40), vence DATE, saldo DECIMAL(14,2))",
    "INSERT INTO facturas VALUES (1, 'C-1', '2026-11-05', 1500.50), (2, 'Ñandú', '2026-11-09', 0.10)",
    "CREATE TABLE pagos (id INTEGER PRIMARY KEY, cliente VARCHAR(40), monto DECIMAL(14,2), fecha TIMESTAMP)",
    "INSERT INTO pagos VALUES (9, 'C-1', 100, '2026-11-20 10:30:00')",
)
ROWS: Final = [["1", "C-1", "2026-11-05", "1500.50"], ["2", "Ñandú", "2026-11-09", "0.10"]]


@pytest.fixture(scope="module")
def maria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    with mariadb(tmp_path_factory.mktemp("maria"), SCHEMA) as server:
        yield server


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    port = free_port()
    with postgresql("-h 127.0.0.1", port) as folder:
        with psycopg.connect(host=str(folder), port=port, user="gatewayd", dbname="postgres") as connection:
            for one in SCHEMA:
                connection.execute(one)
        yield f"postgresql://gatewayd:{SECRET}@127.0.0.1:{port}/postgres"


@pytest.fixture(scope="module", autouse=True)
def _said_once() -> Iterator[None]:
    """PyMySQL says of a connection that broke that it cannot be read, again and too late to whom: when what it made is
    let go, which may be in the middle of any other test."""
    hook = sys.unraisablehook

    def heard(what: sys.UnraisableHookArgs) -> None:
        if not str(getattr(what.object, "__module__", "")).startswith("pymysql."):
            hook(what)

    sys.unraisablehook = heard
    yield
    gc.collect()
    sys.unraisablehook = hook


@pytest.fixture(scope="module")
def lite(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("lite") / "billing.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(";".join(SCHEMA))
    connection.close()
    return f"sqlite:///{path}"


def told(
    url: str, queries: dict[str, str] | str, *, seconds: int = 20, rows: int = 1000, since: str = ""
) -> list[dict[str, Any]]:
    """All that is said."""
    asked = {"invoices": queries} if isinstance(queries, str) else queries
    found: list[dict[str, Any]] = []
    try:
        read({"url": url, "queries": asked, "since": since, "rows": rows, "seconds": seconds}, found.append)
    except Refusal as error:
        found.append({"fault": error.code, "detail": error.detail})
    assert SECRET not in json.dumps(found)
    return found


def fault(url: str, queries: dict[str, str] | str, **more: Any) -> tuple[str, str]:
    """Code and name of what went wrong."""
    last = told(url, queries, **more)[-1]
    assert last["fault"] in SENTENCES, last
    assert sentence(last["fault"], last["detail"])
    return last["fault"], last["detail"]


async def test_a_process_reads_and_has_the_address_from_nobody_else(lite: str) -> None:
    request = {"url": lite, "queries": {"invoices": INVOICES}, "since": "", "rows": 10, "seconds": 20}
    async with asyncio.timeout(60), worker("gatewayd.workers.feed", 1 << 30, request) as process:
        found = [one async for one in process.documents() if "lives" not in one]
    assert [set(one) for one in found] == [{"begun"}, {"kind", "columns"}, {"rows"}, {"end", "count"}, {"done"}]
    request["queries"] = {"invoices": "SELECT 1 AS external_id"}
    async with asyncio.timeout(60), worker("gatewayd.workers.feed", 1 << 30, request) as process:
        found = [one async for one in process.documents() if "lives" not in one]
    assert found == [{"begun": True}, {"fault": "column_absent", "detail": "customer"}]


@pytest.mark.parametrize("kind", ["maria", "postgres", "lite"])
def test_queries_are_read_in_their_order_as_texts(kind: str, request: pytest.FixtureRequest) -> None:
    found = request.getfixturevalue(kind)
    url = found.url if isinstance(found, MariaDb) else found
    said = told(url, {"invoices": INVOICES, "payments": PAYMENTS})
    assert said[0] == {"begun": True}
    assert said[1] == {"kind": "invoices", "columns": ["external_id", "customer", "due", "balance"]}
    got = said[2]["rows"]
    # SQLite has no decimals: what it keeps is a number, and is told as one would type it.
    assert got == (ROWS if kind != "lite" else [[*one[:3], one[3].rstrip("0")] for one in ROWS])
    assert said[3] == {"end": "invoices", "count": 2}
    assert said[4]["kind"] == "payments"
    assert said[5]["rows"][0][3].replace("T", " ").startswith("2026-11-20 10:30")
    assert said[-1] == {"done": True}


@pytest.mark.parametrize("kind", ["maria", "postgres", "lite"])
def test_nothing_is_written_there_and_every_fault_has_its_words(kind: str, request: pytest.FixtureRequest) -> None:
    found = request.getfixturevalue(kind)
    url = found.url if isinstance(found, MariaDb) else found
    renamed = INVOICES.replace("saldo", "importe")
    assert fault(url, renamed) == ("column_missing", "importe")
    assert (fault(url, INVOICES.replace("facturas", "recibos")))[0] == "table_missing"
    assert (fault(url, "SELECT id AS external_id FRO facturas"))[0] == "query_invalid"
    assert fault(url, "SELECT id AS external_id FROM facturas") == ("column_absent", "customer")
    assert fault(url, INVOICES.replace("AS due", "AS vence")) == ("column_unknown", "vence")
    assert fault(url, INVOICES.replace("AS due", "AS customer")) == ("column_twice", "customer")
    assert (fault(url, INVOICES, rows=1))[0] == "too_many_rows"
    long = "SELECT id AS external_id, 'x' AS customer, 1 AS balance, {} AS number FROM facturas"
    repeated = {"maria": "REPEAT('x', 20000)", "postgres": "REPEAT('x', 20000)", "lite": "hex(zeroblob(10000))"}[kind]
    assert (fault(url, long.format(repeated)))[0] == "too_large"
    binary = {"maria": "x'ff00'", "postgres": "'\\xff00'::bytea", "lite": "x'ff00'"}[kind]
    assert fault(url, long.format(binary)) == ("cell_unreadable", "number")
    assert (fault(url, "DELETE FROM facturas"))[0] in {"not_allowed", "query_invalid", "failed"}
    assert len((told(url, INVOICES))[2]["rows"]) == 2, "nothing was deleted"


@pytest.mark.parametrize("kind", ["maria", "postgres", "lite"])
def test_only_what_is_newer_is_asked_for(kind: str, request: pytest.FixtureRequest) -> None:
    found = request.getfixturevalue(kind)
    url = found.url if isinstance(found, MariaDb) else found
    query = {"payments": f"{PAYMENTS} WHERE fecha > :since AND '12:30' <> 'a:b'"}
    assert (told(url, query, since="2026-11-20 10:00:00"))[-2] == {"end": "payments", "count": 1}
    assert (told(url, query, since="2026-11-20 11:00:00"))[-2] == {"end": "payments", "count": 0}


def test_a_password_that_is_wrong_and_a_database_that_is_not_there(
    maria: MariaDb, postgres: str, lite: str, tmp_path: Path
) -> None:
    assert (fault(maria.url.replace(SECRET, "otra"), INVOICES))[0] == "login_refused"
    assert (fault(maria.url.replace("/billing", "/otra"), INVOICES))[0] == "database_missing"
    assert (fault(postgres.replace("/postgres", "/otra"), INVOICES))[0] == "database_missing"
    assert (fault(postgres.replace("gatewayd:", "nadie:"), INVOICES))[0] == "login_refused"
    assert (fault(f"sqlite:///{tmp_path}/none.db", INVOICES))[0] == "database_missing"
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "text.db").write_text("no database at all, but a text that is long enough to be taken for one")
    assert (fault(f"sqlite:///{tmp_path}/text.db", INVOICES))[0] == "no_database"
    assert (fault("oracle://yo:clave-de-lectura@127.0.0.1/x", INVOICES))[0] == "driver_missing"


def test_a_locked_table_and_a_query_without_end_stop_in_time(maria: MariaDb, postgres: str, lite: str) -> None:
    assert (fault(maria.url, f"{INVOICES.replace('saldo', 'SLEEP(30)')}", seconds=1))[0] == "too_slow"
    assert (fault(postgres, INVOICES.replace("saldo", "pg_sleep(30)::text"), seconds=1))[0] == "too_slow"
    with maria.connect() as connection, connection.cursor() as cursor:
        cursor.execute("LOCK TABLES facturas WRITE")
        assert (fault(maria.url, INVOICES, seconds=1))[0] == "too_slow"
        cursor.execute("UNLOCK TABLES")
    path = lite.removeprefix("sqlite:///")
    locking = sqlite3.connect(path, isolation_level=None)
    locking.execute("BEGIN EXCLUSIVE")
    assert (fault(lite, INVOICES))[0] == "locked"
    locking.close()


def _asked(server: MariaDb) -> None:
    """Waits until somebody's query sleeps."""
    with server.connect() as connection, connection.cursor() as cursor:
        while not cursor.execute("SELECT id FROM information_schema.processlist WHERE state = 'User sleep'"):
            time.sleep(0.05)


def test_all_queries_see_one_moment(maria: MariaDb) -> None:
    """What is written between two queries is in neither."""
    slow = INVOICES.replace("ORDER BY id", "WHERE SLEEP(1) = 0 ORDER BY id")
    count = "SELECT 'x' AS external_id, 'y' AS customer, COUNT(*) AS amount, NOW() AS posted_at FROM pagos"
    with ThreadPoolExecutor() as pool:
        reading = pool.submit(told, maria.url, {"invoices": slow, "payments": count})
        _asked(maria)
        maria.run("INSERT INTO pagos VALUES (10, 'C-1', 1, '2026-11-21 10:30:00')")
        said = reading.result()
    maria.run("DELETE FROM pagos WHERE id = 10")
    (row,) = next(one["rows"] for one in said[5:] if "rows" in one)
    assert row[2] == "1"


def test_a_server_that_dies_while_it_is_read(tmp_path: Path) -> None:
    with mariadb(tmp_path / "mortal", SCHEMA) as server, ThreadPoolExecutor() as pool:
        reading = pool.submit(fault, server.url, INVOICES.replace("saldo", "SLEEP(20)"))
        _asked(server)
        server.stop()
        assert reading.result()[0] == "connection_lost"
        assert (fault(server.url, INVOICES))[0] == "unreachable"


@contextmanager
def answering(rubbish: bytes) -> Iterator[int]:
    """A server that is none: it says the same to everybody."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(rubbish)

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    "rubbish",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes(range(256)) * 40, b"\x00", b"\x05\x00\x00\x00\x0a5.5\x00", b""],
)
@pytest.mark.parametrize("scheme", ["mysql", "postgresql"])
def test_what_answers_is_no_database(scheme: str, rubbish: bytes) -> None:
    with answering(rubbish) as port:
        code, _ = fault(f"{scheme}://lector:{SECRET}@127.0.0.1:{port}/billing", INVOICES)
    assert code in {"no_database", "connection_lost", "unreachable"}
