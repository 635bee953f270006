"""One JSON document a line: requests, answers and errors, as both ends of a socket write them."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

from gatewayd.values import errors
from gatewayd.values.errors import KINDS, GatewayError, UnavailableError, UsageError, kind_of
from gatewayd.words.translation import gettext as _

REQUEST_MAX: Final = 1 << 20
"""Bytes of a request: a thousand numbers for the blocklist are the largest."""
ANSWER_MAX: Final = 1 << 26
"""Bytes of an answer that a client reads: a page of a thousand long messages stays far below."""
BATCH_MAX: Final = 256
"""Requests in one line."""
WRITE_S: Final = 10.0
"""A local client that has not read a line in this time is stopped or gone; its buffer must not grow."""


def error_document(error: GatewayError) -> dict[str, Any]:
    """Returns `kind` and `message` of an error, for the wire; `retry_s` (s) where a time is known."""
    document: dict[str, Any] = {"kind": kind_of(error), "message": str(error)}
    if isinstance(error, errors.ThrottledError):
        document["retry_s"] = error.retry_s
    if isinstance(error, errors.FaultsError):
        document["faults"] = list(error.faults)
    return document


def raised(document: dict[str, Any]) -> GatewayError:
    """Returns the error that an answer tells, to be raised."""
    kind = KINDS.get(document["kind"], GatewayError)
    if kind is errors.ThrottledError:
        return errors.ThrottledError(document["message"], float(document.get("retry_s", 0)))
    if kind is errors.FaultsError:
        return errors.FaultsError(document.get("faults", ()))
    return kind(document["message"])


def answer_of(line: bytes) -> Any:
    """Returns what a line of the daemon answers; raises the error that it tells, UnavailableError where it is cut."""
    if not line.endswith(b"\n"):
        raise UnavailableError(_("the daemon went away"))
    document = json.loads(line)
    if "error" in document:
        raise raised(document["error"])
    return document["ok"]


def requests_of(line: bytes) -> list[dict[str, Any]]:
    """Returns the requests in a line: one, or an array of some with ids. UsageError where it is neither."""
    try:
        document = json.loads(line)
        if b"\\u" in line:
            json.dumps(document, ensure_ascii=False).encode()  # half a pair of surrogates is no text
    except (ValueError, RecursionError):
        raise UsageError("the request is not JSON") from None
    if not isinstance(document, list):
        return [_request(document)]
    if not 0 < len(document) <= BATCH_MAX:
        raise UsageError(f"a batch has 1 to {BATCH_MAX} requests")
    found = [_request(one) for one in document]
    if not all(isinstance(one.get("id"), int) for one in found):
        raise UsageError("each request of a batch has an id")
    return found


def _request(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict) or not isinstance(document.get("op"), str):
        raise UsageError('a request is {"op": …, "args": {…}}')
    if not isinstance(document.get("id", 0), int):
        raise UsageError("an id is a whole number")
    return document


def packed(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


async def send(writer: asyncio.StreamWriter, document: dict[str, Any]) -> None:
    """Writes a document; TimeoutError where the other end does not read."""
    writer.write(packed(document))
    async with asyncio.timeout(WRITE_S):
        await writer.drain()
