"""Text for people: English in the code, Spanish from the catalogue `locale/es/LC_MESSAGES/gatewayd.mo`.

The `.mo` file is kept beside its `.po` source so that an installation needs no build step; `make messages` (Babel)
makes it anew, and a test fails when it is stale. The language is one for the whole process: the configuration's
`locale`, else the environment's, else Spanish. Where a file names its own language, `gettext_in` speaks it.
"""

from __future__ import annotations

import functools
import gettext as catalogues
import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("es", "en")
DEFAULT: Final = "es"
FOLDER: Final = Path(__file__).parents[1] / "locale"

_current: catalogues.NullTranslations = catalogues.NullTranslations()
_language = "en"
_asked: ContextVar[str | None] = ContextVar("language", default=None)
"""The language of the person whose request this task serves."""


def set_language(language: str) -> None:
    """Speaks `language` from now on; one that is not ours means the default."""
    global _current, _language  # noqa: PLW0603 - one process speaks one language
    _language = language if language in LANGUAGES else DEFAULT
    _current = _catalogue(_language)


@functools.cache
def _catalogue(language: str) -> catalogues.NullTranslations:
    if language == "en":
        return catalogues.NullTranslations()
    return catalogues.translation("gatewayd", FOLDER, [language], fallback=True)


@contextmanager
def speaking(language: str | None) -> Iterator[None]:
    """Speaks `language` in this task, to one person; the process's where it is None or not ours."""
    token = _asked.set(language if language in LANGUAGES else None)
    try:
        yield
    finally:
        _asked.reset(token)


def language() -> str:
    """Returns the language spoken: the person's whose request this is, else the process's."""
    return _asked.get() or _language


def _spoken() -> catalogues.NullTranslations:
    asked = _asked.get()
    return _current if asked is None else _catalogue(asked)


def gettext(message: str) -> str:
    """Returns `message` in the language spoken."""
    return _spoken().gettext(message) if message else ""


def gettext_in(language: str, message: str) -> str:
    """Returns `message` in `language`, whatever the process speaks; one that is not ours means the default."""
    return _catalogue(language if language in LANGUAGES else DEFAULT).gettext(message) if message else ""


def ngettext(one: str, many: str, number: int) -> str:
    return _spoken().ngettext(one, many, number)


def language_of(config_file: Path) -> str:
    """The language for a command: the configuration's `locale` where there is a readable file, else the environment's
    where it is one of ours, else Spanish. Never raises: what is wrong with the file is told elsewhere."""
    try:
        with config_file.open("rb") as file:
            locale = tomllib.load(file).get("locale", DEFAULT)
    except (OSError, ValueError):
        return _language_of_environment()
    return locale if locale in LANGUAGES else DEFAULT


def _language_of_environment() -> str:
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value:
            language = value.partition("_")[0].partition(".")[0]
            return language if language in LANGUAGES else DEFAULT
    return DEFAULT


def speak_for_libraries() -> None:
    """Gives libraries that speak through gettext's global domain (click) our catalogue; for a command's own process."""
    catalogues.bindtextdomain("gatewayd", str(FOLDER))
    catalogues.textdomain("gatewayd")
    os.environ["LANGUAGE"] = _language
