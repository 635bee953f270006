"""Every simulated kind as the contract has it: one JSON line, a control socket, an end by SIGTERM."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from drivers.control import ControlClient, ControlError
from tests.rig.processes import end, gatewayd

KINDS = {
    "gsm": {"from": "+5491144440000", "text": "Hola"},
    "android": {"from": "+5491144440000", "text": "Hola"},
    "provider": {"from": "+5491144440000", "text": "Hola"},
    "smtp": {"from": "ana@example.com", "text": "Hola"},
}
"""Each kind, and something that comes in."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_announces_itself_takes_orders_and_ends(kind: str, tmp_path: Path) -> None:
    brand = {"android": "smsgate", "provider": "smsmasivos"}.get(kind, "generic")
    arguments = ["simulate", kind, "-n", "2", "--dir", str(tmp_path), "--latency", "0.01", "--brand", brand]
    process = gatewayd(arguments, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        announced: dict[str, Any] = json.loads(process.stdout.readline())
        assert announced["kind"] == kind
        assert len(announced["devices"]) == 2
        for device in announced["devices"]:
            assert ("port" in device) or ("url" in device)
            assert {"imei", "number"} <= device.keys()
        with ControlClient(announced["control"]) as ask:
            assert len(ask("list")["devices"]) == 2
            assert "total" in ask("stats")
            assert ask("texts")["texts"] == []
            ask("set", latency_s=0.02) if kind in ("provider", "smtp") else ask("set")
            ask("inject", **KINDS[kind])
            ask("unplug")
            ask("replug")
            with pytest.raises(ControlError):
                ask("sing")
            assert len(ask("list")["devices"]) == 2  # an order it cannot obey ends nothing
    finally:
        assert end(process, signal.SIGTERM) == 0
        process.stdout.close()
    assert not Path(announced["control"]).exists()


def test_a_simulated_phone_with_one_app_speaks_as_no_other(tmp_path: Path) -> None:
    import httpx

    process = gatewayd(["simulate", "android", "--brand", "rest", "--dir", str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        url = json.loads(process.stdout.readline())["devices"][0]["url"]
        assert httpx.get(f"{url}/v1/device/status/").status_code == 200
        assert httpx.get(f"{url}/health").status_code == 404
        assert httpx.post(f"{url}/send", data={"phoneno": "1", "message": "x"}).status_code == 404
    finally:
        assert end(process, signal.SIGTERM) == 0
        process.stdout.close()
