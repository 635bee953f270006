"""Links by which a person wants no more mails, each naming the mail it came in (RFC 2369, RFC 8058).

A link bears the attempt and the address sealed by the line's own key (AES-SIV, RFC 5297): nobody can make one for
somebody else, and nobody learns an address from one in a log.
"""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from drivers.base import HookCall, HookRefusedError, InboundMessage

SEAL: Final = re.compile(r"[A-Za-z0-9_-]{60,600}")
_PURPOSE: Final = b"gatewayd unsubscribe 1"
_ATTEMPT_LENGTH: Final = 26
WORD: Final = "baja"
"""What the subject of a mail from such a link begins with."""
KEY: Final = "u"
"""The name under which a link bears its seal."""
_QUERY_MAX: Final = 2000
_BODY_MAX: Final = 4096
ASKED: Final = (
    "Para no recibir más estos correos, use el botón «Cancelar suscripción» de su correo, o responda BAJA.\n"
    "To stop these mails, use your mail program's unsubscribe button, or answer BAJA.\n"
)
"""What a browser is shown: a link that is only opened, by a scanner perhaps, changes nothing (RFC 8058 §3.1)."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a link says: which mail it came in, and whose it was."""

    attempt: str
    to: str


class Links:
    """Makes and reads the links of one line."""

    def __init__(self, key: str) -> None:
        # Here and below, for lines without links need no library of ciphers.
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV

        self._cipher = AESSIV(hashlib.sha512(_PURPOSE + b"\0" + key.encode()).digest())

    def seal(self, attempt: str, to: str) -> str:
        """Seals what a link says, in letters, digits, `-` and `_`; the same for the same mail."""
        return urlsafe_b64encode(self._cipher.encrypt(f"{attempt}{to}".encode(), None)).rstrip(b"=").decode("ascii")

    def open(self, seal: str) -> Link | None:
        """Opens a seal; None for what this line did not seal."""
        from cryptography.exceptions import InvalidTag

        if not SEAL.fullmatch(seal):
            return None
        try:
            said = self._cipher.decrypt(urlsafe_b64decode(seal + "=" * (-len(seal) % 4)), None).decode()
        except (ValueError, InvalidTag):
            return None
        return Link(said[:_ATTEMPT_LENGTH], said[_ATTEMPT_LENGTH:])

    def find(self, text: str) -> Link | None:
        """Finds the first of this line's links that `text` holds: a subject, or a header List-Unsubscribe."""
        # Folded headers break behind a comma, never within a link.
        for found in SEAL.finditer(text[:4000]):
            link = self.open(found[0])
            if link is not None:
                return link
        return None

    def page(self, seal: str) -> str:
        """Returns what a browser that opens a link is shown; raises HookRefusedError."""
        if self.open(seal) is None:
            raise HookRefusedError(404, "no such link")
        return ASKED

    def click(self, call: HookCall, *, address: str, at: float) -> InboundMessage:
        """Reads one click (RFC 8058 §3.2): a POST of the mail program's, once or several times. Raises
        HookRefusedError."""
        try:
            fields = dict(parse_qsl(call.query[:_QUERY_MAX], max_num_fields=10))
        except ValueError:
            fields = {}
        link = self.open(fields.get(KEY, ""))
        if link is None:
            raise HookRefusedError(404, "no such link")
        # As a form or in parts (RFC 7578): either holds both words.
        body = call.body[:_BODY_MAX]
        if b"List-Unsubscribe" not in body or b"One-Click" not in body:
            raise HookRefusedError(400, "not the form of RFC 8058")
        key = f"unsubscribe:{link.attempt}"
        return InboundMessage(key, link.to, address, "unsubscribe (one click)", at, answers=link.attempt, opt_out=True)
