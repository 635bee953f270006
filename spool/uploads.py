"""Files that programs upload for their jobs: kept apart, by account, bounded, typed by what they hold, for a day.

    number = begin(spool, account, "clientes.xlsx")
    at = add(spool, account, number, 0, data)       # portion by portion; the offset guards against a repeat
    upload = end(spool, account, number)            # its kind by its first bytes; UploadError where none is known
    path = find(spool, account, number)             # for a job that names it

Nobody but the daemon reads or writes here. What is never used goes after a day.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import time
import zipfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from spool.errors import operating_system
from spool.folders import Spool, is_name

FOLDER: Final = ".uploads"
SIZE_MAX: Final = 100 << 20
"""Bytes of one upload: some million rows."""
ACCOUNT_MAX: Final = 1 << 30
"""Bytes of all uploads of an account that are kept."""
COUNT_MAX: Final = 200
"""Uploads of an account that are kept."""
KEPT_S: Final = 86_400.0
_HEAD: Final = 4096
_NUMBER: Final = re.compile(r"[0-9a-f]{24}", re.ASCII)
_DATA: Final = "data"
_META: Final = "upload.json"

_BEGINNINGS: Final = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
    (b"%PDF-", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
)
_BYTE_ORDER_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


class UploadError(Exception):
    """An upload that cannot be taken, or is not there; `kind` is one of missing, too_large, too_many, type, offset."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Upload:
    """One file that was uploaded."""

    id: str
    name: str
    kind: str
    """text, xlsx, xls, ods, json, pdf, png, jpeg, gif."""
    size: int
    sha256: str
    expires_at: float
    """Unix s."""


def begin(spool: Spool, account: str, name: str, *, now: float | None = None) -> str:
    """Makes room for an upload; returns its id. The name is for people to see. UploadError `too_many`."""
    if not is_name(account):
        raise UploadError("missing")
    now = time.time() if now is None else now
    folder = spool.path / FOLDER / account
    with operating_system(str(folder)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        total = count = 0
        for each in folder.iterdir():
            status = each.stat()
            if now - status.st_mtime > KEPT_S:
                shutil.rmtree(each, ignore_errors=True)
                continue
            count += 1
            with suppress(FileNotFoundError):
                total += (each / _DATA).stat().st_size
        if count >= COUNT_MAX or total >= ACCOUNT_MAX:
            raise UploadError("too_many")
        number = secrets.token_hex(12)
        (folder / number).mkdir(mode=0o700)
        (folder / number / _META).write_text(json.dumps({"name": name}))
        (folder / number / _DATA).touch(mode=0o600)
    return number


def add(spool: Spool, account: str, number: str, at: int, data: bytes) -> int:
    """Adds a portion that begins at byte `at`; returns where the next one begins. UploadError."""
    path = _folder(spool, account, number) / _DATA
    if at + len(data) > SIZE_MAX:
        raise UploadError("too_large")
    with operating_system(str(path)), path.open("r+b") as file:
        if file.seek(0, os.SEEK_END) != at:
            raise UploadError("offset")
        file.write(data)
    return at + len(data)


def end(spool: Spool, account: str, number: str) -> Upload:
    """Closes an upload: it has all its bytes, and a kind. UploadError `type`, and it is removed."""
    folder = _folder(spool, account, number)
    with operating_system(str(folder)):
        meta = json.loads((folder / _META).read_text())
        kind = kind_of(folder / _DATA)
        if kind is None:
            shutil.rmtree(folder, ignore_errors=True)
            raise UploadError("type")
        digest = hashlib.sha256()
        with (folder / _DATA).open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
            size = file.tell()
        kept = Upload(number, meta["name"], kind, size, digest.hexdigest(), folder.stat().st_mtime + KEPT_S)
        (folder / _META).write_text(json.dumps(asdict(kept)))
    return kept


def show(spool: Spool, account: str, number: str) -> Upload:
    """Returns what is known of an upload that was closed. UploadError `missing`."""
    folder = _folder(spool, account, number)
    with operating_system(str(folder)):
        meta = json.loads((folder / _META).read_text())
    if "sha256" not in meta:
        raise UploadError("missing")
    return Upload(**meta)


def find(spool: Spool, account: str, number: str) -> Path:
    """Returns the bytes of an upload that was closed. UploadError `missing`."""
    folder = _folder(spool, account, number)
    with operating_system(str(folder)):
        if "sha256" not in json.loads((folder / _META).read_text()):
            raise UploadError("missing")
    return folder / _DATA


def remove(spool: Spool, account: str, number: str) -> None:
    """Forgets an upload; one that is gone already is fine."""
    with suppress(UploadError):
        shutil.rmtree(_folder(spool, account, number), ignore_errors=True)


def _folder(spool: Spool, account: str, number: str) -> Path:
    if not is_name(account) or not _NUMBER.fullmatch(number):
        raise UploadError("missing")
    folder = spool.path / FOLDER / account / number
    if not (folder / _META).is_file():
        raise UploadError("missing")
    return folder


def kind_of(path: Path) -> str | None:
    """Returns what a file holds, by its bytes and never by its name; None for what no job can use."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        return None
    for beginning, kind in _BEGINNINGS:
        if head.startswith(beginning):
            return kind
    if head.startswith(b"PK\x03\x04"):
        return _archive(path)
    if head.startswith(_BYTE_ORDER_MARKS[1:]):
        return "text"
    if b"\0" in head or head.startswith((b"\x7fELF", b"MZ", b"PK")):
        return None
    return "json" if head.lstrip(b" \t\r\n\xef\xbb\xbf")[:1] in {b"{", b"["} else "text"


def _archive(path: Path) -> str | None:
    """Returns which sheet a zip archive is; its members are named, not unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist()[:10_000])
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return None
    if "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names):
        return "xlsx"
    return "ods" if {"mimetype", "content.xml"} <= names else None
