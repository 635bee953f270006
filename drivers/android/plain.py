"""The apps that know neither ids nor states: Traccar SMS Gateway, REST SMS Gateway, and a form like RestSMS's.

Their best answer is that the phone has taken the message; a request without an answer is in doubt for good. So each
has a connection of its own, and the longest patience.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from drivers.android.client import Answer, PhoneClient
from drivers.android.errors import AnswerError, CredentialsError, LostError, UnreachableError
from drivers.android.inbox import RestInbox
from drivers.android.keeping import Keeper, together
from drivers.android.options import AndroidOptions, require_usable, secret
from drivers.android.states import references
from drivers.android.timing import Timing
from drivers.base import (
    Accepted,
    Blame,
    EventSink,
    LineError,
    NotSent,
    OpenAttempt,
    OutboundMessage,
    Outcome,
    PointOfNoReturn,
    Refused,
    Uncertain,
    Withdrawn,
    spoken,
)

_FALSE: Final = re.compile(r'"(?:success|ok)"\s*:\s*false')


@dataclass(frozen=True, slots=True)
class Request:
    """How an app is asked to send."""

    path: str
    body: Mapping[str, Any] = field(default_factory=dict)
    """`json` or `data`."""


def request(options: AndroidOptions, number: str, text: str) -> Request:
    """Pure: what an app is asked."""
    sim = options.sim
    if options.app == "traccar":
        slot = {} if sim is None else {"slot": sim - 1}
        return Request("/", {"json": {"to": number, "message": text, **slot}})
    if options.app == "rest":
        given = {"phone": number, "message": text} | ({} if sim is None else {"sim_slot": str(sim - 1)})
        return Request("/v1/sms/?" + urlencode(given))
    token = {} if options.token is None else {"token": secret(options.token)}
    return Request("/send", {"data": {"phoneno": number, "message": text, **token}})


def judge(answer: Answer, reference: Mapping[int, str]) -> Outcome:
    """Pure: the status first, then the body. A page for people is no success, whatever its status."""
    text = answer.text().strip()
    if answer.status in (200, 201, 202):
        if text[:1] == "<":
            return Uncertain("not_the_app")
        if _FALSE.search(text) or text.upper().startswith(("ERROR", "FAIL")):
            return Refused("refused_by_phone")
        return Accepted(reference, reported=False)
    if answer.status in (400, 422):
        return Refused("refused_by_phone")
    if answer.status in (404, 405, 429, 503):
        return NotSent(f"http_{answer.status}", blame=Blame.LINE)
    # A fault within the app: nobody can say at which of its steps.
    return Uncertain(f"http_{answer.status}")


class PlainLine:
    """Implements `drivers.base.Line`."""

    def __init__(self, name: str, options: AndroidOptions, timing: Timing | None = None) -> None:
        require_usable(options)
        self._options, self._timing = options, timing or Timing()
        headers = {"Authorization": secret(options.token)} if options.app == "traccar" else {}
        self._client = PhoneClient(options.base, headers, self._timing, keep=False)
        self._keeper = Keeper(name, self._timing)
        self._messages = RestInbox(self._client, self._timing)

    @property
    def capacity(self) -> int:
        return 1

    async def run(self, events: EventSink) -> None:
        try:
            await self._keeper.run(events, self._health, self._serve)
        finally:
            await self._client.close()

    async def _serve(self, events: EventSink) -> None:
        if self._options.app == "rest":
            await together(self._keeper.look(self._health), self._receive(events))
        else:
            await self._keeper.look(self._health)

    async def _receive(self, events: EventSink) -> None:
        while True:
            try:
                await self._messages.poll(events)
            except AnswerError as error:
                self._keeper.complain("inbox not read", error)
            await asyncio.sleep(self._options.poll or self._timing.poll_s)

    async def _health(self) -> Mapping[str, Any]:
        """Any answer of a phone without a state to ask for means that it is there."""
        if self._options.app != "rest":
            answer = await self._client.ask("GET", "/")
            return {"detail": {"app": self._options.app, "status": answer.status}}
        body = await self._client.read("/v1/device/status/")
        if not isinstance(body, dict):
            raise AnswerError("not_the_app", 200)
        telephony, battery = body.get("telephony") or {}, body.get("battery") or {}
        detail = {
            "app": "rest",
            "battery": battery.get("level"),
            "power": battery.get("status"),
            "sim": telephony.get("sim_state"),
            "roaming": telephony.get("is_network_roaming"),
        }
        known = {name: value for name, value in detail.items() if value is not None}
        return {"operator": telephony.get("network_operator_name") or None, "detail": known}

    def carries(self, message: OutboundMessage) -> str | None:
        """Implements `drivers.base.CarriesSome`: a phone sends whole texts."""
        return "parts_unsupported" if len(message.todo) < len(message.parts) else None

    async def send(self, message: OutboundMessage, point_of_no_return: PointOfNoReturn) -> Outcome:
        if not self._keeper.ready:
            return NotSent(self._keeper.reason, counts=False)
        if len(message.todo) < len(message.parts):
            return Refused("parts_unsupported", Blame.PERSON, elsewhere=True)
        asked = request(self._options, self._number(message.address), message.text)
        try:
            for part in message.todo:
                await point_of_no_return(part)
        except Withdrawn as withdrawn:
            return NotSent(withdrawn.reason, counts=False)
        try:
            answer = await self._client.ask("POST", asked.path, answer_s=self._timing.plain_answer_s, **asked.body)
        except (UnreachableError, CredentialsError) as error:
            self._keeper.doubt(error)
            return NotSent(error.reason, counts=False)
        except LostError as error:
            return Uncertain(error.reason)
        return judge(answer, references(message.attempt, message.todo))

    def _number(self, address: str) -> str:
        code = self._options.country_code
        return address if code is None or address.startswith("+") else f"+{code}{address.lstrip('0')}"

    async def resume(self, attempts: Sequence[OpenAttempt]) -> Mapping[str, Outcome]:  # noqa: ARG002
        """Knows nothing: the app has no ids, and every open attempt stays in doubt."""
        return {}

    async def command(self, name: str, argument: str = "") -> Mapping[str, Any]:  # noqa: ARG002 - the port's signature
        """`health`. Raises `LineError`."""
        if name == "health":
            return await self._health()
        raise LineError(spoken("a line of this app answers: health"))
