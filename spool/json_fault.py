"""What is wrong with text that is no JSON, as the kind of a sentence of ours; the parser's own words are English."""

from __future__ import annotations

from typing import Final

_CURLY: Final = frozenset("“”„‟«»‘’‚‛′″`´'")
"""What word processors and other languages write in place of the straight double quote."""
_CONSTANTS: Final = ("True", "False", "None", "TRUE", "FALSE", "NULL", "Null", "undefined")
_BY_WORDS: Final = (
    ("Unterminated string", "json_open"),
    ("Invalid control character", "json_break"),
    ("Invalid \\", "json_escape"),
    ("Illegal trailing comma", "json_trailing"),
    ("Extra data", "json_extra"),
    ("Expecting ':'", "json_colon"),
    ("Expecting ','", "json_comma"),
    ("Expecting property name", "json_key"),
)
"""The parser's sentences by their beginnings."""


def fault_at(text: str, position: int, words: str) -> tuple[str, dict[str, str]]:
    """Returns the kind of the fault that the parser met at `position`, and the values of its sentence.

    `words` is the parser's own sentence, which tells what it expected there.
    """
    if not text.strip():
        return "json_empty", {}
    kind = next((kind for beginning, kind in _BY_WORDS if words.startswith(beginning)), "json_value")
    if kind in {"json_open", "json_break", "json_escape", "json_trailing"}:
        return kind, {}
    if not text[position:].strip():
        return "json_ends", {}
    found = text[position]
    if found in _CURLY:
        return "json_quotes", {"character": found}
    if found in "/#":
        return "json_comment", {}
    if found in "]}" and kind in {"json_key", "json_value"} and text[:position].rstrip().endswith(","):
        return "json_trailing", {}
    if kind == "json_value":
        for constant in _CONSTANTS:
            if text.startswith(constant, position):
                return "json_word", {"word": constant}
    return kind, {}
