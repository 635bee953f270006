"""The one rule by which headers, keys of `values` and the variables of a text are the same name."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from spool.lists.cells import without_invisible

_BLANKS: Final = re.compile(r"\s+")
_SPACES: Final = re.compile(r"[\s_]+")
_SIGNS: Final = re.compile(r"[^\w\s]+")


def column_name(header: str) -> str:
    """Returns the name that is shown for a header: lower case, blanks as `_`; accents and signs as they are."""
    return _BLANKS.sub("_", unicodedata.normalize("NFC", without_invisible(header)).strip().lower())


def variable_name(written: str) -> str:
    """Returns the name that something was written for: lower case, no accents, no signs, blanks as one `_`.

    `Saldo ($)`, `saldo_($)` and `SALDO` are one name, `Fecha de pago` is `fecha_de_pago`. Empty where no letter and no
    digit is left.
    """
    if not written.isascii():
        plain = unicodedata.normalize("NFKD", written)
        written = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return _SPACES.sub("_", _SIGNS.sub("", written)).strip("_").lower()
