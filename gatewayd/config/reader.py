"""Reads a configuration file and finds all its faults in one pass."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel, SecretStr, ValidationError

from gatewayd import registry
from gatewayd.config import catalogue
from gatewayd.config.checked import Sound, SoundLine
from gatewayd.config.control_socket import DEFAULT_FILE, control_candidates
from gatewayd.config.document import document, fault, without_bad_lines
from gatewayd.config.faults import ConfigFault, InvalidConfigError
from gatewayd.config.feeds import FeedConfig
from gatewayd.config.public import redacted
from gatewayd.config.section import Section
from gatewayd.config.sections import (
    BillingConfig,
    Config,
    DeliveryConfig,
    HttpConfig,
    InboxConfig,
    LineConfig,
    LineKeys,
    NumbersConfig,
    OptOutConfig,
    RetentionConfig,
    SpoolConfig,
    StoreConfig,
    TariffConfig,
    TopConfig,
    WebConfig,
    WebhookConfig,
)
from gatewayd.contact.presets import of_document
from gatewayd.contact.reading import RulesError, plain
from gatewayd.feeds.source import own
from gatewayd.words import translation

SOCKET_PATH_MAX: Final = 107
"""Bytes of a UNIX socket's path: `sun_path` has 108, the last one is NUL (unix(7))."""
CREDENTIALS: Final = "$CREDENTIALS_DIRECTORY"
"""Where systemd puts what LoadCredential= names; only the service itself has it."""
SECRET_MAX: Final = 65536
"""Bytes of a secret file: the largest is a private key."""

_TABLES: Final[dict[str, type[Section]]] = {
    "store": StoreConfig,
    "spool": SpoolConfig,
    "numbers": NumbersConfig,
    "http": HttpConfig,
    "web": WebConfig,
    "tariff": TariffConfig,
    "delivery": DeliveryConfig,
    "inbox": InboxConfig,
    "opt_out": OptOutConfig,
    "retention": RetentionConfig,
    "billing": BillingConfig,
}
_ARRAYS: Final = ("line", "webhook", "feed")
_CONTACT: Final = "contact"
"""A table whose form is that of the rules of contact, wherever they are written."""

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
    return parse(document(file), file, secrets=secrets)


def salvage(path: Path | None = None) -> Config:
    """Returns what is right of a faulty file: each table and key without a fault, defaults for the rest, no lines.

    For a client of a daemon that runs with an earlier state of the file. InvalidConfigError where there is no file.
    """
    file = (path or default_file()).expanduser().absolute()
    try:
        raw = document(file)
    except InvalidConfigError:
        raw = without_bad_lines(file)
    return _Reading(raw, file, secrets=False).salvaged()


def examine(path: Path | None = None) -> tuple[tuple[ConfigFault, ...], Sound]:
    """Every fault of the file `path` (default: `default_file()`), and what can be judged further all the same."""
    file = (path or default_file()).expanduser().absolute()
    try:
        reading = _Reading(document(file), file, secrets=True, elsewhere=True)
    except InvalidConfigError as error:
        return error.faults, Sound(file)
    with suppress(InvalidConfigError):
        reading.config()
    return tuple(reading.faults), reading.sound


def examine_line(
    table: Mapping[str, Any], file: Path, locale: str
) -> tuple[tuple[ConfigFault, ...], LineConfig | None, SoundLine | None]:
    """Judges one `[[line]]` table by itself: every fault, the line where there is none, what can be judged further."""
    reading = _Reading({"line": [table]}, file, secrets=True)
    reading.locale = locale
    made = reading.lines()
    return tuple(reading.faults), made[0] if made else None, next(iter(reading.sound_lines), None)


def mentions(annotation: Any, wanted: type) -> bool:
    """Returns whether a field's annotation is `wanted` or a union (or other generic) with it."""
    return annotation is wanted or any(mentions(part, wanted) for part in get_args(annotation))


def parse(raw: Mapping[str, Any], file: Path, *, secrets: bool = True) -> Config:
    """The configuration in a TOML document already read from `file`; raises InvalidConfigError."""
    return _Reading(raw, file, secrets).config()


class _Reading:
    """One pass over one document; gathers faults instead of stopping at the first."""

    def __init__(self, raw: Mapping[str, Any], file: Path, secrets: bool, *, elsewhere: bool = False) -> None:
        self._raw = raw
        self._file = file
        self._secrets = secrets
        # Whether this may run outside the service, to which alone systemd's credentials are given.
        self._elsewhere = elsewhere
        self.faults: list[ConfigFault] = []
        self.sound_lines: list[SoundLine] = []
        locale = raw.get("locale")
        self.locale = locale if isinstance(locale, str) else translation.DEFAULT
        self.sound = Sound(file)
        """What `config` found that can be judged further."""

    def config(self) -> Config:
        tables = (*_TABLES, *_ARRAYS, _CONTACT)
        top_raw = {key: value for key, value in self._raw.items() if key not in tables}
        top = self._model(TopConfig, top_raw, "", known=(*TopConfig.model_fields, *tables))
        sections = {name: self._model(model, self._table(name), name) for name, model in _TABLES.items()}
        line_configs = self.lines()
        webhooks = self._webhooks()
        feeds = self._feeds(sections["store"])
        contact = self._contact()
        control = top.control if top is not None else None
        if control is not None and len(os.fsencode(control)) > SOCKET_PATH_MAX:
            self._add("control", "path_too_long", limit=SOCKET_PATH_MAX)
        store, spool, inbox = sections["store"], sections["spool"], sections["inbox"]
        self.sound = replace(
            self.sound,
            store=store if isinstance(store, StoreConfig) else None,
            spool=spool if isinstance(spool, SpoolConfig) else None,
            http=http if isinstance((http := sections["http"]), HttpConfig) else None,
            web=web if isinstance((web := sections["web"]), WebConfig) else None,
            lines=tuple(self.sound_lines),
        )
        if isinstance(inbox, InboxConfig):
            self._name_account("inbox.default", inbox.default)
        if self.faults or top is None:
            raise InvalidConfigError(self.faults)
        assert isinstance(store, StoreConfig)
        assert isinstance(spool, SpoolConfig)
        candidates = control_candidates(self._file, control, store, spool)
        return Config(
            **{**dict(top), "control": candidates[0]},
            file=self._file,
            control_candidates=candidates,
            **sections,
            lines=tuple(line_configs),
            webhooks=tuple(webhooks),
            feeds=tuple(feeds),
            contact=contact,
            public={
                **redacted(self._raw, _TABLES, TopConfig, LineKeys),
                **({} if contact is None else {_CONTACT: contact}),
            },
        )

    def salvaged(self) -> Config:
        """The configuration as far as it is right; what is not is left to its default."""
        try:
            return self.config()
        except InvalidConfigError:
            pass
        top = TopConfig()
        for key in TopConfig.model_fields.keys() & self._raw.keys():
            found = self._model(TopConfig, {key: self._raw[key]}, "", known=tuple(TopConfig.model_fields))
            if found is not None:
                top = top.model_copy(update={key: getattr(found, key)})
        sections = {name: self._model(model, self._table(name), name) or model() for name, model in _TABLES.items()}
        store, spool = sections["store"], sections["spool"]
        assert isinstance(store, StoreConfig)
        assert isinstance(spool, SpoolConfig)
        candidates = control_candidates(self._file, top.control, store, spool)
        values = {**dict(top), "control": candidates[0]}
        return Config(**values, file=self._file, control_candidates=candidates, **sections, lines=(), webhooks=())

    def _webhooks(self) -> list[WebhookConfig | None]:
        found: list[WebhookConfig | None] = []
        seen: set[tuple[str, str]] = set()
        for index, table in enumerate(self._array("webhook"), start=1):
            one = self._model(WebhookConfig, table, f"webhook[{index}]")
            found.append(one)
            if one is None:
                continue
            self._name_account(f"webhook[{index}].account", one.account)
            self.sound = replace(self.sound, webhooks=(*self.sound.webhooks, (f"webhook[{index}]", one)))
            if (one.account, one.url) in seen:
                self._add(f"webhook[{index}].url", "webhook_repeated", value=one.url)
            seen.add((one.account, one.url))
        return found

    def _feeds(self, store: Section | None) -> list[FeedConfig | None]:
        found: list[FeedConfig | None] = []
        seen: set[tuple[str, str]] = set()
        for index, table in enumerate(self._array("feed"), start=1):
            key = f"feed[{index}]"
            one = self._model(FeedConfig, table, key)
            found.append(one)
            if one is None:
                continue
            self._name_account(f"{key}.account", one.account)
            self.sound = replace(self.sound, feeds=(*self.sound.feeds, (key, one)))
            if (one.account, one.name) in seen:
                self._add(f"{key}.name", "feed_repeated", value=one.name)
            seen.add((one.account, one.name))
            if isinstance(store, StoreConfig) and own(one.url.get_secret_value(), store.url):
                self._add(f"{key}.url", "feed_own_store")
        return found

    def _contact(self) -> dict[str, Any] | None:
        if _CONTACT not in self._raw:
            self.sound = replace(self.sound, contact=False)
            return None
        document: dict[str, Any] = plain(self._table(_CONTACT))
        try:
            with translation.speaking(self.locale):
                rules = of_document(document)
        except RulesError as error:
            for one in error.faults:
                self._add(f"{_CONTACT}.{one.key}", "contact_rule", why=one.message)
            return None
        self.sound = replace(self.sound, contact=True, preset=rules.preset)
        return document

    def _name_account(self, key: str, account: str | None) -> None:
        if account is not None:
            self.sound = replace(self.sound, accounts=(*self.sound.accounts, (key, account)))

    def lines(self) -> list[LineConfig]:
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
            self._name_account(f"{key}.inbox", keys.inbox if keys is not None else None)
            model = self._options_model(common.get("driver"), key)
            if model is None:
                continue
            wrong: set[str] = set()
            options = self._model(model, own, key, known=(*LineKeys.model_fields, *model.model_fields), wrong=wrong)
            if keys is not None and options is not None:
                found.append(LineConfig(**dict(keys), options=options))
            judged = options or self._model_without(model, own, wrong)
            if judged is not None and table.get("enabled") is not False:
                # An unknown key takes nothing from what the others mean.
                trusted = frozenset(own.keys() - wrong) if wrong & model.model_fields.keys() else None
                self.sound_lines.append(SoundLine(key, str(name or key), table["driver"], judged, trusted))
        return found

    def _model_without(self, model: type[ModelT], table: Mapping[str, Any], wrong: set[str]) -> ModelT | None:
        """The model of what is right in a table whose faults are told already; None where that is not enough."""
        before = len(self.faults)
        rest = {name: value for name, value in table.items() if name not in wrong}
        made = self._model(model, rest, "")
        del self.faults[before:]
        return made

    def _options_model(self, driver: Any, key: str) -> type[BaseModel] | None:
        """The model of the driver's own keys; None after a fault (an unknown driver's keys cannot be judged)."""
        if not isinstance(driver, str):
            return None
        try:
            return registry.driver(driver).options
        except registry.UnknownDriverError:
            self._add(f"{key}.driver", "driver_unknown", value=driver, expected=", ".join(registry.names()) or "—")
        except registry.BrokenDriverError as error:
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
        self,
        model: type[ModelT],
        table: Mapping[str, Any],
        key: str,
        known: tuple[str, ...] = (),
        wrong: set[str] | None = None,
    ) -> ModelT | None:
        """An instance of `model` made from `table`; None after faults. `known` are the names to suggest from; `wrong`
        gathers the keys that have faults."""
        folder = self._file.parent
        before = len(self.faults)
        wrong = set() if wrong is None else wrong
        values = self._with_secrets(model, table, key, wrong)
        for name, field in model.model_fields.items():
            # A driver's model knows no configuration file, yet its paths are relative to it like all others.
            if isinstance(values.get(name), str) and mentions(field.annotation, Path):
                given = values[name]
                if given.startswith(CREDENTIALS):
                    given = os.path.expandvars(given)
                values[name] = str(folder / Path(given).expanduser())
        try:
            made = model.model_validate(values, context={"folder": folder})
        except ValidationError as error:
            entries = error.errors(include_url=False)
            wrong.update(str(entry["loc"][0]) for entry in entries if entry["loc"])
            for entry in entries:
                # A list all of whose entries are wrong also counts as empty: that says nothing new.
                if entry["type"] != "too_short" or not any(
                    other["loc"][: len(entry["loc"])] == entry["loc"] for other in entries if other is not entry
                ):
                    self._add_pydantic(entry, key, known or tuple(model.model_fields))
            return None
        return made if len(self.faults) == before else None

    def _with_secrets(
        self, model: type[BaseModel], table: Mapping[str, Any], key: str, wrong: set[str]
    ) -> dict[str, Any]:
        """`table` with every `KEY_file` of a secret KEY replaced by KEY and the file's text."""
        values = dict(table)
        for name, field in model.model_fields.items():
            if not mentions(field.annotation, SecretStr):
                continue
            file_key = f"{name}_file"
            if file_key in model.model_fields or file_key not in values:
                if field.is_required() and values.get(name) == "":
                    self._add(f"{key}.{name}" if key else name, "secret_blank")
                continue
            path = values.pop(file_key)
            full_key = f"{key}.{file_key}" if key else file_key
            before = len(self.faults)
            # Whatever is wrong with the file, the secret itself is not missing: a stand-in avoids a second fault.
            stand_in = values.setdefault(name, "")
            if stand_in != "":
                self._add(full_key, "secret_twice", other=name)
            elif not isinstance(path, str) or not path:
                self._add(full_key, "string_type")
            else:
                values[name] = self._secret(path, full_key)
            if len(self.faults) > before:
                wrong.update((name, file_key))
        return values

    def _secret(self, path: str, key: str) -> str:
        """The first line and all else of a secret file, without the line's end at its very end."""
        place = Path(os.path.expandvars(path)).expanduser()
        place = self._file.parent / place
        if self._elsewhere and CREDENTIALS in path and CREDENTIALS.lstrip("$") not in os.environ:
            return ""
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
        self.faults.append(fault(self._file, key, kind, values, self.locale))

    def _add_pydantic(self, entry: Any, prefix: str, known: tuple[str, ...]) -> None:
        kind, loc = entry["type"], entry["loc"]
        key = prefix
        for step in loc:
            key = f"{key}[{step + 1}]" if isinstance(step, int) else f"{key}.{step}" if key else str(step)
        values = {**catalogue.error_values(entry, self.locale, known), "written": key}
        self._add(key, kind, **values)
