"""Lines that people added: judged as a `[[line]]` table of the file is, and laid beside those of the file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args, get_origin

from pydantic import SecretStr

from drivers.base import NamesDevice
from drivers.base.plain_secrets import plain_secrets
from gatewayd import registry
from gatewayd.config import catalogue
from gatewayd.config.faults import ConfigFault
from gatewayd.config.reader import examine_line, mentions
from gatewayd.config.sections import Config, LineConfig, LineKeys
from gatewayd.credentials.vault import Vault, VaultError
from gatewayd.values.added_lines import AddedLine, secret_place
from gatewayd.values.errors import ConfigError
from gatewayd.words.translation import language

APART: Final = frozenset({"name", "driver", "enabled"})
"""Keys of a table that an added line has in columns of their own."""


@dataclass(frozen=True, slots=True)
class JudgedLine:
    """What became of a table: a line, or why there is none."""

    line: LineConfig | None
    faults: tuple[ConfigFault, ...] = ()
    lacking: tuple[str, ...] = ()
    """Secrets that are still to be entered."""


def secret_keys(driver: str) -> tuple[str, ...]:
    """Returns the keys of a driver's lines that are secrets. UnknownDriverError, BrokenDriverError."""
    fields = registry.driver(driver).options.model_fields
    return tuple(name for name, field in fields.items() if mentions(field.annotation, SecretStr))


def judge_line(
    config: Config,
    name: str,
    driver: str,
    keys: Mapping[str, Any],
    secrets: Mapping[str, str],
    *,
    beside: Iterable[LineConfig] = (),
) -> JudgedLine:
    """Judges a line as `gatewayd check` judges one of the file: the same models, the same words.

    `secrets` are open; `beside` are the other lines, of which none may have its device.
    """
    locale = language()

    def fault(key: str, kind: str, **values: Any) -> ConfigFault:
        return ConfigFault(config.file, f"line[{name}].{key}", *catalogue.texts(kind, locale, values))

    faults = []
    own = dict(keys)
    try:
        known = secret_keys(driver)
        forbidden = _file_only(driver)
    except ConfigError:
        known, forbidden = (), frozenset()  # the reader says so of the driver
    for key in sorted(own):
        if key in APART or key in forbidden or (key.removesuffix("_file") in known and key.endswith("_file")):
            faults.append(fault(key, "file_only"))
            del own[key]
        elif key in known:
            faults.append(fault(key, "secret_apart"))
            del own[key]
    faults += [fault(key, "extra_forbidden", hint="") for key in sorted(secrets.keys() - set(known))]
    open_ = {key: value for key, value in secrets.items() if key in known}
    found, line, sound = examine_line({"name": name, "driver": driver, **own, **open_}, config.file, locale)
    told, faults = faults, list(found)
    if sound is not None:
        odd = registry.contradiction(driver, name, sound.options)
        if odd is not None and sound.is_news(odd.key):
            faults.append(ConfigFault(config.file, f"line[{name}].{odd.key}", odd.message, odd.remedy))
    other = None if line is None else _with_device(line, beside)
    if line is not None and other is not None:
        assert isinstance(line.options, NamesDevice)
        device = line.options.sole_device
        assert device is not None
        faults.append(fault(device[0], "device_taken", other=other))
    lacking = tuple(key for key in known if key not in open_ and any(_is_of(one, name, key) for one in faults))
    rest = (*told, *(one for one in faults if not any(_is_of(one, name, key) for key in lacking)))
    if line is None or told or faults:
        return JudgedLine(None, rest, lacking)
    return JudgedLine(line.model_copy(update={"origin": "panel"}))


def _is_of(fault: ConfigFault, line: str, key: str) -> bool:
    return fault.key in {f"line[{line}].{key}", f"line[{line}].{key}_file"}


def plain_secret_faults(config: Config, name: str, keys: Mapping[str, Any]) -> list[ConfigFault]:
    """Returns a fault for each key of a line that people add in whose value a secret stands in the clear."""
    texts = catalogue.texts("secret_among", language(), {})
    return [ConfigFault(config.file, f"line[{name}].{key}", *texts) for key in plain_secrets(keys)]


def _file_only(driver: str) -> frozenset[str]:
    """Returns the keys that name files of this machine or commands: only who may write the file may set them."""
    fields = registry.driver(driver).options.model_fields
    return frozenset(
        name
        for name, field in fields.items()
        if mentions(field.annotation, Path)
        or (isinstance(field.json_schema_extra, Mapping) and field.json_schema_extra.get("file_only"))
    )


def _with_device(line: LineConfig, beside: Iterable[LineConfig]) -> str | None:
    """Returns the name of another line that has this one's device; None where none has."""
    device = line.options.sole_device if isinstance(line.options, NamesDevice) else None
    if device is None:
        return None
    for other in beside:
        if (
            other.name != line.name
            and other.enabled
            and other.driver == line.driver
            and isinstance(other.options, NamesDevice)
            and other.options.sole_device == device
        ):
            return other.name
    return None


def judge_added(config: Config, one: AddedLine, vault: Vault, *, beside: Iterable[LineConfig]) -> JudgedLine:
    """Judges a line as the store keeps it. Every reason why it cannot be made is a fault, a missing secret too."""
    locale, place = language(), f"line[{one.name}]"
    if any(line.name == one.name and line.origin == "file" for line in config.lines):
        texts = catalogue.texts("name_taken", locale, {})
        return JudgedLine(None, (ConfigFault(config.file, f"{place}.name", *texts),))
    secrets: dict[str, str] = {}
    sealed: list[ConfigFault] = []
    for key, text in one.secrets.items():
        try:
            secrets[key] = vault.open(text, secret_place(one.name, key))
        except VaultError as error:
            texts = catalogue.texts("secret_sealed", locale, {"why": error})
            sealed.append(ConfigFault(config.file, f"{place}.{key}", *texts))
    judged = judge_line(config, one.name, one.driver, one.keys, secrets, beside=beside)
    if judged.line is not None and not sealed:
        return judged
    missing = catalogue.texts("secret_missing", locale, {})
    lacking = [ConfigFault(config.file, f"{place}.{key}", *missing) for key in judged.lacking]
    known = {fault.key for fault in sealed}
    told = [fault for fault in (*judged.faults, *lacking) if fault.key not in known]
    return JudgedLine(None, (*sealed, *told), judged.lacking if not (sealed or judged.faults) else ())


def merge(config: Config, added: Sequence[AddedLine], vault: Vault) -> Config:
    """Returns the configuration with the added lines beside those of the file; what an earlier merge brought is gone.

    One that cannot be made is `Config.faulty`, and costs the others nothing.
    """
    lines = [line for line in config.lines if line.origin == "file"]
    faulty: dict[str, tuple[ConfigFault, ...]] = {}
    waiting: list[str] = []
    for one in added:
        judged = judge_added(config, one, vault, beside=lines)
        if judged.line is None:
            faulty[one.name] = judged.faults
            if judged.lacking:
                waiting.append(one.name)
        else:
            lines.append(judged.line)
    return config.model_copy(update={"lines": tuple(lines), "faulty": faulty, "waiting": frozenset(waiting)})


_YES: Final = frozenset({"true", "yes", "on", "1", "sí", "si"})
_NO: Final = frozenset({"false", "no", "off", "0"})


def from_text(driver: str, key: str, text: str) -> Any:
    """Returns the value that a form's or command's text means for a key: a number, a switch, a list, or the text.

    What does not fit stays as it is: the model says what is wrong with it. UnknownDriverError, BrokenDriverError.
    """
    model = registry.driver(driver).options
    named = {field.alias: field for field in model.model_fields.values() if field.alias is not None}
    field = LineKeys.model_fields.get(key) or model.model_fields.get(key) or named.get(key)
    if field is None:
        return text
    wanted, text = field.annotation, text.strip()
    if text.startswith(("[", "{")):
        try:
            return json.loads(text)
        except ValueError:
            return text
    if mentions(wanted, bool):
        folded = text.casefold()
        return True if folded in _YES else False if folded in _NO else text
    if mentions(wanted, int) and text.lstrip("-").isdecimal() and text.isascii():
        return int(text)
    if _is_list(wanted):
        return [one.strip() for one in text.replace("\n", ",").split(",") if one.strip()]
    return text


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) in {tuple, list} or any(_is_list(part) for part in get_args(annotation))
