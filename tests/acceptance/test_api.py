"""The API as programs use it: a daemon, its web process, real HTTP."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gatewayd.operations import OPERATIONS
from gatewayd.web.v1.problems import KINDS
from gatewayd.web.v1.table import ENDPOINTS
from tests.rig.gateway import Gateway
from tests.rig.panel import Panel, panel
from tests.rig.ports import free_port
from tests.rig.processes import end, gatewayd
from tests.rig.programs import program, token

MESSAGE = {"to": "011-15-5987-6543", "text": "Hola %nombre%", "values": {"nombre": "Ana"}, "ref": "A-1"}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with panel(tmp_path_factory.mktemp("api"), modems=1) as running:
        running.gateway.account("sur")
        yield running


@pytest.fixture(scope="module")
def client(shown: Panel) -> Iterator[httpx.Client]:
    with program(shown, token(shown), **{"Accept-Language": "en"}) as opened:
        yield opened


def _problem(response: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = response.json()
    assert found["type"] == f"/v1/problems/{kind}"
    assert found["status"] == status
    return found


def _delivered(client: httpx.Client, message: str) -> dict[str, Any]:
    until = time.monotonic() + 30
    while True:
        found: dict[str, Any] = client.get(f"/v1/messages/{message}").json()
        if found["state"] == "delivered":
            return found
        assert time.monotonic() < until, found
        time.sleep(0.1)


def test_a_message_is_posted_sent_and_found(client: httpx.Client) -> None:
    posted = client.post("/v1/messages", json=MESSAGE)
    assert posted.status_code == 202
    result = posted.json()
    assert result["status"] == "accepted"
    assert result["to"] == "+5491159876543"
    assert result["price"] == "0.85"
    found = _delivered(client, result["id"])
    assert (found["job"], found["ref"], found["text"]) == (result["job"], "A-1", "Hola Ana")
    another = client.post("/v1/messages", json={**MESSAGE, "text": "Otra"}).json()
    assert another["job"] == result["job"]


def test_a_repeated_request_is_answered_as_the_first(client: httpx.Client) -> None:
    key = {"Idempotency-Key": "repeat-1"}
    first = client.post("/v1/messages", json=MESSAGE, headers=key)
    again = client.post("/v1/messages", json=MESSAGE, headers=key)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    _problem(client.post("/v1/messages", json={**MESSAGE, "ref": "other"}, headers=key), 422, "key-reused")
    # A key is one request's, whatever its address.
    _problem(client.post("/v1/messages/batch", json={"messages": [MESSAGE]}, headers=key), 422, "key-reused")


def test_a_refused_request_leaves_its_key_free(client: httpx.Client) -> None:
    key = {"Idempotency-Key": "free-1"}
    job = {"job": "free", "channel": "sms", "text": "Hola %nombre%", "recipients": [{"to": "1159876543"}]}
    _problem(client.post("/v1/jobs", json=job, headers=key), 409, "job-refused")
    good = {**job, "values": {"nombre": "Ana"}}
    assert client.post("/v1/jobs", json=good, headers=key).status_code == 202
    assert client.post("/v1/jobs", json=good, headers=key).headers["Idempotent-Replayed"] == "true"


def test_each_message_of_a_batch_has_a_result(client: httpx.Client) -> None:
    unique = {**MESSAGE, "ref": "B-1", "ref_unique": True}
    batch = {"messages": [unique, {"to": "12", "text": "Hola"}, {"to": "1159876543", "text": "Hola %apellido%"}]}
    results = client.post("/v1/messages/batch", json=batch).json()["results"]
    assert [one["status"] for one in results] == ["accepted", "rejected", "rejected"]
    assert results[1]["reason"] == "number_invalid"
    assert results[1]["state"] == "invalid"
    assert results[2]["reason"] == "variable_unknown"
    assert "%apellido%" in results[2]["detail"]
    # Sent again with one message more, it adds that one alone.
    more = {"messages": [unique, {**MESSAGE, "ref": "B-2", "ref_unique": True}]}
    again = client.post("/v1/messages/batch", json=more).json()["results"]
    assert again[0]["id"] == results[0]["id"]
    assert again[0]["repeated"] is True
    assert again[1]["id"] not in {one["id"] for one in results}


def test_a_thousand_messages_go_in_one_request(client: httpx.Client) -> None:
    messages = [{"to": f"11{50_000_000 + n}", "text": f"Hola {n}"} for n in range(1000)]
    results = client.post("/v1/messages/batch", json={"messages": messages}).json()["results"]
    assert len({one["id"] for one in results}) == 1000
    _problem(client.post("/v1/messages/batch", json={"messages": [*messages, MESSAGE]}), 422, "invalid-request")


def test_a_job_is_posted_once(client: httpx.Client, shown: Panel) -> None:
    job = {
        "job": "campana",
        "channel": "sms",
        "text": "Debe $ %deuda%",
        "recipients": [{"to": "1159876543", "deuda": 1500.50}, {"to": "3", "deuda": 1}],
    }
    raw = b'{"job":"exacta","channel":"sms","text":"Debe $ %deuda%","recipients":[{"to":"1159876543","deuda":1500.50}]}'
    posted = client.post("/v1/jobs", json=job).json()
    assert posted == {"account": "norte", "job": "campana", "state": "running", "messages": 2, "test": False}
    assert client.post("/v1/jobs", json=job).json()["job"] == "campana"
    found = _problem(client.post("/v1/jobs", json={**job, "text": "Otra cosa"}), 409, "job-refused")
    assert found["errors"][0]["code"] == "job_conflict"
    assert client.post("/v1/jobs", content=raw, headers={"Content-Type": "application/json"}).status_code == 202
    shown.gateway.wait_job("campana")
    counts = client.get("/v1/jobs/campana").json()["counts"]
    assert (counts["delivered"], counts["invalid"]) == (1, 1)
    messages = client.get("/v1/jobs/exacta/messages").json()["items"]
    whole = client.get(f"/v1/messages/{messages[0]['message']}").json()
    assert whole["text"] == "Debe $ 1500.50"  # as it was written, not as a float would be
    assert (shown.gateway.spool.folder("accepted", "norte", "campana") / "campana.json").exists()
    _problem(client.post("/v1/jobs/campana/cancel"), 409, "conflict")


def test_a_file_does_not_take_the_name_of_a_shared_job(client: httpx.Client, shown: Panel) -> None:
    name = client.post("/v1/messages", json=MESSAGE).json()["job"]
    shown.gateway.drop({"job": name, "channel": "sms", "text": "x", "recipients": [{"to": "1159876543"}]})
    rejected = shown.gateway.spool.folder("rejected", "norte")
    shown.gateway.wait_gone(shown.gateway.spool.folder("incoming", "norte"))
    assert "job_conflict" in (rejected / f"{name}.json.error.json").read_text()
    assert client.post("/v1/messages", json=MESSAGE).json()["job"] == name


def test_a_list_is_uploaded_and_used(client: httpx.Client) -> None:
    rows = "".join(f"11{50_000_000 + n};Ana{n}\n" for n in range(20_000))
    upload = client.post("/v1/uploads?name=clientes.csv", content=("telefono;nombre\n" + rows).encode())
    assert upload.status_code == 201
    assert upload.json()["kind"] == "text"
    job = {
        "job": "lista",
        "channel": "sms",
        "text": "Hola %nombre%",
        "recipients_file": "clientes.csv",
        "uploads": {"clientes.csv": upload.json()["id"]},
        "not_before": "2099-01-01T00:00:00Z",
    }
    posted = client.post("/v1/jobs", json=job)
    assert posted.status_code == 202, posted.text
    assert posted.json()["messages"] == 20_000
    assert client.post("/v1/jobs/lista/cancel").json()["state"] == "cancelled"
    missing = {**job, "job": "sin-lista", "uploads": {"clientes.csv": "0" * 24}}
    _problem(client.post("/v1/jobs", json=missing), 404, "not-found")
    _problem(client.post("/v1/uploads", content=b"\x7fELF\x00\x00"), 409, "conflict")
    assert _announced(client, 1 << 30) == (413, "application/problem+json")
    assert client.delete(f"/v1/uploads/{upload.json()['id']}").status_code == 204


def _announced(client: httpx.Client, size: int) -> tuple[int, str | None]:
    """Announces an upload of that size and sends nothing of it; status and type of the answer."""
    connection = http.client.HTTPConnection(client.base_url.host, client.base_url.port, timeout=30)
    connection.putrequest("POST", "/v1/uploads")
    connection.putheader("Authorization", client.headers["Authorization"])
    connection.putheader("Content-Length", str(size))
    connection.endheaders()
    answer = connection.getresponse()
    connection.close()
    return answer.status, answer.getheader("Content-Type")


def test_a_long_job_comes_in_one_body(client: httpx.Client) -> None:
    recipients = [{"to": f"11{50_000_000 + n}", "nombre": "Ana María " * 4} for n in range(8_000)]
    job = {"job": "larga", "channel": "sms", "text": "Hola %nombre%", "not_before": "2099-01-01T00:00:00Z"}
    posted = client.post("/v1/jobs", json={**job, "recipients": recipients})
    assert posted.status_code == 202, posted.text
    assert posted.json()["messages"] == 8_000
    assert client.post("/v1/jobs/larga/cancel").status_code == 200


def test_a_test_token_prices_and_never_sends(shown: Panel) -> None:
    with program(shown, token(shown, kind="test")) as client:
        result = client.post("/v1/messages", json=MESSAGE).json()
        assert (result["status"], result["test"], result["price"]) == ("accepted", True, "0.85")
        job = {"job": "prueba", "channel": "sms", "text": "Hola", "recipients": [{"to": "1159876543"}]}
        assert client.post("/v1/jobs", json=job).json()["test"] is True
        for message in (result["id"], client.get("/v1/jobs/prueba/messages").json()["items"][0]["message"]):
            found = client.get(f"/v1/messages/{message}").json()
            assert (found["state"], found["reason"], found["attempts"]) == ("cancelled", "test", [])
        # The same job is not the live one's.
        with program(shown, token(shown)) as live:
            _problem(live.post("/v1/jobs", json=job), 409, "job-refused")
        assert not shown.gateway.spool.folder("accepted", "norte", "prueba").exists()


def test_a_token_sees_its_own_account_alone(shown: Panel, client: httpx.Client) -> None:
    mine = client.post("/v1/messages", json=MESSAGE).json()
    with program(shown, token(shown, account="sur")) as other:
        for method, path in (
            ("GET", f"/v1/messages/{mine['id']}"),
            ("POST", f"/v1/jobs/{mine['job']}/pause"),
            ("GET", f"/v1/jobs/{mine['job']}"),
            ("GET", "/v1/account?account=norte"),
            ("GET", "/v1/jobs?account=norte"),
        ):
            _problem(other.request(method, path), 404, "not-found")
        assert other.get("/v1/jobs").json()["items"] == []
    with program(shown, token(shown, account=None)) as everybody:
        assert everybody.get("/v1/account?account=sur").json()["name"] == "sur"
        assert everybody.get(f"/v1/jobs/{mine['job']}?account=norte").status_code == 200
        assert everybody.post("/v1/messages?account=sur", json=MESSAGE).json()["account"] == "sur"


def test_rights_and_tokens_are_judged(shown: Panel) -> None:
    bare = httpx.Client(base_url=shown.url, trust_env=False)
    for endpoint in ENDPOINTS:
        path = re.sub(r"\{(\w+)\}", lambda found: "0" * (26 if found[1] == "message" else 24), endpoint.path)
        answer = bare.request(endpoint.method, path, json=MESSAGE if endpoint.body else None)
        _problem(answer, 401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    bare.headers["Authorization"] = "Bearer gwd_live_" + "0" * 38
    _problem(bare.post("/v1/messages", json=MESSAGE), 401, "unauthenticated")
    with program(shown, token(shown, "read")) as reader:
        found = _problem(reader.post("/v1/messages", json=MESSAGE), 403, "forbidden")
        assert "send" in found["detail"]
        _problem(reader.post("/v1/lines/m0/disable"), 403, "forbidden")
    bare.close()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "invalid-json"),
        (b'{"to":"1","to":"2"}', "invalid-json"),
        (b'{"to":"1","text":"\\u0000"}', "invalid-request"),
        (b'{"to":"1","text":"\\ud800"}', "invalid-json"),
        (b'{"to":"\xff"}', "invalid-json"),
        (b"[" * 100_000, "invalid-json"),
        (b'{"to":"1","max_segments":NaN}', "invalid-json"),
        (b'{"to":"1","max_segments":' + b"9" * 5000 + b"}", "invalid-json"),
        (b'{"to":"1","max_segments":1e999}', "invalid-request"),
        (b'{"to":1}', "invalid-request"),
        (b'{"to":"1","x":1}', "invalid-request"),
        (b'"text"', "invalid-request"),
        (b"null", "invalid-request"),
    ],
)
def test_hostile_bodies_are_problems(client: httpx.Client, body: bytes, kind: str) -> None:
    answer = client.post("/v1/messages", content=body, headers={"Content-Type": "application/json"})
    found = _problem(answer, KINDS[kind].status, kind)
    assert found["detail"]


def test_faults_are_named_in_the_language_of_who_asks(client: httpx.Client) -> None:
    answer = client.post("/v1/messages", json={"too": "1"}, headers={"Accept-Language": "es"})
    found = _problem(answer, 422, "invalid-request")
    assert {(one["pointer"], one["code"]) for one in found["errors"]} == {("/to", "required"), ("/too", "unknown")}
    assert answer.headers["Content-Language"] == "es"
    assert "falta" in str(found["errors"])
    answer = client.get("/v1/jobs?limit=201&nope=1&cursor=x")
    parameters = {one["parameter"] for one in _problem(answer, 422, "invalid-request")["errors"]}
    assert parameters == {"limit", "nope", "cursor"}


def test_lists_are_paged_by_cursor(client: httpx.Client) -> None:
    for _ in range(3):
        client.post("/v1/messages", json=MESSAGE)
    seen: list[str] = []
    cursor = ""
    while cursor is not None and len(seen) < 9:
        page = client.get(f"/v1/messages?limit=3{cursor and '&cursor='}{cursor}").json()
        seen += [one["message"] for one in page["items"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 9


def test_every_endpoint_is_an_operation(client: httpx.Client) -> None:
    assert {one.operation for one in ENDPOINTS} <= OPERATIONS.keys()
    assert len({one.name for one in ENDPOINTS}) == len(ENDPOINTS)
    _problem(client.get("/v1/nothing"), 404, "not-found")
    answer = client.put("/v1/jobs")
    _problem(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == "GET, OPTIONS, POST"


def test_the_documentation_is_a_page_of_ours(shown: Panel, client: httpx.Client) -> None:
    page = client.get("/v1/docs", headers={"Accept-Language": "es"}).text
    assert 'lang="es"' in page
    assert "<script" not in page
    assert " style=" not in page
    for address in re.findall(r'(?:href|src)="([^"#]+)', page):
        assert client.get(address).status_code == 200, address
    for kind in KINDS:
        assert client.get(f"/v1/problems/{kind}").status_code == 200
    assert client.get("/v1/problems/none").status_code == 404
    with shown.browser() as browser:
        opened = browser.context().new_page()
        opened.goto(f"{shown.url}/v1/docs")
        assert opened.locator("article").count() == len(ENDPOINTS)


def test_the_web_process_answers_503_while_the_daemon_is_away(tmp_path: Path) -> None:
    port = free_port()
    web = f'[web]\nlisten = "127.0.0.1:{port}"\nstart = false\n'
    with Gateway(tmp_path, [], extra=web) as gateway:
        gateway.start()
        gateway.account()
        shown = Panel(gateway, None, port)
        with gateway.log.open("ab") as log:
            alone = gatewayd(["--config", str(gateway.config), "web"], stdout=log, stderr=log)
        try:
            shown.wait_web()
            with program(shown, token(shown)) as client:
                gateway.kill()
                answer = client.post("/v1/messages", json=MESSAGE)
                assert answer.headers["Retry-After"]
                _problem(answer, 503, "unavailable")
                assert client.get("/v1/account").status_code == 200  # what is only read is read
                gateway.start()
                until = time.monotonic() + 20
                while (answer := client.post("/v1/messages", json=MESSAGE)).status_code == 503:
                    assert time.monotonic() < until, answer.text
                    time.sleep(0.1)
                assert answer.status_code == 202
        finally:
            end(alone)
