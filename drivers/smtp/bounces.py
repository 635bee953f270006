"""What a mail in the account's mailbox says: a delivery status (RFC 3464) of one of ours, a reply, or nothing for us.

Pure: bytes in, events out. Never raises, whatever the bytes are: anybody can write to a mailbox.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import getaddresses, parseaddr, parsedate_to_datetime
from html.parser import HTMLParser
from typing import Final, Literal

from drivers.base import DeliveryReport, InboundMessage
from drivers.smtp.replies import reason_of

TEXT_MAX: Final = 16_384
"""Characters of a reply that are kept."""

_ATTEMPT: Final = r"[0-9A-HJKMNP-TV-Z]{26}"
_STATUS: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_STATES: Final[dict[str, Literal["delivered", "undelivered", "pending"]]] = {
    "failed": "undelivered",
    "delivered": "delivered",
    "delayed": "pending",
}
"""Of RFC 3464 §2.3.3; `relayed` and `expanded` promise no further word and change nothing."""
_QUOTE_BEGINS: Final = re.compile(
    r"(>|-{2,}\s*(original message|mensaje original|forwarded|mensaje reenviado)|_{10,}\s*$"
    r"|(el|on)\b.{4,200}(escribió|wrote):\s*$|(de|from):\s.+@)",
    re.IGNORECASE,
)
"""Where a reply's own words end and what it quotes begins."""


@dataclass(frozen=True, slots=True)
class Identity:
    """How a line's own mails are told: the domain of its Message-IDs, and where its bounces go."""

    address: str
    bounce_address: str | None = None

    @property
    def message_ids(self) -> re.Pattern[str]:
        domain = re.escape(self.address.rpartition("@")[2].encode("idna").decode())
        return re.compile(rf"<({_ATTEMPT})@{domain}>", re.IGNORECASE)

    @property
    def bounces(self) -> re.Pattern[str] | None:
        """Matches an address that holds an attempt's id; None where the configured one does not."""
        before, found, after = (self.bounce_address or "").partition("{attempt}")
        if not found:
            return None
        return re.compile(rf"{re.escape(before)}({_ATTEMPT}){re.escape(after)}", re.IGNORECASE)

    def message_id(self, attempt: str) -> str:
        domain = self.address.rpartition("@")[2].encode("idna").decode()
        return f"<{attempt}@{domain}>"


def read(raw: bytes, identity: Identity, *, at: float) -> tuple[DeliveryReport | InboundMessage, ...]:
    """The events of one received mail; `at` (Unix time) is when it was read, for where it bears no good date."""
    mail = message_from_bytes(raw, policy=policy.compat32)
    at = _date(mail, at)
    blocks = _status_blocks(mail)
    if blocks is not None:
        return tuple(_reports(mail, blocks, identity, at))
    if _automatic(mail):
        return ()
    message = _reply(raw, identity, at)
    return () if message is None else (message,)


# ------------------------------------------------------------------------------------------------------------- reports


def _status_blocks(mail: Message) -> list[Message] | None:
    """The groups of fields of a delivery status, the message's own first; None where the mail is none."""
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status":
            payload = part.get_payload()
            return [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []
    return None


def _reports(mail: Message, blocks: list[Message], identity: Identity, at: float) -> Iterator[DeliveryReport]:
    attempt = _attempt(mail, blocks, identity)
    if attempt is None:
        return
    copied = _copied(mail)
    for block in blocks:
        state = _STATES.get(_field(block, "Action").partition(" ")[0].lower())
        recipient = _recipient(block, "Original-Recipient") or _recipient(block, "Final-Recipient")
        if state is None or (recipient or "").casefold() in copied:
            continue
        status = _STATUS.search(_field(block, "Status"))
        diagnosis = re.match(r"\s*smtp\s*;\s*(\d{3})", _field(block, "Diagnostic-Code"), re.IGNORECASE)
        reason = None
        if state != "delivered":
            reason = reason_of(status[0] if status else None, int(diagnosis[1]) if diagnosis else None)
        yield DeliveryReport(identity.message_id(attempt), recipient, state, reason, at, attempt=attempt, part=1)


def _attempt(mail: Message, blocks: list[Message], identity: Identity) -> str | None:
    """By where it was sent to, the envelope's id, and the Message-ID it quotes, in this order."""
    if (pattern := identity.bounces) is not None:
        for name in ("Delivered-To", "X-Original-To", "Envelope-To", "To"):
            for value in mail.get_all(name, []):
                if found := pattern.search(str(value)):
                    return found[1].upper()
    for block in blocks:
        if found := re.fullmatch(_ATTEMPT, _field(block, "Original-Envelope-Id"), re.IGNORECASE):
            return found[0].upper()
    for headers in _returned(mail):
        if found := identity.message_ids.search(_field(headers, "Message-ID")):
            return found[1].upper()
    for name in ("In-Reply-To", "References"):
        if found := identity.message_ids.search(_field(mail, name)):
            return found[1].upper()
    return None


def _returned(mail: Message) -> Iterator[Message]:
    """The headers of the mail that is given back, whole or headers alone."""
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/rfc822" and isinstance(payload := part.get_payload(), list):
            yield from (each for each in payload if isinstance(each, Message))
        elif kind == "text/rfc822-headers" and isinstance(data := part.get_payload(decode=True), bytes):
            yield message_from_bytes(data, policy=policy.compat32)


def _copied(mail: Message) -> frozenset[str]:
    """Who had the returned mail in copy alone: their bounce is not the message's."""
    cc: set[str] = set()
    to: set[str] = set()
    for headers in _returned(mail):
        cc |= _addresses(headers.get_all("Cc", []))
        to |= _addresses(headers.get_all("To", []))
    return frozenset(cc - to)


def _addresses(values: Iterable[object]) -> set[str]:
    return {address.casefold() for _, address in getaddresses([str(each) for each in values]) if address}


def _recipient(block: Message, name: str) -> str | None:
    """`rfc822; ana@example.com` without its type."""
    _, _, address = _field(block, name).partition(";")
    return address.strip().strip("<>") or None


def _field(message: Message, name: str) -> str:
    return " ".join(str(message.get(name, "")).split())


# ------------------------------------------------------------------------------------------------------------- replies


def _automatic(mail: Message) -> bool:
    """A machine's mail (RFC 3834 §2): a vacation note is no answer, and answering it would never end."""
    submitted = _field(mail, "Auto-Submitted").partition(";")[0].lower()
    if submitted not in ("", "no") or _field(mail, "Return-Path") == "<>":
        return True
    return _field(mail, "Precedence").lower() in ("bulk", "junk", "list", "auto_reply")


def _reply(raw: bytes, identity: Identity, at: float) -> InboundMessage | None:
    try:
        mail = message_from_bytes(raw, _class=EmailMessage, policy=policy.default)
        sender = parseaddr(str(mail.get("From", "")))[1].casefold()
        text = _own_words(mail)
        told = str(mail.get("Message-ID", "")).strip()
    except (ValueError, LookupError, AttributeError, TypeError, IndexError, RecursionError):
        # The parser stumbles over headers and charsets that nobody's mail program writes.
        return None
    if "@" not in sender or not sender.isprintable():
        return None
    key = told[:200] if told.isprintable() and told else "sha256:" + hashlib.sha256(raw).hexdigest()
    return InboundMessage(key, sender, identity.address, text, at)


def _own_words(mail: EmailMessage) -> str:
    body = mail.get_body(("plain", "html"))
    if body is None:
        return ""
    content = body.get_content()
    text = content if isinstance(content, str) else ""
    if body.get_content_type() == "text/html":
        text = _plain(text)
    lines: list[str] = []
    for line in text.replace("\x00", "").splitlines():
        if _QUOTE_BEGINS.match(line.strip()):
            break
        lines.append(line.rstrip())
    return "\n".join(lines).strip()[:TEXT_MAX].encode(errors="replace").decode()


class _Words(HTMLParser):
    """Collects the text of a page."""

    _HIDDEN: Final = frozenset({"style", "script", "head", "title", "blockquote"})
    _BREAKS: Final = frozenset({"br", "p", "div", "tr", "li"})

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in self._HIDDEN:
            self._hidden += 1
        if tag in self._BREAKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._HIDDEN and self._hidden:
            self._hidden -= 1

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(" ".join(data.split()))


def _plain(html: str) -> str:
    words = _Words()
    words.feed(html)
    words.close()
    return "".join(words.words)


def _date(mail: Message, now: float) -> float:
    """The mail's date, but never one of the future, for it is the sender's word."""
    try:
        return min(parsedate_to_datetime(_field(mail, "Date")).timestamp(), now)
    except (ValueError, TypeError, OverflowError, IndexError):
        return now
