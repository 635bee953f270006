"""The blocks of the guides that are marked `<!-- runs -->` work as pasted, one after the other, in an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig.processes import ROOT

MARKED = re.compile(r"^<!-- runs -->\n```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LEFT_RUNNING = "trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n"
"""A page leaves its daemon and devices to the person; here they end with the shell."""


def blocks(page: str) -> list[str]:
    return MARKED.findall((ROOT / page).read_text(encoding="utf-8"))


def pasted(page: str, folder: Path, **environment: str) -> str:
    """What the page's blocks print. Fails where one of their commands does."""
    command = folder / "bin/gatewayd"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gatewayd "$@"\n')
    command.chmod(0o755)
    place = folder / "here"
    place.mkdir()
    done = subprocess.run(
        ["bash", "-eu", "-c", LEFT_RUNNING + "\n".join(blocks(page))],
        cwd=place,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("GATEWAYD")},
            "PATH": f"{command.parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "LC_ALL": "C.UTF-8",
            **environment,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    log = place / "gatewayd.log"
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{log.read_text() if log.exists() else ''}"
    return done.stdout


@pytest.fixture
def modem(tmp_path: Path) -> Iterator[str]:
    from drivers.gsm.simulator import GsmSimulatorProcess

    with GsmSimulatorProcess("--dir", str(tmp_path / "modems")) as simulator:
        yield simulator.port


def test_the_quick_start_works_as_pasted(tmp_path: Path, modem: str) -> None:
    assert len(blocks("README.md")) == 2
    said = pasted("README.md", tmp_path, MODEM=modem)
    assert "norte/cobranza" in said
    assert list((tmp_path / "here/var/spool/accepted/norte").iterdir())


def test_a_whole_gateway_works_as_pasted(tmp_path: Path) -> None:
    assert len(blocks("docs/simulators.md")) == 1
    said = pasted("docs/simulators.md", tmp_path)
    rows = [line.split() for line in said.splitlines()]
    for line in ("modem", "phone", "provider", "mail", "push"):
        assert any(row[:1] == [line] and {"lista", "enviando", "ready", "busy"} & {*row} for row in rows), said
