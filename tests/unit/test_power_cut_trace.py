"""The record of a daemon's life by `strace`: what a kill broke off."""

from __future__ import annotations

from pathlib import Path

from tests.faults.powercut.disk import Disk, Everything
from tests.faults.powercut.trace import Trace


def hexed(text: bytes) -> str:
    return "".join(f"\\x{octet:02x}" for octet in text)


def test_a_write_that_a_kill_found_begun_was_done(tmp_path: Path) -> None:
    root = tmp_path / "root"
    file, name = tmp_path / "trace", hexed(f"{root}/a-wal".encode())
    lines = [
        f'7 openat(AT_FDCWD</>, "{name}", O_RDWR|O_CREAT, 0600) = 3<{name}>',
        f'7 pwrite64(3<{name}>, "{hexed(b"one")}", 3, 0) = 3',
        f'8 pwrite64(3<{name}>, "{hexed(b"two")}", 3, 3) = ?',
        f"9 fdatasync(3<{name}>) = ?",
    ]
    file.write_text("".join(f"{line}\n" for line in lines))
    disk = Disk(root)
    for event in Trace(file, root, tmp_path / "marks"):
        disk.apply(event)
    assert disk.after(Everything()) == {"a-wal": b"onetwo"}
