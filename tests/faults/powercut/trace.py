"""What `strace` saw, as events in order: what was done to files, what was synced, what went out to modems.

An effect outside (a write to a port) counts from its beginning; a change to a file counts from its end; a sync covers
what had ended before it began, from its own end on. So every overlap of two calls is read the harder way.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CALLS: Final = (
    *("open", "openat", "creat", "read", "write", "pwrite64", "writev", "pwritev", "pwritev2", "mmap"),
    *("truncate", "ftruncate", "fallocate", "copy_file_range", "sendfile", "splice"),
    *("rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "unlink", "unlinkat"),
    *("mkdir", "mkdirat", "rmdir", "fsync", "fdatasync", "sync", "syncfs", "sync_file_range", "msync"),
)
REFUSED: Final = frozenset(
    {"writev", "pwritev", "pwritev2", "fallocate", "copy_file_range", "sendfile", "splice", "symlink", "symlinkat"}
    | {"sync_file_range", "truncate", "msync"}
)
"""Calls of which the replay knows nothing: should the daemon begin to use one on its files, that is told loudly."""


def obstacle() -> str | None:
    """Why nothing can be recorded here; None when it can."""
    strace = shutil.which("strace")
    if strace is None:
        return "strace is not installed"
    command = [strace, "-f", "--seccomp-bpf", "-o", "/dev/null", "true"]
    tried = subprocess.run(command, check=False, capture_output=True, text=True)
    return None if tried.returncode == 0 else f"strace may not trace here: {tried.stderr.strip()}"


def recording(output: Path) -> list[str]:
    """The command before the command to be recorded."""
    return [
        "strace", "-f", "--seccomp-bpf", "-qq", "-y", "-xx", "-s", "1000000", "-o", str(output),
        "-e", f"trace={','.join(CALLS)}", "-e", "signal=none",
    ]  # fmt: skip


# -------------------------------------------------------------------------------------------------------------- events


@dataclass(frozen=True, slots=True)
class Create:
    """A file of that name is there, new or not; with `empty`, without content."""

    path: str
    empty: bool


@dataclass(frozen=True, slots=True)
class Write:
    """`offset` None: at the end."""

    path: str
    offset: int | None
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Rename:
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Link:
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Remove:
    path: str


@dataclass(frozen=True, slots=True)
class MakeFolder:
    path: str


@dataclass(frozen=True, slots=True)
class SyncBegins:
    number: int
    path: str


@dataclass(frozen=True, slots=True)
class SyncEnds:
    number: int
    path: str


@dataclass(frozen=True, slots=True)
class PortOpened:
    """A process opened the port that is called `name`."""

    port: str
    name: str


@dataclass(frozen=True, slots=True)
class PortWrite:
    port: str
    data: bytes


@dataclass(frozen=True, slots=True)
class PortRead:
    port: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    """A line that the scene wrote to its file of marks."""

    text: str


Event = (
    Create | Write | Truncate | Rename | Link | Remove | MakeFolder
    | SyncBegins | SyncEnds | PortOpened | PortWrite | PortRead | Mark
)  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- reading

_LINE: Final = re.compile(r"(\d+) +(.*)", re.DOTALL)
_UNFINISHED: Final = " <unfinished ...>"
_RESUMED: Final = re.compile(r"<\.\.\. (\w+) resumed>(.*)", re.DOTALL)
_CALL: Final = re.compile(r"(\w+)\((.*)\) += (-?\d+|\?)(.*)", re.DOTALL)
_FD: Final = re.compile(r"(AT_FDCWD|-?\d+)<(.*)>")


class UnreadableError(AssertionError):
    """The trace has what the replay cannot take over."""


@dataclass(slots=True)
class _Begun:
    text: str
    sync: int | None = None


class Trace:
    """Reads a trace file for the files below `root`, the ports (`/dev/pts/…`) and the file of `marks`."""

    def __init__(self, file: Path, root: Path, marks: Path) -> None:
        self._file = file
        self._root = f"{root}/"
        self._marks = str(marks)
        self._open: dict[str, _Begun] = {}
        self._syncs = 0

    def __iter__(self) -> Iterator[Event]:
        with self._file.open(encoding="ascii") as stream:
            for line in stream:
                if (match := _LINE.fullmatch(line.rstrip("\n"))) is not None:
                    yield from self._line(match[1], match[2])

    def _line(self, pid: str, text: str) -> Iterator[Event]:
        if text.startswith("+++"):
            begun = self._open.pop(pid, None)
            # A call on a file is not broken off half way: what a kill found begun was done.
            if begun is not None and "killed" in text and not begun.text.startswith(("f", "read")):
                yield from self._whole(f"{begun.text}) = 0", None)
            return
        if text.endswith(_UNFINISHED):
            begun = self._open[pid] = _Begun(text.removesuffix(_UNFINISHED))
            yield from self._begins(begun)
            return
        if (match := _RESUMED.fullmatch(text)) is not None:
            begun = self._open.pop(pid)
            yield from self._whole(begun.text + match[2], begun)
            return
        begun = _Begun(text)
        yield from self._begins(begun)
        yield from self._whole(text, begun)

    def _begins(self, begun: _Begun) -> Iterator[Event]:
        """What counts from its beginning."""
        name, _, rest = begun.text.partition("(")
        if name in {"fsync", "fdatasync"}:
            path = _path(rest.rstrip(") ").partition(")")[0])
            if self._ours(path):
                self._syncs += 1
                begun.sync = self._syncs
                yield SyncBegins(begun.sync, path)
        elif name == "write" and (port := _port(rest)) is not None:
            yield PortWrite(port, _bytes(rest.split(", ")[1]))

    def _whole(self, text: str, begun: _Begun | None) -> Iterator[Event]:
        match = _CALL.fullmatch(text)
        if match is None or match[3] == "-1":
            return
        name, arguments = match[1], match[2].split(", ")
        if match[3] == "?":
            # A kill found it begun: a write is not broken off, and the next life goes on behind it. Had it not been
            # begun after all, that life has written in its place.
            if name not in {"write", "pwrite64"}:
                return
            result = int(arguments[2])
        else:
            result = int(match[3])
        if name in {"fsync", "fdatasync"}:
            if begun is not None and begun.sync is not None:
                yield SyncEnds(begun.sync, _path(arguments[0]))
        elif name in {"sync", "syncfs"}:
            raise UnreadableError(f"{name}: the replay takes no part in it")
        elif name == "read":
            if (port := _port(arguments[0])) is not None and result > 0:
                yield PortRead(port, _bytes(arguments[1])[:result])
        elif name == "mmap":
            if "MAP_SHARED" in match[2] and "PROT_WRITE" in match[2]:
                path = _path(arguments[4])
                if self._ours(path) and not path.endswith("-shm"):
                    raise UnreadableError(f"{path} is written through memory")
        else:
            yield from self._change(name, arguments, result, match[4])

    def _change(self, name: str, arguments: Sequence[str], result: int, after: str) -> Iterator[Event]:
        event: Event | None = None
        match name:
            case "open" | "openat" | "creat":
                yield from self._opened(name, arguments, result, after)
                return
            case "write":
                path = _path(arguments[0])
                if path == self._marks:
                    yield from (Mark(line) for line in _bytes(arguments[1]).decode().splitlines())
                    return
                event = Write(path, None, _bytes(arguments[1])[:result])
            case "pwrite64":
                event = Write(_path(arguments[0]), int(arguments[3]), _bytes(arguments[1])[:result])
            case "ftruncate":
                event = Truncate(_path(arguments[0]), int(arguments[1]))
            case "rename":
                event = Rename(_name(arguments[0]), _name(arguments[1]))
            case "renameat" | "renameat2":
                if len(arguments) > 4 and arguments[4] not in {"0", "RENAME_NOREPLACE"}:
                    raise UnreadableError(f"{name} {arguments[4]}")
                event = Rename(_below(*arguments[0:2]), _below(*arguments[2:4]))
            case "link":
                event = Link(_name(arguments[0]), _name(arguments[1]))
            case "linkat":
                event = Link(_below(*arguments[0:2]), _below(*arguments[2:4]))
            case "unlink" | "rmdir":
                event = Remove(_name(arguments[0]))
            case "unlinkat":
                event = Remove(_below(*arguments[0:2]))
            case "mkdir":
                event = MakeFolder(_name(arguments[0]))
            case "mkdirat":
                event = MakeFolder(_below(*arguments[0:2]))
            case _ if name in REFUSED:
                if any(self._ours(_path(argument)) for argument in arguments if "<" in argument):
                    raise UnreadableError(f"{name} is used on our files")
        paths = [getattr(event, each) for each in ("path", "old", "new") if hasattr(event, each)]
        if event is not None and any(map(self._ours, paths)):
            yield event

    def _opened(self, name: str, arguments: Sequence[str], result: int, after: str) -> Iterator[Event]:
        asked = _below(*arguments[0:2]) if name == "openat" else _name(arguments[0])
        flags = "O_CREAT|O_TRUNC" if name == "creat" else arguments[2 if name == "openat" else 1]
        path = _path(f"{result}{after}")
        if path.startswith("/dev/pts/"):
            yield PortOpened(path, asked)
        elif self._ours(path) and ("O_CREAT" in flags or "O_TRUNC" in flags):
            yield Create(path, "O_TRUNC" in flags)

    def _ours(self, path: str) -> bool:
        return f"{path}/".startswith(self._root)


def _bytes(text: str) -> bytes:
    inner = text.strip('"')
    return bytes.fromhex(inner.replace("\\x", ""))


def _decoded(text: str) -> str:
    """A path as -y shows it: in hex, but for the kernel's own names."""
    return bytes.fromhex(text.replace("\\x", "")).decode() if text.startswith("\\x") else text


def _path(argument: str) -> str:
    """What a descriptor leads to, empty where the argument is none; a file without a name any more is marked so."""
    match = _FD.match(argument)
    return _decoded(match[2]) + argument[match.end() :] if match else ""


def _name(argument: str) -> str:
    return _bytes(argument).decode()


def _below(folder: str, name: str) -> str:
    plain = _name(name)
    return plain if plain.startswith("/") else f"{_path(folder)}/{plain}"


def _port(argument: str) -> str | None:
    path = _path(argument.split(", ", maxsplit=1)[0])
    return path if path.startswith("/dev/pts/") else None


def names_of_ports(events: Sequence[Event]) -> Mapping[str, str]:
    """The link under which each port was opened."""
    return {event.port: event.name for event in events if isinstance(event, PortOpened)}
