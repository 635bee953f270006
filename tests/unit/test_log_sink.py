"""A log that cannot be written costs lines and no work."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewayd.process.log_sink import LogSink


def written(sink: LogSink, text: str) -> None:
    """Writes in a thread that must come back: AssertionError when the write waits."""
    thread = threading.Thread(target=sink.write, args=(text,), daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


@pytest.fixture
def pipe() -> Iterator[tuple[int, LogSink]]:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        yield reading, LogSink(stream)


def test_a_full_disk_is_counted() -> None:
    with Path("/dev/full").open("w") as full:
        sink = LogSink(full)
        sink.write("x\n")
        assert sink.lost == 1


def test_a_closed_pipe_is_counted(pipe: tuple[int, LogSink]) -> None:
    reading, sink = pipe
    os.close(reading)
    sink.write("x\n")
    assert sink.lost == 1


def test_a_pipe_that_nobody_reads_is_not_waited_for(pipe: tuple[int, LogSink]) -> None:
    reading, sink = pipe
    while not sink.lost:
        written(sink, "x" * 9_999 + "\n")
    taken = os.read(reading, 1 << 20)
    sink.write("later\n")
    # What was torn ends before the next line begins.
    assert (taken + os.read(reading, 1 << 20)).endswith(b"x\nlater\n")
    os.close(reading)


def test_a_socket_that_nobody_reads_is_not_waited_for() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("w") as stream:
        sink = LogSink(stream)
        while not sink.lost:
            written(sink, "x" * 9_999 + "\n")
        sink.close()


def test_a_file_has_every_line(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as stream:
        sink = LogSink(stream)
        sink.write("ñ" * 10_000 + "\n")
        sink.write("\udcff\n")
        assert sink.lost == 0
    assert (tmp_path / "log").read_text() == "ñ" * 10_000 + "\n\\udcff\n"
