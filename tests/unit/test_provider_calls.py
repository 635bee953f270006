"""What providers call us for: by GET, with a form, with JSON, in whatever charset, and what is ours in it."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import Any
from unittest.mock import ANY
from urllib.parse import parse_qs, urlsplit

import pytest
import structlog

from drivers.base import (
    CarriesSome,
    DeliveryReport,
    HookCall,
    HookRefusedError,
    InboundMessage,
    LineSetup,
    OutboundMessage,
    TakesCalls,
)
from drivers.provider import driver
from drivers.provider.line import ProviderLine
from drivers.provider.options import ProviderOptions, effective
from drivers.provider.plan import Plan, UnsendableError

ATTEMPT = "01JD0000000000000000000001"
TO = "+5491159876543"
REPORT: dict[str, Any] = {
    "reference": "$.mid",
    "own": "$.id",
    "to": "$.to",
    "state": "$.st",
    "reason": "$.err",
    "states": {"DELIVRD": "delivered", "UNDELIV": "undelivered"},
}


def line(**keys: Any) -> ProviderLine:
    base = {"url": "http://h/send", "hook_secret": "s3cret", "hook_query": "token", "report": REPORT}
    return ProviderLine("p", ProviderOptions.model_validate({**base, **keys}))


def get(query: str) -> HookCall:
    return HookCall("GET", query, {}, b"")


def form(body: bytes, query: str = "token=s3cret") -> HookCall:
    return HookCall("POST", query, {"Content-Type": "application/x-www-form-urlencoded"}, body)


def the_report(given: ProviderLine, call: HookCall) -> DeliveryReport:
    (event,) = given.on_call(call)
    assert isinstance(event, DeliveryReport)
    return event


CALLS = {
    "all in the address": get(f"token=s3cret&id={ATTEMPT}&mid=m-1&st=DELIVRD&to=5491159876543"),
    "a form": form(f"id={ATTEMPT}&mid=m-1&st=DELIVRD&to=5491159876543".encode()),
    "a form's pairs in the address": form(b"", f"token=s3cret&id={ATTEMPT}&mid=m-1&st=DELIVRD&to=5491159876543"),
    "some here, some there": form(b"mid=m-1&st=delivrd", f"token=s3cret&id={ATTEMPT}&to=5491159876543&st=UNDELIV"),
    "json": HookCall(
        "POST",
        "token=s3cret",
        {"content-type": "application/json"},
        f'{{"id":"{ATTEMPT}","mid":"m-1","st":"DELIVRD","to":"5491159876543"}}'.encode(),
    ),
    "json without its type": HookCall(
        "POST", "token=s3cret", {}, f'{{"id":"{ATTEMPT}","mid":"m-1","st":"DELIVRD","to":"5491159876543"}}'.encode()
    ),
    "our id in lower case": get(f"token=s3cret&id=%20{ATTEMPT.lower()}&mid=m-1&st=DELIVRD&to=5491159876543"),
}


@pytest.mark.parametrize("name", sorted(CALLS))
def test_a_report_is_read_wherever_it_stands(name: str) -> None:
    report = the_report(line(), CALLS[name])
    assert (report.attempt, report.reference, report.status, report.to) == (
        ATTEMPT,
        "m-1",
        "delivered",
        "5491159876543",
    )
    assert report.whole
    assert not report.exclusive, "others may send over the account"


def test_a_reply_keeps_its_letters_in_any_charset() -> None:
    keys = {"inbox": {"id": "$.mid", "sender": "$.from", "text": "$.text"}}
    for text in ("Se%F1or", "Se%C3%B1or", "Se\xf1or"):
        for call in (
            get(f"token=s3cret&mid=1&from=549&text={text}"),
            form(f"mid=1&from=549&text={text}".encode("latin-1")),
        ):
            (event,) = line(charset="latin-1", **keys).on_call(call)
            assert isinstance(event, InboundMessage)
            assert event.text == "Señor"
    json = HookCall("POST", "token=s3cret", {}, '{"mid":"1","from":"549","text":"Señor"}'.encode("latin-1"))
    (event,) = line(charset="latin-1", **keys).on_call(json)
    assert isinstance(event, InboundMessage)
    assert event.text == "Señor"


@pytest.mark.parametrize(
    ("call", "keys", "status"),
    [
        (get("st=DELIVRD&mid=m-1"), {}, 401),
        (get("token=other&st=DELIVRD&mid=m-1"), {}, 401),
        (form(b"token=s3cret&st=DELIVRD&mid=m-1", ""), {}, 401),
        (get("token=s3cret"), {}, 400),
        (HookCall("POST", "token=s3cret", {}, b"<x/>"), {}, 400),
        (get("token=s3cret&st=DELIVRD&mid=m-1"), {"hook_query": ""}, 403),
        (get("token=s3cret&st=DELIVRD&mid=m-1"), {"hook_secret": None}, 403),
        (HookCall("POST", "token=s3cret", {}, b"x" * (4 << 20 | 1)), {}, 413),
    ],
    ids=["no word", "wrong word", "word in the body", "nothing", "no JSON", "unsigned", "no secret", "too large"],
)
def test_what_proves_or_says_nothing_is_refused(call: HookCall, keys: dict[str, Any], status: int) -> None:
    with pytest.raises(HookRefusedError) as refused:
        line(**keys).on_call(call)
    assert refused.value.status == status


def test_a_call_with_a_signature_is_taken_as_before() -> None:
    given = line(hook_query="", hook_proof="hmac-sha256")
    body = b'{"mid":"m-1","st":"UNDELIV","err":"absent"}'
    proof = hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    report = the_report(given, HookCall("POST", "", {"X-Signature": proof}, body))
    assert (report.reference, report.status, report.reason, report.attempt) == ("m-1", "undelivered", "absent", None)
    assert list(given.on_hook({"X-Signature": proof}, body)) == [replace(report, at=ANY)]


def test_a_call_that_says_nothing_is_told_to_the_log_without_its_words() -> None:
    with structlog.testing.capture_logs() as logs:
        assert list(line().on_call(get("token=s3cret&foo=secreto"))) == []
    assert [entry["names"] for entry in logs] == [["foo"]]


@pytest.mark.parametrize(
    ("shared", "query", "exclusive"),
    [
        (True, "to=5491159876543&mid=x", False),
        (False, "to=5491159876543&mid=x", True),
        (False, "mid=x", False),
    ],
)
def test_only_an_account_of_ours_alone_speaks_for_its_recipients(shared: bool, query: str, exclusive: bool) -> None:
    report = the_report(line(shared=shared), get(f"token=s3cret&st=DELIVRD&{query}"))
    assert report.exclusive is exclusive
    assert report.attempt is None


def test_a_report_of_a_message_we_know_bears_what_we_know_of_it() -> None:
    given = line()
    given._reporting.taken(ATTEMPT, TO, {1: "3A5F"})
    report = the_report(given, get("token=s3cret&st=DELIVRD&mid=3A5F"))
    assert (report.attempt, report.reference, report.to) == (ATTEMPT, "3A5F", TO)
    # Another spelling is the store's to recognise: it knows every message.
    report = the_report(given, get("token=s3cret&st=DELIVRD&mid=14943"))
    assert (report.attempt, report.reference, report.to) == (None, "14943", None)


# -------------------------------------------------------------------------------------------------------------- Kannel


def message() -> OutboundMessage:
    return OutboundMessage(attempt=ATTEMPT, to=TO, address=TO, text="Hola", parts=("Hola",))


def test_kannel_is_asked_to_call_us_and_understood_when_it_does() -> None:
    keys = {"preset": "kannel", "url": "http://127.0.0.1:13013/cgi-bin/sendsms", "user": "u", "password": "p"}
    hooks = {"hook_url": "https://gw.example/hooks/k", "hook_secret": "s&cret"}
    plan = Plan(effective(ProviderOptions.model_validate({**keys, **hooks})))
    asked = parse_qs(urlsplit(plan.send(message()).url).query)
    assert asked["dlr-mask"] == ["19"]
    called = asked["dlr-url"][0]
    assert called == f"https://gw.example/hooks/k?token=s%26cret&id={ATTEMPT}&state=%d"
    assert "s%26cret" not in repr(plan.send(message(), masked=True))
    assert "s%2526cret" not in repr(plan.send(message(), masked=True))

    given = ProviderLine("k", ProviderOptions.model_validate({**keys, **hooks}))
    given._reporting.taken(ATTEMPT, TO, {1: ATTEMPT})
    for word, status in (("1", "delivered"), ("2", "undelivered"), ("8", "pending"), ("16", "undelivered")):
        report = the_report(given, get(urlsplit(called.replace("%d", word)).query))
        assert (report.attempt, report.to, report.status) == (ATTEMPT, TO, status)

    quiet = Plan(effective(ProviderOptions.model_validate(keys)))
    assert "dlr" not in quiet.send(message()).url
    assert driver.check(LineSetup("k", ProviderOptions.model_validate({**keys, **hooks}))) == []


# --------------------------------------------------------------------------------------------------------------- check


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ({"hook_secret": None}, "hook_query"),
        ({"hook_secret": None, "hook_query": "", "hook_url": "https://gw.example/hooks/p"}, "hook_url"),
        ({"hook_proof": "hmac-sha256"}, "hook_query"),
        ({"report": {"states": {"OK": "delivered"}}}, "report"),
        ({"report": {"reference": "$.id"}}, "report"),
        ({"report": {**REPORT, "own": None, "call": "id={id}"}}, "report.own"),
        ({"report": {**REPORT, "call": "{nobody}"}}, "report.call"),
    ],
)
def test_check_objects_to_calls_that_could_not_be_understood(keys: dict[str, Any], key: str) -> None:
    base = {"url": "http://h/send?to={number}", "hook_secret": "s", "hook_query": "token", "report": REPORT}
    rules = ({"body": "OK", "result": "accepted"},)
    options = ProviderOptions.model_validate({**base, "rules": rules, **keys})
    assert [finding.key for finding in driver.check(LineSetup("p", options))] == [key]


@pytest.mark.parametrize(
    ("keys", "text", "to", "reason"),
    [
        ({"text_max": 4}, "Hola!", TO, "text_too_long"),
        ({"characters": "[A-Za-z ]"}, "Señor", TO, "characters"),
        ({"charset": "latin-1", "form": {"t": "{text}"}}, "5 €", TO, "characters"),
        ({"charset": "latin-1", "json": {"t": "{text}"}}, "5 €", TO, None),
        ({"number_pattern": r"\+56\d{9}"}, "Hola", TO, "number"),
        ({"json": {"to": "{number:int}"}}, "Hola", "ana", "number"),
        ({"preset": "smsmasivos", "user": "u", "password": "p", "url": None}, "ñ", TO, "characters"),
        ({}, "Señor 5 €", TO, None),
    ],
)
def test_what_cannot_go_is_known_as_sending_would_find_it(
    keys: dict[str, Any], text: str, to: str, reason: str | None
) -> None:
    given = {"url": "http://h/send", **keys}
    options = ProviderOptions.model_validate({key: value for key, value in given.items() if value is not None})
    one = OutboundMessage(attempt=ATTEMPT, to=to, address=to, text=text, parts=(text,))
    assert ProviderLine("p", options).carries(one) == reason
    plan = Plan(effective(options))
    if reason is None:
        plan.send(one)
    else:
        with pytest.raises(UnsendableError, match=reason):
            plan.send(one)


def test_the_line_is_what_it_says_it_is() -> None:
    given = line(text_max=3, hook_answer="OK")
    assert isinstance(given, TakesCalls)
    assert isinstance(given, CarriesSome)
    assert given.call_answer == "OK"
    assert given.carries(message()) == "text_too_long"
    assert line().carries(message()) is None
