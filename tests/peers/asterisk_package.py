"""Where a real Asterisk comes from: the PATH, else Debian's packages unpacked into a cache folder, nothing installed.

The packages are named, and come from wherever this machine's apt is told to get them. What is unpacked runs through its
own loader, so neither root nor a chroot is needed, and sounds and sockets of this machine are in its reach.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from gatewayd.demo import pbx
from gatewayd.demo.pbx import Installation

__all__ = ["Installation", "UnavailableError", "installation"]

PACKAGES = (
    "asterisk asterisk-modules libbsd0 libc6 libcap2 libcrypt1 libedit2 libgcc-s1 libjansson4 libmd0 libsqlite3-0 "
    "libssl3t64 libstdc++6 libsystemd0 libtinfo6 liburiparser1 libuuid1 libxml2-16 libxslt1.1 libzstd1 zlib1g libgomp1"
)
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

FETCH_S = 60.0
"""Each step; 45 MB and an index of Debian take about 10 s. A machine without a way out is told sooner, by apt."""


class UnavailableError(Exception):
    """No Asterisk here; the text says why, for whoever reads that tests were skipped."""


@cache
def installation() -> Installation:
    """The Asterisk to test with; raises UnavailableError with the reason there is none."""
    found = pbx.installed()
    if found is not None:
        return found
    root = pbx.private_tree()
    root.parent.mkdir(parents=True, exist_ok=True)
    with (root.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test runs at once fetch it once
        if not root.is_dir():
            _fetch(root)
    return Installation(root / "usr/sbin/asterisk", root)


def _fetch(root: Path) -> None:
    for tool in ("apt-get", "dpkg-deb", "tar"):
        if shutil.which(tool) is None:
            raise UnavailableError(f"no asterisk on the PATH, and no {tool} to fetch one with")
    if os.uname().machine != "x86_64":
        raise UnavailableError("no asterisk on the PATH, and only x86_64 packages can be unpacked")
    with tempfile.TemporaryDirectory(dir=root.parent) as scratch:
        work = Path(scratch)
        tree = work / "tree"
        tree.mkdir()
        for package in _download(work):
            _unpack(package, tree)
        for name in ("lib", "lib64", "bin", "sbin"):
            if not (tree / name).exists():
                (tree / name).symlink_to(f"usr/{name}")
        if not (tree / "usr/sbin/asterisk").exists():
            raise UnavailableError("Debian's packages hold no asterisk")
        tree.rename(root)


def _download(work: Path) -> list[Path]:
    listed = _run(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"], work)
    archive = next((line for line in listed.splitlines() if line.rstrip("/").endswith("/debian")), None)
    if archive is None:
        raise UnavailableError("no asterisk on the PATH, and apt knows no Debian archive to fetch one from")
    for folder in ("lists/partial", "cache/archives/partial", "packages"):
        (work / folder).mkdir(parents=True)
    signed = f"[signed-by={KEYRING}] " if KEYRING.exists() else ""
    (work / "sources.list").write_text(f"deb {signed}{archive} {pbx.SUITE} main\n")
    (work / "status").write_text("")
    settings = {
        "Dir::Etc::sourcelist": work / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": work / "lists",
        "Dir::State::status": work / "status",
        "Dir::Cache": work / "cache",
        "Acquire::Languages": "none",
        "Acquire::Retries": "1",
        "APT::Get::List-Cleanup": "0",
        "APT::Sandbox::User": "root",
    }
    options = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
    _run(["apt-get", *options, "-q", "update"], work)
    _run(["apt-get", *options, "-q", "download", *PACKAGES.split()], work / "packages")
    return sorted((work / "packages").glob("*.deb"))


def _unpack(package: Path, tree: Path) -> None:
    archive = package.with_suffix(".tar")
    with archive.open("wb") as out:
        subprocess.run(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=out, check=True, timeout=FETCH_S)
    skip = [f"--exclude=./usr/share/{name}" for name in ("doc", "man", "locale")]
    _run(["tar", "-x", "-f", str(archive), "-C", str(tree), "--keep-directory-symlink", *skip], tree)
    archive.unlink()


def _run(command: Sequence[str], cwd: Path) -> str:
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=FETCH_S, check=False)
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"{command[0]} took longer than {FETCH_S:.0f} s to fetch an Asterisk") from None
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise UnavailableError(f"no asterisk on the PATH, and {command[0]} could not fetch one: {last}")
    return done.stdout
