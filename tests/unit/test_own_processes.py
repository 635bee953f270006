"""How gatewayd starts itself again: never by what happens to lie in the folder it was started in."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STARTED = re.compile(r"sys\.executable,\s*(\"[^\"]*\"|\w+)")


def test_every_child_is_started_without_the_current_folder_in_its_path() -> None:
    found = [
        (str(path.relative_to(ROOT)), option)
        for room in ("gatewayd", "drivers", "spool", "dialplan")
        for path in (ROOT / room).rglob("*.py")
        for option in STARTED.findall(path.read_text(encoding="utf-8"))
    ]
    assert len(found) >= 7
    assert [one for one in found if one[1] != '"-P"'] == []


def test_a_folder_of_jobs_is_no_package(tmp_path: Path) -> None:
    # `path = "spool"` in the folder where the daemon was started.
    (tmp_path / "spool" / "inbox").mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "gatewayd", "web", "--help"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
