"""A phone with a SIM: takes messages, sends one after the other, keeps their states, receives.

Its record is what a checker believes: a text is in it once the mobile network took it, whatever was answered.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from drivers.android import encryption
from drivers.android.simulator.settings import Faults, Settings


class DuplicateError(Exception):
    """The phone has a message of that id."""


@dataclass(slots=True)
class Message:
    """One in the phone's own list. `states` maps each state to the Unix time (s) it came."""

    id: str
    to: str
    """As it was given: perhaps encrypted."""
    text: str
    sim: int | None = None
    encrypted: bool = False
    report: bool = True
    priority: int = 0
    until: float | None = None
    state: str = "Pending"
    error: str | None = None
    states: dict[str, float] = field(default_factory=dict)
    asked: int = 0
    """How often its state was told since it was sent."""


@dataclass(frozen=True, slots=True)
class Received:
    id: str
    sender: str
    text: str
    at: float
    sim: int


@dataclass(slots=True)
class Record:
    """What the mobile network took from all phones of a simulator."""

    texts: list[dict[str, Any]] = field(default_factory=list)
    on_progress: Callable[[], None] = lambda: None
    keep: Callable[[dict[str, Any]], None] = lambda row: None  # noqa: ARG005
    """Writes a row down, where somebody wants it."""

    def take(self, phone: Phone, message: Message, to: str, text: str) -> None:
        row = {
            "seq": len(self.texts) + 1,
            "device": phone.index,
            "id": message.id,
            "from": phone.number,
            "to": to,
            "text": text,
            "sim": message.sim,
            "at": time.time(),
        }
        self.texts.append(row)
        self.keep(row)


class Phone:
    """Runs on one event loop, from `start` to `stop`."""

    def __init__(self, index: int, record: Record, seed: int) -> None:
        self.index = index
        self.imei = str(356_938_000_000_000 + seed * 1000 + index)
        self.number = f"+54911600{index:05d}"
        self.settings = Settings()
        self.faults = Faults(Random(seed * 1000 + index))  # noqa: S311 - chance of a simulation
        self.stats: Counter[str] = Counter()
        self.messages: dict[str, Message] = {}
        self.inbox: list[Received] = []
        self.webhooks: dict[str, dict[str, Any]] = {}
        self.on_event: Callable[[str, dict[str, Any]], None] = lambda event, payload: None  # noqa: ARG005
        self._record = record
        self._queue: list[Message] = []
        self._work = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._timers: set[asyncio.TimerHandle] = set()

    def start(self) -> None:
        self._task = asyncio.create_task(self._send_all(), name=f"phone {self.index}")

    async def stop(self) -> None:
        for timer in self._timers:
            timer.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    # ------------------------------------------------------------------------------------------------------ outgoing

    def enqueue(self, message: Message) -> None:
        """Takes it; raises `DuplicateError` for an id that is there already."""
        if message.id in self.messages:
            self.count("duplicates")
            raise DuplicateError(message.id)
        self.messages[message.id] = message
        self._turn(message, "Pending")
        self._queue.append(message)
        self.count("posted")
        self._work.set()

    def cancel(self, message: Message) -> None:
        """What has not begun ends as Cancelled; the rest goes on."""
        if message in self._queue:
            self._queue.remove(message)
            self._turn(message, "Cancelled")

    def take(self, message: Message) -> bool:
        """Sends at once, as the plain apps do; returns whether the network took it."""
        if self.settings.error:
            return False
        self._record.take(self, message, message.to, message.text)
        self.count("taken")
        return True

    def wake(self) -> None:
        """A setting has changed."""
        self._work.set()

    async def _send_all(self) -> None:
        while True:
            self._work.clear()
            while self._queue and self.settings.stuck != "Pending":
                await self._send(self._next())
            await self._work.wait()

    def _next(self) -> Message:
        order = self._queue if self.settings.order == "FIFO" else self._queue[::-1]
        chosen = max(order, key=lambda each: each.priority)
        self._queue.remove(chosen)
        return chosen

    async def _send(self, message: Message) -> None:
        if message.until is not None and message.until < time.time():
            self._fail(message, "TTL expired")
            return
        self._turn(message, "Processed")
        if self.settings.send_s:
            await asyncio.sleep(self.settings.send_s)
        if self.settings.stuck == "Processed":
            return
        if self.settings.error:
            self._fail(message, self.settings.error)
            return
        try:
            to, text = self._clear(message)
        except encryption.EncryptionError as error:
            self._fail(message, str(error))
            return
        self._record.take(self, message, to, text)
        self._turn(message, "Sent")
        self.count("taken")
        if message.report and self.settings.report != "none":
            self._later(self.settings.report_delay_s, lambda: self._report(message))

    def _clear(self, message: Message) -> tuple[str, str]:
        if not message.encrypted:
            return message.to, message.text
        passphrase = self.settings.passphrase
        return encryption.decrypt(passphrase, message.to), encryption.decrypt(passphrase, message.text)

    def report_sent(self) -> int:
        """Lets the network report, as it is set by now, what it took and has not reported; returns how many."""
        sent = [each for each in self.messages.values() if each.report and each.state == "Sent"]
        for message in sent:
            self._report(message)
        return len(sent)

    def _report(self, message: Message) -> None:
        if self.settings.report == "failed":
            self._fail(message, "RESULT_ERROR_GENERIC_FAILURE")
        else:
            self._turn(message, "Delivered")
            self.count("reported")

    def _fail(self, message: Message, error: str) -> None:
        message.error = error
        self._turn(message, "Failed")
        self.count("failed")

    def _turn(self, message: Message, state: str) -> None:
        message.state = state
        message.states[state] = time.time()
        names = {"Sent": "sms:sent", "Delivered": "sms:delivered", "Failed": "sms:failed"}
        if state in names:
            at = {"Sent": "sentAt", "Delivered": "deliveredAt", "Failed": "failedAt"}[state]
            payload: dict[str, Any] = {"messageId": message.id, "recipient": message.to, "simNumber": message.sim}
            payload[at] = iso(message.states[state])
            if state == "Failed":
                payload["reason"] = message.error
            self.on_event(names[state], payload)

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        def ring() -> None:
            self._timers.discard(timer)
            action()

        timer = asyncio.get_running_loop().call_later(seconds, ring)
        self._timers.add(timer)

    # ------------------------------------------------------------------------------------------------------ incoming

    def receive(self, sender: str, text: str, at: float | None = None, sim: int = 1) -> Received:
        """Receives an SMS. Its id is a hash of all it holds: the same one again is not kept a second time."""
        moment = round(time.time() if at is None else at, 3)
        digest = hash32(f"{sender}\0{text}\0{int(moment * 1000)}\0{sim}")
        received = Received(f"text:{digest}", sender, text, moment, sim)
        if all(each.id != received.id for each in self.inbox[-1000:]):
            self.inbox.append(received)
            self.count("received")
            payload = {
                "messageId": f"{digest & 0xFFFFFFFF:x}",
                "sender": sender,
                "message": text,
                "simNumber": sim,
                "receivedAt": iso(moment),
                "recipient": self.number,
            }
            self.on_event("sms:received", payload)
        return received

    def count(self, name: str) -> None:
        self.stats[name] += 1
        self._record.on_progress()


def hash32(text: str) -> int:
    """Returns a signed 32-bit hash of a text, as the app's platform makes them: h = 31 h + letter."""
    value = 0
    for letter in text:
        value = (31 * value + ord(letter)) & 0xFFFFFFFF
    return value - (1 << 32) if value >> 31 else value


def iso(moment: float) -> str:
    """ISO 8601 with milliseconds and an offset."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
