"""The catalogue: whole, fresh, and spoken where it should be."""

from __future__ import annotations

import io
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from gatewayd import translation

ROOT = Path(translation.__file__).parent
KEYWORDS = {**DEFAULT_KEYWORDS, "spoken": None}
"""As in the Makefile: a driver marks its texts for people by `spoken`."""
FOLDER = translation.FOLDER / "es" / "LC_MESSAGES"


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    spoken = translation.language()
    yield
    translation.set_language(spoken)


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    return read_po(io.BytesIO((FOLDER / "gatewayd.po").read_bytes()), locale="es")


def singular(id_: str | tuple[str, ...] | list[str]) -> str:
    return id_ if isinstance(id_, str) else id_[0]


def test_every_sentence_of_the_code_is_in_it(catalogue: Catalog) -> None:
    said = {
        singular(message)
        for room in (ROOT, ROOT.parent / "drivers")
        for _file, _line, message, *_ in extract_from_dir(str(room), [("**.py", "python")], keywords=KEYWORDS)
    }
    known = {singular(message.id) for message in catalogue if message.id and message.string}
    assert said - known == set(), "make messages, then translate"
    assert known - said == set(), "make messages"


def test_a_translation_fills_the_same_places(catalogue: Catalog) -> None:
    def places(text: str) -> set[str | None]:
        return {name for _literal, name, _spec, _conversion in string.Formatter().parse(text)} - {None}

    for message in catalogue:
        strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
        ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
        wanted = set().union(*(places(one) for one in ids))
        for one in strings:
            assert places(one or "") <= wanted, message.id
        assert message.id == "" or all(strings), message.id


def test_what_is_compiled_is_what_is_written(catalogue: Catalog) -> None:
    def strings(found: Catalog) -> dict[str, list[str | None]]:
        return {
            singular(one.id): [one.string] if isinstance(one.string, str) else [*(one.string or ())]
            for one in found
            if one.id
        }

    compiled = read_mo(io.BytesIO((FOLDER / "gatewayd.mo").read_bytes()))
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
