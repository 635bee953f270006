"""The calls by which a simulated number tells its webhook: signed, in order, repeated until answered by 200."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import aiohttp

from drivers.whatsapp.simulator.number import BusinessNumber

ANSWER_S = 10.0
"""Meta wants an answer at once; a starved machine may take longer."""
PAUSES_S = (0.05, 0.1, 0.2, 0.5)
"""Between repeats; the last without end, where Meta goes on for days with longer ones."""


class Caller:
    """One queue a number, so that order is kept; used between `start` and `stop`."""

    def __init__(self, progress: Callable[[], None]) -> None:
        self._progress = progress
        self._queues: dict[int, asyncio.Queue[dict[str, Any]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self.waiting = 0
        """What is still to be told, or was not answered yet."""

    def start(self) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        self._queues.clear()
        if self._session is not None:
            await self._session.close()
            self._session = None

    def tell(self, number: BusinessNumber, call: dict[str, Any], delay_s: float) -> None:
        if number.settings.hook:
            asyncio.get_running_loop().call_later(delay_s, self._put, number, call)

    def _put(self, number: BusinessNumber, call: dict[str, Any]) -> None:
        if self._session is None:
            return
        queue = self._queues.get(number.index)
        if queue is None:
            queue = self._queues[number.index] = asyncio.Queue()
            self._tasks.add(asyncio.create_task(self._work(number, queue)))
        self.waiting += 1
        queue.put_nowait(call)

    async def _work(self, number: BusinessNumber, queue: asyncio.Queue[dict[str, Any]]) -> None:
        while True:
            calls = [await queue.get()]
            while len(calls) < number.settings.batch and not queue.empty():
                calls.append(queue.get_nowait())
            whole = {**calls[0], "entry": [entry for call in calls for entry in call["entry"]]}
            body = json.dumps(whole, ensure_ascii=False).encode()
            tried = 0
            while not await self._called(number, body):
                await asyncio.sleep(PAUSES_S[min(tried, len(PAUSES_S) - 1)])
                tried += 1
            self.waiting -= len(calls)
            number.counters["told"] += len(calls)
            self._progress()

    async def _called(self, number: BusinessNumber, body: bytes) -> bool:
        assert self._session is not None
        number.counters["calls"] += 1
        signature = hmac.new(number.settings.app_secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
        try:
            async with self._session.post(number.settings.hook, data=body, headers=headers) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False
        finally:
            self._progress()

    async def challenge(self, number: BusinessNumber, word: str) -> bool:
        """Returns whether the webhook answers Meta's question with the word it was given."""
        assert self._session is not None
        query = {
            "hub.mode": "subscribe",
            "hub.verify_token": number.settings.verify_token,
            "hub.challenge": word,
        }
        async with self._session.get(number.settings.hook, params=query) as response:
            return response.status == 200 and await response.text() == word
