"""The HTTP faces of one phone: SMSGate's local server, Traccar SMS Gateway and REST SMS Gateway, all on one port."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from aiohttp import web

from drivers.android.simulator.phone import DuplicateError, Message, Phone, iso
from drivers.android.simulator.settings import Fault


def app_of(path: str) -> str:
    """Returns the app whose interface a path belongs to."""
    if path == "/":
        return "traccar"
    if path == "/send":
        return "generic"
    return "rest" if path.startswith("/v1/") else "smsgate"


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_FIELD: Final = re.compile(r'name="(\w+)"[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n(.*?)(?=\r?\n--)', re.DOTALL)
_OPEN: Final = ("/health", "/send")
"""Paths that ask for no credentials in the headers."""
LIMIT: Final = 50


class PhoneServer:
    """Serves one phone; `unplug` closes port and connections as a lost Wi-Fi does, `plug` opens the same port again."""

    def __init__(self, phone: Phone, port: int = 0) -> None:
        self.phone = phone
        self.host = "127.0.0.1"
        self.port = port
        self._runner: web.AppRunner | None = None
        self._dropped: set[asyncio.Event] = set()
        self._slow: set[asyncio.Event] = set()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def plug(self) -> None:
        if self._runner is not None:
            return
        app = web.Application(middlewares=[self._gate])
        add = app.router.add_route
        for path in ("/message", "/messages"):
            add("GET", path, self._list)
            add("POST", path, self._post)
            add("GET", path + "/{id}", self._get)
            add("DELETE", path + "/{id}", self._cancel)
        add("GET", "/health", self._health)
        add("GET", "/device", self._device)
        add("GET", "/inbox", self._inbox)
        add("POST", "/inbox/refresh", self._accepted)
        add("GET", "/logs", self._empty)
        add("GET", "/webhooks", self._webhooks)
        add("POST", "/webhooks", self._add_webhook)
        add("DELETE", "/webhooks/{id}", self._drop_webhook)
        add("GET", "/settings", self._settings)
        add("PATCH", "/settings", self._change_settings)
        add("POST", "/", self._traccar)
        add("POST", "/send", self._form)
        add("POST", "/v1/sms/", self._rest_send)
        add("GET", "/v1/sms/", self._rest_list)
        add("GET", "/v1/sms/{id}/", self._rest_one)
        add("GET", "/v1/device/status/", self._rest_status)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port, reuse_address=True)
        await site.start()
        if not self.port:
            self.port = self._runner.addresses[0][1]

    async def unplug(self) -> None:
        runner, self._runner = self._runner, None
        if runner is None:
            return
        self.hurry()
        server = runner.server
        for protocol in list(server.connections) if server is not None else []:
            if protocol.transport is not None:
                protocol.transport.abort()
        await runner.cleanup()

    def wake(self) -> None:
        """What waits because the phone is asleep looks again."""
        for event in self._dropped:
            event.set()

    def hurry(self) -> None:
        """What is answered slowly is answered now."""
        for event in self._slow:
            event.set()

    # -------------------------------------------------------------------------------------------- before any handler

    @web.middleware
    async def _gate(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        phone = self.phone
        phone.count("requests")
        phone.count(f"{request.method} {request.path if len(request.path) < 20 else '/messages/{id}'}")
        while phone.settings.asleep:
            event = asyncio.Event()
            self._dropped.add(event)
            try:
                await event.wait()
            finally:
                self._dropped.discard(event)
        fault = phone.faults.strike(request.method, request.path)
        if fault is not None:
            phone.count(f"fault {fault.kind}")
            return await self._strike(fault, request, handler)
        return await self._answer(request, handler)

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.phone.settings.app not in ("", app_of(request.path)):
            return web.Response(status=404, text="")
        if not self._authorised(request):
            self.phone.count("unauthorised")
            return web.Response(status=401, text="")
        return await handler(request)

    async def _strike(self, fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
        match fault.kind:
            case "drop_before":
                return self._drop(request)
            case "drop_after":
                await self._answer(request, handler)
                return self._drop(request)
            case "slow":
                answer = await self._answer(request, handler)
                await self._pause(fault.delay_s)
                return answer
        if fault.taken:
            await self._answer(request, handler)
        if fault.kind == "garbage":
            return web.Response(status=200, text="<html><body>Login</body></html>", content_type="text/html")
        return web.json_response({"message": "simulated"}, status=fault.status)

    async def _pause(self, seconds: float) -> None:
        """So long, or until the faults are cleared or the phone is gone."""
        event = asyncio.Event()
        self._slow.add(event)
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass
        finally:
            self._slow.discard(event)

    @staticmethod
    def _drop(request: web.Request) -> web.Response:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    def _authorised(self, request: web.Request) -> bool:
        settings, given = self.phone.settings, request.headers.get("Authorization", "")
        if request.path in _OPEN or request.path.startswith("/v1/"):
            return True
        if request.path == "/":
            # Traccar's face asks every POST for its key; a GET without one is any visitor's.
            return given == settings.token or (request.method == "GET" and not given)
        kind, _, rest = given.partition(" ")
        if kind == "Bearer":
            return rest == settings.token
        with suppress(binascii.Error, UnicodeDecodeError):
            return kind == "Basic" and base64.b64decode(rest).decode() == f"{settings.user}:{settings.password}"
        return False

    # ------------------------------------------------------------------------------------------------------- SMSGate

    async def _post(self, request: web.Request) -> web.Response:
        given = await request.json()
        content = given.get("textMessage") or {"text": given.get("message")}
        numbers = given.get("phoneNumbers") or []
        if not content.get("text"):
            return _bad("Text message is empty")
        if not numbers:
            return _bad("phoneNumbers is empty")
        if given.get("simNumber") is not None and given["simNumber"] < 1:
            return _bad("simNumber must be >= 1")
        if given.get("ttl") is not None and given.get("validUntil") is not None:
            return _bad("fields conflict: ttl and validUntil")
        message = Message(
            id=given.get("id") or f"phone-{len(self.phone.messages):016d}",
            to=numbers[0],
            text=content["text"],
            sim=given.get("simNumber"),
            encrypted=bool(given.get("isEncrypted")),
            report=given.get("withDeliveryReport", True),
            priority=given.get("priority") or 0,
            until=time.time() + given["ttl"] if given.get("ttl") is not None else None,
        )
        try:
            self.phone.enqueue(message)
        except DuplicateError:
            return web.json_response({"message": "exists"}, status=self.phone.settings.duplicate_status)
        return web.json_response(self._shown(message), status=202)

    async def _get(self, request: web.Request) -> web.Response:
        message = self.phone.messages.get(request.match_info["id"])
        return web.json_response(self._shown(message)) if message is not None else web.Response(status=404)

    async def _cancel(self, request: web.Request) -> web.Response:
        message = self.phone.messages.get(request.match_info["id"])
        if message is None:
            return web.Response(status=404)
        self.phone.cancel(message)
        return web.json_response(self._shown(message), status=202)

    async def _list(self, request: web.Request) -> web.Response:
        begin, end, limit, offset = _window(request.query)
        state = request.query.get("state")
        found = [
            each
            for each in reversed(self.phone.messages.values())
            if begin <= each.states["Pending"] <= end and state in (None, each.state)
        ]
        page = [self._shown(each) for each in found[offset : offset + limit]]
        return web.json_response(page, headers={"X-Total-Count": str(len(found))})

    def _shown(self, message: Message) -> dict[str, Any]:
        state = message.state
        if self.phone.settings.backwards and state in ("Sent", "Delivered"):
            message.asked += 1
            state = state if message.asked % 2 else "Pending"
        return {
            "id": message.id,
            "deviceId": self.phone.imei,
            "state": state,
            "isHashed": False,
            "isEncrypted": message.encrypted,
            "recipients": [{"phoneNumber": message.to, "state": state, "error": message.error}],
            "states": {name: iso(at) for name, at in message.states.items()},
        }

    async def _health(self, _: web.Request) -> web.Response:
        settings = self.phone.settings
        checks = {
            "battery:level": {"observedUnit": "percent", "observedValue": settings.battery, "status": "pass"},
            "battery:charging": {"observedUnit": "flags", "observedValue": int(settings.charging), "status": "pass"},
            "messages:failed": {"observedUnit": "messages", "observedValue": 0, "status": settings.health},
        }
        if settings.signal is not None:
            checks["connection:signal"] = {
                "observedUnit": "percent",
                "observedValue": settings.signal,
                "status": "pass",
            }
        body = {"status": settings.health, "version": "1.68.0", "releaseId": 168, "checks": checks}
        return web.json_response(body, status=500 if settings.health == "fail" else 200)

    async def _device(self, _: web.Request) -> web.Response:
        now = iso(time.time())
        name = f"simulated/{self.phone.index}"
        row = {"id": self.phone.imei, "name": name, "createdAt": now, "updatedAt": now, "lastSeen": now}
        return web.json_response([row])

    async def _inbox(self, request: web.Request) -> web.Response:
        begin, end, limit, offset = _window(request.query)
        if not 1 <= limit <= 500:
            return _bad("limit must be between 1 and 500")
        found = sorted((each for each in self.phone.inbox if begin <= each.at <= end), key=lambda each: -each.at)
        page = [
            {
                "id": each.id,
                "type": "SMS",
                "sender": each.sender,
                "recipient": self.phone.number,
                "simNumber": each.sim,
                "contentPreview": each.text,
                "createdAt": iso(each.at),
                "attachments": [],
            }
            for each in found[offset : offset + limit]
        ]
        return web.json_response(page, headers={"X-Total-Count": str(len(found))})

    async def _accepted(self, _: web.Request) -> web.Response:
        return web.Response(status=202)

    async def _empty(self, _: web.Request) -> web.Response:
        return web.json_response([])

    async def _webhooks(self, _: web.Request) -> web.Response:
        return web.json_response(list(self.phone.webhooks.values()))

    async def _add_webhook(self, request: web.Request) -> web.Response:
        given = await request.json()
        given["id"] = given.get("id") or f"hook-{len(self.phone.webhooks)}"
        self.phone.webhooks[given["id"]] = given
        return web.json_response(given, status=201)

    async def _drop_webhook(self, request: web.Request) -> web.Response:
        self.phone.webhooks.pop(request.match_info["id"], None)
        return web.Response(status=204)

    async def _settings(self, _: web.Request) -> web.Response:
        settings = self.phone.settings
        body = {"messages": {"processingOrder": settings.order, "limitPeriod": "Disabled"}, "webhooks": {}}
        return web.json_response(body)

    async def _change_settings(self, request: web.Request) -> web.Response:
        given = await request.json()
        self.phone.settings.order = given.get("messages", {}).get("processingOrder", self.phone.settings.order)
        self.phone.settings.webhook_key = given.get("webhooks", {}).get("signingKey", self.phone.settings.webhook_key)
        return await self._settings(request)

    # -------------------------------------------------------------------------------------------------- plainer apps

    async def _traccar(self, request: web.Request) -> web.Response:
        given = await request.json()
        if not given.get("to") or not given.get("message"):
            return web.Response(status=500)
        taken = self._at_once(given["to"], given["message"], given.get("slot"))
        return web.Response(status=200 if taken else 500)

    async def _rest_send(self, request: web.Request) -> web.Response:
        given: dict[str, str] = dict(request.query)
        body = (await request.read()).decode()
        given |= dict(_FIELD.findall(body))
        if not given.get("phone") or not given.get("message"):
            return web.Response(status=400)
        taken = self._at_once(given["phone"], given["message"], given.get("sim_slot"))
        return web.Response(status=200 if taken else 500, text="OK" if taken else "ERROR")

    async def _form(self, request: web.Request) -> web.Response:
        given = await request.post()
        if not given.get("phoneno") or not given.get("message") or given.get("token", "") != self.phone.settings.token:
            return web.json_response({"success": False})
        taken = self._at_once(str(given["phoneno"]), str(given["message"]), None)
        return web.json_response({"success": taken})

    def _at_once(self, to: str, text: str, sim: Any) -> bool:
        phone = self.phone
        message = Message(f"plain-{len(phone.messages)}", to, text, None if sim is None else int(sim))
        message.states["Pending"] = time.time()
        phone.messages[message.id] = message
        phone.count("posted")
        return phone.take(message)

    async def _rest_list(self, request: web.Request) -> web.Response:
        limit, offset = int(request.query.get("limit", 10)), int(request.query.get("offset", 0))
        rows = [self._rest_row(each.id, each.to, each.text, each.states["Pending"], "outbox") for each in
                self.phone.messages.values()]  # fmt: skip
        rows += [self._rest_row(each.id, each.sender, each.text, each.at, "inbox") for each in self.phone.inbox]
        rows.sort(key=lambda row: -int(row["timestamps"]["delivery"]))
        page = rows[offset : offset + limit]
        body = {"limit": str(limit), "offset": str(offset), "size": str(len(page)), "messages": page}
        return web.json_response(body)

    async def _rest_one(self, request: web.Request) -> web.Response:
        message = self.phone.messages.get(request.match_info["id"])
        if message is None:
            return web.Response(status=404)
        row = self._rest_row(message.id, message.to, message.text, message.states["Pending"], "outbox")
        return web.json_response({"sms": [row]})

    @staticmethod
    def _rest_row(name: str, address: str, text: str, at: float, box: str) -> dict[str, Any]:
        times = {"delivery": str(int(at * 1000))}
        return {"_id": name, "thread_id": "1", "address": address, "body": text, "timestamps": times, "msg_box": box}

    async def _rest_status(self, _: web.Request) -> web.Response:
        settings = self.phone.settings
        body = {
            "timestamp": int(time.time() * 1000),
            "is_airplane_mode": False,
            "telephony": {
                "is_network_roaming": False,
                "sim_state": "ready",
                "network_operator_name": settings.operator,
            },
            "telephonies": [],
            "battery": {"status": "charging" if settings.charging else "discharging", "level": settings.battery},
        }
        return web.json_response(body)


def _bad(message: str) -> web.Response:
    return web.json_response({"message": message}, status=400)


def _window(query: Mapping[str, str]) -> tuple[float, float, int, int]:
    begin = datetime.fromisoformat(query["from"]).timestamp() if "from" in query else 0.0
    end = datetime.fromisoformat(query["to"]).timestamp() if "to" in query else float("inf")
    return begin, end, int(query.get("limit", LIMIT)), int(query.get("offset", 0))


def dumped(body: Mapping[str, Any]) -> bytes:
    """Returns a webhook's body, as its signature covers it."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
