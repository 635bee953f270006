"""The gate of the web process beside more connections than an address may have, on the loop that it runs on."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack
from typing import Any

import uvicorn
import uvloop

from gatewayd.process import serving
from gatewayd.process.connections import hurry
from gatewayd.web.gate import MOST_AN_ADDRESS, Gate, WebConnection

FLOOD = MOST_AN_ADDRESS * 2
LONG_S = 1000.0


async def _application(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("half a request is none")


async def _flooded() -> tuple[int, int]:
    """Returns how many connections are held after a flood from one address, and how many once all are late."""
    loop = asyncio.get_running_loop()
    config = serving.settings(_application, WebConnection)
    config.load()
    state = uvicorn.server.ServerState()

    made = 0

    def make() -> WebConnection:
        nonlocal made
        made += 1
        return WebConnection(config=config, server_state=state, app_state={})

    with ExitStack() as stack:
        listener = stack.enter_context(serving.listening_socket("web.listen", "127.0.0.1", 0, backlog=FLOOD))
        # All of them wait at the door when it opens, so that some are ended in the turn in which they begin.
        for _ in range(FLOOD):
            one = stack.enter_context(socket.create_connection(listener.getsockname(), timeout=5))
            one.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        gate = Gate(listener, make, state.connections, tls=None, shared=lambda _: False)
        task = asyncio.create_task(gate.run())
        # Those that find no room are closed, the others made, until all have had their turn.
        told = 0
        while told != made or not made:
            told = made
            await asyncio.sleep(0.3)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        held = len(state.connections)
        hurry(state.connections, loop.time() + LONG_S)
        await asyncio.sleep(0.1)
        left = len(state.connections)
    return held, left


def test_a_flood_from_one_address_is_held_to_its_bound_and_ended_when_late() -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        held, left = runner.run(asyncio.wait_for(_flooded(), 30))

    assert held <= MOST_AN_ADDRESS
    assert left == 0
