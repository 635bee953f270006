"""`gatewayd check` where the disk has no room: the operating system's answer is the one thing that is made up."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture

from gatewayd.cli import main

CONFIG = """
locale = "en"
[store]
url = "sqlite:///data/gatewayd.db"
[spool]
path = "spool"
"""


class Disk:
    """statvfs(3), as far as it is asked for."""

    def __init__(self, *, free: int = 1 << 40, files: int = 1 << 20) -> None:
        self.f_frsize = 4096
        self.f_bavail = free // self.f_frsize
        self.f_files = 1 << 20
        self.f_favail = files


def checked(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[Any, list[str]]:
    file = folder / "gatewayd.toml"
    file.write_text(CONFIG)
    with pytest.raises(SystemExit) as ended:
        main(["--config", str(file), "check"])
    return ended.value.code, capsys.readouterr().err.splitlines()


@pytest.mark.parametrize(
    ("disk", "told"),
    [
        (Disk(free=20 << 20), "the disk is full: 20 MiB left; make room"),
        (Disk(files=0), "the disk is full: it takes no more files; make room"),
    ],
)
def test_a_full_disk_is_told_for_spool_and_store(
    tmp_path: Path, mocker: MockerFixture, capsys: pytest.CaptureFixture[str], disk: Disk, told: str
) -> None:
    mocker.patch.object(os, "statvfs", return_value=disk)
    status, lines = checked(tmp_path, capsys)
    assert status == 1
    assert [line.partition(": ")[2].partition(": ")[0] for line in lines] == ["spool.path", "store.url"]
    assert all(told in line for line in lines)
    assert not (tmp_path / "spool").exists()


def test_a_disk_with_room_is_no_fault(
    tmp_path: Path, mocker: MockerFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    mocker.patch.object(os, "statvfs", return_value=Disk())
    assert checked(tmp_path, capsys) == (0, [])
