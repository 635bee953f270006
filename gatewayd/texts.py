"""How many segments a text takes, and what a person is shown of that before it is sent.

Segments come from `drivers.gsm.alphabet` alone, so that the price and what goes over the air agree. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from drivers.gsm.alphabet import Split, segments, split, transliterate

Wanted = Literal["auto", "gsm7", "ucs2"]
"""The encoding that a job asks for."""

TOO_LONG: Final = "too_long"
"""Reason of a text that takes more than 255 segments."""


def split_for(text: str, encoding: str, variant: Literal["", "es"] = "", *, wide_reference: bool = False) -> Split:
    """A message's text as a line sends it.

    `encoding` is what the message carries: empty while the line may choose, else `gsm7`, `gsm7-es` or `ucs2`: asked for
    by the job, or pinned by a part that has left. `variant` is `es` on lines that may use the Spanish shift table.
    ValueError: more than 255 parts.
    """
    if encoding == "gsm7":
        return split(text, "gsm7", wide_reference=wide_reference)
    if encoding == "ucs2":
        return split(text, "ucs2", wide_reference=wide_reference)
    # What was cut with the shift table once is cut the same way again, whatever the line.
    shift = encoding == "gsm7-es" or variant == "es"
    return split(text, "auto", shift=shift, wide_reference=wide_reference)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a person sees before sending. `plain` is the transliterated text, None where it would save nothing."""

    encoding: str
    segments: int
    units: int
    """Septets (GSM 7-bit) or UTF-16 units."""
    plain: str | None
    plain_segments: int
    strange: str
    """The characters that keep the text out of GSM 7-bit, each once, in order."""


def preview(text: str, encoding: Wanted = "auto", variant: Literal["", "es"] = "") -> Preview:
    """Segments and encoding of a text, and what transliteration would save. ValueError: more than 255 segments."""
    cut = split_for(text, "" if encoding == "auto" else encoding, variant)
    plain = transliterate(text)
    count = len(cut.parts)
    fewer = segments(plain, "gsm7")
    strange = "" if plain == text else "".join(dict.fromkeys(c for c in text if transliterate(c) != c))
    return Preview(cut.encoding, count, cut.units, plain if fewer < count else None, min(fewer, count), strange)
