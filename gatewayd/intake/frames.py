"""What the daemon and its worker say to each other over a pair of pipes: length, kind, and plain JSON.

The worker reads what strangers wrote, with libraries of compiled code. Should one of them be taken over, what comes out
of the pipe is still data, bounded and judged (`answers`): nothing here can name a class or run a line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from gatewayd.intake.loading import Source, Template
from gatewayd.intake.rendering import Row, Totals
from gatewayd.numbers import Policy
from spool.document import JobDocument
from spool.errors import JobFileError, SpoolUnavailableError

HEADER: Final = 5
"""Octets: the length of the body, and the kind."""
FRAME_MAX: Final = 32 << 20
"""Octets of a body. A thousand rows are some 250,000; a portion ends before it is much larger."""

READ, LOAD = b"R", b"L"
DOCUMENT, BEGUN, ROWS, TOTALS, REFUSED, UNAVAILABLE = b"D", b"B", b"r", b"T", b"J", b"U"

_encoded: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


class FrameTooLargeError(Exception):
    """The body would be larger than the other end takes."""


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """Asks for the job without its inline recipients; answered by a `JobDocument`."""

    folder: str
    job: str


@dataclass(frozen=True, slots=True)
class Load:
    """Asks for a job's rows; answered by `Begun`, lists of `Row`, and the `Totals`."""

    source: Source


@dataclass(frozen=True, slots=True)
class Begun:
    """The job can be recorded: its table is open and its variables are known."""

    content_hash: str | None


Request = ReadDocument | Load
Failure = JobFileError | SpoolUnavailableError
"""The end of a request."""
Answer = JobDocument | Begun | Sequence[Row] | Totals | Failure


def packed(message: Request | Answer) -> bytes:
    """FrameTooLargeError."""
    kind, content = _plain(message)
    # Names of files may be bytes that are no text; in a text, a half of a pair is shown as a question mark.
    if kind in {READ, LOAD, REFUSED, UNAVAILABLE}:
        body = json.dumps(content).encode()
    else:
        body = _encoded(content).encode("utf-8", "replace")
    if len(body) > FRAME_MAX:
        raise FrameTooLargeError
    return len(body).to_bytes(4, "big") + kind + body


def _plain(message: Request | Answer) -> tuple[bytes, Any]:
    match message:
        case ReadDocument(folder, job):
            return READ, [folder, job]
        case Load(source):
            return LOAD, asdict(source)
        case JobDocument():
            # The daemon knows the file's name, which may be no text.
            return DOCUMENT, {key: _plain_value(value) for key, value in asdict(message).items() if key != "file"}
        case Begun(content_hash):
            return BEGUN, content_hash
        case Totals():
            return TOTALS, [message.rows, message.segments, message.invalid, message.lost]
        case JobFileError():
            places = message.file, message.line, message.column, message.field
            return REFUSED, [message.code, message.kind, *places, message.values]
        case SpoolUnavailableError():
            return UNAVAILABLE, str(message)
        case _:
            return ROWS, _columns(message)


def _columns(rows: Sequence[Row]) -> list[Any]:
    """Returns the number of the first row, how many there are, and their columns; one value where all have the same,
    as most columns have: half of what rows would take to write and to judge."""
    numbers, *columns = zip(*rows, strict=True)
    count = len(numbers)
    return [numbers[0], count, *(each[0] if each.count(each[0]) == count else each for each in columns)]


def _plain_value(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def length(header: bytes) -> int:
    return int.from_bytes(header[:4], "big")


def request(kind: bytes, body: bytes) -> Request:
    """What the daemon asks: it is believed."""
    content = json.loads(body)
    if kind == READ:
        return ReadDocument(*content)
    policy, prefixes = Policy(**content.pop("policy")), tuple(content.pop("prefixes"))
    given = content.pop("template")
    template = None if given is None else Template(**given)
    return Load(Source(**content, policy=policy, prefixes=prefixes, template=template))


def read(receive: Callable[[int], bytes]) -> Request | None:
    """The next request; None at the end of the stream. `receive` answers at most that many octets, none at the end."""
    header = _exactly(receive, HEADER)
    if header is None:
        return None
    body = _exactly(receive, length(header))
    return None if body is None else request(header[4:], body)


def _exactly(receive: Callable[[int], bytes], count: int) -> bytes | None:
    pieces = b""
    while len(pieces) < count:
        piece = receive(count - len(pieces))
        if not piece:
            return None
        pieces += piece
    return pieces
