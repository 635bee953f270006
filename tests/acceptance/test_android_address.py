"""A phone whose address changes with its lease, known to the house by a name."""

from __future__ import annotations

import asyncio
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from drivers.android.simulator import AndroidSimulator
from drivers.base import Accepted
from tests.acceptance.test_android_line import attempt, rig


@pytest.mark.parametrize(
    "options", [{}, {"app": "rest", "country_code": "54", "password": None}], ids=["smsgate", "rest"]
)
async def test_a_phone_with_another_address_is_found_by_its_name(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = ["127.0.0.1"]
    real = socket.getaddrinfo

    def looked_up(host: Any, *arguments: Any, **more: Any) -> Any:
        return real(lease[0] if host == "telefono.casa" else host, *arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    original = AndroidSimulator.url
    named = property(lambda sim: f"http://telefono.casa:{urlsplit(original.fget(sim)).port}")  # type: ignore[attr-defined]
    monkeypatch.setattr(AndroidSimulator, "url", named)
    async with rig(options=options, send_s=0.1) as phone:
        assert isinstance(await phone.send(1), Accepted)
        sending = asyncio.create_task(phone.send(2)) if not options else None
        if sending is not None:
            assert (await phone.sim.wait(posted=2))["reached"]
        await phone.sim.unplug()
        await phone.sink.state("recovering")
        lease[0] = "127.0.0.2"
        await phone.sim.replug(host="127.0.0.2")
        await phone.sink.state("ready")
        assert isinstance(await phone.send(3), Accepted)
        if sending is not None:
            assert isinstance(await sending, Accepted)
            assert sorted(phone.taken) == [attempt(number) for number in (1, 2, 3)]
        assert len(phone.sim.texts()["texts"]) == (3 if sending is not None else 2)
