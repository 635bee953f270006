"""An account whose folders are a group's own: `account create --group`, by the operation that it asks for."""

from __future__ import annotations

import grp
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewayd.cli.offline import OfflineBackend
from gatewayd.config import parse
from gatewayd.values.errors import NotFoundError, UnavailableError, UsageError
from spool.durable import FOLDER_MODE
from spool.folders import ACCEPTED, INBOX, INCOMING, RECEIPTS, REJECTED

LINE = {"name": "claro-1", "driver": "gsm", "port": "/dev/ttyUSB9", "rate": "10/min"}


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[OfflineBackend]:
    config = {
        "store": {"url": f"sqlite:///{tmp_path}/gatewayd.db"},
        "spool": {"path": str(tmp_path / "spool")},
        "tariff": {"sms": "0.85"},
        "line": [LINE],
    }
    opened = OfflineBackend(parse(config, tmp_path / "gatewayd.toml"))
    yield opened
    opened.close()


def _another() -> grp.struct_group:
    return next(one for one in grp.getgrall() if one.gr_gid not in {os.getegid(), 0})


@pytest.mark.skipif(os.geteuid() != 0, reason="groups of which one is no member are root's to give")
def test_the_group_owns_every_folder_of_the_account_and_of_no_other(backend: OfflineBackend, tmp_path: Path) -> None:
    group = _another()
    backend.perform("account.create", {"account": "norte", "group": group.gr_name})
    backend.perform("account.create", {"account": "sur"})
    for kind in (ACCEPTED, REJECTED, RECEIPTS, INBOX, INCOMING):
        theirs, others = ((tmp_path / "spool" / kind / name).stat() for name in ("norte", "sur"))
        assert theirs.st_gid == group.gr_gid
        assert theirs.st_mode & 0o7777 == FOLDER_MODE
        assert others.st_gid != group.gr_gid


def test_a_group_that_is_not_there_makes_nothing(backend: OfflineBackend, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="gw-nobody-has-it"):
        backend.perform("account.create", {"account": "norte", "group": "gw-nobody-has-it"})
    assert not (tmp_path / "spool/incoming/norte").exists()
    with pytest.raises(NotFoundError):
        backend.perform("account.statement", {"account": "norte"})


def test_a_group_that_the_service_may_not_give_is_said_with_what_to_do(
    backend: OfflineBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refused)
    group = _another().gr_name
    with pytest.raises(UnavailableError, match=f"adduser gatewayd {group}"):
        backend.perform("account.create", {"account": "norte", "group": group})
    with pytest.raises(NotFoundError):
        backend.perform("account.statement", {"account": "norte"})
