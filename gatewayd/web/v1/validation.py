"""What came, held against the schema that is published: one definition says what is documented and what is taken."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Final

import jsonschema_rs

from gatewayd.web.v1.problems import Problem
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

FAULTS_MAX: Final = 50
"""Faults told of one request."""
_SUSPECT: Final = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")

TEXTS: Final[Mapping[str, str]] = {
    "Required": spoken("is missing"),
    "AdditionalProperties": spoken("is not known here"),
    "Type": spoken("has the wrong type"),
    "Enum": spoken("is none of the words that can stand here"),
    "Constant": spoken("is none of the words that can stand here"),
    "Pattern": spoken("has not the form that is asked for"),
    "Format": spoken("has not the form that is asked for"),
    "MinLength": spoken("is too short"),
    "MaxLength": spoken("is too long"),
    "MinItems": spoken("has too few entries"),
    "MaxItems": spoken("has too many entries"),
    "UniqueItems": spoken("has an entry twice"),
    "MinProperties": spoken("has too few keys"),
    "MaxProperties": spoken("has too many keys"),
    "Minimum": spoken("is too small"),
    "Maximum": spoken("is too large"),
    "PropertyNames": spoken("has a key that can be no name"),
    "AnyOf": spoken("has none of the forms that can stand here"),
    "OneOfNotValid": spoken("has none of the forms that can stand here"),
}
_WORDS: Final[Mapping[str, str]] = {
    "AdditionalProperties": "unknown",
    "OneOfNotValid": "form",
    "AnyOf": "form",
    "Constant": "enum",
}


def read_json(body: bytes) -> Any:
    """Returns the JSON value in a body; Problem `invalid-json`."""
    try:
        text = body.decode()
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_constant)
        if _SUSPECT.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError:
        raise Problem("invalid-json", _("a letter that is none in UTF-8")) from None
    except RecursionError:
        raise Problem("invalid-json", _("nested too deep")) from None
    except json.JSONDecodeError as error:
        sentence = _("line {line}, column {column}: {reason}")
        place = sentence.format(line=error.lineno, column=error.colno, reason=error.msg)
        raise Problem("invalid-json", place) from None
    except ValueError as error:
        raise Problem("invalid-json", _("not clean JSON: {reason}").format(reason=str(error)[:100])) from None
    return value


def refuse_nul(body: bytes, value: Any) -> None:
    """Raises Problem `refused` where a text or key has the letter NUL, which no store can hold.

    It comes after the schema, which names the place where it is exact: free objects are left to this.
    """
    left = [value] if b"\\u0000" in body else []
    while left:
        one = left.pop()
        if isinstance(one, str):
            if "\0" in one:
                raise Problem("refused", _("a text has the letter NUL, which cannot be kept"))
        elif isinstance(one, dict):
            left += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            left += one


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise ValueError("a key twice")
    return mapping


def _constant(word: str) -> Any:
    raise ValueError(word)


class Schema:
    """A JSON Schema (2020-12), compiled when something is first held against it: to compile those of all endpoints took
    a quarter of the time in which the web process starts."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema

    @cached_property
    def _validator(self) -> Any:
        return jsonschema_rs.Draft202012Validator(dict(self._schema), validate_formats=True)

    def check(self, value: Any) -> None:
        """Raises Problem `invalid-request` that names each place where the value does not fit."""
        if not self._validator.is_valid(value):
            raise invalid(list(_faults(self._validator.iter_errors(value))))


def invalid(faults: list[dict[str, Any]]) -> Problem:
    """Returns the problem of these faults."""
    first = faults[0]
    place = first.get("pointer", first.get("parameter", ""))
    return Problem("invalid-request", f"{place}: {first['detail']}" if place else first["detail"], faults=faults)


def _faults(found: Iterable[Any]) -> Iterable[dict[str, Any]]:
    for count, error in enumerate(found):
        if count >= FAULTS_MAX:
            return
        kind = type(error.kind).__name__
        path = list(error.instance_path)
        names = {"Required": "property", "AdditionalProperties": "unexpected"}.get(kind)
        named = [] if names is None else getattr(error.kind, names)
        for name in [named] if isinstance(named, str) else named or [None]:
            yield fault(kind, pointer=pointer([*path, name] if name is not None else path))


def fault(kind: str, **place: str) -> dict[str, Any]:
    """Returns one entry of `errors`."""
    word = _WORDS.get(kind) or re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower()
    return {**place, "code": word, "detail": _(TEXTS.get(kind, TEXTS["Pattern"]))}


def pointer(path: Iterable[Any]) -> str:
    """Returns a JSON pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
