"""What another site, another host of the domain, or a broken client sends: nothing breaks, nothing passes for ours."""

from __future__ import annotations

import base64
import re
import socket
from collections.abc import Iterator

import httpx
import pytest

from tests.rig.panel import ADMINISTRATOR, PASSWORD, Panel, panel


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with panel(tmp_path_factory.mktemp("hostile"), modems=0) as opened:
        yield opened


@pytest.fixture(scope="module")
def person(shown: Panel) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shown.url, trust_env=False, timeout=30.0) as client:
        answer = client.post("/entrar", data={"user": ADMINISTRATOR, "password": PASSWORD})
        assert answer.status_code == 303
        yield client


def token(person: httpx.Client) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', person.get("/").text)
    assert found
    return found[1]


NOTICES = [
    *(b"5", b"null", b'[[], "x"]', b"[1]", b"[" * 1400, b"\xff\xfe"),
    b'["act", "Llame al 0800-ESTAFA"]',
]


@pytest.mark.parametrize("mark", ["", ".", f".{'0' * 64}", ".\xe9"])
@pytest.mark.parametrize("notice", NOTICES, ids=lambda one: repr(one[:12]))
def test_a_notice_that_is_not_ours_is_not_shown(person: httpx.Client, notice: bytes, mark: str) -> None:
    planted = f"said={base64.urlsafe_b64encode(notice).decode()}{mark}"
    cookies = f"gatewayd={person.cookies['gatewayd']}; {planted}".encode("latin-1")
    answer = person.get("/", headers=[(b"cookie", cookies)])
    assert answer.status_code == 200
    assert "ESTAFA" not in answer.text
    assert httpx.get(f"{person.base_url}/entrar", headers=[(b"cookie", planted.encode("latin-1"))]).status_code == 200


def test_a_notice_of_ours_is_shown_once(person: httpx.Client) -> None:
    answer = person.post("/mi-cuenta/sesiones", data={"csrf": token(person)})
    assert answer.status_code == 303
    said = re.compile("[Ss]igned out|cerró|cerr")
    assert said.search(person.get("/mi-cuenta").text)
    assert "said" not in person.cookies


BROKEN = [
    ("multipart/form-data", b"--x\r\n"),
    ("multipart/form-data; boundary=x", b"--x\r\nbroken\r\n\r\n"),
    ("application/x-www-form-urlencoded", b"&".join(b"k%d=1" % n for n in range(1500))),
    ("application/json", b"{}"),
]


@pytest.mark.parametrize(("kind", "body"), BROKEN, ids=["no boundary", "no header", "many fields", "json"])
def test_a_form_that_cannot_be_read_is_its_senders_fault(
    shown: Panel, person: httpx.Client, kind: str, body: bytes
) -> None:
    answer = person.post("/preferencias", content=body, headers={"Content-Type": kind})
    assert answer.status_code in {403, 422}
    assert "panel.failed" not in shown.gateway.log.read_text()


@pytest.mark.parametrize("wanted", ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example"])
def test_the_way_back_is_never_another_sites(person: httpx.Client, wanted: str) -> None:
    answer = person.post("/preferencias", data={"csrf": token(person), "next": wanted})
    assert answer.status_code == 303
    where = httpx.URL(f"{person.base_url}/entrar").join(answer.headers["location"])
    assert where.host == person.base_url.host


@pytest.mark.parametrize(
    "headers", [{"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}], ids=str
)
def test_another_sites_form_signs_nobody_in_and_changes_nothing(person: httpx.Client, headers: dict[str, str]) -> None:
    good = {"csrf": token(person), "theme": "dark"}
    assert person.post("/preferencias", data=good, headers=headers).status_code == 403
    signing = {"user": ADMINISTRATOR, "password": PASSWORD}
    answer = httpx.post(f"{person.base_url}/entrar", data=signing, headers=headers, trust_env=False)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_session_is_no_token(person: httpx.Client) -> None:
    message = {"to": "1159876543", "channel": "sms", "text": "Hola"}
    assert person.post("/v1/messages", json=message).status_code == 401


SMUGGLED = [
    b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n",
    b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"Content-Length: +5\r\n\r\nabcde",
    b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
]


@pytest.mark.parametrize("rest", SMUGGLED, ids=range(len(SMUGGLED)))
def test_no_request_hides_in_another(shown: Panel, rest: bytes) -> None:
    """What a proxy may read otherwise is refused, and what comes behind it is not read."""
    hidden = b"GET /static/hidden HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_connection(("127.0.0.1", shown.port), timeout=10.0) as connection:
        connection.sendall(b"POST /entrar HTTP/1.1\r\nHost: x\r\n" + rest + hidden)
        answered = b""
        while chunk := connection.recv(65536):
            answered += chunk
    assert re.match(rb"HTTP/1\.1 (400|501)", answered), answered[:200]
    assert answered.count(b"HTTP/1.1 ") == 1
