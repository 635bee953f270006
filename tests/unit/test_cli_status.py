"""What `gatewayd status` says of each thing that needs a person, in both languages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gatewayd.cli.status import SENTENCES
from gatewayd.words import translation


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    before = translation.language()
    yield
    translation.set_language(before)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("count", [None, 0, 1, 2])
@pytest.mark.parametrize("kind", sorted(SENTENCES))
def test_each_need_has_a_sentence(language: str, kind: str, count: int | None) -> None:
    if count is None and kind in {"uncertain", "opt_out", "promise", "novelty", "ticket"}:
        count = 3
    translation.set_language(language)
    need = {"kind": kind, "subject": "norte inbox", "reason": "port_missing", "count": count, "balance": "0.85"}
    sentence = SENTENCES[kind](need)
    assert "{" not in sentence
    if kind == "credit":
        assert "norte" in sentence
        assert "0.85" in sentence
        assert str(count or "") in sentence
