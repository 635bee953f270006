"""Mail through the whole gateway: job file in, mails at a server, receipts and replies out."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from drivers.control import ControlClient
from tests.rig.gateway import Gateway
from tests.rig.ports import free_port
from tests.rig.processes import end, gatewayd

PASSWORD = "una-clave-larga"
LINE = """
[[line]]
name = "mail-1"
driver = "smtp"
rate = "1000/s"
from_address = "cobranzas@norte.example"
host = "127.0.0.1"
port = {port}
security = "{security}"
{ca_file}
user = "cuenta@example.net"
password = "{password}"
imap_host = "127.0.0.1"
imap_port = {imap_port}
imap_security = "none"
imap_poll = 0.1
"""


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """`gatewayd simulate smtp`: its announcement. Encrypted where the test asks for it."""
    security = getattr(request, "param", "none")
    arguments = ["simulate", "smtp", "--security", security, "--set", f"password={PASSWORD}"]
    process = gatewayd(arguments, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        announced: dict[str, Any] = json.loads(process.stdout.readline())
        yield {**announced, "security": security}
    finally:
        status = end(process, signal.SIGTERM)
        process.stdout.close()
    assert status == 0


def line_to(server: dict[str, Any]) -> str:
    device, security = server["devices"][0], server["security"]
    ca_file = f'ca_file = "{device["ca_file"]}"' if device["ca_file"] else ""
    return LINE.format(
        port=device["port"], imap_port=device["imap_port"], password=PASSWORD, security=security, ca_file=ca_file
    )


def test_a_mailing_from_job_file_to_receipts(server: dict[str, Any], tmp_path: Path) -> None:
    extra = line_to(server)
    recipients = [{"to": f"c{index}@example.com", "ref": f"R{index}", "nombre": f"Ana {index}"} for index in range(20)]
    job = {"job": "facturas", "channel": "email", "subject": "Factura de %nombre%", "text": "Hola %nombre%"}
    with ControlClient(server["control"]) as ask, Gateway(tmp_path, [], extra=extra) as gateway:
        ask("set", fault={"kind": "reply", "stage": "rcpt", "address": "<c7@", "code": 550, "text": "5.1.1 unknown"})
        gateway.start()
        gateway.account()
        gateway.drop({**job, "recipients": recipients})
        assert ask("wait", taken=19, timeout=30)["reached"]
        taken = ask("texts")["texts"]
        assert sorted(mail["to"][0] for mail in taken) == sorted(
            each["to"] for each in recipients if each["ref"] != "R7"
        )
        assert {mail["subject"] for mail in taken} == {f"Factura de Ana {n}" for n in range(20) if n != 7}
        ask("inject", bounce_of=3, status="5.2.2")
        ask("inject", **{"from": taken[4]["to"][0], "text": "BAJA\n> Hola"})
        summary = gateway.wait_job("facturas", lambda each: each["counts"]["undelivered"] == 1)
        assert (summary["counts"]["submitted"], summary["counts"]["failed"]) == (18, 1)
        gateway.wait_files(gateway.spool.folder("inbox", "norte"), 1)
        [received] = gateway.inbox()
        assert (received["from"], received["text"], received["opt_out"]) == (taken[4]["to"][0], "BAJA", True)
        assert received["in_reply_to"]["job"] == "facturas"
        last = {each["ref"]: (each["state"], each["reason"]) for each in gateway.receipts("facturas") if each["ref"]}
        assert last["R7"] == ("failed", "unknown_recipient")
        [bounced] = [ref for ref, (state, _) in last.items() if state == "undelivered"]
        assert taken[3]["to"][0] == f"c{bounced[1:]}@example.com"
        assert last[bounced][1] == "mailbox_full"
        assert gateway.call("line.ask", line="mail-1", question="verify")["answer"]["logged_in"] is True
        gateway.stop()
        assert PASSWORD not in gateway.log.read_text()


@pytest.mark.parametrize("server", ["starttls", "tls"], indirect=True)
def test_a_mail_in_doubt_is_uncertain_and_not_sent_again(server: dict[str, Any], tmp_path: Path) -> None:
    extra = line_to(server)
    with ControlClient(server["control"]) as ask, Gateway(tmp_path, [], extra=extra) as gateway:
        ask("set", fault={"kind": "drop", "stage": "end", "taken": True})
        gateway.start()
        gateway.account()
        recipients = [{"to": "ana@example.com"}, {"to": "luis@example.com"}]
        gateway.drop({"job": "dudas", "channel": "email", "subject": "x", "text": "Hola", "recipients": recipients})
        summary = gateway.wait_job("dudas", lambda each: each["counts"]["submitted"] == 1)
        assert summary["counts"]["uncertain"] == 1
        assert len(ask("texts")["texts"]) == 2


COMPLAINT = """\
From: staff@hotmail.com
To: cobranzas@norte.example
Subject: complaint about message from 192.0.2.1
Content-Type: multipart/mixed; boundary="B"

--B
Content-Type: message/rfc822

X-HmXmrOriginalRecipient: {to}
Message-ID: {id}

Hola
--B--
"""


def test_a_click_and_a_complaint_take_people_off(server: dict[str, Any], tmp_path: Path) -> None:
    port = free_port()
    extra = line_to(server) + (
        f'unsubscribe_url = "http://127.0.0.1:{port}/hooks/mail-1"\nunsubscribe_key = "una clave de veinte letras"\n'
    )
    people = ["ana@example.com", "luis@example.com", "eva@example.com"]
    job = {"channel": "email", "subject": "x", "text": "Hola", "recipients": [{"to": each} for each in people]}
    listen = f"127.0.0.1:{port}"
    with ControlClient(server["control"]) as ask, Gateway(tmp_path, [], extra=extra, listen=listen) as gateway:
        gateway.start()
        gateway.account()
        gateway.drop({"job": "primero", **job})
        gateway.wait_job("primero", lambda each: each["counts"]["submitted"] == 3)
        taken = {mail["to"][0]: mail for mail in ask("texts")["texts"]}
        link = taken["ana@example.com"]["unsubscribe"].partition("<")[2].partition(">")[0]
        assert httpx.get(link).status_code == 200  # a scanner opens it: nothing happens
        for _ in range(2):
            assert httpx.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 200
        assert httpx.post(f"{link}x", data={"List-Unsubscribe": "One-Click"}).status_code == 404
        ask("inject", raw=COMPLAINT.format(to="luis@example.com", id=taken["luis@example.com"]["id"]))
        gateway.wait_files(gateway.spool.folder("inbox", "norte"), 2)
        told = {each["from"]: each for each in gateway.inbox()}
        assert told.keys() == {"ana@example.com", "luis@example.com"}
        assert all(each["opt_out"] and each["in_reply_to"]["job"] == "primero" for each in told.values())
        gateway.drop({"job": "segundo", **job})
        summary = gateway.wait_job("segundo", lambda each: each["counts"]["submitted"] == 1)
        assert summary["counts"]["invalid"] == 2


def test_what_the_servers_own_limit_refuses_waits(server: dict[str, Any], tmp_path: Path) -> None:
    limit = "Domain norte.example has exceeded the max emails per hour (150/150 (100%)) allowed. Message discarded."
    people = [{"to": f"c{number}@example.com"} for number in range(5)]
    job = {"job": "aviso", "channel": "email", "subject": "x", "text": "Hola", "recipients": people}
    with ControlClient(server["control"]) as ask, Gateway(tmp_path, [], extra=line_to(server)) as gateway:
        ask("set", fault={"kind": "reply", "stage": "end", "code": 550, "text": limit, "count": None})
        gateway.start()
        gateway.account()
        gateway.drop(job)
        assert ask("wait", faults=1, timeout=30)["reached"]
        summary = gateway.wait_job("aviso", lambda each: each["counts"]["scheduled"] + each["counts"]["queued"] == 5)
        assert (summary["counts"]["failed"], summary["counts"]["submitted"]) == (0, 0)
        ask("set", clear_faults=True)


def test_a_mail_that_kills_the_daemon_twice_is_left_alone_and_shown(server: dict[str, Any], tmp_path: Path) -> None:
    deadly = {"kind": "slow", "stage": "imap", "address": "UID FETCH 1 ", "delay_s": 600, "count": None}
    with ControlClient(server["control"]) as ask, Gateway(tmp_path, [], extra=line_to(server)) as gateway:
        ask("set", fault=deadly)
        ask("inject", **{"from": "malo@example.com", "text": "x"})
        ask("inject", **{"from": "ana@example.com", "text": "Ya pagué"})
        for marked in (2, 3):
            # First both together, then the deadly one by itself.
            gateway.start()
            if marked == 2:
                gateway.account()
            assert ask("wait", imap_marked=marked, timeout=30)["reached"]
            gateway.kill()
        gateway.start()
        gateway.wait_inbox(1)
        assert [each["from"] for each in gateway.inbox()] == ["ana@example.com"]
        gateway.wait_overview(lambda _: gateway.call("line.show", line="mail-1")["detail"] == {"mails_passed_over": 1})


def test_a_server_that_puts_everybody_off_costs_nobody_a_try(server: dict[str, Any], tmp_path: Path) -> None:
    people = [{"to": f"c{number}@example.com"} for number in range(12)]
    later = {"kind": "reply", "stage": "rcpt", "code": 451, "text": "4.3.0 Temporary lookup failure", "count": None}
    with ControlClient(server["control"]) as ask, Gateway(tmp_path, [], extra=line_to(server)) as gateway:
        ask("set", fault=later)
        gateway.start()
        gateway.account()
        gateway.drop({"job": "aviso", "channel": "email", "subject": "x", "text": "Hola", "recipients": people})
        assert gateway.wait_line("mail-1", "waiting")["reason"] == "server_trouble"
        ask("set", clear_faults=True)
        assert gateway.wait_job("aviso", lambda each: each["counts"]["submitted"] == 12)["counts"]["failed"] == 0
