"""Jobs that send again: intake reads them, and what each person gets is what it was sent before, sign for sign."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from gatewayd.dispatch.content import parsed, rendered
from gatewayd.intake.loading import open_table
from gatewayd.intake.rendering import Rendering, RenderPlan
from gatewayd.numbers import Numbers, Policy
from gatewayd.operations.resend_job import NotResendableError, SentMessage, jobs_of
from gatewayd.store.commands import NewMessage
from spool.document import JobDocument, parse

POLICY = Policy("AR", "11")
TO = "+5491159876543"


def made(raw: dict[str, Any]) -> tuple[JobDocument, list[Any], str]:
    """Returns a job as intake has it: the document, its rows, and its content as the store keeps it."""
    document = parse(json.dumps(raw).encode(), f"{raw['job']}.json")
    numbers = Numbers(POLICY)
    with open_table(document, Path("/nonexistent"), numbers) as table:
        rows = [
            row for chunk in Rendering(RenderPlan.of(document, POLICY, ()), table, numbers).chunks() for row in chunk
        ]
    content = {
        "encoding": document.encoding,
        "call": document.call,
        "email": None if document.email is None else asdict(document.email),
        "push": None if document.push is None else asdict(document.push),
        "whatsapp": None if document.whatsapp is None else asdict(document.whatsapp),
    }
    return document, rows, json.dumps({name: value for name, value in content.items() if value})


JOBS: list[dict[str, Any]] = [
    {
        "channel": "sms",
        "text": "Hola %nombre%, 50% hoy y %deuda%",
        "recipients": [
            {"to": "1159876543", "ref": "C1", "nombre": "Ana %x%", "deuda": "1.500,50"},
            {"to": "1159876544", "nombre": "{{nombre}}", "deuda": "20%"},
        ],
    },
    {
        "channel": "email",
        "subject": "Factura de %nombre%",
        "text": "Hola %nombre%",
        "html": "<p>Hola <b>%nombre%</b>, 100% suyo &amp; más</p>",
        "cc": ["jefe@norte.example"],
        "recipients": [
            {"to": "ana@norte.example", "nombre": "Ana & <Co>"},
            {"to": "luis@norte.example", "nombre": "Luis"},
        ],
    },
    {
        "channel": "call",
        "call": {
            "script": {
                "message": [{"say": "Hola %nombre%"}, {"amount": "%deuda%"}, {"say": "Gracias"}],
                "menu": {"1": "repeat", "9": "opt_out"},
                "language": "es",
            },
            "retries": {"busy": {"times": 2, "pause": "10m"}},
        },
        "recipients": [{"to": "1159876543", "nombre": "Ana", "deuda": "1500,50"}],
    },
    {
        "channel": "push",
        "text": "Vence %dia%",
        "push": {"title": "Aviso %dia%", "data": {"id": "%dia%", "fijo": "x"}},
        "recipients": [{"to": "abc:def", "dia": "10/12"}],
    },
    {
        "channel": "whatsapp",
        "whatsapp": {"template": "aviso", "language": "es_AR", "parameters": ["%nombre%", "fijo"]},
        "recipients": [{"to": "1159876543", "nombre": "Ana"}],
    },
]


@pytest.mark.parametrize("raw", JOBS, ids=lambda raw: raw["channel"])
def test_everybody_gets_what_they_got(raw: dict[str, Any]) -> None:
    _document, rows, content = made({"job": "original", **raw})
    messages = [
        SentMessage(row.row, "norte", "original", raw["channel"], row.to or "", row.ref, row.text, content, row.options)
        for row in map(NewMessage._make, rows)
    ]
    before = {row.to: (row.text, _content(content, row.options)) for row in map(NewMessage._make, rows)}
    after: dict[str, Any] = {}
    for account, job in jobs_of(messages, "resend-original-1"):
        assert account == "norte"
        _again, made_rows, made_content = made(job)
        for row in map(NewMessage._make, made_rows):
            assert row.reason is None, row
            assert row.ref == next(message.ref for message in messages if message.to == row.to)
            after[row.to or ""] = (row.text, _content(made_content, row.options))
    assert after == before


def _content(content: str, options: str | None) -> Any:
    return rendered(parsed(content).content, options, {})


def test_one_job_holds_all_that_differ_in_words_alone() -> None:
    _document, rows, content = made({"job": "original", **JOBS[0]})
    messages = [
        SentMessage(row.row, "norte", "original", "sms", row.to or "", row.ref, row.text, content, row.options)
        for row in map(NewMessage._make, rows)
    ]
    ((_account, job),) = jobs_of(messages, "again")
    assert job["job"] == "again"
    assert len(job["recipients"]) == 2


def test_attachments_are_not_made_up() -> None:
    content = json.dumps({"email": {"subject": "x", "attachments": ["a.pdf"]}})
    message = SentMessage(1, "norte", "j", "email", "a@b.example", None, "x", content, None)
    with pytest.raises(NotResendableError, match="attachments"):
        jobs_of([message], "again")
