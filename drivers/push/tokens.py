"""Signed assertions in their compact form (RFC 7515, 7519): RS256 for Google, ES256 for VAPID. Pure."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature


def b64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_b64url(text: str) -> bytes:
    """Returns the same back, padded or not, in either alphabet; ValueError for anything else."""
    plain = text.rstrip("=").replace("+", "-").replace("/", "_")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)


def rs256(key: rsa.RSAPrivateKey, claims: Mapping[str, Any], key_id: str | None = None) -> str:
    signed = _signed({"alg": "RS256", "typ": "JWT"} | ({"kid": key_id} if key_id else {}), claims)
    return f"{signed}.{b64url(key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def es256(key: ec.EllipticCurvePrivateKey, claims: Mapping[str, Any]) -> str:
    signed = _signed({"alg": "ES256", "typ": "JWT"}, claims)
    # JWS wants the two numbers side by side (RFC 7518 §3.4), not their DER.
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{b64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _signed(header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    return ".".join(b64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
