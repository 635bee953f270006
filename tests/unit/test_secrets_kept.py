"""Secrets by their kind: whatever takes one keeps it sealed or hashed, and nothing that can be read shows it."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyotp
import pytest
from sqlalchemy import select

from drivers.base.plain_secrets import plain_secrets, without_secrets
from gatewayd import registry
from gatewayd.cli.offline import OfflineBackend
from gatewayd.config import parse
from gatewayd.config.publication import publish
from gatewayd.credentials.tokens import digest
from gatewayd.operations import perform
from gatewayd.operations.rights import RIGHTS
from gatewayd.store.commands import Change
from gatewayd.store.people import resets
from gatewayd.store.people.sessions import NewSession, open_session
from gatewayd.store.tables.base import metadata
from gatewayd.values.actor import Actor, Role
from gatewayd.values.errors import FaultsError, GatewayError
from tests.rig import secrets
from tests.rig.rights import CASES, CONFIG, World
from tests.rig.secrets import Canaries

SMELLS = re.compile(r"secret|passw|clave|token|totp|seed|recover|credential|sealed|passphrase|(^|_)pin($|_)|(^|_)key$")
NO_SECRET = {
    "totp_step": "a number of half minutes",
    "password_at": "a time",
    "posted.key": "a program's own name of its request",
    "inbound.key": "a call's keys",
    "inbound_part.key": "a reference of the network's",
    "setting.key": "a name",
    "line_secret.key": "the name of a secret",
    "webhook_failure.key": "the message that an event is about",
    "customer.document_key": "a document as it is compared",
    "customer.name_key": "a name as it is compared",
    "import.header_key": "a header as it is compared",
    "import_mapping.header_key": "a header as it is compared",
    "elsewhere.key": "by which a repeat is known",
    "promise.key": "by which a repeat is known",
    "pause.key": "by which a repeat is known",
    "novelty.key": "by which a repeat is known",
}
"""Columns that are named like a secret and are none, with what they hold."""
PHRASE = "una-frase-larga-del-norte"
HASH = re.compile(r"[0-9a-f]{64}|\$argon2id\$v=19\$[!-~]+")
SEAL = re.compile(r"v1\.[A-Za-z0-9_-]{1,32}\.[A-Za-z0-9_-]{38,}")


@dataclass
class Kept:
    """A world whose configuration and store have had every secret that there is."""

    world: World
    planted: Canaries
    folder: Path
    answers: dict[str, str] = field(default_factory=dict)
    """What operations answered that were given a secret."""
    asked: set[str] = field(default_factory=set)

    async def ask(self, operation: str, by: Actor, **arguments: Any) -> Any:
        """Performs an operation; None where it is refused, which is no matter here but for its words."""
        self.asked.add(operation)
        try:
            answer = await perform(self.world.backend, operation, arguments, by)
        except GatewayError as error:
            self.answers[f"{operation} refused"] = str(error)
            return None
        self.answers[operation] = json.dumps(answer, ensure_ascii=False)
        return answer


OPERATOR = Actor("operator", "uid 0 (root)", Role.ADMINISTRATOR)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    folder, planted = tmp_path_factory.mktemp("secrets"), Canaries()
    world = World(folder)
    asyncio.run(world.fill())
    world.backend.close()
    tables = secrets.configuration(planted)
    raw = {
        **CONFIG,
        **tables,
        "line": [*CONFIG["line"], *tables["line"]],
        "store": {**tables["store"], "url": f"sqlite:///{folder}/gatewayd.db"},
        "spool": {"path": str(folder / "spool")},
        "control": str(folder / "control.sock"),
    }
    world.backend = OfflineBackend(parse(raw, folder / "gatewayd.toml"))
    made = Kept(world, planted, folder)
    asyncio.run(_enter(made))
    yield made
    world.close()


async def _enter(kept: Kept) -> None:
    """Gives every operation that takes a secret one, and draws every secret that the gateway draws."""
    world, planted = kept.world, kept.planted
    ana = world.mine.actors["user"]
    for line in secrets.added_lines(planted):
        added = await kept.ask("line.add", OPERATOR, **line)
        assert added is not None, kept.answers
        assert added["faults"] == [], added
    await kept.ask("line.secret", OPERATOR, line="panel-gsm", key="pin", secret=planted.plant("line.secret.pin"))
    # What is right is kept; the same again with a wrong one is refused, and that is written down as well.
    for operation in secrets.asking().keys() - {"line.add", "line.secret"}:
        for by in (ana, OPERATOR):
            await kept.ask(operation, by, **secrets.given(planted, operation, world.mine, by.kind))
    made = [
        ("token", await kept.ask("token.create", OPERATOR, label="erp", account="norte"), "secret"),
        ("webhook", await kept.ask("webhook.add", OPERATOR, account="norte", url="https://a.example/x"), "secret"),
    ]
    signed: list[Actor] = []
    for name in ("zulma", "yolanda"):
        await kept.ask("user.create", OPERATOR, user=name, role="user", account="norte", password=PHRASE)
        signed.append(await world._sign_in(name))
        made.append((f"seed of {name}", await kept.ask("me.totp_offer", signed[-1], current=PHRASE), "seed"))
    zulma, seed = signed[0], made[-2][1]["seed"]
    codes = await kept.ask("me.totp_confirm", zulma, code=pyotp.TOTP(seed).at(world.backend.now() // 1000))
    made += [(f"code {number}", {"code": code}, "code") for number, code in enumerate(codes["recovery_codes"])]
    for name, answer, key in made:
        assert answer is not None, kept.answers
        planted.known[f"drawn.{name}"] = answer[key]
    link = planted.plant("reset link")
    reset = Change(lambda unit: resets.offer(unit.session, zulma.number or 0, digest(link), world.backend.now()))
    await world.backend.execute(reset)
    # Signing in needs a daemon: its row is made as there.
    session, device = planted.plant("session"), planted.plant("device")
    new = NewSession(digest(session), zulma.number or 0, "192.0.2.7", "a browser", world.backend.now(), digest(device))
    await world.backend.execute(Change(lambda unit: open_session(unit.session, new)))
    kept.answers = {name: one for name, one in kept.answers.items() if name.partition(" ")[0] not in DRAW}


DRAW = {"token.create", "webhook.add", "webhook.set", "me.totp_offer", "me.totp_confirm", "me.recovery"}
"""Show a secret, once: to whoever asked for it."""


def test_every_column_that_is_named_as_a_secret_says_how_it_is_kept() -> None:
    columns = [(f"{column.table.name}.{column.name}", column) for one in metadata.tables.values() for column in one.c]
    smelling = {name for name, column in columns if SMELLS.search(column.name)}
    marked = {name for name, column in columns if "secret" in column.info}
    excused = {name for name in smelling if name in NO_SECRET or name.partition(".")[2] in NO_SECRET}
    assert smelling - excused <= marked
    assert marked <= smelling, "a name that says it is a secret"


def test_every_model_that_takes_a_secret_had_one(kept: Kept) -> None:
    wanted = {f"{name}.{one}" for name, model in secrets.models() for one in secrets.fields(model)}
    planted = {name.removeprefix("file.").removeprefix("webhook.") for name in kept.planted.known}
    assert wanted <= planted
    assert secrets.asking().keys() <= kept.asked
    assert set(registry.names()) == {kind.partition(" ")[0] for kind in secrets.KEYS}


def test_a_planted_secret_is_known_in_whatever_it_wears() -> None:
    planted = Canaries()
    text = planted.plant("one").encode()
    for data in (text, text.hex().encode(), *(base64.b64encode(b"x" * by + text + b"y" * 5) for by in range(6))):
        assert planted.shown(b"before " + data + b" after") == ["one"]
    assert planted.shown(text[:-1]) == []


def test_what_the_store_keeps_of_a_secret_is_sealed_or_hashed(kept: Kept) -> None:
    columns = [column for one in metadata.tables.values() for column in one.c if "secret" in column.info]
    for column in columns:
        form = SEAL if column.info["secret"] == "sealed" else HASH
        rows = kept.world.backend.store.connection.execute(select(column).where(column.is_not(None))).scalars()
        texts = [text for row in rows for text in (json.loads(row) if row.startswith("[") else [row])]
        assert texts, f"{column} has had no secret: the test does not fill it"
        assert all(form.fullmatch(text) for text in texts), f"{column}: {texts}"


def test_no_row_shows_one(kept: Kept) -> None:
    connection = kept.world.backend.store.connection
    for table in metadata.tables.values():
        rows = repr([tuple(row) for row in connection.execute(select(table))])
        assert kept.planted.shown(rows.encode()) == [], table.name
    for file in kept.folder.rglob("*"):
        if file.is_file() and file.name != "gatewayd.toml":
            assert kept.planted.shown(file.read_bytes()) == [], file


def test_nothing_that_is_answered_repeats_one(kept: Kept) -> None:
    for name, answer in kept.answers.items():
        assert kept.planted.shown(answer.encode()) == [], name


async def test_nothing_that_is_read_shows_one(kept: Kept) -> None:
    """As an administrator, whose session an attacker in the web process's place may bear."""
    for name in sorted(name for name in RIGHTS if not RIGHTS[name].audited):
        for arguments in _readings(name, dict(CASES[name].arguments(kept.world.mine)), kept):
            try:
                found = json.dumps(await perform(kept.world.backend, name, arguments, kept.world.administrator))
            except GatewayError as error:
                found = str(error)
            assert kept.planted.shown(found.encode()) == [], (name, arguments)


def _readings(name: str, arguments: dict[str, Any], kept: Kept) -> Iterator[dict[str, Any]]:
    yield arguments
    if "line" in arguments:
        yield from ({**arguments, "line": one.name} for one in kept.world.backend.config.lines)
    if "webhook" in arguments and name in {"webhook.show", "webhook.failures"}:
        yield from ({**arguments, "webhook": number} for number in range(1, 8))


def test_what_the_web_process_is_told_shows_none(kept: Kept) -> None:
    config = kept.world.backend.config
    assert publish(config)
    text = config.published.read_bytes()
    assert b"sslmode=require" in text
    assert kept.planted.shown(text) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("headers", {"Authorization": "Bearer geheim-1"}),
        ("headers", {"X-Api-Key": "geheim-1"}),
        ("form", {"to": "{number}", "clave": "geheim-1"}),
        ("query", {"apikey": 918273}),
        ("json", {"auth": {"token": ["geheim-1"]}, "to": "{number}"}),
        ("replies", {"query": {"password": "geheim-1"}}),
        ("url", "https://yo:geheim-1@sms.example/send?to={number}"),
        ("poll_url", "https://sms.example/poll?id={reference}&token=geheim-1"),
    ],
)
async def test_a_secret_among_a_lines_keys_is_refused_and_never_shown(key: str, value: Any, kept: Kept) -> None:
    keys = {**secrets.KEYS["provider"], key: value}
    with pytest.raises(FaultsError) as refused:
        await perform(kept.world.backend, "line.add", {"line": "otra", "driver": "provider", "keys": keys}, OPERATOR)
    assert [fault["key"] for fault in refused.value.faults] == [key]
    given = {"line": "panel-provider", "keys": {key: value}}
    with pytest.raises(FaultsError):
        await perform(kept.world.backend, "line.set", given, OPERATOR)
    raw = {"name": "f", "driver": "provider", **keys}
    raw.update(user="u", password="p", key="k")
    backend = OfflineBackend(parse({"store": {"url": f"sqlite:///{kept.folder}/{key}.db"}, "line": [raw]}, Path("/x")))
    try:
        shown = json.dumps(await perform(backend, "line.show", {"line": "f"}, OPERATOR))
        assert "geheim-1" not in shown
        assert "918273" not in shown
    finally:
        backend.close()


@pytest.mark.parametrize(
    "keys",
    [
        {"headers": {"Authorization": "Bearer {key}", "Accept": "text/plain"}},
        {"form": {"to": "{number}", "password": "{password}", "auth": ""}},
        {"url": "https://{user}:{password}@sms.example/send?to={number}&token={key}"},
        {"password_pattern": "[a-z]+", "auth": "basic", "hook_header": "X-Signature"},
    ],
)
def test_a_variable_in_its_place_is_not(keys: dict[str, Any]) -> None:
    assert list(plain_secrets(keys)) == []
    assert without_secrets(keys) == keys
