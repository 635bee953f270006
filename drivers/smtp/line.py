"""A mail account as a line of the gateway: connects while there is work, and knows when its server is to blame."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog

from drivers.base import (
    Blame,
    EventSink,
    LineError,
    LineState,
    LineStatus,
    NotSent,
    OpenAttempt,
    OutboundMessage,
    Outcome,
    PointOfNoReturn,
    Refused,
)
from drivers.smtp.attachments import read_attachments
from drivers.smtp.compose import Content, Mail, Sender, UnsendableError, compose
from drivers.smtp.listening import Listener
from drivers.smtp.options import SmtpOptions, require_usable
from drivers.smtp.session import ConnectFailedError, LostBeforeContentError, Session, Timing

IN_THREAD_BYTES: Final = 64 * 1024
"""A mail above this is put together beside the event loop; below, the detour costs more than the work."""


class SmtpLine:
    """Implements `drivers.base.Line`, over as many connections as it takes, one at a time."""

    def __init__(self, name: str, options: SmtpOptions, timing: Timing | None = None) -> None:
        require_usable(options)
        self._options = options
        self._timing = timing or Timing()
        self._sender = Sender(options.from_name, options.from_address, options.reply_to, options.unsubscribe)
        self._log = structlog.get_logger("drivers.smtp").bind(line=name)
        self._lock = asyncio.Lock()
        self._session: Session | None = None
        self._used = 0.0
        self._moved = asyncio.Event()
        self._trouble: ConnectFailedError | None = None
        self._running = False
        self._mailbox: str | None = None
        """Why the mailbox cannot be read; None when it can, or there is none."""

    @property
    def capacity(self) -> int:
        return 1

    async def resume(self, attempts: Sequence[OpenAttempt]) -> Mapping[str, Outcome]:  # noqa: ARG002
        """A submission server cannot be asked what it took: every open attempt stays in doubt."""
        return {}

    async def command(self, name: str, argument: str = "") -> Mapping[str, Any]:  # noqa: ARG002 - the port's signature
        """`verify`: connect and log in, send nothing. Raises `LineError`."""
        if name != "verify":
            raise LineError(f"a mail line knows no command {name!r}: verify")
        session = Session(self._options, self._timing)
        began = time.monotonic()
        await session.open()
        await session.close()
        logged_in = self._options.user is not None
        return {"connected": True, "logged_in": logged_in, "took_ms": round((time.monotonic() - began) * 1000)}

    # ------------------------------------------------------------------------------------------------------- its life

    async def run(self, events: EventSink) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep(events))
                if self._options.imap_host is not None:

                    async def told(reason: str | None) -> None:
                        await self._mailbox_told(reason, events)

                    tasks.create_task(Listener(self._options, told, self._log).run(events))
        finally:
            self._running = False
            session, self._session = self._session, None
            if session is not None:
                await session.close()

    async def _keep(self, events: EventSink) -> None:
        """Ready while the server answers; else tries again, ever more slowly."""
        failures = 0
        error: ConnectFailedError | None = None
        while True:
            if error is None:
                error = await self._tried()
            if error is not None:
                failures += 1
                self._running = False
                pause = self._pause_s(error, failures)
                state: LineState = "quarantined" if error.blocked else "recovering"
                self._log.warning("mail server not usable", reason=str(error), pause_s=pause)
                await events.put(LineStatus(state, error.reason))
                await asyncio.sleep(pause)
                error = None
                continue
            failures, self._trouble, self._running = 0, None, True
            await events.put(self._ready())
            # What a send could not do is not tried again at once: the status comes first, and a login that was
            # refused must not be refused twice.
            error = await self._while_well()

    async def _tried(self) -> ConnectFailedError | None:
        """Connects; what stopped it, if anything."""
        try:
            async with self._lock:
                await self._connected()
        except ConnectFailedError as error:
            return error
        return None

    def _ready(self) -> LineStatus:
        detail = {"mailbox": self._mailbox} if self._mailbox else {}
        return LineStatus("ready", operator=self._options.host, detail=detail)

    async def _mailbox_told(self, reason: str | None, events: EventSink) -> None:
        """A mailbox that cannot be read stops no mail, but a person should see it."""
        if reason != self._mailbox:
            self._mailbox = reason
            if reason is not None:
                self._log.warning("mailbox not read", reason=reason)
            if self._running:
                await events.put(self._ready())

    def _pause_s(self, error: ConnectFailedError, failures: int) -> float:
        if error.blocked:
            return self._timing.blocked
        return min(self._timing.retry_first * 2.0 ** min(failures - 1, 16), self._timing.retry_most)

    async def _while_well(self) -> ConnectFailedError:
        """Closes the connection when it is idle; answers why, once a send could not connect."""
        while self._trouble is None:
            self._moved.clear()
            session = self._session
            wait = None if session is None else max(self._used + self._timing.idle - time.monotonic(), 0.0)
            if session is not None and wait == 0.0:
                async with self._lock:
                    if self._session is session and self._used + self._timing.idle <= time.monotonic():
                        self._session = None
                        await session.close()
                continue
            try:
                async with asyncio.timeout(wait):
                    await self._moved.wait()
            except TimeoutError:
                pass
        return self._trouble

    async def _connected(self) -> Session:
        """The connection there is, or a new one; raises ConnectFailedError."""
        if self._session is None or not self._session.alive:
            self._session = None
            session = Session(self._options, self._timing)
            await session.open()
            self._session = session
        self._used = time.monotonic()
        return self._session

    # -------------------------------------------------------------------------------------------------------- sending

    async def send(self, message: OutboundMessage, point_of_no_return: PointOfNoReturn) -> Outcome:
        if not self._running:
            return NotSent("not_ready", counts=False)
        try:
            mail = await self._mail(message)
        except UnsendableError as error:
            return Refused(error.reason)
        async with self._lock:
            try:
                return await self._submit(mail, message, point_of_no_return)
            finally:
                self._used = time.monotonic()
                self._moved.set()

    async def _submit(self, mail: Mail, message: OutboundMessage, point_of_no_return: PointOfNoReturn) -> Outcome:
        reason = "connection_lost"
        for _ in range(2):
            before = self._session
            try:
                session = await self._connected()
            except ConnectFailedError as error:
                self._trouble, self._running = error, False
                return NotSent(error.reason, counts=False, blame=Blame.LINE)
            fresh = session is not before
            try:
                outcome = await session.submit(
                    mail,
                    envelope_from=self._envelope_from(message.attempt),
                    attempt=message.attempt,
                    point_of_no_return=point_of_no_return,
                )
            except LostBeforeContentError as error:
                reason = str(error)
                if fresh:
                    break
                continue  # servers close a connection after some time or mails: a new one, once
            if session.cc_refused:
                self._log.warning(
                    "copies refused", attempt=message.attempt, reasons=sorted(set(session.cc_refused.values()))
                )
            if isinstance(outcome, NotSent) and outcome.reason == "server_closing" and not fresh:
                await session.close()
                reason = outcome.reason
                continue
            return outcome
        return NotSent(reason, blame=Blame.LINE)

    def _envelope_from(self, attempt: str) -> str:
        return (self._options.bounce_address or self._options.from_address).replace("{attempt}", attempt)

    async def _mail(self, message: OutboundMessage) -> Mail:
        """Raises UnsendableError."""
        email = message.options.get("email") or {}
        texts = message.options.get("texts") or {}
        names, html = tuple(email.get("attachments") or ()), texts.get("html")
        subject = texts.get("subject") or ""
        cc = tuple(email.get("cc") or ())
        paths = message.options.get("attachments") or {}

        def made() -> Mail:
            attached = read_attachments(names, paths, limit=self._options.max_size)
            content = Content(message.address, subject, message.text, html, cc, attached)
            mail = compose(self._sender, content, attempt=message.attempt, at=time.time())
            if len(mail.data) > self._options.max_size:
                raise UnsendableError("too_large")
            return mail

        if names or len(message.text) + len(html or "") > IN_THREAD_BYTES:
            return await asyncio.to_thread(made)
        return made()
