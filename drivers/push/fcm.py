"""Firebase Cloud Messaging, HTTP v1.

Source: Google's reference of `projects.messages.send` and its `ErrorCode`. What is not certain there is read with the
promise in mind: a 500 is in doubt, a 503 that says UNAVAILABLE was turned away.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from drivers.base import Accepted, Blame, NotSent, Outcome, Refused
from drivers.http.answer import Answer, Request
from drivers.http.exchange import Exchange
from drivers.http.flight import Flight
from drivers.http.keeping import Health
from drivers.http.verdict import ServerErrors, judge
from drivers.push.access import Access, ServiceAccount
from drivers.push.notification import Notification
from drivers.push.options import PushOptions, secret
from drivers.push.service import INVALID, UNREGISTERED, elsewhere
from drivers.push.timing import Timing

TOPIC: Final = re.compile(r"/topics/([A-Za-z0-9_.~%-]{1,900})")
TOKEN: Final = re.compile(r"[A-Za-z0-9_:.=%+-]{20,4096}")
"""Google says nothing of a token's form; this is what all seen so far are made of, generously."""
PAYLOAD_MAX: Final = 4096
"""Octets of notification and data (Google's "About FCM messages")."""
ID: Final = "gatewayd_id"
"""The key of `data` that bears the attempt's id, so that an app may tell a repeat."""

REFUSALS: Final = {
    "UNREGISTERED": Refused(UNREGISTERED, Blame.PERSON),
    # The token is another project's: its line may take it.
    "SENDER_ID_MISMATCH": Refused("sender_mismatch", Blame.PERSON, elsewhere=True),
    # Not its token (`_blames_token`): what the job says.
    "INVALID_ARGUMENT": Refused("invalid_argument", Blame.PERSON),
}
FAULTS: Final = {
    "QUOTA_EXCEEDED": "quota_exceeded",
    "UNAVAILABLE": "unavailable",
    "PERMISSION_DENIED": "forbidden",
    "RESOURCE_EXHAUSTED": "quota_exceeded",
}
"""Codes by which Google says for certain that it has not taken the message, for a fault of the project or its own."""
APART: Final = "THIRD_PARTY_AUTH_ERROR"
"""The project's key for Apple's service, or for browsers, is missing or wrong. It concerns the tokens of that platform
alone, which look like all others: they wait, and the others go on."""
TOKEN_FIELD: Final = "message.token"  # noqa: S105 - the name of a field
_NO_TOKEN: Final = "not a valid fcm registration token"  # noqa: S105 - words


def size(told: Notification) -> int:
    """Octets of what is told, as Google counts them at least."""
    return sum(len(text.encode()) for text in (told.title, told.body, ID, told.id, *told.data, *told.data.values()))


def document(told: Notification, now: float) -> Mapping[str, Any] | None:
    """Returns the body of a send; None where the address is none of FCM's."""
    topic = TOPIC.fullmatch(told.to)
    if topic is None and TOKEN.fullmatch(told.to) is None:
        return None
    notification = {"body": told.body} | ({"title": told.title} if told.title else {})
    return {
        "message": {
            **({"topic": topic[1]} if topic is not None else {"token": told.to}),
            "notification": notification,
            "data": {ID: told.id, **told.data},
            "android": {"ttl": f"{told.ttl_s}s"},
            "apns": {"headers": {"apns-expiration": str(int(now) + told.ttl_s)}},
            "webpush": {"headers": {"TTL": str(told.ttl_s)}},
        }
    }


def read(answer: Answer, now: float, server_errors: ServerErrors, quota_s: float, apart_s: float) -> Outcome:
    """Returns what the answer to a send means."""
    said = answer.json if isinstance(answer.json, dict) else {}
    if answer.status == 200:
        name = said.get("name")
        if isinstance(name, str) and "/messages/" in name:
            return Accepted({1: name}, reported=False)
        return judge(answer, now, server_errors)
    code = error_code(said)
    if code == APART:
        return NotSent("third_party_auth", apart_s, counts=False, blame=Blame.PERSON)
    if code == "INVALID_ARGUMENT" and _blames_token(said):
        return elsewhere(INVALID)
    if code in REFUSALS:
        return REFUSALS[code]
    if code in FAULTS:
        pause_s = answer.retry_after_s(now)
        if pause_s is None and answer.status == 429:
            pause_s = quota_s
        return NotSent(FAULTS[code], pause_s, blame=Blame.LINE)
    verdict = judge(answer, now, server_errors)
    if isinstance(verdict, NotSent) and answer.status == 429 and verdict.retry_after is None:
        return replace(verdict, retry_after=quota_s)
    return verdict


def _blames_token(said: Mapping[str, Any]) -> bool:
    """Returns whether Google says that the token was never one: by the field that it objects to, or in words."""
    error = said.get("error")
    details = error.get("details") if isinstance(error, dict) else None
    for detail in details if isinstance(details, list) else ():
        violations = detail.get("fieldViolations") if isinstance(detail, dict) else None
        for each in violations if isinstance(violations, list) else ():
            if isinstance(each, dict) and each.get("field") == TOKEN_FIELD:
                return True
    message = error.get("message") if isinstance(error, dict) else None
    return isinstance(message, str) and _NO_TOKEN in message.lower()


def error_code(said: Mapping[str, Any]) -> str | None:
    """FCM's own code, else the canonical one of Google's APIs."""
    error = said.get("error")
    if not isinstance(error, dict):
        return None
    details = error.get("details")
    for each in details if isinstance(details, list) else ():
        if isinstance(each, dict) and isinstance(each.get("errorCode"), str):
            return str(each["errorCode"])
    status = error.get("status")
    return status if isinstance(status, str) else None


class Fcm:
    """Implements `drivers.push.service.PushService`."""

    def __init__(self, options: PushOptions, account: ServiceAccount, exchange: Exchange, timing: Timing) -> None:
        self._options, self._timing = options, timing
        self._account = account
        self._access = Access(account, exchange, timing)
        self._url = f"{options.base}/v1/projects/{account.project}/messages:send"
        self._apart_until = 0.0

    async def look(self) -> Health:
        await self._access.token()
        # Only people can put it right, and the line goes on meanwhile.
        detail = {"waiting": "third_party_auth"} if time.monotonic() < self._apart_until else {}
        return Health(operator=self._account.project, detail=detail)

    def carries(self, told: Notification) -> str | None:
        if size(told) > PAYLOAD_MAX:
            return "too_large"
        return INVALID if document(told, time.time()) is None else None

    async def send(self, flight: Flight, told: Notification) -> Outcome:
        if (reason := self.carries(told)) is not None:
            return elsewhere(reason)
        body = document(told, time.time())
        data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        token = await self._access.token()
        answer = await flight.ask(self._request(token, data))
        if answer.status == 401 and error_code(answer.json if isinstance(answer.json, dict) else {}) != APART:
            # The token ended before its time. It was turned away at the door: asking again doubles nothing.
            self._access.forget(token)
            answer = await flight.ask(self._request(await self._access.token(), data))
        timing = self._timing
        outcome = read(answer, time.time(), self._options.server_errors, timing.quota_s, timing.apart_s)
        if isinstance(outcome, NotSent) and not outcome.counts:
            self._apart_until = time.monotonic() + 2 * timing.apart_s
        return outcome

    def _request(self, token: str, data: bytes) -> Request:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json; charset=utf-8"}
        return Request("POST", self._url, headers, data)

    def facts(self) -> Mapping[str, Any]:
        return {"project": self._account.project, "account": self._account.email}


def account_of(options: PushOptions) -> ServiceAccount:
    """Raises `MisconfiguredError`."""
    return ServiceAccount.parse(secret(options.credentials))
