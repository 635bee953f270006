"""The catalogues: whole, fresh, and spoken where they should be."""

from __future__ import annotations

import ast
import io
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from gatewayd.config import catalogue as catalogue_of_config
from gatewayd.words import translation
from spool import messages
from spool import translation as spool_translation

ROOT = Path(translation.__file__).parents[1]
DRIVERS = ROOT.parent / "drivers"
KEYWORDS = {**DEFAULT_KEYWORDS, "spoken": None, "phrase": None}
"""As in the Makefile: a driver marks texts for people by `spoken`; `phrase` says what a template escapes later."""


@dataclass(frozen=True, slots=True)
class Domain:
    """A catalogue and the rooms that speak through it."""

    name: str
    folder: Path
    rooms: tuple[Path, ...]
    without: Path | None = None
    """A room below that speaks through a catalogue of its own."""

    def file(self, suffix: str) -> Path:
        return self.folder / "es" / "LC_MESSAGES" / f"{self.name}{suffix}"


WEB = ROOT / "web"
DOMAINS = (
    Domain("gatewayd", translation.FOLDER, (ROOT, DRIVERS), WEB),
    Domain("spool", spool_translation.FOLDER, (spool_translation.FOLDER.parent,)),
    Domain("web", WEB / "locale", (WEB,)),
)
CORES_WORDS = re.compile(r"^from (?:gatewayd\.words\.translation|drivers\.base) import (.*)$", re.MULTILINE)
METHODS = [("**.py", "python"), ("**.html", "jinja2")]


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    spoken = translation.language()
    yield
    translation.set_language(spoken)


@pytest.fixture(scope="module", params=DOMAINS, ids=lambda domain: domain.name)
def domain(request: pytest.FixtureRequest) -> Domain:
    assert isinstance(request.param, Domain)
    return request.param


@pytest.fixture(scope="module")
def catalogue(domain: Domain) -> Catalog:
    return read_po(io.BytesIO(domain.file(".po").read_bytes()), locale="es")


WORDS = {
    "Finding": (1, 2),
    "_tell": (1, 2),
    "MisconfiguredError": (1,),
    "GrammarError": (0,),
    "TemplateError": (0,),
    "unusable": (0,),
}
"""By what a driver tells a person of a fault, and which of the arguments are words."""


def called(call: ast.Call) -> str:
    return str(getattr(call.func, "id", None) or getattr(call.func, "attr", ""))


def assigned(tree: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                pairs = [(target, node.value)]
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = list(zip(target.elts, node.value.elts, strict=True))
                yield from ((left.id, right) for left, right in pairs if isinstance(left, ast.Name))


def unmarked(source: str) -> list[str]:
    """The words of faults that `spoken` does not mark, as they are written; a name stands for all it is given here."""
    tree = ast.parse(source)
    given = list(assigned(tree))

    def plain(node: ast.expr, seen: frozenset[str] = frozenset()) -> bool:
        match node:
            case ast.Constant(value=str(text)):
                return text != ""
            case ast.BinOp():
                return plain(node.left, seen) or plain(node.right, seen)
            case ast.JoinedStr():
                return True
            case ast.Call():
                return called(node) in ("format", "format_map", "join")
            case ast.IfExp():
                return plain(node.body, seen) or plain(node.orelse, seen)
            case ast.BoolOp():
                return any(plain(each, seen) for each in node.values)
            case ast.Name(id=name):
                return name not in seen and any(plain(value, seen | {name}) for left, value in given if left == name)
        return False

    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (places := WORDS.get(called(node))):
            words = [one for place, one in enumerate(node.args) if place in places]
            words += [one.value for one in node.keywords if one.arg in ("message", "remedy")]
            found += [ast.unparse(one) for one in words if plain(one)]
    return found


def singular(id_: str | tuple[str, ...] | list[str]) -> str:
    return id_ if isinstance(id_, str) else id_[0]


def test_every_sentence_of_the_code_is_in_it(domain: Domain, catalogue: Catalog) -> None:
    said = {
        singular(message)
        for room in domain.rooms
        for _file, _line, message, *_ in extract_from_dir(
            str(room), METHODS, keywords=KEYWORDS, directory_filter=lambda folder: Path(folder) != domain.without
        )
    }
    known = {singular(message.id) for message in catalogue if message.id and message.string}
    assert said - known == set(), "make messages, then translate"
    assert known - said == set(), "make messages"


def test_the_web_speaks_through_its_own_catalogue() -> None:
    astray = [
        str(file.relative_to(WEB))
        for file in WEB.rglob("*.py")
        for names in CORES_WORDS.findall(file.read_text("utf-8"))
        if {"gettext", "ngettext", "spoken"} & set(re.findall(r"\w+", names))
    ]
    assert astray == [], "import gettext, ngettext and spoken from gatewayd.web.words"


def test_no_driver_tells_of_a_fault_in_plain_words() -> None:
    plain = {
        f"{file.relative_to(DRIVERS)}: {words}"
        for file in DRIVERS.rglob("*.py")
        for words in unmarked(file.read_text(encoding="utf-8"))
    }
    assert plain == set(), "mark them by spoken, make messages, then translate"


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ('Finding("port", spoken("no modem"), spoken("plug it in"))', []),
        ('Finding("port", "no modem", spoken("plug it in"))', ["'no modem'"]),
        ('base.Finding("port", spoken("no modem"), "plug it in")', ["'plug it in'"]),
        ('Finding("port", f"no {port}", remedy="plug it in")', ["f'no {port}'", "'plug it in'"]),
        (
            'Finding("port", spoken("no {port}").format(port=port), "a" + b)',
            ["spoken('no {port}').format(port=port)", "'a' + b"],
        ),
        ('what = "no modem"\ndef f(): return Finding("port", what, spoken("plug it in"))', ["what"]),
        ('what, remedy = spoken("no modem"), "plug it in"\nFinding("port", what, remedy)', ["remedy"]),
        (
            'what: Final = spoken("no modem")\nFinding("port", what, error or what if yes else "plug it in")',
            ["error or what if yes else 'plug it in'"],
        ),
        ('raise MisconfiguredError("port", "no modem")', ["'no modem'"]),
        ('raise MisconfiguredError("port", str(finding), finding)', []),
        ('what = what\nself._tell("host", what, "start it", address=address)', ["'start it'"]),
    ],
)
def test_plain_words_are_seen(source: str, plain: list[str]) -> None:
    assert unmarked(source) == plain


def test_a_translation_fills_the_same_places(catalogue: Catalog) -> None:
    def places(text: str) -> set[str | None]:
        return {name for _literal, name, _spec, _conversion in string.Formatter().parse(text)} - {None}

    for message in catalogue:
        strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
        ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
        assert message.id == "" or all(strings), message.id
        # One and many may differ ("one row", "{count} rows"), but so they do in both languages.
        assert [places(one or "") for one in (strings[0], strings[-1])] == [places(ids[0]), places(ids[-1])], message.id


def test_what_is_compiled_is_what_is_written(domain: Domain, catalogue: Catalog) -> None:
    def strings(found: Catalog) -> dict[str, list[str | None]]:
        return {
            singular(one.id): [one.string] if isinstance(one.string, str) else [*(one.string or ())]
            for one in found
            if one.id
        }

    compiled = read_mo(io.BytesIO(domain.file(".mo").read_bytes()))
    assert strings(compiled) == strings(catalogue)


@pytest.mark.parametrize(
    ("config", "environment", "language"),
    [
        ('locale = "en"', "es_AR.UTF-8", "en"),
        ('locale = "es"', "en_US.UTF-8", "es"),
        ("", "en_US.UTF-8", "es"),
        ('locale = "fr"', "en_US.UTF-8", "es"),
        ("not = [toml", "en_US.UTF-8", "en"),
        (None, "en_US.UTF-8", "en"),
        (None, "en", "en"),
        (None, "es_AR.UTF-8", "es"),
        (None, "C.UTF-8", "es"),
        (None, "de_DE", "es"),
        (None, "", "es"),
    ],
)
def test_the_language_is_the_configurations_then_the_environments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: str | None, environment: str, language: str
) -> None:
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.setenv("LANG", environment)
    file = tmp_path / "gatewayd.toml"
    if config is not None:
        file.write_text(config)
    assert translation.language_of(file) == language


def test_both_languages_are_spoken() -> None:
    translation.set_language("es")
    assert translation.gettext("Account") == "Cuenta"
    assert translation.gettext("") == ""
    translation.set_language("en")
    assert translation.gettext("Account") == "Account"
    translation.set_language("tlh")
    assert translation.gettext("Account") == "Cuenta"


def test_a_language_is_spoken_beside_that_of_the_process() -> None:
    translation.set_language("es")
    assert translation.gettext_in("en", "Account") == "Account"
    translation.set_language("en")
    assert [translation.gettext_in(language, "Account") for language in ("es", "tlh")] == ["Cuenta", "Cuenta"]
    assert translation.gettext_in("es", "") == ""


@pytest.mark.parametrize("kind", [*catalogue_of_config._SENTENCES, *catalogue_of_config._SAME_AS])
def test_every_fault_of_a_configuration_is_said_in_both_languages(kind: str) -> None:
    english = [catalogue_of_config.texts(kind, "en", Filled())[place] for place in (0, 1)]
    spanish = [catalogue_of_config.texts(kind, "es", Filled())[place] for place in (0, 1)]
    assert all(english), kind
    for one, other in zip(english, spanish, strict=True):
        assert one != other or one == "<reason>"


@pytest.mark.parametrize("kind", messages._SENTENCES)
def test_every_fault_of_a_file_is_said_in_both_languages(kind: str) -> None:
    english = messages._SENTENCES[kind]
    spanish = spool_translation.gettext_in("es", english)
    assert english.format_map(Filled()) != spanish.format_map(Filled()) or english.startswith(TYPED)
    assert messages.text(kind, "fr", {}) == messages.text(kind, "es", {}) == spanish.format_map(Blank())
    assert messages.text(kind, "en", {}) == english.format_map(Blank())


TYPED = ("chmod ", "gatewayd ")
"""How sentences begin that are commands, the same in every language."""


class Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


class Filled(dict[str, str]):
    """Fills a template's places with their names, and fails for one that is no name, such as an unescaped brace."""

    def __missing__(self, key: str) -> str:
        assert key.isidentifier(), f"{key!r}: a brace that should be double"
        return f"<{key}>"
