"""The WhatsApp driver's pure parts: messages, answers, calls; and its keys."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import (
    Blame,
    DeliveryReport,
    HookRefusedError,
    InboundMessage,
    LineSetup,
    NotSent,
    OutboundMessage,
    Outcome,
    Refused,
    Uncertain,
    WhatsappContent,
)
from drivers.http.answer import Answer
from drivers.whatsapp import driver, hooks
from drivers.whatsapp.answers import api_error, message_id, read
from drivers.whatsapp.message import document
from drivers.whatsapp.options import WhatsappOptions
from drivers.whatsapp.timing import Timing

ATTEMPT = "01JD0000000000000000000001"


def call(value: dict[str, Any]) -> bytes:
    entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def status(**more: Any) -> bytes:
    given = {"id": "wamid.A", "status": "sent", "timestamp": "1790000000", "recipient_id": "5491159876543", **more}
    return call({"statuses": [given]})


@pytest.mark.parametrize(
    ("word", "ours"),
    [("sent", "pending"), ("delivered", "delivered"), ("read", "read"), ("played", "read"), ("failed", "undelivered")],
)
def test_states_in_our_words(word: str, ours: str) -> None:
    (event,) = hooks.read(status(status=word, biz_opaque_callback_data=ATTEMPT))
    assert isinstance(event, DeliveryReport)
    assert (event.status, event.attempt, event.part, event.at) == (ours, ATTEMPT, 1, 1790000000.0)
    assert event.reason == ("failed" if word == "failed" else None)


def test_why_it_failed_and_whose_it_is_not() -> None:
    (event,) = hooks.read(status(status="failed", errors=[{"code": 131049, "title": "x"}]))
    assert isinstance(event, DeliveryReport)
    assert event.reason == "too_many_for_person"
    (event,) = hooks.read(status())
    assert isinstance(event, DeliveryReport)
    assert (event.attempt, event.exclusive) == (None, False)
    assert hooks.read(status(biz_opaque_callback_data="somebody else's")) == []
    assert hooks.read(status(status="deleted")) == []
    assert hooks.read(call({"errors": [{"code": 1}]})) == []


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"type": "text", "text": {"body": "Ya pagué"}}, "Ya pagué"),
        ({"type": "button", "button": {"text": "Sí", "payload": "1"}}, "Sí"),
        ({"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"title": "Norte"}}}, "Norte"),
        ({"type": "image", "image": {"id": "1", "caption": "mi recibo"}}, "mi recibo"),
        ({"type": "image", "image": {"id": "1"}}, "[image]"),
        ({"type": "audio", "audio": {"id": "1"}}, "[audio]"),
        ({"type": "reaction", "reaction": {"message_id": "w", "emoji": "👍"}}, "👍"),
        ({"type": "location", "location": {"latitude": -34.6, "longitude": -58.4}}, "[location] -34.6,-58.4"),
        ({"type": "edit", "edit": {"message": {"type": "text", "text": {"body": "Ya pagué ayer"}}}}, "Ya pagué ayer"),
        ({"type": "unsupported", "errors": [{"code": 131051}]}, "[unsupported]"),
    ],
)
def test_what_a_person_says(content: dict[str, Any], text: str) -> None:
    value = {
        "metadata": {"display_phone_number": "54 9 11 5000-0000", "phone_number_id": "1"},
        "messages": [{"from": "5491144440000", "id": "wamid.X", "timestamp": "1790000000", **content}],
    }
    expected = InboundMessage("wamid.X", "+5491144440000", "+5491150000000", text, 1790000000.0)
    (event,) = hooks.read(call(value))
    assert isinstance(event, InboundMessage)
    assert replace(event, answers_reference=None) == expected


def test_what_is_no_message_is_none() -> None:
    gone = {"type": "reaction", "reaction": {"message_id": "w"}}
    system = {"type": "system", "system": {"body": "changed their number"}}
    base = {"from": "5491144440000", "id": "wamid.X", "timestamp": "1"}
    assert hooks.read(call({"messages": [{**base, **gone}, {**base, **system}, {"type": "text"}]})) == []
    hidden = {"from_user_id": "AR.123abc", "id": "wamid.Y", "type": "text", "text": {"body": "x"}}
    (event,) = hooks.read(call({"messages": [hidden]}))
    assert isinstance(event, InboundMessage)
    assert event.sender == "AR.123abc"


# ------------------------------------------------------------------------------------------------------------ opt-outs


def received(content: dict[str, Any], contacts: list[dict[str, Any]] | None = None, **more: Any) -> InboundMessage:
    message = {"from": "5491144440000", "id": "wamid.X", "timestamp": "1790000000", **more, **content}
    if "from" in more and more["from"] is None:
        del message["from"]
    (event,) = hooks.read(call({"contacts": contacts or [], "messages": [message]}))
    assert isinstance(event, InboundMessage)
    return event


def button(text: str, payload: str = "") -> dict[str, Any]:
    return {"type": "button", "button": {"text": text, "payload": payload}}


def reply(title: str, name: str, kind: str = "button_reply") -> dict[str, Any]:
    return {"type": "interactive", "interactive": {"type": kind, kind: {"id": name, "title": title}}}


@pytest.mark.parametrize(
    "content",
    [
        button("Stop promotions"),
        button("Detener promociones", "Detener promociones"),
        button("⛔ Detener promociones"),
        button("Parar promoções"),
        button("No, gracias", "BAJA"),
        button("No, gracias", "baja_marketing"),
        button("Darme de baja"),
        reply("No más", "BAJA"),
        reply("No más", "stop-promotions"),
        reply("Cancelar suscripción", "7", "list_reply"),
        reply("Otra", "optout", "list_reply"),
        reply("No, gracias", "OPT_OUT_PROMOS"),
        button("No, gracias", "unsub-7"),
        button("No, gracias", "dar_de_baja:2"),
        reply("No", "no-molestar"),
    ],
)
def test_a_button_that_stands_for_an_opt_out_is_one(content: dict[str, Any]) -> None:
    assert received(content).opt_out


@pytest.mark.parametrize(
    "content",
    [
        button("Sí, quiero", "SI"),
        button("Baja velocidad", "soporte_velocidad"),
        button("Quiero trabajar", "trabajar"),
        button("Volver", "no_baja"),
        button("Pagar", "stopwatch"),
        button("Pagar", "optimo"),
        button("Pagar", "dar_datos"),
        reply("Reclamo", "bajada"),
        {"type": "text", "text": {"body": "BAJA"}},
        {"type": "button", "button": "BAJA"},
        {"type": "interactive", "interactive": {"button_reply": "BAJA"}},
    ],
)
def test_other_buttons_are_none_and_texts_are_judged_elsewhere(content: dict[str, Any]) -> None:
    assert not received(content).opt_out


def test_a_person_is_known_by_all_addresses() -> None:
    text = {"type": "text", "text": {"body": "BAJA"}}
    ana = {"wa_id": "5491144440000", "user_id": "AR.123"}
    assert received(text, [ana]).aliases == ("AR.123",)
    assert received(text, from_user_id="AR.123").aliases == ("AR.123",)
    hidden = received(text, [{"user_id": "AR.123"}], **{"from": None, "from_user_id": "AR.123"})
    assert (hidden.sender, hidden.aliases) == ("AR.123", ())
    known = received(text, [ana], **{"from": None, "from_user_id": "AR.123"})
    assert (known.sender, known.aliases) == ("+5491144440000", ("AR.123",))
    # Of several people in one call only the sender's own names count.
    other = {"wa_id": "5491155550000", "user_id": "AR.999"}
    assert received(text, [other, ana]).aliases == ("AR.123",)


def test_a_changed_number_is_told_with_both() -> None:
    for key in ("wa_id", "new_wa_id"):
        for kind in ("user_changed_number", "customer_changed_number"):
            system = {"type": kind, "body": "Ana changed from A to B", key: "5491166660000"}
            event = received({"type": "system", "system": system}, [{"wa_id": "5491166660000"}])
            assert (event.sender, event.aliases, event.opt_out) == ("+5491144440000", ("+5491166660000",), False)


@pytest.mark.parametrize(("value", "opt_out"), [("stop", True), ("STOP", True), ("resume", False)])
def test_a_choice_made_in_whatsapp_holds(value: str, opt_out: bool) -> None:
    choice = {
        "wa_id": "5491144440000",
        "user_id": "AR.123",
        "category": "marketing_messages",
        "value": value,
        "timestamp": 1790000000,
    }
    (event,) = hooks.read(call({"user_preferences": [choice]}))
    assert isinstance(event, InboundMessage)
    assert (event.sender, event.aliases, event.opt_out) == ("+5491144440000", ("AR.123",), opt_out)
    assert event.text == f"[marketing_messages: {value}]"
    assert hooks.read(call({"user_preferences": [choice]})) == [event], "repeats have the same key"
    assert hooks.read(call({"user_preferences": [{"value": "stop"}, {"wa_id": "1"}, 7]})) == []


def test_a_reply_names_the_message_that_it_answers() -> None:
    assert received(button("Sí"), context={"from": "54911", "id": "wamid.OURS"}).answers_reference == "wamid.OURS"
    assert (
        received({"type": "reaction", "reaction": {"message_id": "wamid.R", "emoji": "x"}}).answers_reference
        == "wamid.R"
    )
    assert received(button("Sí"), context={"forwarded": True}).answers_reference is None


def test_who_has_stopped_marketing_is_told_by_a_state_as_well() -> None:
    (event,) = hooks.read(status(status="failed", errors=[{"code": 131050}]))
    assert isinstance(event, DeliveryReport)
    assert (event.to, event.opt_out, event.reason) == ("+5491159876543", True, "opted_out")


# -------------------------------------------------------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("code", "subcode", "outcome"),
    [
        (100, 33, NotSent("phone_unknown", blame=Blame.LINE)),
        (100, None, Refused("parameter_invalid", Blame.EITHER)),
        (190, 463, NotSent("unauthorized", blame=Blame.LINE)),
        (200, None, NotSent("forbidden", blame=Blame.LINE)),
        (368, None, NotSent("account_blocked", blame=Blame.LINE)),
        (130429, None, NotSent("rate_limit", 30.0, blame=Blame.LINE)),
        (80007, None, NotSent("rate_limit", 30.0, blame=Blame.LINE)),
        (130497, None, Refused("country_restricted", Blame.PERSON, elsewhere=True)),
        (131000, None, Uncertain("unknown_error")),
        (131026, None, Refused("not_on_whatsapp", Blame.PERSON)),
        (131037, None, NotSent("name_not_approved", blame=Blame.LINE)),
        (131042, None, NotSent("payment", blame=Blame.LINE)),
        (131047, None, Refused("window_closed", Blame.PERSON)),
        (131048, None, NotSent("spam_limit", 30.0, blame=Blame.LINE)),
        (131049, None, Refused("too_many_for_person", Blame.PERSON)),
        (131056, None, NotSent("pair_limit", 60.0, blame=Blame.PERSON)),
        (132001, None, Refused("template_unknown", Blame.PERSON)),
        (132015, None, Refused("template_paused", Blame.PERSON)),
        (133010, None, NotSent("not_registered", blame=Blame.LINE)),
        (133016, None, NotSent("rate_limit", 30.0, blame=Blame.LINE)),
        (999999, None, Refused("error_999999", Blame.EITHER)),
    ],
)
def test_a_code_says_whose_fault_it_is(code: int, subcode: int | None, outcome: Outcome) -> None:
    error = {"code": code, "message": "x"} | ({} if subcode is None else {"error_subcode": subcode})
    answer = Answer(400, {}, json.dumps({"error": error}).encode())
    assert read(answer, 0.0, reported=True, errors={}, server_errors="uncertain", timing=Timing()) == outcome


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["entry", "changes", "value", "statuses", "messages", "id", "type", "text", "errors"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_no_document_breaks_the_reader(given_: Any) -> None:
    body = json.dumps(given_).encode()
    if isinstance(given_, dict):
        hooks.read(body)
    else:
        with pytest.raises(HookRefusedError):
            hooks.read(body)
    api_error(given_)
    if isinstance(given_, dict):
        message_id(given_)


def test_a_template_with_named_parameters() -> None:
    content = WhatsappContent("saldo", "es", {"nombre": "Ana"})
    message = OutboundMessage(ATTEMPT, "+5491159876543", "+54 9 11 5987-6543", "", content=content)
    body = document(message, preview_url=False, callback_data=True)
    assert body["to"] == "5491159876543"
    assert body["biz_opaque_callback_data"] == ATTEMPT
    (component,) = body["template"]["components"]
    assert component == {
        "type": "body",
        "parameters": [{"type": "text", "parameter_name": "nombre", "text": "Ana"}],
    }
    plain = OutboundMessage(ATTEMPT, "+5491159876543", "+5491159876543", "", content=WhatsappContent("a", "es"))
    assert "components" not in document(plain, preview_url=False, callback_data=False)["template"]


def keys(**more: Any) -> WhatsappOptions:
    return WhatsappOptions.model_validate({"phone_id": 1234, "token": "t", **more})


@pytest.mark.parametrize(
    ("options", "key"),
    [
        (keys(), "app_secret"),
        (keys(app_secret="s"), "verify_token"),
        (keys(app_secret="s", verify_token="v", url="ftp://x"), "url"),
        (keys(app_secret="s", verify_token="v", url="http://graph.example"), "url"),
        (keys(app_secret="s", verify_token="v", token=" "), "token"),
        (keys(app_secret="s", verify_token="v", ca_file="/nowhere/ca.pem"), "ca_file"),
        (keys(app_secret="s", verify_token="v"), None),
    ],
)
def test_what_check_tells(options: WhatsappOptions, key: str | None) -> None:
    found = [finding.key for finding in driver.check(LineSetup("wa", options))]
    assert found == ([] if key is None else [key])
    assert driver.channels == {"whatsapp"}
