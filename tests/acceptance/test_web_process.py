"""The web process beside its daemon: what becomes of either when the other dies, floods, certificates, who may ask."""

from __future__ import annotations

import base64
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from gatewayd.errors import GatewayError
from tests.rig import other_user, secrets
from tests.rig.gateway import Gateway
from tests.rig.panel import ADMINISTRATOR, PASSWORD, Panel, panel
from tests.rig.ports import free_port
from tests.rig.rights import Side
from tests.rig.secrets import Canaries

BACK_S = 5.0


class Visitor:
    """Somebody at the panel, without a browser."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._port = port
        self._tls = tls
        self.cookie = ""

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        if self._tls is None:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        else:
            connection = http.client.HTTPSConnection("127.0.0.1", self._port, timeout=20, context=self._tls)
        headers = {"Cookie": self.cookie} if self.cookie else {}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, None if form is None else urlencode(form), headers)
            answer = connection.getresponse()
            for cookie in answer.headers.get_all("Set-Cookie") or ():
                if cookie.startswith("gatewayd="):
                    self.set_cookie, self.cookie = cookie, cookie.partition(";")[0]
            self.headers = {name.lower() for name, _value in answer.getheaders()}
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def sign_in(self, name: str = ADMINISTRATOR) -> None:
        status, _body = self.ask("POST", "/entrar", {"user": name, "password": PASSWORD})
        assert status == 303


def until(done: Any, within_s: float) -> float:
    """Waits until something holds; returns the seconds it took."""
    began = time.monotonic()
    while not done():
        assert time.monotonic() - began < within_s, "not in time"
        time.sleep(0.02)
    return time.monotonic() - began


def test_a_killed_web_process_is_back_and_sessions_stay(tmp_path: Path) -> None:
    with panel(tmp_path, modems=0) as shown:
        visitor = Visitor(shown.port)
        visitor.sign_in()
        killed = shown.web_pid()
        os.kill(killed, signal.SIGKILL)
        until(lambda: not Path(f"/proc/{killed}").exists() or not shown.answers(), 5)
        shown.wait_web(BACK_S)
        assert shown.web_pid() != killed
        assert visitor.ask("GET", "/")[0] == 200
        assert shown.gateway.call("ping")["draining"] is False


def test_it_lives_no_longer_than_its_daemon(tmp_path: Path) -> None:
    with panel(tmp_path, modems=0) as shown:
        web = shown.web_pid()
        shown.gateway.kill()
        until(lambda: not Path(f"/proc/{web}").exists() or _zombie(web), 5)
        shown.gateway.start()
        shown.wait_web()
        web = shown.web_pid()
        shown.gateway.stop()
        assert not Path(f"/proc/{web}").exists()


def _zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_the_kernel_takes_the_web_process_first(tmp_path: Path) -> None:
    with panel(tmp_path, modems=0) as shown:
        web = shown.web_pid()
        assert int(Path(f"/proc/{web}/oom_score_adj").read_text()) >= 500
        assert os.getpriority(os.PRIO_PROCESS, web) > os.getpriority(os.PRIO_PROCESS, shown.gateway.pid)
        limits = Path(f"/proc/{web}/limits").read_text()
        assert "unlimited" not in next(line for line in limits.splitlines() if line.startswith("Max address space"))


class Stream:
    """A stream of events, as a browser has it."""

    def __init__(self, visitor: Visitor, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._socket.sendall(f"GET /eventos HTTP/1.0\r\nHost: a\r\nCookie: {visitor.cookie}\r\n\r\n".encode())
        self._buffer = b""
        assert self._line(20).split()[1] == b"200"

    def _line(self, within_s: float) -> bytes:
        """Returns the next line; nothing where the stream has ended. TimeoutError."""
        until = time.monotonic() + within_s
        while b"\n" not in self._buffer:
            self._socket.settimeout(max(0.001, until - time.monotonic()))
            if not (data := self._socket.recv(4096)):
                return b""
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line + b"\n"

    def kinds(self, within_s: float) -> set[str] | None:
        """Returns the kinds of the next event; an empty set where none came in time, None where the stream ended."""
        until = time.monotonic() + within_s
        while (left := until - time.monotonic()) > 0:
            try:
                line = self._line(left)
            except TimeoutError:
                return set()
            if not line:
                return None
            if line.startswith(b"data: "):
                return set(line[6:].decode().split())
        return set()

    def close(self) -> None:
        self._socket.close()


def test_a_stream_tells_of_its_account_alone_and_ends_with_the_session(tmp_path: Path) -> None:
    with panel(tmp_path) as shown:
        shown.gateway.account("sur")
        shown.user("berta", "user", "norte")
        visitor = Visitor(shown.port)
        visitor.sign_in("berta")
        stream = Stream(visitor, shown.port)
        assert stream.kinds(30.0), "a new stream begins with everything"
        while stream.kinds(1.0):
            pass
        stream.close()
        with closing(Stream(visitor, shown.port)) as stream:
            assert stream.kinds(30.0)
            shown.gateway.call("account.credit", account="sur", amount="10")
            assert not (stream.kinds(1.5) or set()) & {"credit", "message", "job"}
        stream = Stream(visitor, shown.port)
        assert stream.kinds(30.0)
        shown.gateway.call("account.credit", account="norte", amount="10")
        until(lambda: "credit" in (stream.kinds(1.0) or set()), 30)
        shown.gateway.call("user.disable", user="berta")
        until(lambda: stream.kinds(1.0) is None, 12)
        stream.close()


# ------------------------------------------------------------------------------------------------ a process of its own


@pytest.fixture
def apart() -> Iterator[tuple[Gateway, Panel]]:
    """A daemon whose web process is another user's."""
    other_user.require()
    with _apart("") as made:
        yield made


@contextmanager
def _apart(extra: str) -> Iterator[tuple[Gateway, Panel]]:
    """A daemon of a configuration with further tables, and its web process, which is another user's."""
    port = free_port()
    web = f'[web]\nlisten = "127.0.0.1:{port}"\nstart = false\nuser = "{other_user.USER}"\n'
    with other_user.open_folder() as folder, Gateway(folder, [], extra=web + extra) as gateway:
        gateway.config.chmod(0o640)  # as the package installs it
        gateway.start()
        gateway.log.chmod(0o640)  # in the place of the journal
        gateway.account()
        shown = Panel(gateway, None, port)
        shown.user(ADMINISTRATOR, "administrator", None)
        with (folder / "web.log").open("wb") as log:
            process = other_user.start(
                ["-m", "gatewayd", "web", "--published", str(folder / "web.json")], stdout=log, stderr=log
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


def test_no_secret_lies_open_in_what_its_user_can_read() -> None:
    """With every secret that the configuration and the operations take (`tests.rig.secrets`)."""
    other_user.require()
    planted, side = Canaries(), Side("norte", "+5491150000001")
    with socket.create_server(("127.0.0.1", 0)) as database:
        tables = secrets.configuration(planted)
        host = f"127.0.0.1:{database.getsockname()[1]}"
        tables["feed"] = [secrets.feed(planted, host)]
        del tables["store"], tables["web"]
        with _apart(secrets.toml(tables)) as (gateway, shown):
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
    known = {Path(path).name for path in said["files"]}
    assert {"gatewayd.db", "gatewayd.db-wal", "web.json"} <= known
    assert known <= {"gatewayd.db", "gatewayd.db-wal", "gatewayd.db-shm", "web.json", "web.log"}
    assert {Path(path).name for path in said["sockets"]} == {"web.sock"}
    read = base64.b64decode(said["read"])
    assert ADMINISTRATOR.encode() in read
    assert b"gatewayd.workers.feed" in read, "it looks while the database is asked"
    assert planted.shown(read) == []


# --------------------------------------------------------------------------------------------------- floods and TLS


def test_a_flood_of_half_requests_keeps_nobody_out(tmp_path: Path) -> None:
    with panel(tmp_path, modems=1) as shown:
        visitor = Visitor(shown.port)
        visitor.sign_in()
        flood: list[socket.socket] = []
        try:
            for number in range(1000):
                one = socket.create_connection(("127.0.0.1", shown.port), timeout=10)
                flood.append(one)
                if number % 2:
                    one.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
            shown.gateway.campaign(20, text="Hola")
            began = time.monotonic()
            assert visitor.ask("GET", "/")[0] == 200
            assert time.monotonic() - began < 5
            shown.gateway.wait_job("c1")
        finally:
            for one in flood:
                one.close()
        assert visitor.ask("GET", "/")[0] == 200


def test_what_is_too_much_is_refused_before_it_is_kept(tmp_path: Path) -> None:
    with panel(tmp_path, modems=0) as shown:
        for head in (
            b"POST /entrar HTTP/1.1\r\nHost: a\r\nContent-Length: 1073741824\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * 100_000,
            b"GET /" + b"x" * 100_000,
        ):
            with socket.create_connection(("127.0.0.1", shown.port), timeout=20) as one:
                one.sendall(head)
                said = one.recv(4096)
                assert said.split()[1] in {b"413", b"400", b"431"}, said
        assert shown.answers()


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Makes a certificate for 127.0.0.1 and its key."""
    cert, key = folder / f"{name}.crt", folder / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


def test_tls_serves_renews_and_survives_a_faulty_key(tmp_path: Path) -> None:
    first, second = certificate(tmp_path, "uno"), certificate(tmp_path, "dos")
    cert, key = tmp_path / "panel.crt", tmp_path / "panel.key"
    cert.write_bytes(first[0].read_bytes())
    key.write_bytes(first[1].read_bytes())
    web = f'tls_cert = "{cert}"\ntls_key = "{key}"\n'
    with panel(tmp_path, modems=0, web=web, tls=True) as shown:

        def served() -> str:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with (
                socket.create_connection(("127.0.0.1", shown.port), timeout=10) as plain,
                context.wrap_socket(plain) as one,
            ):
                found = one.getpeercert(binary_form=True)
                assert found is not None
                return "uno" if ssl.DER_cert_to_PEM_cert(found).strip() == first[0].read_text().strip() else "dos"

        assert served() == "uno"
        visitor = Visitor(shown.port, ssl._create_unverified_context())
        visitor.sign_in()
        assert "Secure" in visitor.set_cookie
        assert "strict-transport-security" in visitor.headers
        key.write_text("no key")
        os.kill(shown.web_pid(), signal.SIGHUP)
        time.sleep(0.5)
        assert served() == "uno"
        cert.write_bytes(second[0].read_bytes())
        key.write_bytes(second[1].read_bytes())
        os.kill(shown.web_pid(), signal.SIGHUP)
        until(lambda: served() == "dos", 5)
        assert visitor.ask("GET", "/")[0] == 200
        # A stranger who says nothing, or no TLS, is not waited for.
        quiet = [socket.create_connection(("127.0.0.1", shown.port), timeout=10) for _ in range(300)]
        try:
            quiet[0].sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert visitor.ask("GET", "/")[0] == 200
            quiet[1].settimeout(15)
            assert quiet[1].recv(1) == b""
        finally:
            for one in quiet:
                one.close()
