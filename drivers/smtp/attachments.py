"""Attachments from disk, bounded."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from drivers.smtp.compose import Attachment, UnsendableError


def read_attachments(paths: Mapping[str, str], *, limit: int) -> tuple[Attachment, ...]:
    """Reads the files that a mail attaches, by their names; all of them at most `limit` bytes.

    Raises UnsendableError: a mail without its invoice must not leave. Blocks: for a thread.
    """
    attached, room = [], limit
    for name, path in paths.items():
        data = _read(Path(path), room)
        room -= len(data)
        attached.append(Attachment(name, data))
    return tuple(attached)


def _read(path: Path, room: int) -> bytes:
    try:
        # Not followed and not waited for: a link or a pipe in the folder is nobody's invoice.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise UnsendableError("attachment_missing")
            data = stream.read(room + 1)
    except OSError:
        raise UnsendableError("attachment_missing") from None
    if len(data) > room:
        raise UnsendableError("too_large")
    return data
