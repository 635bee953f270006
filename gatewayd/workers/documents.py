"""How a worker talks: one request as a line of JSON on its standard input, documents as lines of JSON on its output."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from gatewayd.values.errors import GatewayError
from gatewayd.workers.confinement import confine

Tell = Callable[[Mapping[str, Any]], None]
"""Writes a document, and waits where the pipe is full."""


def begin(request_max: int, *, escaped: bool = False) -> tuple[dict[str, Any], Tell]:
    """Confines this process as its arguments `PARENT MEMORY` say (a pid, octets of address space); returns the request
    of at most so many octets, and what tells documents. `escaped`: in ASCII, whatever a sheet's texts hold."""
    confine(int(sys.argv[1]), int(sys.argv[2]))
    # Whatever a library prints must not get between the documents.
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def tell(document: Mapping[str, Any]) -> None:
        output.write(json.dumps(document, ensure_ascii=escaped, separators=(",", ":")) + "\n")
        output.flush()

    return json.loads(sys.stdin.buffer.readline(request_max)), tell


def serve(work: Callable[[dict[str, Any], Tell], None], request_max: int, *, escaped: bool = False) -> int:
    """Works on the one request; returns the status to exit with. What goes wrong is told as `{"error": sentence}`."""
    request, tell = begin(request_max, escaped=escaped)
    try:
        work(request, tell)
    except (GatewayError, OSError) as error:
        tell({"error": str(error)})
        return 1
    except MemoryError:
        tell({"error": "out of memory"})
        return 1
    return 0
