"""What a line learns on its way into the store: every event durable before the driver acknowledges it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from drivers.base import DeliveryReport, Event, InboundMessage, LateAccept, LineStatus, NotDurableError
from gatewayd.store.commands import Block, Inbound, Judge, KeyPressed, LateAnswer, Received, Report, Reported
from gatewayd.store.port import Writer
from gatewayd.values.addresses import AddressError, email
from gatewayd.values.clock import now_ms
from gatewayd.values.errors import UnavailableError
from gatewayd.values.model import ulid_number, ulid_salt
from gatewayd.values.storable import ADDRESS_MOST, bounded, bounded_maybe, maybe, wellformed

NUMBER_MOST: Final = (1 << 63) - 1
"""Of a row, in either store."""

LATEST_S: Final = 253_402_300_799.0
"""The end of the year 9999: no clock that says more is right, and no calendar knows what it says."""


class Heard(Protocol):
    """Whom the sink tells what came in, once it is durable."""

    def status(self, status: LineStatus) -> None: ...
    def reported(self, event: DeliveryReport | LateAccept, reported: Reported) -> None: ...
    def received(self, event: InboundMessage, received: Received) -> None: ...
    def pressed(self, received: Received) -> None: ...


class LineSink:
    """The event sink of one line."""

    def __init__(
        self,
        line: str,
        channel: str,
        writer: Writer,
        heard: Heard,
        normalise: Callable[[str], str | None],
        *,
        salt: int,
        report_wait_ms: int,
        default_account: str | None,
        judge: Judge,
    ) -> None:
        self._line = line
        self._channel = channel
        self._writer = writer
        self._heard = heard
        self._normalise = normalise
        self._salt = salt
        self._report_wait_ms = report_wait_ms
        self._default_account = default_account
        self._judge = judge

    async def put(self, event: Event) -> None:
        try:
            await self._put(event)
        except UnavailableError as error:
            raise NotDurableError(str(error)) from error

    async def _put(self, event: Event) -> None:
        match event:
            case LineStatus():
                self._heard.status(event)
            case DeliveryReport():
                # Both before the report, which the device repeats only until it is acknowledged.
                blocked = await self._pressed(event)
                if event.opt_out and event.to and not blocked:
                    await self._writer.do(
                        Block((self._address(event.to),), self._channel, None, now_ms(), answered=True)
                    )
                # The modem waits seconds for its acknowledgement; at full speed the next send's commit takes it along.
                reported = await self._writer.do(self._report(event), patient=True)
                self._heard.reported(event, reported)
            case LateAccept():
                now = now_ms()
                answer = LateAnswer(
                    ulid_number(event.attempt),
                    event.part,
                    bounded(event.reference.strip()),
                    now + self._report_wait_ms,
                    now,
                )
                self._heard.reported(event, await self._writer.do(answer))
            case InboundMessage():
                self._heard.received(event, await self._writer.do(self._inbound(event)))

    async def _pressed(self, event: DeliveryReport) -> bool:
        """Keeps the key of a call that ended after it was given up; returns whether it has blocked its number."""
        key, attempt = event.detail.get("key"), self._own(event.attempt)
        if not key or attempt is None:
            return False
        action = event.detail.get("action")
        pressed = KeyPressed(
            attempt_id=attempt,
            line=self._line,
            to=self._address(event.to) if event.to else None,
            key=bounded(str(key)),
            action=bounded(str(action)) if action else None,
            detail=wellformed(json.dumps(dict(event.detail), ensure_ascii=False, separators=(",", ":"))),
            now=now_ms(),
        )
        received = await self._writer.do(pressed)
        self._heard.pressed(received)
        return received.opt_out

    def _report(self, event: DeliveryReport) -> Report:
        return Report(
            line=self._line,
            reference=bounded(event.reference.strip()),
            to=self._address(event.to) if event.to else None,
            status=event.status,
            reason=maybe(event.reason),
            at=_at(event.at),
            attempt_id=self._own(event.attempt),
            part=event.part,
            now=now_ms(),
            whole=event.whole,
            exclusive=event.exclusive,
        )

    def _address(self, raw: str) -> str:
        """The address as messages to it have it: a number in E.164, a mail address in lower case."""
        raw = wellformed(raw)
        if "@" in raw:
            with suppress(AddressError):
                return email(raw)
        return self._normalise(raw) or bounded(raw, ADDRESS_MOST)

    def _own(self, attempt: str | None) -> int | None:
        """The number of an attempt of this very store. A service that two gateways share, or that served a store which
        is gone, tells of attempts whose numbers belong to other messages here; and whoever writes to the address of our
        bounces may name anything."""
        try:
            number = ulid_number(attempt) if attempt and ulid_salt(attempt) == self._salt else None
        except ValueError:
            return None
        return number if number is None or number <= NUMBER_MOST else None

    def _inbound(self, event: InboundMessage) -> Inbound:
        concat = event.concat
        return Inbound(
            line=self._line,
            channel=self._channel,
            key=bounded(event.key),
            sender=bounded(self._address(event.sender)),
            to=bounded_maybe(event.to),
            text=wellformed(event.text),
            at=_at(event.at),
            concat=(concat.reference, concat.total, concat.number) if concat else None,
            default_account=self._default_account,
            judge=self._judge,
            now=now_ms(),
            subject=wellformed(event.subject),
            opted_out=event.opt_out,
            aliases=tuple(bounded(self._address(alias)) for alias in event.aliases),
            answers=self._own(event.answers),
            answers_reference=bounded_maybe(event.answers_reference),
        )


def _at(seconds: float) -> int:
    """A device's time in ms; now for one that cannot be."""
    return int(seconds * 1000) if 0 <= seconds <= LATEST_S else now_ms()
