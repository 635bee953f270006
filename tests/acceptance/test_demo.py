"""`gatewayd demo`: one campaign over every kind of line, and a last line that a program can trust."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import httpx

from gatewayd.control import ControlClient
from gatewayd.demo import calls, campaign
from gatewayd.demo.stage import WEB_PORT
from tests.rig.processes import ROOT

END_S = 100.0
"""The default campaign is promised within 60 s; this one is an eighth of it, on a machine that may be busy."""


def test_one_campaign_goes_over_modems_a_phone_and_a_provider_at_once(tmp_path: Path) -> None:
    messages = 24
    arguments = ["demo", "--dir", str(tmp_path), "--modems", "2", "--messages", str(messages), "--exit"]
    done = subprocess.run(
        [sys.executable, "-m", "gatewayd", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=END_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "messages": messages,
        "delivered": messages,
        "uncertain": 0,
        "segments": messages,
        "cost": f"{messages * 0.85:.2f}",
        "ledger_ok": True,
    }
    assert "phone-1" in done.stderr  # the last frame of the live screen
    assert done.stderr.endswith("\n"), "where both streams go to one place, the result stands on a line of its own"
    receipts = [
        json.loads(line)
        for segment in sorted((tmp_path / "spool/receipts/norte/cobranza-demo").glob("*.jsonl"))
        for line in segment.read_text().splitlines()
    ]
    delivered = Counter(receipt["line"] for receipt in receipts if receipt["state"] == "delivered")
    assert set(delivered) == {"modem-1", "modem-2", "phone-1", "provider-1"}
    assert delivered.total() == messages


def test_the_panel_of_the_demo_opens_with_the_password_on_the_screen(tmp_path: Path) -> None:
    """Without `--exit` it goes on until Ctrl-C, with a panel whose company has people and weeks behind it."""
    arguments = ["demo", "--dir", str(tmp_path), "--modems", "1", "--messages", "2"]
    playing = subprocess.Popen(
        [sys.executable, "-m", "gatewayd", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), "LANG": "es_AR.UTF-8", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        # Taken while it looks for a port: it serves on one of its own, not on that of a demo beside this one.
        with socket.socket() as usual:
            with suppress(OSError):
                usual.bind(("127.0.0.1", WEB_PORT))
            address, user, password = _door(playing)
        with httpx.Client(base_url=address, follow_redirects=True, timeout=30) as browser:
            answer = _when_it_serves(browser)
            assert answer.url.path == "/entrar"
            shown = browser.post("/entrar", data={"user": user, "password": password})
            assert (shown.status_code, shown.url.path) == (200, "/")
            assert "norte" in shown.text
            statement = browser.get("/ajustes/creditos/norte").text
            assert len(re.findall("<tr", statement)) > 15, "weeks of charges"
            assert "vencimiento-" in browser.get("/ajustes/creditos/norte?ver=job").text
        _wait_done(tmp_path)
    finally:
        playing.send_signal(signal.SIGINT)
        ended = playing.wait(40)
        assert playing.stdout is not None
        with playing.stdout:
            last = playing.stdout.read().splitlines()[-1]
    assert (ended, json.loads(last)["ledger_ok"]) == (0, True), last


def _door(playing: subprocess.Popen[str]) -> tuple[str, str, str]:
    assert playing.stdout is not None
    said = ""
    for line in playing.stdout:
        said += line
        found = re.search(r"(http://\S+/)\s+\S+ (\S+), \S+ (\S+)", said)
        if found:
            return found[1], found[2], found[3]
    raise AssertionError(said)


def _when_it_serves(browser: httpx.Client) -> httpx.Response:
    until = time.monotonic() + 40
    while True:
        try:
            return browser.get("/")
        except httpx.ConnectError:
            assert time.monotonic() < until
            time.sleep(0.2)


def _wait_done(folder: Path) -> None:
    client = ControlClient.connect([folder / "control.sock"])
    assert client is not None
    until = time.monotonic() + END_S
    campaigns = {campaign.JOB} | ({calls.JOB} if (folder / calls.FOLDER / calls.STARTED).exists() else set())
    try:
        while True:
            jobs = client.call("job.list", {"limit": 50})["items"]
            if campaigns <= {job["job"] for job in jobs if job["state"] == "done"}:
                return
            assert time.monotonic() < until, jobs
            time.sleep(0.2)
    finally:
        client.close()
