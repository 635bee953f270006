"""Octets as text: charsets by name, and encoded words of headers (RFC 2047). In linear time, never raises."""

from __future__ import annotations

import binascii
from typing import Final

_FAMILIAR: Final = frozenset(
    [
        "utf-8",
        "utf8",
        "utf-16",
        "utf-16le",
        "utf-16be",
        "utf-7",
        "koi8-r",
        "koi8-u",
        "gb2312",
        "gbk",
        "gb18030",
        "big5",
        "euc-jp",
        "iso-2022-jp",
        "shift_jis",
        "euc-kr",
        "cp437",
        "cp850",
        "cp858",
        "macintosh",
        "mac-roman",
    ]
)
"""Charsets that are decoded as named. Others of Python's codecs are no charsets, or take quadratic time (`idna`)."""
_BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64: Final = bytes(set(range(256)) - set(_BASE64))


def text_of(data: bytes, charset: str) -> str:
    """Decodes octets in that charset; where it is unknown, or they do not fit it, in the likeliest one."""
    name = charset.strip().strip("\"'").lower().replace("_", "-")
    if name.startswith(("iso-8859-", "windows-125", "cp125")) and len(name) <= 12:
        # Mail programs say Latin-1 and write the superset of it that Windows has.
        name = "cp1252" if name == "iso-8859-1" else name
    elif name not in _FAMILIAR:
        name = "utf-8"
    try:
        return data.decode(name)
    except (UnicodeError, LookupError):
        pass
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def from_base64(data: bytes) -> bytes:
    """Decodes as much of it as is base64, whatever stands between and however it ends."""
    clean = data.translate(None, _NOT_BASE64)
    clean = clean[:-1] if len(clean) % 4 == 1 else clean
    return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))


def from_quoted_printable(data: bytes) -> bytes:
    return binascii.a2b_qp(data)


def header_text(value: str) -> str:
    """Decodes the encoded words of a header's value; what is none stays as it is."""
    out: list[str] = []
    pending, charset = b"", ""
    position = 0
    while (start := value.find("=?", position)) >= 0:
        mark = value.find("?", start + 2)
        if mark < 0:
            break
        if value[mark + 1 : mark + 3].lower() not in ("b?", "q?"):
            out.append(_flush(pending, charset) + value[position : start + 2])
            pending, position = b"", start + 2
            continue
        end = value.find("?=", mark + 3)
        if end < 0:
            break
        between = value[position:start]
        # RFC 2231 §5 allows a language behind the charset.
        name = value[start + 2 : mark].partition("*")[0]
        if pending and (between.strip() or name.lower() != charset.lower()):
            out.append(_flush(pending, charset))
            between = between if between.strip() else ""
            pending = b""
        elif pending:
            between = ""  # blanks between two encoded words are folding (§6.2)
        out.append(between)
        # A character of several octets may be spread over two words, which the standard forbids and programs do.
        pending, charset = pending + _word(value[mark + 1], value[mark + 3 : end]), name
        position = end + 2
    return "".join(out) + _flush(pending, charset) + value[position:]


def _word(encoding: str, text: str) -> bytes:
    octets = text.encode("utf-8", "replace")
    return from_base64(octets) if encoding in "bB" else binascii.a2b_qp(octets, header=True)


def _flush(octets: bytes, charset: str) -> str:
    return text_of(octets, charset) if octets else ""
