"""SIP callees on UDP that refuse: the user part of the number called says with which answer (RFC 3261 §21).

`777…` are people behind a trunk that takes so many calls a second and says to all others that they are busy: their
telephone rings, and they decline.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

REASONS = {"401": "Unauthorized", "403": "Forbidden", "483": "Too Many Hops", "488": "Not Acceptable Here",
           "404": "Not Found", "480": "Temporarily Unavailable", "486": "Busy Here", "503": "Service Unavailable",
           "603": "Decline", "180": "Ringing"}  # fmt: skip
LIMITED = "777"
PER_S = 5
RINGS_S = 0.4


class Refusers(asyncio.DatagramProtocol):
    """Answers an INVITE for `486…` with 486, and so on; says nothing at all to a number it does not know."""

    def __init__(self) -> None:
        self.invites = 0
        self._taken: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        match = re.match(rb"INVITE sip:(\d{3})\d*@", data)
        if match is None:
            return
        self.invites += 1
        code = match.group(1).decode()
        if code == LIMITED:
            self._limited(data, addr)
        elif code in REASONS:
            self._answer(code, data, addr)

    def _limited(self, data: bytes, addr: tuple[str | object, int]) -> None:
        loop = asyncio.get_running_loop()
        self._taken = [at for at in self._taken if at > loop.time() - 1.0]
        if len(self._taken) >= PER_S:
            self._answer("486", data, addr)
            return
        self._taken.append(loop.time())
        self._answer("180", data, addr)
        loop.call_later(RINGS_S, self._answer, "603", data, addr)

    def _answer(self, code: str, data: bytes, addr: tuple[str | object, int]) -> None:
        headers = re.findall(r"^((?:Via|From|To|Call-ID|CSeq):[^\r\n]*)", data.decode(), re.MULTILINE | re.IGNORECASE)
        tagged = [f"{line};tag=callee" if line.lower().startswith("to:") else line for line in headers]
        lines = [f"SIP/2.0 {code} {REASONS[code]}", *tagged, "Content-Length: 0", "", ""]
        self._transport.sendto("\r\n".join(lines).encode(), addr)


@asynccontextmanager
async def refusers() -> AsyncIterator[tuple[Refusers, int]]:
    """The callees, and the port they are on."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(Refusers, local_addr=("127.0.0.1", 0))
    try:
        yield protocol, transport.get_extra_info("sockname")[1]
    finally:
        transport.close()
