"""Mails of campaigns and templates that attach files: kept with what attaches them, in every mail, gone at the end."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from drivers.control import ControlClient
from gatewayd.values.errors import ConflictError, FaultsError, UsageError
from tests.acceptance.test_smtp_gateway import line_to, server
from tests.faults.test_restored_backup import by_command, command
from tests.rig import campaigns as rig
from tests.rig.gateway import Gateway

__all__ = ["server"]

PDF = b"%PDF-1.4\n" + b"condiciones " * 400
OTHER = b"%PDF-1.7\n" + b"tarifas " * 300
NAME = "condiciones generales año.pdf"
WORDS = {"subject": "Factura de %nombre%", "text": "Hola %nombre%"}


@dataclass
class Mails:
    gateway: Gateway
    ask: ControlClient

    def upload(self, data: bytes = PDF, name: str = NAME) -> str:
        return rig.upload(self.gateway, data, name)

    def save(self, name: str, content: Mapping[str, Any] = WORDS, *uploads: str, **more: Any) -> Any:
        return self.gateway.call(
            "template.save", account=rig.ACCOUNT, template=name, channel="email", content=content,
            uploads=list(uploads), **more,
        )  # fmt: skip

    def people(self, *who: str) -> str:
        return rig.upload(self.gateway, ("correo;nombre\n" + "".join(f"{one};Ana\n" for one in who)).encode())

    def campaign(self, document: Mapping[str, Any], *who: str, **more: Any) -> int:
        said = {"channel": "email", "audience": {"upload": self.people(*who)}, **document}
        made: int = self.gateway.call("campaign.save", account=rig.ACCOUNT, title="Agosto", document=said, **more)[
            "campaign"
        ]
        rig.wait(self.gateway, made, lambda found: found["list"]["state"] == "ready")
        return made

    def over(self, campaign: int) -> None:
        rig.launch(self.gateway, campaign)
        rig.wait(self.gateway, campaign, lambda found: found["state"] == "finished")

    def attached(self, to: str) -> list[tuple[str, str]]:
        """Returns name and SHA-256 of what the mails to an address attached, of all of them together."""
        mails = [mail for mail in self.ask("texts")["texts"] if to in mail["to"]]
        return [pair for mail in mails for pair in zip(mail["attachments"], mail["sha256"], strict=True)]

    def kept(self) -> set[str]:
        return {row[0] for row in self.gateway.sql("SELECT sha256 FROM kept_file")}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def mails(server: dict[str, Any], tmp_path: Path) -> Iterator[Mails]:
    with ControlClient(server["control"]) as ask, Gateway(tmp_path, [], extra=line_to(server)) as gateway:
        gateway.start()
        gateway.account()
        rig.allow(gateway)
        yield Mails(gateway, ask)


@pytest.fixture(scope="module")
def attaching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mails]:
    """A daemon that only judges."""
    with Gateway(tmp_path_factory.mktemp("mails"), []) as gateway:
        gateway.start()
        gateway.account()
        yield Mails(gateway, ask=None)  # type: ignore[arg-type]


def test_a_campaign_attaches_the_files_of_its_template_and_a_resend_the_same_ones(mails: Mails) -> None:
    gateway = mails.gateway
    saved = mails.save("Condiciones", WORDS, mails.upload())
    assert saved["content"]["attachments"] == [NAME]
    assert saved["files"] == [{"name": NAME, "size": len(PDF), "kind": "pdf", "sha256": sha256(PDF)}]
    # The same words with the same file are the same version; another file of that name is another.
    assert mails.save("Condiciones", saved["content"], mails.upload())["version"] == 1
    first = mails.campaign({"template": "Condiciones"}, "ana@example.com", "nadie@example.com")
    review = gateway.call("campaign.review", campaign=first)
    assert [(one["name"], one["size"]) for one in review["attachments"]] == [(NAME, len(PDF))]
    assert not [one for one in review["faults"] if one["stops"]]
    mails.ask(
        "set", fault={"kind": "reply", "stage": "rcpt", "address": "<nadie@", "code": 550, "text": "5.1.1 unknown"}
    )
    mails.over(first)
    assert mails.attached("ana@example.com") == [(NAME, sha256(PDF))]
    assert mails.save("Condiciones", saved["content"], mails.upload(OTHER))["version"] == 2
    mails.ask("set", fault=None)
    again = gateway.call("campaign.resend", campaign=first)["campaign"]
    rig.wait(gateway, again, lambda found: found["list"]["state"] == "ready")
    mails.over(again)
    # The version that was sent, with its file.
    assert mails.attached("nadie@example.com") == [(NAME, sha256(PDF))]
    # A copy has them: a store that is put back sends them as well.
    copy = gateway.folder / "copy.db"
    command(gateway, "db", "backup", str(copy))
    gateway.stop()
    by_command(gateway, copy)
    gateway.start()
    gateway.call("engine.release")
    mails.over(mails.campaign({"template": "Condiciones"}, "luz@example.com"))
    assert mails.attached("luz@example.com") == [(NAME, sha256(OTHER))]


def test_a_job_a_test_and_a_message_sent_again_attach_them_too(mails: Mails) -> None:
    gateway = mails.gateway
    mails.save("Condiciones", WORDS, mails.upload())
    people = [{"to": "ana@example.com", "nombre": "Ana"}]
    gateway.drop({"job": "suelto", "channel": "email", "template": "Condiciones", "recipients": people})
    gateway.wait_job("suelto", lambda summary: summary["counts"]["submitted"] == 1)
    assert mails.attached("ana@example.com") == [(NAME, sha256(PDF))]
    words = {**WORDS, "attachments": [NAME]}
    gateway.call(
        "template.test",
        account=rig.ACCOUNT,
        template="Condiciones",
        channel="email",
        content=words,
        to="yo@example.com",
    )
    gateway.call("template.test", account=rig.ACCOUNT, template="Condiciones", to="yo@example.com")
    assert mails.ask("wait", taken=3, timeout=30)["reached"]
    assert mails.attached("yo@example.com") == [(NAME, sha256(PDF))] * 2
    mails.ask("inject", bounce_of=0, status="5.2.2")  # a mail that may still be returned is not sent again
    gateway.wait_job("suelto", lambda summary: summary["counts"]["undelivered"] == 1)
    (message,) = gateway.call("job.messages", job="norte/suelto")["items"]
    made = gateway.call("interaction.resend", account=rig.ACCOUNT, ids=[message["message"]])
    assert (made["messages"], made["left_out"]) == (1, {})
    assert mails.ask("wait", taken=4, timeout=30)["reached"]
    assert mails.attached("ana@example.com") == [(NAME, sha256(PDF))] * 2


def test_a_message_by_itself_attaches_nothing_and_says_so(attaching: Mails) -> None:
    attaching.save("Condiciones", WORDS, attaching.upload())
    message = {"channel": "email", "template": "Condiciones", "to": "ana@example.com", "values": {"nombre": "Ana"}}
    (answer,) = attaching.gateway.call("message.post", account=rig.ACCOUNT, posts=[{"messages": [message]}])["results"]
    assert "trabajo" in str(answer) or "as a job" in str(answer)


def test_a_file_comes_with_a_campaign_and_goes_with_the_last_that_attaches_it(mails: Mails) -> None:
    gateway = mails.gateway
    draft = mails.campaign({"content": WORDS}, "ana@example.com", uploads=[mails.upload()])
    mails.save("Nunca", WORDS, mails.upload())
    mails.save("Otra", WORDS, mails.upload(OTHER))
    assert mails.kept() == {sha256(PDF), sha256(OTHER)}
    gateway.call("template.remove", account=rig.ACCOUNT, template="Nunca")
    gateway.call("template.remove", account=rig.ACCOUNT, template="Otra")
    assert mails.kept() == {sha256(PDF)}
    found = gateway.call("campaign.show", campaign=draft)
    said = {key: found[key] for key in ("ladder", "audience", "schedule", "options")}
    # Saved again without a new upload it keeps its file; without the name it has none.
    again = gateway.call("campaign.save", account=rig.ACCOUNT, campaign=draft, title="Agosto", document=said)
    assert list(again["ladder"][0]["content"]["files"]) == [NAME]
    mails.over(draft)
    assert mails.attached("ana@example.com") == [(NAME, sha256(PDF))]
    bare = mails.campaign({"content": WORDS}, "luz@example.com", uploads=[mails.upload(OTHER)])
    gateway.call("campaign.remove", campaign=bare)
    assert mails.kept() == {sha256(PDF)}


def test_what_nobody_keeps_stops_a_campaign_before_it_is_launched(mails: Mails) -> None:
    gateway = mails.gateway
    mails.save("Con cada trabajo", {**WORDS, "attachments": ["factura.pdf"]})
    number = mails.campaign({"template": "Con cada trabajo"}, "ana@example.com")
    (fault,) = [one for one in gateway.call("campaign.review", campaign=number)["faults"] if one["stops"]]
    assert fault["kind"] == "attachments"
    assert "factura.pdf" in fault["sentence"]
    with pytest.raises(UsageError, match="factura"):
        rig.launch(gateway, number)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("factura.pdf.exe", PDF),
        ("factura.exe", b"MZ\x90" + b"x" * 100),
        ("factura.pdf", b"hola, esto no es un PDF"),
        ("foto.png", PDF),
        ("pagina.html", b"<html><script>alert(1)</script>"),
        ("macros.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600),
        ("../../etc/passwd.pdf", PDF),
        (".oculto.pdf", PDF),
        ("factura\u202efdp.pdf", PDF),
        ("factura\nBcc: x.pdf", PDF),
        ("factura\u200b.pdf", PDF),
        (" factura.pdf", PDF),
        ("f" * 130 + ".pdf", PDF),
        ("grande.pdf", b"%PDF-1.4\n" + b"x" * (10 << 20)),
    ],
)
def test_what_no_mail_should_attach_is_refused(attaching: Mails, name: str, data: bytes) -> None:
    before = attaching.kept()
    with pytest.raises((FaultsError, UsageError, ConflictError)):
        attaching.save("Mala", WORDS, attaching.upload(data, name))
    assert attaching.kept() == before
