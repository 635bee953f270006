"""Programs nobody here wrote: Python's mail clients against the simulated server, plain aiosmtpd against our line."""

from __future__ import annotations

import asyncio
import hashlib
import imaplib
import smtplib
import ssl
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Literal

import pytest
from aiosmtpd.smtp import SMTP

from drivers.base import Accepted, Blame, NotSent, Refused
from drivers.smtp.line import SmtpLine
from drivers.smtp.options import SmtpOptions
from drivers.smtp.simulator import SmtpSimulator
from tests.acceptance.test_smtp_line import TIMING, WAIT_S, Crossing, message, running

PASSWORD = "clave-de-prueba"
PDF = b"%PDF\x00\r\n.\r\n"


def mail(to: str) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "Norte <cobranzas@norte.example>", to, "Señal débil"
    made.set_content("¡Hola!\n.\n..\n")
    made.add_attachment(PDF, maintype="application", subtype="pdf", filename="factura ñ.pdf")
    return made


def client(sim: SmtpSimulator, security: str) -> smtplib.SMTP:
    device = sim.devices[0]
    trusted = ssl.create_default_context(cafile=device.ca_file) if device.ca_file else None
    if security == "tls":
        return smtplib.SMTP_SSL("127.0.0.1", device.port, timeout=WAIT_S, context=trusted)
    plain = smtplib.SMTP("127.0.0.1", device.port, timeout=WAIT_S)
    if security == "starttls":
        plain.starttls(context=trusted)
    return plain


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
async def test_pythons_client_sends_to_the_simulated_server(security: Literal["none", "starttls", "tls"]) -> None:
    async with SmtpSimulator(security=security, settings={"password": PASSWORD}) as sim:

        def send() -> tuple[str, dict[str, Any]]:
            with client(sim, security) as smtp:
                with pytest.raises(smtplib.SMTPAuthenticationError):
                    smtp.login("cuenta@example.net", "otra")
                smtp.login("cuenta@example.net", PASSWORD)
                refused = smtp.send_message(mail("ana@example.com"))
                sim_refuses = smtp.send_message(mail("nadie@example.com, ana@example.com"))
                return str(refused), sim_refuses

        sim.set(fault={"kind": "reply", "stage": "rcpt", "address": "nadie@", "code": 550, "text": "5.1.1 unknown"})
        refused, partly = await asyncio.to_thread(send)
        assert refused == "{}"
        assert partly["nadie@example.com"][0] == 550
        first, second = sim.texts()["texts"]
    assert (first["text"].splitlines(), first["subject"]) == (["¡Hola!", ".", ".."], "Señal débil")
    assert (first["attachments"], first["sha256"]) == (["factura ñ.pdf"], [hashlib.sha256(PDF).hexdigest()])
    assert first["tls"] is (security != "none")
    assert second["to"] == ["ana@example.com"]


async def test_pythons_client_reads_the_simulated_mailbox() -> None:
    async with SmtpSimulator(settings={"password": PASSWORD}) as sim:
        sim.inject(sender="ana@example.com", text="BAJA")

        def read() -> tuple[list[Any], str, list[Any]]:
            with imaplib.IMAP4("127.0.0.1", sim.devices[0].imap_port, timeout=WAIT_S) as imap:
                with pytest.raises(imaplib.IMAP4.error):
                    imap.login("cuenta@example.net", "otra")
                imap.login("cuenta@example.net", PASSWORD)
                imap.select("INBOX")
                _, found = imap.uid("SEARCH", "UNSEEN")
                uid = found[0].decode()
                _, fetched = imap.uid("FETCH", uid, "(BODY.PEEK[])")
                imap.uid("STORE", uid, "+FLAGS", r"(\Seen)")
                _, left = imap.uid("SEARCH", "UNSEEN")
                assert isinstance(fetched[0], tuple)
                return found, message_from_bytes(fetched[0][1], policy=policy.default).get_content(), left

        found, text, left = await asyncio.to_thread(read)
    assert found == [b"1"]
    assert text.strip() == "BAJA"
    assert left in ([b""], [None])


class Handler:
    """What aiosmtpd hands over; some recipients it will not have."""

    def __init__(self) -> None:
        self.taken: list[tuple[list[str], EmailMessage]] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if address.startswith("nadie@"):
            return "550 5.1.1 No such user"
        if address.startswith("luego@"):
            return "451 4.2.0 Greylisted"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        parsed = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        self.taken.append((list(envelope.rcpt_tos), parsed))
        return "250 Taken"


async def test_our_line_sends_to_aiosmtpd_as_it_comes() -> None:
    handler = Handler()
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: SMTP(handler, loop=loop), "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    options = SmtpOptions(from_address="cobranzas@norte.example", host="127.0.0.1", port=port, security="none")
    try:
        line = SmtpLine("mail-1", options, TIMING)
        async with running(line) as sink:
            await sink.status("ready")
            copies = ["jefa@example.com", "nadie@example.com"]
            email: dict[str, Any] = {"cc": copies, "subject": "Señal débil", "html": "<p>Hola</p>"}
            assert isinstance(await line.send(message(**email), Crossing()), Accepted)
            assert await line.send(message("nadie@example.com"), Crossing()) == Refused(
                "unknown_recipient", Blame.PERSON
            )
            later = await line.send(message("luego@example.com"), Crossing())
            assert isinstance(later, NotSent)
            assert later.reason == "greylisted"
    finally:
        listening.close()
    [(recipients, parsed)] = handler.taken
    assert recipients == ["ana@example.com", "jefa@example.com"]
    assert parsed["Subject"] == "Señal débil"
    plain, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().strip() == "Estimada Ana: ¡gracias!"
    assert html.get_content().strip() == "<p>Hola</p>"
