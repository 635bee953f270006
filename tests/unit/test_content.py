"""What a job says beyond a text: from its file, by the store, to the message that a line gets."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from drivers.base import CallContent, Content, EmailContent, PushContent, WhatsappContent
from gatewayd.dispatch.content import PLAIN, JobContent, parsed, rendered
from gatewayd.intake.record import beginning
from gatewayd.intake.rendering import Rendering, RenderPlan
from gatewayd.numbers import Numbers, Policy
from gatewayd.outcomes import Retry
from spool.document import parse
from spool.recipients import inline

POLICY = Policy("AR", "11")
CONFIG: Any = SimpleNamespace(node="pop", tariff=SimpleNamespace(price=lambda _: 1, currency="ARS"))
TAKEN: Any = SimpleNamespace(account="norte", name="j.json", hashes={"a b.pdf": "0" * 64, "c.csv": "1" * 64})
FILES = {"a b.pdf": "/spool/accepted/norte/j/a b.pdf"}


def sent(channel: str, to: str, **keys: Any) -> tuple[JobContent, Content | None]:
    """Returns a job's content as its queue has it, and as the message to Ana, who owes 7,50, does."""
    raw = {"channel": channel, "recipients": [{"to": to, "nombre": "Ana", "deuda": "7,50"}], **keys}
    document = parse(json.dumps(raw).encode(), "j.json")
    job = parsed(beginning(CONFIG, TAKEN, document, "").content)
    [[row]] = Rendering(RenderPlan.of(document, POLICY), inline(document), Numbers(POLICY)).chunks()
    assert row[7] is None, row
    return job, rendered(job.content, row[9], FILES if job.attaches else {})


def test_a_text_alone_has_none() -> None:
    for channel, to in (("sms", "1159876543"), ("call", "1159876543"), ("push", "x"), ("whatsapp", "1159876543")):
        assert sent(channel, to, text="Hola %nombre%") == (PLAIN, None), channel
    assert parsed("") is PLAIN


def test_a_mail() -> None:
    job, content = sent(
        "email",
        "ana@example.org",
        text="Hola",
        subject="Para %nombre%",
        html="<p>%deuda%</p>",
        cc=["jefa@example.org", "%nombre%@example.org"],
        attachments=["a b.pdf"],
        area="invoices",
    )
    assert (job.attaches, job.sha256) == (True, {"a b.pdf": "0" * 64})
    copies = ("jefa@example.org", "Ana@example.org")
    assert content == EmailContent("Para Ana", "<p>7,50</p>", copies, FILES, "invoices")


def test_a_mail_with_nothing_but_a_subject() -> None:
    job, content = sent("email", "ana@example.org", text="Hola", subject="Aviso")
    assert not job.attaches
    assert content == EmailContent("Aviso")


def test_a_call() -> None:
    script = {"message": [{"say": "Hola %nombre%"}, {"amount": "%deuda%"}], "menu": {"1": "repeat"}}
    retries = {"busy": {"times": 2, "pause": "10m"}}
    job, content = sent(
        "call", "1143210000", call={"script": script, "amd": "detect", "ring_s": 20, "limit_s": 60, "retries": retries}
    )
    assert job.retries == {"busy": Retry(2, 600)}
    assert isinstance(content, CallContent)
    assert content.script is not None
    assert content.script["message"] == [{"say": "Hola Ana"}, {"amount": "7,50"}]
    assert (content.amd, content.min_heard_s, content.ring_s, content.limit_s) == ("detect", 5.0, 20, 60)


def test_a_call_without_a_script_keeps_how_it_is_made() -> None:
    job, content = sent("call", "1143210000", text="Hola %nombre%", call={"ring_s": 20, "min_heard_s": 1})
    assert (job.content, job.retries) == (content, {})
    assert content == CallContent(None, "off", 1, 20)


def test_a_push() -> None:
    push = {"title": "Factura de %nombre%", "data": {"saldo": "%deuda%", "clase": "aviso"}, "ttl": "2h"}
    _, content = sent("push", "x", text="Hola", push=push)
    assert content == PushContent("Factura de Ana", {"saldo": "7,50", "clase": "aviso"}, 7200)


@pytest.mark.parametrize(
    ("parameters", "filled"),
    [
        (["%nombre%", "$ %deuda%"], ("Ana", "$ 7,50")),
        ({"quien": "%nombre%"}, {"quien": "Ana"}),
        (None, ()),
    ],
)
def test_a_whatsapp_template(parameters: Any, filled: Any) -> None:
    whatsapp = {"template": "saldo", "language": "es_AR", "parameters": parameters}
    _, content = sent("whatsapp", "1159876543", whatsapp=whatsapp)
    assert content == WhatsappContent("saldo", "es_AR", filled)


@pytest.mark.parametrize("options", [None, "{}", '{"retried":{"busy":1}}'])
def test_a_template_that_was_not_rendered_never_leaves(options: str | None) -> None:
    for content in (
        EmailContent("%nombre%", "%nombre%"),
        PushContent("%nombre%", {"a": "%nombre%"}),
        WhatsappContent("saldo", "es", ("%nombre%",)),
    ):
        assert "%" not in str(rendered(content, options, {}))


def test_what_earlier_releases_recorded_is_read() -> None:
    mail = parsed('{"file":"j.json","email":{"subject":"x","html":null,"cc":[],"attachments":["a.pdf"]}}')
    assert mail == JobContent(EmailContent("x", attachments={"a.pdf": ""}))
    assert parsed('{"call":{"script":null,"retries":{}}}').content == CallContent()
