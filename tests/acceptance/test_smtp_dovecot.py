"""Dovecot as the mailbox of a line: a server that nobody here wrote, with TLS, folders of any name, and flags."""

from __future__ import annotations

import asyncio
import os
import select
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from drivers.base import Accepted, DeliveryReport, InboundMessage
from drivers.smtp.line import SmtpLine
from drivers.smtp.mailbox import ALONE, READING
from drivers.smtp.options import SmtpOptions
from drivers.smtp.simulator import SmtpSimulator
from drivers.smtp.simulator.certificate import make_certificate
from tests.acceptance.test_smtp_mailbox import ATTEMPT, Sink, crossing, message
from tests.rig.ports import free_port

pytestmark = pytest.mark.peer

SEARCH = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
START_S = 20.0
FOLDER = "Devoluções & cía"

CONFIG = """
protocols = imap
base_dir = {root}/run
state_dir = {root}/run
log_path = {root}/log
listen = 127.0.0.1
mail_location = maildir:{root}/mail
first_valid_uid = 1
passdb {{
  driver = static
  args = password=clave
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={root}/mail
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
ssl_cert = <{root}/certificate.pem
ssl_key = <{root}/key.pem
"""


@dataclass(frozen=True)
class Dovecot:
    root: Path
    plain: int
    tls: int

    def folder(self, name: str) -> Path:
        """A folder of the mailbox by its name as Maildir++ spells it."""
        path = self.root / "mail" / name if name else self.root / "mail"
        for part in ("cur", "new", "tmp"):
            (path / part).mkdir(parents=True, exist_ok=True)
        for each in [path, *path.iterdir()]:
            shutil.chown(each, "mail", "mail")
        return path

    def deliver(self, folder: Path, name: str, mail: bytes) -> None:
        file = folder / "new" / name
        file.write_bytes(mail)
        shutil.chown(file, "mail", "mail")


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    program = shutil.which("dovecot", path=SEARCH)
    if program is None:
        pytest.skip("dovecot is not installed")
    if os.getuid() != 0:
        pytest.skip("dovecot gives up rights that only root has")
    # Its processes run as users of their own and must reach the folder, which pytest's do not let them.
    root = Path(tempfile.mkdtemp(prefix="dovecot-", dir="/tmp"))
    root.chmod(0o755)
    (root / "mail").mkdir()
    shutil.chown(root / "mail", "mail", "mail")
    make_certificate(root)
    plain, tls = [free_port() for _ in range(2)]
    (root / "conf").write_text(CONFIG.format(root=root, plain=plain, tls=tls))
    process = subprocess.Popen([program, "-F", "-c", str(root / "conf")], stdin=subprocess.DEVNULL)
    try:
        _await_port(plain, process, root / "log")
        yield Dovecot(root, plain, tls)
    finally:
        process.terminate()
        process.wait(START_S)
        shutil.rmtree(root, ignore_errors=True)


def _await_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            # A port says by nothing else that it is open.
            select.select([], [], [], 0.05)
        else:
            return
    raise AssertionError(log.read_text() if log.exists() else "dovecot does not start")


def options_of(dovecot: Dovecot, sim: SmtpSimulator, **keys: Any) -> SmtpOptions:
    device = sim.devices[0]
    base: dict[str, Any] = {
        "from_address": "cobranzas@norte.example",
        "host": "127.0.0.1",
        "port": device.port,
        "security": "none",
        "user": "cuenta@example.net",
        "password": "clave-de-prueba",
        "ca_file": dovecot.root / "certificate.pem",
        "imap_host": "127.0.0.1",
        "imap_user": "rebotes",
        "imap_password": "clave",
        "imap_poll": 0.1,
    }
    return SmtpOptions(**(base | keys))


BOUNCE = f"""\
From: MAILER-DAEMON@mx.example.com
To: cobranzas@norte.example
Subject: failure notice

<ana@example.com>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Message-ID: <{ATTEMPT}@norte.example>
To: ana@example.com
""".encode()
REPLY = "From: Ana <ana@example.com>\nMessage-ID: <{}@example.com>\nSubject: Re: x\n\nYa pagué\n"


def flags(folder: Path) -> dict[str, str]:
    """Of each mail that Dovecot has looked at: the letters behind its name."""
    return {each.name.partition(":")[0]: each.name.partition(":2,")[2] for each in (folder / "cur").iterdir()}


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_bounces_and_replies_are_read_from_a_folder_of_any_name(dovecot: Dovecot, security: str) -> None:
    folder = dovecot.folder(f".Devolu&AOcA9Q-es &- c&AO0-a {security}")
    names = [f"{security}-bounce", f"{security}-reply"]
    dovecot.deliver(folder, names[0], BOUNCE)
    dovecot.deliver(folder, names[1], REPLY.format(security).encode())
    async with SmtpSimulator() as sim:
        keys = {"imap_port": dovecot.tls if security == "tls" else dovecot.plain, "imap_security": security}
        line = SmtpLine("m", options_of(dovecot, sim, imap_folder=f"{FOLDER} {security}", **keys))
        assert (await line.command("verify"))["mailbox"] == "ready"
        sink = Sink()
        task = asyncio.create_task(line.run(sink))
        try:
            [report] = await sink.until(DeliveryReport)
            [inbound] = await sink.until(InboundMessage)
            assert (report.attempt, report.reason) == (ATTEMPT, "unknown_recipient")
            assert (inbound.sender, inbound.text) == ("ana@example.com", "Ya pagué")
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_flags_of_ours_tell_the_next_life_what_the_last_one_died_of(dovecot: Dovecot) -> None:
    folder = dovecot.folder("")
    # Dovecot keeps a program's flags as letters that this file names.
    (folder / "dovecot-keywords").write_text(f"0 {READING}\n1 {ALONE}\n")
    shutil.chown(folder / "dovecot-keywords", "mail", "mail")
    for name, letters in (("1-suspect", "a"), ("2-deadly", "ab"), ("3-fresh", "")):
        file = folder / "cur" / f"{name}:2,{letters}"
        file.write_text(REPLY.format(name))
        shutil.chown(file, "mail", "mail")
    async with SmtpSimulator() as sim:
        line = SmtpLine("m", options_of(dovecot, sim, imap_port=dovecot.tls))
        sink = Sink()
        task = asyncio.create_task(line.run(sink))
        try:
            found = await sink.until(InboundMessage, 2)
            assert {each.key for each in found} == {"<1-suspect@example.com>", "<3-fresh@example.com>"}
            await sink.detail("mails_passed_over", 1)
            assert isinstance(await line.send(message(), crossing), Accepted)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    left = flags(folder)
    assert "S" in left["1-suspect"]
    assert "S" in left["3-fresh"]
    assert "S" not in left["2-deadly"]


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"imap_password": "falsa"}, "login_refused"),
        ({"imap_folder": "Ñandú"}, "folder_missing"),
        ({"ca_file": None}, "certificate_invalid"),
        ({"imap_security": "tls"}, "tls_failed"),
    ],
)
async def test_why_a_mailbox_cannot_be_read(dovecot: Dovecot, keys: dict[str, Any], reason: str) -> None:
    async with SmtpSimulator() as sim:
        given = {"imap_port": dovecot.plain, "imap_security": "starttls"} | keys
        line = SmtpLine("m", options_of(dovecot, sim, **given))
        assert (await line.command("verify"))["mailbox"] == reason
