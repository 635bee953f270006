"""What browsers get from us as files: read once, compressed once, at an address that changes with the content.

All files stand below one address that bears a digest over all of them, so that they name each other relatively and a
browser keeps each for a year. About 100 kB of memory.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "static"
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
}
"""What is handed out; licences and lists of parts are not."""
LONG: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is handed out."""

    content: bytes
    zipped: bytes | None
    """The content by gzip; None where that saves nothing."""
    media_type: str

    def answer(self, accept_encoding: str) -> tuple[bytes, dict[str, str]]:
        """Returns body and headers for a browser that accepts these encodings."""
        headers = {
            "content-type": self.media_type,
            "cache-control": LONG,
            "vary": "accept-encoding",
            "x-content-type-options": "nosniff",
        }
        if self.zipped is not None and "gzip" in accept_encoding.lower():
            return self.zipped, headers | {"content-encoding": "gzip"}
        return self.content, headers


class Assets:
    """All files of a folder."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        """`files` by their path within the folder, with `/`."""
        digest = hashlib.sha256()
        for name, content in sorted(files.items()):
            digest.update(f"{name}\0{len(content)}\0".encode())
            digest.update(content)
        self.root: Final = f"/static/{digest.hexdigest()[:12]}"
        self._assets = {name: _asset(name, content) for name, content in files.items()}

    def url(self, name: str) -> str:
        """Returns the address of a file; KeyError where there is none, so that a wrong name fails a test."""
        if name not in self._assets:
            raise KeyError(name)
        return f"{self.root}/{name}"

    def find(self, path: str) -> Asset | None:
        """Returns what stands at an address; None where nothing does. An older digest finds today's file: a page that
        was open during an upgrade keeps its style."""
        parts = path.split("/", 3)
        if len(parts) != 4 or parts[:2] != ["", "static"]:
            return None
        return self._assets.get(parts[3])

    def __iter__(self) -> Iterator[str]:
        return iter(self._assets)


def _asset(name: str, content: bytes) -> Asset:
    zipped = gzip.compress(content, 9, mtime=0)
    return Asset(content, zipped if len(zipped) < len(content) * 0.9 else None, TYPES[Path(name).suffix])


@functools.cache
def panel_assets() -> Assets:
    """Returns the panel's own files."""
    return Assets(
        {
            file.relative_to(FOLDER).as_posix(): file.read_bytes()
            for file in FOLDER.rglob("*")
            if file.suffix in TYPES and file.is_file()
        }
    )
