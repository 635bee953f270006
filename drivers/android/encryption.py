"""End-to-end encryption of SMSGate: `$aes-256-cbc/pbkdf2-sha1$i=75000$<salt>$<text>`, both in base 64.

AES-256 in CBC mode with PKCS #7 padding; the key is PBKDF2-HMAC-SHA1 over the passphrase, 16 bytes of salt being the
initialisation vector too. Text and every number are encrypted each by itself. Deriving a key takes some 20 ms.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from functools import lru_cache
from typing import Final

from drivers.base import LineError

ITERATIONS: Final = 75_000
MOST_ITERATIONS: Final = 10_000_000
"""More would be an attack on our processor."""
PREFIX: Final = "$aes-256-cbc/pbkdf2-sha1$"
_FORM: Final = re.compile(r"\$aes-256-cbc/pbkdf2-sha1\$i=(\d{1,8})\$([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+)")


class EncryptionError(LineError):
    """Not of that form, or of another passphrase."""


def encrypt(passphrase: str, text: str, salt: bytes | None = None) -> str:
    """`salt` (16 bytes) is for tests alone."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    vector = os.urandom(16) if salt is None else salt
    padder = PKCS7(128).padder()
    padded = padder.update(text.encode()) + padder.finalize()
    cipher = Cipher(algorithms.AES256(_key(passphrase, vector, ITERATIONS)), modes.CBC(vector)).encryptor()
    sealed = cipher.update(padded) + cipher.finalize()
    return f"{PREFIX}i={ITERATIONS}${base64.b64encode(vector).decode()}${base64.b64encode(sealed).decode()}"


def decrypt(passphrase: str, sealed: str) -> str:
    """Raises `EncryptionError`."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    match = _FORM.fullmatch(sealed)
    if match is None or not 1 <= int(match[1]) <= MOST_ITERATIONS:
        raise EncryptionError("not an encrypted text")
    try:
        vector, body = base64.b64decode(match[2], validate=True), base64.b64decode(match[3], validate=True)
        cipher = Cipher(algorithms.AES256(_key(passphrase, vector, int(match[1]))), modes.CBC(vector)).decryptor()
        unpadder = PKCS7(128).unpadder()
        padded = cipher.update(body) + cipher.finalize()
        return (unpadder.update(padded) + unpadder.finalize()).decode()
    except ValueError as error:
        raise EncryptionError("the passphrase does not fit") from error


@lru_cache(maxsize=64)
def _key(passphrase: str, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha1", passphrase.encode(), salt, iterations, 32)
