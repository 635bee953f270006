"""The token endpoint of a simulated account (RFC 6749): refresh tokens and client credentials against access tokens."""

from __future__ import annotations

import asyncio
import itertools
import json

from drivers.simulation.http import Connection, Incoming, Reply
from drivers.smtp.simulator.account import Account


class TokenEndpoint:
    """Serves one account over HTTP on this machine."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._numbers = itertools.count(1)

    async def start(self) -> int:
        """Listens; returns the port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self._handle, self._connections.add, self._connections.discard), "127.0.0.1", 0
        )
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for connection in [*self._connections]:
                connection.drop()
            await self._server.wait_closed()

    def _handle(self, connection: Connection, request: Incoming) -> None:
        account = self._account
        account.count("token_requests")
        fault = account.faults.take("token")
        if fault is not None:
            account.count("faults")
            if fault.kind == "drop":
                connection.drop()
                return
            if fault.kind == "reply":
                connection.answer(Reply(fault.code, fault.text.encode()).encode())
                return
            asyncio.get_running_loop().call_later(fault.delay_s, self._answer, connection, request)
            return
        self._answer(connection, request)

    def _answer(self, connection: Connection, request: Incoming) -> None:
        account, form = self._account, request.pairs()
        secret = {"refresh_token": "refresh_token", "client_credentials": "client_secret"}.get(
            form.get("grant_type", "")
        )
        if secret is None or form.get(secret) != getattr(account.settings, secret):
            account.count("tokens_refused")
            connection.answer(Reply(400, b'{"error":"invalid_grant"}').encode())
            return
        account.token = f"ficha-{next(self._numbers)}"
        account.count("tokens")
        answer = {"access_token": account.token, "token_type": "Bearer", "expires_in": account.settings.token_life_s}
        connection.answer(Reply(200, json.dumps(answer).encode()).encode())
