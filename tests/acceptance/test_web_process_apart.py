"""The web process as a user of its own: without its daemon, and with an attacker in its place."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import make_url

from gatewayd.store import reading_role
from gatewayd.values.errors import GatewayError
from tests.rig import other_user, secrets
from tests.rig.databases import postgresql_with_passwords
from tests.rig.gateway import Gateway
from tests.rig.panel import ADMINISTRATOR, PASSWORD, Panel
from tests.rig.ports import free_port
from tests.rig.rights import Side
from tests.rig.secrets import Canaries
from tests.rig.visitor import Visitor, until

STORES = ("sqlite", "postgresql")


@pytest.fixture(params=STORES)
def apart(request: pytest.FixtureRequest) -> Iterator[tuple[Gateway, Panel]]:
    """A daemon whose web process is another user's."""
    other_user.require()
    with _apart(request.param) as made:
        yield made


@contextmanager
def _apart(kind: str, extra: str = "") -> Iterator[tuple[Gateway, Panel]]:
    """A daemon of a configuration with further tables, and its web process, which is another user's."""
    port = free_port()
    web = f'[web]\nlisten = "127.0.0.1:{port}"\nstart = false\nuser = "{other_user.USER}"\n'
    with ExitStack() as stack:
        folder = stack.enter_context(other_user.open_folder())
        store, env = None, dict(os.environ)
        if kind == "postgresql":
            store, reading, _root = stack.enter_context(postgresql_with_passwords())
            web += f'store_url = "{reading}"\n'
            patched = stack.enter_context(pytest.MonkeyPatch.context())
            # What systemd gives the units: the daemon a folder of its own, the web process the password of its role.
            patched.setenv("STATE_DIRECTORY", str(folder))
            given = folder / "credentials"
            given.mkdir(mode=0o755)
            (given / "store.password").write_text(f"{make_url(reading).password}\n")
            (given / "store.password").chmod(0o644)
            env["CREDENTIALS_DIRECTORY"] = str(given)
        gateway = stack.enter_context(Gateway(folder, [], extra=web + extra, store=store))
        gateway.config.chmod(0o640)  # as the package installs it
        gateway.start()
        gateway.log.chmod(0o640)  # in the place of the journal
        gateway.account()
        shown = Panel(gateway, None, port)
        shown.user(ADMINISTRATOR, "administrator", None)
        with (folder / "web.log").open("wb") as log:
            process = other_user.start(
                ["-m", "gatewayd", "web", "--published", str(folder / "web.json")], stdout=log, stderr=log, env=env
            )
        try:
            shown.wait_web()
            yield gateway, shown
        finally:
            process.terminate()
            assert process.wait(10) == 0


def test_a_daemon_that_starts_again_is_found_by_itself(apart: tuple[Gateway, Panel]) -> None:
    gateway, shown = apart
    visitor = Visitor(shown.port)
    visitor.sign_in()
    for end in (gateway.stop, gateway.kill):
        end()
        status, _body = visitor.ask("GET", "/")
        assert status == 200, "pages are read without the daemon"
        began = time.monotonic()
        gateway.start()
        late = Visitor(shown.port)
        until(
            lambda late=late: late.ask("POST", "/entrar", {"user": ADMINISTRATOR, "password": PASSWORD})[0] == 303, 15
        )
        assert visitor.ask("GET", "/")[0] == 200
        assert time.monotonic() - began < 15


HOSTILE = """
import json, os, socket, sys
folder = sys.argv[1]
def speak(path, *requests):
    try:
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(10)
        client.connect(path)
    except OSError as error:
        return [error.strerror]
    found = []
    with client, client.makefile("rwb") as stream:
        for request in requests:
            stream.write(json.dumps(request).encode() + b"\\n")
            stream.flush()
            answer = json.loads(stream.readline())
            found.append(answer.get("error", {}).get("kind", "done"))
    return found
operations = json.loads(sys.argv[2])
said = {"control": speak(f"{folder}/control.sock", {"op": "ping"})}
for name, bearing in (("nobody", {}), ("nothing", {"as": None}), ("made up", {"as": {"session": "x" * 43}}),
                      ("a token", {"as": {"token": "gw_live_" + "x" * 40}}), ("a name", {"as": {"user": "ana"}}),
                      ("a number", {"as": {"session": 1}}), ("role", {"role": "administrator", "uid": 0})):
    asked = ({"op": operation, "args": {}, **bearing} for operation in operations)
    said[name] = sorted({kind for one in asked for kind in speak(f"{folder}/web.sock", one)})
said["watch"] = speak(f"{folder}/web.sock", {"op": "watch", "args": {"kinds": True}}, )
print(json.dumps(said))
"""


def test_an_attackers_code_in_its_place_administers_nothing(apart: tuple[Gateway, Panel]) -> None:
    from gatewayd.operations import OPERATIONS
    from gatewayd.operations.rights import RIGHTS

    gateway, _shown = apart
    gateway.campaign(1, text="Hola")
    closed = sorted(name for name in OPERATIONS if not RIGHTS[name].anybody)
    said = json.loads(other_user.said(HOSTILE, str(gateway.folder), json.dumps(closed)))
    assert said.pop("control") == ["Permission denied"]
    for name, kinds in said.items():
        assert "unauthenticated" in kinds or name in {"a name", "a number"}, (name, kinds)
        assert set(kinds) <= {"unauthenticated", "usage", "faults"}, (name, kinds)


SQL = """
import json, sys
import psycopg
address, daemon, tables, sequences, pid = json.load(sys.stdin)
statements = [
    "SET ROLE daemon", "SET SESSION AUTHORIZATION daemon", "ALTER ROLE gatewayd_web SUPERUSER",
    "CREATE ROLE mine SUPERUSER", "GRANT daemon TO gatewayd_web", "ALTER DATABASE gatewayd OWNER TO gatewayd_web",
    "CREATE TABLE public.mine (x text)", "CREATE SCHEMA mine",
    "CREATE FUNCTION public.lower(varchar) RETURNS text LANGUAGE sql AS 'SELECT $1::text'",
    "COPY (SELECT 1) TO PROGRAM 'id'", "SELECT pg_read_file('pg_hba.conf')", "SELECT rolpassword FROM pg_authid",
    f"SELECT pg_terminate_backend({pid})", f"SELECT pg_cancel_backend({pid})",
]
grants = []
for name in tables:
    statements += [
        f'DELETE FROM "{name}"', f'TRUNCATE "{name}" CASCADE', f'DROP TABLE "{name}" CASCADE',
        f'INSERT INTO "{name}" DEFAULT VALUES', f'INSERT INTO "{name}" SELECT * FROM "{name}"',
        f'SELECT * FROM "{name}" FOR UPDATE', f'SELECT * FROM "{name}" FOR KEY SHARE',
        f'BEGIN; LOCK TABLE "{name}" IN ROW EXCLUSIVE MODE', f'ALTER TABLE "{name}" ADD COLUMN mine text',
        f'CREATE TRIGGER mine BEFORE UPDATE ON "{name}" EXECUTE FUNCTION suppress_redundant_updates_trigger()',
        f'CREATE RULE mine AS ON INSERT TO "{name}" DO INSTEAD NOTHING',
    ]
    grants.append(f'GRANT ALL ON "{name}" TO gatewayd_web')
for name in sequences:
    statements += [f"SELECT nextval('{name}')", f"SELECT setval('{name}', 1)"]
done = []
with psycopg.connect(address, autocommit=True) as connection:
    connection.execute("SET default_transaction_read_only = off")
    for one in statements:
        try:
            connection.execute(one)
            done.append(one)
        except psycopg.errors.InsufficientPrivilege:
            pass
        except psycopg.Error as error:
            done.append(f"{one}: {error.sqlstate} {error}")
        connection.rollback()
    for one in grants:  # PostgreSQL warns, and grants nothing
        connection.execute(one)
for one in (daemon, daemon.replace("clave-del-daemon", "clave-de-lectura")):
    try:
        psycopg.connect(one).close()
        done.append(f"the daemon's role: {one}")
    except psycopg.OperationalError:
        pass
print(json.dumps(done))
"""


def test_an_attackers_code_in_its_place_changes_nothing_in_postgresql() -> None:
    import psycopg

    other_user.require()
    with _apart("postgresql") as (gateway, shown):
        gateway.campaign(1, text="Hola")
        Visitor(shown.port).sign_in()
        owner = _owner(gateway)
        with psycopg.connect(owner) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            sequences = connection.execute("SELECT sequencename FROM pg_sequences").fetchall()
            pid = connection.execute("SELECT pg_backend_pid()").fetchone()
            assert pid is not None
            names = [sorted(name for (name,) in rows) for rows in (tables, sequences)]
            assert {"account", "message", "token", "user_"} <= set(names[0])
            assert names[1]
            unknown = owner.replace("clave-del-daemon", "")
            given = json.dumps([_reading(gateway), unknown, *names, pid[0]])
            assert json.loads(other_user.said(SQL, given=given)) == []
        assert reading_role.excess(owner, "gatewayd_web") == (False, False)


def _owner(gateway: Gateway) -> str:
    """Returns the address of a store in PostgreSQL as the daemon has it."""
    return str(tomllib.loads(gateway.config.read_text())["store"]["url"])


def _reading(gateway: Gateway) -> str:
    """Returns the same as the web process's role has it."""
    return str(tomllib.loads(gateway.config.read_text())["web"]["store_url"])


FLOOD = """
import json, socket, sys, time
path, held = sys.argv[1], []
for number in range(120):
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(5)
    try:
        one.connect(path)
        if number % 3 == 0:
            one.sendall(b"x" * (2 << 20))
        elif number % 3 == 1:
            batch = [{"op": "session.open", "id": n, "args": {"user": "ana", "password": "x"}} for n in range(256)]
            one.sendall(json.dumps(batch).encode() + b"\\n")
    except OSError:
        pass
    held.append(one)
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""


def test_its_user_can_flood_nobody_else_out(apart: tuple[Gateway, Panel]) -> None:
    gateway, shown = apart
    flood = other_user.start(["-c", FLOOD, str(gateway.folder / "web.sock"), "8"], stdout=subprocess.PIPE)
    assert flood.stdout is not None
    with flood.stdout:
        assert flood.stdout.readline() == b"held\n"
        for _ in range(10):
            began = time.monotonic()
            gateway.call("ping")
            gateway.call("account.list")
            assert time.monotonic() - began < 3
        gateway.campaign(5, text="Hola")
        until(lambda: gateway.summary("c1") is not None, 20)
        assert flood.wait(60) == 0
    until(lambda: Visitor(shown.port).ask("GET", "/entrar")[0] == 200, 20)
    visitor = Visitor(shown.port)
    until(lambda: visitor.ask("POST", "/entrar", {"user": ADMINISTRATOR, "password": PASSWORD})[0] in {303, 429}, 20)


GREEDY = """
import base64, json, os, socket, sys
found, files, sockets = [], [], []
for path in json.load(sys.stdin):
    try:
        found.append(open(path, "rb").read())
        files.append(path)
    except OSError:
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(path)
                sockets.append(path)
            except OSError:
                pass
for process in os.listdir("/proc"):
    for name in ("cmdline", "environ", "maps"):
        try:
            found.append(open(f"/proc/{process}/{name}", "rb").read())
        except OSError:
            pass
print(json.dumps({"files": files, "sockets": sockets, "read": base64.b64encode(b"|".join(found)).decode()}))
"""
"""Reads whatever its user can: each path of a folder, whose names an attacker knows from the documentation, and what
other processes show of themselves."""


NEEDED = {
    "sqlite": ({"gatewayd.db", "gatewayd.db-wal", "web.json"}, {"gatewayd.db-shm", "web.log"}),
    "postgresql": ({"web.json", "store.password"}, {"web.log"}),
}
"""Files that it can read, and those that it may."""

DUMP = """
import base64, json, sys
import psycopg
found = []
with psycopg.connect(sys.stdin.read(), autocommit=True) as connection:
    for schema, name in connection.execute("SELECT schemaname, tablename FROM pg_tables UNION "
                                           "SELECT schemaname, viewname FROM pg_views").fetchall():
        try:
            with connection.cursor().copy(f'COPY (SELECT * FROM "{schema}"."{name}") TO STDOUT') as rows:
                found.append(b"|".join(bytes(row) for row in rows))
        except psycopg.errors.InsufficientPrivilege:
            pass
print(base64.b64encode(b"|".join(found)).decode())
"""
"""Everything that its role can read of a server, of the gateway's and of the server's own."""


@pytest.mark.parametrize("kind", STORES)
def test_no_secret_lies_open_in_what_its_user_can_read(kind: str) -> None:
    """With every secret that the configuration and the operations take (`tests.rig.secrets`)."""
    other_user.require()
    planted, side = Canaries(), Side("norte", "+5491150000001")
    with socket.create_server(("127.0.0.1", 0)) as database:
        tables = secrets.configuration(planted)
        host = f"127.0.0.1:{database.getsockname()[1]}"
        tables["feed"] = [secrets.feed(planted, host)]
        del tables["store"], tables["web"]
        with _apart(kind, secrets.toml(tables)) as (gateway, shown):
            visitor = Visitor(shown.port)
            visitor.sign_in()
            planted.known |= {"password": PASSWORD, "session": visitor.cookie.partition("=")[2]}
            gateway.campaign(1, text="Hola")
            for line in secrets.added_lines(planted):
                gateway.call("line.add", **line)
            for operation in secrets.asking().keys() - {"line.add", "line.secret"}:
                with suppress(GatewayError):
                    gateway.call(operation, **secrets.given(planted, operation, side, "alguien"))
            planted.known["token"] = str(gateway.call("token.create", label="erp", account="norte")["secret"])
            database.settimeout(60)
            reader, _address = database.accept()  # the feed's process waits for an answer, its password in hand
            with reader:
                paths = [str(path) for path in gateway.folder.rglob("*") if not path.is_dir()]
                said = json.loads(other_user.said(GREEDY, given=json.dumps(paths)))
                read = base64.b64decode(said["read"])
                if kind == "postgresql":
                    read += base64.b64decode(other_user.said(DUMP, given=_reading(gateway)))
    known = {Path(path).name for path in said["files"]}
    needed, borne = NEEDED[kind]
    assert needed <= known <= needed | borne
    assert {Path(path).name for path in said["sockets"]} == {"web.sock"}
    assert ADMINISTRATOR.encode() in read
    assert b"gatewayd.workers.feed" in read, "it looks while the database is asked"
    assert planted.shown(read) == []
