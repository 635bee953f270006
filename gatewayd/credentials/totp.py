"""The second factor: codes of six digits by the clock (RFC 6238), and codes for the day the telephone is lost."""

from __future__ import annotations

import hmac
import secrets
from typing import Final

import pyotp

STEP_S: Final = 30
SLACK: Final = 1
"""Steps that a telephone's clock may be off, either way (RFC 6238 §5.2)."""
RECOVERY_CODES: Final = 10
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without what is read for another: i, l, o, 0, 1."""
_GROUPS: Final = 4
_GROUP: Final = 4


def new_seed() -> str:
    """Returns a new seed (160 bits, base32), as authenticators take it."""
    return pyotp.random_base32()


def address_of(seed: str, user: str, issuer: str) -> str:
    """Returns the `otpauth:` address that an authenticator reads from a picture."""
    return pyotp.TOTP(seed).provisioning_uri(name=user, issuer_name=issuer)


def step_of(seed: str, code: str, now_ms: int, last: int) -> int | None:
    """Returns the time step of a right code, later than `last`; None where it is wrong, or was taken before."""
    totp = pyotp.TOTP(seed)
    now = now_ms // 1000 // STEP_S
    given = code.replace(" ", "")
    found = None
    for step in range(now - SLACK, now + SLACK + 1):
        # Each is compared, so that the time it takes tells nothing.
        if hmac.compare_digest(totp.at(step * STEP_S).encode(), given.encode()) and step > last:
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Returns codes that stand in for the telephone, each once (79 bits)."""
    return [
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
        for _ in range(RECOVERY_CODES)
    ]


def plain_code(code: str) -> str:
    """Returns a recovery code as it is hashed: without the case and the signs that people add."""
    return "".join(sign for sign in code.casefold() if sign.isalnum())
