"""A disk as a power cut may leave it: what was synced is there, of the rest anything.

Stricter than any file system in use: the data of a file and its name are two things, each durable by a sync of its own
(the file's, the folder's); of what was not synced any part may be there, in any order, torn at sectors; a rename
between folders may have happened in the one and not in the other.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from random import Random
from typing import Final, Protocol

from tests.faults.powercut import trace
from tests.faults.powercut.trace import Create, Event, Link, MakeFolder, Remove, Rename, SyncBegins, SyncEnds, Truncate

SECTOR: Final = 512
"""What a disk writes whole."""

FOLDER_MODE: Final = 0o2770

_AWAY_S: Final = 600.0


class Chance(Protocol):
    """What a cut leaves of what was not synced."""

    def keeps(self) -> bool:
        """One change of a folder, or of a file's length."""

    def pieces(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """What is left of one write: offsets into it, and bytes."""


class Nothing:
    """All that was not synced is gone."""

    def keeps(self) -> bool:
        return False

    def pieces(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        return iter(())


class Everything:
    """As when only the process dies."""

    def keeps(self) -> bool:
        return True

    def pieces(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        yield 0, data


class Anything:
    """Each change or sector by chance; how likely, by chance as well."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._likely = random.choice((0.1, 0.5, 0.9))

    def keeps(self) -> bool:
        return self._random.random() < self._likely

    def pieces(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        if self._random.random() < self._likely:
            for start in range(0, len(data), SECTOR):
                if self._random.random() < self._likely:
                    yield start, data[start : start + SECTOR]


# -------------------------------------------------------------------------------------------------------------- inodes


@dataclass(slots=True, eq=False)
class File:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes] | int] = field(default_factory=list)
    """Writes (offset, data) and new lengths, in order."""
    length: int = 0
    """With all that is pending."""

    def write(self, offset: int | None, data: bytes) -> None:
        offset = self.length if offset is None else offset
        self.pending.append((offset, data))
        self.length = max(self.length, offset + len(data))

    def truncate(self, length: int) -> None:
        self.pending.append(length)
        self.length = length

    def sync(self, count: int) -> None:
        """The first `count` of what is pending are durable."""
        done, self.pending = self.pending[:count], self.pending[count:]
        for change in done:
            _apply(self.durable, change)

    def after(self, chance: Chance) -> bytes:
        left = bytearray(self.durable)
        for change in self.pending:
            if isinstance(change, int):
                if chance.keeps():
                    _apply(left, change)
                continue
            offset, data = change
            for start, piece in chance.pieces(data):
                _apply(left, (offset + start, piece))
        return bytes(left)


def _apply(content: bytearray, change: tuple[int, bytes] | int) -> None:
    if isinstance(change, int):
        del content[change:]
        content.extend(bytes(change - len(content)))
        return
    offset, data = change
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data


@dataclass(slots=True, eq=False)
class Folder:
    durable: dict[str, File | Folder] = field(default_factory=dict)
    pending: list[dict[str, File | Folder | None]] = field(default_factory=list)
    """Changes in order: names and what they mean from then on."""
    names: dict[str, File | Folder] = field(default_factory=dict)
    """With all that is pending."""

    def change(self, names: dict[str, File | Folder | None]) -> None:
        self.pending.append(names)
        _put(self.names, names)

    def sync(self, count: int) -> None:
        done, self.pending = self.pending[:count], self.pending[count:]
        for names in done:
            _put(self.durable, names)

    def after(self, chance: Chance) -> dict[str, File | Folder]:
        left = dict(self.durable)
        for names in self.pending:
            if chance.keeps():
                _put(left, names)
        return left


def _put(into: dict[str, File | Folder], names: Mapping[str, File | Folder | None]) -> None:
    for name, inode in names.items():
        if inode is None:
            into.pop(name, None)
        else:
            into[name] = inode


# ---------------------------------------------------------------------------------------------------------------- disk


class Disk:
    """The files below `root`, empty at first; `root` itself was there before and stays."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._top = Folder()
        self._syncs: dict[int, tuple[File | Folder, int]] = {}

    def apply(self, event: Event) -> None:
        match event:
            case Create(path, empty):
                folder, name = self._place(path)
                file = folder.names.get(name)
                if file is None:
                    folder.change({name: File()})
                elif empty and isinstance(file, File):
                    file.truncate(0)
            case trace.Write(path, offset, data):
                if (file := self._file(path)) is not None:
                    file.write(offset, data)
            case Truncate(path, size):
                if (file := self._file(path)) is not None:
                    file.truncate(size)
            case Rename(old, new):
                self._rename(old, new)
            case Link(old, new):
                folder, name = self._place(new)
                source, source_name = self._place(old)
                folder.change({name: source.names[source_name]})
            case Remove(path):
                folder, name = self._place(path)
                folder.change({name: None})
            case MakeFolder(path):
                folder, name = self._place(path)
                folder.change({name: Folder()})
            case SyncBegins(number, path):
                if (inode := self._find(path)) is not None:
                    self._syncs[number] = (inode, len(inode.pending))
            case SyncEnds(number, _):
                if number in self._syncs:
                    inode, count = self._syncs.pop(number)
                    self._synced(inode, count)

    def _synced(self, inode: File | Folder, count: int) -> None:
        inode.sync(count)
        # Other syncs of the same that are under way have so much less before them.
        for number, (other, before) in self._syncs.items():
            if other is inode:
                self._syncs[number] = (other, max(0, before - count))

    def _rename(self, old: str, new: str) -> None:
        source, source_name = self._place(old)
        target, target_name = self._place(new)
        inode = source.names[source_name]
        if source is target:
            source.change({target_name: inode, source_name: None})
        else:
            target.change({target_name: inode})
            source.change({source_name: None})

    def _place(self, path: str) -> tuple[Folder, str]:
        parts = PurePosixPath(path).relative_to(self._root).parts
        folder = self._top
        for part in parts[:-1]:
            inner = folder.names[part]
            assert isinstance(inner, Folder), path
            folder = inner
        return folder, parts[-1]

    def _find(self, path: str) -> File | Folder | None:
        if path == self._root:
            return self._top
        try:
            folder, name = self._place(path)
        except KeyError:
            return None
        return folder.names.get(name)

    def _file(self, path: str) -> File | None:
        """None: it has no name any more, and nobody will ever see it."""
        inode = self._find(path)
        assert not isinstance(inode, Folder), path
        return inode

    def after(self, chance: Chance) -> dict[str, bytes | None]:
        """Every file (its bytes) and folder (None) by path below the root, as a cut here and now may leave them."""
        left: dict[str, bytes | None] = {}
        contents: dict[int, bytes] = {}

        def walk(folder: Folder, prefix: str) -> None:
            for name, inode in folder.after(chance).items():
                if isinstance(inode, Folder):
                    left[prefix + name] = None
                    walk(inode, f"{prefix}{name}/")
                else:
                    # Two names of one file show the same bytes.
                    left[prefix + name] = contents.setdefault(id(inode), inode.after(chance))

        walk(self._top, "")
        return left


def write_out(files: Mapping[str, bytes | None], folder: Path) -> None:
    """Makes real files of them."""
    folder.mkdir(parents=True)
    before_s = time.time() - _AWAY_S
    for name, data in files.items():
        path = folder / name
        if data is None:
            path.mkdir(exist_ok=True)
            path.chmod(FOLDER_MODE)
        else:
            path.write_bytes(data)
            # The machine was away for a while: nothing looks as if somebody were still writing it.
            os.utime(path, (before_s, before_s))
