"""A private Asterisk for the demo: the machine's own program, or the one that the tests have unpacked.

It runs in the play's folder on ports of its own: nothing that is installed or runs already is touched.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dialplan.context import render
from dialplan.install import MANAGER, Settings, files, install_script, new_secret
from gatewayd.values.errors import UnavailableError

SUITE: Final = "sid"
"""Debian's release whose Asterisk the tests unpack: others of today have none."""
BOOT_S: Final = 30.0
"""It boots in about a second; a loaded machine takes longer."""
STOP_S: Final = 10.0
"""SIGTERM takes 0.3 to 5 s."""
LOOK_S: Final = 0.1

MODULES: Final = """
res_timing_timerfd pbx_config format_wav format_pcm codec_ulaw bridge_simple res_speech res_agi app_dial app_playback
app_read app_amd app_senddtmf app_userevent app_exec func_channel func_db func_logic func_strings
func_timeout
"""


@dataclass(frozen=True, slots=True)
class Installation:
    """An Asterisk that can be started. `root` is where packages were unpacked, None for one on the PATH."""

    program: Path
    root: Path | None

    def command(self, *arguments: str) -> list[str]:
        if self.root is None:
            return [str(self.program), *arguments]
        libraries = self.root / "usr/lib/x86_64-linux-gnu"
        path = f"{libraries}:{libraries}/pulseaudio"
        loader = self.root / "lib64/ld-linux-x86-64.so.2"
        return [str(loader), "--library-path", path, str(self.program), *arguments]

    @property
    def directories(self) -> dict[str, Path]:
        """Keys of asterisk.conf that an unpacked Asterisk needs; an installed one knows its own."""
        if self.root is None:
            return {}
        return {
            "astmoddir": self.root / "usr/lib/x86_64-linux-gnu/asterisk/modules",
            "astdatadir": self.root / "usr/share/asterisk",
        }


def private_tree() -> Path:
    """Where the tests unpack an Asterisk."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / f"gatewayd/asterisk/debian-{SUITE}"


def installed() -> Installation | None:
    """The Asterisk of this machine: on the PATH, else in the private tree."""
    found = shutil.which("asterisk", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if found is not None:
        return Installation(Path(found), None)
    root = private_tree()
    program = root / "usr/sbin/asterisk"
    return Installation(program, root) if program.is_file() else None


@dataclass(frozen=True, slots=True)
class Pbx:
    """One that runs."""

    folder: Path
    port: int
    """Of its manager interface, on the loopback."""
    user: str
    secret: str


@contextmanager
def running(installation: Installation, folder: Path, extensions: str) -> Iterator[Pbx]:
    """Boots it with our context and `extensions`; ended and waited for at the end. Raises UnavailableError."""
    pbx = Pbx(folder, _free_port(), "gatewayd", new_secret())
    _configure(installation, pbx, extensions)
    configuration = str(folder / "etc/asterisk.conf")
    with (folder / "console.log").open("ab") as console:
        process = subprocess.Popen(  # noqa: S603 - the program that was found above
            installation.command("-f", "-C", configuration),
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            start_new_session=True,
        )
    try:
        _boot(installation, process, folder, configuration)
        yield pbx
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _boot(installation: Installation, process: subprocess.Popen[bytes], folder: Path, configuration: str) -> None:
    ask = installation.command("-C", configuration, "-rx", "core waitfullybooted")
    until = time.monotonic() + BOOT_S
    while process.poll() is None and time.monotonic() < until:
        if (folder / "run/asterisk.ctl").exists():
            done = subprocess.run(ask, capture_output=True, timeout=BOOT_S, check=False)  # noqa: S603 - as above
            if b"fully booted" in done.stdout.lower():
                return
        time.sleep(LOOK_S)  # its control socket appears with no other sign
    raise UnavailableError(f"Asterisk did not start: see {folder / 'console.log'}")


def _configure(installation: Installation, pbx: Pbx, extensions: str) -> None:
    for name in ("etc", "lib", "cache", "spool", "run", "log", "agi", "prompts"):
        (pbx.folder / name).mkdir(parents=True, exist_ok=True)
    places = {
        "astetcdir": "etc",
        "astvarlibdir": "lib",
        "astdbdir": "lib",
        "astkeydir": "lib",
        "astcachedir": "cache",
        "astagidir": "agi",
        "astspooldir": "spool",
        "astrundir": "run",
        "astlogdir": "log",
    }
    directories = {key: pbx.folder / name for key, name in places.items()} | installation.directories
    manager = f"[general]\nenabled = yes\nbindaddr = 127.0.0.1\nport = {pbx.port}\n#include {MANAGER}\n"
    written = {
        "asterisk.conf": "[directories]\n"
        + "".join(f"{key} => {place}\n" for key, place in directories.items())
        + "[options]\nnocolor = yes\ntransmit_silence = yes\n",
        "modules.conf": "[modules]\nautoload = no\n" + "".join(f"load => {name}.so\n" for name in MODULES.split()),
        "manager.conf": manager,
        MANAGER: files(Settings(user=pbx.user), pbx.secret)[MANAGER],
        "extensions.conf": f"[general]\nstatic = yes\n{render()}{extensions}",
        "logger.conf": "[general]\n[logfiles]\nmessages => notice,warning,error\n",
    }
    empty = ("amd", "acl", "features", "ccss", "cel", "cdr", "indications", "codecs", "stasis", "udptl", "rtp")
    for name, text in {**written, **{f"{name}.conf": "" for name in empty}}.items():
        (pbx.folder / "etc" / name).write_text(text, encoding="utf-8")
    install_script(pbx.folder / "agi")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
