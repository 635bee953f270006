"""The second factor of signing in: seeds sealed by the vault, codes taken once."""

from __future__ import annotations

from gatewayd.operations.ports import Backend
from gatewayd.store.people.users import Credentials
from gatewayd.tokens import digest
from gatewayd.totp import plain_code, step_of


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
