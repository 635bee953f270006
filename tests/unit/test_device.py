"""Who calls a line is answered, whatever the store says just then."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from drivers.base import DeliveryReport, HookCall, NotDurableError
from gatewayd.dispatch.device import Device
from gatewayd.errors import UnavailableError
from gatewayd.http.application import application


class Told:
    """A line whose provider tells of one message."""

    def on_hook(self, _headers: Any, _body: bytes) -> list[DeliveryReport]:
        return [DeliveryReport("r", None, "delivered", None, 1.0)]


class Full:
    async def put(self, _event: Any) -> None:
        raise NotDurableError("the disk is full")


async def test_a_call_that_cannot_be_kept_now_is_to_come_again() -> None:
    device = Device("wa")
    line: Any = Told()
    sink: Any = Full()
    device.line, device.sink = line, sink

    class Live:
        async def hook(self, _line: str, call: HookCall) -> str:
            return await device.hook(call)

    class Backend:
        live = Live()

    backend: Any = Backend()
    transport = httpx.ASGITransport(application(backend))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        answer = await client.post("/hooks/wa", content=b"{}")
    assert answer.status_code == 503
    assert answer.json()["detail"] == "the disk is full"
    with pytest.raises(UnavailableError):
        await device.hook(HookCall("POST", "", {}, b""))
