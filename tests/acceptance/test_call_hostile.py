"""Whatever stands in a job's fields is refused or spoken: Asterisk never takes it for a header or a dial plan."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from tests.peers.asterisk_bench import running
from tests.peers.asterisk_callees import LEAVES, person, tone
from tests.peers.onlooker import Onlooker
from tests.rig import Gateway
from tests.rig.calling import TARIFF, line

INJECTED: Final = "666"
"""Whoever is called here was called by an injected action."""

ACTION: Final = (
    f"Action: Originate\r\nChannel: Local/{INJECTED}@callees/n\r\nContext: callees\r\nExten: 10\r\nPriority: 1"
)

HOSTILE: Final = (
    f"Ana\r\n\r\n{ACTION}\r\n\r\n",
    f"Ana\n\n{ACTION}\n\n",
    "Ana\rVariable: GW_MENU=",
    "Ana,1)\n same => n,Hangup(",
    "Ana, Hnos. & Cía; |^~",
    "\"Ana\" 'Ana' `touch canary` \\",
    "${SHELL(touch canary)} $[1/0] ${EXTEN}",
    "--help",
    "-w/etc/passwd",
    "../../etc/passwd",
    "Ana\0Beto",
    "ñandú \U0001f600 \u2028 \u202e",
    "x" * 10_000,
    "Ana " * 2_500,
)


def job(name: str, serial: int, call: dict[str, Any] | None = None, **keys: Any) -> dict[str, Any]:
    recipient = {"to": person(LEAVES, serial), "ref": "R", "nombre": "Ana"} | keys.pop("recipient", {})
    script = {"message": "Hola %nombre%", "menu": {"2": "promise"}}
    return {
        "job": name,
        "channel": "call",
        "recipients": [recipient],
        "call": {"script": script} | (call or {}),
        **keys,
    }


def jobs(serial: int, value: str) -> list[dict[str, Any]]:
    """One for each field that a value may stand in."""
    soon = (datetime.now(UTC) + timedelta(seconds=20)).isoformat()
    fields: list[dict[str, Any]] = [
        {"recipient": {"nombre": value}},
        {"recipient": {"ref": value}},
        {"recipient": {"to": value}},
        {"recipient": {"to": f"{person(LEAVES, 9999)}{value}"}},
        {"values": {"empresa": value}, "call": {"script": {"message": "De %empresa%"}}},
        {"call": {"script": {"message": value}}},
        {"call": {"script": {"message": [{"say": "Hola"}, {"amount": value}]}}},
        # A recording that is not there is waited for.
        {"call": {"script": {"message": [{"play": value}]}}, "not_after": soon},
        {"call": {"script": {"message": "Hola", "menu": {"1": f"transfer:{value}"}}}},
        {"call": {"script": {"message": "Hola", "menu": {value: "promise"}}}},
        {"call": {"script": {"message": "Hola", "menu": {"1": value}}}},
        {"call": {"script": {"message": "Hola", "language": value}}},
        {"call": {"script": {"message": "Hola", "voice": value}}},
        {"call": {"script": {"message": "Hola"}, "amd": value}},
    ]
    return [job(f"h{serial}-{place}", serial * 100 + place, **keys) for place, keys in enumerate(fields)]


@pytest.mark.peer
def test_hostile_values_are_refused_or_harmless(tmp_path: Path) -> None:
    wanted = [each for serial, value in enumerate(HOSTILE) for each in jobs(serial, value)]
    with running(tmp_path / "pbx", verbose=0) as pbx, Onlooker(pbx) as seen:
        pid = pbx.pid
        tone(tmp_path / "voice.wav", 1.0)
        # One that reads what it is to say and always says the same, for there is much of it.
        speech = ["sh", "-c", 'cat >/dev/null; cp "$0" "$1"', str(tmp_path / "voice.wav"), "{output}"]
        extra = line(pbx, channels=30, speech=speech)
        with Gateway(tmp_path, [], extra=extra, tariff=TARIFF).start() as gateway:
            gateway.account(credit="100000")
            gateway.wait_line("troncal", "ready")
            incoming = gateway.spool.folder("incoming", "norte")
            for each in wanted:
                # Not through `drop`: that refuses what cannot be a job before it is one.
                aside = incoming / f".{each['job']}.tmp"
                aside.write_text(json.dumps(each))
                aside.rename(incoming / f"{each['job']}.json")
            refused = gateway.spool.folder("rejected", "norte")
            accepted = gateway.spool.folder("accepted", "norte")
            gateway.wait_gone(incoming, timeout_s=60)
            told = {path.name.removesuffix(".json.error.json"): path for path in refused.glob("*.error.json")}
            for each in wanted:
                if each["job"] not in told:
                    gateway.wait_job(each["job"])
            assert {path.name for path in accepted.iterdir()} | set(told) == {each["job"] for each in wanted}
            receipts = [
                receipt for each in wanted if each["job"] not in told for receipt in gateway.receipts(each["job"])
            ]
            assert gateway.stop() == 0
        called = {receipt["to"].removeprefix("+") for receipt in receipts if receipt["detail"].get("disposition")}
        assert called
        assert set(seen.called) == called
        assert set(seen.called.values()) == {1}
        assert len(seen.began) == len(called)
        assert pbx.pid == pid
        assert "uptime" in pbx.cli("core show uptime").lower()
    assert not list(tmp_path.rglob("canary"))
    for path in told.values():
        assert json.loads(path.read_text())["code"], path
    states = {receipt["state"] for receipt in receipts}
    assert states <= {"delivered", "undelivered", "failed", "invalid", "expired"}, states
