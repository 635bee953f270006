"""Sentences about a job file that is not JSON, by the kind of the fault."""

from __future__ import annotations

from typing import Final

from spool.translation import spoken

JSON_MESSAGES: Final[dict[str, str]] = {
    "json_invalid": spoken("The file is not valid JSON."),
    "json_empty": spoken("The file is empty."),
    "json_ends": spoken("The file ends too early: a brace, a bracket or a quote is not closed. Was all of it copied?"),
    "json_open": spoken("Here a text begins whose closing quote is missing."),
    "json_break": spoken("There is a line break or a tab within a text. Write it as \\n or \\t."),
    "json_escape": spoken("What follows the backslash does not belong there. A backslash is written \\\\."),
    "json_trailing": spoken("There is a comma before the closing brace or bracket. Leave it out."),
    "json_extra": spoken(
        "Something follows the end of the object. Leave it out, or see whether a brace was closed too early."
    ),
    "json_colon": spoken("After the name of a key comes a colon (:) and its value."),
    "json_comma": spoken('A comma is missing here, or a quote within a text has no backslash before it (\\").'),
    "json_key": spoken("Here the name of a key is expected, in double quotes."),
    "json_value": spoken(
        "Here a value is expected: a text in double quotes, a number, true, false, null, a list or an object."
    ),
    "json_word": spoken("{word} is not JSON: write true, false or null."),
    "json_quotes": spoken('The quotes of JSON are straight and double ("); here is {character}.'),
    "json_comment": spoken("JSON has no comments. Leave it out."),
    "json_encoding": spoken("The file is not UTF-8. Save it with UTF-8 encoding."),
    "json_duplicate": spoken("The key {field} is there twice."),
    "json_constant": spoken("NaN and Infinity are not JSON. Write a number or leave the key out."),
    "json_depth": spoken("The JSON is nested too deeply."),
    "json_not_object": spoken("The file must be one JSON object: {{ … }}."),
}
