"""One connection to Asterisk's manager interface (AMI), over panoramisk.

A `Connection` is used once: opened, asked, lost. panoramisk parses and correlates; what it does around that is kept
away, because each was seen to go wrong on a real Asterisk:

* it sends an unanswered Originate again after its own reconnect, a second call: it never reconnects here;
* it waits without end for answers that never come, and never checks its pings: every wait is bounded, and fails with
  the link;
* an exception in a callback ends the link: the only callback puts the event into a queue;
* bytes of a character split over two reads are dropped: they are put together first;
* an event that brings a header twice ends the link: the first counts;
* line breaks in values become headers: they are refused;
* it logs whole actions, numbers and secrets included: its loggers are silent.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import logging
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager
from panoramisk.message import Message

from drivers.asterisk.errors import LinkError, LoginRefusedError, PermissionMissingError, UnsafeValueError
from drivers.asterisk.timing import Timing
from drivers.base import NETWORK_FORBIDDEN, forbidden

QUEUE_MAX: Final = 20_000
"""Events read but not yet looked at: several seconds of a busy PBX with no filter. More means that we are stuck."""

MESSAGE_MAX: Final = 1 << 18
"""Characters of one message of Asterisk's; the longest that we ask for has some thousand."""

HEADER_BYTES_MAX: Final = 1000
"""Asterisk cuts a manager header at 1,024 bytes and reads the rest as another one."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
"""Names of people and prompts may hold anything else."""

_SILENT: Final = logging.Logger("drivers.asterisk.ami", logging.CRITICAL + 1)
_SILENT.disabled = True


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its name, and its headers under lower-case names."""

    name: str
    headers: Mapping[str, str]

    def __getitem__(self, key: str) -> str:
        """The value of a header, empty where there is none."""
        return self.headers.get(key, "")


@dataclass(frozen=True, slots=True)
class Answer:
    """What Asterisk said to an action; `events` is the list it brought, if it was asked for one."""

    success: bool
    message: str
    headers: Mapping[str, str]
    events: tuple[Event, ...] = ()


class Connection:
    """A logged-in connection. `lost` is done, with a `LinkError` as its result, once it is over."""

    def __init__(self, timing: Timing) -> None:
        loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[LinkError] = loop.create_future()
        self.events: asyncio.Queue[Event] = asyncio.Queue(QUEUE_MAX)
        self.booted_at = 0.0
        """Monotonic time (s) at which Asterisk started, by its own account, which is in whole seconds."""
        self._timing = timing
        self._manager = _Manager(self, loop=loop, log=_SILENT, encoding="utf8")
        self._booted: asyncio.Future[Any] = loop.create_future()
        self._pinger: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    @classmethod
    async def open(cls, host: str, port: int, user: str, secret: str, timing: Timing | None = None) -> Connection:
        """Connects, logs in and waits until Asterisk is fully booted.

        Raises LinkError, LoginRefusedError, and PermissionMissingError where the account may not read `system`
        (only then does FullyBooted come, which shows a restart).
        """
        connection = cls(timing or Timing())
        try:
            await connection._open(host, port, user, secret)
        except BaseException:
            connection.close()
            raise
        return connection

    async def _open(self, host: str, port: int, user: str, secret: str) -> None:
        check_fields({"Username": user, "Secret": secret})
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timing.connect_s):
                _, protocol = await loop.create_connection(lambda: _Protocol(self._manager), host, port)
        except TimeoutError:
            raise LinkError("connect_timeout") from None
        except OSError as error:
            raise LinkError(NETWORK_FORBIDDEN if forbidden(error) else "connect_failed", str(error)) from None
        self._manager.adopt(protocol)
        answer = await self.action("Login", {"Username": user, "Secret": secret, "Events": "on"})
        if not answer.success:
            if "in use" in answer.message.lower():
                # `allowmultiplelogin = no`, and Asterisk has not noticed yet that our last link is gone.
                raise LinkError("login_in_use", answer.message)
            raise LoginRefusedError(answer.message)
        try:
            async with asyncio.timeout(self._timing.booted_s):
                await asyncio.wait([self._booted, self.lost], return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            raise PermissionMissingError("read = system") from None
        if self.lost.done():
            raise self.lost.result()
        self._pinger = asyncio.create_task(self._ping(), name="ami: ping")

    async def action(
        self, name: str, fields: Mapping[str, str | Sequence[str]] | None = None, *, listing: bool = False
    ) -> Answer:
        """Sends one action and waits for its answer; `listing` waits for the whole list it announces.

        Raises UnsafeValueError before anything is written, and LinkError when the answer can no longer come: the
        action may have been carried out then.
        """
        fields = fields or {}
        check_fields(fields)
        if self.lost.done():
            raise self.lost.result()
        action = Action({"Action": name, **fields})
        future: asyncio.Future[Any] = self._manager.protocol.send(action, as_list=listing)
        try:
            async with asyncio.timeout(self._timing.answer_s):
                await asyncio.wait({future, self.lost}, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            self.lose(LinkError("no_answer", f"no answer to {name} within {self._timing.answer_s:.0f} s"))
        finally:
            self._manager.forget(action)
            if not future.done():
                future.cancel()
        if future.cancelled():
            raise self.lost.result()
        said = future.result()
        messages: list[Message] = said if isinstance(said, list) else [said]
        return Answer(
            success=bool(messages[0].success),
            message=str(messages[0].message),
            headers=_event(messages[0]).headers,
            events=tuple(_event(message) for message in messages[1:]),
        )

    def post(self, name: str, each: Sequence[Mapping[str, str]]) -> None:
        """Sends several actions whose answers nobody needs, in one write; what is lost with the link is lost.

        Raises UnsafeValueError before anything is written.
        """
        for fields in each:
            check_fields(fields)
        if not self.lost.done():
            headers = (["Action: " + name, *(f"{key}: {value}" for key, value in fields.items())] for fields in each)
            self._manager.protocol.transport.write("".join("\r\n".join([*one, "", ""]) for one in headers).encode())

    async def wait(self) -> None:
        """Returns once there is an event, or the link is lost."""
        self._news.clear()
        if self.events.empty() and not self.lost.done():
            await self._news.wait()

    def nudge(self) -> None:
        """Wakes what waits for an event."""
        self._news.set()

    async def _ping(self) -> None:
        """Asks until the link is lost; a frozen Asterisk, or a path that swallows everything, ends it."""
        while not self.lost.done():
            await asyncio.sleep(self._timing.ping_s)
            try:
                async with asyncio.timeout(self._timing.pong_s):
                    await self.action("Ping")
            except TimeoutError:
                self.lose(LinkError("frozen", f"no pong within {self._timing.pong_s:.0f} s"))
            except LinkError:
                return

    def close(self) -> None:
        """Ends the connection; a second time does nothing."""
        self.lose(LinkError("closed"))

    def lose(self, why: LinkError) -> None:
        """Ends the connection: all that wait learn it, and nothing is sent or delivered any more."""
        if not self.lost.done():
            self.lost.set_result(why)
            self._news.set()
        if self._pinger is not None:
            self._pinger.cancel()  # it may be the one who calls: it has nothing left to do but end
        self._manager.end()

    def hear(self, message: Message) -> None:
        """An event from the wire. Called within panoramisk: does nothing that can fail."""
        event = _event(message)
        if event.name == "FullyBooted" and not self._booted.done():
            self.booted_at = time.monotonic() - _number(event["uptime"])
            self._booted.set_result(None)
        if self.lost.done():
            return
        try:
            self.events.put_nowait(event)
            self._news.set()
        except asyncio.QueueFull:
            self.lose(LinkError("flooded", "more events than can be read: set event filters for this account"))


class _Manager(Manager):  # type: ignore[misc]  # panoramisk is untyped
    """panoramisk's, kept to one connection."""

    def __init__(self, owner: Connection, **config: Any) -> None:
        super().__init__(**config)
        self._owner = owner
        self.protocol: Any = None

    def adopt(self, protocol: _Protocol) -> None:
        self.protocol = protocol
        self.encoding = self.config["encoding"]
        self.responses = protocol.responses

    def connect(self, *_args: object, **_keys: object) -> None:
        """Never: the line that lost a connection makes a new one, and first decides what became of its calls."""

    def connection_lost(self, exc: object) -> None:
        self._owner.lose(LinkError("link_lost", str(exc) if isinstance(exc, Exception) else ""))

    async def send_awaiting_actions(self, *_args: object) -> None:
        """Never: an unanswered action may have been carried out."""

    def dispatch(self, event: Message) -> list[str]:
        self._owner.hear(event)
        return []

    def forget(self, action: Action) -> None:
        if self.protocol is not None:
            self.protocol.responses.pop(action.id, None)

    def end(self) -> None:
        self.awaiting_actions.clear()
        protocol: object = self.protocol
        self.protocol = None
        if isinstance(protocol, _Protocol):
            protocol.responses.clear()
            protocol.transport.abort()  # not close(): what is not written yet must not leave after all
            protocol.close()


class _Protocol(AMIProtocol):  # type: ignore[misc]  # panoramisk is untyped
    """panoramisk's, with characters put together before lines are, and nothing logged."""

    encoding = "utf8"

    def __init__(self, manager: _Manager) -> None:
        self._manager = manager
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.log = _SILENT
        self.factory = self._manager

    def data_received(self, data: bytes) -> None:
        super().data_received(self._decoder.decode(data).encode())
        if self.queue and len(self.queue[0]) > MESSAGE_MAX:
            # Each read joins and splits all that has come of a message: one without an end would take ever longer.
            self.transport.abort()

    def handle_message(self, message: Message) -> None:
        """An event may bring any header twice, those included that the library takes for a text without looking."""
        for key in ("event", "response", "actionid", "commandid"):
            if isinstance(message.get(key), list):
                message[key] = message[key][0]
        super().handle_message(message)


def check_fields(fields: Mapping[str, str | Sequence[str]]) -> None:
    """Raises UnsafeValueError for a name or value that is not one header of its own."""
    for key, value in fields.items():
        for each in [value] if isinstance(value, str) else value:
            header = f"{key}: {each}"
            # A character has four bytes at most: short ones need not be counted.
            long = len(header) * 4 > HEADER_BYTES_MAX
            if _CONTROL.search(header) or (long and len(header.encode("utf-8", "surrogatepass")) > HEADER_BYTES_MAX):
                raise UnsafeValueError(key)


def _event(message: Message) -> Event:
    # A header that comes twice is a list; the first is Asterisk's own, what follows may have come from a value.
    headers = {key.lower(): value[0] if isinstance(value, list) else value for key, value in message.items()}
    return Event(str(headers.get("event", "")), headers)


def _number(text: str) -> float:
    with contextlib.suppress(ValueError):
        return float(text)
    return 0.0
