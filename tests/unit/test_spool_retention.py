"""Old jobs leave the spool; those that have not ended, and what strangers put there, stay."""

from __future__ import annotations

import os
from pathlib import Path

from spool.folders import Spool
from spool.receipts import write_segment, write_summary
from spool.retention import Forgotten, forget_jobs

OLD = 1_000_000.0


def made(spool: Spool, job: str, state: str, at: float = OLD) -> Path:
    folder = write_summary(spool, "norte", job, {"job": job, "state": state}).parent
    write_segment(spool, "norte", job, 1, [b"{}\n"])
    os.utime(folder / "summary.json", (at, at))
    accepted = spool.folder("accepted", "norte", job)
    accepted.mkdir()
    (accepted / f"{job}.json").write_text("{}")
    return folder


def test_only_ended_and_old_jobs_are_forgotten(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.create_account("norte")
    gone = [made(spool, "vieja", "done"), made(spool, "retirada", "cancelled")]
    kept = [made(spool, "viva", "running"), made(spool, "nueva", "done", at=OLD + 20)]
    strange = spool.folder("receipts", "norte") / "ajeno"
    strange.mkdir()
    assert forget_jobs(spool, "norte", OLD + 10) == Forgotten(2)
    assert not any(folder.exists() for folder in gone)
    assert not spool.folder("accepted", "norte", "vieja").exists()
    assert all((folder / "summary.json").exists() for folder in kept)
    assert spool.folder("accepted", "norte", "viva").exists()
    assert strange.exists()
    assert forget_jobs(spool, "norte", OLD + 10) == Forgotten(0)


def test_a_portion_at_a_time(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.create_account("norte")
    for number in range(5):
        made(spool, f"j{number}", "done")
    assert [forget_jobs(spool, "norte", OLD + 1, limit=2).jobs for _ in range(4)] == [2, 2, 1, 0]


def test_what_is_no_small_file_is_not_read(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.create_account("norte")
    strange = {name: made(spool, name, "done") / "summary.json" for name in ("pipe", "link", "deep", "list")}
    for path in strange.values():
        path.unlink()
    os.mkfifo(strange["pipe"])
    strange["link"].symlink_to("/dev/zero")
    strange["deep"].write_text("[" * 60_000)
    strange["list"].write_text('{"state": []}')
    for path in (strange["deep"], strange["list"]):
        os.utime(path, (OLD, OLD))
    made(spool, "z", "done")
    assert forget_jobs(spool, "norte", OLD + 10) == Forgotten(1)


def test_a_job_that_cannot_be_removed_keeps_no_other(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.create_account("norte")
    (made(spool, "a", "done") / "ajeno").mkdir()
    made(spool, "b", "done")
    forgotten = forget_jobs(spool, "norte", OLD + 10)
    assert forgotten.jobs == 1
    assert forgotten.trouble is not None
    assert "norte/a" in forgotten.trouble
    assert not spool.folder("receipts", "norte", "b").exists()
