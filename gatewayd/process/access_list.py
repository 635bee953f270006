"""Lets one more user at a file, by an access list (acl(5)) that its owner may set; owner, group and mode stay."""

from __future__ import annotations

import os
import pwd
import stat
import struct
from pathlib import Path
from typing import Final

_NAME: Final = "system.posix_acl_access"
_VERSION: Final = 2
_ENTRY: Final = struct.Struct("<HHI")
"""Tag, permissions, id (linux/posix_acl_xattr.h)."""
_OWNER, _USER, _GROUP, _NAMED_GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
_NOBODY: Final = 0xFFFFFFFF

READ: Final = 4
WRITE: Final = 2


def number_of(user: str) -> int | None:
    """Returns the uid of a user of this machine; None where there is none of that name."""
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        return None


def admit(path: Path, uid: int, permissions: int) -> None:
    """Gives a user these permissions (`READ | WRITE`) on a file of ours. Does nothing where the user owns it.

    OSError where the file is another's, or its file system has no access lists.
    """
    status = path.lstat()
    if status.st_uid == uid:
        return
    entries = _entries(path, stat.S_IMODE(status.st_mode))
    if entries.get((_USER, uid)) == permissions:
        return
    entries[_USER, uid] = permissions
    entries[_MASK, _NOBODY] = 0
    for (tag, _number), given in tuple(entries.items()):
        if tag in {_USER, _GROUP, _NAMED_GROUP}:
            entries[_MASK, _NOBODY] |= given
    packed = b"".join(_ENTRY.pack(tag, given, number) for (tag, number), given in sorted(entries.items()))
    os.setxattr(path, _NAME, struct.pack("<I", _VERSION) + packed, follow_symlinks=False)


def _entries(path: Path, mode: int) -> dict[tuple[int, int], int]:
    """Returns the list that a file has, or the one that says the same as its mode."""
    try:
        found = os.getxattr(path, _NAME, follow_symlinks=False)
    except OSError:  # it has none
        return {
            (_OWNER, _NOBODY): mode >> 6 & 7,
            (_GROUP, _NOBODY): mode >> 3 & 7,
            (_OTHER, _NOBODY): mode & 7,
        }
    return {(tag, number): given for tag, given, number in _ENTRY.iter_unpack(found[4:])}
