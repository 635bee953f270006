"""A push message only its browser can read: RFC 8291 over the coding `aes128gcm` of RFC 8188. Pure but for chance."""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PLAIN_MAX: Final = 3993
"""Octets of a message: 4,096 that every service takes (RFC 8030 §7.2), less the header (86), padding delimiter and tag
(RFC 8291 §4)."""
_RECORD: Final = 4096


def raw_point(key: ec.EllipticCurvePublicKey) -> bytes:
    """65 octets, uncompressed."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def encrypt(
    plain: bytes,
    receiver: ec.EllipticCurvePublicKey,
    auth: bytes,
    *,
    sender: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """The body of a request: one record. `sender` and `salt` are new for each message; only the RFC's own example
    gives them. ValueError for what is too long."""
    if len(plain) > PLAIN_MAX:
        raise ValueError("too long")
    sender = sender or ec.generate_private_key(ec.SECP256R1())
    salt = salt or os.urandom(16)
    public = raw_point(sender.public_key())
    shared = sender.exchange(ec.ECDH(), receiver)
    # RFC 8291 §3.4
    secret = _hmac(_hmac(auth, shared), b"WebPush: info\0" + raw_point(receiver) + public + b"\x01")
    # RFC 8188 §2.2, §2.3
    prk = _hmac(salt, secret)
    key = _hmac(prk, b"Content-Encoding: aes128gcm\0\x01")[:16]
    nonce = _hmac(prk, b"Content-Encoding: nonce\0\x01")[:12]
    header = salt + _RECORD.to_bytes(4, "big") + bytes([len(public)]) + public
    return header + AESGCM(key).encrypt(nonce, plain + b"\x02", None)


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()
