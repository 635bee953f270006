"""Jobs, files and posts that name a stored template: its words when they are recorded, and never others afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gatewayd.values.errors import ConflictError
from tests.rig.gateway import Gateway

PEOPLE = [{"to": "1150000001", "nombre": "Ana"}, {"to": "1150000002", "nombre": "Luis"}]


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """A daemon without lines: what is recorded stays as it was."""
    with Gateway(tmp_path, []) as running:
        running.start()
        running.account()
        running.call("account.set", account="norte", company="Norte Wifi")
        yield running


def save(gateway: Gateway, text: str, template: str = "aviso", channel: str = "sms", **more: Any) -> dict[str, Any]:
    content = {"text": text, **more}
    saved: dict[str, Any] = gateway.call(
        "template.save", account="norte", template=template, channel=channel, content=content
    )
    return saved


def recorded(gateway: Gateway, job: str) -> list[str]:
    gateway.wait_job(job, lambda summary: True)
    page = gateway.call("job.messages", job=f"norte/{job}")
    return [gateway.call("message.show", message=one["message"])["text"] for one in reversed(page["items"])]


def refusal(gateway: Gateway, name: str) -> dict[str, Any]:
    folder = gateway.spool.folder("rejected", "norte")
    gateway.wait_files(folder, 2)
    found: dict[str, Any] = json.loads(next(folder.glob(f"{name}*.error.json")).read_text())
    return found


def test_a_job_has_the_words_of_the_version_that_was_there(gateway: Gateway) -> None:
    save(gateway, "Hola %nombre%, le escribe %empresa%")
    job = {"channel": "sms", "template": "aviso", "recipients": PEOPLE}
    gateway.drop({**job, "job": "uno"})
    assert sorted(recorded(gateway, "uno")) == ["Hola Ana, le escribe Norte Wifi", "Hola Luis, le escribe Norte Wifi"]
    assert gateway.summary("uno")["template"] == {"name": "aviso", "version": 1}  # type: ignore[index]
    # a list long enough for a worker of its own
    rows = "to;nombre\n" + "".join(f"11{50_000_000 + n};Ana{n}\n" for n in range(9_000))
    gateway.drop({**job, "job": "largo", "recipients": None, "recipients_file": "l.csv"}, {"l.csv": rows.encode()})
    gateway.wait_job("largo", lambda summary: summary["messages"] == 9_000)
    assert gateway.sql("SELECT count(*) FROM message WHERE text LIKE 'Hola Ana%, le escribe Norte Wifi'") == [(9_001,)]

    save(gateway, "Chau %nombre%")
    # the same file again is the same job, whatever became of the template
    gateway.drop({**job, "job": "uno"})
    gateway.wait_gone(gateway.spool.folder("incoming", "norte"))
    gateway.drop({**job, "job": "dos"})
    gateway.drop({**job, "job": "tres", "template_version": 1, "values": {"empresa": "Sur Cable"}})
    assert sorted(recorded(gateway, "dos")) == ["Chau Ana", "Chau Luis"]
    assert min(recorded(gateway, "tres")) == "Hola Ana, le escribe Sur Cable"
    assert len(recorded(gateway, "uno")) == 2
    shown = gateway.call("template.show", account="norte", template="aviso")
    assert (shown["used"], [one["used"] for one in shown["versions"]]) == (True, [True, True])
    with pytest.raises(ConflictError):
        gateway.call("template.remove", account="norte", template="aviso")
    assert not list(gateway.spool.folder("rejected", "norte").glob("*"))


@pytest.mark.parametrize(
    ("keys", "code", "field"),
    [
        ({"template": "nadie"}, "template_unknown", "template"),
        ({"template": "aviso", "template_version": 7}, "template_unknown", "template"),
        ({"template": "aviso", "template_version": 0}, "value_invalid", "template_version"),
        ({"template": "interna"}, "value_invalid", "template"),
        ({"template": "otra"}, "variable_unknown", "saldo"),
        ({"template": "aviso", "text": "Hola"}, "value_invalid", "template"),
    ],
)
def test_what_cannot_be_meant_is_refused(gateway: Gateway, keys: dict[str, Any], code: str, field: str) -> None:
    save(gateway, "Hola %nombre%")
    save(gateway, "Hola %nombre%, debe %saldo%", "otra")
    save(gateway, "Su clave es %nombre%", "interna", **{"class": "transactional"})
    folder = gateway.spool.folder("incoming", "norte")
    body = json.dumps({"job": "mal", "channel": "sms", "recipients": PEOPLE, **keys})
    (folder / ".mal.tmp").write_text(body)
    (folder / ".mal.tmp").rename(folder / "mal.json")
    found = refusal(gateway, "mal")
    assert (found["code"], found["field"]) == (code, field)


def test_a_transactional_version_goes_once_it_is_approved(gateway: Gateway) -> None:
    save(gateway, "Su clave es %nombre%", "interna", **{"class": "transactional"})
    gateway.call("template.approve", account="norte", template="interna", version=1)
    gateway.drop({"job": "clave", "channel": "sms", "template": "interna", "recipients": PEOPLE[:1]})
    assert recorded(gateway, "clave") == ["Su clave es Ana"]


def test_posts_name_templates_too(gateway: Gateway) -> None:
    save(gateway, "Hola %nombre%, le escribe %empresa%")
    save(gateway, "Su saldo: $ %deuda%", "mail", "email", subject="Saldo de %nombre%", html="<b>%nombre%</b>")
    body = {"channel": "sms", "template": "aviso", "recipients": PEOPLE}
    answer = gateway.call("job.post", account="norte", body=json.dumps(body))["answer"]
    assert min(recorded(gateway, answer["job"])) == "Hola Ana, le escribe Norte Wifi"
    messages = [
        {"to": "1150000001", "template": "aviso", "values": {"nombre": "Eva"}},
        {"to": "1150000001", "template": "aviso", "template_version": 4, "values": {"nombre": "Eva"}},
        {"to": "a@b.example", "channel": "email", "template": "mail", "values": {"nombre": "<i>", "deuda": "1,50"}},
        {"to": "1150000001", "text": "Hola %nombre%", "values": {"nombre": "Eva"}},
        {"to": "1150000002", "template": "aviso", "template_version": 1, "values": {"nombre": "Eva"}},
    ]
    [result] = gateway.call("message.post", account="norte", posts=[{"messages": messages}])["results"]
    states = [one["status"] for one in result["answer"]]
    assert states == ["accepted", "rejected", "accepted", "accepted", "accepted"], result
    shown = [gateway.call("message.show", message=one["id"]) for one in result["answer"] if one["id"]]
    assert [one["template"] for one in shown] == [
        {"name": "aviso", "version": 1},
        {"name": "mail", "version": 1},
        None,
        {"name": "aviso", "version": 1},
    ]
    assert shown[0]["text"] == "Hola Eva, le escribe Norte Wifi"
    [(options,)] = gateway.sql("SELECT options FROM message WHERE channel = 'email'")
    assert json.loads(options)["texts"] == {"subject": "Saldo de <i>", "html": "<b>&lt;i&gt;</b>"}
