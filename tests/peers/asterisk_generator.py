"""The least that makes Asterisk call: Originates at a fixed pace over one manager connection, and nothing else.

No store, no receipts, no channels counted, nothing recovered. What it reaches over a dial plan is what that Asterisk
can do on that machine; what a gateway reaches may be held against it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.peers.asterisk import SECRET, USER, Asterisk

ENDS_S = 60.0
"""For the calls that still run when the last one has been asked for."""


@dataclass(frozen=True, slots=True)
class Generated:
    """What came of it."""

    asked: int
    answered: int
    """OriginateResponses that said Success."""
    reported: int
    """Reports of the dial plan that the message was played."""


async def generate(
    pbx: Asterisk, channels: Iterable[str], per_s: float, context: str, variables: Sequence[str]
) -> Generated:
    """Calls each of `channels`, `per_s` a second, and sends who answers to `context`; until all of them are over."""
    reader, writer = await asyncio.open_connection("127.0.0.1", pbx.port)
    writer.write(f"Action: Login\r\nUsername: {USER}\r\nSecret: {SECRET}\r\nEvents: on\r\n\r\n".encode())
    counts = {"asked": 0, "answered": 0, "failed": 0, "reported": 0, "played": 0}
    all_asked = asyncio.Event()

    async def listen() -> None:
        while line := await reader.readline():
            match line:
                case b"Event: OriginateResponse\r\n":
                    counts[await _response(reader)] += 1
                case b"UserEvent: GatewaydCall\r\n":
                    counts["reported"] += 1
                case b"Played: SUCCESS\r\n":
                    counts["played"] += 1
                case b"\r\n" if all_asked.is_set() and counts["failed"] + counts["reported"] >= counts["asked"]:
                    return

    listener = asyncio.create_task(listen())
    given = "".join(f"Variable: {each}\r\n" for each in variables)
    began = time.monotonic()
    for number, channel in enumerate(channels):
        await asyncio.sleep(began + number / per_s - time.monotonic())
        writer.write(
            f"Action: Originate\r\nActionID: G{number}\r\nChannelId: G{number}\r\nChannel: {channel}\r\n"
            f"Context: {context}\r\nExten: s\r\nPriority: 1\r\nTimeout: 30000\r\nAsync: true\r\n{given}\r\n".encode()
        )
        counts["asked"] += 1
    all_asked.set()
    try:
        async with asyncio.timeout(ENDS_S):
            await listener
    finally:
        listener.cancel()
        writer.close()
    return Generated(counts["asked"], counts["answered"], counts["played"])


async def _response(reader: asyncio.StreamReader) -> str:
    """Whether an OriginateResponse told of an answer."""
    said = "failed"
    while (line := await reader.readline()) not in {b"\r\n", b""}:
        if line == b"Response: Success\r\n":
            said = "answered"
    return said
