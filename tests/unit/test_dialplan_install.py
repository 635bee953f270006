"""`gatewayd dialplan install`: writes its own files, keeps its secret, and leaves everyone else's alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from dialplan.context import AGI_SCRIPT
from dialplan.install import (
    EXTENSIONS,
    MANAGER,
    ForeignFileError,
    Settings,
    files,
    install,
    install_script,
    script_folder,
)
from gatewayd.cli.dialplan import PLACEHOLDER, dialplan
from gatewayd.values.errors import ConflictError, UsageError


def test_files_are_written_once_and_the_secret_is_kept(tmp_path: Path) -> None:
    assert {path.name for path in install(tmp_path, Settings())} == {EXTENSIONS, MANAGER}
    manager = tmp_path / MANAGER
    first = manager.read_text()
    assert stat.S_IMODE(manager.stat().st_mode) == 0o640
    assert install(tmp_path, Settings()) == []
    assert install(tmp_path, Settings(context="cobranza")) == [tmp_path / EXTENSIONS]
    assert "[cobranza]" in (tmp_path / EXTENSIONS).read_text()
    assert manager.read_text() == first
    assert {path.name for path in tmp_path.iterdir()} == {EXTENSIONS, MANAGER}


def test_two_installations_have_two_secrets(tmp_path: Path) -> None:
    contents = set()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        install(tmp_path / name, Settings())
        contents.add((tmp_path / name / MANAGER).read_text())
    assert len(contents) == 2


@pytest.mark.parametrize("name", [EXTENSIONS, MANAGER])
def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("; mine\n")
    with pytest.raises(ForeignFileError):
        install(tmp_path, Settings())
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "; mine\n"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / MANAGER).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ForeignFileError):
        install(tmp_path, Settings())
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    "settings",
    [
        Settings(context="a]\n[b"),
        Settings(transfer="x,1"),
        Settings(user="a]\nwrite = all"),
        Settings(permit="0.0.0.0/0\nwrite = all"),
    ],
)
def test_settings_that_would_be_lines_of_their_own_are_refused(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(ValueError, match=r"name|address"):
        install(tmp_path, settings)
    assert list(tmp_path.iterdir()) == []


def test_a_secret_is_plain() -> None:
    with pytest.raises(ValueError, match="secret"):
        files(Settings(), "x\nwrite = all")


def test_without_a_folder_it_is_printed() -> None:
    done = CliRunner().invoke(dialplan, ["install", "--context", "cobranza"], standalone_mode=False)
    assert done.exception is None
    assert "[cobranza]" in done.stdout
    assert PLACEHOLDER in done.stdout
    assert f"#include {EXTENSIONS}" in done.stderr


def test_the_command_writes_and_refuses(tmp_path: Path) -> None:
    runner = CliRunner()
    done = runner.invoke(dialplan, ["install", "--dir", str(tmp_path)], standalone_mode=False)
    assert done.exception is None
    assert f"written: {tmp_path / MANAGER}" in done.stdout
    wrong = runner.invoke(dialplan, ["install", "--dir", str(tmp_path), "--user", "a]"], standalone_mode=False)
    assert isinstance(wrong.exception, UsageError)
    (tmp_path / MANAGER).write_text("; mine\n")
    theirs = runner.invoke(dialplan, ["install", "--dir", str(tmp_path)], standalone_mode=False)
    assert isinstance(theirs.exception, ConflictError)


def test_the_script_is_laid_down_with_all_it_needs(tmp_path: Path) -> None:
    written = install_script(tmp_path)
    assert {path.name for path in written} == {AGI_SCRIPT, "__init__.py", "agi.py", "six.py"}
    assert os.access(tmp_path / AGI_SCRIPT, os.X_OK)
    assert install_script(tmp_path) == []
    (tmp_path / AGI_SCRIPT).write_text("#!/bin/sh\n# mine\n")
    with pytest.raises(ForeignFileError):
        install_script(tmp_path)


def test_asterisk_says_where_its_scripts_are(tmp_path: Path) -> None:
    assert script_folder(tmp_path) is None
    (tmp_path / "asterisk.conf").write_text(f"[directories](!)\nastetcdir => /etc\nastagidir => {tmp_path}/agi\n")
    assert script_folder(tmp_path) is None
    (tmp_path / "agi").mkdir()
    assert script_folder(tmp_path) == tmp_path / "agi"
    done = CliRunner().invoke(dialplan, ["install", "--dir", str(tmp_path)], standalone_mode=False)
    assert done.exception is None
    assert (tmp_path / "agi" / AGI_SCRIPT).exists()
    assert "--agi-dir" not in done.stdout
    printed = CliRunner().invoke(dialplan, ["install"], standalone_mode=False)
    assert "--agi-dir" in printed.stderr
