"""Old jobs leave the spool; those that have not ended, and what strangers put there, stay."""

from __future__ import annotations

import os
from pathlib import Path

from spool.folders import Spool
from spool.receipts import write_segment, write_summary
from spool.retention import forget_jobs

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
    assert forget_jobs(spool, OLD + 10) == 2
    assert not any(folder.exists() for folder in gone)
    assert not spool.folder("accepted", "norte", "vieja").exists()
    assert all((folder / "summary.json").exists() for folder in kept)
    assert spool.folder("accepted", "norte", "viva").exists()
    assert strange.exists()
    assert forget_jobs(spool, OLD + 10) == 0


def test_a_portion_at_a_time(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.create_account("norte")
    for number in range(5):
        made(spool, f"j{number}", "done")
    assert [forget_jobs(spool, OLD + 1, limit=2) for _ in range(4)] == [2, 2, 1, 0]
