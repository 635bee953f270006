"""The push driver's pure parts: encryption by the RFC's example and another's reading, signatures, requests, keys."""

from __future__ import annotations

import json
import time
import tomllib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import http_ece
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.base import LineSetup, MisconfiguredError, OutboundMessage, PushContent
from drivers.http.answer import Request
from drivers.push import driver
from drivers.push.access import ServiceAccount
from drivers.push.encryption import PLAIN_MAX, encrypt, raw_point
from drivers.push.fcm import document
from drivers.push.notification import Notification, notification
from drivers.push.ntfy import header_text, request
from drivers.push.options import PushOptions
from drivers.push.subscription import Subscription
from drivers.push.tokens import b64url, es256, from_b64url
from drivers.push.webpush import vapid_key
from gatewayd.config import InvalidConfigError, parse

RECEIVER = ec.generate_private_key(ec.SECP256R1())
AUTH = bytes(range(16))
NOW = 1_790_000_000.0


def b64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_example_of_rfc_8291() -> None:
    """Section 5: the very octets."""
    sender = ec.derive_private_key(
        int.from_bytes(b64("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big"), ec.SECP256R1()
    )
    receiver = ec.EllipticCurvePublicKey.from_encoded_point(
        ec.SECP256R1(),
        b64("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
    )
    body = encrypt(
        b"When I grow up, I want to be a watermelon",
        receiver,
        b64("BTBZMqHH6r4Tts7J_aSIgg"),
        sender=sender,
        salt=b64("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert b64url(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7"
        "A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


@given(st.binary(max_size=PLAIN_MAX))
@settings(max_examples=30)
def test_another_s_reading_finds_the_same(plain: bytes) -> None:
    body = encrypt(plain, RECEIVER.public_key(), AUTH)
    assert len(body) <= 4096
    assert http_ece.decrypt(body, private_key=RECEIVER, auth_secret=AUTH, version="aes128gcm") == plain


def test_two_messages_share_nothing_and_a_long_one_is_none() -> None:
    first, second = (encrypt(b"Hola", RECEIVER.public_key(), AUTH) for _ in range(2))
    assert first[:16] != second[:16]
    assert first[21:86] != second[21:86]
    with pytest.raises(ValueError, match="too long"):
        encrypt(b"x" * (PLAIN_MAX + 1), RECEIVER.public_key(), AUTH)


def test_vapid_verifies_by_another_library() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    claims = {"aud": "https://push.example", "exp": int(time.time()) + 60, "sub": "mailto:a@example.com"}
    token = es256(key, claims)
    assert jwt.decode(token, key.public_key(), algorithms=["ES256"], audience="https://push.example") == claims
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, other, algorithms=["ES256"], audience="https://push.example")


RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ACCOUNT = {
    "type": "service_account",
    "project_id": "norte-app",
    "private_key_id": "k1",
    "private_key": RSA_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    "client_email": "gw@norte-app.iam.gserviceaccount.com",
    "token_uri": "https://oauth2.googleapis.com/token",
}


def test_an_assertion_verifies_by_another_library() -> None:
    account = ServiceAccount.parse(json.dumps(ACCOUNT))
    token = account.assertion(time.time(), 3600.0)
    claims = jwt.decode(token, RSA_KEY.public_key(), algorithms=["RS256"], audience=ACCOUNT["token_uri"])
    assert claims["iss"] == ACCOUNT["client_email"]
    assert claims["scope"] == "https://www.googleapis.com/auth/firebase.messaging"
    assert claims["exp"] - claims["iat"] == 3600
    assert jwt.get_unverified_header(token)["kid"] == "k1"
    assert "PRIVATE" not in repr(account)


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ("no json", "not the JSON of a service account"),
        ({"type": "authorized_user"}, "not the JSON of a service account"),
        ({**ACCOUNT, "project_id": ""}, "lacks project_id"),
        ({**ACCOUNT, "private_key": "-----BEGIN PRIVATE KEY-----"}, "no usable private key"),
        ({**ACCOUNT, "token_uri": "ftp://x"}, "token_uri"),
    ],
)
def test_what_is_no_service_account_is_told_and_not_quoted(given_: Any, said: str) -> None:
    with pytest.raises(MisconfiguredError, match=said) as refused:
        ServiceAccount.parse(given_ if isinstance(given_, str) else json.dumps(given_))
    assert refused.value.key == "credentials"
    assert "BEGIN" not in str(refused.value)


def test_a_vapid_key_in_either_form() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    number = key.private_numbers().private_value.to_bytes(32, "big")
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    for written in (pem, urlsafe_b64encode(number).decode(), b64url(number) + "\n"):
        assert raw_point(vapid_key(written).public_key()) == raw_point(key.public_key())
    wrong = ec.generate_private_key(ec.SECP384R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for junk in ("", "x", wrong.decode(), "-----BEGIN EC PRIVATE KEY-----"):
        with pytest.raises(MisconfiguredError, match="P-256"):
            vapid_key(junk)


@given(st.binary(max_size=40))
def test_base64url_there_and_back(data: bytes) -> None:
    assert from_b64url(b64url(data)) == data == from_b64url(urlsafe_b64encode(data).decode())


def test_what_a_notification_is_made_of() -> None:
    message = OutboundMessage(
        "01JD0000000000000000000001",
        "cortes",
        "cortes",
        "Corte a las 10",
        valid_until=NOW + 900,
        content=PushContent("Corte", {"zone": "norte"}, 7200),
    )
    told = notification(message, 60.0, NOW)
    assert (told.title, told.body, told.data, told.ttl_s) == ("Corte", "Corte a las 10", {"zone": "norte"}, 900)
    plain = OutboundMessage("01JD0000000000000000000001", "cortes", "cortes", "x", valid_until=NOW - 5)
    assert notification(plain, 60.0, NOW).ttl_s == 1


def told(to: str = "cortes", title: str = "", body: str = "Hola", **data: str) -> Notification:
    return Notification("01JD0000000000000000000001", to, title, body, data, 3600)


def test_the_body_of_a_send_to_fcm() -> None:
    token = "abc:" + "x" * 60
    body = document(told(token, "Corte", zone="norte"), NOW)
    assert body == {
        "message": {
            "token": token,
            "notification": {"body": "Hola", "title": "Corte"},
            "data": {"gatewayd_id": "01JD0000000000000000000001", "zone": "norte"},
            "android": {"ttl": "3600s"},
            "apns": {"headers": {"apns-expiration": str(int(NOW) + 3600)}},
            "webpush": {"headers": {"TTL": "3600"}},
        }
    }
    topic = document(told("/topics/cortes"), NOW)
    assert topic is not None
    assert topic["message"]["topic"] == "cortes"


def test_the_request_to_ntfy() -> None:
    asked = request("https://ntfy.example", "tk_x", told(title="Ñandú\r\nX: y", body="Señor ✔", click="https://a"))
    assert isinstance(asked, Request)
    assert asked.url == "https://ntfy.example/cortes"
    assert asked.body == "Señor ✔".encode()
    assert asked.headers["Authorization"] == "Bearer tk_x"
    assert asked.headers["Click"] == "https://a"
    assert asked.headers["Title"] == "=?UTF-8?B?w5FhbmTDuiBYOiB5?="
    assert header_text("plain") == "plain"


@given(st.text(max_size=40))
def test_no_text_breaks_out_of_a_header(text: str) -> None:
    said = header_text(text.encode("utf-8", "ignore").decode())
    assert said.isascii()
    assert said.isprintable()


SUBSCRIPTION = {
    "endpoint": "https://updates.push.services.mozilla.com/wpush/v2/abc",
    "keys": {"p256dh": b64url(raw_point(RECEIVER.public_key())), "auth": b64url(AUTH)},
}


@pytest.mark.parametrize(
    ("endpoint", "allowed"),
    [
        ("https://updates.push.services.mozilla.com/wpush/v2/abc", True),
        ("https://fcm.googleapis.com/fcm/send/abc", True),
        ("https://FCM.googleapis.com:443/fcm/send/abc", True),
        ("https://web.push.apple.com/abc", True),
        ("http://fcm.googleapis.com/fcm/send/abc", False),
        ("https://fcm.googleapis.com.evil.example/x", False),
        ("https://evil.example/fcm.googleapis.com", False),
        ("https://fcm.googleapis.com@evil.example/x", False),
        ("https://user@fcm.googleapis.com/x", False),
        ("https://push.norte.example/x", True),
        ("https://push.norte.example:8443/x", False),
    ],
)
def test_where_a_subscription_may_lead(endpoint: str, allowed: bool) -> None:
    hosts = PushOptions.model_validate({"service": "webpush"}).hosts
    subscription = Subscription.parse(json.dumps({**SUBSCRIPTION, "endpoint": endpoint}))
    assert subscription.leads_to(hosts, "https://push.norte.example") is allowed


@pytest.mark.parametrize(
    ("endpoint", "origin"),
    [
        ("https://FCM.googleapis.com:443/fcm/send/abc", "https://fcm.googleapis.com"),
        ("https://push.norte.example:8443/x", "https://push.norte.example:8443"),
        ("http://[::1]:80/x", "http://[::1]"),
    ],
)
def test_whom_a_vapid_token_is_for(endpoint: str, origin: str) -> None:
    assert Subscription.parse(json.dumps({**SUBSCRIPTION, "endpoint": endpoint})).origin == origin


VAPID = b64url(ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(32, "big"))
WEBPUSH = {"service": "webpush", "credentials": VAPID, "subject": "mailto:a@example.com"}


@pytest.mark.parametrize(
    ("given_", "keys"),
    [
        ({"service": "ntfy", "url": "https://ntfy.example", "token": "tk_x"}, []),
        ({"service": "ntfy"}, ["url"]),
        ({"service": "ntfy", "url": "http://ntfy.example"}, ["url"]),
        ({"service": "ntfy", "url": "https://user:pw@ntfy.example"}, ["url"]),
        ({"service": "fcm", "credentials": json.dumps(ACCOUNT)}, []),
        ({"service": "fcm"}, ["credentials_file"]),
        ({"service": "fcm", "credentials": "{}"}, ["credentials_file"]),
        ({"service": "fcm", "credentials": json.dumps(ACCOUNT), "token": "x"}, ["token"]),
        (WEBPUSH, []),
        ({**WEBPUSH, "subject": "tecnica"}, ["subject"]),
        ({"service": "webpush"}, ["credentials_file", "subject"]),
        ({**WEBPUSH, "ca_file": "/nowhere/ca.pem"}, ["ca_file"]),
    ],
)
def test_what_check_tells(given_: dict[str, Any], keys: list[str]) -> None:
    found = driver.check(LineSetup("p", PushOptions.model_validate(given_)))
    assert [finding.key for finding in found] == keys
    if keys and keys != ["ca_file"] and not given_.get("url", "").startswith("http://"):
        with pytest.raises(MisconfiguredError):
            driver.make(LineSetup("p", PushOptions.model_validate(given_)))


def test_the_configuration_file_names_the_credentials_file(tmp_path: Any) -> None:
    (tmp_path / "fcm.json").write_text(json.dumps(ACCOUNT) + "\n")
    line = '[[line]]\nname = "app"\ndriver = "push"\nservice = "fcm"\ncredentials_file = "fcm.json"\nttl = "2d"\n'
    config = parse(tomllib.loads(line), tmp_path / "gatewayd.toml")
    options = config.lines[0].options
    assert isinstance(options, PushOptions)
    assert options.ttl == 172_800.0
    assert driver.check(LineSetup("app", options)) == []
    with pytest.raises(InvalidConfigError, match="ttl"):
        parse(tomllib.loads(line.replace("2d", "60d")), tmp_path / "gatewayd.toml")
