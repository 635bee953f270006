"""What can go wrong with a manager connection, split by what the line does next."""

from __future__ import annotations

from drivers.base import LineError


class LinkError(LineError):
    """The connection is gone or could not be made: connect again. `reason` is a word for the line's status."""

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(message or reason)
        self.reason = reason


class LoginRefusedError(LineError):
    """Wrong user or secret, or this address is not permitted: trying on is useless until a person acts."""


class PermissionMissingError(LineError):
    """The manager account lacks a class of permission; `permission` is what is missing."""

    def __init__(self, permission: str) -> None:
        super().__init__(f"the manager account lacks {permission}")
        self.permission = permission


class UnsafeValueError(LineError):
    """A value that must not reach Asterisk: line breaks would be headers of their own. `field` names it."""

    def __init__(self, field: str) -> None:
        super().__init__(f"the value of {field} cannot be sent to Asterisk")
        self.field = field
