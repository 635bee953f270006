"""Text for people: English in the code, Spanish from the catalogue `locale/es/LC_MESSAGES/spool.mo`.

The caller names the language with every sentence, so that one process answers in several. `make messages` brings the
catalogue up to date.
"""

from __future__ import annotations

import functools
import gettext
from pathlib import Path
from typing import Final

DEFAULT_LOCALE: Final = "es"
LOCALES: Final = ("es", "en")
FOLDER: Final = Path(__file__).parent / "locale"


def spoken(text: str) -> str:
    """Marks a text for people, so that `make messages` finds it."""
    return text


def gettext_in(locale: str, text: str) -> str:
    """Returns `text` in the language `locale`; in Spanish for a language that is not one of ours."""
    return _catalogue(locale if locale in LOCALES else DEFAULT_LOCALE).gettext(text)


@functools.cache
def _catalogue(locale: str) -> gettext.NullTranslations:
    if locale == "en":
        return gettext.NullTranslations()
    return gettext.translation("spool", FOLDER, [locale], fallback=True)
