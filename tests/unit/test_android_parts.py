"""The pure parts of the Android driver: states, keys of received messages, webhooks, encryption, options."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from drivers.android import causes, driver, encryption, hooks, inbox, plain, states
from drivers.android.client import Answer, backoff
from drivers.android.errors import AnswerError, SignatureError
from drivers.android.options import AndroidOptions, check, require_usable
from drivers.android.states import Rank, Told
from drivers.base import Accepted, Blame, Driver, InboundMessage, Line, LineSetup, MisconfiguredError, NotSent, Refused
from drivers.base import Uncertain as UncertainOutcome

ATTEMPT = "01JD0000000000000000000001"


def told(state: str, error: str | None = None) -> Told:
    return states.read({"id": ATTEMPT, "state": state, "recipients": [{"state": state, "error": error}], "states": {}})


# ------------------------------------------------------------------------------------------------------------ states


@pytest.mark.parametrize("state", ["Pending", "Processed", "Cancelling"])
def test_what_is_not_sent_yet_has_no_outcome(state: str) -> None:
    assert states.outcome(told(state), (1,), ours_ended=False) is None


def test_sent_is_taken_and_every_part_has_a_reference_of_its_own() -> None:
    assert states.outcome(told("Sent"), (1,), ours_ended=False) == Accepted({1: ATTEMPT})
    assert states.outcome(told("Delivered"), (1, 2), ours_ended=False) == Accepted(
        {1: f"{ATTEMPT}.1", 2: f"{ATTEMPT}.2"}
    )


@pytest.mark.parametrize(
    ("error", "parts", "ended", "expected"),
    [
        ("TTL expired", (1,), True, NotSent("expired", counts=False)),
        ("TTL expired", (1, 2), False, NotSent("phone_gave_up", blame=Blame.LINE)),
        ("RESULT_ERROR_NO_SERVICE", (1,), False, NotSent("no_service", blame=Blame.LINE)),
        ("RESULT_ERROR_NO_SERVICE", (1, 2), False, Refused("no_service", Blame.PERSON)),
        ("RESULT_ERROR_GENERIC_FAILURE", (1, 2), False, Refused("generic_failure", Blame.PERSON)),
        ("RESULT_NO_DEFAULT_SMS_APP (…)", (1, 2), False, NotSent("no_default_sms_app", blame=Blame.LINE)),
        ("sendSMS: SIM 2 not found", (1, 2), False, NotSent("no_sim", blame=Blame.LINE)),
        ("RESULT_INVALID_ARGUMENTS (Failed …)", (1,), False, Refused("invalid_arguments", Blame.PERSON)),
        ("RESULT_ERROR_GENERIC_FAILURE", (1,), False, Refused("generic_failure")),
        ("Invalid number +5491122223333", (1,), False, Refused("invalid_number")),
        (None, (1,), False, Refused("phone_failed")),
    ],
)
def test_a_failure_goes_again_only_where_nothing_left(error: Any, parts: Any, ended: bool, expected: object) -> None:
    assert states.outcome(told("Failed", error), parts, ours_ended=ended) == expected


@pytest.mark.parametrize(
    ("error", "reason", "blame"),
    [
        ("RESULT_ERROR_RADIO_OFF (Failed because radio was explicitly turned off)", "radio_off", Blame.LINE),
        ("Send result: RESULT_ERROR_LIMIT_EXCEEDED (…)", "limit_exceeded", Blame.LINE),
        ("RESULT_RIL_SIM_ABSENT", "no_sim", Blame.LINE),
        ("RESULT_RIL_RADIO_NOT_AVAILABLE (The radio did not start)", "radio_not_available", Blame.LINE),
        ("Send result: 4", "no_service", Blame.LINE),
        ("Send result: 1", "generic_failure", Blame.EITHER),
        ("Send result: 250", "send_result_250", Blame.EITHER),
        ("RESULT_ERROR_GENERIC_FAILURE (Generic failure cause)", "generic_failure", Blame.EITHER),
        ("RESULT_RIL_NETWORK_REJECT (The SMS request was rejected)", "network_reject", Blame.EITHER),
        ("RESULT_ERROR_SHORT_CODE_NOT_ALLOWED (…)", "short_code_not_allowed", Blame.PERSON),
        ("sendSMS: SecurityException: Sending SMS message: uid 10 does not have", "permission_missing", Blame.LINE),
        ("sendSMS: SIM selection requires READ_PHONE_STATE permission", "permission_missing", Blame.LINE),
        ("sendSMS: No SIMs found", "no_sim", Blame.LINE),
        ("sendSMS: null", "sendsms_null", Blame.EITHER),
        ("A" * 100_000, "a" * 60, Blame.EITHER),
        ("RESULT_" + "_" * 100_000, "phone_failed", Blame.EITHER),
    ],
)
def test_every_result_of_android_says_whose_fault_it_is(error: str, reason: str, blame: Blame) -> None:
    began = time.process_time()
    why = causes.cause(error)
    assert time.process_time() - began < 0.05
    assert (why.reason, why.blame) == (reason, blame)


def test_cancelled_on_the_phone_is_cancelled() -> None:
    assert states.outcome(told("Cancelled"), (1,), ours_ended=False) == NotSent("cancelled", counts=False)


def test_a_failed_recipient_is_not_hidden_by_the_messages_state() -> None:
    body = {"id": ATTEMPT, "state": "Processed", "recipients": [{"state": "Failed", "error": "x"}]}
    assert states.read(body).rank is Rank.FAILED


@pytest.mark.parametrize(
    "body", [None, [], "OK", {}, {"id": ATTEMPT}, {"id": 7, "state": "Sent"}, {"id": "a", "state": "x"}]
)
def test_other_json_is_not_the_app(body: object) -> None:
    with pytest.raises(AnswerError):
        states.read(body)


# ------------------------------------------------------------------------------------------------------------ inbox


def test_lists_and_webhooks_name_a_message_alike() -> None:
    assert inbox.key("text:-123", 1000.9) == inbox.key("ffffff85", 1000.2)
    assert inbox.key("text:123", 1000.0) == inbox.key("7b", 1000.0)


def test_a_genuine_repeat_has_another_key() -> None:
    assert inbox.key("text:5", 1000.0) != inbox.key("text:6", 1000.0)
    assert inbox.key("text:5", 1000.0) != inbox.key("text:5", 1060.0)


def test_a_sim_takes_its_own_messages() -> None:
    assert inbox.mine(None, 2)
    assert inbox.mine(1, 1)
    assert inbox.mine(1, None)
    assert not inbox.mine(1, 2)


# --------------------------------------------------------------------------------------------------------- webhooks


def signed(body: dict[str, Any], key: str = "k") -> tuple[dict[str, str], bytes]:
    raw = json.dumps(body).encode()
    stamp = "1795300000"
    signature = hmac.new(key.encode(), raw + stamp.encode(), hashlib.sha256).hexdigest()
    return {"x-timestamp": stamp, "X-Signature": signature}, raw


def test_a_signed_call_tells_a_state() -> None:
    body = {"event": "sms:delivered", "payload": {"messageId": ATTEMPT, "deliveredAt": "2026-11-22T10:00:00.000-03:00"}}
    assert hooks.read(*signed(body), "k").told == Told(ATTEMPT, Rank.DELIVERED, None, 1795352400.0, None)


def test_a_signed_call_brings_a_message() -> None:
    payload = {
        "messageId": "ffffff85",
        "sender": "+5491144443333",
        "message": "Sí",
        "simNumber": 2,
        "receivedAt": "2026-11-22T10:00:00.000-03:00",
    }
    call = hooks.read(*signed({"event": "sms:received", "payload": payload}), "k")
    assert call.received == InboundMessage("ffffff85@1795352400", "+5491144443333", None, "Sí", 1795352400.0)
    assert call.sim == 2


@pytest.mark.parametrize("tampering", ["body", "stamp", "signature", "key", "unsigned"])
def test_a_call_that_the_phone_has_not_signed_is_refused(tampering: str) -> None:
    headers, raw = signed({"event": "sms:sent", "payload": {"messageId": ATTEMPT}})
    secret = "k"
    match tampering:
        case "body":
            raw += b" "
        case "stamp":
            headers["x-timestamp"] = "1795300001"
        case "signature":
            headers["X-Signature"] = "é" * 32
        case "key":
            secret = "other"
        case "unsigned":
            headers = {}
    with pytest.raises(SignatureError):
        hooks.read(headers, raw, secret)


def test_without_a_key_every_call_is_refused() -> None:
    with pytest.raises(SignatureError):
        hooks.read(*signed({"event": "sms:sent"}, key=""), "")


def test_a_signed_call_of_odd_types_says_what_it_can() -> None:
    payload = {"messageId": "m", "recipient": 1150000000, "sender": 7, "message": ["x"], "receivedAt": {}}
    received = hooks.read(*signed({"event": "sms:received", "payload": payload}), "k").received
    assert received is not None
    assert (received.to, received.sender, received.text) == ("1150000000", "7", "['x']")
    headers, _ = signed({})
    deep = b"[" * 100_000
    stamp = headers["x-timestamp"]
    headers["X-Signature"] = hmac.new(b"k", deep + stamp.encode(), hashlib.sha256).hexdigest()
    assert hooks.read(headers, deep, "k").received is None


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda each: st.dictionaries(st.sampled_from(
    ["event", "payload", "messageId", "receivedAt", "sender"]), each) | st.lists(each)))  # fmt: skip
def test_signed_junk_says_nothing_and_breaks_nothing(body: Any) -> None:
    call = hooks.read(*signed(body), "k")
    assert call.told is None or isinstance(call.told.id, str)


# ------------------------------------------------------------------------------------------------------- encryption


@settings(max_examples=10, deadline=None)
@given(st.text(max_size=400), st.text(min_size=1, max_size=40))
def test_what_is_encrypted_is_read_again(text: str, passphrase: str) -> None:
    assert encryption.decrypt(passphrase, encryption.encrypt(passphrase, text)) == text


def test_the_form_is_the_apps() -> None:
    sealed = encryption.encrypt("secret", "Hola", salt=bytes(range(16)))
    assert sealed == ("$aes-256-cbc/pbkdf2-sha1$i=75000$AAECAwQFBgcICQoLDA0ODw==$" + sealed.rpartition("$")[2])
    assert len(sealed.rpartition("$")[2]) == 24  # one block of 16 bytes
    assert encryption.encrypt("secret", "Hola") != encryption.encrypt("secret", "Hola")


@pytest.mark.parametrize(
    "sealed",
    ["", "Hola", "$aes-256-cbc/pbkdf2-sha1$i=0$AAECAwQFBgcICQoLDA0ODw==$AAAA", "$aes-256-cbc/pbkdf2-sha1$i=1$AA==$AA==",
     "$aes-256-cbc/pbkdf2-sha1$i=99999999$AAECAwQFBgcICQoLDA0ODw==$AAECAwQFBgcICQoLDA0ODw==",
     "$aes-256-cbc/pbkdf2-sha1$i=1$AAECAwQFBgcICQoLDA0ODw==$AAECAwQFBgcICQoLDA0ODw=="],
)  # fmt: skip
def test_what_is_not_encrypted_so_is_refused(sealed: str) -> None:
    with pytest.raises(encryption.EncryptionError):
        encryption.decrypt("secret", sealed)


# ------------------------------------------------------------------------------------------------------- plain apps


def test_each_plain_app_is_asked_in_its_own_way() -> None:
    traccar = AndroidOptions(app="traccar", url="10.0.0.2", token=SecretStr("k"), sim=2)
    assert plain.request(traccar, "+54911", "Ñ&a").body == {"json": {"to": "+54911", "message": "Ñ&a", "slot": 1}}
    rest = AndroidOptions(app="rest", url="10.0.0.2", country_code="54")
    assert plain.request(rest, "+54911", "Ñ&a=b").path == "/v1/sms/?phone=%2B54911&message=%C3%91%26a%3Db"
    generic = AndroidOptions(app="generic", url="10.0.0.2", token=SecretStr("k"))
    assert plain.request(generic, "+54911", "a").body == {"data": {"phoneno": "+54911", "message": "a", "token": "k"}}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b"", Accepted({1: "r"}, reported=False)),
        (200, b"OK", Accepted({1: "r"}, reported=False)),
        (200, b'{"success":true}', Accepted({1: "r"}, reported=False)),
        (200, b'{"success": false}', Refused("refused_by_phone")),
        (200, b"<html>Login</html>", UncertainOutcome("not_the_app")),
        (500, b"OK", UncertainOutcome("http_500")),
        (302, b"", UncertainOutcome("http_302")),
        (400, b"OK", Refused("refused_by_phone")),
        (404, b"OK", NotSent("http_404", blame=Blame.LINE)),
        (503, b"OK", NotSent("http_503", blame=Blame.LINE)),
    ],
)
def test_the_status_is_judged_before_the_body(status: int, body: bytes, expected: object) -> None:
    assert plain.judge(Answer(status, body, None), {1: "r"}) == expected


# ---------------------------------------------------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("app", "url", "base"),
    [
        ("smsgate", "192.168.1.20", "http://192.168.1.20:8080"),
        ("traccar", "192.168.1.20", "http://192.168.1.20:8082"),
        ("rest", "192.168.1.20:9000", "http://192.168.1.20:9000"),
        ("smsgate", "https://phone.lan/", "https://phone.lan"),
        ("smsgate", "https://api.example/3rdparty/v1", "https://api.example/3rdparty/v1"),
        ("smsgate", "[fe80::1]:8080", "http://[fe80::1]:8080"),
        ("smsgate", "[fe80::1]", "http://[fe80::1]:8080"),
    ],
)
def test_an_address_alone_is_enough(app: Any, url: str, base: str) -> None:
    assert AndroidOptions(app=app, url=url).base == base


def test_the_rest_app_needs_address_and_country_code_alone() -> None:
    assert check(AndroidOptions.model_validate({"app": "rest", "url": "192.168.1.20", "country_code": "+54"})) == []


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({}, "url"),
        ({"url": "10.0.0.2"}, "password"),
        ({"url": "10.0.0.2", "app": "traccar"}, "token"),
        ({"url": "ftp://10.0.0.2", "password": "x"}, "url"),
        ({"url": "http://u:p@10.0.0.2", "password": "x"}, "url"),
        ({"url": "10.0.0.2", "app": "rest", "passphrase": "x"}, "passphrase"),
        ({"url": "10.0.0.2", "password": "x", "webhook": "https://gw/hooks/a"}, "webhook_secret"),
    ],
)
def test_keys_that_cannot_work_are_named(options: dict[str, Any], key: str) -> None:
    made = AndroidOptions.model_validate(options)
    assert key in {finding.key for finding in check(made)}
    with pytest.raises(MisconfiguredError):
        require_usable(made)


@pytest.mark.parametrize("options", [{"sim": 0}, {"app": "x"}, {"nonsense": 1}, {"poll": 0}, {"poll": "soon"}])
def test_values_that_no_key_takes_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AndroidOptions.model_validate(options)


def test_poll_is_seconds_or_a_duration() -> None:
    polls = [AndroidOptions.model_validate({"poll": given}).poll for given in (5, "5s", "500ms", "2m")]
    assert polls == [5, 5, 0.5, 120]


def test_secrets_are_not_shown() -> None:
    options = AndroidOptions(
        url="x", password=SecretStr("geheim"), token=SecretStr("geheim"), passphrase=SecretStr("geheim")
    )
    assert "geheim" not in repr(options) + str(options)


@pytest.mark.parametrize("app", ["smsgate", "traccar", "rest", "generic"])
async def test_the_driver_makes_a_line_of_every_app(app: Any) -> None:
    offered: Driver = driver
    assert offered.channels == {"sms"}
    options = AndroidOptions(app=app, url="10.0.0.2", password=SecretStr("x"), token=SecretStr("x"))
    assert isinstance(offered.make(LineSetup("p", options)), Line)


def test_pauses_double_up_to_a_bound() -> None:
    assert [backoff(tried, 0.2, 5.0) for tried in (1, 2, 3, 60)] == [0.2, 0.4, 0.8, 5.0]
