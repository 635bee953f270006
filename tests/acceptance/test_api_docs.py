"""The examples of docs/api.md, run as a reader would run them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.rig.panel import panel
from tests.rig.programs import token

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("document", ["api.md", "es/api.md"])
def test_the_examples_run(document: str, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("not installed: curl")
    examples = [
        one for one in re.findall(r"```sh\n(.*?)```", (DOCS / document).read_text(), re.DOTALL) if "curl" in one
    ]
    assert len(examples) >= 5
    with panel(tmp_path, modems=1) as shown:
        environment = {**os.environ, "GATEWAY": shown.url, "TOKEN": token(shown), "no_proxy": "*"}
        for example in examples:
            ran = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", example],
                check=False,
                cwd=tmp_path,
                env=environment,
                text=True,
                capture_output=True,
            )
            assert ran.returncode == 0, f"{example}\n{ran.stdout}\n{ran.stderr}"
            assert ran.stdout.startswith("{"), ran.stdout
