"""A person's complaint to his provider, as the provider hands it on: ARF (RFC 5965), and Hotmail's own form. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from drivers.base import InboundMessage
from drivers.smtp.received.identity import Identity, address_in, addresses_in, explanation, returned_headers
from drivers.smtp.received.mime import Part, read_headers

_NO_COMPLAINTS: Final = frozenset({"not-spam", "auth-failure", "dkim", "virus"})
"""Kinds of feedback that are about something else (RFC 5965 §7.3, RFC 6591)."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """`message` is None where it cannot be told whose it is; `counts` whether it is one at all."""

    message: InboundMessage | None
    counts: bool = True


def complaint_of(mail: Part, identity: Identity, at: float) -> Complaint | None:
    """Reads a complaint; None where the mail is none."""
    fields = next((read_headers(each.text()) for each in mail.walk() if each.kind == "message/feedback-report"), None)
    returned = returned_headers(mail)
    hotmail = [each for each in returned if "x-hmxmroriginalrecipient" in each]
    subject = mail.headers.first("subject").casefold()
    if fields is None and not hotmail and not subject.startswith("complaint about message from"):
        return None
    kind = fields.first("feedback-type").lower() if fields is not None else "abuse"
    if kind in _NO_COMPLAINTS:
        return Complaint(None, counts=False)
    attempt = sender = ""
    for headers in returned:
        attempt = attempt or identity.in_headers(headers, "message-id") or ""
        # Providers blank the address; the link that we put into the mail still names it.
        link = identity.links.find(headers.first("list-unsubscribe")) if identity.links else None
        sender = sender or (link.to if link else "") or address_in(headers.first("x-hmxmroriginalrecipient"))
    if fields is not None:
        sender = sender or address_in(fields.first("original-rcpt-to"))
    attempt = attempt or identity.in_text(explanation(mail)) or ""
    if attempt and not sender:
        named = [address for each in returned for address in addresses_in(each.all("to"))]
        sender = named[0] if len(named) == 1 else ""
    # Whoever sends a form to our mailbox must not unsubscribe others: it has to be about a mail of ours.
    if not attempt or not sender:
        return Complaint(None)
    key = f"complaint:{hashlib.sha256(f'{attempt} {sender} {kind}'.encode()).hexdigest()}"
    words = f"complaint ({kind})" if kind.isprintable() and len(kind) <= 40 else "complaint"
    return Complaint(InboundMessage(key, sender, identity.address, words, at, answers=attempt, opt_out=True))
