"""What a shell completes without a daemon: quick, and without a word where nothing can be read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def completed(config: Path, *words: str) -> tuple[list[str], str]:
    """What is offered for the last word, and what was said on standard error."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "GATEWAYD_CONFIG": str(config),
        "_GATEWAYD_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["gatewayd", *words]),
        "COMP_CWORD": str(len(words)),
    }
    done = subprocess.run(
        [sys.executable, "-c", "from gatewayd.cli import main; main([])"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line], done.stderr


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "gatewayd.toml"
    file.write_text(
        f'[store]\nurl = "sqlite:///{tmp_path}/gatewayd.db"\n[spool]\npath = "{tmp_path}/spool"\n'
        '[[line]]\nname = "claro-1"\ndriver = "gsm"\nport = "/dev/null"\n'
        '[[line]]\nname = "movistar-1"\ndriver = "gsm"\nport = "/dev/null"\n'
    )
    (tmp_path / "spool/incoming/norte").mkdir(parents=True)
    (tmp_path / "spool/incoming/sur").mkdir()
    (tmp_path / "spool/receipts/norte/cobranza-2026-11").mkdir(parents=True)
    return file


def test_lines_accounts_and_jobs_are_completed(config: Path) -> None:
    assert completed(config, "line", "show", "cl") == (["claro-1"], "")
    assert completed(config, "account", "show", "s") == (["sur"], "")
    assert completed(config, "job", "pause", "norte/") == (["norte/cobranza-2026-11"], "")
    assert not (config.parent / "gatewayd.db").exists(), "completion must not make a store"


@pytest.mark.parametrize("content", [None, "no [toml", "[spool]\npath = 7\n[[line]]\nname = 3\n", 'line = "x"\n'])
def test_nothing_is_said_where_nothing_can_be_read(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "gatewayd.toml"
    if content is not None:
        file.write_text(content)
    for words in (("line", "show", ""), ("message", "settle", "")):
        assert completed(file, *words) == ([], "")
