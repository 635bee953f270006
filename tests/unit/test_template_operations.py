"""Templates as people work on them: what is refused, what a preview shows; what is hostile is no more than text."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gatewayd.cli.offline import OfflineBackend
from gatewayd.config import parse
from gatewayd.operations import perform
from gatewayd.operations.template_defaults import DEFAULTS
from gatewayd.operations.template_preview import _KEPT
from gatewayd.operations.template_words import faults_of
from gatewayd.values.actor import Actor, Role
from gatewayd.values.errors import FaultsError, UsageError
from gatewayd.values.templates import named_in

CUSTOMER: dict[str, Any] = {
    "external_id": "C-1",
    "customer": {
        "name": "Luz Peña",
        "columns": {"Plan contratado": "100 Mb"},
        "contacts": [{"channel": "phone", "address": "1150000001"}],
        "debt": {"balance": "1500.50", "due": "2026-12-05", "currency": "ARS"},
    },
}
OPERATOR = Actor("operator", "uid 0 (root)", Role.ADMINISTRATOR)
HOSTILE = (
    "<script>alert(1)</script>",
    '=HYPERLINK("http://evil")',
    "{{7*7}} {% x %}",
    "100 % seguro %% %",
    "\u202egnirts",
    "👩‍👩‍👧 🇦🇷",
    "a" * 10_000,
)


@pytest.fixture
async def backend(tmp_path: Path) -> AsyncIterator[OfflineBackend]:
    raw = {
        "node": "trial",
        "locale": "en",
        "tariff": {"sms": "0.85"},
        "numbers": {"region": "AR"},
        "store": {"url": f"sqlite:///{tmp_path}/gatewayd.db"},
        "spool": {"path": str(tmp_path / "spool")},
        "control": str(tmp_path / "control.sock"),
    }
    made = OfflineBackend(parse(raw, tmp_path / "gatewayd.toml"))
    await perform(made, "account.create", {"account": "norte"}, OPERATOR)
    await perform(made, "account.set", {"account": "norte", "company": "Norte Wifi"}, OPERATOR)
    yield made
    made.close()


async def ask(backend: OfflineBackend, operation: str, **arguments: Any) -> Any:
    return await perform(backend, operation, {"account": "norte", **arguments}, OPERATOR)


async def preview(backend: OfflineBackend, text: str, channel: str = "sms", **more: Any) -> Any:
    content = {"text": text, **more.pop("content", {})}
    return await ask(backend, "template.preview", channel=channel, content=content, **more)


@pytest.mark.parametrize(
    ("channel", "content", "field"),
    [
        ("sms", {}, "content.text"),
        ("sms", {"text": " "}, "content.text"),
        ("sms", {"text": "Hola", "subject": "x"}, "content.subject"),
        ("sms", {"text": "Hola {{nombre}}"}, "content.text"),
        ("sms", {"text": "Hola [NOMBRE]"}, "content.text"),
        ("sms", {"text": "Hola", "max_segments": 0}, "content.max_segments"),
        ("sms", {"text": "Hola", "class": "urgente"}, "content.class"),
        ("email", {"text": "Hola"}, "content.subject"),
        ("email", {"text": "Hola", "subject": "a", "cc": ["nadie"]}, "content.cc[0]"),
        ("call", {"call": {"script": {"message": "a", "menu": {"1": "dance"}}}}, "content.call.script.menu.1"),
        ("email", {"subject": "a", "html": "<a href='java&#x0A;script:alert(1)'>x</a>"}, "content.html"),
        ("email", {"subject": "a", "html": "<a href=%enlace%>x</a>"}, "content.html"),
        ("push", {"push": {"title": "a"}}, "content.text"),
        ("whatsapp", {"whatsapp": {"template": "A B", "language": "es"}}, "content.whatsapp.template"),
    ],
)
async def test_what_cannot_be_meant_is_said_at_its_field(
    backend: OfflineBackend, channel: str, content: dict[str, Any], field: str
) -> None:
    with pytest.raises(FaultsError) as refused:
        await ask(backend, "template.save", template="mal", channel=channel, content=content)
    assert [one["key"] for one in refused.value.faults] == [field]


async def test_a_preview_shows_what_a_customer_gets_and_what_it_costs(backend: OfflineBackend) -> None:
    await perform(backend, "customer.put", {"account": "norte", **CUSTOMER}, OPERATOR)
    real = await preview(
        backend, "Hola %nombre%: %Plan contratado%, $ %deuda%, %vencimiento%, %cartera%", customer="C-1"
    )
    assert real["fields"]["text"] == "Hola Luz Peña: 100 Mb, $ 1.500,50, 05/12/2026, %cartera%"
    assert [one["from"] for one in real["variables"]] == ["customer"] * 4 + ["missing"]
    first = await preview(backend, "Hola %nombre%", after=0)
    assert (first["row"]["customer"], first["fields"]["text"]) == ("C-1", "Hola Luz Peña")
    made = await preview(backend, "Hola %nombre%, debe $ %deuda%. %empresa%", values={"Nombre": "Íñigo Peña"})
    assert made["fields"]["text"] == "Hola Íñigo Peña, debe $ 15.340,50. Norte Wifi"
    sms = made["sms"]
    assert (sms["encoding"], sms["segments"], sms["left"], made["cost"]) == ("ucs2", 1, 25, "0.85")
    assert sms["dear"] == [[5, 6, "Í"]]
    sources = {one["name"]: one["from"] for one in made["variables"]}
    assert sources == {"nombre": "given", "deuda": "example", "empresa": "account"}

    dear = await preview(backend, "Estimada María: " + "su factura vence el día 5. " * 4)
    assert (dear["sms"]["segments"], dear["sms"]["plain_segments"], dear["sms"]["saves"]) == (2, 1, "0.85")
    unknown = await preview(backend, "Hola %nomber%")
    assert [(one["from"], one["hint"]) for one in unknown["variables"]] == [("unknown", "nombre")]
    foreign = await preview(backend, "Hola {{nombre}}")
    assert foreign["faults"][0]["key"] == "content.text"
    assert foreign["sms"] is None
    assert (await preview(backend, "x" * 1_700))["too_long"] is True


async def test_values_are_text_in_html_and_one_line_in_a_subject(backend: OfflineBackend) -> None:
    made = await preview(
        backend,
        "Hola",
        "email",
        content={"subject": "De %nombre%", "html": "<p>%nombre%</p>"},
        values={"nombre": "<img src=x onerror=alert(1)>"},
    )
    assert made["fields"]["html"] == "<p>&lt;img src=x onerror=alert(1)&gt;</p>"


@pytest.mark.parametrize("text", HOSTILE)
async def test_what_is_hostile_is_kept_and_shown_as_it_is_written(backend: OfflineBackend, text: str) -> None:
    if faults_of("sms", {"text": text}):
        assert "{{" in text  # another program's placeholders are refused, and nothing of the kind is run
        return
    saved = await ask(backend, "template.save", template=text[:60], channel="sms", content={"text": text})
    shown = await ask(backend, "template.show", template=text[:60])
    assert shown["content"]["text"] == text == saved["content"]["text"]
    items = (await ask(backend, "template.list", search=text[:20]))["items"]
    assert [one["text"] for one in items] == [text[:200]]
    made = await preview(backend, "Hola %nombre%", values={"nombre": text[:150]}, content={"max_segments": 20})
    assert made["fields"]["text"].startswith("Hola ")


async def test_the_whole_list_is_counted(backend: OfflineBackend) -> None:
    _KEPT.clear()
    made = await ask(backend, "template.cost", channel="sms", content={"text": "Hola %nombre%"})
    assert made["people"] == 0
    _KEPT.clear()
    await perform(backend, "customer.put", {"account": "norte", **CUSTOMER}, OPERATOR)
    made = await ask(backend, "template.cost", channel="sms", content={"text": "Hola %nombre%"})
    assert (made["people"], made["segments"], made["worst"], made["median"], made["cost"]) == (1, 1, 1, 1, "0.85")
    with pytest.raises(UsageError):
        await ask(backend, "template.cost", channel="push", content={"text": "Hola"})


@pytest.mark.parametrize("spoken", ["es", "en"])
async def test_the_templates_to_begin_with_are_good_and_cheap(backend: OfflineBackend, spoken: str) -> None:
    items = (await perform(backend, "template.defaults", {"language": spoken}, OPERATOR))["items"]
    assert len(items) == len(DEFAULTS)
    for one in items:
        assert faults_of(one["channel"], one["content"]) == [], one["default"]
        made = await ask(backend, "template.preview", channel=one["channel"], content=one["content"])
        assert all(found["from"] != "unknown" for found in made["variables"]), one["default"]
        if one["channel"] == "sms":
            plain = await ask(
                backend, "template.preview", channel="sms", content=one["content"], values={"nombre": "Ana Paz"}
            )
            assert (plain["sms"]["encoding"], plain["sms"]["segments"]) == ("gsm7", 1), plain["fields"]
        await ask(backend, "template.save", **{key: one[key] for key in ("template", "channel", "content")})


def test_variables_are_found_where_they_are_meant() -> None:
    text = "50% hoy, 20% mañana; %nombre%, %Fecha de pago%: https://a.b/c?d=%20x%20 100%% %nombre% %"
    assert named_in(text) == ("nombre", "Fecha de pago")
