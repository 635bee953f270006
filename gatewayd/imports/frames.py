"""What a reader of sheets says to the daemon: length, kind, and plain JSON. Nothing in it can name a class. Pure."""

from __future__ import annotations

import json
from typing import Any, Final

from gatewayd.customers.faults import SENTENCES
from gatewayd.customers.portion import AstrayError
from gatewayd.imports.rows import Issue

HEADER: Final = 5
"""Octets: the length of the body, and the kind."""
FRAME_MAX: Final = 64 << 20
"""Octets of a body: a portion of the widest sheets."""
JUDGED, ROWS, ENDED, REFUSED = b"J", b"R", b"T", b"F"
ALIVE: Final = b"A"
"""It reads, and has nothing to tell yet."""
KINDS: Final = ("refused", "repeated", "noted")

_encoded: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


def packed(kind: bytes, content: Any) -> bytes:
    """Returns a frame. ValueError where it would be larger than the other end takes."""
    body = _encoded(content).encode("utf-8", "replace")
    if len(body) > FRAME_MAX:
        raise ValueError("too large")
    return len(body).to_bytes(4, "big") + kind + body


def length(header: bytes) -> int:
    """Returns how many octets follow. AstrayError."""
    count = int.from_bytes(header[:4], "big")
    if count > FRAME_MAX:
        raise AstrayError("the reader of sheets gave too much at once")
    return count


def issues_of(content: Any) -> list[Issue]:
    """Returns rows that were not taken. AstrayError."""
    if not isinstance(content, list):
        raise AstrayError("the reader of sheets gave no list of rows")
    found = []
    for one in content:
        if (
            not isinstance(one, list)
            or len(one) != 5
            or type(one[0]) is not int
            or one[1] not in KINDS
            or not all(isinstance(text, str) and len(text) <= 200 for text in one[2:])
            or one[3] not in SENTENCES
        ):
            raise AstrayError("the reader of sheets gave a row that cannot be")
        found.append(Issue(*one))
    return found
