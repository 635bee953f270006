"""A push service as a line of the gateway."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from drivers.base import (
    Blame,
    EventSink,
    LineError,
    NotSent,
    OpenAttempt,
    OutboundMessage,
    Outcome,
    PointOfNoReturn,
    spoken,
)
from drivers.http.exchange import Exchange
from drivers.http.flight import Flight, outcome_of
from drivers.http.keeping import Keeper, UnusableError
from drivers.push.checking import require_usable
from drivers.push.fcm import Fcm, account_of
from drivers.push.notification import notification
from drivers.push.ntfy import Ntfy
from drivers.push.options import PushOptions
from drivers.push.service import PushService
from drivers.push.timing import Timing
from drivers.push.webpush import WebPush, key_of


class PushLine:
    """Implements `drivers.base.Line`. A push has no report: what the service took is all that will be known."""

    def __init__(self, name: str, options: PushOptions, timing: Timing | None = None) -> None:
        require_usable(options)
        self._options, self._timing = options, timing or Timing()
        self._keeper = Keeper(structlog.get_logger("drivers.push").bind(line=name), self._timing.rests)
        self._account = account_of(options) if options.service == "fcm" else None
        self._key = key_of(options) if options.service == "webpush" else None
        self._exchange: Exchange | None = None
        self._service: PushService | None = None

    @property
    def capacity(self) -> int:
        return self._options.capacity

    async def run(self, events: EventSink) -> None:
        options = self._options
        exchange = Exchange(connections=options.capacity + 2, timeout_s=options.timeout, ca_file=options.ca_file)
        service = self._made(exchange)
        self._exchange, self._service = exchange, service
        try:
            await self._keeper.run(events, service.look)
        finally:
            self._exchange = self._service = None
            await exchange.close()

    def _made(self, exchange: Exchange) -> PushService:
        if self._account is not None:
            return Fcm(self._options, self._account, exchange, self._timing)
        if self._key is not None:
            return WebPush(self._options, self._key, self._timing)
        return Ntfy(self._options, exchange)

    def carries(self, message: OutboundMessage) -> str | None:
        """Implements `drivers.base.CarriesSome`: by the kind of address, and by size."""
        service = self._service
        return None if service is None else service.carries(notification(message, self._options.ttl, time.time()))

    async def send(self, message: OutboundMessage, point_of_no_return: PointOfNoReturn) -> Outcome:
        service, exchange = self._service, self._exchange
        if service is None or exchange is None or not self._keeper.ready:
            return NotSent(self._keeper.reason, counts=False)
        told = notification(message, self._options.ttl, time.time())
        try:
            outcome = await outcome_of(
                lambda flight: service.send(flight, told), Flight(exchange, message, point_of_no_return)
            )
        except UnusableError as error:
            outcome = NotSent(error.reason, counts=False, blame=Blame.LINE)
        self._keeper.met(outcome)
        return outcome

    async def resume(self, attempts: Sequence[OpenAttempt]) -> Mapping[str, Outcome]:  # noqa: ARG002
        """No push service can be asked what it took: every open attempt stays in doubt."""
        return {}

    async def command(self, name: str, argument: str = "") -> Mapping[str, Any]:  # noqa: ARG002 - the port's signature
        """`health`: ask the service now; `facts`: what it is, with the VAPID public key. Raises `LineError`."""
        service = self._service
        if name not in ("health", "facts"):
            raise LineError(spoken("a push line answers: health, facts"))
        if service is None:
            raise LineError(spoken("the line is not running"))
        if name == "facts":
            return service.facts()
        health = await service.look()
        return {"usable": True, **(health.detail or {})}
