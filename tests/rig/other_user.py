"""Processes of another user: what the web process's user may and may not do. Needs root; says why where it cannot."""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.rig.processes import ROOT

USER: Final = "nobody"
"""A user that every machine has, and that owns nothing."""
_PYTHON: Final = Path("/mnt")
"""Where the interpreter appears to it: its own place may lie in a home that others cannot enter."""


def require() -> None:
    """Skips where no process of another user can be made."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to be another user")
    missing = [name for name in ("unshare", "setpriv", "mount") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (Debian: util-linux, mount)")
    if subprocess.run(["unshare", "-m", "true"], check=False).returncode != 0:
        pytest.skip("this kernel lets nobody make namespaces")


def number() -> int:
    return pwd.getpwnam(USER).pw_uid


@contextmanager
def open_folder(mode: int = 0o751) -> Iterator[Path]:
    """A folder that others may pass through, as the packaged one of the store; removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="gatewayd-"))
    try:
        folder.chmod(mode)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def command(arguments: Sequence[str]) -> list[str]:
    """Returns what runs this tree's Python with `arguments` as that user, without groups or rights."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = Path(sys.prefix, "lib", version, "site-packages")
    script = f"""
        set -eu
        mount --bind {shlex.quote(sys.base_prefix)} {_PYTHON}
        export PYTHONPATH={ROOT}:{site} PYTHONDONTWRITEBYTECODE=1 LD_LIBRARY_PATH={_PYTHON}/lib
        cd /
        exec setpriv --reuid {USER} --regid {pwd.getpwnam(USER).pw_gid} --clear-groups --bounding-set -all \\
            --inh-caps -all --no-new-privs {_PYTHON}/bin/{version} {shlex.join(arguments)}
    """
    return ["unshare", "-m", "--propagation", "private", "bash", "-c", script]


def start(arguments: Sequence[str], **keys: Any) -> subprocess.Popen[bytes]:
    """Starts Python as that user; the process that is answered is that Python's own."""
    require()
    return subprocess.Popen(command(arguments), start_new_session=True, **keys)


def said(program: str, *arguments: str, given: str = "", timeout_s: float = 60.0) -> str:
    """Returns what a program given as text prints, with `given` on its input; AssertionError with its complaint."""
    require()
    done = subprocess.run(
        command(["-c", program, *arguments]),
        input=given,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
