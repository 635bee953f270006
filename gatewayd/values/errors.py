"""One tree of errors, split by what the caller does next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final


class GatewayError(Exception):
    """Root: anything gatewayd itself raises on purpose. The CLI prints its text as one line."""

    about: str = ""
    """Whom or what the audit trail names, where the request itself does not."""


class UsageError(GatewayError):
    """Asked for something that cannot be meant: wrong name, wrong option. Mend the request (exit status 2)."""


class FaultsError(UsageError):
    """Some fields are wrong. Mend those; `faults` names each with what is wrong and what to do."""

    def __init__(self, faults: Sequence[Mapping[str, str]]) -> None:
        """Each fault has `key`, `message` and `remedy`."""
        super().__init__("; ".join(f"{one['key']}: {one['message']}; {one['remedy']}" for one in faults))
        self.faults = tuple(faults)


class ConfigError(UsageError):
    """The configuration cannot work. Mend the file; the text names file and key."""


class NotFoundError(GatewayError):
    """What was named does not exist."""


class UnauthenticatedError(GatewayError):
    """Nobody is signed in, or the session or token is no longer good. Sign in again."""


class ForbiddenError(GatewayError):
    """The role or token does not allow it. Ask somebody whose does."""


class ThrottledError(GatewayError):
    """Too many tries. Wait `retry_s` seconds and try again. `repeated`: the audit trail has a row of it already."""

    def __init__(self, sentence: str, retry_s: float = 0.0, *, repeated: bool = False) -> None:
        super().__init__(sentence)
        self.retry_s = retry_s
        self.repeated = repeated


class ConflictError(GatewayError):
    """The state of things forbids it (job known with other content, message not uncertain …)."""


class CurrencyError(ConflictError):
    """The price is in another currency than the account is kept in; the text is the account's."""


class InsufficientCreditError(ConflictError):
    """The balance does not cover it."""


class UnavailableError(GatewayError):
    """It may work later: no daemon, store locked, disk full. Try again."""


class StoreError(GatewayError):
    """The store refused or broke; nothing of the command took effect."""


class DamagedError(StoreError):
    """The store's own pages are damaged. Do not go on; restore a backup."""

    def __init__(self, sentence: str, remedy: str = "") -> None:
        super().__init__(f"{sentence}; {remedy}" if remedy else sentence)
        self.sentence = sentence
        self.remedy = remedy


class StoreLockedError(StoreError, UnavailableError):
    """Another daemon or command holds the store."""


class SchemaError(StoreError):
    """The store's schema is newer than this program. Do not go on."""


KINDS: Final[Mapping[str, type[GatewayError]]] = MappingProxyType(
    {
        "unauthenticated": UnauthenticatedError,
        "forbidden": ForbiddenError,
        "throttled": ThrottledError,
        "insufficient_credit": InsufficientCreditError,
        "conflict": ConflictError,
        "not_found": NotFoundError,
        "config": ConfigError,
        "faults": FaultsError,
        "usage": UsageError,
        "store_locked": StoreLockedError,
        "unavailable": UnavailableError,
        "damaged": DamagedError,
        "schema": SchemaError,
        "store": StoreError,
        "failed": GatewayError,
    }
)
"""By the word for it, on the sockets and in the audit trail. Narrow before wide: the first that fits names an error."""


def kind_of(error: Exception) -> str:
    """Returns the word for an error; `failed` for one that is not ours."""
    return next((word for word, kind in KINDS.items() if isinstance(error, kind)), "failed")
