"""Single posts on their way to the daemon: what comes while one request is on its way goes with the next, together.

The daemon records all messages of a request in one commit, so that a hundred programs that post at once wait for a few
commits, not for a hundred.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gatewayd.web.remote import Bearer, Remote
from gatewayd.words.translation import language, speaking

TOGETHER: Final = 64
"""Posts that go together at most."""
WEIGHT: Final = 400_000
"""Octets that go together at most, but for one that is longer: far below what the socket takes."""
IN_FLIGHT: Final = 2
"""Requests on their way for one token: one is recorded while the next is read."""


@dataclass(slots=True)
class _Post:
    document: dict[str, Any]
    weight: int
    future: asyncio.Future[dict[str, Any]]


class _Way:
    """What one token posts into one account, in one language."""

    def __init__(self) -> None:
        self.waiting: deque[_Post] = deque()
        self.in_flight = 0
        self.scheduled = False


class Gatherer:
    """Hands posts of messages on. Lives on the web process's loop."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._ways: dict[tuple[str | None, str | None, str], _Way] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def post(
        self,
        bearer: Bearer,
        account: str | None,
        messages: Sequence[Mapping[str, Any]],
        weight: int,
        key: tuple[str, str] | None,
    ) -> dict[str, Any]:
        """Posts the messages of one request; returns the daemon's result for it. `weight` is octets of the body, `key`
        the Idempotency-Key with the request's fingerprint. GatewayError as `Remote.ask`."""
        document: dict[str, Any] = {"messages": messages}
        if key is not None:
            document |= {"key": key[0], "fingerprint": key[1]}
        place = bearer.token, account, language()
        way = self._ways.get(place)
        if way is None:
            way = self._ways[place] = _Way()
        post = _Post(document, weight, asyncio.get_running_loop().create_future())
        way.waiting.append(post)
        if not way.scheduled and way.in_flight < IN_FLIGHT:
            # Not at once: what else this turn of the loop brings goes along.
            way.scheduled = True
            asyncio.get_running_loop().call_soon(self._start, place, way, bearer)
        return await post.future

    def _start(self, place: tuple[str | None, str | None, str], way: _Way, bearer: Bearer) -> None:
        way.scheduled = False
        if not way.waiting:
            return
        way.in_flight += 1
        task = asyncio.get_running_loop().create_task(self._carry(place, way, bearer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, place: tuple[str | None, str | None, str], way: _Way, bearer: Bearer) -> None:
        try:
            while way.waiting:
                await self._request(place, self._portion(way), bearer)
        finally:
            way.in_flight -= 1
            if not way.in_flight and not way.waiting:
                self._ways.pop(place, None)

    @staticmethod
    def _portion(way: _Way) -> list[_Post]:
        portion: list[_Post] = []
        weight = 0
        while way.waiting and len(portion) < TOGETHER and (not portion or weight + way.waiting[0].weight <= WEIGHT):
            portion.append(way.waiting.popleft())
            weight += portion[-1].weight
        return portion

    async def _request(self, place: tuple[str | None, str | None, str], portion: list[_Post], bearer: Bearer) -> None:
        _token, account, spoken = place
        try:
            with speaking(spoken):
                answer = await self._remote.ask(
                    bearer, "message.post", {"account": account, "posts": [post.document for post in portion]}
                )
            for post, result in zip(portion, answer["results"], strict=True):
                if not post.future.done():
                    post.future.set_result(result)
        except Exception as error:  # noqa: BLE001 - each of them is told; who waits answers
            for post in portion:
                if not post.future.done():
                    post.future.set_exception(error)
