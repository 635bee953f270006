"""Lines that people add: added, changed, given their secrets, removed, and devices found for them."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, ClassVar

from pydantic import Field, SecretStr

from drivers.base import NamesDevice
from gatewayd import registry
from gatewayd.config import (
    ConfigFault,
    JudgedLine,
    from_text,
    judge_line,
    plain_secret_faults,
    secret_keys,
)
from gatewayd.config.values import Name
from gatewayd.credentials.vault import SECRET_MAX
from gatewayd.operations.base import Json, Operation, reworded
from gatewayd.operations.line_kinds import KINDS, shape
from gatewayd.operations.line_setup import added_line, fault_shape, opened
from gatewayd.operations.lines import shown_line
from gatewayd.operations.ports import Backend
from gatewayd.store.commands import Change, SetLineEnabled
from gatewayd.store.settings import lines as store
from gatewayd.values.actor import Actor
from gatewayd.values.added_lines import AddedLine, secret_place
from gatewayd.values.errors import ConfigError, ConflictError, FaultsError, UsageError
from gatewayd.words.translation import gettext as _

KEYS_MOST = 60
KEY_MAX = 64
TEXT_MAX = 8_192
KEYS_BYTES_MAX = 32_768
"""Of all keys of a line as JSON; a provider's own rules are the longest."""

Key = Annotated[str, Field(min_length=1, max_length=KEY_MAX)]
Keys = Annotated[dict[Key, Any], Field(max_length=KEYS_MOST)]
Texts = Annotated[dict[Key, Annotated[str, Field(max_length=TEXT_MAX)]], Field(max_length=KEYS_MOST)]
Secret = Annotated[SecretStr, Field(min_length=1, max_length=SECRET_MAX)]

DISCOVERERS = ("gsm",)
"""Built-in drivers that look for devices; others are asked once a line uses them."""


def _faults(line: str, faults: tuple[ConfigFault, ...]) -> FaultsError:
    return FaultsError([fault_shape(line, one) for one in faults])


async def _judged(
    backend: Backend,
    name: str,
    driver: str,
    keys: Mapping[str, Any],
    secrets: Mapping[str, str],
    *,
    given: Mapping[str, Any],
) -> JudgedLine:
    """Judges the line; FaultsError names every field that is wrong. A secret that is still missing is none of them.

    `given` are the keys that are entered now: a secret in the clear among those is a fault as well.
    """
    config = backend.config
    # Drivers are imported for it, and devices looked up.
    judged = await asyncio.to_thread(judge_line, config, name, driver, keys, secrets, beside=config.lines)
    known = {fault.key for fault in judged.faults}
    plain = [fault for fault in plain_secret_faults(config, name, given) if fault.key not in known]
    if judged.faults or plain:
        raise _faults(name, (*judged.faults, *plain))
    return judged


def _read(driver: str, texts: Mapping[str, str]) -> dict[str, Any]:
    """Returns a form's texts as values; None for an empty one. UsageError for a driver that is not there."""
    try:
        return {key: from_text(driver, key, text) if text.strip() else None for key, text in texts.items()}
    except ConfigError as error:
        raise UsageError(str(error)) from error


def _bounded(keys: Mapping[str, Any]) -> None:
    if len(json.dumps(keys, ensure_ascii=False).encode()) > KEYS_BYTES_MAX:
        raise UsageError(_("keys: longer than {limit} bytes in all").format(limit=KEYS_BYTES_MAX))


class AddLine(Operation):
    """Adds a line and starts it. One that only lacks a secret is kept, and starts once `line.secret` has brought it."""

    name: ClassVar[str] = "line.add"
    line: Name
    driver: Annotated[str, Field(max_length=KEY_MAX)]
    keys: Keys = Field(default_factory=dict)
    texts: Texts = Field(default_factory=dict)
    """Further keys as a form has them: each is read as its driver's key wants it; an empty one is left out."""
    secrets: Annotated[dict[Key, Secret], Field(max_length=KEYS_MOST, default_factory=dict)]
    enabled: bool = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        if backend.config.line(self.line) is not None or self.line in backend.config.faulty:
            raise ConflictError(_("a line has the name {name} already").format(name=self.line))
        keys = {
            key: value for key, value in {**self.keys, **_read(self.driver, self.texts)}.items() if value is not None
        }
        _bounded(keys)
        secrets = {key: secret.get_secret_value() for key, secret in self.secrets.items()}
        await _judged(backend, self.line, self.driver, keys, secrets, given=keys)
        sealed = {key: await _sealed(backend, self.line, key, text) for key, text in secrets.items()}
        new = AddedLine(self.line, self.driver, keys, sealed, added_by=by.name)
        now = backend.now()
        await backend.execute(Change(lambda unit: store.add(unit.session, new, now), by.name))
        # What an earlier line of this name was told no longer holds.
        await backend.execute(SetLineEnabled(self.line, self.enabled))
        await backend.lines_changed()
        return await shown_line(backend, self.line, by)


async def _sealed(backend: Backend, line: str, key: str, secret: str) -> str:
    return await asyncio.to_thread(backend.vault.seal, secret, secret_place(line, key))


class SetLine(Operation):
    """Changes keys of a line that people added; null takes a key away. The line goes on with them at once."""

    name: ClassVar[str] = "line.set"
    line: str
    keys: Keys = Field(default_factory=dict)
    texts: Texts = Field(default_factory=dict)
    """As in `line.add`; an empty one takes the key away."""
    enabled: bool | None = None
    version: int | None = None
    """The one that was looked at; where somebody has changed the line since, ConflictError."""

    async def before(self, backend: Backend) -> Json | None:
        found = await added_line(backend, self.line)
        return {"keys": {key: found.keys.get(key) for key in (*self.keys, *self.texts)}}

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await added_line(backend, self.line)
        given = {**self.keys, **_read(found.driver, self.texts)}
        if given:
            keys = {key: value for key, value in {**found.keys, **given}.items() if value is not None}
            _bounded(keys)
            await _judged(backend, self.line, found.driver, keys, opened(backend, found), given=given)
            # One who looked at no version may still not undo what another has just saved.
            version, now = found.version if self.version is None else self.version, backend.now()
            changed = Change(lambda unit: store.change(unit.session, self.line, keys, now, version), by.name)
            # The store speaks the gateway's language, this the person's.
            with reworded(
                ConflictError, _("somebody has changed this line meanwhile; look at it again. Nothing was saved")
            ):
                await backend.execute(changed)
        if self.enabled is not None:
            await backend.execute(SetLineEnabled(self.line, self.enabled))
        await backend.lines_changed()
        if self.enabled is not None and backend.live is not None and backend.config.line(self.line) is not None:
            await backend.live.set_enabled(self.line, self.enabled)
        return await shown_line(backend, self.line, by)


class SetLineSecret(Operation):
    """Keeps a secret of a line that people added, sealed; it is never shown again. Without one, takes it away."""

    name: ClassVar[str] = "line.secret"
    line: str
    key: Key
    secret: Secret | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await added_line(backend, self.line)
        try:
            known = secret_keys(found.driver)
        except ConfigError as error:
            raise ConflictError(str(error)) from error
        if self.key not in known:
            raise UsageError(_("key: line {line} has no secret {key}").format(line=self.line, key=self.key))
        secrets = opened(backend, found)
        secrets.pop(self.key, None)
        sealed = None
        if self.secret is not None:
            secrets[self.key] = self.secret.get_secret_value()
            sealed = await _sealed(backend, self.line, self.key, secrets[self.key])
        config = backend.config
        judged = await asyncio.to_thread(
            judge_line, config, self.line, found.driver, found.keys, secrets, beside=config.lines
        )
        # What else is wrong with a line that does not work was so before, and is told where its keys are changed.
        works = config.line(self.line) is not None
        wrong = [one for one in judged.faults if works or fault_shape(self.line, one)["key"] == self.key]
        if wrong:
            raise _faults(self.line, tuple(wrong))
        now = backend.now()
        await backend.execute(
            Change(lambda unit: store.keep_secret(unit.session, self.line, self.key, sealed, now), by.name)
        )
        await backend.lines_changed()
        return await shown_line(backend, self.line, by)


class RemoveLine(Operation):
    """Removes a line that people added; what was in work over it ends first, what was in doubt stays so."""

    name: ClassVar[str] = "line.remove"
    line: str

    async def before(self, backend: Backend) -> Json | None:
        found = await added_line(backend, self.line)
        return {"driver": found.driver, "keys": dict(found.keys)}

    async def perform(self, backend: Backend, by: Actor) -> Json:
        await added_line(backend, self.line)
        await backend.execute(Change(lambda unit: store.remove(unit.session, self.line), by.name))
        await backend.lines_changed()
        return {"line": self.line, "removed": True}


class ListLineKinds(Operation):
    """The kinds of lines that people add, each with the fields of its form."""

    name: ClassVar[str] = "line.kinds"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        installed = set(registry.names())
        return {"items": [shape(one) for one in KINDS if one.driver in installed], "next": None}


class DiscoverLines(Operation):
    """Finds devices that no line has yet, and asks each who it is; devices of lines at work are left alone."""

    name: ClassVar[str] = "line.discover"
    search: Annotated[tuple[Annotated[str, Field(max_length=200)], ...], Field(max_length=20)] = ()
    """Patterns of further ports (`/dev/pts/*`); those of the configuration hold as well."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        config = backend.config
        installed = set(registry.names())
        drivers = dict.fromkeys(
            name for name in (*DISCOVERERS, *(line.driver for line in config.lines)) if name in installed
        )
        search = [*config.discover, *self.search]
        taken = {}
        for line in config.lines:
            device = line.options.sole_device if isinstance(line.options, NamesDevice) else None
            if device is not None:
                taken[device] = line.name
            search += getattr(line.options, "search", ())
        paths = await asyncio.to_thread(partial(_real_paths, [value for key, value in taken if key == "port"]))
        found = await registry.discover(drivers, search, paths)
        items = []
        for one in found:
            keys, detail = dict(one.device.keys), dict(one.device.detail)
            owner = next((taken[key, detail[key]] for key in ("imei", "imsi") if (key, detail.get(key)) in taken), None)
            items.append({"driver": one.driver, "keys": keys, "busy": one.device.busy, "line": owner, "detail": detail})
        return {"items": items, "next": None}


def _real_paths(ports: list[str]) -> frozenset[str]:
    return frozenset(os.path.realpath(port) for port in ports)
