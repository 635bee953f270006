"""A mail as bytes: MIME by RFC 2045 ff., headers by RFC 5322. Pure: no clock, no files, no network.

Variables are rendered before, and values are escaped in HTML where they are rendered. What reaches a header is checked
here once more: a control character in it could begin another header, and is refused; an encoded word in it stays text.
What was written is read back before it goes.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

from drivers.smtp import writing
from drivers.smtp.proofreading import Expected, reads_as

_ADDRESS: Final = re.compile(r"([^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]{1,64})@([^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]{1,253})")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_LEADING_DOT: Final = re.compile(rb"(?m)^\.")

SUBJECT_MAX: Final = 900
"""Characters; RFC 5322 §2.1.1 bounds a line, and no client shows more."""


class UnsendableError(Exception):
    """No mail can be made of it; `reason` is what its receipt says."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Sender:
    """Who a line writes as."""

    name: str
    address: str
    reply_to: str | None = None
    unsubscribe: str | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Content:
    """What one mail says, variables already rendered."""

    to: str
    subject: str = ""
    text: str = ""
    html: str | None = None
    cc: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    unsubscribe: tuple[str, ...] = ()
    """Links that name this very mail; the first with https takes one click (RFC 8058)."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A message ready for the envelope."""

    data: bytes
    """With CRLF line ends, ending with one; not yet dot-stuffed."""
    message_id: str
    """With its angle brackets."""
    to: str
    cc: tuple[str, ...]
    utf8: bool
    """Whether an address needs SMTPUTF8 (RFC 6531)."""


def message_id(attempt: str, address: str) -> str:
    """Returns the Message-ID of an attempt: its id at the domain of the sender's `address`."""
    return f"<{attempt}@{_split(address, 'from_invalid')[1]}>"


def compose(sender: Sender, content: Content, *, attempt: str, at: float) -> Mail:
    """Makes the mail of one attempt, dated `at` (Unix time); raises UnsendableError."""
    to = _ascii_domain(content.to, "address_invalid")
    cc = tuple(dict.fromkeys(_ascii_domain(each, "cc_invalid") for each in content.cc))
    cc = tuple(each for each in cc if each != to)
    sent_by = _ascii_domain(sender.address, "from_invalid")
    replies = _ascii_domain(sender.reply_to, "from_invalid") if sender.reply_to else None
    name, subject = _header(sender.name, "from_invalid"), _header(content.subject, "subject_invalid")
    if len(subject) > SUBJECT_MAX:
        raise UnsendableError("subject_too_long")
    own_id = message_id(attempt, sent_by)
    headers = [writing.addresses("From", [(name, sent_by)]), writing.addresses("To", [("", to)])]
    if cc:
        headers.append(writing.addresses("Cc", [("", each) for each in cc]))
    if replies:
        headers.append(writing.addresses("Reply-To", [("", replies)]))
    headers += [
        writing.words("Subject", subject),
        writing.verbatim("Date", format_datetime(datetime.fromtimestamp(at, UTC))),
        writing.verbatim("Message-ID", own_id),
        # RFC 3834 §5: keeps vacation responders from answering a machine.
        writing.verbatim("Auto-Submitted", "auto-generated"),
        *_unsubscribe(sender, content.unsubscribe),
        writing.verbatim("MIME-Version", "1.0"),
    ]
    body = _body(content, attempt)
    data = writing.octets((*headers, *body.headers), body.body)
    expected = Expected(name, sent_by, to, cc, subject, own_id, tuple(each.name for each in (*headers, *body.headers)))
    if not reads_as(data, expected):
        raise UnsendableError("header_mismatch")
    utf8 = not all(each.isascii() for each in (to, *cc, sent_by, replies or ""))
    return Mail(data, own_id, to, cc, utf8)


def stuffed(data: bytes) -> bytes:
    """Returns `data` as it follows DATA: leading dots doubled, the lone dot at its end (RFC 5321 §4.5.2)."""
    return _LEADING_DOT.sub(b"..", data) + b".\r\n"


def _unsubscribe(sender: Sender, own: Sequence[str]) -> list[writing.Header]:
    """Makes List-Unsubscribe (RFC 2369) and, where one click is enough, what says so (RFC 8058 §3.1)."""
    links = [*own, *([sender.unsubscribe] if sender.unsubscribe else [])]
    if not links:
        return []
    value = ",\r\n ".join(f"<{_header(each, 'unsubscribe_invalid')}>" for each in links)
    headers = [writing.verbatim("List-Unsubscribe", value)]
    if any(each.startswith("https://") for each in own):
        headers.append(writing.verbatim("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return headers


def _body(content: Content, attempt: str) -> writing.Part:
    text = writing.text_part(_characters(content.text, "text_invalid"), "plain")
    body = text
    if content.html is not None:
        body = writing.text_part(_characters(content.html, "html_invalid"), "html")
        if content.text:
            # A boundary that no body holds: neither quoted-printable nor base64 has a line that begins with `=_`.
            body = writing.multipart("alternative", [text, body], f"=_a.{attempt}")
    if not content.attachments:
        return body
    files = [_file(each) for each in content.attachments]
    return writing.multipart("mixed", [body, *files], f"=_m.{attempt}")


def _file(attachment: Attachment) -> writing.Part:
    guessed, encoding = mimetypes.guess_type(attachment.name, strict=False)
    kind = guessed if guessed and not encoding else "application/octet-stream"
    if kind.startswith(("message/", "multipart/")):
        kind = "application/octet-stream"
    return writing.file_part(_header(attachment.name, "attachment_name"), attachment.data, kind)


def _characters(text: str, reason: str) -> str:
    if _SURROGATE.search(text):
        raise UnsendableError(reason)
    return text


def _header(text: str, reason: str) -> str:
    if _CONTROL.search(text) or _SURROGATE.search(text):
        raise UnsendableError(reason)
    return text


def _split(address: str, reason: str) -> tuple[str, str]:
    found = _ADDRESS.fullmatch(_header(address, reason))
    # An encoded word in an address means another one to programs that decode it there against RFC 2047 §5.
    if found is None or "=?" in address:
        raise UnsendableError(reason)
    return found[1], found[2]


def _ascii_domain(address: str, reason: str) -> str:
    """Returns the address with its domain as the DNS knows it (RFC 5890)."""
    local, domain = _split(address, reason)
    if local.startswith(".") or local.endswith(".") or ".." in local:
        raise UnsendableError(reason)
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        raise UnsendableError(reason) from None
