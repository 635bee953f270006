"""One simulated submission server: aiosmtpd's, with faults at each stage and a record of what it took."""

from __future__ import annotations

import asyncio
import base64
import logging
import re
import ssl
import time
from typing import Any, AnyStr

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from drivers.smtp.simulator.account import Account
from drivers.smtp.simulator.settings import Fault

# aiosmtpd warns of a property that it sets itself, at each login.
logging.getLogger("mail.log").addFilter(lambda record: "login_data is deprecated" not in record.getMessage())

_DSN = re.compile(r" (RET|ENVID|NOTIFY|ORCPT)=(\S+)", re.IGNORECASE)


class Handler:
    """aiosmtpd's hooks, for one connection."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.dsn: dict[str, str] = {}

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's names, here and below
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        offered = [each for each in responses if "AUTH" not in each]
        if self.account.settings.auth and len(offered) < len(responses):
            offered.insert(len(offered) - 1, f"250-AUTH {self.account.settings.mechanisms}")
        responses = offered
        return [*responses[:-1], "250-DSN", responses[-1]] if self.account.settings.dsn else responses

    async def auth_XOAUTH2(self, server: Server, arguments: list[str]) -> AuthResult:  # noqa: N802
        """Serves Google's and Microsoft's login: answers a bad token by a challenge, and the client that by nothing."""
        response = base64.b64decode(arguments[1]) if len(arguments) > 1 else b""
        good = self.account.judge_xoauth2(response)
        if not good:
            await server.challenge_auth(b'{"status":"400","schemes":"bearer"}')
        self.account.count("logins" if good else "logins_refused")
        return AuthResult(success=good, handled=False, auth_data=self.account.settings.user)

    async def handle_DATA(self, server: Server, session: Session, envelope: Envelope) -> str:  # noqa: N802
        account = self.account
        if account.settings.latency_s:
            await asyncio.sleep(account.settings.latency_s)
        fault = account.faults.take("end")
        if fault is None or fault.taken or fault.kind == "slow":
            account.record(session, envelope, dict(self.dsn), encrypted=server.encrypted)
        else:
            account.count("lost")
        if fault is not None and (answer := await server.struck(fault)) is not None:
            return answer
        return "250 2.0.0 queued"


class Server(SMTP):
    """A connection."""

    def __init__(self, account: Account, context: ssl.SSLContext | None) -> None:
        self.account = account
        self._greeted = False
        self._handler = Handler(account)
        super().__init__(
            self._handler,
            hostname="mail.example.net",
            tls_context=context,
            auth_require_tls=False,
            authenticator=self._judge_login,
            data_size_limit=account.settings.size,
            enable_SMTPUTF8=account.settings.utf8,
            loop=asyncio.get_running_loop(),
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.account.connections.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self.transport is not None:
            self.account.connections.discard(self.transport)
            self.account.count("closed")
        super().connection_lost(error)

    def _judge_login(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        wanted = (self.account.settings.user.encode(), self.account.settings.password.encode())
        good = (data.login, data.password) == wanted
        self.account.count("logins" if good else "logins_refused")
        return AuthResult(success=good, handled=False, auth_data=data.login.decode(errors="replace"))

    @property
    def encrypted(self) -> bool:
        return self.transport is not None and self.transport.get_extra_info("sslcontext") is not None

    async def struck(self, fault: Fault) -> str | None:
        """Does what a fault does; returns the answer it gives, if any."""
        self.account.count("faults")
        if fault.delay_s:
            await asyncio.sleep(fault.delay_s)
        if fault.kind == "drop" and self.transport is not None:
            self.transport.close()
            raise ConnectionResetError
        return f"{fault.code} {fault.text}" if fault.kind == "reply" else None

    async def _stopped(self, stage: str, argument: str | None) -> bool:
        """Returns whether a fault has already answered the command."""
        fault = self.account.faults.take(stage, argument or "")
        answer = await self.struck(fault) if fault is not None else None
        if answer is not None:
            self.account.count("refused")
            await self.push(answer)
        return answer is not None

    async def push(self, status: AnyStr) -> None:
        if not self._greeted:
            self._greeted = True
            self.account.count("connections")
            fault = self.account.faults.take("connect")
            if fault is not None and (answer := await self.struck(fault)) is not None:
                await super().push(answer)
                return
        await super().push(status)

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802
        if not await self._stopped("ehlo", hostname):
            await super().smtp_EHLO(hostname)

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802
        if not await self._stopped("auth", None):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        if await self._stopped("mail", arg):
            return
        if self.account.settings.auth and not (self.session and self.session.authenticated):
            await self.push("530 5.7.0 Authentication required")
            return
        self._handler.dsn = {}
        await super().smtp_MAIL(self._without_dsn(arg))

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        if await self._stopped("rcpt", arg) or await self._put_off(arg or ""):
            return
        await super().smtp_RCPT(self._without_dsn(arg))

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if not await self._stopped("data", None):
            await super().smtp_DATA(arg)

    def _without_dsn(self, arg: str | None) -> str | None:
        if arg is None or not self.account.settings.dsn:
            return arg
        recipient = arg.partition("<")[2].partition(">")[0]
        for name, value in _DSN.findall(arg):
            key = f"{name.upper()} {recipient}" if name.upper() in ("NOTIFY", "ORCPT") else name.upper()
            self._handler.dsn[key] = value
        return _DSN.sub("", arg)

    async def _put_off(self, arg: str) -> bool:
        rest = self.account.settings.greylist_s
        if not rest or self.envelope is None:
            return False
        pair = (str(self.envelope.mail_from), arg)
        first = self.account.put_off.setdefault(pair, time.monotonic())
        if time.monotonic() - first >= rest:
            return False
        self.account.count("greylisted")
        await self.push(f"451 4.7.1 Greylisted, please try again in {round(rest)} seconds")
        return True
