"""The panel's and the API's words: English in code and templates, Spanish from `locale/es/LC_MESSAGES/web.mo`.

They speak the language of the task at hand (`words.translation.speaking`), since one process answers many people.
What the catalogue of the web does not have is asked of the core's, so that states and reasons have one translation.
"""

from __future__ import annotations

import functools
import gettext as catalogues
from pathlib import Path
from typing import Final

from markupsafe import Markup, escape

from gatewayd.words import translation

FOLDER: Final = Path(__file__).parent / "locale"
MARKS: Final = {"es": (".", ","), "en": (",", ".")}
"""Of each language: what parts thousands, what parts decimals."""


@functools.cache
def catalogue(language: str) -> catalogues.NullTranslations:
    """Returns the catalogue of a language; one that is not ours means the default."""
    if language == "en":
        return catalogues.NullTranslations()
    found = catalogues.translation("web", FOLDER, [translation.DEFAULT], fallback=True)
    found.add_fallback(catalogues.translation("gatewayd", translation.FOLDER, [translation.DEFAULT], fallback=True))
    return found


def gettext(message: str) -> str:
    """Returns `message` in the language spoken."""
    return catalogue(translation.language()).gettext(message) if message else ""


def ngettext(one: str, many: str, number: int) -> str:
    """Returns the sentence that fits `number`, in the language spoken."""
    return catalogue(translation.language()).ngettext(one, many, number)


def spoken(message: str) -> str:
    """Marks a text for the catalogue where no language is known yet; it is translated where it is shown."""
    return message


class Words:
    """Speaks one language to templates.

    Values that fill a sentence are escaped, and so is the sentence: no text becomes markup by accident. A link inside a
    sentence is passed as a value that is markup already.
    """

    def __init__(self, language: str) -> None:
        self.language: Final = language if language in translation.LANGUAGES else translation.DEFAULT
        self._catalogue = catalogue(self.language)

    def phrase(self, message: str, **values: object) -> str:
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


def grouped(number: int, language: str) -> str:
    """Returns a whole number with its thousands parted: `1.523` in Spanish."""
    return f"{number:,}".replace(",", MARKS[language][0]).replace("-", "\N{MINUS SIGN}")
