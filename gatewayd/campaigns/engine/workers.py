"""A worker of campaigns as the daemon runs one: a request in, documents out, and its end."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from gatewayd.values.errors import UnavailableError

MEMORY: Final = 1 << 30
"""Octets of address space; a sheet of 200,000 rows takes some 400 MB."""
SILENT_S: Final = 120.0
"""A worker that says nothing for so long is ended."""
LINE_MAX: Final = 32 << 20
_ROOT: Final = str(Path(__file__).parents[3])


async def documents(module: str, request: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
    """Yields what a worker says; ends it where the reader leaves early. UnavailableError where it dies or is silent."""
    path = os.pathsep.join(filter(None, (_ROOT, os.environ.get("PYTHONPATH"))))
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", module, str(os.getpid()), str(MEMORY)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE_MAX,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert worker.stdin is not None
    assert worker.stdout is not None
    over = False
    try:
        # A worker that is dead already is known by what it does not answer; uvloop says RuntimeError of its pipe.
        with suppress(ConnectionError, RuntimeError):
            worker.stdin.write(json.dumps(request).encode() + b"\n")
            await worker.stdin.drain()
        while not over:
            line = await asyncio.wait_for(worker.stdout.readline(), SILENT_S)
            if not line:
                raise UnavailableError("the process that reads people ended")
            document = json.loads(line)
            if not isinstance(document, dict):
                raise UnavailableError("the process that reads people says nonsense")
            over = "end" in document or "error" in document
            yield document
    except (TimeoutError, ValueError) as error:
        raise UnavailableError(f"the process that reads people: {type(error).__name__}") from error
    finally:
        with suppress(ProcessLookupError):
            worker.kill()
        await worker.wait()
