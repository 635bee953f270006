"""A signed token read and verified (RFC 7515), apart from how the driver writes one. Pure."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature


class TokenError(ValueError):
    """No token, or one that its key did not sign."""


def unb64(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise TokenError("no base64url") from None


def verified(token: str, key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> dict[str, Any]:
    """Returns the claims; raises `TokenError`."""
    head, _, signature = token.rpartition(".")
    raw = unb64(signature)
    parts = head.split(".")
    if len(parts) != 2:
        raise TokenError("not three parts")
    try:
        header, claims = (json.loads(unb64(part)) for part in parts)
        if isinstance(key, rsa.RSAPublicKey):
            _need(header.get("alg") == "RS256")
            key.verify(raw, head.encode(), padding.PKCS1v15(), hashes.SHA256())
        else:
            _need(header.get("alg") == "ES256" and len(raw) == 64)
            both = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
            key.verify(both, head.encode(), ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError, AttributeError):
        raise TokenError("does not verify") from None
    if not isinstance(claims, dict):
        raise TokenError("no claims")
    return claims


def _need(true: bool) -> None:
    if not true:
        raise TokenError("another algorithm")
