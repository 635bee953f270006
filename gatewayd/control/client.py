"""A command's connection to the daemon."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from gatewayd.control.wire import ANSWER_MAX, answer_of, packed
from gatewayd.values.errors import UnavailableError
from gatewayd.words.translation import gettext as _

ANSWER_S: Final = 300.0
"""A test message waits for its line's send, minutes at the very worst; everything else is answered at once."""
CONNECT_S: Final = 5.0
"""The kernel connects at once; only a daemon with a full backlog makes a client wait."""


class ControlClient:
    """A command's connection to the daemon; synchronous."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._stream = connection.makefile("rb")

    @classmethod
    def connect(cls, candidates: Sequence[Path], *, within_s: float | None = None) -> ControlClient | None:
        """Connects to the first of `candidates` where a daemon listens; None when there is none.

        `within_s` bounds connection and answers (s), where a few minutes are too long.

        UnavailableError when a socket is there that may not be opened, or does not answer.
        """
        for path in candidates:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.settimeout(CONNECT_S if within_s is None else within_s)
                connection.connect(str(path))
            except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
                connection.close()
            except OSError as error:
                connection.close()
                if isinstance(error, PermissionError):
                    message = _(
                        "{path}: no permission to open the control socket; ask to be added to its group"
                    ).format(path=path)
                    raise UnavailableError(message) from error
                raise UnavailableError(f"{path}: {error.strerror or error}") from error
            else:
                connection.settimeout(ANSWER_S if within_s is None else within_s)
                return cls(connection)
        return None

    def close(self) -> None:
        self._stream.close()
        self._connection.close()

    def call(self, operation: str, arguments: dict[str, Any]) -> Any:
        """Performs one operation; raises the error that the daemon answered."""
        return next(self.stream(operation, arguments))

    def stream(self, operation: str, arguments: dict[str, Any]) -> Iterator[Any]:
        """The answers to one request as they come (`watch` has many)."""
        request = packed({"op": operation, "args": arguments})
        try:
            self._connection.sendall(request)
            while True:
                yield answer_of(self._stream.readline(ANSWER_MAX))
        except TimeoutError as error:
            raise UnavailableError(_("the daemon does not answer")) from error
        except OSError as error:
            raise UnavailableError(_("the daemon went away")) from error
