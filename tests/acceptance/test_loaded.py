"""What a daemon has loaded it keeps for life: the libraries of what it leaves to others are not among it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from asyncinotify import Inotify, Mask

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
control = "{folder}/control.sock"
store.url = "sqlite:///{folder}/store.db"
spool.path = "{folder}/spool"
numbers.region = "AR"
http.listen = ""
web.listen = ""
"""
LOADED = re.compile(r"^import time:.*\|\s+(\S+)$", re.MULTILINE)
START_S = 60.0


def loaded(folder: Path) -> set[str]:
    """Returns the modules that a daemon has imported by when it is ready."""
    (folder / "gatewayd.toml").write_text(CONFIG.format(folder=folder))
    command = [sys.executable, "-P", "-X", "importtime", "-m", "gatewayd", "--config", "gatewayd.toml", "run"]
    said = folder / "said"
    with Inotify(sync_timeout=START_S) as notify, said.open("w") as file:
        notify.add_watch(folder, Mask.CREATE | Mask.MOVED_TO)
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        with subprocess.Popen(command, cwd=folder, env=environment, stderr=file) as daemon:
            while not (folder / "control.sock").exists():
                assert notify.sync_get() is not None, said.read_text()[-2000:]
            daemon.terminate()
    assert daemon.returncode == 0, said.read_text()[-2000:]
    return set(LOADED.findall(said.read_text()))


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("loaded")
    loaded(folder)  # the store is made
    return loaded(folder)


@pytest.mark.parametrize(
    "library", ["alembic", "fastapi", "jinja2", "openpyxl", "pygments", "rich.console", "xlsxwriter"]
)
def test_a_daemon_loads_nothing_of_what_others_do_for_it(library: str, modules: set[str]) -> None:
    assert "structlog" in modules
    assert library not in modules
