# ruff: noqa: E501 - mails are written as they come
"""Bounces and complaints in the forms of servers in use: each about the right mail, with the right reason."""

import base64

import pytest

from drivers.base import DeliveryReport, InboundMessage
from drivers.smtp.received import reading
from drivers.smtp.received.identity import Identity, Recipients
from drivers.smtp.received.reading import Kind, Reading
from drivers.smtp.unsubscribe import Links

ATTEMPT = "01JD0000000000000000000001"
LINKS = Links("una clave de la línea")
IDENTITY = Identity("cobranzas@norte.example", "rebotes+{attempt}@norte.example", LINKS)
NOW = 1_795_500_000.0
VERP = f"rebotes+{ATTEMPT}@norte.example"
COPY = (
    "Received: from gw.norte.example by mx.norte.example; Mon, 23 Nov 2026 11:59:58 -0300\n"
    f"From: Norte Wifi <cobranzas@norte.example>\nTo: ana@example.com\nMessage-ID: <{ATTEMPT}@norte.example>\n"
    "Subject: Su factura vencida, limit exceeded\n\nHola Ana, su buzón no está lleno.\n"
)


def read(raw: str | bytes) -> Reading:
    return reading.read(raw.encode() if isinstance(raw, str) else raw, IDENTITY, at=NOW)


def report(raw: str | bytes) -> DeliveryReport:
    [event] = read(raw).events
    assert isinstance(event, DeliveryReport)
    assert (event.attempt, event.part, event.reference) == (ATTEMPT, 1, f"<{ATTEMPT}@norte.example>")
    return event


def dsn(
    status: str, kind: str = "message/delivery-status", to: str = VERP, encoded: bool = False, rest: str = ""
) -> str:
    body = base64.encodebytes(status.encode()).decode() if encoded else status
    transfer = "Content-Transfer-Encoding: base64\n" if encoded else ""
    return (
        f"From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nTo: {to}\nSubject: Delivery Status Notification (Failure)\n"
        'Content-Type: multipart/report; boundary="B"; report-type=delivery-status\n\n'
        f"--B\nContent-Type: text/plain; charset=utf-8\n\n** Address not found **\n\n--B\nContent-Type: {kind}\n{transfer}\n{body}\n{rest}--B--\n"
    )


FAILED = (
    "Reporting-MTA: dns; googlemail.com\n\nFinal-Recipient: rfc822; ana@example.com\nAction: failed\nStatus: 5.1.1\n"
    "Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.\n"
)

FORMS: dict[str, tuple[str, str, str]] = {
    "gmail": (dsn(FAILED), "undelivered", "unknown_recipient"),
    "gmail, empty status": (
        (
            f"From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nTo: {VERP}\nX-Failed-Recipients: ana@example.com\n"
            "Subject: Delivery Status Notification (Failure)\nAuto-Submitted: auto-replied\n"
            'Content-Type: multipart/report; boundary="B"; report-type=delivery-status\n\n--B\nContent-Type: text/plain; charset=utf-8\n\n'
            "** Message not delivered **\n\nYour message wasn't delivered to ana@example.com because the recipient's inbox is full.\n\n"
            "--B\nContent-Type: message/delivery-status\n\n\n--B--\n"
        ),
        "undelivered",
        "mailbox_full",
    ),
    "gmail, status without recipients": (
        dsn("Reporting-MTA: dns; googlemail.com\nArrival-Date: Mon, 23 Nov 2026\n").replace(
            "** Address not found **", "The address couldn't be found, or is unable to receive mail."
        ),
        "undelivered",
        "unknown_recipient",
    ),
    "qmail": (
        (
            f"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.com\nTo: {VERP}\nSubject: failure notice\n\n"
            "Hi. This is the qmail-send program at mx.example.com.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n"
            "This is a permanent error; I've given up. Sorry it didn't work out.\n\n<ana@example.com>:\n"
            f"Sorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\n{COPY}"
        ),
        "undelivered",
        "unknown_recipient",
    ),
    "qmail without our address": (
        (
            "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.com\nTo: cobranzas@norte.example\nSubject: failure notice\n\n"
            "<ana@example.com>:\n192.0.2.1 does not like recipient.\nRemote host said: 552 Mailbox full\nGiving up on 192.0.2.1.\n\n"
            f"--- Below this line is a copy of the message.\n\nReturn-Path: <cobranzas@norte.example>\n{COPY}"
        ),
        "undelivered",
        "mailbox_full",
    ),
    "exim, old": (
        (
            "From: Mail Delivery System <Mailer-Daemon@mx.example.com>\nTo: cobranzas@norte.example\n"
            "Subject: Mail delivery failed: returning message to sender\nX-Failed-Recipients: ana@example.com\nAuto-Submitted: auto-replied\n\n"
            "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\n"
            "recipients. This is a permanent error. The following address(es) failed:\n\n  ana@example.com\n    Unrouteable address\n\n"
            f"------ This is a copy of the message, including all the headers. ------\n\n{COPY}"
        ),
        "undelivered",
        "unknown_recipient",
    ),
    "exim, delayed": (
        (
            "From: Mail Delivery System <Mailer-Daemon@mx.example.com>\nTo: cobranzas@norte.example\n"
            "Subject: Warning: message 1abc-000 delayed 24 hours\nAuto-Submitted: auto-replied\n\n"
            "A message that you sent has not yet been delivered to one or more of its recipients after more than 24 hours.\n\n"
            f"The message identifier is: <{ATTEMPT}@norte.example>\nThe address to which the message has not yet been delivered is:\n\n"
            "  ana@example.com\n\nNo action is required on your part.\n"
        ),
        "pending",
        "undelivered",
    ),
    "exchange": (
        dsn(
            "Reporting-MTA: dns;mail.example.com\n\nFinal-recipient: RFC822;ana@example.com\nAction: failed\nStatus: 5.2.2\n"
            "Diagnostic-Code: smtp;554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException\nX-Display-Name: Ana\n"
        ),
        "undelivered",
        "mailbox_full",
    ),
    "exchange, in Spanish": (
        (
            f"From: <postmaster@example.com>\nTo: {VERP}\nSubject: =?utf-8?b?Tm8gc2UgcHVlZGUgZW50cmVnYXI6IFN1IGZhY3R1cmE=?=\n"
            "Content-Type: text/plain; charset=utf-8\n\nNo se pudo entregar el mensaje a ana@example.com.\n\nana no se encontró: la dirección no existe.\n"
        ),
        "undelivered",
        "unknown_recipient",
    ),
    "exchange, as a page": (
        (
            f"From: <postmaster@example.com>\nTo: {VERP}\nSubject: Undeliverable: Su factura\n"
            'Content-Type: multipart/report; boundary="B"; report-type=delivery-status\n\n'
            "--B\nContent-Type: text/html\n\n<p>The recipient's <b>mailbox is full</b> and can't accept messages now.</p>\n"
            "--B\nContent-Type: message/delivery-status\n\nReporting-MTA: x\n\nFinal-Recipient: rfc822;ana@example.com\n"
            f"Action: failed\nStatus: 5.0.0\n\n--B\nContent-Type: message/rfc822\n\n{COPY}\n--B--\n"
        ),
        "undelivered",
        "mailbox_full",
    ),
    "SMTPUTF8": (
        dsn(FAILED.replace("rfc822;", "utf-8;"), "message/global-delivery-status"),
        "undelivered",
        "unknown_recipient",
    ),
    "base64": (dsn(FAILED, encoded=True), "undelivered", "unknown_recipient"),
    "octet-stream": (dsn(FAILED, "application/octet-stream"), "undelivered", "unknown_recipient"),
    "octet-stream in base64": (
        dsn(FAILED, "application/octet-stream; name=details.txt", encoded=True),
        "undelivered",
        "unknown_recipient",
    ),
    "text": (dsn(FAILED, "text/plain"), "undelivered", "unknown_recipient"),
    "attached as a file": (
        dsn(FAILED, 'text/plain; name="details.txt"').replace("multipart/report", "multipart/mixed"),
        "undelivered",
        "unknown_recipient",
    ),
    "delivered": (
        dsn("Reporting-MTA: x\n\nFinal-Recipient: rfc822;ana@example.com\nAction: delivered\nStatus: 2.0.0\n"),
        "delivered",
        "",
    ),
    "delayed": (
        dsn("Reporting-MTA: x\n\nFinal-Recipient: rfc822;ana@example.com\nAction: delayed\nStatus: 4.4.1\n"),
        "pending",
        "unknown_recipient",
    ),
    "no action": (
        dsn("Reporting-MTA: x\n\nFinal-Recipient: rfc822;ana@example.com\nStatus: 5.2.1\n"),
        "undelivered",
        "mailbox_disabled",
    ),
    "Status 5.0.0": (
        dsn(
            "Reporting-MTA: x\n\nFinal-Recipient: rfc822;ana@example.com\nAction: failed\nStatus: 5.0.0\n"
            "Diagnostic-Code: smtp; 550 Requested action not taken: mailbox is full\n"
        ),
        "undelivered",
        "mailbox_full",
    ),
    "our address blocked": (
        dsn(
            "Reporting-MTA: x\n\nFinal-Recipient: rfc822;ana@example.com\nAction: failed\nStatus: 5.7.1\n"
            "Diagnostic-Code: smtp; 550 5.7.1 Service unavailable, Client host [192.0.2.1] blocked using Spamhaus\n"
        ),
        "undelivered",
        "host_blocked",
    ),
}


@pytest.mark.parametrize(("raw", "status", "reason"), FORMS.values(), ids=FORMS)
def test_a_bounce_of_every_form_is_about_its_mail(raw: str, status: str, reason: str) -> None:
    found = report(raw)
    assert (found.status, found.reason or "") == (status, reason)
    assert found.to in ("ana@example.com", None)
    assert read(raw).kind is Kind.REPORT


def returned(cc: str = "") -> str:
    copied = f"Cc: {cc}\n" if cc else ""
    return f"--B\nContent-Type: text/rfc822-headers\n\nTo: ana@example.com\n{copied}Message-ID: <{ATTEMPT}@norte.example>\n"


@pytest.mark.parametrize(
    ("recipient", "cc", "ours"),
    [
        ("ana@example.com", "jefa@example.com", True),
        ("ANA@example.com", "jefa@example.com", True),
        ("jefa@example.com", "jefa@example.com", False),
        ("jefa@otra.example", "jefa@example.com", False),
        # forwarded, and nobody else it could have been forwarded for
        ("ana@otra.example", "", True),
    ],
)
def test_only_our_recipients_fate_is_the_messages(recipient: str, cc: str, ours: bool) -> None:
    raw = dsn(FAILED.replace("ana@example.com", recipient), rest=returned(cc))
    reading = read(raw)
    assert (len(reading.events), reading.kind) == (int(ours), Kind.REPORT)
    if ours:
        assert report(raw).to == "ana@example.com"


def test_the_copies_of_a_mail_are_known_where_its_bounce_returns_no_headers() -> None:
    known = {ATTEMPT: Recipients(frozenset({"ana@example.com"}), frozenset({"jefa@example.com"}))}
    line = Identity("cobranzas@norte.example", "rebotes+{attempt}@norte.example", None, known)
    about_ana, about_jefa = FAILED, FAILED.replace("ana@", "jefa@")
    assert len(reading.read(dsn(about_ana).encode(), line, at=NOW).events) == 1
    assert reading.read(dsn(about_jefa).encode(), line, at=NOW).events == ()


def test_exims_text_about_somebody_in_copy_changes_nothing() -> None:
    raw = FORMS["exim, old"][0].replace("ana@example.com\n    Unr", "jefa@example.com\n    Unr")
    raw = raw.replace("X-Failed-Recipients: ana@", "X-Failed-Recipients: jefa@")
    raw = raw.replace("To: ana@example.com\nMessage-ID", "To: ana@example.com\nCc: jefa@example.com\nMessage-ID")
    assert read(raw) == Reading(Kind.REPORT)


@pytest.mark.parametrize("form", ["qmail without our address", "exim, old"])
def test_what_cannot_be_matched_is_counted_and_never_a_reply(form: str) -> None:
    foreign = FORMS[form][0].replace("@norte.example>\n", "@otra.example>\n")
    assert read(foreign) == Reading(Kind.UNMATCHED)


def test_a_text_that_tells_of_a_mail_that_arrived_is_no_bounce() -> None:
    said = "Your message was successfully delivered to ana@example.com."
    raw = f"From: MAILER-DAEMON@x.example\nTo: {VERP}\nSubject: Successful Mail Delivery Report\n\n{said}\n"
    assert read(raw) == Reading(Kind.REPORT)


def test_a_postmaster_may_be_a_person() -> None:
    raw = "From: postmaster@isp.example\nTo: cobranzas@norte.example\nSubject: Re: Su factura\n\nYa pagué\n"
    assert read(raw).kind is Kind.REPLY


def test_a_vacation_note_to_the_bounce_address_is_no_bounce() -> None:
    raw = f"Return-Path: <>\nFrom: ana@example.com\nTo: {VERP}\nSubject: Estoy de viaje\nAuto-Submitted: auto-replied\n\nVuelvo el lunes\n"
    assert read(raw) == Reading(Kind.AUTOMATIC)


# ----------------------------------------------------------------------------------------------------------- complaints


def arf(fields: str, original: str) -> str:
    return (
        "From: <abuse@example.com>\nTo: cobranzas@norte.example\nSubject: FW: Su factura\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="B"\n\n'
        "--B\nContent-Type: text/plain\n\nThis is an email abuse report.\n\n"
        f"--B\nContent-Type: message/feedback-report\n\n{fields}\n--B\nContent-Type: message/rfc822\n\n{original}\n--B--\n"
    )


ABUSE = "Feedback-Type: abuse\nUser-Agent: SomeGenerator/1.0\nVersion: 1\n"
OURS = f"From: Norte <cobranzas@norte.example>\nTo: {{to}}\nMessage-ID: <{ATTEMPT}@norte.example>\nSubject: Su factura\n\nHola\n"
HOTMAIL = (
    "From: staff@hotmail.com\nTo: cobranzas@norte.example\nSubject: complaint about message from 192.0.2.1\n"
    'Content-Type: multipart/mixed; boundary="B"\n\n--B\nContent-Type: message/rfc822\n\n'
    "X-HmXmrOriginalRecipient: ana@example.com\n" + OURS.format(to="Undisclosed") + "\n--B--\n"
)
LINK = (
    f"List-Unsubscribe: <https://gw.norte.example/hooks/m?u={LINKS.seal(ATTEMPT, 'ana@example.com')}>,\n <mailto:x@y>\n"
)

COMPLAINTS = {
    "recipient in the report": arf(ABUSE + "Original-Rcpt-To: <ana@example.com>\n", OURS.format(to="redacted")),
    "recipient in the original": arf(ABUSE, OURS.format(to="ana@example.com")),
    "recipient blanked, but our link": arf(ABUSE, LINK + OURS.format(to="redacted@redacted.example")),
    "opt-out": arf(ABUSE.replace("abuse", "opt-out"), OURS.format(to="ana@example.com")),
    "hotmail": HOTMAIL,
}


@pytest.mark.parametrize("raw", COMPLAINTS.values(), ids=COMPLAINTS)
def test_a_complaint_is_an_opt_out_that_people_see(raw: str) -> None:
    reading = read(raw)
    [message] = reading.events
    assert isinstance(message, InboundMessage)
    assert reading.kind is Kind.COMPLAINT
    assert (message.sender, message.answers, message.opt_out) == ("ana@example.com", ATTEMPT, True)
    assert message.text.startswith("complaint (")
    assert read(raw).events == reading.events


def test_feedback_that_is_no_complaint_blocks_nobody() -> None:
    assert read(arf(ABUSE.replace("abuse", "not-spam"), OURS.format(to="ana@example.com"))).events == ()
    assert read(arf(ABUSE.replace("abuse", "auth-failure"), OURS.format(to="ana@example.com"))).kind is Kind.AUTOMATIC


def test_a_complaint_about_no_mail_of_ours_is_counted() -> None:
    foreign = OURS.replace("@norte.example>\nSubject", "@otra.example>\nSubject").format(to="ana@example.com")
    assert read(arf(ABUSE, foreign)) == Reading(Kind.UNMATCHED)
    assert read(arf(ABUSE, OURS.format(to="undisclosed"))) == Reading(Kind.UNMATCHED)
