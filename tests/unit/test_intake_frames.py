"""What a worker says crosses whole; what no worker would say is not believed."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from gatewayd.intake import answers, frames
from gatewayd.intake.loading import Source
from gatewayd.intake.rendering import Row, Totals
from gatewayd.numbers import Policy
from spool.document import parse
from spool.errors import JobFileError
from spool.list_messages import LIST_MESSAGES
from spool.lists.judge import ROW_LIMIT

ROW: Row = (
    1,
    "C-1",
    "+5491150000001",
    "ñandú\x00 \U0001f600",
    "ucs2",
    2,
    "+549",
    None,
    '{"raw":"11"}',
    '{"texts":{"subject":"x"}}',
    41,
)

DOCUMENTS: list[dict[str, Any]] = [
    {"channel": "sms", "text": "hola %nombre%", "values": {"nombre": "Ana"}, "recipients_file": "c.csv",
     "not_before": "2026-11-30T10:00:00-03:00", "lines": ["m0"], "priority": "urgent"},
    {"channel": "call", "text": "x", "recipients_file": "c.xlsx", "columns": {"to": ["Cel", "Tel"], "ref": "Nro"},
     "sheet": "Lista", "header_row": 3, "hidden_rows": "skip", "recipients_encoding": "cp850"},
    {"channel": "email", "subject": "s", "html": "<b>x</b>", "text": "x", "cc": ["a@b.ar"], "attachments": ["f.pdf"],
     "recipients": [{"to": "a@b.ar"}]},
    {"channel": "whatsapp", "whatsapp": {"template": "t", "language": "es_AR", "parameters": {"a": "b"}},
     "recipients": [{"to": "1150000001"}]},
    {"channel": "push", "text": "x", "push": {"title": "t", "data": {"k": "v"}, "ttl": "1h"},
     "recipients": [{"to": "x"}]},
]  # fmt: skip


def columns(
    first: object, row: tuple[object, ...] = (None, None, None, "", 0, "", None, None, None, None), *, count: int = 1
) -> list[Any]:
    """Returns a frame of equal rows as a worker gone astray might write it."""
    return [first, count, *([value] * count for value in row)]


def crossed(message: Any) -> Any:
    data = frames.packed(message)
    assert frames.length(data) == len(data) - frames.HEADER
    return answers.answer(data[4:5], data[5:])


@pytest.mark.parametrize("raw", DOCUMENTS, ids=lambda raw: str(raw["channel"]))
def test_a_document_crosses_whole(raw: dict[str, Any]) -> None:
    try:
        document = parse(json.dumps(raw).encode(), "j.json")
    except JobFileError as error:
        pytest.fail(f"{error.field}: {error}")
    came = crossed(document)
    for name in document.__slots__:
        if name not in {"file", "recipients"}:
            assert getattr(came, name) == getattr(document, name), name
    assert came.recipients == (None if document.recipients is None else ())


@pytest.mark.parametrize(
    "message",
    [
        [ROW],
        [ROW, (2, *[None] * 3, "", 0, "", "repeated", None, None, None)],
        frames.Begun(None),
        frames.Begun("0" * 64),
        Totals(3, 4, Counter(a=1), Counter({"€": 2})),
    ],
)
def test_answers_cross_whole(message: Any) -> None:
    assert crossed(message) == message


def test_an_error_crosses_whole() -> None:
    error = JobFileError(
        "variable_unknown", "variable_hint", file="a\udcff.json", line=3, column=4, field="x", names="%x%", hints="%y%"
    )
    came = crossed(error)
    assert vars(came) == vars(error)
    assert came.text("en") == error.text("en")


@pytest.mark.parametrize("kind", LIST_MESSAGES)
def test_every_refusal_of_a_list_crosses(kind: str) -> None:
    error = JobFileError("recipients_ambiguous", kind, file="a.xlsx", line=3, field="sheet", sheets="A, B", first="A")
    assert crossed(error).text("es") == error.text("es")


def test_requests_cross_whole() -> None:
    for message in (
        frames.ReadDocument("/x", "j\udcff.json"),
        frames.Load(Source("/x", "j.json", Policy("AR", "11"), ("+549",), {"c.csv": "0" * 64})),
    ):
        data = frames.packed(message)
        assert frames.request(data[4:5], data[5:]) == message


def test_half_a_pair_in_a_text_is_a_question_mark() -> None:
    [row] = crossed([(1, None, "+549", "a\ud800b", "", 1, "", None, None, None, None)])
    assert row[3] == "a?b"


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (frames.ROWS, columns(0)),
        (frames.ROWS, columns("1")),
        (frames.ROWS, columns(ROW_LIMIT + 1)),
        (frames.ROWS, columns(ROW_LIMIT, (None, None, None, "", 0, "", None, None, None, None), count=2)),
        (frames.ROWS, columns(1, (None, {"x": 1}, None, "", 0, "", None, None, None, None))),
        (frames.ROWS, columns(1, (None, None, None, "", 2**70, "", None, None, None, None))),
        (frames.ROWS, columns(1, (None, None, None, "", -1, "", None, None, None, None))),
        (frames.ROWS, columns(1, (None, None, None, None, 0, "", None, None, None, None))),
        (frames.ROWS, columns(1, (None, None, None, "", True, "", None, None, None, None))),
        (frames.ROWS, columns(1, (None, None, "\ud800", "", 0, "", None, None, None, None))),
        (frames.ROWS, columns(1, (None, None, None, "", 0, "", None, None, None, -1))),
        (frames.ROWS, columns(1, (None, None, None, "", 0, "", None, None, None, 2**63))),
        (frames.ROWS, columns(1, (None, None, None, "", 0, "", None, None, None, True))),
        (frames.ROWS, columns(1, (None, None, None, "", 0, "", None, None, None, "7"))),
        (frames.ROWS, columns(1, count=1001)),
        (frames.ROWS, columns(1, (None, None, None, "", 0, "", None, None, {"texts": {}}, None))),
        (frames.ROWS, columns(1)[:-1]),
        (frames.ROWS, [*columns(1), [None]]),
        (frames.ROWS, [*columns(1)[:-1], []]),
        (frames.ROWS, [*columns(1)[:-1], [None, None]]),
        (frames.ROWS, [*columns(1)[:-2], 1, None]),
        (frames.ROWS, [1]),
        (frames.ROWS, [1, 0, *columns(1)[2:]]),
        (frames.ROWS, [1, 1001, *columns(1)[2:]]),
        (frames.ROWS, [1, 1001, None, None, None, "", 0, "", None, None, None, None]),
        (frames.ROWS, [1, 10**9, None, None, None, "", 0, "", None, None, None, None]),
        (frames.ROWS, {"a": 1}),
        (frames.DOCUMENT, {"job": "../x", "channel": "sms"}),
        (frames.DOCUMENT, {"job": "x", "channel": "sms", "recipients_file": "../../etc/passwd"}),
        (frames.DOCUMENT, {"job": "x", "channel": "smoke"}),
        (frames.DOCUMENT, []),
        (frames.BEGUN, "x"),
        (frames.TOTALS, [1, 2, {"a": "b"}, {}]),
        (frames.REFUSED, ["no_such_code", "x", None, None, None, None, {}]),
        (frames.REFUSED, ["too_large", "no_such_kind", None, None, None, None, {}]),
        (b"?", 1),
    ],
)
def test_nonsense_is_not_believed(kind: bytes, content: Any) -> None:
    with pytest.raises(answers.AnswerError):
        answers.answer(kind, json.dumps(content).encode())


def test_no_body_is_code() -> None:
    for kind in (frames.ROWS, frames.DOCUMENT, frames.REFUSED, frames.TOTALS):
        for body in (b"\x80\x05.", b"[" * 100_000, b"", b"\xff"):
            with pytest.raises(answers.AnswerError):
                answers.answer(kind, body)


def test_a_frame_has_its_bound() -> None:
    with pytest.raises(frames.FrameTooLargeError):
        frames.packed([(1, None, None, "x" * frames.FRAME_MAX, "", 1, "", None, None, None, None)])
