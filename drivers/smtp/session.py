"""One connection to a submission server, used until it breaks: an object a connection.

`aiosmtplib` opens it, upgrades it and logs in; the message itself goes out in steps, because the point of no return
lies between the server's 354 and the first byte of content.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPTimeoutError,
)

from drivers.base import (
    NETWORK_FORBIDDEN,
    Accepted,
    Blame,
    LineError,
    NotSent,
    Outcome,
    PointOfNoReturn,
    Refused,
    Uncertain,
    Withdrawn,
    forbidden,
)
from drivers.smtp.compose import Mail, stuffed
from drivers.smtp.oauth import TokenError, Tokens
from drivers.smtp.options import SmtpOptions
from drivers.smtp.replies import Stage, outcome_of


@dataclass(frozen=True, slots=True)
class Timing:
    """Every wait of a session, in seconds."""

    connect: float = 30.0
    """TCP and TLS: a far server over a bad link; longer and a host that is down would hold the line's work."""
    command: float = 60.0
    """An answer to a command. RFC 5321 §4.5.3.2 allows five minutes; nothing is lost by giving up before DATA."""
    content: float = 600.0
    """The answer to the message's end: RFC 5321 §4.5.3.2.6 asks for ten minutes, as giving up early makes doubles."""
    quit: float = 5.0
    """The farewell, a courtesy."""
    idle: float = 20.0
    """An unused connection is closed: it takes one of the account's few, and servers drop it later anyway."""
    retry_first: float = 2.0
    """First pause before a server that is down is tried again; doubled each time …"""
    retry_most: float = 300.0
    """… up to here."""
    blocked: float = 900.0
    """Pause after a refused login: a provider locks an account that tries too often."""


class ConnectFailedError(LineError):
    """No connection; `blocked` when a person has to do something (login, certificate), else it may come back."""

    def __init__(self, reason: str, detail: str, *, blocked: bool) -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.blocked = blocked


class LostBeforeContentError(LineError):
    """The connection went away before any content was sent: the mail did not leave."""


_PASSWORD_LOGINS: Final = ("cram-md5", "plain", "login")
_PLAIN_ADDRESS: Final = re.compile(r"[A-Za-z0-9@._-]{3,300}")
"""What needs no encoding as an xtext (RFC 3461 §4)."""
_DSN_ASKED: Final = {False: "FAILURE,DELAY", True: "SUCCESS,FAILURE,DELAY"}


class Session:
    """A logged-in connection; `open` makes it, `submit` sends one mail at a time."""

    def __init__(self, options: SmtpOptions, timing: Timing, tokens: Tokens | None = None) -> None:
        """`tokens` are for a login by OAuth 2.0."""
        self._options, self._timing, self._tokens = options, timing, tokens
        self._client = SMTP(
            hostname=options.host,
            port=options.smtp_port,
            use_tls=options.security == "tls",
            start_tls=False,
            local_hostname=options.hello,
            timeout=timing.command,
            tls_context=_context(options) if options.security != "none" else None,
        )
        self.cc_refused: Mapping[str, str] = {}
        """Recipients in copy that the last mail's server would not take, with the reason."""

    @property
    def alive(self) -> bool:
        return self._client.is_connected

    async def open(self) -> None:
        """Connects, upgrades and logs in; raises ConnectFailedError."""
        try:
            await self._client.connect(timeout=self._timing.connect)
            _heed()
            if self._options.security == "starttls":
                await self._upgrade()
            await self._login()
            _heed()
        except BaseException as error:
            self._client.close()
            failure = _failure(error)
            if failure is None:
                raise
            raise failure from None

    async def _upgrade(self) -> None:
        await self._client.ehlo()
        if not self._client.supports_extension("starttls"):
            raise ConnectFailedError("starttls_missing", "the server offers no STARTTLS", blocked=True)
        await self._client.starttls()

    async def _login(self) -> None:
        client, options = self._client, self._options
        await client.ehlo()
        if options.user is None:
            return
        if not client.supports_extension("auth"):
            raise ConnectFailedError("login_missing", "the server offers no login", blocked=True)
        offered = {each.lower() for each in client.server_auth_methods}
        wanted = {"xoauth2"} if self._tokens is not None else set(_PASSWORD_LOGINS)
        if not offered & wanted:
            # Named, for a person to act on: the words are capabilities of the protocol, not the server's text.
            names = ", ".join(sorted(each for each in offered if each.replace("-", "").isalnum())[:8])
            raise ConnectFailedError("login_unsupported", f"the server offers {names}", blocked=True)
        if self._tokens is not None:
            await self._login_by_token(options.user, self._tokens)
        elif options.password is not None:
            await client.login(options.user, options.password.get_secret_value())

    async def _login_by_token(self, user: str, tokens: Tokens) -> None:
        """Logs in by a token; one that the server turns down may have been revoked, so a new one is tried, once."""
        token = await tokens.current()
        try:
            await self._client.auth_xoauth2(user, token)
        except SMTPAuthenticationError as error:
            renewed = await tokens.current(refused=token)
            if error.code < 500 or renewed == token:
                raise
            await self._client.auth_xoauth2(user, renewed)

    async def close(self) -> None:
        """Says goodbye, briefly."""
        try:
            if self.alive:
                await self._client.quit(timeout=self._timing.quit)
        except (SMTPException, OSError):
            pass  # it is over either way
        finally:
            self._client.close()

    # ---------------------------------------------------------------------------------------------------- one message

    async def submit(
        self, mail: Mail, *, envelope_from: str, attempt: str, point_of_no_return: PointOfNoReturn
    ) -> Outcome:
        """Sends a mail. Raises LostBeforeContentError; what goes wrong later is in the outcome."""
        self.cc_refused = {}
        try:
            refusal = await self._envelope(mail, envelope_from, attempt)
        except (SMTPException, OSError) as error:
            self._client.close()
            raise LostBeforeContentError(_word(error)) from None
        if refusal is not None:
            return refusal
        _heed()
        try:
            await point_of_no_return(1)
        except Withdrawn as withdrawn:
            # The server waits for content: only a hang-up without the final dot takes the mail back (RFC 5321 §4.1.1.5
            # and §3.8: an incomplete transaction is dropped).
            self._client.close()
            return NotSent(withdrawn.reason, counts=False)
        return await self._content(mail)

    async def _envelope(self, mail: Mail, envelope_from: str, attempt: str) -> Outcome | None:
        """Sends MAIL, RCPT and DATA; None once the server waits for the content."""
        client = self._client
        if mail.utf8 and not client.supports_extension("smtputf8"):
            return Refused("address_needs_smtputf8")
        limit = client.esmtp_extensions.get("size", "")
        if limit.isdigit() and 0 < int(limit) < len(mail.data):
            return Refused("too_large")
        dsn = client.supports_extension("dsn")
        try:
            encoding = "utf-8" if mail.utf8 else "ascii"
            await client.mail(envelope_from, options=self._mail_options(mail, attempt, dsn), encoding=encoding)
            notify = [f"NOTIFY={_DSN_ASKED[self._options.delivery_reports]}"] if dsn else []
            if dsn and not mail.utf8 and _PLAIN_ADDRESS.fullmatch(mail.to):
                # Comes back as it is, wherever the mail is forwarded to (RFC 3461 §4.2).
                notify.append(f"ORCPT=rfc822;{mail.to}")
            await client.rcpt(mail.to, options=notify, encoding=encoding)
            refused = {}
            for each in mail.cc:
                try:
                    # A copy's bounce must never be taken for the message's.
                    await client.rcpt(each, options=["NOTIFY=NEVER"] if dsn else [], encoding=encoding)
                except SMTPRecipientRefused as error:
                    if error.code == 421:
                        raise
                    refused[each] = outcome_of(error.code, error.message, "rcpt").reason
            self.cc_refused = refused
        except (SMTPSenderRefused, SMTPRecipientRefused) as error:
            await self._reset()
            return _outcome(error, "mail" if isinstance(error, SMTPSenderRefused) else "rcpt")
        answer = await client.execute_command(b"DATA")
        if answer.code == 354:
            return None
        await self._reset()
        return outcome_of(answer.code, answer.message, "data")

    def _mail_options(self, mail: Mail, attempt: str, dsn: bool) -> list[str]:
        options = []
        if self._client.supports_extension("size"):
            options.append(f"SIZE={len(mail.data)}")
        if mail.utf8:
            options.append("SMTPUTF8")
        if dsn:
            options += ["RET=HDRS", f"ENVID={attempt}"]
        return options

    async def _content(self, mail: Mail) -> Outcome:
        protocol = self._client.protocol
        if protocol is None or not protocol.is_connected:
            # It went while the intent was made durable; not a byte of content had been written.
            self._client.close()
            return NotSent("connection_lost", counts=False)
        try:
            protocol.write(stuffed(mail.data))
            answer = await protocol.read_response(timeout=self._timing.content)
        except SMTPException as error:
            self._client.close()
            return Uncertain(_word(error))
        except BaseException:
            self._client.close()
            raise
        if 200 <= answer.code <= 299:
            # Without a mailbox to read, no bounce or report will ever be seen.
            return Accepted({1: mail.message_id}, reported=self._options.imap_host is not None)
        if not 400 <= answer.code <= 599:
            self._client.close()
            return Uncertain("answer_unreadable")
        if answer.code == 421:
            self._client.close()
        return outcome_of(answer.code, answer.message, "end")

    async def _reset(self) -> None:
        """Begins anew on the same connection, or drops it."""
        if self.alive:
            try:
                await self._client.rset()
            except (SMTPException, OSError):
                self._client.close()


def _heed() -> None:
    """Raises a cancellation that the library has swallowed: its `asyncio.wait_for` does where it comes together with
    what is waited for (CPython issue 86296, fixed in 3.12), and a line that is stopped would not stop."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _outcome(error: SMTPResponseException, stage: Stage) -> Outcome:
    if not 400 <= error.code <= 599:
        return NotSent("answer_unreadable", blame=Blame.LINE)
    return outcome_of(error.code, error.message, stage)


def _failure(error: BaseException) -> ConnectFailedError | None:
    """Returns what stopped a connection from being made; None for what is not ours (cancellation, defects)."""
    if isinstance(error, ConnectFailedError):
        return error
    if isinstance(error, TokenError):
        return ConnectFailedError(error.reason, str(error), blocked=error.blocked)
    causes = [*_causes(error)]
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return ConnectFailedError("certificate_invalid", cause.verify_message, blocked=True)
        if isinstance(cause, ssl.SSLError):
            return ConnectFailedError("tls_failed", cause.reason or "", blocked=False)
    if isinstance(error, SMTPAuthenticationError) and "basic authentication" in error.message.casefold():
        # Microsoft 365 still offers what it has ended: 535 5.7.139.
        return ConnectFailedError("login_unsupported", "the server takes no passwords", blocked=True)
    if isinstance(error, SMTPAuthenticationError):
        blocked = error.code >= 500
        return ConnectFailedError("login_refused" if blocked else "login_later", str(error.code), blocked=blocked)
    if isinstance(error, SMTPConnectError) and not isinstance(error, SMTPResponseException):
        # Connected, but nobody said anything: TLS is spoken at that port, or something else.
        silent = any(isinstance(cause, SMTPTimeoutError) for cause in causes[1:])
        if forbidden(error):
            return ConnectFailedError(NETWORK_FORBIDDEN, "", blocked=False)
        return ConnectFailedError("no_greeting" if silent else "host_down", "", blocked=False)
    if isinstance(error, SMTPResponseException):
        return ConnectFailedError("server_refuses", str(error.code), blocked=False)
    if isinstance(error, SMTPException | OSError):
        return ConnectFailedError("connection_lost", "", blocked=False)
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _word(error: BaseException) -> str:
    return "timeout" if isinstance(error, TimeoutError) else "connection_lost"


def _context(options: SmtpOptions) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(options.ca_file) if options.ca_file else None)
