"""`gatewayd demo` calls people where there is an Asterisk, and says so where there is none."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.peers.asterisk_package import UnavailableError, installation
from tests.rig.processes import ROOT

END_S = 120.0


def demo(folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    arguments = ["demo", "--dir", str(folder), "--modems", "1", "--messages", "3", "--exit"]
    return subprocess.run(
        [sys.executable, "-m", "gatewayd", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "en_US.UTF-8", **env},
        capture_output=True,
        text=True,
        timeout=END_S,
        check=False,
    )


@pytest.mark.peer
def test_people_are_called_where_there_is_an_asterisk(tmp_path: Path) -> None:
    try:
        installation()
    except UnavailableError as error:
        pytest.skip(str(error))
    done = demo(tmp_path)
    assert done.returncode == 0, done.stderr
    assert (
        json.loads(done.stdout.splitlines()[-1]).items() >= {"messages": 3, "delivered": 3, "ledger_ok": True}.items()
    )
    assert "trunk-1" in done.stderr
    receipts = [
        json.loads(line)
        for segment in sorted((tmp_path / "spool/receipts/norte/llamadas-demo").glob("*.jsonl"))
        for line in segment.read_text().splitlines()
    ]
    told = Counter(receipt["detail"]["disposition"] for receipt in receipts if receipt["final"])
    assert told == {"answered": 9, "machine": 1, "busy": 1, "no_answer": 1}
    assert {"promise", "opt_out"} <= {receipt["detail"]["action"] for receipt in receipts}


def test_without_an_asterisk_it_says_so(tmp_path: Path) -> None:
    if shutil.which("asterisk", path="/usr/sbin:/usr/bin") is not None:
        pytest.skip("an Asterisk is installed here")
    done = demo(tmp_path, PATH="/usr/bin:/bin", XDG_CACHE_HOME=str(tmp_path / "nothing"))
    assert done.returncode == 0, done.stderr
    assert "no Asterisk on this machine: the demo shows no calls" in done.stderr
    assert "trunk-1" not in done.stderr
