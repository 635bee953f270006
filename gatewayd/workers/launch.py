"""A worker as the daemon sees it: started with one request, heard document by document, ended with who started it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

SILENT_S: Final = 120.0
"""A worker that says nothing for so long is ended: it speaks twice a second."""
LINE_MAX: Final = 1 << 20
"""Octets of one document."""
_ROOT: Final = str(Path(__file__).parents[2])


class Worker:
    """A process that works off one request."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    def kill(self) -> None:
        """Ends it at once; what it has said is still heard."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def documents(self) -> AsyncIterator[dict[str, Any]]:
        """Yields what it says, as it comes; one that is silent for too long or says no JSON ends with `error`."""
        output = self._process.stdout
        assert output is not None
        try:
            while line := await asyncio.wait_for(output.readline(), SILENT_S):
                yield json.loads(line)
        except (TimeoutError, ValueError) as error:
            yield {"error": f"worker: {type(error).__name__}"}


@asynccontextmanager
async def worker(module: str, memory: int, request: dict[str, Any]) -> AsyncIterator[Worker]:
    """Starts `python -m module PARENT MEMORY` with a request on its input; it is gone when the context ends."""
    path = os.pathsep.join(filter(None, (_ROOT, os.environ.get("PYTHONPATH"))))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", module, str(os.getpid()), str(memory)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE_MAX,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert process.stdin is not None
    try:
        # A worker that is dead already is known by what it does not answer; uvloop says RuntimeError of its pipe.
        with suppress(ConnectionError, RuntimeError):
            process.stdin.write(json.dumps(request).encode() + b"\n")
            await process.stdin.drain()
        yield Worker(process)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
