"""One telephone number of WhatsApp Business as a line of the gateway."""

from __future__ import annotations

import hmac
import json
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog

from drivers.base import (
    Accepted,
    Blame,
    DeliveryReport,
    Event,
    EventSink,
    HookRefusedError,
    LineError,
    NotSent,
    OpenAttempt,
    OutboundMessage,
    Outcome,
    PointOfNoReturn,
    Refused,
    Uncertain,
    spoken,
)
from drivers.http.answer import Request
from drivers.http.exchange import Exchange, LostError, NotWrittenError
from drivers.http.flight import Flight, outcome_of
from drivers.http.keeping import Health, Keeper, UnusableError
from drivers.http.proof import prove
from drivers.whatsapp import answers, hooks
from drivers.whatsapp.message import UnsendableError, document
from drivers.whatsapp.options import WhatsappOptions, require_usable
from drivers.whatsapp.timing import Timing

HEARD: Final = 10_000
"""Attempts remembered that Meta has told of, so that a lost answer is no doubt where the state came first."""
FIELDS: Final = "verified_name,display_phone_number,quality_rating"


class WhatsappLine:
    """Implements `drivers.base.Line`, `TakesHooks` and `AnswersChallenges`."""

    def __init__(self, name: str, options: WhatsappOptions, timing: Timing | None = None) -> None:
        require_usable(options)
        self._options, self._timing = options, timing or Timing()
        self._keeper = Keeper(structlog.get_logger("drivers.whatsapp").bind(line=name), self._timing.rests)
        self._authorization = {"Authorization": f"Bearer {options.token.get_secret_value()}"}
        self._exchange: Exchange | None = None
        self._heard: OrderedDict[str, str] = OrderedDict()

    @property
    def capacity(self) -> int:
        return self._options.capacity

    async def run(self, events: EventSink) -> None:
        options = self._options
        exchange = Exchange(connections=options.capacity + 2, timeout_s=options.timeout, ca_file=options.ca_file)
        self._exchange = exchange
        try:
            await self._keeper.run(events, self._look)
        finally:
            self._exchange = None
            await exchange.close()

    async def _look(self) -> Health:
        """The number's name and standing. Only a plain refusal stops the line: what else this question is answered
        with says nothing of sending. Raises `UnusableError`."""
        if self._exchange is None:
            raise UnusableError("not_running")
        try:
            url = f"{self._options.base}?fields={FIELDS}"
            answer = await self._exchange(Request("GET", url, self._authorization))
        except (NotWrittenError, LostError) as error:
            raise UnusableError(error.reason) from None
        said = answer.json if isinstance(answer.json, dict) else {}
        refusal = answers.api_error(said) if "error" in said else None
        if answer.status == 401 or (refusal is not None and refusal.of_account):
            raise UnusableError("unauthorized" if refusal is None else refusal.reason, blocked=True)
        if answer.status == 200 and answer.html:
            raise UnusableError("html_page")
        known = {"name": "verified_name", "number": "display_phone_number", "quality": "quality_rating"}
        detail = {ours: said[theirs] for ours, theirs in known.items() if isinstance(said.get(theirs), str)}
        return Health(operator="WhatsApp", detail=detail)

    # -------------------------------------------------------------------------------------------------------- sending

    async def send(self, message: OutboundMessage, point_of_no_return: PointOfNoReturn) -> Outcome:
        exchange = self._exchange
        if exchange is None or not self._keeper.ready:
            return NotSent(self._keeper.reason, counts=False)
        outcome = await outcome_of(self._send, Flight(exchange, message, point_of_no_return))
        if isinstance(outcome, Uncertain) and (reference := self._heard.get(message.attempt)) is not None:
            return Accepted({1: reference})
        self._keeper.met(outcome)
        return outcome

    async def _send(self, flight: Flight) -> Outcome:
        options = self._options
        try:
            body = document(flight.message, preview_url=options.preview_url, callback_data=options.callback_data)
        except UnsendableError as error:
            return Refused(error.reason, Blame.PERSON)
        headers = {**self._authorization, "Content-Type": "application/json"}
        data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        answer = await flight.ask(Request("POST", f"{options.base}/messages", headers, data))
        return answers.read(
            answer,
            time.time(),
            reported=options.hooked,
            errors=options.errors,
            server_errors=options.server_errors,
            timing=self._timing,
        )

    async def resume(self, attempts: Sequence[OpenAttempt]) -> Mapping[str, Outcome]:  # noqa: ARG002
        """Meta cannot be asked what it took. Its calls bear the attempt's id, and settle what is in doubt."""
        return {}

    async def command(self, name: str, argument: str = "") -> Mapping[str, Any]:  # noqa: ARG002 - the port's signature
        """`health`: the number's name and standing. Raises `LineError`."""
        if name != "health":
            raise LineError(spoken("a WhatsApp line answers: health"))
        health = await self._look()
        return {"usable": True, **(health.detail or {})}

    # ------------------------------------------------------------------------------------------- what Meta calls for

    def on_hook(self, headers: Mapping[str, str], body: bytes) -> list[Event]:
        """Returns what a signed call tells. Raises `HookRefusedError`."""
        secret = self._options.app_secret
        if secret is None:
            raise HookRefusedError(403, "the line has no app_secret")
        lower = {name.lower(): value for name, value in headers.items()}
        prove(lower, body, header="X-Hub-Signature-256", secret=secret.get_secret_value())
        events = hooks.read(body)
        for event in events:
            if isinstance(event, DeliveryReport) and event.attempt is not None and event.status != "undelivered":
                self._heard[event.attempt] = event.reference
                while len(self._heard) > HEARD:
                    self._heard.popitem(last=False)
        return events

    def on_challenge(self, query: Mapping[str, str]) -> str:
        """Meta's question whether the address is ours (GET with `hub.*`). Raises `HookRefusedError`."""
        wanted = self._options.verify_token
        if wanted is None or query.get("hub.mode") != "subscribe":
            raise HookRefusedError(403, "not set up")
        if not hmac.compare_digest(query.get("hub.verify_token", "").encode(), wanted.get_secret_value().encode()):
            raise HookRefusedError(403, "verify_token")
        return query.get("hub.challenge", "")
