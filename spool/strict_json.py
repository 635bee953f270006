"""JSON as job files may hold it: one reading of every file or none, and the place of the fault.

Stricter than `json.loads`: no key twice, no NaN, no half surrogates, no NUL, no bottomless nesting. Numbers come as
`Number`, the text as it was written, so that a telephone number or an amount loses no digit.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import Any, Final, NoReturn

from spool.errors import JobFileError
from spool.json_fault import fault_at

DEPTH_LIMIT: Final = 32
"""Where a file that nests too deep to be read is said to go wrong; a job file nests six deep."""

_MARKS: Final = (
    # UTF-32's begins with UTF-16's.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|-?Infinity|NaN|[\[\]{}]', re.DOTALL)
_SUSPECT: Final = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


class Number(str):
    """A JSON number, as it was written."""

    __slots__ = ()


class _Duplicate(Exception):  # noqa: N818 - a signal inside this module
    def __init__(self, key: str) -> None:
        self.key = key


class _Constant(Exception):  # noqa: N818 - a signal inside this module
    pass


def load(data: bytes) -> Any:
    """Returns the value in `data`; JobFileError (`json_invalid`, with line and column) when it is not clean JSON."""
    text = _decoded(data)
    try:
        value = _DECODER.decode(text)
        # Only escapes can bring in what no text may hold, so the walk is for files that have such escapes.
        if _SUSPECT.search(text):
            _refuse_unprintable(value, "")
    except json.JSONDecodeError as error:
        kind, values = fault_at(text, error.pos, error.msg)
        raise JobFileError("json_invalid", kind, line=error.lineno, column=error.colno, **values) from None
    except _Duplicate as error:
        raise JobFileError("json_invalid", "json_duplicate", field=_printable(error.key)) from None
    except _Constant:
        _fail_at(text, _constant_position(text), "json_constant")
    except RecursionError:
        _fail_at(text, _depth_position(text), "json_depth")
    return value


def dump(value: Any) -> str:
    """Returns what `load` has read, as JSON again; numbers as they were written."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key, ensure_ascii=False)}: {dump(one)}" for key, one in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(dump, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _decoded(data: bytes) -> str:
    mark, encoding = next((known for known in _MARKS if data.startswith(known[0])), (b"", "utf-8"))
    data = data[len(mark) :]
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding)
        _fail_at(before, len(before), "json_encoding")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        seen = set()
        for key, _ in pairs:
            if key in seen:
                raise _Duplicate(key)
            seen.add(key)
    return mapping


def _constant(_: str) -> NoReturn:
    raise _Constant


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=Number, parse_float=Number, parse_constant=_constant
)


def _fail_at(text: str, position: int | None, kind: str) -> NoReturn:
    position = position or 0
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    raise JobFileError("json_invalid", kind, line=line, column=column)


def _constant_position(text: str) -> int | None:
    return next((m.start() for m in _TOKEN.finditer(text) if m[0] in {"NaN", "Infinity", "-Infinity"}), None)


def _depth_position(text: str) -> int | None:
    depth = 0
    for match in _TOKEN.finditer(text):
        if match[0] in "[{":
            depth += 1
            if depth > DEPTH_LIMIT:
                return match.start()
        elif match[0] in "]}":
            depth -= 1
    return None


def _refuse_unprintable(value: Any, path: str) -> None:
    if isinstance(value, str):
        if "\0" in value or not _encodable(value):
            raise JobFileError("value_invalid", "value_characters", field=path)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _refuse_unprintable(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            inner = f"{path}.{_printable(key)}" if path else _printable(key)
            _refuse_unprintable(key, inner)
            _refuse_unprintable(item, inner)


def _encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _printable(key: str) -> str:
    return key.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
