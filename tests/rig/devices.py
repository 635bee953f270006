"""Simulated devices of every driver that receives, each a process of its own, with the line that speaks to it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from drivers.control import ControlClient
from tests.rig.processes import end, gatewayd

PASSWORD: Final = "clave-de-prueba"

LINES: Final[Mapping[str, tuple[str, str]]] = {
    "gsm": ("gsm", 'port = "{port}"'),
    "smsgate": ("android", 'app = "smsgate"\nurl = "{url}"\npassword = "secret"\npoll = "{poll}"'),
    "rest": ("android", 'app = "rest"\nurl = "{url}"\npoll = "{poll}"'),
    "provider": (
        "provider",
        """url = "{url}"
auth = "bearer"
key = "{key}"
json = {{ id = "{{id}}", to = "{{number}}", text = "{{text}}" }}
id = "$.id"
rules = [{{ status = 201, json = "$.status", matches = "accepted", result = "accepted" }}]
inbox_url = "{base}/inbox"
inbox_interval = "{poll}"
replies = {{ items = "$.messages", at = "$.at", ack_url = "{base}/inbox/{{reference}}" }}""",
    ),
    "smtp": (
        "smtp",
        """from_address = "cobranzas@norte.example"
host = "127.0.0.1"
port = {port}
security = "none"
user = "cuenta@example.net"
password = "{password}"
imap_host = "127.0.0.1"
imap_port = {imap_port}
imap_security = "none"
imap_poll = {poll_s}""",
    ),
}
"""By name of a device: its driver, and the keys of a line to it."""


@dataclass(frozen=True, slots=True)
class Running:
    """A device, and `line`, the table of the line to it."""

    name: str
    line: str
    ask: Callable[..., dict[str, Any]]
    pid: int

    def receive(self, messages: Sequence[tuple[str, str]]) -> None:
        """These (sender, text) come in."""
        for sender, text in messages:
            self.ask("inject", **{"from": sender, "text": text})


@contextmanager
def device(name: str, folder: Path, poll_s: float = 0.2, more: str = 'rate = "100000/s"') -> Iterator[Running]:
    """One of `LINES`; looked into every `poll_s`. `more` are keys that any line has."""
    driver, keys = LINES[name]
    options = ["--dir", str(folder / name)]
    if driver == "smtp":
        options += ["--set", f"password={PASSWORD}"]
    (folder / name).mkdir(parents=True, exist_ok=True)
    process = gatewayd(["simulate", driver, *options], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        announced = json.loads(process.stdout.readline())
        known = announced["devices"][0]
        given = {**known, "base": known.get("url", "").rpartition("/")[0], "password": PASSWORD}
        written = keys.format(**given, poll=f"{poll_s}s", poll_s=poll_s)
        line = f'\n[[line]]\nname = "{name}"\ndriver = "{driver}"\n{more}\n{written}\n'
        with ControlClient(announced["control"]) as ask:
            yield Running(name, line, ask, process.pid)
    finally:
        end(process)
        process.stdout.close()
