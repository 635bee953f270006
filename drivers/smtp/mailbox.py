"""The mailbox that bounces and replies come to, over IMAP (RFC 3501). Blocking: for a thread. One object a connection.

A mail counts as read only once what it says is durable: `fetch` leaves it unseen, `seen` marks it. While it is read it
bears a keyword, by which the next life of the daemon knows what the last one was reading when it died.
"""

from __future__ import annotations

import contextlib
import imaplib
import socket
import ssl
import threading
from collections.abc import Iterable
from typing import Any, Final

from drivers.base import NETWORK_FORBIDDEN, LineError, forbidden
from drivers.smtp.folder_names import encoded
from drivers.smtp.options import SmtpOptions

ANSWER_S: Final = 30.0
"""For a connection and for each answer: a mailbox that is slower is looked into at the next turn."""
MAIL_MAX: Final = 256 * 1024
"""Bytes of a mail that are read. A bounce says all in its first kilobytes; what a reply attaches is not kept."""
READING: Final = "$GatewaydReading"
"""Keyword of mails that are being read, together with others."""
ALONE: Final = "$GatewaydAlone"
"""Keyword of a mail that is read by itself, as it was among those being read when the daemon died."""


class MailboxError(LineError):
    """The mailbox cannot be read now; `reason` in a word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnavailableMailError(LineError):
    """The server does not hand out this one mail."""


class Mailbox:
    """A logged-in connection to one folder."""

    def __init__(self, options: SmtpOptions, token: str | None = None) -> None:
        """`token` logs in by OAuth 2.0."""
        self._options = options
        self._token = token
        self._client: imaplib.IMAP4 | None = None
        self._ended = False
        self._lock = threading.Lock()
        self._keeps_keywords = False
        self._marked: set[int] = set()
        self.fetching: int | None = None
        """The mail asked for last, where its answer has not come."""

    # -------------------------------------------------------------------------------------------------------- opening

    def open(self) -> None:
        """Connects, logs in and chooses the folder; raises MailboxError."""
        client = self._connect()
        self._log_in(client)
        self._select(client)

    def _connect(self) -> imaplib.IMAP4:
        options = self._options
        assert options.imap_host is not None
        where = (options.imap_host, options.mailbox_port)
        tls = None
        if options.imap_security != "none":
            tls = ssl.create_default_context(cafile=str(options.ca_file) if options.ca_file else None)
        reached: list[bool] = []
        try:
            if options.imap_security == "tls":
                client: imaplib.IMAP4 = _TlsClient(reached, *where, ssl_context=tls, timeout=ANSWER_S)
            else:
                client = _PlainClient(reached, *where, timeout=ANSWER_S)
        except ssl.SSLCertVerificationError:
            raise MailboxError("certificate_invalid") from None
        except ssl.SSLError:
            raise MailboxError("tls_failed") from None
        except (OSError, imaplib.IMAP4.error) as error:
            if forbidden(error):
                raise MailboxError(NETWORK_FORBIDDEN) from None
            # Something is there that does not greet as an IMAP server does: it wants TLS, or is another protocol's.
            raise MailboxError("no_greeting" if reached else "host_down") from None
        self._own(client)
        if options.imap_security == "starttls":
            self._upgrade(client, tls)
        return client

    def _upgrade(self, client: imaplib.IMAP4, tls: ssl.SSLContext | None) -> None:
        if "STARTTLS" not in client.capabilities:
            raise MailboxError("starttls_missing")
        try:
            client.starttls(tls)
        except ssl.SSLCertVerificationError:
            raise MailboxError("certificate_invalid") from None
        except (OSError, imaplib.IMAP4.error):
            raise MailboxError("tls_failed") from None

    def _log_in(self, client: imaplib.IMAP4) -> None:
        login = self._options.mailbox_login
        offered = client.capabilities
        try:
            if self._token is not None:
                user = self._options.imap_user or self._options.user
                client.authenticate("XOAUTH2", _once(f"user={user}\1auth=Bearer {self._token}\1\1".encode()))
                return
            assert login is not None
            user, password = login[0], login[1].get_secret_value()
            plain = "AUTH=PLAIN" in offered
            if not plain and ("LOGINDISABLED" in offered or "AUTH=XOAUTH2" in offered):
                # A server that lets nobody log in before TLS says so; one with XOAUTH2 alone wants no passwords.
                bare = self._options.imap_security == "none" and "STARTTLS" in offered
                raise MailboxError("starttls_needed" if bare else "login_unsupported")
            if plain and ("LOGINDISABLED" in offered or not (user + password).isascii()):
                client.authenticate("PLAIN", _once(f"\0{user}\0{password}".encode()))
            else:
                client.login(user, password)
        except imaplib.IMAP4.abort:
            raise MailboxError("connection_lost") from None
        except (imaplib.IMAP4.error, UnicodeError):
            unsupported = self._token is not None and "AUTH=XOAUTH2" not in offered
            raise MailboxError("login_unsupported" if unsupported else "login_refused") from None
        except OSError:
            raise MailboxError("connection_lost") from None

    def _select(self, client: imaplib.IMAP4) -> None:
        name = self._options.imap_folder
        for spelling in dict.fromkeys((encoded(name), name)):
            # Second as given: a name copied from a program may be encoded already.
            if spelling.isascii() and self._choose(client, spelling):
                return
        raise MailboxError("folder_missing")

    def _choose(self, client: imaplib.IMAP4, spelling: str) -> bool:
        quoted = spelling.replace("\\", "\\\\").replace('"', '\\"')
        kind, _ = _bounded(lambda: client.select(f'"{quoted}"'))
        if kind != "OK":
            return False
        _, flags = client.response("PERMANENTFLAGS")
        allowed = b" ".join(each for each in flags or () if isinstance(each, bytes))
        self._keeps_keywords = b"\\*" in allowed or READING.encode() in allowed
        return True

    # -------------------------------------------------------------------------------------------------------- reading

    def unseen(self) -> list[int]:
        """Returns the UIDs of mails not yet read, the oldest first."""
        return self._search("UNSEEN")

    def interrupted(self) -> tuple[frozenset[int], frozenset[int]]:
        """Returns the unread mails that were being read when an earlier life ended: together, and alone."""
        if self._keeps_keywords:
            try:
                together, alone = (self._search("UNSEEN", "KEYWORD", keyword) for keyword in (READING, ALONE))
            except MailboxError as error:
                self._give_up_keywords(error)
            else:
                return frozenset(together), frozenset(alone)
        return frozenset(), frozenset()

    def mark(self, uids: Iterable[int], keyword: str) -> None:
        """Marks them as being read; does nothing where the server keeps no keywords."""
        some = set(uids)
        if self._keeps_keywords and some:
            try:
                self._store(some, "+", keyword)
            except MailboxError as error:
                self._give_up_keywords(error)
            else:
                self._marked |= some

    def _give_up_keywords(self, error: MailboxError) -> None:
        """Does without them where the server promised to keep them and does not; raises a lost connection."""
        if error.reason != "command_refused":
            raise error
        self._keeps_keywords = False

    def _search(self, *criteria: str) -> list[int]:
        answer = self._ask("SEARCH", *criteria)
        found = b" ".join(each for each in answer if isinstance(each, bytes)).split()
        return sorted(int(each) for each in found if each.isdigit())

    def fetch(self, uid: int) -> bytes | None:
        """Returns the mail, or its beginning; None when it has gone meanwhile. Raises UnavailableMailError."""
        client = self._owned()
        self.fetching = uid
        try:
            kind, parts = _bounded(lambda: client.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{MAIL_MAX}>)"))
        except MailboxError as error:
            if error.reason == "command_refused":
                self.fetching = None
                raise UnavailableMailError(str(uid)) from None
            raise
        self.fetching = None
        if kind != "OK":
            raise UnavailableMailError(str(uid))
        for part in parts:
            if isinstance(part, tuple) and isinstance(part[1], bytes):
                return part[1]
        return None

    def seen(self, uids: Iterable[int]) -> None:
        """Marks mails as read."""
        some = set(uids)
        if some:
            self._store(some, "+", "\\Seen")
            self._marked -= some

    def _store(self, uids: Iterable[int], sign: str, flag: str) -> None:
        self._ask("STORE", ",".join(map(str, sorted(uids))), f"{sign}FLAGS.SILENT", f"({flag})")

    # --------------------------------------------------------------------------------------------------------- ending

    def close(self) -> None:
        """Says goodbye; whatever happens then is over. A connection still being made is dropped once it is."""
        if self._marked:
            # Not read, but not for a death of ours: a store that took nothing, a stop.
            with contextlib.suppress(MailboxError):
                self._store(self._marked, "-", f"{READING} {ALONE}")
        with self._lock:
            self._ended = True
            client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                client.logout()
            _hang_up(client)

    def interrupt(self) -> None:
        """Wakes a thread that waits for an answer, from another one."""
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

    def _owned(self) -> imaplib.IMAP4:
        if self._client is None:
            raise MailboxError("connection_lost")
        return self._client

    def _ask(self, command: str, *arguments: str) -> list[object]:
        client = self._owned()
        kind, data = _bounded(lambda: client.uid(command, *arguments))
        if kind != "OK":
            raise MailboxError("command_refused")
        return data


class _PlainClient(imaplib.IMAP4):
    """Says in `reached` that there was a connection, whatever came of it."""

    def __init__(self, reached: list[bool], *arguments: Any, **named: Any) -> None:
        self._reached = reached
        super().__init__(*arguments, **named)

    def open(self, *arguments: Any, **named: Any) -> None:
        super().open(*arguments, **named)
        self._reached.append(True)


class _TlsClient(imaplib.IMAP4_SSL):
    """The same with TLS from the first octet."""

    def __init__(self, reached: list[bool], *arguments: Any, **named: Any) -> None:
        self._reached = reached
        super().__init__(*arguments, **named)

    def open(self, *arguments: Any, **named: Any) -> None:
        super().open(*arguments, **named)
        self._reached.append(True)


def _bounded(step: Any) -> tuple[str, list[Any]]:
    """Returns the answer of one command; raises MailboxError."""
    try:
        kind, data = step()
    except (OSError, imaplib.IMAP4.abort):
        raise MailboxError("connection_lost") from None
    except (imaplib.IMAP4.error, UnicodeError):
        raise MailboxError("command_refused") from None
    return str(kind), list(data or ())


def _once(answer: bytes) -> Any:
    """Returns what answers a server's first challenge; a second one tells a fault, and nothing asks for the verdict."""
    answers = iter((answer,))
    return lambda _: next(answers, b"")


def _hang_up(client: imaplib.IMAP4) -> None:
    # A logout that fails leaves the socket open.
    with contextlib.suppress(OSError):
        client.shutdown()
