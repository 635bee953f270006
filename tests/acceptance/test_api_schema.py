"""Schemathesis, with all its checks and a valid token: nothing that the document says is untrue."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rig.panel import panel
from tests.rig.programs import token

ROOT = Path(__file__).parents[2]

CONFIG = """
# A body that is larger than an address takes is 413, whatever it says: it is not read to its end.
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429", "5xx"]

[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "413", "429"]
"""
"""The one override of an expected status, with its reason."""


def _examine(folder: Path, examples: int, phases: str, timeout_s: float) -> None:
    with panel(folder, modems=1) as shown:
        (folder / "schemathesis.toml").write_text(CONFIG)
        program = str(Path(sys.executable).with_name("st"))
        secret = token(shown)
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SCHEMATHESIS_HOOKS": "tests.rig.schemathesis_hooks",
            "no_proxy": "*",
        }
        arguments = ["--checks", "all", "--continue-on-failure", "-n", str(examples), "--phases", phases]
        ran = subprocess.run(
            [program, "run", f"{shown.url}/v1/openapi.json", "-H", f"Authorization: Bearer {secret}", *arguments],
            cwd=folder,
            env=environment,
            text=True,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr[-2000:]
        assert "Traceback" not in shown.gateway.log.read_text()


@pytest.mark.timeout(240)
def test_the_document_is_true(tmp_path: Path) -> None:
    _examine(tmp_path, 2, "examples,fuzzing", 200)


@pytest.mark.fault
@pytest.mark.timeout(7200)
def test_the_document_is_true_whatever_is_asked(tmp_path: Path) -> None:
    _examine(tmp_path, 200, "examples,coverage,fuzzing,stateful", 7000)
