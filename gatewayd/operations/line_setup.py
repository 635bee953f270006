"""How a line is set up: its keys, which secrets it has, and what is wrong with it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, SecretStr

from drivers.base.plain_secrets import without_secrets
from gatewayd.config import ConfigFault, LineConfig, judge_added, secret_keys
from gatewayd.credentials.vault import VaultError
from gatewayd.operations.base import Json
from gatewayd.operations.line_kinds import kind_of
from gatewayd.operations.ports import Backend
from gatewayd.store.settings.lines import added_lines
from gatewayd.values.added_lines import AddedLine, secret_place
from gatewayd.values.errors import ConfigError, ConflictError, NotFoundError
from gatewayd.words.translation import gettext as _

COMMON: Final = ("window", "quota_day", "quota_month", "recipients_month", "prefixes", "number_format", "inbox", "rate")


async def _added(backend: Backend, name: str) -> AddedLine | None:
    return next((one for one in await backend.read(lambda reader: reader.ask(added_lines)) if one.name == name), None)


async def added_line(backend: Backend, name: str) -> AddedLine:
    """Returns the line that people added under that name.

    ConflictError for one of the configuration file; NotFoundError where there is none.
    """
    found = await _added(backend, name)
    if found is not None:
        return found
    if backend.config.line(name) is not None:
        raise ConflictError(
            _("line {line} stands in {path}: change it there").format(line=name, path=backend.config.file)
        )
    raise NotFoundError(_("no line {line}").format(line=name))


def opened(backend: Backend, line: AddedLine) -> dict[str, str]:
    """Returns a line's secrets in the clear, but those that do not open: they are to be entered again."""
    secrets = {}
    for key, sealed in line.secrets.items():
        try:
            secrets[key] = backend.vault.open(sealed, secret_place(line.name, key))
        except VaultError:
            continue
    return secrets


def fault_shape(line: str, fault: ConfigFault) -> dict[str, str]:
    """Returns a fault of a line's by its key alone."""
    key = fault.key.removeprefix(f"line[{line}].").removeprefix(f"line[{line}]")
    return {"key": key, "message": fault.message, "remedy": fault.remedy}


async def set_up(backend: Backend, name: str, line: LineConfig | None) -> Json:
    """Returns `keys`, `secrets` (which are there, never what they are), `kind`, `faults` and `version` of a line."""
    added = None if line is not None and line.origin == "file" else await _added(backend, name)
    if added is None:
        return _of_file(line)
    faults: list[dict[str, str]] = []
    if line is None:
        config = backend.config
        judged = await asyncio.to_thread(judge_added, config, added, backend.vault, beside=config.lines)
        faults = [fault_shape(name, one) for one in judged.faults]
    try:
        known = secret_keys(added.driver)
    except ConfigError:
        known = tuple(added.secrets)  # its package is gone
    kind = kind_of(added.driver, added.keys)
    return {
        "origin": "panel",
        "driver": added.driver,
        "kind": None if kind is None else kind.name,
        "title": None if kind is None else _(kind.title),
        "keys": dict(added.keys),
        "secrets": {key: key in added.secrets for key in known},
        "faults": faults,
        "version": added.version,
    }


def _of_file(line: LineConfig | None) -> Json:
    """A line of the file: what was written there, without secrets. Nothing of it can be changed here."""
    if line is None:
        return {"keys": {}, "secrets": {}, "faults": [], "version": None}
    options = line.options
    secrets = secret_keys(line.driver)
    own = {name: getattr(options, name) for name in options.model_fields_set if name not in secrets}
    common: dict[str, Any] = {name: getattr(line, name) for name in COMMON if name in line.model_fields_set}
    written: dict[str, Any] = {**common, **own}
    keys = without_secrets({name: _plain(value) for name, value in written.items()})
    return {
        "keys": {name: value for name, value in keys.items() if value is not None},
        "secrets": {key: getattr(options, key) is not None for key in secrets},
        "faults": [],
        "version": None,
    }


def _plain(value: Any) -> Any:
    """A key's value as JSON has it; secrets inside of tables stay secret."""
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, SecretStr):
        return "•••"
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name)) for name in value.model_fields_set}
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    return str(value)
