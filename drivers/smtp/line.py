"""A mail account as a line of the gateway: connects while there is work, and knows when its server is to blame."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog

from drivers.base import (
    Blame,
    EmailContent,
    Event,
    EventSink,
    HookCall,
    HookRefusedError,
    LineError,
    LineState,
    LineStatus,
    NotSent,
    OpenAttempt,
    OutboundMessage,
    Outcome,
    PointOfNoReturn,
    Refused,
    spoken,
)
from drivers.smtp.attachments import read_attachments
from drivers.smtp.compose import Content, Mail, Sender, UnsendableError, compose
from drivers.smtp.listening import Health, Listener
from drivers.smtp.mailbox import Mailbox, MailboxError
from drivers.smtp.oauth import TokenError, Tokens
from drivers.smtp.options import SmtpOptions, require_usable
from drivers.smtp.received.identity import Identity, Recipients
from drivers.smtp.session import ConnectFailedError, LostBeforeContentError, Session, Timing
from drivers.smtp.unsubscribe import KEY, WORD, Links

IN_THREAD_BYTES: Final = 64 * 1024
"""A mail above this is put together beside the event loop; below, the detour costs more than the work."""
COPIES_KNOWN: Final = 10_000
"""Mails with copies whose recipients are remembered, for bounces that do not say whose fate they tell."""


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
        self._health = Health()
        self._tokens = Tokens(options) if options.auth == "oauth2" else None
        self._links = Links(options.unsubscribe_key.get_secret_value()) if options.unsubscribe_key else None
        self._copied: OrderedDict[str, Recipients] = OrderedDict()

    @property
    def capacity(self) -> int:
        return 1

    async def resume(self, attempts: Sequence[OpenAttempt]) -> Mapping[str, Outcome]:  # noqa: ARG002
        """Resolves nothing: a submission server cannot be asked what it took."""
        return {}

    async def command(self, name: str, argument: str = "") -> Mapping[str, Any]:  # noqa: ARG002 - the port's signature
        """Answers `verify`: connects and logs in, at server and mailbox, and sends nothing. Raises `LineError`."""
        if name != "verify":
            raise LineError(spoken("a mail line answers: verify"))
        session = Session(self._options, self._timing, self._tokens)
        began = time.monotonic()
        await session.open()
        await session.close()
        logged_in = self._options.user is not None
        answer = {"connected": True, "logged_in": logged_in, "took_ms": round((time.monotonic() - began) * 1000)}
        return answer if self._options.imap_host is None else answer | {"mailbox": await self._verify_mailbox()}

    async def _verify_mailbox(self) -> str:
        """Returns `ready`, or why the mailbox cannot be read."""
        try:
            token = await self._tokens.current() if self._tokens is not None else None
            mailbox = Mailbox(self._options, token)
            try:
                await asyncio.to_thread(mailbox.open)
            finally:
                await asyncio.to_thread(mailbox.close)
        except (MailboxError, TokenError) as error:
            return error.reason
        return "ready"

    # ------------------------------------------------------------------------------------------- a person wants no more

    @property
    def call_answer(self) -> str:
        return ""

    def on_call(self, call: HookCall) -> Sequence[Event] | None:
        """Takes one click on a link of ours. Implements `drivers.base.TakesCalls`."""
        if call.method == "GET":
            return None
        return [self._required_links().click(call, address=self._options.from_address, at=time.time())]

    def on_challenge(self, query: Mapping[str, str]) -> str:
        """Returns what a browser that opens such a link is shown. Implements `drivers.base.AnswersChallenges`."""
        return self._required_links().page(query.get(KEY, ""))

    def _required_links(self) -> Links:
        if self._links is None:
            raise HookRefusedError(404, "this line puts no links into its mails")
        return self._links

    # ------------------------------------------------------------------------------------------------------- its life

    async def run(self, events: EventSink) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep(events))
                if self._options.imap_host is not None:

                    async def on_health(health: Health) -> None:
                        await self._show_mailbox(health, events)

                    options = self._options
                    identity = Identity(options.from_address, options.bounce_address, self._links, self._copied)
                    tasks.create_task(Listener(options, identity, on_health, self._log, self._tokens).run(events))
        finally:
            self._running = False
            session, self._session = self._session, None
            if session is not None:
                await session.close()

    async def _keep(self, events: EventSink) -> None:
        """Keeps the line ready while the server answers; else tries again, ever more slowly."""
        failures = 0
        error: ConnectFailedError | None = None
        while True:
            if error is None:
                error = await self._try_out()
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

    async def _try_out(self) -> ConnectFailedError | None:
        """Connects; returns what stopped it, if anything."""
        try:
            async with self._lock:
                await self._connect()
        except ConnectFailedError as error:
            return error
        return None

    def _ready(self) -> LineStatus:
        return LineStatus("ready", operator=self._options.host, detail=self._health.detail())

    async def _show_mailbox(self, health: Health, events: EventSink) -> None:
        """Shows how reading the mailbox goes: it stops no mail, but a person should see it."""
        if health.reason not in (None, self._health.reason):
            self._log.warning("mailbox not read", reason=health.reason)
        self._health = health
        if self._running:
            await events.put(self._ready())

    def _pause_s(self, error: ConnectFailedError, failures: int) -> float:
        if error.blocked:
            return self._timing.blocked
        return min(self._timing.retry_first * 2.0 ** min(failures - 1, 16), self._timing.retry_most)

    async def _while_well(self) -> ConnectFailedError:
        """Closes the connection when it is idle; returns why, once a send could not connect."""
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

    async def _connect(self) -> Session:
        """Returns the connection there is, or a new one; raises ConnectFailedError."""
        if self._session is None or not self._session.alive:
            self._session = None
            session = Session(self._options, self._timing, self._tokens)
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
                session = await self._connect()
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
            if mail.cc:
                self._remember(message.attempt, mail)
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

    def _remember(self, attempt: str, mail: Mail) -> None:
        to = frozenset({mail.to.casefold()})
        self._copied[attempt] = Recipients(to, frozenset(each.casefold() for each in mail.cc) - to)
        while len(self._copied) > COPIES_KNOWN:
            self._copied.popitem(last=False)

    def _unsubscribe_links(self, message: OutboundMessage) -> tuple[str, ...]:
        """Makes the links of one mail: a click where the gateway can be reached, a mail where a mailbox is read."""
        if self._links is None:
            return ()
        seal = self._links.seal(message.attempt, message.to)
        links = [f"{self._options.unsubscribe_url}?{KEY}={seal}"] if self._options.unsubscribe_url is not None else []
        if self._options.imap_host is not None:
            # Bounces come to the mailbox that is read; other addresses of the account may end elsewhere.
            links.append(f"mailto:{self._envelope_from(message.attempt)}?subject={WORD}%20{seal}")
        return tuple(links)

    def _envelope_from(self, attempt: str) -> str:
        return (self._options.bounce_address or self._options.from_address).replace("{attempt}", attempt)

    async def _mail(self, message: OutboundMessage) -> Mail:
        """Makes the mail of a message; raises UnsendableError."""
        email = message.says(EmailContent)
        links = self._unsubscribe_links(message)

        def made() -> Mail:
            attached = read_attachments(email.attachments, limit=self._options.max_size)
            content = Content(message.address, email.subject, message.text, email.html, email.cc, attached, links)
            mail = compose(self._sender, content, attempt=message.attempt, at=time.time())
            if len(mail.data) > self._options.max_size:
                raise UnsendableError("too_large")
            return mail

        if email.attachments or len(message.text) + len(email.html or "") > IN_THREAD_BYTES:
            return await asyncio.to_thread(made)
        return made()
