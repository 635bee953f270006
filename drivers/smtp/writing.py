"""Headers and bodies as octets (RFC 5322, 2045 to 2047, 2231). Pure.

Written here and not by the `email` package, which reads each value as structure before it writes it: there, a word of a
customer's name that happens to be an encoded one (`=?utf-8?q?…?=`) is decoded, and what it holds becomes headers.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

LINE: Final = 76
"""Characters of a header line, as RFC 5322 §2.1.1 recommends and RFC 2047 §2 demands of lines with encoded words."""
WORD_OCTETS: Final = 45
"""Octets of UTF-8 in one encoded word: 60 characters of base64, 72 with `=?utf-8?b?` and `?=`, of the 75 allowed."""
_ATOM: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~ ")
"""What a display name may hold without quotes (atoms of RFC 5322 §3.2.3, and blanks between them)."""
_TOKEN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&+-.^_`|~ ")
"""What a file's name may hold and stand in plain quotes."""


@dataclass(frozen=True, slots=True)
class Header:
    """One header as written: `value` is folded already."""

    name: str
    value: str


def words(name: str, text: str) -> Header:
    """Writes an unstructured header, such as Subject: what `text` says, whatever it looks like."""
    if _stands(text, len(name) + 2):
        return Header(name, _folded(text, len(name) + 2))
    return Header(name, "\r\n ".join(_encoded(text, len(name) + 2)))


def addresses(name: str, named: Sequence[tuple[str, str]]) -> Header:
    """Writes pairs of display name and address; the addresses are checked by the caller and stand as they are."""
    return Header(name, ",\r\n ".join(_mailbox(*each) for each in named))


def verbatim(name: str, value: str) -> Header:
    """Writes a value of our own making: ASCII, without line breaks, whose form is right already."""
    return Header(name, value)


def _mailbox(display: str, address: str) -> str:
    if not display:
        return address
    if len(display) > LINE - 20 or not display.isascii() or "=?" in display:
        return "\r\n ".join([*_encoded(display, 12), f"<{address}>"])
    if _ATOM.issuperset(display) and display == " ".join(display.split()):
        return f"{display} <{address}>"
    quoted = display.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address}>'


def _stands(text: str, used: int) -> bool:
    """Returns whether it may stand as it is: ASCII, no encoded word, and no blank that folding could lose."""
    if not text.isascii() or "=?" in text:
        return False
    pieces = text.split(" ")
    # A blank at either end is trimmed by readers, one beside another lost by some; a long word cannot be folded.
    return not text or (all(pieces) and max(map(len, pieces)) <= LINE - used)


def _folded(text: str, used: int) -> str:
    """Breaks it before words; the break stands for nothing, the blank behind it is the text's own."""
    lines, room = [""], LINE - used
    for position, word in enumerate(text.split(" ")):
        piece = word if position == 0 else f" {word}"
        if position and len(piece) > room:
            lines.append("")
            room = LINE
        lines[-1] += piece
        room -= len(piece)
    return "\r\n".join(lines)


def _encoded(text: str, used: int) -> Iterator[str]:
    """Makes encoded words, each of whole characters; readers drop the breaks between them (RFC 2047 §6.2)."""
    room = max(WORD_OCTETS - used, 9)
    chunk = b""
    for char in text:
        octets = char.encode()
        if len(chunk) + len(octets) > room:
            yield _word(chunk)
            chunk, room = b"", WORD_OCTETS
        chunk += octets
    yield _word(chunk)


def _word(octets: bytes) -> str:
    return f"=?utf-8?b?{base64.b64encode(octets).decode('ascii')}?="


# ---------------------------------------------------------------------------------------------------------------- parts


@dataclass(frozen=True, slots=True)
class Part:
    """A body with the headers that say what it is."""

    headers: tuple[Header, ...]
    body: bytes


def text_part(text: str, subtype: str) -> Part:
    """Makes a text's part, always quoted-printable: no line grows past a limit, nothing depends on 8BITMIME."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    data = binascii.b2a_qp((lines if lines.endswith("\n") else f"{lines}\n").encode(), istext=True)
    return Part(
        (
            Header("Content-Type", f"text/{subtype}; charset=utf-8"),
            Header("Content-Transfer-Encoding", "quoted-printable"),
        ),
        data.replace(b"\n", b"\r\n"),
    )


def file_part(name: str, data: bytes, kind: str) -> Part:
    """Makes an attachment of that type, e.g. `application/pdf`."""
    disposition = f"attachment;\r\n {_file_name(name)}"
    return Part(
        (
            Header("Content-Type", kind),
            Header("Content-Transfer-Encoding", "base64"),
            Header("Content-Disposition", disposition),
        ),
        base64.encodebytes(data).replace(b"\n", b"\r\n"),
    )


def _file_name(name: str) -> str:
    """Writes the parameter `filename`: in quotes where it is plain, else by RFC 2231, in pieces of one line each."""
    if len(name) <= LINE - 14 and _TOKEN.issuperset(name):
        return f'filename="{name}"'
    escaped = [_percent(char) for char in name]
    pieces, piece = [], "utf-8''"
    for each in escaped:
        if len(piece) + len(each) > LINE - 18:
            pieces.append(piece)
            piece = ""
        piece += each
    pieces.append(piece)
    if len(pieces) == 1:
        return f"filename*={piece}"
    return ";\r\n ".join(f"filename*{number}*={each}" for number, each in enumerate(pieces))


def _percent(char: str) -> str:
    if char.isascii() and (char.isalnum() or char in "-._"):
        return char
    return "".join(f"%{octet:02X}" for octet in char.encode())


def multipart(subtype: str, parts: Sequence[Part], boundary: str) -> Part:
    """Joins the parts to one; the caller gives a boundary that occurs in none of them."""
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + octets(part.headers, part.body) for part in parts)
    header = Header("Content-Type", f'multipart/{subtype};\r\n boundary="{boundary}"')
    return Part((header,), body + b"--" + boundary.encode() + b"--\r\n")


def octets(headers: Iterable[Header], body: bytes) -> bytes:
    head = "".join(f"{each.name}: {each.value}\r\n" for each in headers)
    return head.encode() + b"\r\n" + body
