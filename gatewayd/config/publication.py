"""The daemon's configuration as the web process reads it: a file without secrets, there with the daemon gone as well.

It lies beside the store, readable by the daemon's user and the web process's.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel

from gatewayd.config.reader import parse
from gatewayd.config.sections import Config, LineConfig, LineKeys, StoreConfig
from gatewayd.process.access_list import READ, admit, number_of
from gatewayd.registry import driver
from gatewayd.values.errors import UnavailableError
from gatewayd.words.translation import gettext as _

MODE: Final = 0o600
SIZE_MAX: Final = 1 << 20


def publish(config: Config) -> bool:
    """Writes down what the web process may know, where that has changed; answers whether its user may read it.

    OSError where the file cannot be written.
    """
    file = config.published
    web: dict[str, Any] = {**config.public.get("web", {}), "socket": str(config.web_socket)}
    raw = {**config.public, "control": str(config.control), "web": web}
    variants = {line.name: variant_of(line) for line in config.lines}
    document = {"file": str(config.file), "raw": raw, "variants": variants}
    text = json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"
    uid = number_of(config.web.user)
    with suppress(OSError):
        if file.read_bytes() == text:
            return _admitted(file, uid)
    aside = file.with_name(f".{file.name}.tmp")
    with suppress(FileNotFoundError):
        aside.unlink()
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE), "wb") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    admitted = _admitted(aside, uid)
    aside.replace(file)
    return admitted


def _admitted(file: Path, uid: int | None) -> bool:
    if uid is None:
        return True  # it has no user of its own here
    try:
        admit(file, uid, READ)
    except OSError:
        return False
    return True


def read(file: Path) -> Config:
    """Returns the configuration that a daemon published; UnavailableError where there is none, or not to be read."""
    try:
        with file.open("rb") as stream:
            document = json.loads(stream.read(SIZE_MAX))
        return _parsed(document["raw"], Path(document["file"]), document.get("variants", {}))
    except OSError as error:
        why = error.strerror or str(error)
        raise UnavailableError(
            _("{file}: {why}; the daemon writes it when it starts").format(file=file, why=why)
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise UnavailableError(_("{file}: not what a daemon of this version writes").format(file=file)) from error


class _NoOptions(BaseModel):
    """What the web process knows of a driver's own keys."""

    variant: Literal["", "es"] = ""
    """How the line cuts texts."""


def variant_of(line: LineConfig) -> Literal["", "es"]:
    """Returns how a line cuts texts: `es` where it may use the Spanish shift table."""
    if isinstance(line.options, _NoOptions):
        return line.options.variant
    return driver(line.driver).encoding_variant(line.options)


def _parsed(raw: Mapping[str, Any], file: Path, variants: Mapping[str, Any]) -> Config:
    keys = {name: value for name, value in raw.items() if name != "line"}
    known = [LineKeys.model_validate(table) for table in raw.get("line", ())]
    lines = [LineConfig(**dict(one), options=_NoOptions(variant=variants.get(one.name, ""))) for one in known]
    config = parse(keys, file, secrets=False)
    store = config.store
    if config.web.store_url is not None:
        store = StoreConfig(url=config.web.store_url)
    return config.model_copy(update={"lines": tuple(lines), "public": dict(raw), "store": store})
