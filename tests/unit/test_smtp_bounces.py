"""Bounces and replies, shaped as real servers and people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import DeliveryReport, InboundMessage
from drivers.smtp.received import reading
from drivers.smtp.received.identity import Identity

ATTEMPT = "01JD0000000000000000000001"
IDENTITY = Identity("cobranzas@norte.example")
VERP = Identity("cobranzas@norte.example", "rebotes+{attempt}@norte.example")
NOW = 1_795_500_000.0


def read(raw: bytes, identity: Identity, *, at: float) -> tuple[DeliveryReport | InboundMessage, ...]:
    return reading.read(raw, identity, at=at).events


POSTFIX = """\
Return-Path: <>
Date: Mon, 23 Nov 2026 12:00:00 -0300 (-03)
From: MAILER-DAEMON@mx.norte.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B/1"

--B/1
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

<ana@example.com>: host mx.example.com said: 550 5.1.1 unknown

--B/1
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.norte.example
X-Postfix-Queue-ID: 4F1B2C
{envelope}Arrival-Date: Mon, 23 Nov 2026 11:59:58 -0300

Final-Recipient: rfc822; {recipient}
Original-Recipient: rfc822;{recipient}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.com
Diagnostic-Code: smtp; {diagnosis}

--B/1
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

{returned}
--B/1--
"""

RETURNED = f"""\
From: Norte Wifi <cobranzas@norte.example>
To: ana@example.com
Cc: Jefa <jefa@example.com>
Subject: Su factura
Message-ID: <{ATTEMPT}@norte.example>
"""


def bounce(**parts: str) -> bytes:
    given = {
        "to": "cobranzas@norte.example",
        "envelope": "",
        "recipient": "ana@example.com",
        "action": "failed",
        "status": "5.1.1",
        "diagnosis": "550 5.1.1 unknown",
        "returned": RETURNED,
    }
    return POSTFIX.format(**(given | parts)).encode()


def report(status: str = "undelivered", reason: str | None = "unknown_recipient") -> DeliveryReport:
    return DeliveryReport(
        f"<{ATTEMPT}@norte.example>",
        "ana@example.com",
        status,  # type: ignore[arg-type] # one of its literals
        reason,
        1_795_446_000.0,
        attempt=ATTEMPT,
        part=1,
    )


def test_a_bounce_is_found_by_the_headers_it_returns() -> None:
    assert read(bounce(), IDENTITY, at=NOW) == (report(),)


def test_a_bounce_is_found_by_the_address_it_went_to() -> None:
    to = f"rebotes+{ATTEMPT.lower()}@norte.example"
    assert read(bounce(to=to, returned=""), VERP, at=NOW) == (report(),)
    assert read(bounce(to=to, returned=""), IDENTITY, at=NOW) == ()


def test_a_bounce_is_found_by_the_envelope_id() -> None:
    envelope = f"Original-Envelope-Id: {ATTEMPT}\n"
    assert read(bounce(envelope=envelope, returned=""), IDENTITY, at=NOW) == (report(),)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"status": "5.2.2"}, report(reason="mailbox_full")),
        ({"status": "5.0.0", "diagnosis": "554 blocked"}, report(reason="smtp_554")),
        ({"status": "4.4.7"}, report(reason="expired_in_network")),
        ({"action": "delayed", "status": "4.4.1"}, report("pending", "smtp_550")),
        ({"action": "Delivered (to mailbox)", "status": "2.0.0"}, report("delivered", None)),
    ],
)
def test_action_and_status_decide(parts: dict[str, str], expected: DeliveryReport) -> None:
    assert read(bounce(**parts), IDENTITY, at=NOW) == (expected,)


def test_what_says_nothing_of_our_message_changes_nothing() -> None:
    assert read(bounce(recipient="jefa@example.com"), IDENTITY, at=NOW) == ()
    assert read(bounce(action="relayed"), IDENTITY, at=NOW) == ()
    foreign = RETURNED.replace("@norte.example>\n", "@otra.example>\n")
    assert read(bounce(returned=foreign), IDENTITY, at=NOW) == ()


def test_a_whole_returned_message_and_several_recipients() -> None:
    raw = bounce().replace(b"text/rfc822-headers", b"message/rfc822")
    two = raw.replace(
        b"\n--B/1\nContent-Description: Undelivered",
        b"\nFinal-Recipient: rfc822; jefa@example.com\nAction: failed\nStatus: 5.1.1\n"
        b"\n--B/1\nContent-Description: Undelivered",
    )
    assert read(raw, IDENTITY, at=NOW) == (report(),)
    assert read(two, IDENTITY, at=NOW) == (report(),)


def reply(body: str, kind: str = "text/plain", headers: str = "") -> bytes:
    return (
        f"From: =?utf-8?q?Ana_P=C3=A9rez?= <Ana@Example.com>\r\nTo: cobranzas@norte.example\r\n"
        f"Subject: Re: Su factura\r\nMessage-ID: <r1@example.com>\r\nDate: Mon, 23 Nov 2026 12:00:00 -0300\r\n"
        f"{headers}Content-Type: {kind}; charset=utf-8\r\n\r\n{body}"
    ).encode()


@pytest.mark.parametrize(
    "body",
    [
        "BAJA\r\n\r\nEl lun, 23 nov 2026 a las 11:00, Norte Wifi (<cobranzas@norte.example>) escribió:\r\n> Hola",
        "BAJA\n> Hola",
        "BAJA\n\n-----Mensaje original-----\nDe: Norte",
        "BAJA\n\nOn Mon, Nov 23, 2026 at 11:00 Norte wrote:\n\nHola",
    ],
)
def test_a_reply_is_its_own_words(body: str) -> None:
    expected = InboundMessage(
        *("<r1@example.com>", "ana@example.com", "cobranzas@norte.example", "BAJA", 1_795_446_000.0),
        subject="Re: Su factura",
    )
    assert read(reply(body), IDENTITY, at=NOW) == (expected,)


def test_a_reply_in_html_alone() -> None:
    page = "<html><head><style>p{}</style></head><p>Ya pagué</p><blockquote>Hola</blockquote></html>"
    [message] = read(reply(page, "text/html"), IDENTITY, at=NOW)
    assert isinstance(message, InboundMessage)
    assert message.text == "Ya pagué"


def test_a_reply_without_an_id_is_known_again_by_its_content() -> None:
    raw = reply("hola").replace(b"Message-ID: <r1@example.com>\r\n", b"")
    [first], [again] = read(raw, IDENTITY, at=NOW), read(raw, IDENTITY, at=NOW)
    assert isinstance(first, InboundMessage)
    assert first.key.startswith("sha256:")
    assert first == again


@pytest.mark.parametrize("header", ["Auto-Submitted: auto-replied\r\n", "Precedence: bulk\r\n", "Return-Path: <>\r\n"])
def test_a_machine_is_not_a_person(header: str) -> None:
    assert read(reply("Estoy de vacaciones", headers=header), IDENTITY, at=NOW) == ()


def test_a_date_of_the_future_is_not_believed() -> None:
    raw = reply("hola").replace(b"2026", b"2099")
    assert [event.at for event in read(raw, IDENTITY, at=NOW)] == [NOW]


@given(st.binary(max_size=400), st.integers(0, 5))
def test_no_bytes_stop_it(noise: bytes, place: int) -> None:
    for whole in (reply("hola"), bounce()):
        at = len(whole) * place // 5
        for event in read(whole[:at] + noise + whole[at:], VERP, at=NOW):
            assert event.at <= NOW
    read(noise, VERP, at=NOW)
