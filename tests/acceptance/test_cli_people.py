"""People, tokens and the audit trail at the command line, with no daemon running."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_cli import CONFIG
from tests.rig.processes import run

PASSWORD = "corral-de-piedra-verde"


class People:
    """`gatewayd` with passwords on its input."""

    def __init__(self, folder: Path) -> None:
        self._config = folder / "gatewayd.toml"
        self._config.write_text(CONFIG.format(folder=folder))

    def run(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return run(["--config", str(self._config), *arguments], given=given)

    def json(self, *arguments: str, given: str = "") -> Any:
        done = self.run(*arguments, "--json", given=given)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def people(tmp_path: Path) -> People:
    return People(tmp_path)


def test_users_from_the_first_to_the_last_administrator(people: People) -> None:
    made = people.json("user", "create", "ana", "--role", "administrator", "--password-stdin", given=f"{PASSWORD}\n")
    assert (made["name"], made["role"], made["account"]) == ("ana", "administrator", None)
    for arguments in (("disable", "ana"), ("role", "ana", "user", "--account", "norte")):
        done = people.run("user", *arguments)
        assert done.returncode != 0
    short = people.run("user", "password", "ana", "--password-stdin", given="corta\n")
    assert short.returncode == 2
    assert "password" in short.stderr
    assert "corta" not in short.stderr
    people.json("account", "create", "norte")
    luz = ("luz", "--role", "user", "--account", "norte", "--mail", "luz@norte.example")
    people.json("user", "create", *luz, "--password-stdin", given=PASSWORD)
    assert people.json("user", "edit", "luz", "--mail", "")["mail"] is None
    assert people.json("user", "disable", "luz")["disabled"]
    assert not people.json("user", "enable", "luz")["disabled"]
    assert people.json("user", "role", "luz", "supervisor")["role"] == "supervisor"
    assert not people.json("user", "totp-reset", "luz")["totp"]
    assert [one["name"] for one in people.json("user", "list")["items"]] == ["ana", "luz"]
    shown = people.run("user", "show", "luz").stdout
    assert "norte" in shown
    assert "argon2" not in shown


def test_a_token_is_shown_once(people: People) -> None:
    people.json("account", "create", "norte")
    done = people.run("token", "create", "--account", "norte", "--name", "erp", "--kind", "test", "--expires", "90d")
    assert done.returncode == 0, done.stderr
    secret = done.stdout.split()[-1]
    assert secret.startswith("gwd_test_")
    (listed,) = people.json("token", "list")["items"]
    assert (listed["name"], listed["state"], listed["scopes"]) == ("erp", "good", ["read", "send"])
    assert secret not in people.run("token", "list").stdout
    assert people.json("token", "revoke", str(listed["token"]))["state"] == "revoked"
    assert people.run("token", "create", "--name", "neither").returncode == 2


def test_the_trail_names_the_machines_user(people: People) -> None:
    people.json("account", "create", "norte")
    people.run("account", "show", "nada")
    people.run("account", "credit", "nada", "5")
    refused, made = people.json("audit", "list")["items"]
    assert {one["kind"] for one in (refused, made)} == {"operator"}
    assert all(one["actor"].startswith(f"uid {os.getuid()} (") for one in (refused, made))
    assert (made["operation"], made["outcome"]) == ("account.create", "done")
    assert (refused["operation"], refused["outcome"]) == ("account.credit", "not_found")
    assert people.json("audit", "list", "--refused")["items"] == [refused]
    done = people.run("audit", "export", "--act", "account")
    assert done.stdout.splitlines()[0].startswith("at,kind,actor")
    assert "account.create" in done.stdout
