"""What an administrator's Asterisk needs of ours: two files to include, and what to set in files that are theirs.

A file that this did not write is never touched: the first line says whose it is.
"""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dialplan.context import render

MARK: Final = "; Written by `gatewayd dialplan install`, which writes it again: keep your own lines elsewhere.\n"

EXTENSIONS: Final = "gatewayd_extensions.conf"
MANAGER: Final = "gatewayd_manager.conf"

EVENTS: Final = ("OriginateResponse", "UserEvent", "Hangup", "DialEnd", "DialState", "FullyBooted", "Shutdown")
"""What the driver listens to: five events a call instead of thirty."""

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,79}")
_SECRET: Final = re.compile(r"^secret = (\S+)$", re.MULTILINE)

_MANAGER: Final = """\
; Include it from manager.conf, whose [general] must say: enabled = yes
[{user}]
secret = {secret}
deny = 0.0.0.0/0.0.0.0
permit = {permit}
; system brings FullyBooted, by which a restart of Asterisk is told; call and user how calls end.
read = system,call,user
write = system,call,originate,reporting
writetimeout = 5000
{filters}"""

_STEPS: Final = """\
Then, in files that are yours:

  extensions.conf   #include {extensions}
                    and a context [{transfer}] with an extension for each place that calls are transferred to
  manager.conf      [general] enabled = yes, bindaddr as you need it
                    #include {manager}
  asterisk.conf     [options] transmit_silence = yes   (without it answering machine detection hears nothing)
  modules.conf      app_amd, app_playback, app_read, app_dial, app_userevent, app_exec, app_waitforsilence, func_logic,
                    func_strings, func_channel, func_timeout, pbx_config, format_wav must not be kept out

Take it up with: asterisk -rx "core reload"
Prompts are read from the line's `prompts` folder: Asterisk's user must be able to read it.
"""


@dataclass(frozen=True, slots=True)
class Settings:
    context: str = "gatewayd"
    transfer: str = "gatewayd-transfer"
    user: str = "gatewayd"
    permit: str = "127.0.0.1/255.255.255.255"
    """Address and mask that gatewayd connects from."""


class ForeignFileError(Exception):
    """A file of that name exists that is not ours."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} exists and was not written by gatewayd; move it away, or choose another folder")


def files(settings: Settings, secret: str) -> dict[str, str]:
    """Name to content. Raises ValueError for a setting that cannot stand in such a file."""
    if not _NAME.fullmatch(settings.user):
        raise ValueError(f"{settings.user!r} cannot be the name of a manager account")
    if not re.fullmatch(r"[0-9a-fA-F.:]+/[0-9a-fA-F.:]+", settings.permit):
        raise ValueError(f"{settings.permit!r} is no address and mask")
    if not re.fullmatch(r"[A-Za-z0-9_.-]{8,80}", secret):
        raise ValueError("a secret is 8 to 80 letters, digits, dots, dashes or underscores")
    filters = "".join(f"eventfilter(action(include),name({name})) =\n" for name in EVENTS)
    manager = _MANAGER.format(user=settings.user, secret=secret, permit=settings.permit, filters=filters)
    return {EXTENSIONS: MARK + render(settings.context, settings.transfer), MANAGER: MARK + manager}


def steps(settings: Settings) -> str:
    """What is left to the administrator, in words."""
    return _STEPS.format(extensions=EXTENSIONS, manager=MANAGER, transfer=settings.transfer)


def new_secret() -> str:
    return secrets.token_urlsafe(24)


def install(folder: Path, settings: Settings) -> Sequence[Path]:
    """Writes the files into `folder`, all or none; answers those that changed. A secret once made is kept.

    Raises ForeignFileError, ValueError, OSError.
    """
    known = {name: _own(folder / name) for name in (EXTENSIONS, MANAGER)}
    match = _SECRET.search(known[MANAGER] or "")
    wanted = files(settings, match.group(1) if match else new_secret())
    changed = []
    for name, content in wanted.items():
        if known[name] != content:
            _write(folder / name, content, 0o640 if name == MANAGER else 0o644)
            changed.append(folder / name)
    return changed


def _own(path: Path) -> str | None:
    """The content of a file of ours, None where there is none."""
    if path.is_symlink():
        raise ForeignFileError(path)
    try:
        content = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    if not content.startswith(MARK):
        raise ForeignFileError(path)
    return content


def _write(path: Path, content: str, mode: int) -> None:
    """Whole or not at all, and never readable by more than it should be. An older one's group stays."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(content)
            os.fchown(out.fileno(), -1, (path if path.exists() else path.parent).stat().st_gid)
            os.fchmod(out.fileno(), mode)
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
