"""The manual page says what the commands' help says, and is shipped."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_manual_page_is_up_to_date_and_shipped() -> None:
    done = subprocess.run(
        [sys.executable, ".ci/manpage.py", "--check"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    shipped = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["data-files"]
    assert shipped["share/man/man1"] == ["docs/gatewayd.1"]
    page = (ROOT / "docs/gatewayd.1").read_text()
    for command in ("message settle", "db restore", "line ask", "account statement", "simulate"):
        assert f".SS gatewayd {command} " in page
