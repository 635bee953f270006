"""Reads a mail back, as a stranger's program will, before it goes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from email import policy
from email.header import decode_header
from email.parser import BytesHeaderParser
from email.utils import getaddresses, parseaddr


@dataclass(frozen=True, slots=True)
class Expected:
    """What the headers of a mail must say."""

    from_name: str
    from_address: str
    to: str
    cc: tuple[str, ...]
    subject: str
    message_id: str
    names: tuple[str, ...]
    """Of its headers, in order."""


def reads_as(data: bytes, expected: Expected) -> bool:
    """Returns whether the headers of `data` are those expected and no others.

    It is the last look before a value that became structure would leave the house.
    """
    head, _, _ = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    if any(b"\r" in line or b"\n" in line or b"\0" in line or len(line) > 998 for line in lines):
        return False
    # The old policy splits lines and interprets nothing.
    read = [
        (name, _raw(value)) for name, value in BytesHeaderParser(policy=policy.compat32).parsebytes(data).raw_items()
    ]
    if tuple(name for name, _ in read) != expected.names:
        return False
    values = dict(read)
    from_name, from_address = parseaddr(values["From"])
    return (
        from_address == expected.from_address
        and _decoded(from_name) == expected.from_name
        and _addresses(values["To"]) == (expected.to,)
        and _addresses(values.get("Cc", "")) == expected.cc
        and _decoded(values["Subject"]) == expected.subject
        and values["Message-ID"].strip() == expected.message_id
    )


def _addresses(value: str) -> tuple[str, ...]:
    return tuple(address for _, address in getaddresses([value]) if address)


def _raw(value: object) -> str:
    """Returns a header's octets as UTF-8, its folding undone (RFC 5322 §2.2.3)."""
    text = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return text.replace("\r\n", "").replace("\n", "")


def _decoded(text: str) -> str:
    pieces = decode_header(text)
    return "".join(part if isinstance(part, str) else part.decode(charset or "ascii") for part, charset in pieces)
