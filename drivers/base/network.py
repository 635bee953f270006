"""What an error of the network says that is everybody's: the operating system forbids the way."""

from __future__ import annotations

import errno
from typing import Final

NETWORK_FORBIDDEN: Final = "network_forbidden"
"""Reason of a line that the service's own sandbox or a firewall keeps from its device (systemd's IPAddressDeny=)."""

_FORBIDDEN: Final = frozenset({errno.EPERM, errno.EACCES})


def forbidden(error: BaseException | None) -> bool:
    """Returns whether the operating system refused the connection for lack of permission, whatever wraps its error."""
    for _ in range(8):
        if error is None:
            return False
        if isinstance(error, OSError) and error.errno in _FORBIDDEN:
            return True
        inner = getattr(error, "os_error", None)
        error = inner if isinstance(inner, BaseException) else error.__cause__ or error.__context__
    return False
