"""The second factor of signing in: seeds sealed by the vault, codes taken once."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gatewayd.credentials.tokens import digest
from gatewayd.credentials.totp import address_of, new_recovery_codes, plain_code, step_of
from gatewayd.operations.base import Json
from gatewayd.operations.ports import Backend
from gatewayd.store.people.users import Credentials

GONE: Final[Mapping[str, None]] = MappingProxyType(dict.fromkeys(("totp_sealed", "totp_offered", "recovery")))
"""What a user is changed to who has no second factor any more."""


def place_of(user: int) -> str:
    """Returns the place that a seed is sealed for, so that it opens for no other user."""
    return f"user.{user}.totp"


def taken(backend: Backend, found: Credentials, code: str) -> tuple[int | None, str | None] | None:
    """Returns what a right code takes: the time step of the telephone's, or the digest of a recovery code.

    None where it is wrong or was taken before. UnavailableError where the seed cannot be opened.
    """
    plain = plain_code(code)
    if found.totp is None or not plain:
        return None
    if plain.isdecimal() and len(plain) == 6:
        seed = backend.vault.open(found.totp, place_of(found.user.id))
        step = step_of(seed, plain, backend.now(), found.totp_step)
        return None if step is None else (step, None)
    recovery = digest(plain)
    return (None, recovery) if recovery in found.recovery else None


def offered(backend: Backend, found: Credentials) -> str | None:
    """Returns the seed that was offered to a user and is not in force yet; None: none was. UnavailableError where it
    cannot be opened."""
    if found.totp_offered is None:
        return None
    return backend.vault.open(found.totp_offered, place_of(found.user.id))


def as_told(seed: str, found: Credentials) -> Json:
    """Returns a seed as a telephone takes it: as text, and as the address that a picture shows."""
    return {"seed": seed, "address": address_of(seed, found.user.shown_name, "gatewayd")}


def recovery() -> tuple[list[str], list[str]]:
    """Returns new recovery codes, and what is kept of them."""
    codes = new_recovery_codes()
    return codes, [digest(plain_code(one)) for one in codes]
