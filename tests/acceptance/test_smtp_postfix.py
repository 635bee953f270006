"""Postfix as the server that a line hands its mails to: its own answers and its own bounces, read from Dovecot.

our line ── SMTP ──► Postfix ── SMTP ──► simulated server of the recipients
   ▲                    │ bounces
   └─── IMAP ─── Dovecot ◄
"""

from __future__ import annotations

import asyncio
import pwd
import select
import shutil
import smtplib
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from drivers.base import (
    Accepted,
    Blame,
    DeliveryReport,
    EmailContent,
    InboundMessage,
    NotSent,
    OutboundMessage,
    Refused,
)
from drivers.smtp.line import SmtpLine
from drivers.smtp.options import SmtpOptions
from drivers.smtp.simulator import SmtpSimulator
from tests.acceptance.test_smtp_dovecot import SEARCH, START_S, Dovecot, dovecot
from tests.acceptance.test_smtp_mailbox import Sink, crossing
from tests.rig.ports import free_port

__all__ = ["dovecot"]

pytestmark = pytest.mark.peer

ATTEMPT = "01JD000000000000000000000{}"

MAIN = """
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {root}/log
maillog_file_prefixes = /tmp
myhostname = mx.norte.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
mynetworks = 127.0.0.0/8
smtpd_recipient_restrictions =
  check_recipient_access inline:{{ {{ nadie@hogar.example = 550 5.1.1 User unknown }} }}
  check_sender_access inline:{{ {{ ajena@norte.example = 553 5.7.1 not owned by user cuenta }} }}
  permit_mynetworks, reject
virtual_mailbox_domains = norte.example
virtual_mailbox_base = {mailbox}
virtual_mailbox_maps = static:mail/
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
recipient_delimiter = +
default_transport = smtp:[127.0.0.1]:{remote}
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    port: int
    remote: int
    """Where it hands on what is for others."""


@pytest.fixture(scope="module")
def postfix(dovecot: Dovecot) -> Iterator[Postfix]:
    program = shutil.which("postfix", path=SEARCH)
    if program is None:
        pytest.skip("postfix is not installed")
    root = dovecot.root / "postfix"
    for name in ("conf", "data", "queue"):
        (root / name).mkdir(parents=True)
    shutil.chown(root / "data", "postfix")
    port, remote = [free_port() for _ in range(2)]
    mail = pwd.getpwnam("mail")
    values = {"root": root, "mailbox": dovecot.root, "uid": mail.pw_uid, "gid": mail.pw_gid, "remote": remote}
    (root / "conf" / "main.cf").write_text(MAIN.format(**values))
    (root / "conf" / "master.cf").write_text(MASTER.format(port=port))
    command = [program, "-c", str(root / "conf")]
    with (root / "out").open("wb") as out:
        process = subprocess.Popen([*command, "start-fg"], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        _await_greeting(port, process, root)
        yield Postfix(port, remote)
    finally:
        subprocess.run([*command, "stop"], check=False, capture_output=True)
        process.wait(START_S)


def _await_greeting(port: int, process: subprocess.Popen[bytes], root: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), START_S) as connection:
                assert connection.recv(4) == b"220 "
                return
        except ConnectionError:
            # A port says by nothing else that it is open.
            select.select([], [], [], 0.05)
    raise AssertionError((root / "out").read_text() + ((root / "log").read_text() if (root / "log").exists() else ""))


def options_of(postfix: Postfix, dovecot: Dovecot, **keys: Any) -> SmtpOptions:
    base: dict[str, Any] = {
        "from_address": "cobranzas@norte.example",
        "host": "127.0.0.1",
        "port": postfix.port,
        "security": "none",
        "ca_file": dovecot.root / "certificate.pem",
        "bounce_address": "rebotes+{attempt}@norte.example",
        "imap_host": "127.0.0.1",
        "imap_port": dovecot.tls,
        "imap_user": "rebotes",
        "imap_password": "clave",
        "imap_poll": 0.1,
    }
    return SmtpOptions(**(base | keys))


def message(number: int, to: str, **email: Any) -> OutboundMessage:
    return OutboundMessage(ATTEMPT.format(number), to, to, "Hola", content=EmailContent("Señal débil", **email))


async def test_a_bounce_that_postfix_makes_is_about_its_mail(postfix: Postfix, dovecot: Dovecot) -> None:
    async with SmtpSimulator(settings={"auth": False}) as remote:
        # The simulated server listens where it likes; Postfix is told a port.
        relay = await asyncio.start_server(_to(remote.devices[0].port), "127.0.0.1", postfix.remote)
        refusal = {"kind": "reply", "stage": "rcpt", "count": None}
        full = {**refusal, "address": "lleno@", "code": 552, "text": "Mailbox full"}
        remote.set(faults=[full, {**refusal, "address": "jefa@", "code": 550, "text": "5.1.1 no"}])
        line = SmtpLine("m", options_of(postfix, dovecot))
        sink = Sink()
        task = asyncio.create_task(line.run(sink))
        try:
            await sink.detail("mailbox", None)
            assert isinstance(await line.send(message(1, "lleno@hogar.example"), crossing), Accepted)
            sent = message(2, "ana@hogar.example", cc=("jefa@hogar.example",))
            assert isinstance(await line.send(sent, crossing), Accepted)
            [report] = await sink.until(DeliveryReport)
            assert (report.attempt, report.to) == (ATTEMPT.format(1), "lleno@hogar.example")
            assert (report.status, report.reason) == ("undelivered", "mailbox_full")
            assert (await remote.wait(taken=1))["reached"]
            [arrived] = remote.texts()["texts"]
            assert (arrived["to"], arrived["subject"]) == (["ana@hogar.example"], "Señal débil")
            await asyncio.to_thread(_reply, postfix.port)
            [inbound] = await sink.until(InboundMessage)
            assert (inbound.sender, inbound.text, inbound.answers) == (
                "ana@hogar.example",
                "Ya pagué",
                ATTEMPT.format(2),
            )
            # Nobody asked for word of those in copy, and none came.
            assert len(await sink.until(DeliveryReport)) == 1
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            relay.close()


async def test_what_postfix_answers_says_whose_fault_it_is(postfix: Postfix, dovecot: Dovecot) -> None:
    line = SmtpLine("m", options_of(postfix, dovecot, imap_host=None))
    foreign = SmtpLine("f", options_of(postfix, dovecot, imap_host=None, bounce_address="ajena@norte.example"))
    for each in (line, foreign):
        sink = Sink()
        task = asyncio.create_task(each.run(sink))
        try:
            await sink.detail("mailbox", None)
            if each is line:
                outcome = await each.send(message(3, "nadie@hogar.example"), crossing)
                assert outcome == Refused("unknown_recipient", Blame.PERSON)
            else:
                outcome = await each.send(message(4, "ana@hogar.example"), crossing)
                assert outcome == NotSent("sender_refused", retry_after=300.0, counts=False, blame=Blame.LINE)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def _reply(port: int) -> None:
    answered = f"<{ATTEMPT.format(2)}@norte.example>"
    head = f"From: Ana <ana@hogar.example>\r\nSubject: Re: x\r\nIn-Reply-To: {answered}\r\nMessage-ID: <r@x>\r\n"
    text = f"{head}\r\nYa pagué\r\n"
    with smtplib.SMTP("127.0.0.1", port, timeout=START_S) as client:
        client.sendmail("ana@hogar.example", ["cobranzas@norte.example"], text.encode())


def _to(port: int) -> Any:
    """Passes a connection on to that port, both ways."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)

        async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                target.write(data)
            target.close()

        await asyncio.gather(copy(reader, there_writer), copy(there_reader, writer), return_exceptions=True)

    return pass_on
