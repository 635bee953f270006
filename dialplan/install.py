"""What an administrator's Asterisk needs of ours: two files to include, and a script for calls with steps.

A file that this did not write is never touched: the first line says whose it is.
"""

from __future__ import annotations

import importlib.util
import os
import re
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dialplan import agi
from dialplan.context import AGI_SCRIPT, render

MARK: Final = "; Written by `gatewayd dialplan install`, which writes it again: keep your own lines elsewhere.\n"

SCRIPT_MARK: Final = "#!/usr/bin/env python3\n# Written by `gatewayd dialplan install`, which writes it again.\n"

EXTENSIONS: Final = "gatewayd_extensions.conf"
MANAGER: Final = "gatewayd_manager.conf"

EVENTS: Final = ("OriginateResponse", "UserEvent", "Hangup", "DialEnd", "DialState", "FullyBooted", "Shutdown")
"""What the driver listens to: five events a call instead of thirty."""

LIBRARY: Final = ("asterisk/__init__.py", "asterisk/agi.py", "six.py")
"""What the script needs beside it, of pyst2 and of what that imports: then any Python 3.7 or newer runs it."""

MODULES: Final = (
    "app_playback",
    "app_read",
    "app_amd",
    "app_dial",
    "app_exec",
    "app_userevent",
    "res_agi",
    "func_channel",
    "func_db",
    "func_logic",
    "func_strings",
    "func_timeout",
    "format_wav",
    "pbx_config",
)
"""Asterisk's modules that the context needs."""

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,79}")
_SECRET: Final = re.compile(r"^secret = (\S+)$", re.MULTILINE)
_AGI_FOLDER: Final = re.compile(r"^\s*astagidir\s*=>?\s*(\S+)", re.MULTILINE)
AGI_FOLDER: Final = "/var/lib/asterisk/agi-bin"
"""Asterisk's own default of `astagidir`."""

_MANAGER: Final = """\
; Include it from manager.conf, whose [general] must say: enabled = yes
[{user}]
secret = {secret}
deny = 0.0.0.0/0.0.0.0
permit = {permit}
; system brings FullyBooted, which shows a restart of Asterisk; call and user bring how calls end.
read = system,call,user
write = system,call,originate,reporting
; A link that is lost is made again at once; Asterisk may not have noticed yet.
allowmultiplelogin = yes
writetimeout = 5000
{filters}"""


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
        super().__init__(f"{path} exists and was not written by gatewayd")
        self.path = path


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


def script() -> str:
    """The AGI script as it is laid down."""
    source = Path(agi.__file__).read_text(encoding="utf-8")
    first, rest = source.split("\n", 1)
    assert first == SCRIPT_MARK.split("\n", 1)[0]
    return SCRIPT_MARK + rest


def script_folder(folder: Path) -> Path | None:
    """Returns where the Asterisk configured in `folder` looks for such scripts; None where that is not known."""
    try:
        found = _AGI_FOLDER.search((folder / "asterisk.conf").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None
    place = Path(found.group(1)) if found else Path(AGI_FOLDER)
    return place if place.is_dir() else None


def install_script(folder: Path) -> Sequence[Path]:
    """Writes the AGI script and what it needs into `folder`; answers the files that changed.

    Raises ForeignFileError, OSError.
    """
    files = {folder / AGI_SCRIPT: (script(), 0o755)}
    for name, content in _library().items():
        files[folder / agi.FOLDER / name] = (MARK.replace(";", "#", 1) + content, 0o644)
    known = {path: _own(path) for path in files}
    changed = [path for path, (content, _) in files.items() if known[path] != content]
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        content, mode = files[path]
        _write(path, content, mode)
    return changed


def _library() -> dict[str, str]:
    """Name to content of the modules of others that the script imports."""
    found = {}
    for name in LIBRARY:
        module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        spec = importlib.util.find_spec(module)
        assert spec is not None
        assert spec.origin is not None
        found[name] = Path(spec.origin).read_text(encoding="utf-8")
    return found


def _own(path: Path) -> str | None:
    """The content of a file of ours, None where there is none."""
    if path.is_symlink():
        raise ForeignFileError(path)
    try:
        content = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    if not content.startswith((MARK, SCRIPT_MARK, MARK.replace(";", "#", 1))):
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
