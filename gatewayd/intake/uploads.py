"""Uploads as the running daemon takes them: each step in a thread, one portion at a time for each upload."""

from __future__ import annotations

import asyncio
from pathlib import Path

from spool import uploads
from spool.folders import Spool


class UploadDesk:
    """Takes what programs upload. Errors are `spool.uploads.UploadError` and SpoolError."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    async def begin(self, account: str, name: str) -> str:
        return await asyncio.to_thread(uploads.begin, self._spool, account, name)

    async def add(self, account: str, number: str, at: int, data: bytes) -> int:
        return await asyncio.to_thread(uploads.add, self._spool, account, number, at, data)

    async def end(self, account: str, number: str) -> uploads.Upload:
        return await asyncio.to_thread(uploads.end, self._spool, account, number)

    async def remove(self, account: str, number: str) -> None:
        await asyncio.to_thread(uploads.remove, self._spool, account, number)

    async def show(self, account: str, number: str) -> uploads.Upload:
        return await asyncio.to_thread(uploads.show, self._spool, account, number)

    def file(self, account: str, number: str) -> Path:
        """Returns where the bytes of an upload lie."""
        return uploads.find(self._spool, account, number)
