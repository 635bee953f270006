"""Several mail accounts: which of them a job goes to, what it attaches, and how much one may send."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.control import ControlClient
from gatewayd.values.errors import GatewayError
from tests.rig.gateway import Gateway
from tests.rig.processes import end, gatewayd

LINE = """
[[line]]
name = "mail-{area}"
driver = "smtp"
area = "{area}"
rate = "1000/s"
from_address = "{area}@norte.example"
host = "127.0.0.1"
port = {port}
security = "none"
user = "cuenta@example.net"
password = "clave"
{more}
"""
PDF = b"%PDF-1.7\r\n.\r\n\x00\xff" * 100


class House:
    """Two accounts, each with a server of its own, and a daemon."""

    def __init__(self, folder: Path, ask: ControlClient, devices: list[dict[str, Any]]) -> None:
        self.ask = ask
        self.folder = folder
        self._ports = [device["port"] for device in devices]

    def gateway(self, *areas: str, more: str = "") -> Gateway:
        lines = [LINE.format(area=area, port=port, more=more) for area, port in zip(areas, self._ports, strict=False)]
        return Gateway(self.folder, [], extra="".join(lines))

    def taken(self, server: int) -> list[dict[str, Any]]:
        return [mail for mail in self.ask("texts")["texts"] if mail["device"] == server]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    arguments = ["simulate", "smtp", "-n", "2", "--security", "none", "--set", "password=clave"]
    process = gatewayd(arguments, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        announced = json.loads(process.stdout.readline())
        with ControlClient(announced["control"]) as ask:
            yield House(tmp_path, ask, announced["devices"])
    finally:
        status = end(process, signal.SIGTERM)
        process.stdout.close()
    assert status == 0


def job(name: str, **more: Any) -> dict[str, Any]:
    recipients = [{"to": f"{name}@example.com"}]
    return {"job": name, "channel": "email", "subject": "Aviso", "text": "Hola", "recipients": recipients, **more}


def test_an_area_picks_its_account_and_none_picks_that_of_all(house: House) -> None:
    with house.gateway("all", "invoices") as gateway:
        gateway.start()
        gateway.account()
        gateway.drop(job("comun"))
        gateway.drop(job("factura", area="invoices"))
        gateway.drop(job("reclamo", area="tickets"))  # no account is for it, so that of all is
        gateway.drop(job("nombrada", lines=["mail-invoices"]))
        for name in ("comun", "factura", "reclamo", "nombrada"):
            # Without a mailbox no report can come: submitted is the end.
            assert gateway.wait_job(name)["counts"]["submitted"] == 1
        gateway.drop(job("cruzada", area="invoices", lines=["mail-all"]))
        held = gateway.wait_job("cruzada", lambda each: each["counts"]["held"] == 1)
        assert held["state"] == "running"
    assert {mail["to"][0].partition("@")[0] for mail in house.taken(0)} == {"comun", "reclamo"}
    assert {mail["to"][0].partition("@")[0] for mail in house.taken(1)} == {"factura", "nombrada"}
    assert {mail["from"] for mail in house.taken(1)} == {"invoices@norte.example"}


def test_a_mail_has_what_its_job_attaches_and_its_own_words(house: House) -> None:
    rows = 'correo;nombre;jefa\nana@example.com;"Ana <script>&";jefa@example.com\nluis@example.com;Luis;no es una\n'
    mailing = {
        "job": "facturas",
        "channel": "email",
        "area": "invoices",
        "subject": "Factura de %nombre%",
        "text": "Hola %nombre%",
        "html": "<p>Hola <b>%nombre%</b> de %empresa%</p>",
        "values": {"empresa": "Norte & Wifi"},
        "cc": ["archivo@example.com", "%jefa%"],
        "attachments": ["factura.pdf", "aviso ñandú.txt"],
        "recipients_file": "clientes.csv",
    }
    files = {"factura.pdf": PDF, "aviso ñandú.txt": "Señal".encode(), "clientes.csv": rows.encode()}
    with house.gateway("all", "invoices") as gateway:
        gateway.start()
        gateway.account()
        gateway.drop(mailing, files)
        counts = gateway.wait_job("facturas")["counts"]
        assert (counts["submitted"], counts["invalid"]) == (1, 1)
        [wrong] = [each for each in gateway.receipts("facturas") if each["state"] == "invalid"]
        assert (wrong["row"], wrong["reason"]) == (2, "cc_invalid")
        again = gateway.call("job.show", job="norte/facturas")
        assert again["state"] == "done"
    [mail] = house.taken(1)
    assert mail["to"] == ["ana@example.com", "archivo@example.com", "jefa@example.com"]
    assert mail["subject"] == "Factura de Ana <script>&"
    assert mail["text"].strip() == "Hola Ana <script>&"
    assert mail["html"].strip() == "<p>Hola <b>Ana &lt;script&gt;&amp;</b> de Norte &amp; Wifi</p>"
    assert mail["attachments"] == ["factura.pdf", "aviso ñandú.txt"]
    assert mail["sha256"] == [hashlib.sha256(files[name]).hexdigest() for name in mail["attachments"]]


def test_files_that_are_no_longer_what_was_recorded_are_not_sent(house: House) -> None:
    with house.gateway("all") as gateway:
        gateway.start()
        gateway.account()
        gateway.call("line.disable", line="mail-all")
        gateway.drop(job("factura", attachments=["factura.pdf"]), {"factura.pdf": PDF})
        gateway.wait_files(gateway.spool.folder("accepted", "norte"), 1)
        (gateway.spool.folder("accepted", "norte", "factura") / "factura.pdf").write_bytes(b"otra")
        gateway.call("line.enable", line="mail-all")
        summary = gateway.wait_job("factura", lambda each: each["counts"]["scheduled"] == 1)  # it is tried again later
        assert summary["counts"]["failed"] == 0
    assert house.taken(0) == []


@pytest.mark.parametrize("failpoint", ["intake.recorded", "spool.accepted"])
@pytest.mark.fault
def test_a_crash_between_recording_and_moving_loses_no_attachment(house: House, failpoint: str) -> None:
    with house.gateway("all") as gateway:
        gateway.start()
        gateway.account()
        gateway.stop()
        gateway.drop(job("factura", attachments=["factura.pdf"]), {"factura.pdf": PDF})
        gateway.launch({"GATEWAYD_FAILPOINT": failpoint})
        gateway.died()
        gateway.start()
        assert gateway.wait_job("factura", timeout_s=60)["counts"]["submitted"] == 1
    [mail] = house.taken(0)
    assert mail["sha256"] == [hashlib.sha256(PDF).hexdigest()]


def test_a_window_bounds_how_many_go_in_some_time(house: House) -> None:
    with house.gateway("all", more='window = "2/4s"') as gateway:
        gateway.start()
        gateway.account()
        recipients = [{"to": f"c{number}@example.com"} for number in range(3)]
        gateway.drop({**job("tanda"), "recipients": recipients})
        assert gateway.wait_job("tanda")["counts"]["submitted"] == 3
        assert gateway.call("line.show", line="mail-all")["window"] == "2/4s"
    first, _second, third = sorted(mail["at"] for mail in house.taken(0))
    assert third - first > 2  # the third waits for four seconds, the first may have been slow to arrive


def test_a_test_mail_goes_over_the_line_that_is_asked(house: House) -> None:
    with house.gateway("all", "invoices") as gateway:
        gateway.start()
        gateway.account()
        gateway.wait_line("mail-invoices", "ready")
        found = gateway.call("line.test", line="mail-invoices", number="ana@example.com")
        assert found["state"] == "submitted"
        with pytest.raises(GatewayError):
            gateway.call("line.test", line="mail-invoices", number="ana")
    [mail] = house.taken(1)
    assert (mail["to"], mail["subject"]) == (["ana@example.com"], "gatewayd")
