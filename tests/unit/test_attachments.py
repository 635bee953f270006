"""What a job attaches is found by what was recorded of it, not by its name alone."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gatewayd.dispatch.attachments import Attachments, MissingFilesError


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def accepted(folder: Path, job: str, data: bytes) -> str:
    place = folder / "norte" / job
    place.mkdir(parents=True)
    (place / "factura.pdf").write_bytes(data)
    return str(place / "factura.pdf")


async def test_a_name_used_again_brings_the_file_of_the_new_job(tmp_path: Path) -> None:
    files = Attachments(tmp_path)
    first = accepted(tmp_path, "avisos", b"one")
    second = accepted(tmp_path, "avisos~2", b"two")
    assert await files.find("norte", "avisos", {"factura.pdf": sha256(b"one")}) == {"factura.pdf": first}
    assert await files.find("norte", "avisos", {"factura.pdf": sha256(b"two")}) == {"factura.pdf": second}


async def test_a_file_that_is_not_what_was_recorded_is_missing(tmp_path: Path) -> None:
    accepted(tmp_path, "avisos", b"changed since")
    with pytest.raises(MissingFilesError):
        await Attachments(tmp_path).find("norte", "avisos", {"factura.pdf": sha256(b"one")})
    with pytest.raises(MissingFilesError):
        await Attachments(tmp_path).find("norte", "otro", {"factura.pdf": sha256(b"one")})


async def test_a_link_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"one")
    place = tmp_path / "norte" / "avisos"
    place.mkdir(parents=True)
    (place / "factura.pdf").symlink_to(secret)
    with pytest.raises(MissingFilesError):
        await Attachments(tmp_path).find("norte", "avisos", {"factura.pdf": sha256(b"one")})
