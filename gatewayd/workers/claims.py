"""The process that decides for a run of claims: one request on its standard input, slices on its output.

`python -m gatewayd.workers.claims PARENT MEMORY`. It reads each slice in one short snapshot, decides, makes the texts'
values, and changes nothing: the daemon writes. One JSON document a line: slices as `gatewayd.claims.slices` makes them,
the last one with `"last": 0`; or `{"error": sentence}`. It is as far ahead as the pipe lets it.
"""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import Any, Final

from gatewayd.claims.moment import moments
from gatewayd.claims.slices import portion
from gatewayd.store.reader import Reader
from gatewayd.workers.documents import serve

REQUEST_MAX: Final = 1 << 16


def main() -> int:
    """`claims PARENT MEMORY`: the parent's pid, octets of address space."""
    return serve(decide, REQUEST_MAX)


def decide(request: dict[str, Any], tell: Any) -> None:
    """Tells the slices behind the customer `after`. GatewayError, OSError."""
    reader = Reader(request["url"], password=request["password"], pool=1)
    began, after = time.monotonic(), int(request["after"])
    try:
        while True:
            now = request["now"] + int((time.monotonic() - began) * 1000)
            found = reader.ask(partial(_slice, request=request, now=now, after=after))
            if found is None:
                tell({"error": "no rules"})
                return
            tell(found.document())
            if not found.last:
                return
            after = found.last
    finally:
        reader.close()


def _slice(connection: Any, *, request: dict[str, Any], now: int, after: int) -> Any:
    known = moments(connection, now=now, zone=request["zone"], region=request["region"], account=request["account"])
    return next(
        (portion(connection, moment=one, after=after, hour=request["hour"]) for one in known.values()),
        None,
    )


if __name__ == "__main__":
    sys.exit(main())
