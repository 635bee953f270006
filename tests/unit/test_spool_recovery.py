"""Whatever an account leaves, the daemon starts; and what it died over is known."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from spool.copies import Identity
from spool.folders import Spool
from spool.intake import Taken, commit, take
from spool.recovery import HUNG, mark, recover, unmark

JOB = json.dumps({"channel": "sms", "text": "hola", "recipients": [{"to": "1150000001"}]})


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    spool = Spool(tmp_path / "spool")
    for account in ("norte", "malo"):
        spool.create_account(account)
    return spool


def taken(spool: Spool, name: str = "j.json", account: str = "malo") -> Taken:
    path = spool.folder("incoming", account) / name
    if not path.exists():
        path.write_text(JOB)
    return take(spool, account, name)


def test_a_file_that_the_daemon_died_over_is_known_until_it_is_another(spool: Spool) -> None:
    for age, suspicion in ((0, 1), (60, 1 + HUNG)):
        job = taken(spool)
        mark(job)
        os.utime(job.path / ".reading", (time.time() - age,) * 2)
        taken(spool, "other.json", "norte")  # in work as well, read by nobody
        recovered = recover(spool)
        assert recovered.jobs == 2
        assert recovered.suspicion(taken(spool)) == suspicion
        assert recovered.suspicion(taken(spool, "other.json", "norte")) == 0
        recover(spool)
    assert recover(spool).suspicion(taken(spool)) == 1 + HUNG
    (spool.folder("incoming", "malo") / "j.json").write_text(JOB + " ")
    assert recover(spool).suspicion(taken(spool)) == 0


def test_what_was_read_leaves_no_mark(spool: Spool) -> None:
    job = taken(spool)
    mark(job)
    unmark(job)
    unmark(job)
    folder = commit(spool, job, "j")
    assert [path.name for path in folder.iterdir()] == ["j.json"]
    again = taken(spool, "k.json")
    mark(again)
    assert not recover(spool).suspicion(job)


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"a": "x"}', b"\xff", b"[" * 100_000])
def test_a_damaged_tally_is_none(spool: Spool, content: bytes) -> None:
    (spool.path / ".suspects").write_bytes(content)
    assert recover(spool).suspects == {}


def test_what_cannot_be_cleared_is_that_accounts(spool: Spool) -> None:
    intake = spool.path / ".intake" / "malo"
    stuck = taken(spool)
    (stuck.path / "ajeno").mkdir()
    identity = Identity.of((spool.path / "incoming").stat())
    aside = f".aside-{identity.device}-{identity.inode}-{identity.size}-{identity.mtime_ns}"
    for name in (f"{aside[:-1]}/folder", ".remove-x", ".aside-rubbish", ".odd"):
        (intake / name).mkdir(parents=True)
    taken(spool, "other.json", "norte")
    recovered = recover(spool)
    assert set(recovered.troubles) == {"malo"}
    assert recovered.jobs == 1
    # A folder that was exchanged for a file in the middle of its removal is back where it was.
    assert (spool.path / "incoming" / "malo" / "folder").is_dir()
    assert not list((spool.path / ".intake" / "norte").iterdir())


def test_what_changed_hands_goes_back_unless_a_third_has_its_name(spool: Spool) -> None:
    intake = spool.path / ".intake" / "malo"
    aside = intake / ".aside-1-2-3-4"
    aside.mkdir(parents=True)
    (aside / "a.json").mkdir()
    (aside / "b.json").write_text("second")
    os.mkfifo(aside / "c.json")
    incoming = spool.path / "incoming" / "malo"
    (incoming / "a.json").write_text("third")
    (incoming / "b.json").write_text("third")
    assert recover(spool).troubles == {}
    assert (incoming / "b.json").read_text() == "third"
    assert (incoming / "c.json").is_fifo()
    assert [path.is_dir() for path in incoming.glob("a.json~*")] == [True]
