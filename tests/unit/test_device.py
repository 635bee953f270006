"""Who calls a line is answered, whatever the store says just then."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from drivers.base import DeliveryReport, Event, HookCall, NotDurableError
from drivers.provider.line import ProviderLine
from drivers.provider.options import ProviderOptions
from gatewayd.dispatch.device import Device
from gatewayd.http.application import application
from gatewayd.values.errors import UnavailableError


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


class Kept:
    """Durable at once."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    async def put(self, event: Event) -> None:
        self.events.append(event)


class Asked:
    """A line whose provider asks whether the address is ours, and calls in no other way by GET."""

    call_answer = ""

    def on_call(self, call: HookCall) -> list[Event] | None:
        return None if call.method == "GET" else []

    def on_challenge(self, query: Mapping[str, str]) -> str:
        return query["hub.challenge"]


@asynccontextmanager
async def door(line: Any) -> AsyncIterator[tuple[httpx.AsyncClient, Kept]]:
    """The HTTP side before one line."""
    device, sink = Device("p"), Kept()
    given: Any = sink
    device.line, device.sink = line, given

    class Live:
        async def hook(self, _line: str, call: HookCall) -> str:
            return await device.hook(call)

    class Backend:
        live = Live()

    backend: Any = Backend()
    transport = httpx.ASGITransport(application(backend))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield client, sink


async def test_a_report_comes_by_get_with_everything_in_the_address() -> None:
    report = {"own": "$.id", "state": "$.st", "states": {"DELIVRD": "delivered"}}
    keys = {"url": "http://h/", "hook_secret": "s&cret", "hook_query": "token", "hook_answer": "ACK", "report": report}
    attempt = "01JD0000000000000000000001"
    async with door(ProviderLine("p", ProviderOptions.model_validate(keys))) as (client, sink):
        refused = await client.get(f"/hooks/p?id={attempt}&st=DELIVRD")
        assert (refused.status_code, sink.events) == (401, [])
        for given in (
            await client.get(f"/hooks/p?token=s%26cret&id={attempt}&st=DELIVRD"),
            await client.post(f"/hooks/p?token=s%26cret&id={attempt}&st=DELIVRD"),
            await client.post("/hooks/p?token=s%26cret", data={"id": attempt, "st": "DELIVRD"}),
            await client.post("/hooks/p?token=s%26cret", json={"id": attempt, "st": "DELIVRD"}),
        ):
            assert (given.status_code, given.text) == (200, "ACK")
        assert [(each.attempt, each.status) for each in sink.events if isinstance(each, DeliveryReport)] == [
            (attempt, "delivered")
        ] * 4


async def test_a_question_by_get_is_answered_where_no_call_comes_so() -> None:
    async with door(Asked()) as (client, _):
        assert (await client.get("/hooks/p?hub.challenge=x1")).text == "x1"
    async with door(Told()) as (client, sink):
        assert (await client.get("/hooks/p?hub.challenge=x1")).status_code == 404
        assert (await client.post("/hooks/p")).status_code == 200
        assert len(sink.events) == 1
