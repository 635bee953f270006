"""What can go wrong between us and a phone, told apart by what the line does next."""

from __future__ import annotations

from drivers.base import HookRefusedError, LineError


class PhoneError(LineError):
    """Root of the errors of one request. `reason` is a word for receipts and status."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnreachableError(PhoneError):
    """No connection came about: certain that nothing of the request has left."""


class LostError(PhoneError):
    """The request may have arrived, its answer did not: ask by id, or leave it in doubt."""


class AnswerError(PhoneError):
    """Answered, but not as the app does: another device, a portal's login page, a fault. `status` is HTTP's."""

    def __init__(self, reason: str, status: int) -> None:
        super().__init__(reason)
        self.status = status


class CredentialsError(PhoneError):
    """The phone refuses user and password or token: a person has to correct them."""


class SignatureError(HookRefusedError):
    """A webhook that this phone has not signed."""

    def __init__(self, reason: str) -> None:
        super().__init__(401, reason)
