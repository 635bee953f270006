"""The panel's words: English in code and templates, Spanish from the catalogue `locale/es/LC_MESSAGES/web.mo`.

One process speaks to many people, each in their own language: nothing here is a setting of the process. Values that
fill a sentence are escaped, the sentence itself too, so that no text becomes markup by accident; a link inside a
sentence is passed as a value that is markup already.
"""

from __future__ import annotations

import functools
import gettext as catalogues
from pathlib import Path
from typing import Final

from markupsafe import Markup, escape

LANGUAGES: Final = ("es", "en")
DEFAULT: Final = "es"
FOLDER: Final = Path(__file__).parent / "locale"


def language_or_default(name: str | None) -> str:
    """Returns `name` where it is a language of ours, else the default."""
    return name if name in LANGUAGES else DEFAULT


@functools.cache
def catalogue(language: str) -> catalogues.NullTranslations:
    """Returns the panel's catalogue of a language; one that is not ours means the default."""
    if language == "en":
        return catalogues.NullTranslations()
    return catalogues.translation("web", FOLDER, [language_or_default(language)], fallback=True)


class Words:
    """Speaks one language."""

    def __init__(self, language: str) -> None:
        self.language: Final = language_or_default(language)
        self._catalogue = catalogue(self.language)

    def plain(self, message: str, **values: object) -> str:
        """Returns a sentence with its values as text that is not escaped: for what a template escapes later."""
        sentence = self._catalogue.gettext(message) if message else ""
        return sentence.format(**values) if values else sentence

    def gettext(self, message: str, **values: object) -> Markup:
        """Returns a sentence with its values as markup, both escaped."""
        return _filled(self._catalogue.gettext(message) if message else "", values)

    def ngettext(self, one: str, many: str, number: int, **values: object) -> Markup:
        """Returns the sentence that fits `number`; `{count}` in it is the number, written with its thousands."""
        values.setdefault("count", grouped(number, self.language))
        return _filled(self._catalogue.ngettext(one, many, number), values)


def _filled(sentence: str, values: dict[str, object]) -> Markup:
    safe = Markup(escape(sentence))
    return Markup(safe.format(**values)) if values else safe


MARKS: Final = {"es": (".", ","), "en": (",", ".")}
"""Of each language: what parts thousands, what parts decimals."""


def grouped(number: int, language: str) -> str:
    """Returns a whole number with its thousands parted: `1.523` in Spanish."""
    return f"{number:,}".replace(",", MARKS[language_or_default(language)][0]).replace("-", "\N{MINUS SIGN}")
