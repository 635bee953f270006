"""A mail taken apart (RFC 5322, 2045, 2046), within bounds and in time that grows with its length alone. Never raises.

The standard library's parser reads structure out of every header and goes down as many levels as a sender likes; one
mail of a hundred kilobytes keeps it busy for minutes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from drivers.smtp.received.encoded import from_base64, from_quoted_printable, text_of

HEADERS_MAX: Final = 500
"""Headers of one part; mails that have gone a long way have fifty."""
HEADER_MAX: Final = 8192
"""Characters of one header that are kept: more than any that means something."""
DEPTH_MAX: Final = 6
PARTS_MAX: Final = 60
"""Parts of one mail, of all levels; the rest is not looked at."""

_FIELD: Final = re.compile(r"([!-9;-~]{1,76})[ \t]{0,4}:")
_PARAMETER: Final = re.compile(r";\s*([\w.-]{1,40})(?:\*\d{0,2}\*?)?\s*=\s*(?:\"([^\"]*)\"|([^\s;\"]*))")
_PARAMETERS_MAX: Final = 2000
_MESSAGES: Final = frozenset({"message/rfc822", "message/global"})
_HEADER_PARTS: Final = frozenset({"text/rfc822-headers", "message/global-headers"})


@dataclass(frozen=True, slots=True)
class Headers:
    """In their order; names in lower case, values unfolded and not decoded further."""

    fields: tuple[tuple[str, str], ...]

    def first(self, name: str) -> str:
        """Returns the first of that name, blanks made single; empty where there is none."""
        return next((" ".join(value.split()) for each, value in self.fields if each == name), "")

    def all(self, name: str) -> list[str]:
        return [value for each, value in self.fields if each == name]

    def __contains__(self, name: str) -> bool:
        return any(each == name for each, _ in self.fields)


@dataclass(frozen=True, slots=True)
class Part:
    """A mail, or a part of one."""

    headers: Headers
    kind: str
    """`text/plain` …, in lower case."""
    parameters: Mapping[str, str]
    """Of the content type, names in lower case."""
    body: bytes
    """As it came; with line feeds alone as line ends."""
    parts: tuple[Part, ...] = ()

    def walk(self) -> Iterator[Part]:
        """Yields it and all parts within, also of enclosed mails."""
        yield self
        for each in self.parts:
            yield from each.walk()

    def own(self) -> Iterator[Part]:
        """Yields the parts that are the sender's own: none of a mail that is enclosed."""
        yield self
        if not self.kind.startswith("message/"):
            for each in self.parts:
                yield from each.own()

    def data(self) -> bytes:
        """Decodes the body's transfer encoding."""
        return _decoded(self.headers, self.body)

    def text(self) -> str:
        """Decodes the body as text, with line feeds as line ends."""
        text = text_of(self.data(), self.parameters.get("charset", ""))
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")

    @property
    def attached(self) -> bool:
        return self.headers.first("content-disposition").lower().startswith("attachment")

    @property
    def holds_headers(self) -> bool:
        """Whether it is the headers of a mail given back."""
        return self.kind in _HEADER_PARTS


def parse(raw: bytes) -> Part:
    """Takes a mail apart."""
    return _parse(raw.replace(b"\r\n", b"\n"), 0, [PARTS_MAX])


def read_headers(text: str) -> Headers:
    """Reads the fields at the beginning of `text`, up to the first line that can be none."""
    return _headers(text)[0]


def _parse(raw: bytes, depth: int, left: list[int]) -> Part:
    """Takes a part apart; `left` holds how many parts may still be made."""
    left[0] -= 1
    head, body = _split(raw)
    headers, _ = _headers(head.decode("utf-8", "replace"))
    kind, parameters = content_type(headers.first("content-type"))
    parts: tuple[Part, ...] = ()
    if depth < DEPTH_MAX:
        if kind.startswith("multipart/"):
            parts = tuple(_children(body, parameters.get("boundary", ""), depth, left))
        elif kind in _MESSAGES and left[0] > 0:
            parts = (_parse(_decoded(headers, body).replace(b"\r\n", b"\n"), depth + 1, left),)
    return Part(headers, kind, parameters, body, parts)


def _split(raw: bytes) -> tuple[bytes, bytes]:
    if raw.startswith(b"\n"):
        return b"", raw[1:]
    head, _, body = raw.partition(b"\n\n")
    return head, body


def _headers(text: str) -> tuple[Headers, int]:
    fields: list[tuple[str, str]] = []
    name, pieces, room = "", list[str](), 0
    taken = 0
    for line in text.split("\n"):
        taken += len(line) + 1
        if line[:1] in (" ", "\t"):
            if name and room > 0:
                pieces.append(line[:room].rstrip("\r"))
                room -= len(line)
            continue
        if name:
            fields.append((name, "".join(pieces)))
            name = ""
        found = _FIELD.match(line)
        if found is None:
            if not fields and line.startswith(("From ", ">From ")):
                continue  # of a mailbox file
            break
        if len(fields) >= HEADERS_MAX:
            break
        name, pieces, room = found[1].lower(), [line[found.end() :][:HEADER_MAX].strip()], HEADER_MAX - len(line)
    if name:
        fields.append((name, "".join(pieces)))
    return Headers(tuple(fields)), taken


def content_type(value: str) -> tuple[str, dict[str, str]]:
    """Returns type and parameters; `text/plain` for what is none (RFC 2045 §5.2)."""
    value = value[:_PARAMETERS_MAX]
    kind = value.partition(";")[0].strip().lower()
    parameters: dict[str, str] = {}
    for found in _PARAMETER.finditer(value):
        # In pieces (RFC 2231 §3) they follow each other.
        name = found[1].lower()
        parameters[name] = parameters.get(name, "") + (found[2] if found[2] is not None else found[3])
    return (kind if kind.count("/") == 1 else "text/plain"), parameters


def _children(body: bytes, boundary: str, depth: int, left: list[int]) -> Iterator[Part]:
    if not boundary or len(boundary) > 200:
        return
    mark = b"\n--" + boundary.encode("utf-8", "replace")
    # The first boundary may begin the body; what stands before it is for programs that know no parts.
    pieces = (b"\n" + body).split(mark, PARTS_MAX * 2)[1:]
    open_part: list[bytes] | None = None
    for piece in pieces:
        line, feed, rest = piece.partition(b"\n")
        closes = line.startswith(b"--")
        if line.strip() and not closes:
            # Another boundary, which begins like this one.
            if open_part is not None:
                open_part += [mark, piece]
            continue
        if open_part is not None:
            if left[0] <= 0:
                return
            yield _parse(b"".join(open_part), depth + 1, left)
        open_part = [rest] if feed and not closes else None
        if closes:
            return
    if open_part is not None and left[0] > 0:
        yield _parse(b"".join(open_part), depth + 1, left)


def _decoded(headers: Headers, body: bytes) -> bytes:
    encoding = headers.first("content-transfer-encoding").lower()
    if encoding == "base64":
        return from_base64(body)
    if encoding == "quoted-printable":
        return from_quoted_printable(body)
    return body
