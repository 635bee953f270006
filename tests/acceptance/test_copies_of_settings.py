"""Copies of the store hold what people have set: lines, sealed secrets, settings and logos."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from gatewayd.cli.offline import OfflineBackend
from gatewayd.config import Config, parse
from gatewayd.store import admin, backup
from gatewayd.store.connection import open_store
from tests.unit.test_account_settings import png


def config(folder: Path, key: Path, store: str = "gatewayd.db") -> Config:
    raw = {
        "locale": "en",
        "store": {"url": f"sqlite:///{folder}/{store}", "key_file": str(key)},
        "spool": {"path": str(folder / "spool")},
    }
    return parse(raw, folder / "gatewayd.toml")


def restored(folder: Path, key: Path) -> Config:
    found = config(folder, key)
    backup.backup(found.store.url, folder / "copy.db")
    admin_url = f"sqlite:///{folder}/other.db"
    backup.restore(admin_url, folder / "copy.db")
    return config(folder, key, "other.db")


def moved(folder: Path, key: Path) -> Config:
    found = config(folder, key)
    with closing(open_store(found.store.url)) as source:
        admin.copy(source.connection, f"sqlite:///{folder}/other.db")
    return config(folder, key, "other.db")


@pytest.mark.parametrize("way", [restored, moved])
def test_what_people_set_comes_along(tmp_path: Path, way: Callable[[Path, Path], Config]) -> None:
    key = tmp_path / "elsewhere.key"
    first = OfflineBackend(config(tmp_path, key))
    first.perform("account.create", {"account": "norte"})
    first.perform("account.set", {"account": "norte", "company": "Norte Internet"})
    first.perform("account.logo.set", {"account": "norte", "png": base64.b64encode(png()).decode()})
    keys = {"port": "/dev/ttyUSB7", "quota_day": 300}
    first.perform("line.add", {"line": "claro-1", "driver": "gsm", "keys": keys, "secrets": {"pin": "1234"}})
    before = [first.perform(name, {"account": "norte"}) for name in ("account.settings", "account.logo")]
    first.close()
    second = OfflineBackend(way(tmp_path, key))
    try:
        line = second.config.line("claro-1")
        assert line is not None
        assert line.options.pin.get_secret_value() == "1234"  # type: ignore[attr-defined]
        assert line.quota_day == 300
        assert [second.perform(name, {"account": "norte"}) for name in ("account.settings", "account.logo")] == before
    finally:
        second.close()
