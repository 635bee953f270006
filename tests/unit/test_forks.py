"""Test files in forks: each reports, those that want quiet come last, and one that dies takes nothing along."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.rig.processes import ROOT

LOUD = """
import os, time
from pathlib import Path
import pytest

@pytest.fixture(scope="session")
def kept(tmp_path_factory):
    mark = Path(__file__).parent / f"kept-{os.getpid()}"
    mark.touch()
    yield tmp_path_factory.mktemp("kept")
    mark.unlink(missing_ok=True)

def test_is_well(kept, capfd):
    os.write(1, b"heard")
    assert capfd.readouterr().out == "heard"

def test_may_die():
    if __file__.endswith("dies.py"):
        os._exit(7)

def test_may_fail():
    assert not __file__.endswith("fails.py")

def test_goes_on(kept):
    time.sleep(0.2)
    (Path(__file__).parent / "ended").write_text(str(time.time()))
"""
QUIET = """
import os, time
from pathlib import Path

def test_has_nothing_beside_it():
    ended = Path(__file__).parents[1] / "unit" / "ended"
    assert float(ended.read_text()) <= time.time()
    assert len(list(ended.parent.glob("kept-*"))) == 1, "of the one that died"
"""


def test_all_is_told_and_what_is_quiet_comes_last(tmp_path: Path) -> None:
    for name, text in (
        ("quiet/test_first.py", QUIET),
        ("unit/test_dies.py", LOUD),
        ("unit/test_fails.py", LOUD),
        ("unit/test_well.py", LOUD),
    ):
        path = tmp_path / "tests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    options = ["-p", "tests.conftest", "-p", "no:cacheprovider", "--rootdir=.", "--import-mode=importlib"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", *options, "--forks", "2", "tests"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    said = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    assert sorted(line.partition(" - ")[0] for line in said) == [
        "FAILED tests/unit/test_dies.py::test_may_die",
        "FAILED tests/unit/test_fails.py::test_may_fail",
    ], done.stdout + done.stderr
    assert "its process has ended with 7" in done.stdout
    assert "2 failed, 11 passed" in done.stdout.splitlines()[-1]
