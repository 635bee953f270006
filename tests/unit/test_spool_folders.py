"""The spool's folders: names, rights, lock, and what `gatewayd check` says of them."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import pickle
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from spool.errors import JobFileError, SpoolLockedError, SpoolMisconfiguredError
from spool.folders import FOLDERS, LOCK, Spool, is_name
from spool.inbox import write_inbox
from spool.intake import commit, reject, take
from spool.receipts import write_segment, write_summary


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    spool = Spool(tmp_path / "spool")
    spool.create_account("norte")
    return spool


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("name", ["norte", "a", "A.b_c-9", "0", "x" * 64])
def test_names_that_may_be(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "name", ["", ".hidden", "-x", "_unmatched", "a/b", "..", "a b", "ñandú", "x" * 65, "a\n", "a\0", "١٢"]
)
def test_names_that_may_not_be(name: str, spool: Spool) -> None:
    assert not is_name(name)
    with pytest.raises(ValueError, match="name"):
        spool.create_account(name)


def test_an_accounts_folders_are_for_its_group_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        spool = Spool(tmp_path / "spool")
        spool.create_account("norte")
    finally:
        os.umask(before)
    for kind in FOLDERS:
        assert mode(spool.path / kind / "norte") == 0o2770, kind
    assert mode(spool.path / ".intake") == 0o700
    assert mode(spool.path / "inbox" / "_unmatched") == 0o2770


def test_creating_again_changes_nothing(spool: Spool) -> None:
    (spool.path / "incoming" / "norte").chmod(0o2750)
    (spool.path / "incoming" / "norte" / "job.json").write_text("{}")
    spool.create_account("norte")
    assert mode(spool.path / "incoming" / "norte") == 0o2750
    assert (spool.path / "incoming" / "norte" / "job.json").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give folders to other groups")
def test_a_group_may_own_an_account(spool: Spool) -> None:
    spool.create_account("sur", gid=12345)
    for kind in FOLDERS:
        assert (spool.path / kind / "sur").stat().st_gid == 12345
        assert mode(spool.path / kind / "sur") == 0o2770


def test_accounts_are_the_folders_of_incoming(spool: Spool, tmp_path: Path) -> None:
    spool.create_account("este")
    (spool.path / "incoming" / ".hidden").mkdir()
    (spool.path / "incoming" / "file").touch()
    (spool.path / "incoming" / "link").symlink_to(tmp_path)
    assert spool.accounts() == ["este", "norte"]


def test_a_lock_is_exclusive_until_it_is_closed(spool: Spool) -> None:
    lock = spool.lock()
    with pytest.raises(SpoolLockedError, match=str(os.getpid())):
        spool.lock()
    lock.close()
    lock.close()
    with spool.lock():
        pass


def test_who_looks_whether_it_is_held_is_in_no_daemons_way(spool: Spool) -> None:
    assert spool.is_held() is False
    with (spool.path / LOCK).open("a") as glance:
        fcntl.flock(glance, fcntl.LOCK_SH)
        letting_go = threading.Timer(0.05, glance.close)
        letting_go.start()
        with spool.lock():
            assert spool.is_held() is True
        letting_go.join()
    assert spool.is_held() is False


def test_a_lock_ends_with_its_process(spool: Spool) -> None:
    code = (
        "import os, sys; from pathlib import Path; from spool.folders import Spool;"
        "lock = Spool(Path(sys.argv[1])).lock(); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(spool.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(SpoolLockedError):
            spool.lock()
        holder.kill()
        holder.wait()
    spool.lock().close()


def test_verifying_leaves_nothing_behind(spool: Spool) -> None:
    spool.verify()
    assert not [path for path in spool.path.rglob("*") if path.is_file()]


def test_a_folder_on_another_file_system_is_told(spool: Spool, mocker: MockerFixture) -> None:
    real = os.rename

    def rename(source: str, target: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        if "accepted" in str(Path(f"/proc/self/fd/{dst_dir_fd}").readlink()):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        real(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    mocker.patch("os.rename", rename)
    with pytest.raises(SpoolMisconfiguredError, match=r"accepted/norte.*cross-device"):
        spool.verify()
    assert not [path for path in spool.path.rglob("*") if path.is_file()]


def test_what_is_wrong_in_one_account_is_that_ones(spool: Spool, mocker: MockerFixture) -> None:
    spool.create_account("sur")
    (spool.path / "incoming" / "sur" / ".probe.tmp").mkdir()
    real = os.rename

    def rename(source: str, target: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        if "receipts/norte" in str(Path(f"/proc/self/fd/{dst_dir_fd}").readlink()):
            raise PermissionError(errno.EPERM, "Operation not permitted")
        real(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    mocker.patch("os.rename", rename)
    assert spool.verify() == {"receipts/norte": "Operation not permitted"}
    assert not [path for path in spool.path.rglob("*") if path.is_file()]


@pytest.mark.skipif(not os.path.ismount("/dev/shm"), reason="needs a second file system")
def test_check_tells_a_folder_on_another_file_system(spool: Spool, mocker: MockerFixture) -> None:
    def lstat(path: Path) -> os.stat_result:
        return os.lstat("/dev/shm" if path.name == "rejected" else path)

    mocker.patch("pathlib.Path.lstat", lstat)
    findings = spool.findings("en")
    assert any(f.path.name == "rejected" and "another file system" in f.message for f in findings)


def test_a_good_spool_has_no_findings(spool: Spool) -> None:
    assert spool.findings() == []


def test_check_tells_everything_at_once_in_either_language(spool: Spool) -> None:
    root = spool.path
    (root / "incoming" / "norte").chmod(0o2777)
    (root / "receipts" / "norte").chmod(0o700)
    (root / "rejected" / "norte").rmdir()
    (root / "inbox" / "norte").rmdir()
    (root / "inbox" / "norte").symlink_to(root)
    (root / "incoming" / "Año").mkdir()
    (root / "accepted" / "norte").rmdir()
    (root / "accepted").rmdir()
    told = {(f.path.relative_to(root).as_posix(), f.message) for f in spool.findings("en")}
    assert told == {
        ("incoming/norte", "Anybody can write to the folder."),
        ("receipts/norte", "Its mode is 0700: the group cannot use it, or files do not inherit the group."),
        ("inbox/norte", "It is not a folder."),
        ("incoming/Año", "This is not an account's name: gatewayd does not look into it."),
        ("accepted", "The folder does not exist."),
        ("incoming/norte", "This account lacks folders: accepted/norte, rejected/norte."),
    }
    spanish = spool.findings("es")
    assert len(spanish) == len(told)
    assert all(f.message and f.remedy and "?" not in f.remedy for f in spanish)
    assert not {f.message for f in spanish} & {message for _, message in told}


def test_a_spool_that_is_not_there_is_one_finding(tmp_path: Path) -> None:
    [finding] = Spool(tmp_path / "none").findings()
    assert finding.path == tmp_path / "none"


def test_a_folder_that_is_a_link_is_never_entered(spool: Spool, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (spool.path / "receipts" / "norte").rmdir()
    (spool.path / "receipts" / "norte").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match=r"Not a directory|symbolic"), spool.open("receipts", "norte", "job", create=True):
        pass
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_spool_travels_to_other_processes(spool: Spool) -> None:
    assert pickle.loads(pickle.dumps(spool)) == spool


@pytest.mark.skipif(os.geteuid() != 0, reason="groups of which one is no member are root's to give")
def test_what_comes_back_is_the_accounts_groups(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.create_account("norte", 4242)
    for name in ("ok", "bad"):
        path = spool.folder("incoming", "norte") / f"{name}.json"
        path.write_text(json.dumps({"channel": "sms", "text": "x", "recipients": [{"to": "1150000001"}]}))
        os.chown(path, 0, 0)
        taken = take(spool, "norte", path.name)
        if name == "ok":
            commit(spool, taken, "ok")
        else:
            reject(spool, taken, JobFileError("json_invalid", file=path.name))
    write_segment(spool, "norte", "ok", 1, [b"{}\n"])
    write_summary(spool, "norte", "ok", {"job": "ok"})
    write_inbox(spool, "norte", "01JD", {"v": 1})
    below = [
        path
        for kind in ("accepted", "rejected", "receipts", "inbox")
        for path in (spool.path / kind / "norte").rglob("*")
    ]
    assert len(below) == 8
    assert {path.stat().st_gid for path in below} == {4242}
    assert {path.stat().st_mode & 0o7777 for path in below if path.is_dir()} == {0o2770}


def test_what_lies_in_incoming_for_nothing_is_a_finding(spool: Spool) -> None:
    spool.create_account("norte")
    for name in ("cobranza.json.txt", "x.jsonl", ".aside", "y.tmp"):
        (spool.path / "incoming" / "norte" / name).write_text("{}")
    assert not [found for found in spool.findings("en") if "no job names" in found.message]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("spool.listing.STRAY_S", 0.0)
        [found] = [found for found in spool.findings("en") if "no job names" in found.message]
        assert "cobranza.json.txt, x.jsonl" in found.message
        # A job may name them; which, is known once it has been read.
        (spool.path / "incoming" / "norte" / "job.JSON").write_text("{}")
        assert not [found for found in spool.findings("en") if "no job names" in found.message]
