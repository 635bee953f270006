"""The mailbox that bounces and replies come to, over IMAP (RFC 3501). Blocking: for a thread. One object a connection.

A mail counts as read only once what it says is durable: `fetch` leaves it unseen, `seen` marks it.
"""

from __future__ import annotations

import contextlib
import imaplib
import socket
import ssl
import threading
from collections.abc import Iterable
from typing import Final

from drivers.base import LineError
from drivers.smtp.options import SmtpOptions

ANSWER_S: Final = 30.0
"""For a connection and for each answer: a mailbox that is slower is looked into at the next turn."""
MAIL_MAX: Final = 1 << 20
"""Bytes of a mail that are read. A bounce says all in its first kilobytes; what a reply attaches is not kept."""
BATCH: Final = 100
"""Mails a look: the rest comes at once with the next."""


class MailboxError(LineError):
    """The mailbox cannot be read now; `reason` in a word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Mailbox:
    """A logged-in connection to one folder."""

    def __init__(self, options: SmtpOptions) -> None:
        self._options = options
        self._client: imaplib.IMAP4 | None = None
        self._ended = False
        self._lock = threading.Lock()

    def open(self) -> None:
        """Connect, log in and choose the folder; raises MailboxError."""
        options = self._options
        assert options.imap_host is not None
        assert options.mailbox_login is not None
        tls = None
        if options.imap_security != "none":
            tls = ssl.create_default_context(cafile=str(options.ca_file) if options.ca_file else None)
        try:
            if options.imap_security == "tls":
                client: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                    options.imap_host, options.mailbox_port, ssl_context=tls, timeout=ANSWER_S
                )
            else:
                client = imaplib.IMAP4(options.imap_host, options.mailbox_port, timeout=ANSWER_S)
            self._own(client)
            if options.imap_security == "starttls":
                client.starttls(tls)
        except ssl.SSLCertVerificationError:
            raise MailboxError("certificate_invalid") from None
        except (OSError, imaplib.IMAP4.error):
            raise MailboxError("host_down") from None
        user, password = options.mailbox_login
        try:
            client.login(user, password.get_secret_value())
        except imaplib.IMAP4.abort:
            raise MailboxError("connection_lost") from None
        except (imaplib.IMAP4.error, UnicodeError):
            raise MailboxError("login_refused") from None
        except OSError:
            raise MailboxError("connection_lost") from None
        folder = options.imap_folder.replace("\\", "\\\\").replace('"', '\\"')
        self._ask("SELECT", f'"{folder}"')

    def unseen(self) -> list[int]:
        """UIDs of mails not yet read, the oldest first, at most `BATCH`."""
        answer = self._ask("SEARCH", "UNSEEN")
        found = b" ".join(each for each in answer if isinstance(each, bytes)).split()
        return sorted(int(each) for each in found if each.isdigit())[:BATCH]

    def fetch(self, uid: int) -> bytes | None:
        """The mail, or its beginning; None when it has gone meanwhile."""
        for part in self._ask("FETCH", str(uid), f"(BODY.PEEK[]<0.{MAIL_MAX}>)"):
            if isinstance(part, tuple) and isinstance(part[1], bytes):
                return part[1]
        return None

    def fetch_all(self, uids: Iterable[int]) -> list[bytes | None]:
        """Those mails, in order."""
        return [self.fetch(uid) for uid in uids]

    def seen(self, uids: Iterable[int]) -> None:
        """Mark as read."""
        chosen = ",".join(map(str, uids))
        if chosen:
            self._ask("STORE", chosen, "+FLAGS.SILENT", "(\\Seen)")

    def close(self) -> None:
        """Say goodbye; whatever happens then is over. A connection still being made is dropped once it is."""
        with self._lock:
            self._ended = True
            client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                client.logout()
            _hang_up(client)

    def interrupt(self) -> None:
        """Wake a thread that waits for an answer, from another one."""
        with self._lock:
            self._ended = True
            client = self._client
        if client is not None:
            with contextlib.suppress(OSError):
                client.sock.shutdown(socket.SHUT_RDWR)

    def _own(self, client: imaplib.IMAP4) -> None:
        with self._lock:
            if not self._ended:
                self._client = client
                return
        _hang_up(client)
        raise MailboxError("stopped")

    def _ask(self, command: str, *arguments: str) -> list[object]:
        client = self._client
        if client is None:
            raise MailboxError("connection_lost")
        try:
            if command == "SELECT":
                kind, data = client.select(arguments[0])
            else:
                kind, data = client.uid(command, *arguments)
        except (OSError, imaplib.IMAP4.abort):
            raise MailboxError("connection_lost") from None
        except imaplib.IMAP4.error:
            raise MailboxError("command_refused") from None
        if kind != "OK":
            raise MailboxError("folder_missing" if command == "SELECT" else "command_refused")
        return list(data)


def _hang_up(client: imaplib.IMAP4) -> None:
    # A logout that fails leaves the socket open.
    with contextlib.suppress(OSError):
        client.shutdown()
