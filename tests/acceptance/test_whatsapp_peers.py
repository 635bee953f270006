"""A published client of the Cloud API against the simulated one: it sends, and understands the simulator's calls."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from typing import Any

import pytest

from drivers.whatsapp.simulator import WhatsappSimulatorProcess

# Its own annotations do not hold for whoever calls it.
pywa: Any = import_module("pywa")
templates: Any = import_module("pywa.types.templates")
errors: Any = import_module("pywa.errors")

WAIT_S = 30.0
TO = "5491159876543"
ATTEMPT = "01JD0000000000000000000001"


@pytest.fixture
def sim() -> Iterator[WhatsappSimulatorProcess]:
    with WhatsappSimulatorProcess() as sim:
        yield sim


@contextmanager
def client(device: dict[str, Any]) -> Iterator[Any]:
    whatsapp = pywa.WhatsApp(
        phone_id=device["phone_id"],
        token=device["token"],
        server=None,
        verify_token=device["verify_token"],
        app_secret=device["app_secret"],
    )
    with whatsapp.api._session as session:
        session.base_url = str(session.base_url).replace("https://graph.facebook.com", device["url"])
        yield whatsapp


@pytest.fixture
def listening() -> Iterator[tuple[str, list[tuple[bytes, str]]]]:
    """A webhook that keeps what it is called with; its address and the calls."""
    calls: list[tuple[bytes, str]] = []

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            calls.append((body, self.headers["X-Hub-Signature-256"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_request(self, code: Any = "-", size: Any = "-") -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/hooks/wa", calls
    finally:
        server.shutdown()
        server.server_close()
        thread.join(WAIT_S)


def test_pywa_sends_texts_and_templates(sim: WhatsappSimulatorProcess) -> None:
    with client(sim.devices[0]) as whatsapp:
        sent = whatsapp.send_message(TO, "Señor ✔", tracker=ATTEMPT)
        assert sent.id.startswith("wamid.")
        params = [templates.BodyText.params("Ana", "$ 7,50")]
        whatsapp.send_template(TO, "saldo", templates.TemplateLanguage.SPANISH_ARG, params)
        text, template = sim.ask("texts")["texts"]
        assert (text["text"], text["id"]) == ("Señor ✔", ATTEMPT)
        assert (template["template"], template["language"]) == ("saldo", "es_AR")
        assert template["parameters"] == ["Ana", "$ 7,50"]
        sim.ask("set", absent=[TO])
        with pytest.raises(errors.WhatsAppError) as refused:
            whatsapp.send_message(TO, "x")
        assert refused.value.code == 131026


def test_pywa_believes_and_understands_our_calls(
    sim: WhatsappSimulatorProcess, listening: tuple[str, list[tuple[bytes, str]]]
) -> None:
    hook, calls = listening
    sim.ask("set", hook=hook, states=["sent", "read", "failed"], batch=1)
    heard: list[tuple[str, ...]] = []
    with client(sim.devices[0]) as whatsapp:

        @whatsapp.on_message_status  # type: ignore[untyped-decorator]
        def state(_: Any, status: Any) -> None:
            code = str(status.error.code) if status.error else ""
            heard.append((status.id, status.status.value, str(status.tracker), code))

        @whatsapp.on_message  # type: ignore[untyped-decorator]
        def message(_: Any, received: Any) -> None:
            heard.append((received.id, str(received.text)))

        sent = whatsapp.send_message(TO, "Hola", tracker=ATTEMPT)
        (key,) = sim.ask("inject", sender="+5491144440000", text="Ya pagué")["ids"]
        assert sim.ask("wait", told=4, timeout=WAIT_S)["reached"]
        for body, signature in calls:
            assert whatsapp.webhook_update_validator(body, signature) is None
            assert whatsapp.webhook_update_validator(body + b" ", signature) is not None
            assert whatsapp.webhook_update_handler(body)[1] == 200
    states = [(sent.id, "sent", ATTEMPT, ""), (sent.id, "read", ATTEMPT, ""), (sent.id, "failed", ATTEMPT, "131026")]
    assert sorted(heard) == sorted([*states, (key, "Ya pagué")])
