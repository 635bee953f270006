"""A command that needs the daemon: one that is starting is waited for longer than one that is not there."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from gatewayd.cli import session as sessions
from gatewayd.cli.session import Session
from gatewayd.values.errors import UnavailableError
from spool.folders import Spool


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setattr(sessions, "DAEMON_WAIT_S", 0.1)
    monkeypatch.setattr(sessions, "STARTING_WAIT_S", 0.8)
    text = f'locale = "en"\n[store]\nurl = "sqlite:///{tmp_path}/g.db"\n[spool]\npath = "{tmp_path}/spool"\n'
    (tmp_path / "g.toml").write_text(text)
    Spool(tmp_path / "spool").create()
    return Session(tmp_path / "g.toml")


def test_none_that_is_not_there(opened: Session) -> None:
    with pytest.raises(UnavailableError, match="systemctl start gatewayd"):
        opened.daemon()


def test_one_that_is_starting(opened: Session, tmp_path: Path) -> None:
    began = time.monotonic()
    with Spool(tmp_path / "spool").lock(), pytest.raises(UnavailableError, match="is starting"):
        opened.daemon()
    assert time.monotonic() - began >= 0.8
