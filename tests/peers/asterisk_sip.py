"""SIP callees on UDP that refuse: the user part of the number called says with which answer (RFC 3261 §21)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

REASONS = {"404": "Not Found", "480": "Temporarily Unavailable", "486": "Busy Here", "503": "Service Unavailable",
           "603": "Decline"}  # fmt: skip


class Refusers(asyncio.DatagramProtocol):
    """Answers an INVITE for `486…` with 486, and so on; says nothing at all to a number it does not know."""

    def __init__(self) -> None:
        self.invites = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        match = re.match(rb"INVITE sip:(\d{3})\d*@", data)
        if match is None:
            return
        self.invites += 1
        code = match.group(1).decode()
        if code not in REASONS:
            return
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
