"""Every reason that a driver or the core can give has words: the sources are searched for what they hand on as one."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from drivers.android import causes as android
from drivers.asterisk import abilities, disposition
from drivers.gsm import causes as gsm
from drivers.gsm import status
from drivers.http import verdict
from drivers.whatsapp import answers
from gatewayd.customers.faults import SENTENCES
from gatewayd.numbers.types import Reason
from gatewayd.words import translation
from gatewayd.words.reasons import MEANINGS, meaning

ROOT = Path(__file__).resolve().parents[2]
WORD = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
NAMES = {"reason", "line_reason"}
GIVES_ONE = re.compile(r"reason|reason_of|line_reason|.*_reason|carries|_?lacks|lacking|missing")
"""Functions that return a reason."""


@cache
def sources() -> dict[Path, ast.Module]:
    files = [*(ROOT / "drivers").rglob("*.py"), *(ROOT / "gatewayd").rglob("*.py")]
    return {
        file: ast.parse(file.read_text())
        for file in files
        if "simulat" not in str(file.relative_to(ROOT)) and "demo" not in file.parts
    }


def parameters(definition: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    names = [each.arg for each in (*definition.args.posonlyargs, *definition.args.args)]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def taken_by(definition: ast.ClassDef) -> list[str]:
    """What making such an object takes, in order: the parameters of its `__init__`, else its fields."""
    for one in definition.body:
        if isinstance(one, ast.FunctionDef) and one.name == "__init__":
            return parameters(one)
    fields = [one.target for one in definition.body if isinstance(one, ast.AnnAssign)]
    return [field.id for field in fields if isinstance(field, ast.Name)]


def takers() -> dict[str, set[int]]:
    """Whatever takes a reason, and the places at which it does."""
    found: dict[str, set[int]] = {}
    for tree in sources().values():
        for node in ast.walk(tree):
            names: list[str] = []
            if isinstance(node, ast.ClassDef):
                made = next(
                    (one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"), None
                )
                fields = [
                    one.target.id
                    for one in node.body
                    if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
                ]
                names = parameters(made) if made is not None else fields
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name != "__init__":
                names = parameters(node)
            else:
                continue
            for place, name in enumerate(names):
                if name in NAMES:
                    found.setdefault(node.name, set()).add(place)
    return found


def words(node: ast.AST | None) -> Iterator[str]:
    """The words that an expression may have as its value."""
    match node:
        case ast.Constant(value=str(value)) if WORD.fullmatch(value):
            yield value
        case ast.IfExp(body=body, orelse=other):
            yield from words(body)
            yield from words(other)
        case ast.BoolOp(values=values):
            for each in values:
                yield from words(each)
        case ast.Call(func=ast.Attribute(attr="get"), args=[_, default]):
            yield from words(default)


@cache
def given() -> dict[str, str]:
    """Every reason that the sources hand over or return, and where."""
    taking = takers()
    found: dict[str, str] = {}
    for file, tree in sources().items():
        for node in ast.walk(tree):
            place_in_file = f"{file.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
            values: list[ast.AST | None] = []
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                values = [node.args[place] for place in taking.get(name, ()) if place < len(node.args)]
                values += [each.value for each in node.keywords if each.arg in NAMES]
            elif isinstance(node, ast.FunctionDef) and GIVES_ONE.fullmatch(node.name):
                values = [each.value for each in ast.walk(node) if isinstance(each, ast.Return)]
            elif isinstance(node, ast.Assign) and any(getattr(each, "id", "") in NAMES for each in node.targets):
                values = [node.value]
            for value in values:
                for word in words(value):
                    found.setdefault(word, place_in_file)
    return found


def tables() -> dict[str, str]:
    """Reasons that stand in tables of codes and words."""
    tables = {
        "gsm causes": [each.reason for table in (gsm._CMS, gsm._CME) for each in table.values()],
        "gsm status": [*status._REASONS.values(), "unspecified", "rejected"],
        "http": [*verdict.LINE_CODES.values(), verdict.MOVED],
        "whatsapp": [
            word
            for table in (answers.PERSON, answers.EITHER, answers.LATER, answers.ACCOUNT, answers.UNKNOWN)
            for word in table.values()
        ],
        "android": [
            *(word for _sign, word in android.SIGNS),
            *(android._reason(name) for name in (*android.LINE, *android.PERSON, *android.NUMBERS.values())),
        ],
        "asterisk": [
            *map(str, disposition.Disposition),
            *disposition.HINTS.values(),
            *(f"{name}_missing" for needed in abilities.NEEDS.values() for name in needed),
        ],
        "numbers": get_args(Reason),
    }
    return {word: place for place, listed in tables.items() for word in listed if word}


def presets() -> dict[str, str]:
    found = {}
    for file in (ROOT / "drivers").rglob("*.toml"):

        def search(value: object, file: Path = file) -> None:
            if isinstance(value, dict):
                for key, inner in value.items():
                    if key == "reason" and isinstance(inner, str) and WORD.fullmatch(inner):
                        found[inner] = file.name
                    search(inner, file)
            elif isinstance(value, list):
                for inner in value:
                    search(inner, file)

        search(tomllib.loads(file.read_text()))
    return found


@pytest.mark.parametrize("language", translation.LANGUAGES)
def test_every_reason_has_words(language: str) -> None:
    spoken = translation.language()
    translation.set_language(language)
    try:
        everything = {**given(), **tables(), **presets()}
        wordless = sorted(word for word in everything if word not in {*MEANINGS, *SENTENCES} and meaning(word) == word)
    finally:
        translation.set_language(spoken)
    assert len(everything) > 200
    assert [(word, everything[word]) for word in wordless] == []
