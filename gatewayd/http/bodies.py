"""Bodies of calls to us, bounded one by one and together: nobody has proved anything before a body is whole."""

from __future__ import annotations

from typing import Final

from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect

FREE: Final = 64 << 10
"""Octets that every call may have: a status or a reply is a few hundred."""
TOGETHER: Final = 32 << 20
"""Octets beyond those, of all calls in hand."""


class Bodies:
    """What all calls hold in memory just now."""

    def __init__(self) -> None:
        self._held = 0

    async def read(self, request: Request, most: int) -> bytes:
        """The body; 413 when it is longer than `most` octets, however it comes, 503 when too much is in hand."""
        announced = request.headers.get("content-length", "")
        if announced.isdecimal() and int(announced[:12]) > most:
            raise HTTPException(413, f"more than {most} octets")
        body, counted = bytearray(), 0
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise HTTPException(413, f"more than {most} octets")
                beyond = max(0, len(body) - FREE)
                self._held += beyond - counted
                counted = beyond
                if beyond and self._held > TOGETHER:
                    raise HTTPException(503, "too much at once", headers={"Retry-After": "5"})
        except ClientDisconnect:
            raise HTTPException(400, "the call was not finished") from None
        finally:
            self._held -= counted
        return bytes(body)
