"""Sentences about a job file that is not JSON, by the kind of the fault."""

from __future__ import annotations

from typing import Final

from spool.translation import spoken

JSON_MESSAGES: Final[dict[str, str]] = {
    "json_invalid": spoken("The file is not valid JSON."),
    "json_empty": spoken("The file is empty."),
    "json_ends": spoken("The file ends too early: a brace, bracket or quote is not closed. Was the whole file copied?"),
    "json_open": spoken("The text that begins here has no closing quote."),
    "json_break": spoken("There is a line break or a tab within a text. Write it as \\n or \\t."),
    "json_escape": spoken("What follows the backslash does not belong there. A backslash is written \\\\."),
    "json_trailing": spoken("There is a comma before the closing brace or bracket. Remove it."),
    "json_extra": spoken(
        "Something follows the end of the object. Remove it, or check whether a brace was closed too early."
    ),
    "json_colon": spoken("The name of a key must be followed by a colon (:) and its value."),
    "json_comma": spoken('A comma is missing here, or a quote within a text has no backslash before it (\\").'),
    "json_key": spoken("The name of a key is expected here, in double quotes."),
    "json_value": spoken(
        "A value is expected here: a text in double quotes, a number, true, false, null, a list or an object."
    ),
    "json_word": spoken("{word} is not JSON: write true, false or null."),
    "json_quotes": spoken('JSON uses straight double quotes ("); here there is {character}.'),
    "json_comment": spoken("JSON has no comments. Remove it."),
    "json_encoding": spoken("The file is not in UTF-8. Save it with UTF-8 encoding."),
    "json_duplicate": spoken("The key {field} appears twice."),
    "json_constant": spoken("NaN and Infinity are not JSON. Write a number or remove the key."),
    "json_depth": spoken("The JSON is nested too deeply."),
    "json_not_object": spoken("The file must be one JSON object: {{ … }}."),
}
