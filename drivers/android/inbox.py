"""What a phone has received (SMSGate): read from its list, each message once, none lost.

The app's id of a message is a 32-bit hash of all it holds, the network's time included: the same message handed over
again bears the same id and time, a genuine repeat another time. The list is ordered by the network's time, so a message
that was held up appears in the middle: the number of messages tells that there is a new one, not the newest time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from drivers.android import encryption
from drivers.android.client import Answer
from drivers.android.errors import AnswerError
from drivers.android.states import moment
from drivers.android.timing import Timing
from drivers.android.watch import Api, listed, stamp
from drivers.base import EventSink, InboundMessage

PAGE: Final = 500
"""The most that the app lists at once."""
KNOWN_MOST: Final = 20_000
"""Names remembered; those of a list that is longer are read again, and the store knows them."""
AT_ONCE: Final = 250
"""Events put together, so that they share commits."""


class Inbox:
    """The inbox of one line; `sim` takes only what came in by that SIM."""

    def __init__(self, api: Api, timing: Timing, sim: int | None, passphrase: str) -> None:
        self._api, self._timing, self._sim, self._passphrase = api, timing, sim, passphrase
        self._seen: dict[str, float] = {}
        self._begin = 0.0
        self._total: int | None = None
        self._swept = 0.0

    async def poll(self, events: EventSink) -> None:
        """One look: a small request, and the list where there is something new. Raises `PhoneError`."""
        now = time.time()
        if self._total is None or now - self._swept >= self._timing.sweep_s:
            self._begin, self._swept, self._total = now - self._timing.inbox_s, now, None
            self._seen = {key: at for key, at in self._seen.items() if at >= self._begin - 86_400}
        answer = await self._api.ask("GET", "/inbox", params=self._query(1, 0))
        listed(answer)
        if answer.total is None or answer.total != self._total:
            new = None if answer.total is None or self._total is None else answer.total - self._total
            await self._read(new, events)
            self._total = answer.total

    def _query(self, limit: int, offset: int) -> dict[str, str]:
        return {"type": "SMS", "from": stamp(self._begin), "limit": str(limit), "offset": str(offset)}

    async def _read(self, new: int | None, events: EventSink) -> None:
        """All pages, or as many as it takes to find the `new` ones."""
        found, offset = 0, 0
        while True:
            answer = await self._api.ask("GET", "/inbox", params=self._query(PAGE, offset))
            rows = listed(answer)
            fresh = [each for each in map(self._message, rows) if each is not None and each.key not in self._seen]
            found += len(fresh)
            await self._put(fresh, events)
            offset += len(rows)
            done = new is not None and 0 < new <= found
            if done or len(rows) < PAGE:
                return

    async def _put(self, fresh: list[InboundMessage], events: EventSink) -> None:
        await put_together(sorted(fresh, key=lambda each: each.at), self._seen, events)

    def _message(self, row: Mapping[str, Any]) -> InboundMessage | None:
        """None for another SIM's and for what is no SMS."""
        if not isinstance(row, Mapping) or not isinstance(row.get("id"), str):
            raise AnswerError("not_the_app", 200)
        if row.get("type", "SMS") != "SMS" or not mine(self._sim, row.get("simNumber")):
            return None
        at = moment(row.get("createdAt"))
        return InboundMessage(
            key=key(row["id"], at),
            sender=str(row.get("sender") or ""),
            to=str(row.get("recipient") or "") or None,
            text=clear(self._passphrase, str(row.get("contentPreview") or "")),
            at=time.time() if at is None else at,
        )


class RestInbox:
    """The messages of a phone with REST SMS Gateway: its own list of all SMS, the newest first.

    The phone counts its messages, so number and time together are the same for the same message alone.
    """

    PAGE: Final = 50
    MOST_PAGES: Final = 2000
    """As a bound; a list ends where it is older than `Timing.inbox_s`, or known."""

    def __init__(self, api: Api, timing: Timing) -> None:
        self._api, self._timing = api, timing
        self._seen: dict[str, float] = {}
        self._known: set[str] = set()
        """All that was listed so far, with what the phone itself sent: beyond a page of it there is nothing new."""

    async def poll(self, events: EventSink) -> None:
        """Pages until one is known or too old. Raises `PhoneError`."""
        begin = time.time() - self._timing.inbox_s
        fresh: dict[str, InboundMessage] = {}
        listed_now: set[str] = set()
        for number in range(self.MOST_PAGES):
            query = {"limit": str(self.PAGE), "offset": str(number * self.PAGE)}
            rows = _rows(await self._api.ask("GET", "/v1/sms/", params=query))
            messages = [each for each in map(_incoming, rows) if each is not None and each.at >= begin]
            fresh |= {each.key: each for each in messages if each.key not in self._seen}
            names = {str(row.get("_id")) for row in rows if isinstance(row, Mapping)}
            listed_now |= names
            if len(rows) < self.PAGE or names <= self._known or _older(rows, begin):
                break
        await put_together(sorted(fresh.values(), key=lambda each: each.at), self._seen, events)
        self._known = listed_now | (self._known if len(self._known) < KNOWN_MOST else set())
        if len(self._seen) > KNOWN_MOST:
            self._seen = {key: at for key, at in self._seen.items() if at >= begin}


async def put_together(messages: Sequence[InboundMessage], seen: dict[str, float], events: EventSink) -> None:
    """Some at a time, so that they share commits; what is durable is `seen`."""
    for first in range(0, len(messages), AT_ONCE):
        some = messages[first : first + AT_ONCE]
        await asyncio.gather(*(events.put(each) for each in some))
        seen.update((each.key, each.at) for each in some)


def _older(rows: Sequence[Any], begin: float) -> bool:
    """Returns whether a page, the newest first, ends before that time: what follows is older still."""
    times = rows[-1].get("timestamps") if rows and isinstance(rows[-1], Mapping) else None
    stamp_ms = str(times.get("delivery", "")) if isinstance(times, Mapping) else ""
    return stamp_ms.isdecimal() and int(stamp_ms) / 1000 < begin


def _rows(answer: Answer) -> list[Any]:
    body = answer.json() if answer.status == 200 else None
    rows = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(rows, list):
        raise AnswerError(f"http_{answer.status}", answer.status)
    return rows


def _incoming(row: Any) -> InboundMessage | None:
    """None for what the phone itself has sent, and for anything else."""
    if not isinstance(row, Mapping) or not str(row.get("msg_box", "")).lower().startswith("in"):
        return None
    times = row.get("timestamps")
    stamp_ms = str(times.get("delivery", "")) if isinstance(times, Mapping) else ""
    if not stamp_ms.isdecimal() or not row.get("_id"):
        return None
    key_ms = f"rest:{row['_id']}@{stamp_ms}"
    return InboundMessage(key_ms, str(row.get("address") or ""), None, str(row.get("body") or ""), int(stamp_ms) / 1000)


def mine(sim: int | None, given: Any) -> bool:
    """Returns whether a message that came by the SIM `given` (None: unknown) is this line's."""
    return sim is None or given is None or given == sim


def key(name: str, at: float | None) -> str:
    """One key for both of the app's ways to write a message's id: `text:-123` in lists, `ffffff85` in webhooks."""
    kind, colon, digest = name.partition(":")
    if not colon:
        digest = kind
    elif digest.removeprefix("-").isdecimal():
        digest = f"{int(digest) & 0xFFFFFFFF:x}"
    return f"{digest}@{int(at)}" if at is not None else digest


def clear(passphrase: str, text: str) -> str:
    """Returns a text, decrypted where it is encrypted and we can."""
    if not passphrase or not text.startswith(encryption.PREFIX):
        return text
    try:
        return encryption.decrypt(passphrase, text)
    except encryption.EncryptionError:
        return text
