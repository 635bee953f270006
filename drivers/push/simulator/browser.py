"""A browser that subscribed: its keys, and its own reading of RFC 8291 and 8188. Pure but for its keys."""

from __future__ import annotations

import base64
import secrets
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class UnreadableError(ValueError):
    """Not encrypted for this browser."""


class Browser:
    def __init__(self, endpoint: str, server_key: str | None) -> None:
        self.endpoint = endpoint
        self.server_key = server_key
        """The `applicationServerKey` it subscribed with; only that key may send to it (RFC 8292 §4)."""
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._auth = secrets.token_bytes(16)

    @property
    def subscription(self) -> dict[str, Any]:
        """As `JSON.stringify(subscription)` gives it."""
        keys = {"p256dh": _b64(_point(self._key.public_key())), "auth": _b64(self._auth)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    def read(self, body: bytes) -> bytes:
        """Returns the message; raises `UnreadableError`."""
        try:
            salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
            sender_point, sealed = body[21 : 21 + length], body[21 + length :]
            sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender_point)
            shared = self._key.exchange(ec.ECDH(), sender)
            info = b"WebPush: info\x00" + _point(self._key.public_key()) + sender_point
            secret = _hkdf(self._auth, shared, info, 32)
            key = _hkdf(salt, secret, b"Content-Encoding: aes128gcm\x00", 16)
            nonce = _hkdf(salt, secret, b"Content-Encoding: nonce\x00", 12)
            if len(sealed) > size:
                raise UnreadableError("more than one record")
            plain = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\x00")
        except (ValueError, IndexError, InvalidTag):
            raise UnreadableError("cannot be decrypted") from None
        if plain[-1:] != b"\x02":
            raise UnreadableError("not the last record")
        return plain[:-1]


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
