"""Lists as programs and people write them, each with what may become of it: read rightly, or refused with a reason.

`tests/data/lists/lists.json` says for each file what its job is and which ends are right: `sent` (who gets which text),
`refused` (by one of these codes, where some are named; `says` are words of the message), `people` or `segments` that go
out, or just that it is `read`. `not_to` and `not_in_a_text` must never happen.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from gatewayd.intake.loading import Loading, Source
from gatewayd.numbers import Numbers, Policy
from spool.document import parse
from spool.errors import JobFileError

DATA: Final = Path(__file__).parent.parent / "data" / "lists"
LISTS: Final[list[dict[str, Any]]] = json.loads((DATA / "lists.json").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class End:
    """What became of a list: who gets what, or the code and the words of its refusal."""

    sent: Sequence[tuple[str, str]]
    segments: int = 0
    code: str | None = None
    message: str = ""


def end_of(folder: Path, job: dict[str, Any], policy: Policy) -> End:
    """Reads a job as intake does; one with nobody to send to is refused, as there."""
    try:
        document = parse(json.dumps(job).encode(), "job.json")
        with Loading(document, Source(str(folder), "job.json", policy), Numbers(policy)) as loading:
            rows = [row for chunk in loading.chunks() for row in chunk]
    except JobFileError as error:
        return End((), code=error.code, message=error.text("es"))
    valid = [(row[2] or "", row[3] or "") for row in rows if row[7] is None]
    if not valid:
        return End((), code="no_valid_recipient", message=", ".join(sorted({row[7] or "" for row in rows})))
    return End(valid, loading.totals.segments)


def is_right(end: End, right: dict[str, Any]) -> bool:
    if "refused" in right:
        codes: list[str] = right["refused"]
        says: list[str] = right.get("says", [])
        return end.code is not None and (not codes or end.code in codes) and all(word in end.message for word in says)
    if "sent" in right:
        return sorted(end.sent) == sorted((to, text) for to, text in right["sent"]) and (
            end.code in {None, "no_valid_recipient"}
        )
    if "people" in right:
        return bool(len(end.sent) == right["people"])
    if "segments" in right:
        return bool(end.code is None and end.segments == right["segments"])
    return end.code is None


@pytest.mark.parametrize("each", LISTS, ids=[each["list"] for each in LISTS])
def test_a_list_is_read_rightly_or_refused(each: dict[str, Any]) -> None:
    end = end_of(DATA, each["job"], Policy(each["region"], each["home_area"]))
    assert any(is_right(end, right) for right in each["right"]), end
    assert not {to for to, _ in end.sent} & set(each.get("not_to", ()))
    for word in each.get("not_in_a_text", ()):
        assert not any(word in text for _, text in end.sent)


def test_no_list_is_forgotten() -> None:
    assert {each["list"] for each in LISTS} == {path.name for path in DATA.iterdir()} - {"lists.json"}
    assert len(LISTS) == 134
