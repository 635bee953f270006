"""A new key seals every secret of the store anew; cut short anywhere, all of them open and the rest follows."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from gatewayd.cli.offline import OfflineBackend
from gatewayd.config import Config, parse
from gatewayd.credentials.vault import Vault
from gatewayd.operations.keys import _place
from gatewayd.operations.secondfactor import place_of
from gatewayd.process.failpoints import VARIABLE
from gatewayd.store.commands import Change
from gatewayd.store.people import users
from gatewayd.store.settings import lines, sealed
from gatewayd.values.actor import Scope
from gatewayd.values.added_lines import AddedLine, secret_place
from tests.rig.processes import run

PLACE: Final = "key.resealed"
HOOKS = 30


def config_of(folder: Path) -> Config:
    raw = {
        "locale": "en",
        "store": {"url": f"sqlite:///{folder}/gatewayd.db", "key_file": f"{folder}/keys"},
        "spool": {"path": f"{folder}/spool"},
        "web": {"listen": ""},
    }
    said = [f"locale = {json.dumps(raw['locale'])}"]
    for name, section in raw.items():
        if isinstance(section, dict):
            said += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in section.items())]
    (folder / "gatewayd.toml").write_text("\n".join(said) + "\n")
    return parse(raw, folder / "gatewayd.toml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store with a secret of each kind, and webhooks enough for several portions."""
    with closing(OfflineBackend(config_of(tmp_path))) as backend:
        backend.perform("account.create", {"account": "norte"})
        for number in range(HOOKS):
            url = f"https://billing{number}.example/hook"
            backend.perform("webhook.add", {"account": "norte", "url": url, "events": ["receipt"]})
        user = {"user": "ana", "role": "user", "account": "norte", "password": "corral-de-piedra"}
        backend.perform("user.create", user)
        vault = backend.vault

        def keep(unit: Any) -> None:
            found = users.user(unit.session.connection, scope=Scope.all(), name="ana")
            pin = vault.seal("1234", secret_place("m1", "pin"))
            lines.add(unit.session, AddedLine("m1", "gsm", {"port": "/dev/null"}, {"pin": pin}, added_by="ana"), 1)
            seeds = {name: vault.seal("SEED", place_of(found.id)) for name in ("totp_sealed", "totp_offered")}
            users.edit(unit.session, users.Edit(found.id, seeds, 1, None))

        backend.apply([Change(keep)])
    return tmp_path


def opened(folder: Path) -> tuple[dict[str, str], int]:
    """Returns what all secrets say, and how many the newest key has sealed."""
    with closing(OfflineBackend(config_of(folder))) as backend:
        known = asyncio.run(backend.read(lambda reader: reader.ask(sealed.sealed)))
        texts = {f"{one.kind} {one.row}": backend.vault.open(one.text, _place(one)) for one in known}
        return texts, sum(backend.vault.is_fresh(one.text) for one in known)


def new_key(folder: Path, **env: str) -> Any:
    return run(["--config", str(folder / "gatewayd.toml"), "db", "new-key", "--json"], env=env)


def test_every_secret_is_sealed_with_the_new_key_and_says_the_same(folder: Path) -> None:
    before, fresh = opened(folder)
    assert (len(before), fresh) == (HOOKS + 3, HOOKS + 3)
    done = json.loads(new_key(folder).stdout)
    assert (done["resealed"], done["fresh"], done["lost"]) == (HOOKS + 3, 0, [])
    assert opened(folder) == (before, HOOKS + 3)
    # The newest key alone opens them all.
    keys = (folder / "keys").read_text().splitlines()
    (folder / "keys").write_text(next(line for line in keys if not line.startswith("#")) + "\n")
    assert opened(folder) == (before, HOOKS + 3)


@pytest.mark.parametrize("place", [f"{PLACE}:1", "store.before_commit:1", "store.after_commit:1"])
def test_a_death_in_the_middle_loses_no_secret_and_the_next_time_all_are_done(folder: Path, place: str) -> None:
    before, _fresh = opened(folder)
    assert new_key(folder, **{VARIABLE: place}).returncode != 0
    texts, fresh = opened(folder)
    assert texts == before
    assert fresh < HOOKS + 3
    with closing(OfflineBackend(config_of(folder))) as backend:
        done = backend.perform("key.reseal", {})
    assert done["resealed"] == HOOKS + 3 - fresh
    assert opened(folder) == (before, HOOKS + 3)


def test_what_no_key_opens_is_named_and_keeps_nothing_else_back(folder: Path) -> None:
    with closing(OfflineBackend(config_of(folder))) as backend:
        other = Vault(folder / "other").seal("0", secret_place("m1", "pin"))
        backend.apply([Change(lambda unit: lines.keep_secret(unit.session, "m1", "pin", other, 1))])
    done = json.loads(new_key(folder).stdout)
    assert (done["resealed"], done["lost"]) == (HOOKS + 2, ["line.m1.pin"])
