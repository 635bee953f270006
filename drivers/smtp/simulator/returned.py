"""Mails that come in at a simulated account: replies, and the bounces of mails it took. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from email import policy
from email.message import EmailMessage
from typing import Any


def reply(sender: str, to: str, text: str, *, subject: str = "Re:", message_id: str = "") -> bytes:
    """Writes a person's mail."""
    mail = EmailMessage(policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    if message_id:
        mail["Message-ID"] = message_id
    mail.set_content(text)
    return mail.as_bytes()


def bounce(taken: Mapping[str, Any], *, action: str, status: str, recipient: str | None, headers: bool) -> bytes:
    """Writes the delivery status (RFC 3464) of a mail from the record, quoting its headers where `headers`."""
    recipient = recipient or taken["to"][0]
    envelope = f"Original-Envelope-Id: {taken['dsn']['ENVID']}\n" if "ENVID" in taken["dsn"] else ""
    machine = f"Reporting-MTA: dns; mail.example.net\n{envelope}"
    fields = f"Final-Recipient: rfc822; {recipient}\nAction: {action}\nStatus: {status}\n"
    mail = EmailMessage(policy.SMTP)
    mail["From"], mail["To"] = "MAILER-DAEMON@mail.example.net", taken["from"]
    mail["Subject"], mail["Auto-Submitted"] = "Undelivered Mail Returned to Sender", "auto-replied"
    mail["Content-Type"] = "multipart/report; report-type=delivery-status"
    words = EmailMessage(policy.SMTP)
    words.set_content(f"{recipient}: {action}")
    told = EmailMessage(policy.SMTP)
    told["Content-Type"] = "message/delivery-status"
    told.set_payload([_fields(machine), _fields(fields)])
    mail.attach(words)
    mail.attach(told)
    if headers:
        quoted = EmailMessage(policy.SMTP)
        quoted.set_content(
            f"To: {taken['header_to']}\nCc: {taken['cc'] or ''}\nMessage-ID: {taken['id']}\n", subtype="rfc822-headers"
        )
        mail.attach(quoted)
    return mail.as_bytes()


def _fields(text: str) -> EmailMessage:
    block = EmailMessage(policy.SMTP)
    for line in text.splitlines():
        name, _, value = line.partition(": ")
        block[name] = value
    return block
