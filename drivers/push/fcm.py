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
from drivers.push.service import INVALID, UNREGISTERED
from drivers.push.timing import Timing

TOPIC: Final = re.compile(r"/topics/([A-Za-z0-9_.~%-]{1,900})")
TOKEN: Final = re.compile(r"[A-Za-z0-9_:.=%+-]{20,4096}")
"""Google says nothing of a token's form; this is what all seen so far are made of, generously."""
ID: Final = "gatewayd_id"
"""The key of `data` that bears the attempt's id, so that an app may tell a repeat."""

REFUSALS: Final = {
    "UNREGISTERED": UNREGISTERED,
    "SENDER_ID_MISMATCH": "sender_mismatch",
    "INVALID_ARGUMENT": "invalid_argument",
}
FAULTS: Final = {
    "QUOTA_EXCEEDED": "quota_exceeded",
    "UNAVAILABLE": "unavailable",
    "THIRD_PARTY_AUTH_ERROR": "third_party_auth",
    "PERMISSION_DENIED": "forbidden",
    "RESOURCE_EXHAUSTED": "quota_exceeded",
}
"""Codes by which Google says for certain that it has not taken the message, whoever is to blame for it."""


def document(told: Notification, now: float) -> Mapping[str, Any] | None:
    """The body of a send; None where the address is none of FCM's."""
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


def read(answer: Answer, now: float, server_errors: ServerErrors, quota_s: float) -> Outcome:
    """What the answer to a send means."""
    said = answer.json if isinstance(answer.json, dict) else {}
    if answer.status == 200:
        name = said.get("name")
        if isinstance(name, str) and "/messages/" in name:
            return Accepted({1: name}, reported=False)
        return judge(answer, now, server_errors)
    code = error_code(said)
    if code in REFUSALS:
        return Refused(REFUSALS[code])
    if code in FAULTS:
        pause_s = answer.retry_after_s(now)
        if pause_s is None and answer.status == 429:
            pause_s = quota_s
        return NotSent(FAULTS[code], pause_s, blame=Blame.LINE)
    verdict = judge(answer, now, server_errors)
    if isinstance(verdict, NotSent) and answer.status == 429 and verdict.retry_after is None:
        return replace(verdict, retry_after=quota_s)
    return verdict


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

    async def look(self) -> Health:
        await self._access.token()
        return Health(operator=self._account.project)

    async def send(self, flight: Flight, told: Notification) -> Outcome:
        body = document(told, time.time())
        if body is None:
            return Refused(INVALID)
        data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        token = await self._access.token()
        answer = await flight.ask(self._request(token, data))
        if answer.status == 401 and error_code(answer.json if isinstance(answer.json, dict) else {}) not in FAULTS:
            # The token ended before its time. It was turned away at the door: asking again doubles nothing.
            self._access.forget(token)
            answer = await flight.ask(self._request(await self._access.token(), data))
        return read(answer, time.time(), self._options.server_errors, self._timing.quota_s)

    def _request(self, token: str, data: bytes) -> Request:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json; charset=utf-8"}
        return Request("POST", self._url, headers, data)

    def facts(self) -> Mapping[str, Any]:
        return {"project": self._account.project, "account": self._account.email}


def account_of(options: PushOptions) -> ServiceAccount:
    """Raises `MisconfiguredError`."""
    return ServiceAccount.parse(secret(options.credentials))
