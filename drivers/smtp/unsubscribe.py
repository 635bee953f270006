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

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

SEAL: Final = re.compile(r"[A-Za-z0-9_-]{60,600}")
_PURPOSE: Final = b"gatewayd unsubscribe 1"
_ATTEMPT_LENGTH: Final = 26
WORD: Final = "baja"
"""What the subject of a mail from such a link begins with."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a link says: which mail it came in, and whose it was."""

    attempt: str
    to: str


class Links:
    """Makes and reads the links of one line."""

    def __init__(self, key: str) -> None:
        self._cipher = AESSIV(hashlib.sha512(_PURPOSE + b"\0" + key.encode()).digest())

    def seal(self, attempt: str, to: str) -> str:
        """Letters, digits, `-` and `_`; the same for the same mail."""
        return urlsafe_b64encode(self._cipher.encrypt(f"{attempt}{to}".encode(), None)).rstrip(b"=").decode("ascii")

    def open(self, seal: str) -> Link | None:
        """None for whatever this line did not seal."""
        if not SEAL.fullmatch(seal):
            return None
        try:
            said = self._cipher.decrypt(urlsafe_b64decode(seal + "=" * (-len(seal) % 4)), None).decode()
        except (ValueError, InvalidTag):
            return None
        return Link(said[:_ATTEMPT_LENGTH], said[_ATTEMPT_LENGTH:])

    def find(self, text: str) -> Link | None:
        """The first of this line's links that `text` holds: a subject, or a header List-Unsubscribe."""
        # Folded headers break behind a comma, never within a link.
        for found in SEAL.finditer(text[:4000]):
            link = self.open(found[0])
            if link is not None:
                return link
        return None
