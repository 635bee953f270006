"""Replies as mail programs write them: what is handed over is the person's own words, and only a person's."""
# ruff: noqa: E501 - mails are written as they come

import pytest

from drivers.base import InboundMessage
from drivers.smtp.received.answer import own_words
from drivers.smtp.received.encoded import header_text
from drivers.smtp.received.identity import Identity
from drivers.smtp.received.reading import Kind, Reading, read
from drivers.smtp.unsubscribe import Links

ATTEMPT = "01JD0000000000000000000001"
LINKS = Links("una clave de la línea")
IDENTITY = Identity("cobranzas@norte.example", None, LINKS)
NOW = 1_795_500_000.0
QUOTED = "> Hola Ana, le enviamos su factura.\n> Para no recibir más correos responda BAJA.\n"
ORIGINAL = QUOTED.replace("> ", "")
GMAIL = "El lun, 23 nov 2026 a las 11:00, Norte Wifi (<cobranzas@norte.example>) escribió:"

PLAIN = {
    "proton": f"Ya pagué\n\nEnviado con el correo electrónico seguro de Proton Mail.\n\n{GMAIL}\n\n{QUOTED}",
    "proton english": f"Ya pagué\n\nSent with [Proton Mail](https://proton.me/) secure email.\n\n{GMAIL}\n\n{QUOTED}",
    "gmail": f"Ya pagué\n\n{GMAIL}\n\n{QUOTED}",
    "gmail wrapped": (
        f"Ya pagué\n\nEl lun, 23 nov 2026 a las 11:00, Norte Wifi Cobranzas del Sur (<\ncobranzas@norte.example>) escribió:\n\n{QUOTED}"
    ),
    "gmail wrapped twice": (
        f"Ya pagué\n\nEl lun, 23 nov 2026 a las 11:00, Norte Wifi\nCobranzas <cobranzas@norte.example>\nescribió:\n{QUOTED}"
    ),
    "gmail without an accent": f"Ya pagué\n\nEl 23/11/2026 11:00, Norte escribio:\n{QUOTED}",
    "gmail english": f"Ya pagué\n\nOn Mon, Nov 23, 2026 at 11:00\u202fAM Norte <cobranzas@norte.example> wrote:\n\n{QUOTED}",
    "gmail portuguese": f"Ya pagué\n\nEm seg., 23 de nov. de 2026 às 11:00, Norte <c@norte.example> escreveu:\n\n{QUOTED}",
    "gmail old": f"Ya pagué\n\n2026-11-23 11:00 GMT-03:00 Norte Wifi <cobranzas@norte.example>:\n\n{QUOTED}",
    "gmail name first": f"Ya pagué\n\nNorte Wifi <cobranzas@norte.example> escribió el lun, 23 nov 2026:\n{QUOTED}",
    "below the quote": f"{GMAIL}\n\n{QUOTED}\nYa pagué\n",
    "below the quote without attribution": f"{QUOTED}\nYa pagué\n",
    "below, signed": f"{GMAIL}\n{QUOTED}\nYa pagué\n\n-- \nAna Pérez\nTel. 11 5987 6543\n",
    "iphone": f"Ya pagué\n\nEnviado desde mi iPhone\n\n> El 23 nov 2026, a la(s) 11:00, Norte <c@n.example> escribió:\n> \n{QUOTED}",
    "iphone english": f"Ya pagué\n\nSent from my iPhone\n\n> On Nov 23, 2026, at 11:00, Norte <c@n.example> wrote:\n> \n{QUOTED}",
    "iphone portuguese": f"Ya pagué\n\nEnviado do meu iPhone\n\n> Em 23 de nov. de 2026, Norte escreveu:\n{QUOTED}",
    "samsung": (
        f"Ya pagué\n\n\nEnviado desde mi Galaxy\n\n\n-------- Mensaje original --------\nDe: Norte Wifi <c@norte.example>\n"
        f"Fecha: 23/11/26 11:00 a. m. (GMT-03:00)\nA: ana@example.com\nAsunto: Su factura\n\n{ORIGINAL}"
    ),
    "samsung english": f"Ya pagué\n\n-------- Original message --------From: Norte\nDate: 23/11/26\n{ORIGINAL}".replace(
        "--------From", "--------\nFrom"
    ),
    "thunderbird": f"Ya pagué\n\nEl 23/11/26 a las 11:00, Norte Wifi escribió:\n{QUOTED}",
    "thunderbird below": f"El 23/11/26 a las 11:00, Norte Wifi escribió:\n{QUOTED}\nYa pagué\n",
    "outlook": (
        "Ya pagué\n\nObtener Outlook para Android<https://aka.ms/AAb9ysg>\n________________________________\n"
        f"De: Norte Wifi <c@norte.example>\nEnviado: lunes, 23 de noviembre de 2026 11:00\nPara: ana@example.com\n"
        f"Asunto: Su factura\n\n{ORIGINAL}"
    ),
    "outlook windows": (
        "Ya pagué\n\nDe: Norte Wifi [mailto:c@norte.example] \nEnviado el: lunes, 23 de noviembre de 2026 11:00\n"
        f"Para: ana@example.com\nAsunto: Su factura\n\n{ORIGINAL}"
    ),
    "outlook bold": f"Ya pagué\n\n*De:* Norte <c@n.example>\n*Enviado:* lunes\n*Para:* Ana\n*Asunto:* Su factura\n\n{ORIGINAL}",
    "outlook english": f"Ya pagué\n\nFrom: Norte <c@n.example>\nSent: Monday\nTo: Ana\nSubject: Su factura\n\n{ORIGINAL}",
    "outlook portuguese": f"Ya pagué\n\nDe: Norte\nEnviada em: segunda-feira\nPara: Ana\nAssunto: Fatura\n\n{ORIGINAL}",
    "outlook old": f"Ya pagué\n\n-----Mensaje original-----\nDe: Norte\n\n{ORIGINAL}",
    "yahoo": (
        "Ya pagué\n\nEnviado desde Yahoo Mail para Android\n\n  El lun., nov. 23, 2026 a la(s) 11:00, Norte<c@n.example> "
        f"escribió:   {ORIGINAL}"
    ).replace("escribió:   ", "escribió:\n   "),
    "zoho": f"Ya pagué\n\n---- El lun, 23 nov 2026 11:00:00 -0300 Norte <c@n.example> escribió ----\n\n{ORIGINAL}",
    "horde": f"Ya pagué\n\nQuoting Norte Wifi <c@norte.example>:\n\n{QUOTED}",
    "horde in spanish": f"Ya pagué\n\nNorte Wifi <c@norte.example> escribió:\n\n{QUOTED}",
    "gmail french": f"Ya pagué\n\nLe lun. 23 nov. 2026 à 11:00, Norte <c@n.example> a écrit :\n\n{QUOTED}",
    "gmx": f"Ya pagué\n\nGesendet: Montag, 23. November 2026\nVon: Norte <c@n.example>\nAn: ana\nBetreff: x\n{ORIGINAL}",
    "edison": f"Ya pagué\n\nEnviado desde Edison Mail\n\n{GMAIL}\n{QUOTED}",
    "a virus scanner": "Ya pagué\n\nLibre de virus. www.avast.com <https://www.avast.com/sig>\n<#DAB4FAD8-2DD7-40BB>\n",
    "zero width and hard blanks": f"\u200bYa\u00a0pagué\u200b\n\n{GMAIL}\n{QUOTED}",
    "signature": "Ya pagué\n\n--\nAna Pérez\nGerente",
    "legal notice": "Ya pagué\n\nEste mensaje es confidencial y está dirigido a su destinatario.\nNo imprima.",
    "two quotes": f"{QUOTED}\n{QUOTED}Ya pagué\n{QUOTED}",
}


@pytest.mark.parametrize("body", PLAIN.values(), ids=PLAIN)
def test_what_a_program_adds_is_taken_off(body: str) -> None:
    assert own_words(body) == "Ya pagué"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("BAJA\n\nSaludos,\nAna", "BAJA\n\nSaludos,\nAna"),
        ("El técnico me escribió:\nque viene el lunes", "El técnico me escribió:\nque viene el lunes"),
        ("De: lo que hablamos\nya pagué", "De: lo que hablamos\nya pagué"),
        ("Citando su aviso:\nya pagué", "Citando su aviso:\nya pagué"),
        ("Libre de virus está mi PC\nno anda", "Libre de virus está mi PC\nno anda"),
        ("A las 11:00 los espero\n\n\n\nAna", "A las 11:00 los espero\n\nAna"),
        (f"uno\n{QUOTED}dos\n{QUOTED}tres", "uno\ndos\ntres"),
        (QUOTED, ""),
        ("", ""),
    ],
)
def test_the_persons_own_words_stay(body: str, words: str) -> None:
    assert own_words(body) == words


def mail(body: bytes | str, headers: str = "", kind: str = "text/plain; charset=utf-8") -> bytes:
    text = body.encode() if isinstance(body, str) else body
    return (
        f"From: Ana <Ana@Example.com>\r\nTo: cobranzas@norte.example\r\nMessage-ID: <r1@example.com>\r\n"
        f"{headers}Content-Type: {kind}\r\n\r\n"
    ).encode() + text


def only(reading: Reading) -> InboundMessage:
    [event] = reading.events
    assert isinstance(event, InboundMessage)
    return event


PAGES = {
    "gmail": (
        '<div dir="ltr">Ya pagué</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">El lun, 23 nov 2026 '
        'a las 11:00, Norte (&lt;<a href="mailto:c@n.example">c@n.example</a>&gt;) escribió:<br></div>'
        '<blockquote class="gmail_quote" style="margin:0"><div>Responda BAJA</div></blockquote></div>'
    ),
    "outlook": (
        '<html><head><style>p{margin:0}</style></head><body><div>Ya pagu&eacute;</div><div id="appendonsend"></div><hr>'
        '<div id="divRplyFwdMsg"><font><b>De:</b> Norte &lt;c@n.example&gt;<br><b>Enviado:</b> lunes<br><b>Para:</b> Ana'
        "<br><b>Asunto:</b> Su factura</font></div><div>Responda BAJA</div></body></html>"
    ),
    "apple": (
        '<html><body>Ya pagué<br><br><div>Enviado desde mi iPhone</div><div><br><blockquote type="cite">El 23 nov 2026, '
        "Norte escribió:<br></blockquote></div><blockquote type='cite'><div>Responda BAJA</div></blockquote></body></html>"
    ),
    "thunderbird below": (
        '<p><div class="moz-cite-prefix">El 23/11/26 a las 11:00, Norte escribió:<br></div><blockquote type="cite">'
        "Responda BAJA</blockquote><p>Ya pagu&#233;</p>"
    ),
    "comment and script": "<!-- x --><script>BAJA</script><p>Ya\n  pagué</p>",
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_a_page_alone_is_read_as_its_text(page: str) -> None:
    assert only(read(mail(page, kind="text/html; charset=utf-8"), IDENTITY, at=NOW)).text == "Ya pagué"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("Ya pagué".encode("cp1252"), "text/plain; charset=iso-8859-1"),
        ("Ya pagué".encode("cp1252"), "text/plain; charset=windows-1252"),
        ("Ya pagué".encode("cp1252"), "text/plain; charset=x-unknown"),
        ("Ya pagué".encode(), "text/plain; charset=x-unknown"),
        ("Ya pagué".encode("cp1252"), "text/plain; charset=utf-8"),
        ("Ya pagué".encode(), "text/plain; charset=us-ascii"),
        ("Ya pagué".encode(), "text/plain"),
        ("Ya pagué".encode("utf-16"), 'text/plain; charset="utf-16"'),
        ("Ya pagué".encode(), "text/plain; charset=idna"),
    ],
)
def test_any_charset_is_read(body: bytes, kind: str) -> None:
    assert only(read(mail(body, kind=kind), IDENTITY, at=NOW)).text == "Ya pagué"


def test_the_plain_form_is_taken_unless_it_is_empty() -> None:
    parts = (
        "--B\n\n{plain}\n--B\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
        "PHA+WWEgcGFndcOpPC9wPg==\n--B--\n"
    )
    kind = 'multipart/alternative; boundary="B"'
    for plain in ("Ya pagué", "", "  \n"):
        assert only(read(mail(parts.format(plain=plain), kind=kind), IDENTITY, at=NOW)).text == "Ya pagué"


def test_a_mail_that_is_enclosed_is_not_the_persons_words() -> None:
    kind = 'multipart/mixed; boundary="B"'
    body = (
        "--B\nContent-Type: text/html; charset=utf-8\n\n<p>Ya pagué</p>\n"
        "--B\nContent-Type: message/rfc822\n\nSubject: x\n\nResponda BAJA\n--B--\n"
    )
    assert only(read(mail(body, kind=kind), IDENTITY, at=NOW)).text == "Ya pagué"


def test_a_subject_and_what_it_answers_are_handed_over() -> None:
    headers = (
        f"Subject: =?iso-8859-1?q?Re:_Su?=\r\n =?iso-8859-1?q?_d=E9bito?=\r\nIn-Reply-To: <{ATTEMPT}@norte.example>\r\n"
    )
    message = only(read(mail("BAJA", headers), IDENTITY, at=NOW))
    assert (message.subject, message.answers, message.opt_out) == ("Re: Su débito", ATTEMPT, False)
    references = f"References: <x@y.example>\r\n <{ATTEMPT}@norte.example> <z@y.example>\r\n"
    assert only(read(mail("BAJA", references), IDENTITY, at=NOW)).answers == ATTEMPT


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?q?Re=3A_?= =?utf-8?q?pag=C3=B3?=", "Re: pagó"),
        ("=?utf-8?b?cGFnw7M=?= sí", "pagó sí"),
        ("=?utf-8?q?pag=C3?= =?utf-8?q?=B3?=", "pagó"),
        ("=?utf-8*es?q?pag=C3=B3?=", "pagó"),
        ("=?x?q?pag=C3=B3?=", "pagó"),
        ("a =?b", "a =?b"),
        ("=?utf-8?x?abc?= d", "=?utf-8?x?abc?= d"),
        ("=?utf-8?q?a", "=?utf-8?q?a"),
    ],
)
def test_encoded_words_of_headers(value: str, text: str) -> None:
    assert header_text(value) == text


MACHINES = {
    "exchange": "Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n",
    "zimbra": "Auto-Submitted: auto-replied (zimbra; vacation)\r\n",
    "precedence": "Precedence: auto_reply\r\n",
    "precedence of its own": "X-Precedence: auto-reply\r\n",
    "a rule of Outlook": "X-MS-Exchange-Inbox-Rules-Loop: ana@example.com\r\n",
    "autoreply": "X-Autoreply: yes\r\n",
    "cpanel": "X-Autorespond: Estoy de viaje\r\n",
    "list": "List-Id: <noticias.example>\r\n",
    "newsletter": "List-Unsubscribe: <https://x.example>\r\n",
    "subject": "Subject: =?utf-8?q?Respuesta_autom=C3=A1tica=3A_Su_factura?=\r\n",
    "out of office": "Subject: Out of Office: Su factura\r\n",
    "boxtrapper": "Subject: Your email requires verification verify#abc\r\n",
    "challenge": "X-Boxtrapper: x\r\n",
    "null sender": "Return-Path: <>\r\n",
    "delivered": "Delivered-To: Autoresponder\r\n",
    "message class": "X-POST-MessageClass: 9; Autoresponder\r\n",
}


@pytest.mark.parametrize("headers", MACHINES.values(), ids=MACHINES)
def test_a_machines_answer_is_no_reply(headers: str) -> None:
    assert read(mail("Estoy de viaje", headers), IDENTITY, at=NOW) == Reading(Kind.AUTOMATIC)


@pytest.mark.parametrize("sender", ["no-reply@x.example", "noreply-dmarc@x.example", "cobranzas@norte.example"])
def test_nobody_answers_from_an_address_that_reads_nothing(sender: str) -> None:
    raw = mail("Hola").replace(b"Ana@Example.com", sender.encode())
    assert read(raw, IDENTITY, at=NOW).kind is Kind.AUTOMATIC


def test_a_read_receipt_is_no_reply() -> None:
    kind = 'multipart/report; report-type=disposition-notification; boundary="B"'
    body = "--B\n\nSe leyó\n--B\nContent-Type: message/disposition-notification\n\nDisposition: x; displayed\n--B--\n"
    assert read(mail(body, "Subject: Leido\r\n", kind), IDENTITY, at=NOW) == Reading(Kind.AUTOMATIC)


def test_a_person_who_says_that_no_machine_wrote_it_is_one() -> None:
    assert read(mail("Ya pagué", "Auto-Submitted: no\r\n"), IDENTITY, at=NOW).kind is Kind.REPLY


# ---------------------------------------------------------------------------------------------------------- no more mails


def test_the_mail_of_our_own_link_is_an_opt_out_of_whom_it_names() -> None:
    seal = LINKS.seal(ATTEMPT, "ana@example.com")
    raw = mail("This message was automatically generated by Gmail.", f"Subject: baja {seal}\r\n")
    raw = raw.replace(b"Ana@Example.com", b"otra@example.com")
    reading = read(raw, IDENTITY, at=NOW)
    message = only(reading)
    assert reading.kind is Kind.UNSUBSCRIBE
    assert (message.sender, message.answers, message.opt_out) == ("ana@example.com", ATTEMPT, True)


@pytest.mark.parametrize("key", ["otra clave de otra línea", ""])
def test_a_forged_link_says_nothing(key: str) -> None:
    seal = Links(key).seal(ATTEMPT, "otra@example.com")
    message = only(read(mail("hola", f"Subject: baja {seal}\r\n"), IDENTITY, at=NOW))
    assert (message.sender, message.opt_out) == ("ana@example.com", False)


def test_the_mail_that_gmail_sends_for_a_fixed_link_is_one_of_its_sender() -> None:
    raw = mail("This message was automatically generated by Gmail.\r\n", "Subject: Unsubscribe\r\n")
    message = only(read(raw, Identity("cobranzas@norte.example"), at=NOW))
    assert (message.sender, message.opt_out) == ("ana@example.com", True)


def test_seals_are_short_and_open_only_whole() -> None:
    seal = LINKS.seal(ATTEMPT, "ana@example.com")
    assert len(seal) < 120
    assert LINKS.seal(ATTEMPT, "ana@example.com") == seal
    opened = LINKS.open(seal)
    assert opened is not None
    assert (opened.attempt, opened.to) == (ATTEMPT, "ana@example.com")
    for wrong in (seal[:-1], seal[1:], seal.swapcase(), "", "x" * 100, seal + "A"):
        assert LINKS.open(wrong) is None
