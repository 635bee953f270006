"""Mails as bytes: whatever the words, what arrives says them, and no word becomes a header."""

import random
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.smtp.compose import Attachment, Content, Sender, UnsendableError, compose, stuffed
from drivers.smtp.proofreading import Expected, reads_as

ATTEMPT = "01JD0000000000000000000001"
SENDER = Sender("Norte Wifi", "cobranzas@norte.example")
AT = 1_795_300_000.0
WORDS = st.text(st.characters(codec="utf-8"), max_size=300)
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp")), max_size=120)


def parsed(content: Content, sender: Sender = SENDER) -> EmailMessage:
    mail = compose(sender, content, attempt=ATTEMPT, at=AT)
    assert mail.data.isascii() or mail.utf8
    assert mail.data.endswith(b"\r\n")
    assert mail.data.count(b"\n") == mail.data.count(b"\r\n") == mail.data.count(b"\r")
    assert max(map(len, mail.data.split(b"\r\n"))) <= 998
    read = message_from_bytes(mail.data, _class=EmailMessage, policy=policy.default)
    assert read.defects == []
    return read


def lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")


def test_the_headers_of_a_mail() -> None:
    sender = Sender("Ñandú, S.A.", "a@norte.example", "soporte@norte.example", "https://norte.example/baja")
    mail = parsed(Content("ana@ñandú.example", "Factura", "Hola", cc=("b@x.example", "b@x.example")), sender)
    assert mail["To"] == "ana@xn--and-6ma2c.example"
    assert mail["Cc"] == "b@x.example"
    assert mail["From"].addresses[0].display_name == "Ñandú, S.A."
    assert mail["Reply-To"] == "soporte@norte.example"
    assert mail["Message-ID"] == f"<{ATTEMPT}@norte.example>"
    assert mail["Date"].datetime.timestamp() == AT
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] == "<https://norte.example/baja>"


def test_text_html_and_attachments_have_their_places() -> None:
    attachments = (Attachment("Factura Nº 1.pdf", b"%PDF\x00"), Attachment("nota", b"x"), Attachment("m.eml", b"y"))
    mail = parsed(Content("a@b.example", "s", "texto", "<p>hola</p>", attachments=attachments))
    assert mail.get_content_type() == "multipart/mixed"
    kinds = [(part.get_content_type(), part.get_filename(), part.get_content()) for part in mail.iter_attachments()]
    assert kinds == [
        ("application/pdf", "Factura Nº 1.pdf", b"%PDF\x00"),
        ("application/octet-stream", "nota", b"x"),
        ("application/octet-stream", "m.eml", b"y"),
    ]
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert (plain.get_content().strip(), html.get_content().strip()) == ("texto", "<p>hola</p>")
    assert parsed(Content("a@b.example", "s", "", "<p>hola</p>")).get_content_type() == "text/html"


@given(text=WORDS, html=st.none() | WORDS)
def test_whatever_the_words_they_arrive(text: str, html: str | None) -> None:
    mail = parsed(Content("a@b.example", "s", text, html))
    if text:
        plain = mail.get_body(("plain",))
        assert plain is not None
        assert lines(plain.get_content()) == lines(text)
    if html:
        page = mail.get_body(("html",))
        assert page is not None
        assert lines(page.get_content()) == lines(html)


@given(subject=NAMES, name=NAMES, file=NAMES.filter(bool))
def test_hostile_names_stay_in_their_header(subject: str, name: str, file: str) -> None:
    content = Content("a@b.example", subject, "x", attachments=(Attachment(file, b"1"),))
    mail = parsed(content, Sender(name, "a@norte.example"))
    assert sorted(name.lower() for name in mail) == sorted(
        ["from", "to", "subject", "date", "message-id", "auto-submitted", "mime-version", "content-type"]
    )
    assert "".join(mail["Subject"].split()) == "".join(subject.split())
    assert [each.addr_spec for each in mail["From"].addresses] == ["a@norte.example"]
    assert len(list(mail.iter_attachments())) == 1


@given(st.sampled_from("\r\n\x00\x0b\x85\u2028"), NAMES, NAMES)
def test_control_characters_never_reach_a_header(char: str, before: str, after: str) -> None:
    bad = f"{before}{char}{after}"
    for content in (
        Content("a@b.example", bad, "x"),
        Content(f"a@b.example{char}", "s", "x"),
        Content("a@b.example", "s", "x", cc=(f"c{char}@b.example",)),
        Content("a@b.example", "s", "x", attachments=(Attachment(bad, b""),)),
    ):
        with pytest.raises(UnsendableError):
            compose(SENDER, content, attempt=ATTEMPT, at=AT)
    with pytest.raises(UnsendableError):
        compose(Sender(bad, "a@b.example"), Content("a@b.example"), attempt=ATTEMPT, at=AT)


FORGED = (
    "=?utf-8?q?x=0d=0aReply-To:_malo@otra.example=0d=0a=0d=0aPague_aqu=C3=AD?=",
    "=?utf-8?b?eA0KQmNjOiBtYWxvQG90cmEuZXhhbXBsZQ0K?=",
    "Ana =?utf-8?q?=3Cmalo=40otra=2Eexample=3E=2C?= López",
    "=?utf-8?q?a?= =?utf-8?q?b?=",
    "=?utf-8?q?" + "x" * 200 + "?=",
    "=?x-unknown?q?a?=",
    "ñ =?utf-8?q?=0A?=",
)
"""Names as a customer's record may hold them: encoded words with breaks, headers and addresses inside."""


@pytest.mark.parametrize("forged", FORGED)
def test_an_encoded_word_in_a_value_stays_text(forged: str) -> None:
    content = Content("a@b.example", forged, "x", cc=("c@b.example",), attachments=(Attachment(forged, b"1"),))
    mail = parsed(content, Sender(forged, "a@norte.example", "r@norte.example"))
    assert list(mail) == [
        *("From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"),
        "Content-Type",
    ]
    assert mail["Subject"] == forged
    [sent_by] = mail["From"].addresses
    # Python's reader puts a blank between two encoded words of a name.
    assert sent_by.display_name.replace(" ", "") == forged.replace(" ", "")
    assert sent_by.addr_spec == "a@norte.example"
    assert [each.addr_spec for each in mail["Cc"].addresses] == ["c@b.example"]
    assert [each.addr_spec for each in mail["Reply-To"].addresses] == ["r@norte.example"]
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == "x"
    [attached] = mail.iter_attachments()
    assert "Reply-To" not in attached
    assert attached.get_filename() == forged


@pytest.mark.parametrize("address", ["=?utf-8?q?a=40b=2Eexample=2C?=@c.example", "=?utf-8?b?YQ==?=@c.example"])
def test_an_address_that_could_be_read_as_another_is_refused(address: str) -> None:
    for content in (Content(address), Content("a@b.example", cc=(address,))):
        with pytest.raises(UnsendableError):
            compose(SENDER, content, attempt=ATTEMPT, at=AT)


def test_no_long_accented_subject_loses_a_blank() -> None:
    pieces = ("Señora", "Núñez", "su", "factura", "de", "noviembre", "venció", "ayer", "a", "pagó", "$1.250,00", "n.º")
    choice = random.Random(7)
    for _ in range(300):
        subject = " ".join(choice.choice(pieces) for _ in range(choice.randint(8, 40)))
        assert parsed(Content("a@b.example", subject, "x"))["Subject"] == subject


def test_what_does_not_read_back_as_written_does_not_leave() -> None:
    mail = compose(SENDER, Content("a@b.example", "s", "x", cc=("c@d.example",)), attempt=ATTEMPT, at=AT)
    names = tuple(message_from_bytes(mail.data).keys())
    own_id = f"<{ATTEMPT}@norte.example>"
    expected = Expected("Norte Wifi", "cobranzas@norte.example", "a@b.example", ("c@d.example",), "s", own_id, names)
    assert reads_as(mail.data, expected)
    for before, after in (
        (b"Subject: s\r\n", b"Subject: s\r\nBcc: malo@otra.example\r\n"),
        (b"Cc: c@d.example", b"Cc: c@d.example, malo@otra.example"),
        (b"To: a@b.example", b"To: malo@otra.example"),
        (b"Norte Wifi", b"=?utf-8?q?Sur?="),
        (b"Subject: s\r\n", b"Subject: s\r\n\r\n"),
        (b"Subject: s\r\n", b"Subject: s\rX: y\r\n"),
        (b"Subject: s\r\n", b"Subject: s\nX: y\r\n"),
    ):
        assert before in mail.data
        assert not reads_as(mail.data.replace(before, after), expected), after


def test_one_click_is_announced_beside_the_links() -> None:
    links = ("https://gw.norte.example/hooks/mail-1?u=" + "A" * 90, "mailto:a@norte.example?subject=baja%20" + "B" * 90)
    mail = parsed(Content("a@b.example", "s", "x", unsubscribe=links), Sender("", "a@norte.example"))
    assert "".join(mail["List-Unsubscribe"].split()) == f"<{links[0]}>,<{links[1]}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "List-Unsubscribe-Post" not in parsed(Content("a@b.example", "s", "x", unsubscribe=links[1:]))


@pytest.mark.parametrize(
    "address", ["", "a", "@b", "a@", "a@b>, c@d", "a b@c", ".a@b", "a..b@c", '"a"@b', "a@.b", "a@b..c"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(UnsendableError, match="address_invalid"):
        compose(SENDER, Content(address), attempt=ATTEMPT, at=AT)


@given(st.lists(st.sampled_from([b".", b"..", b".a", b"a", b""]), max_size=8))
def test_stuffing_hides_every_lone_dot(body: list[bytes]) -> None:
    data = b"".join(line + b"\r\n" for line in body)
    sent = stuffed(data).split(b"\r\n")
    assert sent[-2:] == [b".", b""]
    assert b"." not in sent[:-2]
    assert [line.removeprefix(b".") for line in sent[:-2]] == body
