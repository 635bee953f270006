"""What the daemon and its worker say to each other over a pair of pipes: a length of four octets, then a pickle.

Both ends are one program of one version, and nobody else holds the pipes. Pickle, because rows come out of it as fast
as out of anything (0.3 ms a thousand) and a `JobFileError` crosses whole.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from gatewayd.intake.loading import Source
from gatewayd.intake.rendering import Row, Totals
from spool.document import JobDocument

HEADER: Final = 4


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


@dataclass(frozen=True, slots=True)
class Failed:
    """The end of a request: a `JobFileError`, or a `SpoolUnavailableError`."""

    error: Exception


Request = ReadDocument | Load
Answer = JobDocument | Begun | list[Row] | Totals | Failed


def packed(message: Request | Answer) -> bytes:
    body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return len(body).to_bytes(HEADER, "big") + body


def length(header: bytes) -> int:
    return int.from_bytes(header, "big")


def unpacked(body: bytes) -> Any:
    return pickle.loads(body)  # noqa: S301 - from the other end of our own pipe


def read(receive: Callable[[int], bytes]) -> Any:
    """The next message; None at the end of the stream. `receive` answers at most that many octets, none at the end."""
    header = _exactly(receive, HEADER)
    if header is None:
        return None
    body = _exactly(receive, length(header))
    return None if body is None else unpacked(body)


def _exactly(receive: Callable[[int], bytes], count: int) -> bytes | None:
    pieces = b""
    while len(pieces) < count:
        piece = receive(count - len(pieces))
        if not piece:
            return None
        pieces += piece
    return pieces
