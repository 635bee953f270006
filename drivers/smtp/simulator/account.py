"""What a simulated account is, over all its connections, and the record of what it took."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import Envelope, Session

from drivers.smtp.simulator.settings import Faults, Settings


def _sha256(part: EmailMessage) -> str:
    """Returns the hash of what the attachment holds, hex."""
    content = part.get_payload(decode=True)
    return hashlib.sha256(content if isinstance(content, bytes) else b"").hexdigest()


class Account:
    """What all connections to one server share."""

    def __init__(
        self,
        index: int,
        on_progress: Callable[[], None],
        numbers: Iterator[int],
        keep: Callable[[dict[str, Any]], None] = lambda _: None,
    ) -> None:
        """`numbers` gives each mail taken its `seq`, whichever server takes it; `keep` writes it down."""
        self.index = index
        self._numbers = numbers
        self.settings = Settings()
        self.faults = Faults()
        self.stats: Counter[str] = Counter()
        self.taken: list[dict[str, Any]] = []
        self.connections: set[asyncio.BaseTransport] = set()
        self.put_off: dict[tuple[str, str], float] = {}
        self.token: str | None = None
        """The access token given last."""
        self._on_progress = on_progress
        self._keep = keep

    def count(self, name: str) -> None:
        self.stats[name] += 1
        self._on_progress()

    def knows(self, user: str, token: str) -> bool:
        """Returns whether a login by that token is good (XOAUTH2)."""
        return user == self.settings.user and token == self.token

    def judge_xoauth2(self, response: bytes) -> bool:
        """Returns whether `user=…^Aauth=Bearer …^A^A`, as a client answers, is a good login."""
        fields = dict(each.partition("=")[::2] for each in response.decode("utf-8", "replace").split("\1") if each)
        return self.knows(fields.get("user", ""), fields.get("auth", "").removeprefix("Bearer "))

    def record(self, session: Session, envelope: Envelope, dsn: dict[str, str], *, encrypted: bool) -> None:
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=policy.default)
        plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
        self.taken.append(
            {
                "seq": next(self._numbers),
                "device": self.index,
                "from": envelope.mail_from,
                "to": list(envelope.rcpt_tos),
                "header_from": mail["From"],
                "header_to": mail["To"],
                "cc": mail["Cc"],
                "subject": mail["Subject"],
                "id": mail["Message-ID"],
                "text": plain.get_content() if plain else None,
                "html": html.get_content() if html else None,
                "attachments": [part.get_filename() for part in mail.iter_attachments()],
                "sha256": [_sha256(part) for part in mail.iter_attachments()],
                "auto": mail["Auto-Submitted"],
                "unsubscribe": mail["List-Unsubscribe"],
                "one_click": mail["List-Unsubscribe-Post"],
                "dsn": dsn,
                "tls": encrypted,
                "user": session.authenticated,
                "size": len(content),
                "at": time.time(),
            }
        )
        self._keep(self.taken[-1])
        self.count("taken")
