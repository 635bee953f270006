"""How many segments a text takes, and what a person is shown of that before it is sent.

Segments come from `drivers.gsm.alphabet` alone, so that the price and what goes over the air agree. Pure.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from drivers.gsm.alphabet import MAX_PARTS, Split, fits_gsm7, segments, septets, split, transliterate
from drivers.gsm.transliteration import lost, without_look_alikes

Wanted = Literal["auto", "gsm7", "ucs2"]
"""The encoding that a job asks for."""

TOO_LONG: Final = "too_long"
"""Reason of a text that takes more than 255 segments."""
ONE_SEGMENT: Final = 160
"""Septets of an SMS that is not cut."""
_ROOM: Final = {("gsm7", False): 160, ("gsm7", True): 153, ("ucs2", False): 70, ("ucs2", True): 67}
"""Units of a segment, by encoding and whether there are several."""


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


def parts_with_shift(text: str) -> int:
    """Returns the parts of a text over a line that may use the Spanish shift table. ValueError: more than 255."""
    return segments(text, "auto", shift=True)


def as_sent(text: str, wanted: Wanted) -> tuple[str, int]:
    """Returns a text as it goes by SMS, and how many segments it takes. ValueError: more than 255."""
    if wanted != "ucs2" and 0 < (septets(text) or 0) <= ONE_SEGMENT:
        return text, 1
    # Decomposed accents (a macOS sheet) would turn the text into UCS-2.
    text = unicodedata.normalize("NFC", text)
    if wanted == "gsm7":
        text = transliterate(text)
    elif wanted == "auto" and not fits_gsm7(text):
        text = _without_look_alikes(text)
    # What is plain by now fits: there is no need to make it plain again.
    return text, segments(text, "ucs2" if wanted == "ucs2" else "auto")


def _without_look_alikes(text: str) -> str:
    """The text in plain signs where they bring it into GSM 7-bit, else as it is; three dots for an ellipsis, or one
    where three would take a segment more."""
    plain = without_look_alikes(text)
    if not fits_gsm7(plain):
        return text
    shorter = without_look_alikes(text, ".") if "…" in text else plain
    return shorter if (septets(shorter) or 0) <= ONE_SEGMENT < (septets(plain) or 0) else plain


@dataclass(frozen=True, slots=True)
class Letters:
    """What a text costs as an SMS, and which of its letters make it dear."""

    text: str
    """As it goes out; what places count in."""
    encoding: Literal["gsm7", "ucs2"]
    segments: int
    units: int
    """Septets (GSM 7-bit) or UTF-16 units."""
    left: int
    """Units that still fit into the last segment."""
    dear: tuple[tuple[int, int], ...]
    """From and up to: the letters that keep the text out of GSM 7-bit, where it is not asked for in UCS-2."""
    double: tuple[tuple[int, int], ...]
    """Letters that take two septets, where the text is GSM 7-bit."""
    plain: str | None
    """The transliterated text; None where it would save nothing."""
    plain_segments: int
    lost: tuple[str, ...]
    """What transliteration would make a question mark of."""


def letters(text: str, wanted: Wanted = "auto") -> Letters:
    """Returns what a text costs as an SMS and why. ValueError: more than 255 segments."""
    sent, count = as_sent(text, wanted)
    cut = split(sent, "ucs2" if wanted == "ucs2" else "auto")
    encoding: Literal["gsm7", "ucs2"] = "ucs2" if cut.encoding == "ucs2" else "gsm7"
    last = cut.parts[-1]
    used = (septets(last) or 0) if encoding == "gsm7" else len(last.encode("utf-16-be", "surrogatepass")) // 2
    plain = transliterate(unicodedata.normalize("NFC", text))
    plain_segments = segments(plain) if plain != sent else count
    return Letters(
        text=sent,
        encoding=encoding,
        segments=count,
        units=cut.units,
        left=_ROOM[encoding, count > 1] - used,
        dear=tuple(_runs(sent, _is_dear)) if encoding == "ucs2" and wanted != "ucs2" else (),
        double=tuple(_runs(sent, lambda letter: septets(letter) == 2)) if encoding == "gsm7" else (),
        plain=plain if plain_segments < count else None,
        plain_segments=min(plain_segments, count),
        lost=lost(text),
    )


def _is_dear(letter: str) -> bool:
    return not fits_gsm7(letter) and not fits_gsm7(without_look_alikes(letter))


def _runs(text: str, is_meant: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    """Yields where runs of such letters begin and end."""
    start: int | None = None
    for place, letter in enumerate(text):
        if is_meant(letter):
            start = place if start is None else start
        elif start is not None:
            yield start, place
            start = None
    if start is not None:
        yield start, len(text)


__all__ = ["MAX_PARTS", "ONE_SEGMENT", "TOO_LONG", "Letters", "Wanted", "as_sent", "fits_gsm7", "letters",
           "parts_with_shift", "septets", "split_for", "transliterate"]  # fmt: skip
