"""Reads a configuration file and finds all its faults in one pass."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel, SecretStr, ValidationError

from gatewayd import lines
from gatewayd.config import catalogue
from gatewayd.config.faults import ConfigFault, InvalidConfigError
from gatewayd.config.sections import (
    Config,
    DeliveryConfig,
    HttpConfig,
    InboxConfig,
    LineConfig,
    LineKeys,
    NumbersConfig,
    RetentionConfig,
    Section,
    SpoolConfig,
    StoreConfig,
    TariffConfig,
    TopConfig,
    WebhookConfig,
)
from gatewayd.translation import language_of

DEFAULT_FILE: Final = Path("/etc/gatewayd/gatewayd.toml")
SERVICE_RUNTIME: Final = Path("/run/gatewayd")
"""Runtime folder of the packaged service, which runs with `DEFAULT_FILE`."""

SOCKET_PATH_MAX: Final = 107
"""Bytes of a UNIX socket's path: `sun_path` has 108, the last one is NUL (unix(7))."""
SECRET_MAX: Final = 65536
"""Bytes of a secret file: the largest is a private key."""

_TABLES: Final[dict[str, type[Section]]] = {
    "store": StoreConfig,
    "spool": SpoolConfig,
    "numbers": NumbersConfig,
    "http": HttpConfig,
    "tariff": TariffConfig,
    "delivery": DeliveryConfig,
    "inbox": InboxConfig,
    "retention": RetentionConfig,
}
_ARRAYS: Final = ("line", "webhook")

ModelT = TypeVar("ModelT", bound=BaseModel)


def default_file() -> Path:
    """`$GATEWAYD_CONFIG`, else `/etc/gatewayd/gatewayd.toml`."""
    return Path(os.environ.get("GATEWAYD_CONFIG") or DEFAULT_FILE)


def load(path: Path | None = None, *, secrets: bool = True) -> Config:
    """The configuration in the file `path` (default: `default_file()`).

    With `secrets=False` a secret file that cannot be read is no fault, and its key stays as if it were empty: a client
    of the daemon's control socket needs no secrets and may not be allowed to read them.

    Raises InvalidConfigError with every fault found.
    """
    file = (path or default_file()).expanduser().absolute()
    locale = language_of(file)
    try:
        with file.open("rb") as stream:
            raw = tomllib.load(stream)
    except FileNotFoundError:
        raise InvalidConfigError([_fault(file, "", "file_missing", {}, locale)]) from None
    except OSError as error:
        why = {"why": error.strerror or error}
        raise InvalidConfigError([_fault(file, "", "file_unreadable", why, locale)]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidConfigError([_fault(file, "", "toml_invalid", {"why": error}, locale)]) from error
    return parse(raw, file, secrets=secrets)


def parse(raw: Mapping[str, Any], file: Path, *, secrets: bool = True) -> Config:
    """The configuration in a TOML document already read from `file`; raises InvalidConfigError."""
    return _Reading(raw, file, secrets).config()


def _fault(file: Path, key: str, kind: str, values: Mapping[str, Any], locale: str) -> ConfigFault:
    return ConfigFault(file, key, *catalogue.texts(kind, locale, values))


class _Reading:
    """One pass over one document; gathers faults instead of stopping at the first."""

    def __init__(self, raw: Mapping[str, Any], file: Path, secrets: bool) -> None:
        self._raw = raw
        self._file = file
        self._secrets = secrets
        self._faults: list[ConfigFault] = []
        locale = raw.get("locale")
        self._locale = locale if isinstance(locale, str) else catalogue.DEFAULT_LOCALE

    def config(self) -> Config:
        top_raw = {key: value for key, value in self._raw.items() if key not in _TABLES and key not in _ARRAYS}
        top = self._model(TopConfig, top_raw, "", known=(*TopConfig.model_fields, *_TABLES, *_ARRAYS))
        sections = {name: self._model(model, self._table(name), name) for name, model in _TABLES.items()}
        line_configs = self._lines()
        webhooks = [
            self._model(WebhookConfig, table, f"webhook[{index}]")
            for index, table in enumerate(self._array("webhook"), start=1)
        ]
        control = top.control if top is not None else None
        if control is not None and len(os.fsencode(control)) > SOCKET_PATH_MAX:
            self._add("control", "path_too_long", limit=SOCKET_PATH_MAX)
        if self._faults or top is None:
            raise InvalidConfigError(self._faults)
        store, spool = sections["store"], sections["spool"]
        assert isinstance(store, StoreConfig)
        assert isinstance(spool, SpoolConfig)
        candidates = _control_candidates(self._file, control, store, spool)
        return Config(
            **{**dict(top), "control": candidates[0]},
            file=self._file,
            control_candidates=candidates,
            **sections,
            lines=tuple(line_configs),
            webhooks=tuple(webhooks),
        )

    def _lines(self) -> list[LineConfig]:
        found: list[LineConfig] = []
        seen: set[str] = set()
        for index, table in enumerate(self._array("line"), start=1):
            name = table.get("name")
            key = f"line[{name}]" if isinstance(name, str) and name else f"line[{index}]"
            if isinstance(name, str):
                if name in seen:
                    self._add(f"{key}.name", "line_repeated", value=name)
                seen.add(name)
            common = {field: value for field, value in table.items() if field in LineKeys.model_fields}
            own = {field: value for field, value in table.items() if field not in common}
            keys = self._model(LineKeys, common, key)
            model = self._options_model(common.get("driver"), key)
            if model is None:
                continue
            options = self._model(model, own, key, known=(*LineKeys.model_fields, *model.model_fields))
            if keys is not None and options is not None:
                found.append(LineConfig(**dict(keys), options=options))
        return found

    def _options_model(self, driver: Any, key: str) -> type[BaseModel] | None:
        """The model of the driver's own keys; None after a fault (an unknown driver's keys cannot be judged)."""
        if not isinstance(driver, str):
            return None
        try:
            return lines.driver(driver).options
        except lines.UnknownDriverError:
            self._add(f"{key}.driver", "driver_unknown", value=driver, expected=", ".join(lines.names()) or "—")
        except lines.BrokenDriverError as error:
            self._add(f"{key}.driver", "driver_broken", value=driver, why=error.why)
        return None

    def _table(self, name: str) -> dict[str, Any]:
        table = self._raw.get(name, {})
        if isinstance(table, dict):
            return table
        self._add(name, "table_expected", written=f"[{name}]")
        return {}

    def _array(self, name: str) -> list[dict[str, Any]]:
        array = self._raw.get(name, [])
        if isinstance(array, list) and all(isinstance(table, dict) for table in array):
            return array
        self._add(name, "table_expected", written=f"[[{name}]]")
        return []

    def _model(
        self, model: type[ModelT], table: Mapping[str, Any], key: str, known: tuple[str, ...] = ()
    ) -> ModelT | None:
        """An instance of `model` made from `table`; None after faults. `known` are the names to suggest from."""
        folder = self._file.parent
        before = len(self._faults)
        values = self._with_secrets(model, table, key)
        for name, field in model.model_fields.items():
            # A driver's model knows no configuration file, yet its paths are relative to it like all others.
            if isinstance(values.get(name), str) and _mentions(field.annotation, Path):
                values[name] = str(folder / Path(values[name]).expanduser())
        try:
            made = model.model_validate(values, context={"folder": folder})
        except ValidationError as error:
            entries = error.errors(include_url=False)
            for entry in entries:
                # A list all of whose entries are wrong also counts as empty: that says nothing new.
                if entry["type"] != "too_short" or not any(
                    other["loc"][: len(entry["loc"])] == entry["loc"] for other in entries if other is not entry
                ):
                    self._add_pydantic(entry, key, known or tuple(model.model_fields))
            return None
        return made if len(self._faults) == before else None

    def _with_secrets(self, model: type[BaseModel], table: Mapping[str, Any], key: str) -> dict[str, Any]:
        """`table` with every `KEY_file` of a secret KEY replaced by KEY and the file's text."""
        values = dict(table)
        for name, field in model.model_fields.items():
            if not _mentions(field.annotation, SecretStr):
                continue
            file_key = f"{name}_file"
            if file_key in model.model_fields or file_key not in values:
                continue
            path = values.pop(file_key)
            full_key = f"{key}.{file_key}" if key else file_key
            # Whatever is wrong with the file, the secret itself is not missing: a stand-in avoids a second fault.
            stand_in = values.setdefault(name, "")
            if stand_in != "":
                self._add(full_key, "secret_twice", other=name)
            elif not isinstance(path, str) or not path:
                self._add(full_key, "string_type")
            else:
                values[name] = self._secret(path, full_key)
        return values

    def _secret(self, path: str, key: str) -> str:
        """The first line and all else of a secret file, without the line's end at its very end."""
        place = Path(os.path.expandvars(path)).expanduser()
        place = self._file.parent / place
        try:
            with place.open("rb") as stream:
                text = stream.read(SECRET_MAX + 1).decode()
        except (OSError, UnicodeDecodeError) as error:
            if self._secrets:
                why = error.strerror if isinstance(error, OSError) else "UTF-8"
                self._add(key, "secret_unreadable", path=place, why=why)
            return ""
        secret = text.removesuffix("\n").removesuffix("\r")
        if not secret:
            self._add(key, "secret_empty", path=place)
        elif len(text) > SECRET_MAX:
            self._add(key, "secret_unreadable", path=place, why=f"> {SECRET_MAX}")
        return secret

    def _add(self, key: str, kind: str, **values: Any) -> None:
        self._faults.append(_fault(self._file, key, kind, values, self._locale))

    def _add_pydantic(self, entry: Any, prefix: str, known: tuple[str, ...]) -> None:
        kind, loc, given = entry["type"], entry["loc"], entry["input"]
        key = prefix
        for step in loc:
            key = f"{key}[{step + 1}]" if isinstance(step, int) else f"{key}.{step}" if key else str(step)
        context = dict(entry.get("ctx") or {})
        # What was given is shown only where it is a plain value of ours: it may be a secret everywhere else.
        shown = given if isinstance(given, str | int | float | bool) and kind in _MAY_SHOW else ""
        hint = ""
        if kind == "extra_forbidden" and loc:
            close = difflib.get_close_matches(str(loc[-1]), known, n=1)
            hint = catalogue.did_you_mean(self._locale, close[0]) if close else ""
        reason = entry["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        self._add(key, kind, **{"input": shown, "hint": hint, "reason": reason, "written": key, **context})


_MAY_SHOW: Final = frozenset(
    {"literal_error", "enum", "greater_than_equal", "greater_than", "less_than_equal", "less_than"}
)


def _mentions(annotation: Any, wanted: type) -> bool:
    """Whether a field's annotation is `wanted` or a union (or other generic) with it."""
    return annotation is wanted or any(_mentions(part, wanted) for part in get_args(annotation))


def _control_candidates(file: Path, control: Path | None, store: StoreConfig, spool: SpoolConfig) -> tuple[Path, ...]:
    """Where the control socket may be; the first is where a daemon with this environment opens it."""
    if control is not None:
        return (control,)
    folders: list[Path] = []
    if runtime := os.environ.get("RUNTIME_DIRECTORY"):
        folders.append(Path(runtime.partition(":")[0]))
    if file == DEFAULT_FILE and SERVICE_RUNTIME.is_dir():
        folders.append(SERVICE_RUNTIME)
    folders.append(store.sqlite_path.parent if store.sqlite_path is not None else spool.path)
    return tuple(dict.fromkeys(folder / "control.sock" for folder in folders))
