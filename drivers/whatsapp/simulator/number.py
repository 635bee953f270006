"""One simulated number of WhatsApp Business: what it is asked over the Cloud API, and what it tells by itself. Pure but
for chance; what is told is handed to `tell`."""

from __future__ import annotations

import base64
import json
import random
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from drivers.simulation.http import Incoming, Reply
from drivers.simulation.record import Record
from drivers.simulation.service import Ask

PATH = re.compile(r"/v\d+\.\d+/(\d+)(/messages)?")


@dataclass(slots=True)
class Settings:
    latency_s: float = 0.0
    token: str = "EAAsimulated"  # noqa: S105 - a simulator's
    app_secret: str = "app-secret-1"  # noqa: S105 - a simulator's
    verify_token: str = "palabra"  # noqa: S105 - a simulator's
    hook: str = ""
    """Address that is called; "" for none."""
    states: list[str] = field(default_factory=lambda: ["sent", "delivered", "read"])
    """What becomes of a message, told one after another."""
    state_delay_s: float = 0.0
    """Between taking a message, each of its states, and the next."""
    batch: int = 20
    """How much of what waits to be told one call may bear."""
    shuffle: bool = False
    """States are told out of order."""
    fail_code: int = 131026
    """The error that a `failed` state names."""
    templates: dict[str, int] = field(default_factory=dict)
    """Known templates with the number of their parameters; empty: any."""
    absent: list[str] = field(default_factory=list)
    """Numbers (digits) that are not on WhatsApp."""
    closed: bool = False
    """Nobody has written within 24 hours: only templates may go."""
    callback_data: bool = True
    """Whether states bear what the message was sent with."""


Tell = Callable[["BusinessNumber", dict[str, Any], float], None]
"""A call's body, and after how many seconds it goes out."""


def error(status: int, code: int, words: str) -> Reply:
    """As the Graph API writes it."""
    said = {"message": f"(#{code}) {words}", "type": "OAuthException", "code": code, "fbtrace_id": "Asim"}
    return Reply(status, json.dumps({"error": said}).encode())


class BusinessNumber:
    """Implements `drivers.simulation.service.Kind`."""

    def __init__(self, index: int, record: Record, tell: Tell) -> None:
        self.index, self.record = index, record
        self.settings = Settings()
        self.counters: Counter[str] = Counter()
        self.phone_id = str(100_000_000_000_001 + index)
        self.number = f"549115000{index:04d}"
        self._tell = tell

    def device(self, base: str) -> dict[str, Any]:
        settings = self.settings
        return {
            "url": base,
            "number": f"+{self.number}",
            "phone_id": self.phone_id,
            "token": settings.token,
            "app_secret": settings.app_secret,
            "verify_token": settings.verify_token,
        }

    def read(self, request: Incoming) -> Ask | Reply:
        match = PATH.fullmatch(request.path)
        if match is None:
            return error(404, 2500, "Unknown path components")
        if request.headers.get("authorization") != f"Bearer {self.settings.token}":
            return error(401, 190, "Invalid OAuth access token")
        if match[1] != self.phone_id:
            return error(400, 100, "Unsupported request. Object does not exist")
        if match[2] is None:
            return Ask("health", self._about) if request.method == "GET" else error(400, 100, "Unsupported request")
        try:
            body = json.loads(request.body)
        except ValueError:
            return error(400, 100, "Invalid JSON")
        return self._refusal(body) or Ask("send", partial(self._take, body))

    def _about(self) -> Reply:
        self.counters["health"] += 1
        about = {"verified_name": "Norte Wifi", "display_phone_number": f"+{self.number}", "quality_rating": "GREEN"}
        return Reply(200, json.dumps({**about, "id": self.phone_id}).encode())

    def _refusal(self, body: Any) -> Reply | None:
        if not isinstance(body, dict) or body.get("messaging_product") != "whatsapp":
            return error(400, 100, "The parameter messaging_product is required.")
        if not re.fullmatch(r"\+?\d{7,15}", str(body.get("to", ""))):
            return error(400, 131009, "Parameter value is not valid")
        settings = self.settings
        if str(body["to"]).lstrip("+") in settings.absent:
            return error(400, 131026, "Message undeliverable")
        match body.get("type", "text"):
            case "text":
                text = body.get("text", {}).get("body") if isinstance(body.get("text"), dict) else None
                if not isinstance(text, str) or not 0 < len(text) <= 4096:
                    return error(400, 100, "Param text.body must be between 1 and 4096 characters")
                return error(400, 131047, "Re-engagement message") if settings.closed else None
            case "template":
                return self._template_refusal(body.get("template"))
        return error(400, 131051, "Unsupported message type")

    def _template_refusal(self, template: Any) -> Reply | None:
        name = template.get("name") if isinstance(template, dict) else None
        language = template.get("language") if isinstance(template, dict) else None
        if not isinstance(name, str) or not isinstance(language, dict) or not language.get("code"):
            return error(400, 131008, "Required parameter is missing")
        values = parameters(template)
        if any(re.search(r"[\n\t]| {5}", value) for value in values):
            return error(400, 132012, "Parameter format does not match")
        known = self.settings.templates
        if known and name not in known:
            return error(404, 132001, "Template name does not exist in the translation")
        if known and known[name] != len(values):
            return error(400, 132000, "Number of parameters does not match")
        return None

    def _take(self, body: dict[str, Any]) -> Reply:
        self.counters["taken"] += 1
        to = str(body["to"]).lstrip("+")
        reference = "wamid." + base64.b64encode(f"{to}{secrets.token_hex(8)}".encode()).decode()
        template = body.get("template") or {}
        self.record.add(
            device=self.index,
            to=f"+{to}",
            text=(body.get("text") or {}).get("body", ""),
            template=template.get("name"),
            language=(template.get("language") or {}).get("code"),
            parameters=parameters(template),
            id=body.get("biz_opaque_callback_data", ""),
            reference=reference,
        )
        self._follow(reference, to, body.get("biz_opaque_callback_data"))
        answer = {
            "messaging_product": "whatsapp",
            "contacts": [{"input": str(body["to"]), "wa_id": to}],
            "messages": [{"id": reference, "message_status": "accepted"}],
        }
        return Reply(200, json.dumps(answer).encode())

    def _follow(self, reference: str, to: str, callback_data: str | None) -> None:
        settings = self.settings
        words = list(settings.states)
        if settings.shuffle:
            random.shuffle(words)
        for place, word in enumerate(words, 1):
            self._tell(self, self.state(reference, to, word, callback_data), settings.state_delay_s * place)

    def state(self, reference: str, to: str, word: str, callback_data: str | None = None) -> dict[str, Any]:
        """Returns a call's body for one state."""
        status: dict[str, Any] = {
            "id": reference,
            "status": word,
            "timestamp": _now(),
            "recipient_id": to,
            "recipient_user_id": _user_id(to),
        }
        if callback_data and self.settings.callback_data:
            status["biz_opaque_callback_data"] = callback_data
        if word == "failed":
            words = "Message undeliverable"
            failure = {"code": self.settings.fail_code, "title": words, "message": words}
            status["errors"] = [{**failure, "error_data": {"details": words}}]
        return self._call({"contacts": [_contact(to)], "statuses": [status]})

    def message(self, sender: str, content: dict[str, Any], key: str | None) -> tuple[str, dict[str, Any]]:
        """Returns a call's body for a message received, and the message's id."""
        key = key or "wamid." + base64.b64encode(secrets.token_bytes(12)).decode()
        digits = sender.lstrip("+")
        message = {"from": digits, "from_user_id": _user_id(digits), "id": key, "timestamp": _now(), **content}
        return key, self._call({"contacts": [_contact(digits)], "messages": [message]})

    def _call(self, value: dict[str, Any]) -> dict[str, Any]:
        metadata = {"display_phone_number": self.number, "phone_number_id": self.phone_id}
        whole = {"messaging_product": "whatsapp", "metadata": metadata, **value}
        entry = {"id": "2000001", "changes": [{"value": whole, "field": "messages"}]}
        return {"object": "whatsapp_business_account", "entry": [entry]}


def _contact(number: str) -> dict[str, Any]:
    return {"profile": {"name": "Ana"}, "wa_id": number, "user_id": _user_id(number)}


def _user_id(number: str) -> str:
    """By which Meta names people who may hide their number."""
    return f"AR.{number[::-1]}"


def parameters(template: dict[str, Any]) -> list[str]:
    """Returns the texts of the body's parameters, in order."""
    components = template.get("components")
    given = components if isinstance(components, list) else []
    bodies = [each for each in given if str(each.get("type")).lower() == "body"]
    return [str(each.get("text", "")) for body in bodies for each in body.get("parameters", [])]


def _now() -> str:
    return str(int(time.time()))
