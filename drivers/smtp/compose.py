"""A mail as bytes: MIME by RFC 2045 ff., headers by RFC 5322. Pure: no clock, no files, no network.

Variables are rendered before, and values are escaped in HTML where they are rendered. What reaches a header is checked
here once more: a control character in it could begin another header, and is refused.
"""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

_ADDRESS: Final = re.compile(r"([^\s@<>(),;:\\\"\x00-\x1f\x7f]{1,64})@([^\s@<>(),;:\\\"\x00-\x1f\x7f]{1,253})")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
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
    """The Message-ID of an attempt: its id at the domain of the sender's `address`."""
    return f"<{attempt}@{_split(address, 'from_invalid')[1]}>"


def compose(sender: Sender, content: Content, *, attempt: str, at: float) -> Mail:
    """The mail of one attempt, dated `at` (Unix time); raises UnsendableError."""
    to = _ascii_domain(content.to, "address_invalid")
    cc = tuple(dict.fromkeys(_ascii_domain(each, "cc_invalid") for each in content.cc))
    cc = tuple(each for each in cc if each != to)
    sent_by = _ascii_domain(sender.address, "from_invalid")
    replies = _ascii_domain(sender.reply_to, "from_invalid") if sender.reply_to else None
    utf8 = not all(each.isascii() for each in (to, *cc, sent_by, replies or ""))
    mail = EmailMessage(policy.SMTPUTF8 if utf8 else policy.SMTP)
    mail["From"] = _header_address(sent_by, _header(sender.name, "from_invalid"))
    mail["To"] = _header_address(to)
    if cc:
        mail["Cc"] = [_header_address(each) for each in cc]
    if replies:
        mail["Reply-To"] = _header_address(replies)
    subject = _header(content.subject, "subject_invalid")
    if len(subject) > SUBJECT_MAX:
        raise UnsendableError("subject_too_long")
    mail["Subject"] = subject
    mail["Date"] = format_datetime(datetime.fromtimestamp(at, UTC))
    own_id = message_id(attempt, sent_by)
    mail["Message-ID"] = own_id
    # RFC 3834 §5: keeps vacation responders from answering a machine.
    mail["Auto-Submitted"] = "auto-generated"
    if sender.unsubscribe:
        mail["List-Unsubscribe"] = f"<{_header(sender.unsubscribe, 'unsubscribe_invalid')}>"
    _body(mail, content)
    return Mail(_crlf(mail.as_bytes()), own_id, to, cc, utf8)


def stuffed(data: bytes) -> bytes:
    """`data` as it follows DATA: leading dots doubled, the lone dot at its end (RFC 5321 §4.5.2)."""
    return _LEADING_DOT.sub(b"..", data) + b".\r\n"


def _body(mail: EmailMessage, content: Content) -> None:
    text, html = _characters(content.text, "text_invalid"), content.html
    # Quoted-printable, whatever the text: no line grows past a server's limit, nothing depends on 8BITMIME.
    if html is None or text:
        mail.set_content(text, cte="quoted-printable")
    if html is not None:
        html = _characters(html, "html_invalid")
        if text:
            mail.add_alternative(html, subtype="html", cte="quoted-printable")
        else:
            mail.set_content(html, subtype="html", cte="quoted-printable")
    for each in content.attachments:
        guessed, encoding = mimetypes.guess_type(each.name, strict=False)
        kind, _, subtype = (guessed if guessed and not encoding else "application/octet-stream").partition("/")
        if kind in ("message", "multipart"):
            kind, subtype = "application", "octet-stream"
        mail.add_attachment(each.data, maintype=kind, subtype=subtype, filename=_header(each.name, "attachment_name"))


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
    if found is None:
        raise UnsendableError(reason)
    return found[1], found[2]


def _ascii_domain(address: str, reason: str) -> str:
    """The address with its domain as the DNS knows it (RFC 5890)."""
    local, domain = _split(address, reason)
    if local.startswith(".") or local.endswith(".") or ".." in local:
        raise UnsendableError(reason)
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        raise UnsendableError(reason) from None


def _header_address(address: str, name: str = "") -> Address:
    local, _, domain = address.rpartition("@")
    return Address(name, local, domain)


def _crlf(data: bytes) -> bytes:
    data = _LINE_END.sub(b"\r\n", data)
    return data if data.endswith(b"\r\n") else data + b"\r\n"
