"""A connection that the operating system forbids is told apart from one that nobody takes."""

from __future__ import annotations

import errno

import aiohttp
import pytest

from drivers.base import forbidden


def wrapped() -> Exception:
    try:
        try:
            raise PermissionError(errno.EPERM, "Operation not permitted")
        except OSError as error:
            raise RuntimeError("no way") from error
    except RuntimeError as error:
        return error


@pytest.mark.parametrize(
    ("error", "is_it"),
    [
        (PermissionError(errno.EPERM, "x"), True),
        (OSError(errno.EACCES, "x"), True),
        (wrapped(), True),
        (aiohttp.ClientConnectorError(None, PermissionError(errno.EPERM, "x")), True),  # type: ignore[arg-type]
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), False),
        (OSError("no number"), False),
        (None, False),
    ],
)
def test_it_is_known_whatever_wraps_it(error: Exception | None, is_it: bool) -> None:
    assert forbidden(error) is is_it
