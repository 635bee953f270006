"""The spool when the system fails: full disk, failing medium, a crash at every step, a power cut."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture

from spool.errors import JobFileError, SpoolConflictError, SpoolFullError, SpoolUnavailableError, SpoolUnreadableError
from spool.folders import Spool
from spool.inbox import write_inbox
from spool.intake import commit, discard, read, reject, take, take_files
from spool.receipts import write_segment, write_summary
from spool.recovery import recover
from spool.submit import submit

JOB = {"channel": "sms", "text": "hola", "recipients_file": "clientes.csv"}
CSV = b"telefono\n1159876543\n"
CALLS = ("mkdir", "open", "write", "fsync", "link", "rename", "unlink", "rmdir", "fchmod")


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder in memory where there is one: these tests make hundreds of spools, and count on no disk."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        yield Path(folder)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    spool = Spool(tmp_path / "spool")
    spool.create_account("norte")
    return spool


def put(spool: Spool) -> None:
    folder = spool.path / "incoming" / "norte"
    (folder / "clientes.csv").write_bytes(CSV)
    (folder / "job.json").write_text(json.dumps(JOB))


def files(spool: Spool, *folder: str) -> list[str]:
    path = spool.path.joinpath(*folder)
    return sorted(p.relative_to(path).as_posix() for p in path.rglob("*") if not p.is_dir())


def leftovers(spool: Spool) -> list[str]:
    return [name for name in files(spool) if "/." in f"/{name}" and not name.startswith(".lock")]


class Failing:
    """Lets the operating system's calls through until the `at`-th, which raises `error` (or, with none, counts)."""

    def __init__(
        self, mocker: MockerFixture, error: BaseException | None, at: int = -1, calls: tuple[str, ...] = CALLS
    ):
        self.count = 0
        self.failed = ""
        self._error, self._at = error, at
        self._patched = [mocker.patch(f"os.{name}", self._through(name, getattr(os, name))) for name in calls]
        self._mocker = mocker

    def _through(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **keys: Any) -> Any:
            number, self.count = self.count, self.count + 1
            if number == self._at and self._error is not None:
                self.failed = name
                raise self._error
            return real(*arguments, **keys)

        return call

    def stop(self) -> None:
        self._mocker.stopall()


# ------------------------------------------------------------------------------------- full disk and failing medium


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, SpoolFullError),
        (errno.EDQUOT, SpoolFullError),
        (errno.EIO, SpoolUnreadableError),
        (errno.EACCES, SpoolUnavailableError),
    ],
)
@pytest.mark.parametrize("call", ["write", "fsync", "link", "open"])
@pytest.mark.parametrize("target", ["segment", "inbox"])
def test_a_file_that_cannot_be_written_leaves_nothing_and_can_be_written_later(
    spool: Spool, mocker: MockerFixture, number: int, kind: type[SpoolUnavailableError], call: str, target: str
) -> None:
    def write() -> Path:
        if target == "segment":
            return write_segment(spool, "norte", "job", 1, [b"a\n", b"b\n"])
        return write_inbox(spool, "norte", "01JD", {"text": "x"})

    mocker.patch(f"os.{call}", side_effect=OSError(number, os.strerror(number)))
    with pytest.raises(kind, match=os.strerror(number)) as error:
        write()
    mocker.stopall()
    assert isinstance(error.value.__cause__, OSError)
    assert type(error.value) is kind
    assert files(spool) == []
    assert write().exists()
    assert leftovers(spool) == []


def test_a_disk_that_fills_up_in_the_middle_of_a_write(spool: Spool, mocker: MockerFixture) -> None:
    real, room = os.write, 10

    def write(fd: int, data: Any) -> int:
        nonlocal room
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = real(fd, bytes(data)[:room])
        room -= written
        return written

    mocker.patch("os.write", write)
    with pytest.raises(SpoolFullError):
        write_segment(spool, "norte", "job", 1, [b"0123456789abcdef\n"])
    mocker.stopall()
    assert files(spool) == []


@pytest.mark.parametrize("call", ["write", "fsync", "rename"])
def test_a_summary_that_cannot_be_replaced_stays_as_it_was(spool: Spool, mocker: MockerFixture, call: str) -> None:
    path = write_summary(spool, "norte", "job", {"seq": 1})
    mocker.patch(f"os.{call}", side_effect=OSError(errno.ENOSPC, "No space left on device"))
    with pytest.raises(SpoolFullError):
        write_summary(spool, "norte", "job", {"seq": 2})
    mocker.stopall()
    assert json.loads(path.read_text()) == {"seq": 1}
    assert leftovers(spool) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_submission_that_fails_puts_no_job(spool: Spool, tmp_path: Path, mocker: MockerFixture, number: int) -> None:
    (tmp_path / "clientes.csv").write_bytes(CSV)
    (tmp_path / "job.json").write_text(json.dumps(JOB))
    calls = Failing(mocker, None)
    submit(spool, tmp_path / "job.json", "norte")
    calls.stop()
    for at in range(calls.count):
        for path in (spool.path / "incoming" / "norte").iterdir():
            path.unlink()
        failing = Failing(mocker, OSError(number, os.strerror(number)), at)
        with suppress(SpoolUnavailableError):
            submit(spool, tmp_path / "job.json", "norte")
        failing.stop()
        there = files(spool, "incoming", "norte")
        assert [name for name in there if name.startswith(".")] == [], (at, failing.failed)
        assert "job.json" not in there or "clientes.csv" in there


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_intake_that_fails_anywhere_leaves_the_job_where_it_was(
    spool: Spool, mocker: MockerFixture, number: int
) -> None:
    put(spool)

    def attempt() -> None:
        taken = take(spool, "norte", "job.json")
        try:
            take_files(spool, taken, read(taken))
        finally:
            discard(spool, taken)

    calls = Failing(mocker, None)
    attempt()
    calls.stop()
    assert calls.count > 10
    for at in range(calls.count):
        failing = Failing(mocker, OSError(number, os.strerror(number)), at)
        with suppress(SpoolUnavailableError):
            attempt()
        failing.stop()
        assert files(spool, "incoming", "norte") == ["clientes.csv", "job.json"]
        recover(spool)
        assert leftovers(spool) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("end", ["commit", "reject"])
def test_an_end_that_fails_anywhere_is_completed_by_the_next_try(
    memory: Path, mocker: MockerFixture, number: int, end: str
) -> None:
    for at in range(200):
        spool = Spool(memory / f"spool{at}")
        spool.create_account("norte")
        put(spool)
        taken = take(spool, "norte", "job.json")
        taken = take_files(spool, taken, read(taken))
        failing = Failing(mocker, OSError(number, os.strerror(number)), at)
        with suppress(SpoolUnavailableError):
            finish(spool, taken, end)
        failing.stop()
        assert whole(spool, end), (at, failing.failed)
        # The daemon discards what it could not finish, and is told of the file again.
        discard(spool, taken)
        again(spool, end)
        assert settled(spool, end), (at, failing.failed, files(spool))
        if not failing.failed:
            assert at > 20
            return
    pytest.fail("it never ended")


# ------------------------------------------------------------------------------------------------- a crash at each step


class Killed(BaseException):
    """The process ends here: nothing after it runs, not even what would clean up."""


class Dead(Failing):
    """From the `at`-th call on, every call raises: a dead process has no `finally`."""

    def _through(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **keys: Any) -> Any:
            number, self.count = self.count, self.count + 1
            if 0 <= self._at <= number:
                self.failed = self.failed or name
                raise Killed
            return real(*arguments, **keys)

        return call


def finish(spool: Spool, taken: Any, end: str) -> None:
    if end == "commit":
        commit(spool, taken, "job")
    else:
        reject(spool, taken, JobFileError("no_valid_recipient", file="job.json"))


def whole(spool: Spool, end: str) -> bool:
    """Whether the job, with its list, is in one place at least."""
    places = [("incoming", "norte"), ("accepted", "norte", "job") if end == "commit" else ("rejected", "norte")]
    found = {name for place in places for name in files(spool, *place)}
    jobs = [set(files(spool, *place)) for place in places]
    return any("job.json" in job for job in jobs) and {"job.json", "clientes.csv"} <= found


def again(spool: Spool, end: str) -> None:
    """What the daemon does at its start with a job that the store knows (or knows nothing of, when it is refused)."""
    recover(spool)
    if "job.json" in files(spool, "incoming", "norte"):
        taken = take(spool, "norte", "job.json")
        finish(spool, take_files(spool, taken, read(taken)), end)


def settled(spool: Spool, end: str) -> bool:
    """Whether the job with its list is in its last place, once, and nowhere else."""
    last = ["clientes.csv", "job.json"] if end == "commit" else ["clientes.csv", "job.json", "job.json.error.json"]
    place = ("accepted", "norte", "job") if end == "commit" else ("rejected", "norte")
    return files(spool, *place) == last and files(spool, "incoming", "norte") == [] and files(spool, ".intake") == []


@pytest.mark.parametrize("end", ["commit", "reject"])
def test_a_crash_at_each_step_loses_nothing(memory: Path, mocker: MockerFixture, end: str) -> None:
    for at in range(200):
        spool = Spool(memory / f"spool{at}")
        spool.create_account("norte")
        put(spool)
        died = Dead(mocker, Killed(), at)
        with suppress(Killed):
            taken = take(spool, "norte", "job.json")
            finish(spool, take_files(spool, taken, read(taken)), end)
        died.stop()
        assert whole(spool, end), (at, died.failed, files(spool))
        again(spool, end)
        assert settled(spool, end), (at, died.failed, files(spool))
        if not died.failed:
            assert at > 30
            return
    pytest.fail("it never ended")


def test_a_crash_at_each_step_of_a_segment(memory: Path, mocker: MockerFixture) -> None:
    lines = [b"a\n", b"b\n"]
    for at in range(100):
        spool = Spool(memory / f"spool{at}")
        spool.create_account("norte")
        died = Dead(mocker, Killed(), at)
        with suppress(Killed):
            write_segment(spool, "norte", "job", 1, lines)
        died.stop()
        # Whatever has the final name is whole.
        for path in (spool.path / "receipts").rglob("[0-9]*.jsonl"):
            assert path.read_bytes() == b"a\nb\n"
        assert write_segment(spool, "norte", "job", 1, lines).read_bytes() == b"a\nb\n"
        assert leftovers(spool) == []
        with pytest.raises(SpoolConflictError):
            write_segment(spool, "norte", "job", 1, [b"c\n"])
        if not died.failed:
            assert at > 8
            return
    pytest.fail("it never ended")


# ---------------------------------------------------------------------------------------------------------- power cuts


def test_nothing_leaves_incoming_before_its_copy_and_its_folder_are_synced(spool: Spool, mocker: MockerFixture) -> None:
    put(spool)
    done: list[tuple[str, str]] = []
    real_fsync, real_rename = os.fsync, os.rename

    def fsync(fd: int) -> None:
        done.append(("fsync", Path(f"/proc/self/fd/{fd}").readlink().name))
        real_fsync(fd)

    def rename(source: str, target: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        folder = Path(f"/proc/self/fd/{src_dir_fd}").readlink()
        done.append(("leave" if folder.parent.name == "incoming" else "rename", target))
        real_rename(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    taken = take(spool, "norte", "job.json")
    taken = take_files(spool, taken, read(taken))
    mocker.patch("os.fsync", fsync)
    mocker.patch("os.rename", rename)
    commit(spool, taken, "job")
    before = done[: done.index(("leave", "job.json"))]
    accepted = before.index(("rename", "job"))
    assert {("fsync", "job.json"), ("fsync", "clientes.csv"), ("fsync", taken.folder)} <= set(before[:accepted])
    # `accepted/norte` and `.intake/norte`, both called so
    assert before[accepted + 1 :].count(("fsync", "norte")) >= 2
    # What is to go is durable before the first of it goes: never a job without its list, nor a list without its job.
    plan = before.index(("rename", f".remove-{taken.folder}"))
    assert ("fsync", f"..remove-{taken.folder}.tmp") in before[:plan]
    assert ("fsync", "norte") in before[plan:]


def test_a_segment_is_synced_before_it_has_its_name_and_its_folder_after(spool: Spool, mocker: MockerFixture) -> None:
    done: list[str] = []
    real_fsync, real_link = os.fsync, os.link
    write_segment(spool, "norte", "job", 1, [b"a\n"])

    def fsync(fd: int) -> None:
        done.append(Path(f"/proc/self/fd/{fd}").readlink().name)
        real_fsync(fd)

    def link(*arguments: Any, **keys: Any) -> None:
        done.append("link")
        real_link(*arguments, **keys)

    mocker.patch("os.fsync", fsync)
    mocker.patch("os.link", link)
    write_segment(spool, "norte", "job", 2, [b"b\n"])
    assert done == [".0000000002.jsonl.tmp", "link", "job"]
