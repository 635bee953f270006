"""HTTP towards one phone: bounded in time and size, and every failure told apart by whether the request left."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from drivers.android.errors import AnswerError, CredentialsError, LostError, UnreachableError
from drivers.android.timing import Timing
from drivers.base import NETWORK_FORBIDDEN, forbidden

MOST_BYTES: Final = 16 * 1024 * 1024
"""Of one answer: 500 long messages fit many times."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    total: int | None
    """`X-Total-Count`, where the answer is one page of a list."""

    def json(self) -> Any:
        """Raises `AnswerError` for what is not JSON: a portal's login page is no success, whatever its status."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise AnswerError("not_the_app", self.status) from error

    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class PhoneClient:
    """Requests to one phone. Credentials are held here and nowhere else; no error's text contains them."""

    def __init__(self, base: str, headers: Mapping[str, str], timing: Timing, *, keep: bool = True) -> None:
        """`keep` reuses connections; without it each request has a new one, so that a stale one is never in doubt."""
        self._base, self._headers, self._timing, self._keep = base, dict(headers), timing, keep
        self._session: aiohttp.ClientSession | None = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            # No cache of names: a phone's address changes with its lease.
            connector = aiohttp.TCPConnector(use_dns_cache=False, force_close=not self._keep, limit=16)
            self._session = aiohttp.ClientSession(
                connector=connector, headers=self._headers, auto_decompress=True, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def ask(self, method: str, path: str, *, answer_s: float | None = None, **body: Any) -> Answer:
        """Makes one request, `body` being `json`, `data` or `params`. Any status but 401 and 403 is an answer.

        Raises `UnreachableError` (nothing left), `LostError` (it may have), `CredentialsError`.
        """
        limits = aiohttp.ClientTimeout(
            total=answer_s or self._timing.answer_s,
            connect=None,
            sock_connect=self._timing.connect_s,
        )
        try:
            async with self._open().request(
                method, self._base + path, timeout=limits, allow_redirects=False, **body
            ) as response:
                content = await _bounded(response)
                total = response.headers.get("X-Total-Count", "")
                answer = Answer(response.status, content, int(total) if total.isdecimal() else None)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise UnreachableError(NETWORK_FORBIDDEN if forbidden(error) else "unreachable") from error
        except aiohttp.InvalidURL as error:
            raise UnreachableError("url_invalid") from error
        except TimeoutError as error:
            raise LostError("no_answer") from error
        except (aiohttp.ClientError, OSError) as error:
            raise LostError("connection_lost") from error
        if answer.status in (401, 403):
            raise CredentialsError("credentials_refused")
        return answer

    async def read(self, path: str, **body: Any) -> Any:
        """Returns the JSON behind a GET; raises `AnswerError` for any status but 200 besides what `ask` raises."""
        answer = await self.ask("GET", path, **body)
        if answer.status != 200:
            raise AnswerError(f"http_{answer.status}", answer.status)
        return answer.json()


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    """Returns all of the body; raises `LostError` for one without an end."""
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > MOST_BYTES:
            response.close()
            raise LostError("answer_too_large")
    return bytes(content)


def backoff(tried: int, first_s: float, most_s: float) -> float:
    """Returns the pause after `tried` failures (from 1): doubling, bounded."""
    return float(min(first_s * 2 ** min(tried - 1, 16), most_s))


async def pause(seconds: float, deadline: float) -> bool:
    """Sleep, but not beyond `deadline` (loop time); whether there is time left."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(max(0.0, min(seconds, deadline - loop.time())))
    return loop.time() < deadline
