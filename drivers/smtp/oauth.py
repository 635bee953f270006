"""Access tokens for a login by OAuth 2.0 (RFC 6749): by refresh token (§6), or by client credentials (§4.4).

Google gives a refresh token for a person's mailbox; Microsoft 365 lets an application in by its own secret.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Final

from drivers.base import LineError
from drivers.smtp.options import SmtpOptions

ANSWER_S: Final = 20.0
"""For the whole request: a token endpoint answers in a second."""
_ANSWER_MAX: Final = 64 * 1024
_TOKEN_MAX: Final = 16 * 1024
_EARLY_S: Final = 120.0
"""A token that runs out so soon is renewed: a login must not meet its end."""
_UNTOLD_S: Final = 300.0
"""Life of a token that tells none (RFC 6749 §5.1 only recommends to)."""


class TokenError(LineError):
    """No token; `blocked` when a person has to do something (RFC 6749 §5.2), else it may come with time."""

    def __init__(self, reason: str, detail: str = "", *, blocked: bool) -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.blocked = blocked


class Tokens:
    """The token of one account, kept until shortly before it runs out; one request at a time."""

    def __init__(self, options: SmtpOptions) -> None:
        self._options = options
        self._lock = asyncio.Lock()
        self._token: str | None = None
        self._until = 0.0

    async def current(self, refused: str | None = None) -> str:
        """Returns a token that should do; raises TokenError.

        `refused` is one that a server has just turned down: it is not given again.
        """
        async with self._lock:
            if self._token is None or self._token == refused or time.monotonic() >= self._until:
                self._token = None
                self._token, life = await self._ask()
                self._until = time.monotonic() + max(life - _EARLY_S, 1.0)
            return self._token

    async def _ask(self) -> tuple[str, float]:
        # Here, for most accounts log in by password and need no HTTP.
        import aiohttp

        timeout = aiohttp.ClientTimeout(total=ANSWER_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
                session.post(self._options.token_url, data=self._request(), allow_redirects=False) as response,
            ):
                status, body = response.status, await response.content.read(_ANSWER_MAX)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise TokenError("token_unavailable", type(error).__name__, blocked=False) from None
        return _read(status, body)

    def _request(self) -> dict[str, str]:
        options = self._options
        form = {"client_id": options.oauth_client_id or ""}
        if options.oauth_client_secret is not None:
            form["client_secret"] = options.oauth_client_secret.get_secret_value()
        if options.oauth_refresh_token is not None:
            form |= {"grant_type": "refresh_token", "refresh_token": options.oauth_refresh_token.get_secret_value()}
        else:
            form["grant_type"] = "client_credentials"
        if options.token_scope is not None:
            form["scope"] = options.token_scope
        return form


def _read(status: int, body: bytes) -> tuple[str, float]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    answer = answer if isinstance(answer, dict) else {}
    if status == 200:
        token, life = answer.get("access_token"), answer.get("expires_in")
        if isinstance(token, str) and 0 < len(token) <= _TOKEN_MAX and token.isascii() and token.isprintable():
            if isinstance(life, int | float) and 0 < life < 1e9:
                return token, float(life)
            return token, _UNTOLD_S
        raise TokenError("token_unreadable", blocked=False)
    word = answer.get("error")
    # A word of the standard's list, never a text of the server's: that could hold anything.
    detail = word if isinstance(word, str) and word.replace("_", "").isalpha() and len(word) <= 40 else str(status)
    if status in (400, 401, 403):
        raise TokenError("token_refused", detail, blocked=True)
    raise TokenError("token_unavailable", detail, blocked=False)
