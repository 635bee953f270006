"""The TOML of a configuration file, and what is left of it where some of its lines are none."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from gatewayd.config import catalogue
from gatewayd.config.faults import ConfigFault, InvalidConfigError
from gatewayd.words.translation import language_of

_BAD_LINES_MOST: Final = 50
_AT_LINE: Final = re.compile(r"at line ([0-9]{1,6})\b")


def without_bad_lines(file: Path) -> dict[str, Any]:
    """The TOML of a file without the lines that are none; InvalidConfigError where too little is left."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return document(file)  # raises
    for _ in range(_BAD_LINES_MOST):
        try:
            return tomllib.loads("\n".join(lines))
        except tomllib.TOMLDecodeError as error:
            place = _AT_LINE.search(str(error))
            number = int(place[1]) if place else len(lines)
            if not 0 < number <= len(lines) or not lines[number - 1]:
                break
            lines[number - 1] = ""
    return document(file)  # raises


def document(file: Path) -> dict[str, Any]:
    """The TOML of a file; InvalidConfigError."""
    locale = language_of(file)
    try:
        with file.open("rb") as stream:
            return tomllib.load(stream)
    except FileNotFoundError:
        raise InvalidConfigError([fault(file, "", "file_missing", {}, locale)]) from None
    except OSError as error:
        why = {"why": error.strerror or error}
        raise InvalidConfigError([fault(file, "", "file_unreadable", why, locale)]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidConfigError([fault(file, "", "toml_invalid", {"why": error}, locale)]) from error


def fault(file: Path, key: str, kind: str, values: Mapping[str, Any], locale: str) -> ConfigFault:
    return ConfigFault(file, key, *catalogue.texts(kind, locale, values))
