"""Programs that nobody here wrote against the simulated push services, and reading what our own lines send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import google.auth.transport.requests
import httpx
import pytest
import requests
from google.auth.exceptions import RefreshError
from google.oauth2 import service_account
from python_ntfy import NtfyClient
from pywebpush import WebPushException, webpush

from drivers.push.simulator import PushSimulatorProcess

WAIT_S = 30.0
SCOPES = ["https://www.googleapis.com/auth/firebase.messaging"]


@pytest.fixture
def sim(request: pytest.FixtureRequest) -> Iterator[PushSimulatorProcess]:
    with PushSimulatorProcess("--brand", request.param) as sim:
        yield sim


@pytest.mark.parametrize("sim", ["fcm"], indirect=True)
def test_google_s_own_library_gets_a_token_and_sends_with_it(sim: PushSimulatorProcess) -> None:
    device = sim.devices[0]
    account = json.loads(Path(device["credentials_file"]).read_text())
    made: Any = service_account.Credentials
    credentials = made.from_service_account_info(account, scopes=SCOPES)
    with requests.Session() as session:
        credentials.refresh(google.auth.transport.requests.Request(session))
        other = made.from_service_account_info(account, scopes=["https://x.example/else"])
        with pytest.raises(RefreshError, match="invalid_grant"):
            other.refresh(google.auth.transport.requests.Request(session))
    url = f"{device['url']}/v1/projects/{device['project']}/messages:send"
    message = {"message": {"token": "a" * 140, "notification": {"title": "Hola", "body": "x"}}}
    answer = httpx.post(url, json=message, headers={"Authorization": f"Bearer {credentials.token}"}, timeout=WAIT_S)
    assert answer.status_code == 200
    assert answer.json()["name"].startswith("projects/norte-app/messages/")
    assert httpx.post(url, json=message, timeout=WAIT_S).status_code == 401


@pytest.mark.parametrize("sim", ["webpush"], indirect=True)
def test_pywebpush_writes_what_the_simulated_browser_reads(sim: PushSimulatorProcess) -> None:
    device = sim.devices[0]
    text = json.dumps({"title": "Ñandú", "body": "Señor ✔"})
    claims = {"sub": "mailto:tecnica@norte.example"}
    key = device["credentials_file"]
    with requests.Session() as session:
        send = partial(webpush, device["subscription"], text, vapid_private_key=key, requests_session=session)
        assert send(vapid_claims=dict(claims), ttl=60).status_code == 201
        sim.ask("unsubscribe", endpoint=device["subscription"]["endpoint"])
        with pytest.raises(WebPushException, match="410"):
            send(vapid_claims=dict(claims))
    (row,) = sim.ask("texts")["texts"]
    assert (row["title"], row["text"], row["ttl_s"]) == ("Ñandú", "Señor ✔", 60)
    assert sim.ask("stats")["total"]["unreadable"] == 0


@pytest.mark.parametrize("sim", ["ntfy"], indirect=True)
def test_a_published_ntfy_client_sends_and_reads(sim: PushSimulatorProcess) -> None:
    device = sim.devices[0]
    client = NtfyClient(topic="cortes", server=device["url"], auth=device["token"])
    answer = client.send("Vuelve a las 10", title="Corte")
    assert answer["event"] == "message"
    assert [message["message"] for message in client.get_cached_messages()] == ["Vuelve a las 10"]
    (row,) = sim.ask("texts")["texts"]
    assert (row["to"], row["title"], row["text"]) == ("cortes", "Corte", "Vuelve a las 10")
