"""The web process beside its daemon: what becomes of either when the other dies, floods, certificates, who may ask."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import time
from contextlib import closing
from pathlib import Path

from tests.rig.panel import panel
from tests.rig.visitor import Visitor, until

BACK_S = 5.0


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
