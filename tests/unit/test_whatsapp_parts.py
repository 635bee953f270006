"""The WhatsApp driver's pure parts: messages, answers, calls; and its keys."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import DeliveryReport, HookRefusedError, InboundMessage, LineSetup, OutboundMessage
from drivers.whatsapp import driver, hooks
from drivers.whatsapp.answers import api_error, message_id
from drivers.whatsapp.message import document
from drivers.whatsapp.options import WhatsappOptions

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
    (event,) = hooks.read(status(biz_opaque_callback_data="somebody else's"))
    assert isinstance(event, DeliveryReport)
    assert event.attempt is None
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
    assert hooks.read(call(value)) == [expected]


def test_what_is_no_message_is_none() -> None:
    gone = {"type": "reaction", "reaction": {"message_id": "w"}}
    system = {"type": "system", "system": {"body": "changed their number"}}
    base = {"from": "5491144440000", "id": "wamid.X", "timestamp": "1"}
    assert hooks.read(call({"messages": [{**base, **gone}, {**base, **system}, {"type": "text"}]})) == []
    hidden = {"from_user_id": "AR.123abc", "id": "wamid.Y", "type": "text", "text": {"body": "x"}}
    (event,) = hooks.read(call({"messages": [hidden]}))
    assert isinstance(event, InboundMessage)
    assert event.sender == "AR.123abc"


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
    options = {
        "whatsapp": {"template": "saldo", "language": "es", "parameters": {"nombre": "%nombre%"}},
        "texts": {"parameter.nombre": "Ana"},
    }
    message = OutboundMessage(ATTEMPT, "+5491159876543", "+54 9 11 5987-6543", "", options=options)
    body = document(message, preview_url=False, callback_data=True)
    assert body["to"] == "5491159876543"
    assert body["biz_opaque_callback_data"] == ATTEMPT
    (component,) = body["template"]["components"]
    assert component == {
        "type": "body",
        "parameters": [{"type": "text", "parameter_name": "nombre", "text": "Ana"}],
    }
    plain = OutboundMessage(
        ATTEMPT, "+5491159876543", "+5491159876543", "", options={"whatsapp": {"template": "a", "language": "es"}}
    )
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
