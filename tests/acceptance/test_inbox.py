"""What comes in by modems, phones, a provider and mail comes in one way: one file each, to whom it answers, and who
refuses to be contacted is left in peace by every line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.rig.devices import LINES, Running, device
from tests.rig.gateway import Gateway

NUMBERS = {name: f"+5491150000{place:03d}" for place, name in enumerate(LINES)}
ADDRESS = "ana@hogar.example"
STRANGERS = {name: f"+5491160000{place:03d}" for place, name in enumerate(LINES)} | {"smtp": "luis@hogar.example"}
SMS = [name for name in LINES if name != "smtp"]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def everything(stack: ExitStack, folder: Path, *, default: str = "sur") -> tuple[Gateway, dict[str, Running]]:
    """A gateway with a line to a device of each kind; what strangers write is the account's `default`."""
    devices = {name: stack.enter_context(device(name, folder / "devices")) for name in LINES}
    extra = f'[inbox]\ndefault = "{default}"\n' + "".join(each.line for each in devices.values())
    gateway = stack.enter_context(Gateway(folder, [], extra=extra))
    gateway.start()
    gateway.account()
    gateway.account("sur")
    for name in LINES:
        gateway.wait_line(name, "ready")
    return gateway, devices


def person(name: str) -> str:
    return ADDRESS if name == "smtp" else NUMBERS[name]


def send(gateway: Gateway, job: str, name: str, to: str | None = None) -> None:
    """One message over the line of that name, taken."""
    recipients = [{"to": to or person(name), "ref": f"C-{name}"}]
    kind = {"channel": "email", "subject": "Aviso"} if name == "smtp" else {"channel": "sms"}
    gateway.drop({"job": job, **kind, "text": "Hola", "lines": [name], "recipients": recipients})
    gateway.wait_job(job, lambda summary: summary["counts"]["submitted"] + summary["counts"]["delivered"] == 1)


def by_text(gateway: Gateway) -> dict[str, dict[str, Any]]:
    return {document["text"]: document for document in gateway.inbox()}


def test_it_comes_in_one_way_from_everywhere(stack: ExitStack, tmp_path: Path) -> None:
    gateway, devices = everything(stack, tmp_path)
    for name in LINES:
        send(gateway, f"aviso-{name}", name)
    for name, each in devices.items():
        each.receive([(person(name), f"Gracias {name}"), (STRANGERS[name], f"Desconocido {name}")])
    gateway.wait_inbox(2 * len(LINES))
    got = by_text(gateway)
    for name in LINES:
        document = got[f"Gracias {name}"]
        assert (document["account"], document["line"], document["from"]) == ("norte", name, person(name))
        assert document["channel"] == ("email" if name == "smtp" else "sms")
        assert document["in_reply_to"]["job"] == f"aviso-{name}"
        assert document["in_reply_to"]["ref"] == f"C-{name}"
        assert (document["key"], document["opt_out"]) == (None, False)
    for name in LINES:
        stranger = got[f"Desconocido {name}"]
        assert (stranger["account"], stranger["in_reply_to"]) == ("sur", None)
    # Handed over again after a crash, all of it is known; what is new is not.
    gateway.kill()
    gateway.start()
    for name, each in devices.items():
        each.receive([(person(name), f"Otra vez {name}")])
    gateway.wait_inbox(3 * len(LINES))
    for name in LINES:
        gateway.wait_line(name, "ready")
    assert len(gateway.inbox()) == 3 * len(LINES)


def test_who_refuses_is_left_in_peace_by_every_line(stack: ExitStack, tmp_path: Path) -> None:
    gateway, devices = everything(stack, tmp_path, default="norte")
    words = dict(zip(LINES, ("BAJA", "¡Baja!", "stop.", "No molestar", "baja"), strict=True))
    waiting = [{"to": person(name)} for name in SMS]
    later = {"channel": "sms", "text": "Aviso", "not_before": "2099-01-01T00:00:00Z"}
    gateway.drop({"job": "espera", **later, "recipients": waiting})
    gateway.wait_files(gateway.spool.folder("accepted", "norte"), 1)
    for name, each in devices.items():
        each.receive([(person(name), words[name])])
    gateway.wait_inbox(len(LINES))
    assert all(document["opt_out"] for document in gateway.inbox())
    listed = {each["to"] for each in gateway.call("blocklist.list")["items"]}
    assert listed == {person(name) for name in LINES}
    ended = gateway.wait_job("espera")
    assert ended["counts"]["cancelled"] == len(SMS)
    assert {each["reason"] for each in gateway.receipts("espera") if each["row"]} == {"blocked"}
    # One who may be written to stands beside them: a job with nobody valid would be refused.
    gateway.drop({"job": "otra", "channel": "sms", "text": "Hola", "recipients": [*waiting, {"to": "+5491177770000"}]})
    summary = gateway.wait_job("otra", lambda each: each["counts"]["invalid"] == len(SMS))
    assert summary["counts"]["invalid"] == len(SMS)
    addressed = [{"to": ADDRESS}, {"to": "luis@hogar.example"}]
    gateway.drop({"job": "mails", "channel": "email", "subject": "x", "text": "x", "recipients": addressed})
    assert gateway.wait_job("mails", lambda each: each["counts"]["submitted"] == 1)["counts"]["invalid"] == 1
