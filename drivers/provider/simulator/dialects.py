"""How providers speak: a request read as an operation, what became of it said in the dialect's words. Pure."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any, Protocol

from drivers.provider.simulator.settings import Settings
from drivers.simulation.http import Incoming, Reply


@dataclass(frozen=True, slots=True)
class Ask:
    """What a request wants: send, block, result, status, inbox, ack, balance."""

    op: str
    to: str = ""
    text: str = ""
    id: str = ""
    reference: str = ""
    rows: tuple[Ask, ...] = ()
    """Of a block, each a send."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row of a block. `reference` is empty where it was refused, `error` then says why."""

    id: str
    reference: str
    error: str
    at: float


class Dialect(Protocol):
    path: str
    """Where messages are sent to."""

    def read(self, request: Incoming, settings: Settings) -> Ask | Reply:
        """Returns the operation, or the answer to a request that is none."""

    def taken(self, entry: dict[str, Any]) -> Reply: ...
    def duplicate(self, entry: dict[str, Any]) -> Reply: ...
    def refused(self) -> Reply: ...
    def block(self, outcomes: list[Outcome] | None) -> Reply:
        """Returns the answer to a block; None: it is processed later."""

    def results(self, outcomes: list[Outcome] | None) -> Reply:
        """Returns the answer to a question about a message of a block; None: it is still pending."""

    def status(self, entry: dict[str, Any] | None, word: str) -> Reply: ...
    def inbox(self, rows: list[dict[str, Any]]) -> Reply: ...
    def balance(self, settings: Settings) -> Reply: ...


def _json(status: int, document: Any) -> Reply:
    return Reply(status, json.dumps(document, ensure_ascii=False).encode())


def _plain(text: str) -> Reply:
    return Reply(200, text.encode("latin-1", "replace"), "text/html; charset=iso-8859-1")


def _object(request: Incoming) -> dict[str, Any]:
    try:
        document = json.loads(request.body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


class Generic:
    """A plain JSON API: bearer key, ids of the client taken once, states, inbox, balance."""

    path = "/v1/messages"

    def read(self, request: Incoming, settings: Settings) -> Ask | Reply:
        if request.headers.get("authorization") != f"Bearer {settings.key}":
            return _json(401, {"error": "unauthorized"})
        match request.method, request.path.removeprefix("/v1/").split("/"):
            case "POST", ["messages"]:
                return self._send(_object(request)) or _json(422, {"error": "invalid"})
            case "POST", ["messages", "batch"]:
                asked = _object(request).get("messages")
                rows = [self._send(each) for each in asked] if isinstance(asked, list) else []
                if not rows or None in rows:
                    return _json(422, {"error": "invalid"})
                return Ask("block", rows=tuple(row for row in rows if row is not None))
            case "GET", ["messages", reference]:
                return Ask("status", reference=reference)
            case "GET", ["inbox"]:
                return Ask("inbox")
            case (("POST" | "GET" | "DELETE"), ["inbox", reference]):
                return Ask("ack", reference=reference)
            case "GET", ["balance"]:
                return Ask("balance")
        return _json(404, {"error": "not found"})

    def _send(self, body: Any) -> Ask | None:
        if not isinstance(body, dict):
            return None
        to, text = str(body.get("to", "")), body.get("text")
        if not re.fullmatch(r"\+\d{8,15}", to) or not isinstance(text, str) or not text:
            return None
        return Ask("send", to, text, str(body.get("id", "")))

    def refused(self) -> Reply:
        return _json(422, {"error": "invalid"})

    def block(self, outcomes: list[Outcome] | None) -> Reply:
        if outcomes is None:
            return _json(202, {"status": "accepted"})
        return _json(200, {"messages": [self._outcome(each) for each in outcomes]})

    def results(self, outcomes: list[Outcome] | None) -> Reply:
        return _json(200, {"messages": [self._outcome(each) for each in outcomes or ()]})

    def _outcome(self, outcome: Outcome) -> dict[str, Any]:
        word = "rejected" if outcome.error else "accepted"
        return {"client_id": outcome.id, "id": outcome.reference, "status": word, "error": outcome.error or None}

    def taken(self, entry: dict[str, Any]) -> Reply:
        return _json(201, {"id": entry["reference"], "status": "accepted"})

    def duplicate(self, entry: dict[str, Any]) -> Reply:
        return _json(409, {"error": "duplicate", "id": entry["reference"]})

    def status(self, entry: dict[str, Any] | None, word: str) -> Reply:
        if entry is None:
            return _json(404, {"error": "unknown"})
        return _json(200, {"id": entry["reference"], "status": word, "reason": "absent" if word == "failed" else None})

    def inbox(self, rows: list[dict[str, Any]]) -> Reply:
        return _json(200, {"messages": rows})

    def balance(self, settings: Settings) -> Reply:
        return _json(200, {"balance": settings.balance})


class SmsMasivos:
    """The dialect of SMS Masivos: pairs in Latin-1, answers as plain text, lists as tab-separated rows."""

    path = "/enviar_sms.asp"
    _PLAIN = re.compile(r"[A-Za-z0-9!?#$%()*+\-./:;=@ ,]*")

    def read(self, request: Incoming, settings: Settings) -> Ask | Reply:
        pairs = request.pairs("latin-1")
        if pairs.get("apikey") != settings.key and (pairs.get("usuario"), pairs.get("clave")) != (
            settings.user,
            settings.password,
        ):
            return _plain("Error: usuario o clave incorrectos")
        if request.path == "/obtener_sms_entrada.asp":
            return Ask("inbox")
        if request.path == "/obtener_saldo.asp":
            return Ask("balance")
        if request.path == "/enviar_sms_bloque.asp":
            return self._block(pairs)
        if request.path == "/obtener_respuestaapi_bloque.asp":
            return Ask("result", reference=pairs.get("idinterno", ""))
        row = Ask("send", pairs.get("tos", ""), pairs.get("texto", ""), pairs.get("idinterno", ""))
        return _plain(fault) if (fault := self.fault(row)) else row

    def fault(self, row: Ask) -> str:
        """Returns what is wrong with a message, as the service says it; empty: nothing."""
        if len(row.text) > 160:
            return "-6;Texto demasiado largo"
        if not re.fullmatch(r"\d{10}", row.to):
            return "-7;Numero invalido"
        if not self._PLAIN.fullmatch(row.text):
            return "-11;Caracteres no permitidos"
        return ""

    def _block(self, pairs: dict[str, str]) -> Ask | Reply:
        mark = "\t" if pairs.get("separadorcampos") == "tab" else ","
        rows = [line.split(mark, 2) for line in pairs.get("bloque", "").splitlines() if line]
        if not rows or any(len(row) != 3 or not re.fullmatch(r"[A-Za-z0-9]{1,50}", row[0]) for row in rows):
            return _plain("Error: bloque mal formado")
        asked = tuple(Ask("send", to, text, own) for own, to, text in rows)
        if any(self.fault(row) for row in asked):
            return _plain("-7;Hay mensajes invalidos")
        return Ask("block", rows=asked)

    def refused(self) -> Reply:
        return _plain("-1;Telefono fijo")

    def block(self, outcomes: list[Outcome] | None) -> Reply:  # noqa: ARG002 - says nothing of the messages
        return _plain("OK")

    def results(self, outcomes: list[Outcome] | None) -> Reply:
        if outcomes is None:
            return _plain("PENDIENTE")
        return _plain("".join(f"{each.id}\t{int(each.at)}\t{each.error or 'OK'}\r\n" for each in outcomes))

    def taken(self, entry: dict[str, Any]) -> Reply:  # noqa: ARG002 - says nothing of the message
        return _plain("1;OK")

    def duplicate(self, entry: dict[str, Any]) -> Reply:
        return self.taken(entry)

    def status(self, entry: dict[str, Any] | None, word: str) -> Reply:  # noqa: ARG002 - has no such thing
        return _plain("")

    def inbox(self, rows: list[dict[str, Any]]) -> Reply:
        return _plain("".join(f"{row['from']}\t{row['text']}\t{row['at']}\t{row['id']}\r\n" for row in rows))

    def balance(self, settings: Settings) -> Reply:
        return _plain(settings.balance.partition(".")[0])


class Connectus:
    """The dialect of Connectus: Basic authentication, JSON with the number as a number."""

    path = "/api_v2/send_sms"

    def read(self, request: Incoming, settings: Settings) -> Ask | Reply:
        wanted = base64.b64encode(f"{settings.user}:{settings.key}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {wanted}":
            return _json(401, {"error": "unauthorized"})
        if request.path.endswith("/check_sms_balance"):
            return Ask("balance")
        body = _object(request)
        to, text = body.get("dst_number"), body.get("sms_content")
        if type(to) is not int or not isinstance(text, str):
            return _json(400, {"error": "invalid"})
        return Ask("send", str(to), text)

    def refused(self) -> Reply:
        return _json(400, {"error": "invalid"})

    def block(self, outcomes: list[Outcome] | None) -> Reply:  # noqa: ARG002 - has no such thing
        return _json(404, {"error": "unknown"})

    results = block

    def taken(self, entry: dict[str, Any]) -> Reply:
        return _json(200, {"id": entry["reference"], "message": "queued"})

    def duplicate(self, entry: dict[str, Any]) -> Reply:
        return self.taken(entry)

    def status(self, entry: dict[str, Any] | None, word: str) -> Reply:  # noqa: ARG002 - has no such thing
        return _json(404, {"error": "unknown"})

    def inbox(self, rows: list[dict[str, Any]]) -> Reply:
        return _json(200, rows)

    def balance(self, settings: Settings) -> Reply:
        return _json(200, {"balance": {"CL": settings.balance}})


class _Keyed:
    """What the phones' services have in common: a key in a header, no blocks, and messages that know no ids of ours."""

    def _refused(self, request: Incoming, settings: Settings) -> Reply | None:
        if request.headers.get("x-api-key") != settings.key:
            return _json(401, {"message": "unauthorized"})
        return None

    def refused(self) -> Reply:
        return _json(422, {"message": "validation errors"})

    def block(self, outcomes: list[Outcome] | None) -> Reply:  # noqa: ARG002 - has no such thing
        return _json(404, {"message": "not found"})

    results = block

    def balance(self, settings: Settings) -> Reply:  # noqa: ARG002 - has no such thing
        return _json(404, {"message": "not found"})


class HttpSms(_Keyed):
    """The dialect of httpSMS."""

    path = "/v1/messages/send"

    def read(self, request: Incoming, settings: Settings) -> Ask | Reply:
        if refused := self._refused(request, settings):
            return refused
        body = _object(request)
        to, text = str(body.get("to", "")), body.get("content")
        if request.method != "POST" or request.path != self.path:
            return _json(404, {"message": "not found"})
        if not re.fullmatch(r"\+\d{8,15}", to) or not isinstance(text, str) or not body.get("from"):
            return self.refused()
        return Ask("send", to, text, str(body.get("request_id", "")))

    def taken(self, entry: dict[str, Any]) -> Reply:
        data = {"id": entry["reference"], "status": "pending", "request_id": entry["id"], "contact": entry["to"]}
        return _json(200, {"status": "success", "message": "message added to queue", "data": data})

    def duplicate(self, entry: dict[str, Any]) -> Reply:
        return self.taken(entry)

    def status(self, entry: dict[str, Any] | None, word: str) -> Reply:  # noqa: ARG002 - has no such thing
        return _json(404, {"message": "not found"})

    def inbox(self, rows: list[dict[str, Any]]) -> Reply:  # noqa: ARG002 - has no such thing
        return _json(404, {"message": "not found"})


class Textbee(_Keyed):
    """The dialect of textbee."""

    path = "/api/v1/gateway/devices/phone1/send-sms"

    def read(self, request: Incoming, settings: Settings) -> Ask | Reply:
        if refused := self._refused(request, settings):
            return refused
        match request.method, request.path.removeprefix("/api/v1/gateway/").split("/"):
            case "POST", ["devices", _, "send-sms"]:
                body = _object(request)
                numbers, text = body.get("recipients"), body.get("message")
                if not isinstance(numbers, list) or len(numbers) != 1 or not isinstance(text, str):
                    return self.refused()
                return Ask("send", str(numbers[0]), text)
            case "GET", ["devices", _, "sms-batch", reference]:
                return Ask("status", reference=reference)
            case "GET", ["messages"]:
                return Ask("inbox")
        return _json(404, {"message": "not found"})

    def taken(self, entry: dict[str, Any]) -> Reply:
        data = {"success": True, "message": "queued", "smsBatchId": entry["reference"], "recipientCount": 1}
        return _json(201, {"data": data})

    def duplicate(self, entry: dict[str, Any]) -> Reply:
        return self.taken(entry)

    def status(self, entry: dict[str, Any] | None, word: str) -> Reply:
        if entry is None:
            return _json(404, {"message": "not found"})
        error = {"errorCode": "RESULT_ERROR_NO_SERVICE"} if word == "failed" else {}
        message = {"_id": f"m-{entry['reference']}", "recipient": entry["to"], "status": word, **error}
        return _json(200, {"data": {"batch": {"_id": entry["reference"]}, "messages": [message]}})

    def inbox(self, rows: list[dict[str, Any]]) -> Reply:
        data = [
            {"_id": row["id"], "sender": row["from"], "message": row["text"], "receivedAt": row["at"]}
            for row in reversed(rows)
        ]
        return _json(200, {"data": data, "meta": {"limit": 100}})


DIALECTS: dict[str, Dialect] = {
    "generic": Generic(),
    "smsmasivos": SmsMasivos(),
    "connectus": Connectus(),
    "httpsms": HttpSms(),
    "textbee": Textbee(),
}
