"""The shapes that a job file's fields may have. Each function reads one key of a JSON object and says what is wrong.

`path` in front of a key makes the `field` of an error (`call.script.message`). A value of null is a key left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from spool.errors import JobFileError
from spool.lists.cells import is_mail_like, without_invisible
from spool.names import column_name, variable_name
from spool.spelling import probably
from spool.strict_json import Number

TEXT_LIMIT: Final = 20_000
"""Characters of a text: twice what 255 parts of an SMS can carry in UCS-2 is nobody's message."""
HTML_LIMIT: Final = 2_000_000
STRING_LIMIT: Final = 1_000
NAME_LIMIT: Final = 200
"""Bytes of a file's name: `.error.json` still fits behind it within the 255 of the usual file systems."""

DATA_LIMIT: Final = 64
"""Keys of a push's data; a whole push is 4 KiB at most."""
TEMPLATE: Final = re.compile(r"[a-z0-9_]{1,512}", re.ASCII)
"""Names of Meta's templates and of their parameters."""
LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:_[A-Z]{2})?", re.ASCII)

_DATA_KEY: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_CONTROL: Final = re.compile("[\x00-\x08\x0c\x0e-\x1f\x7f-\x9f]")
"""No sign and no line break: what a text never needs, and a terminal or a modem may obey."""
_NOT_IN_ADDRESS: Final = frozenset("<>,;")
_BIDI: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Marks that turn the direction of a text: `factura\u202efdp.exe` is shown as `facturaexe.pdf`."""
_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_DURATION: Final = re.compile(r"(\d{1,6})(s|m|h|d)", re.ASCII)
_DURATION_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_STRANGE_MOST: Final = 10
"""Unknown keys that a refusal names."""
_DIGITS: Final = re.compile(r"\d{1,18}", re.ASCII)
_DECIMAL: Final = re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)


def invalid(kind: str, field: str, **values: Any) -> JobFileError:
    return JobFileError("value_invalid", kind, field=field, **values)


def known(
    raw: Mapping[str, Any], keys: Collection[str], path: str, within: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Refuses keys that are not among `keys`, and says which were probably meant: some of them, or such as belong into
    the object that `within` names."""
    strange = [key.encode("utf-8", "backslashreplace").decode()[:NAME_LIMIT] for key in raw if key not in keys]
    if not strange:
        return
    near = {name: probably(name, keys) for name in strange[:_STRANGE_MOST]}
    meant = {
        name: f"{within[name]}.{name}" if name in within else None if close is None else path + close
        for name, close in near.items()
    }
    first = strange[0]
    if len(strange) == 1:
        kind = "key_unknown" if meant[first] is None else "key_meant"
        raise JobFileError("key_unknown", kind, field=path + first, name=first, meant=meant[first])
    told = [f"{path}{name} ({likely}?)" if likely else path + name for name, likely in meant.items()]
    names = ", ".join(told) + (", …" if len(strange) > _STRANGE_MOST else "")
    raise JobFileError("key_unknown", "keys_unknown", field=path + first, name=first, meant=meant[first], names=names)


def table(raw: Mapping[str, Any], key: str, keys: Collection[str] | None, path: str = "") -> dict[str, Any] | None:
    value = raw.get(key)
    if value is None:
        return None
    if not isinstance(value, dict):
        raise invalid("value_object", path + key)
    if keys is not None:
        known(value, keys, f"{path}{key}.")
    return value


def string(
    raw: Mapping[str, Any], key: str, default: str | None, path: str = "", limit: int = STRING_LIMIT
) -> str | None:
    """Returns a string that is not blank."""
    value = raw.get(key)
    if value is None:
        return default
    return text(value, path + key, limit)


def text(value: Any, field: str, limit: int = STRING_LIMIT) -> str:
    if not isinstance(value, str) or isinstance(value, Number):
        raise invalid("value_string", field)
    if not without_invisible(value).strip():
        raise invalid("value_blank", field)
    if len(value) > limit:
        raise invalid("value_long", field, limit=limit)
    return uncontrolled(value, field)


def uncontrolled(value: str, field: str) -> str:
    """Refuses a control character other than a tab or a line break, and says which."""
    if not value.isprintable() and (found := _CONTROL.search(value)) is not None:
        raise invalid("value_control", field, character=f"U+{ord(found[0]):04X}", place=found.start() + 1)
    return value


def choice(raw: Mapping[str, Any], key: str, options: Sequence[str], default: str | None, path: str = "") -> str:
    """Returns one of `options`; without a default the key must be there."""
    value = raw.get(key)
    if value is None:
        if default is None:
            raise invalid("value_required", path + key, options=", ".join(options))
        return default
    if not isinstance(value, str) or value not in options:
        raise invalid("value_choice", path + key, options=", ".join(options))
    return value


def strings(raw: Mapping[str, Any], key: str, path: str = "") -> tuple[str, ...]:
    """Returns a list of different strings that is not empty; without the key, empty."""
    value = raw.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or not value:
        raise invalid("value_list", path + key)
    items = tuple(text(item, f"{path}{key}[{index}]") for index, item in enumerate(value))
    if len(set(items)) != len(items):
        raise invalid("value_repeated", path + key)
    return items


def addresses(raw: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """E-mail addresses, in which variables may stand; what they make of one is checked for each recipient."""
    given = strings(raw, key)
    for index, each in enumerate(given):
        if "%" not in each and (not is_mail_like(each) or not _NOT_IN_ADDRESS.isdisjoint(each)):
            raise invalid("value_address", f"{key}[{index}]")
    return given


def whole(raw: Mapping[str, Any], key: str, default: int | None, *, low: int, high: int, path: str = "") -> int | None:
    value = raw.get(key)
    if value is None:
        return default
    if isinstance(value, Number) and _DIGITS.fullmatch(value) and low <= int(value) <= high:
        return int(value)
    raise invalid("value_whole", path + key, low=low, high=high)


def seconds(raw: Mapping[str, Any], key: str, default: float, *, low: float, high: float, path: str = "") -> float:
    value = raw.get(key)
    if value is None:
        return default
    if isinstance(value, Number) and _DECIMAL.fullmatch(value) and low <= float(value) <= high:
        return float(value)
    raise invalid("value_seconds", path + key, low=f"{low:g}", high=f"{high:g}")


def instant(raw: Mapping[str, Any], key: str) -> datetime | None:
    """Returns a time written in ISO 8601 with its offset, as an aware time in UTC."""
    value = raw.get(key)
    if value is None:
        return None
    if isinstance(value, str) and not isinstance(value, Number):
        try:
            when = datetime.fromisoformat(value)
        except ValueError:
            when = None
        # Years far off overflow when they change their offset, and are a slip of the keyboard anyway.
        if when is not None and when.utcoffset() is not None and 2000 <= when.year <= 2999:
            return when.astimezone(UTC)
    raise invalid("value_instant", key)


def sha256(raw: Mapping[str, Any], key: str) -> str | None:
    value = raw.get(key)
    if value is None:
        return None
    if isinstance(value, str) and _SHA256.fullmatch(value):
        return value.lower()
    raise invalid("value_sha256", key)


def is_file_name(name: str) -> bool:
    """Returns whether a file of this bare name can lie beside a job file and belong to it."""
    return (
        0 < len(name.encode("utf-8", "surrogateescape")) <= NAME_LIMIT
        and "/" not in name
        and not any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in name)
        and not _BIDI.search(name)
        and not name.startswith(".")
        and not name.lower().endswith((".tmp", ".part", ".json"))
    )


def file_name(raw: Mapping[str, Any], key: str) -> str | None:
    value = raw.get(key)
    return None if value is None else bare(value, key)


def file_names(raw: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(bare(name, f"{key}[{index}]") for index, name in enumerate(strings(raw, key)))


def bare(value: Any, field: str) -> str:
    if not isinstance(value, str) or isinstance(value, Number) or not is_file_name(value):
        raise invalid("value_file", field)
    return value


def variables(raw: Mapping[str, Any], key: str) -> dict[str, str]:
    """Values by the names of their variables, as a column's; a null is left out."""
    values: dict[str, str] = {}
    taken: set[str] = set()
    for written, value in (table(raw, key, None) or {}).items():
        name = variable_name(written)
        if not any(map(str.isalpha, name)):
            raise invalid("value_variable", f"{key}.{written[:NAME_LIMIT]}")
        if name in taken:
            raise invalid("value_repeated", f"{key}.{written[:NAME_LIMIT]}")
        taken.add(name)
        if value is not None:
            values[column_name(written)] = cell(value, f"{key}.{written}")
    return values


def cell(value: Any, field: str) -> str:
    if not isinstance(value, str):
        raise invalid("value_cell", field)
    if len(value) > TEXT_LIMIT:
        raise invalid("value_long", field, limit=TEXT_LIMIT)
    return value


def recipients(value: Any, key: str) -> tuple[dict[str, str], ...]:
    """Inline recipients: objects of texts and numbers. Their keys become column names, as a sheet's header does."""
    if not isinstance(value, list):
        raise invalid("value_list", key)
    if not value:
        raise JobFileError("no_valid_recipient", field=key)
    names: dict[str, str] = {}
    return tuple([_recipient(row, key, index, names) for index, row in enumerate(value)])


def _recipient(row: Any, key: str, index: int, names: dict[str, str]) -> dict[str, str]:
    if not isinstance(row, dict):
        raise invalid("value_object", f"{key}[{index}]")
    cells: dict[str, str] = {}
    for given, value in row.items():
        name = names.get(given)
        if name is None:
            name = names[given] = column_name(given)
            if not name:
                raise invalid("value_variable", f"{key}[{index}]")
        if name in cells:
            raise invalid("value_repeated", f"{key}[{index}].{name}")
        if value is not None:
            # The common case is told without building a path.
            cells[name] = (
                value if isinstance(value, str) and len(value) <= TEXT_LIMIT else cell(value, f"{key}[{index}].{name}")
            )
    return cells


def word(raw: Mapping[str, Any], key: str, pattern: re.Pattern[str], kind: str, path: str) -> str:
    """Returns a string of that form, which must be there; `kind` says what form that is."""
    value = raw.get(key)
    if value is None:
        raise invalid("value_missing", path + key)
    if not isinstance(value, str) or isinstance(value, Number) or not pattern.fullmatch(value):
        raise invalid(kind, path + key)
    return value


def data(raw: Mapping[str, Any], key: str, path: str) -> dict[str, str]:
    """Values by keys for an app to read; a null is left out."""
    values: dict[str, str] = {}
    given = table(raw, key, None, path) or {}
    if len(given) > DATA_LIMIT:
        raise invalid("value_many", path + key, limit=DATA_LIMIT)
    for name, value in given.items():
        place = f"{path}{key}.{name[:NAME_LIMIT]}"
        if not _DATA_KEY.fullmatch(name):
            raise invalid("value_key", place)
        if value is not None:
            values[name] = uncontrolled(cell(value, place), place)
    return values


def parameters(raw: Mapping[str, Any], key: str, path: str) -> tuple[str, ...] | dict[str, str]:
    """Texts in their order, or by name; they may repeat, and none is blank."""
    value, field = raw.get(key), path + key
    if value is None:
        return ()
    if isinstance(value, dict):
        if wrong := next((name for name in value if not TEMPLATE.fullmatch(name)), None):
            raise invalid("value_parameter", f"{field}.{wrong[:NAME_LIMIT]}")
        return {name: _shown(each, f"{field}.{name}") for name, each in value.items()}
    if not isinstance(value, list) or not value:
        raise invalid("value_list", field)
    return tuple(_shown(each, f"{field}[{index}]") for index, each in enumerate(value))


def _shown(value: Any, field: str) -> str:
    """Returns a text, or a number as it was written."""
    shown = cell(value, field)
    if not without_invisible(shown).strip():
        raise invalid("value_blank", field)
    return uncontrolled(shown, field)


def duration(
    raw: Mapping[str, Any], key: str, default_s: int | None, *, high: int | None = None, path: str = ""
) -> int | None:
    """Seconds of a duration like `10m`; with `high`, from 1 to so many."""
    value = raw.get(key)
    if value is None:
        return default_s
    if isinstance(value, str) and (match := _DURATION.fullmatch(value)):
        seconds = int(match[1]) * _DURATION_S[match[2]]
        if high is None or 1 <= seconds <= high:
            return seconds
        raise invalid("value_duration_long", path + key, limit=f"{high // 86_400}d")
    raise invalid("value_duration", path + key)


def template(raw: Mapping[str, Any], words: Collection[str]) -> tuple[str | None, int | None]:
    """Returns the stored template that the job names, and its version: it says all that is sent, and the job says
    none of `words` beside it."""
    name = string(raw, "template", None)
    version = whole(raw, "template_version", None, low=1, high=1_000_000)
    if name is None:
        if version is not None:
            raise invalid("template_none", "template_version")
        return None, None
    if raw.get("text") is not None:
        raise invalid("text_both", "template")
    if beside := sorted(key for key in words if raw.get(key) is not None):
        raise invalid("template_beside", beside[0])
    return name, version
