"""A phone with SMSGate's local server as a line.

The attempt's id is the message's key on the phone, so a request in doubt is simply made again: the phone answers that
it has the message (409), and is then asked for its state. A message counts as taken when the phone says Sent; until
then the line waits, through sleep and lost Wi-Fi, until the phone or the line's own deadline ends it.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog

from drivers.android import encryption, hooks
from drivers.android.causes import cause
from drivers.android.client import Answer, PhoneClient, backoff, pause
from drivers.android.errors import AnswerError, CredentialsError, LostError, PhoneError, UnreachableError
from drivers.android.inbox import Inbox, mine
from drivers.android.keeping import Keeper, together
from drivers.android.options import AndroidOptions, require_usable, secret
from drivers.android.states import EXPIRED, Rank, Told, read
from drivers.android.states import outcome as outcome_of
from drivers.android.timing import Timing
from drivers.android.watch import Entry, Watch
from drivers.base import (
    AwaitedAttempt,
    Blame,
    Event,
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

CAPACITY: Final = 8
"""Messages handed to the phone ahead of its radio: it sends one after the other, and a look covers them all."""
RESUME_S: Final = 40.0
"""For all open attempts of an earlier life; the gateway waits a minute for line and answers."""
RESUME_AGE_S: Final = 24 * 3600.0
"""An older attempt that the phone does not know may have been tidied away: it stays in doubt."""

log = structlog.get_logger("drivers.android")


class SmsgateLine:
    """Implements `drivers.base.Line`, and `on_hook` for the phone's own calls."""

    def __init__(self, name: str, options: AndroidOptions, timing: Timing | None = None) -> None:
        require_usable(options)
        self._name, self._options, self._timing = name, options, timing or Timing()
        self._passphrase = secret(options.passphrase)
        self._client = PhoneClient(options.base, _authorization(options), self._timing)
        self._inbox = Inbox(self._client, self._timing, options.sim, self._passphrase)
        self._keeper = Keeper(name, self._timing)
        self._watch = Watch(
            self._client, self._timing, reports=options.delivery_report, failed=self._failed, went=self._went
        )
        self._failures: list[str] = []
        """Why the latest messages failed, since the last that went."""

    @property
    def capacity(self) -> int:
        return CAPACITY

    # ------------------------------------------------------------------------------------------------------- running

    async def run(self, events: EventSink) -> None:
        try:
            await self._keeper.run(events, self._greet, self._serve)
        finally:
            await self._client.close()

    async def _greet(self) -> Mapping[str, Any]:
        """Is it there, is it the app, may we, and does it send in order? Raises `PhoneError`."""
        known = await self._health()
        settings = await self._client.ask("GET", "/settings")
        messages = settings.json().get("messages", {}) if settings.status == 200 else {}
        if isinstance(messages, dict) and messages.get("processingOrder") != "FIFO":
            # The app's own default sends the newest first.
            await self._client.ask("PATCH", "/settings", json={"messages": {"processingOrder": "FIFO"}})
        if self._options.webhook is not None:
            await self._subscribe(self._options.webhook)
        return known

    async def _subscribe(self, url: str) -> None:
        key = secret(self._options.webhook_secret)
        await self._client.ask("PATCH", "/settings", json={"webhooks": {"signingKey": key}})
        for event in hooks.EVENTS:
            body = {"id": f"gatewayd-{self._name}-{event.partition(':')[2]}", "url": url, "event": event}
            answer = await self._client.ask("POST", "/webhooks", json=body)
            if answer.status >= 300:
                log.warning("webhook not registered", line=self._name, status=answer.status)

    async def _health(self) -> Mapping[str, Any]:
        """Battery, signal and the like. The app answers 500 after one failure in an hour: it is alive all the same."""
        answer = await self._client.ask("GET", "/health")
        body = answer.json()
        if not isinstance(body, dict) or "status" not in body:
            raise AnswerError("not_the_app", answer.status)
        checks = body.get("checks")
        seen = {
            name: check.get("observedValue")
            for name, check in (checks.items() if isinstance(checks, dict) else ())
            if isinstance(check, dict)
        }
        signal = next((value for name, value in seen.items() if "signal" in name and isinstance(value, int)), None)
        detail = {
            "app": "smsgate",
            "version": body.get("version"),
            "health": body["status"],
            "battery": seen.get("battery:level"),
            "charging": bool(seen["battery:charging"]) if seen.get("battery:charging") is not None else None,
            "sim": self._options.sim,
        }
        return {
            "signal": signal if signal is not None and 0 <= signal <= 100 else None,
            "detail": {name: value for name, value in detail.items() if value is not None},
        }

    async def _serve(self, events: EventSink) -> None:
        """While the phone answers; raises `PhoneError` when it no longer does."""
        await together(self._watch.run(events), self._receive(events), self._keeper.look(self._health))

    async def _receive(self, events: EventSink) -> None:
        hooked = self._options.webhook is not None
        rest = self._options.poll or (self._timing.hooked_poll_s if hooked else self._timing.poll_s)
        while True:
            try:
                await self._inbox.poll(events)
            except AnswerError as error:
                # An older app has no such list: it still sends.
                self._keeper.complain("inbox not read", error)
            await asyncio.sleep(rest)

    # ------------------------------------------------------------------------------------------------------- sending

    async def send(self, message: OutboundMessage, point_of_no_return: PointOfNoReturn) -> Outcome:
        if not self._keeper.ready:
            return NotSent(self._keeper.reason, counts=False)
        if len(message.todo) < len(message.parts):
            # The rest of a message whose other parts another line has sent: a phone sends whole texts only.
            return Refused("parts_unsupported", Blame.PERSON, elsewhere=True)
        body = await self._body(message)
        try:
            for part in message.todo:
                await point_of_no_return(part)
        except Withdrawn as withdrawn:
            return NotSent(withdrawn.reason, counts=False)
        deadline = asyncio.get_running_loop().time() + self._timing.open_s
        handed = await self._hand_over(message, body, deadline)
        if not isinstance(handed, Entry):
            return handed
        return await self._await(handed, deadline)

    async def _body(self, message: OutboundMessage) -> dict[str, Any]:
        text, number = message.text, self._number(message.address)
        ttl = self._timing.open_s - self._timing.margin_s
        if message.valid_until is not None:
            ttl = min(ttl, message.valid_until - time.time())
        body: dict[str, Any] = {
            "id": message.attempt,
            "withDeliveryReport": self._options.delivery_report,
            "priority": 0,
            "ttl": max(1, int(ttl)),
        }
        if self._passphrase:
            text, number = await asyncio.to_thread(_sealed, self._passphrase, text, number)
            body["isEncrypted"] = True
        if self._options.sim is not None:
            body["simNumber"] = self._options.sim
        return {**body, "textMessage": {"text": text}, "phoneNumbers": [number]}

    def _number(self, address: str) -> str:
        code = self._options.country_code
        return address if code is None or address.startswith("+") else f"+{code}{address.lstrip('0')}"

    async def _hand_over(self, message: OutboundMessage, body: Mapping[str, Any], deadline: float) -> Entry | Outcome:
        """Until the phone has it or certainly has not: its entry, or the outcome."""
        doubt, errors, tried = False, 0, 0
        while True:
            tried += 1
            reason, unsent = "no_answer", None
            try:
                if doubt and (told := await self._watch.ask(message.attempt)) is not None:
                    # Whose answer was lost, once, may lose it again: the question after it is the shorter way.
                    return self._open(message, told)
                answer = await self._client.ask("POST", "/messages?skipPhoneValidation=true", json=body)
                judged = await self._judge(message, answer)
                if judged is not None and not (doubt and isinstance(judged, NotSent)):
                    return judged
                errors += answer.status >= 500
                unsent = judged if isinstance(judged, NotSent) else None
                if unsent is None and errors >= self._timing.error_tries and not doubt:
                    return NotSent("phone_error", blame=Blame.LINE)
            except UnreachableError as error:
                reason, unsent = error.reason, NotSent(error.reason, counts=False)
                self._keeper.doubt(error)
            except CredentialsError as error:
                reason, unsent = error.reason, NotSent(error.reason, counts=False)
                self._keeper.doubt(error)
            except (LostError, AnswerError) as error:
                # The request may be with the phone, perhaps still on its way: only an answer about it ends the doubt.
                reason, doubt = error.reason, True
            if unsent is not None and not doubt:
                return unsent
            if not await pause(backoff(tried, self._timing.retry_s, self._timing.retry_max_s), deadline):
                return await self._given_up(message, reason)

    async def _judge(self, message: OutboundMessage, answer: Answer) -> Entry | Outcome | None:
        """Returns what one answer to the request means; None: nothing yet, ask again. Raises `PhoneError`."""
        status = answer.status
        if status in (200, 201, 202):
            told = read(answer.json())
            if told.id != message.attempt:
                raise AnswerError("not_the_app", status)
            return self._open(message, told)
        if status in (429, 503):
            return NotSent("phone_busy", blame=Blame.LINE)
        if status == 409 or status >= 500:
            # Some versions answer 500 to an id they have.
            told_or_none = await self._watch.ask(message.attempt)
            return self._open(message, told_or_none) if told_or_none is not None else None
        if status in (400, 422):
            return Refused(_complaint(answer))
        return NotSent(f"http_{status}", blame=Blame.LINE)

    def _open(self, message: OutboundMessage, told: Told) -> Entry:
        entry = self._watch.open(message.attempt, message.todo, message.valid_until)
        if told.rank < Rank.SENT:
            self._watch.note(told)
        return entry

    async def _given_up(self, message: OutboundMessage, reason: str) -> Outcome:
        """In doubt; should the phone turn out to have it, that is told later."""
        self._watch.give_up(self._watch.open(message.attempt, message.todo, message.valid_until))
        return Uncertain(reason)

    async def _await(self, entry: Entry, deadline: float) -> Outcome:
        loop = asyncio.get_running_loop()
        outcome = await self._watch.decided(entry, deadline - loop.time())
        if outcome is None:
            outcome = await self._cancel(entry)
        if outcome is None:
            self._watch.give_up(entry)
            return Uncertain("phone_stuck")
        return outcome

    async def _cancel(self, entry: Entry) -> Outcome | None:
        """Our deadline is over: take the message back where the phone has not begun with it."""
        try:
            await self._client.ask("DELETE", f"/messages/{entry.attempt}")
            told = await self._watch.ask(entry.attempt)
        except PhoneError:
            return None
        if told is None:
            return None
        if told.rank is Rank.CANCELLED:
            return NotSent("phone_stuck", blame=Blame.LINE)
        return outcome_of(told, entry.parts, ours_ended=False)

    def carries(self, message: OutboundMessage) -> str | None:
        """Implements `drivers.base.CarriesSome`: a phone sends whole texts."""
        return "parts_unsupported" if len(message.todo) < len(message.parts) else None

    def _failed(self, told: Told) -> None:
        """The phone could not send a message. What may be the SIM's fault is so once several in a row have failed: a
        network says the same of no credit and of one bad number."""
        why = cause(told.error)
        if why.blame is Blame.PERSON or (told.error is not None and EXPIRED in told.error):
            return
        most = self._timing.failures
        self._failures = [*self._failures, why.reason][-most:]
        if why.blame is Blame.LINE or self._failures.count(why.reason) == most:
            self._keeper.rest(why.reason)

    def _went(self) -> None:
        self._failures.clear()
        self._keeper.rested()

    # ------------------------------------------------------------------------------------------------ after a restart

    async def resume(self, attempts: Sequence[OpenAttempt]) -> Mapping[str, Outcome]:
        """Asks the phone for each by its id; what it does not know has not left."""
        deadline = asyncio.get_running_loop().time() + RESUME_S
        room = asyncio.Semaphore(CAPACITY)

        async def one(attempt: OpenAttempt) -> tuple[str, Outcome | None]:
            async with room:
                found = await self._find(attempt, deadline)
            if isinstance(found, Entry):
                outcome = await self._watch.decided(found, deadline - asyncio.get_running_loop().time())
                if outcome is None:
                    self._watch.give_up(found)
                return attempt.attempt, outcome
            return attempt.attempt, found

        found = await asyncio.gather(*(one(each) for each in attempts))
        return {name: outcome for name, outcome in found if outcome is not None}

    async def follow(self, attempts: Sequence[AwaitedAttempt]) -> None:
        """The phone is asked for their reports, and whether it has what is in doubt."""
        for each in attempts:
            self._watch.follow(each)

    async def _find(self, attempt: OpenAttempt, deadline: float) -> Entry | Outcome | None:
        asked, tried = 0, 0
        while True:
            tried += 1
            try:
                told = await self._watch.ask(attempt.attempt)
            except PhoneError:
                if not await pause(backoff(tried, self._timing.retry_s, self._timing.retry_max_s), deadline):
                    return None
                continue
            if told is not None:
                return self._watch.open(attempt.attempt, attempt.parts, None)
            if time.time() - attempt.at > RESUME_AGE_S:
                return None
            asked += 1
            if asked == 2:
                return NotSent("not_taken", counts=False)
            if not await pause(self._timing.settle_s, deadline):
                return None

    # -------------------------------------------------------------------------------------------------------- others

    def on_hook(self, headers: Mapping[str, str], body: bytes) -> Sequence[Event]:
        """Returns what a call of the phone tells; to be put before it is answered by 200. Raises `SignatureError`."""
        call = hooks.read(headers, body, secret(self._options.webhook_secret))
        if call.received is not None:
            return [call.received] if mine(self._options.sim, call.sim) else []
        if call.told is None:
            return []
        if self._watch.parts_of(call.told.id) > 1:
            # Such calls come for each part: only the list tells of the whole.
            self._watch.hurry(call.told.id)
            return []
        return self._watch.note(call.told)

    async def command(self, name: str, argument: str = "") -> Mapping[str, Any]:  # noqa: ARG002 - the port's signature
        """`health`, `device`. Raises `LineError`."""
        match name:
            case "health":
                return await self._health()
            case "device":
                return {"devices": await self._client.read("/device")}
        raise LineError(spoken("an SMSGate line answers: health, device"))


def _authorization(options: AndroidOptions) -> dict[str, str]:
    if options.token is not None:
        return {"Authorization": f"Bearer {secret(options.token)}"}
    pair = f"{options.user}:{secret(options.password)}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def _sealed(passphrase: str, *texts: str) -> tuple[str, ...]:
    return tuple(encryption.encrypt(passphrase, text) for text in texts)


def _complaint(answer: Answer) -> str:
    """Returns the app's reason for a refusal, as a word; its text may hold the number."""
    text = answer.text().lower()
    for sign, reason in (("phone", "number_invalid"), ("sim", "sim_invalid"), ("expired", "expired"), ("text", "text")):
        if sign in text:
            return reason
    return "refused_by_phone"
