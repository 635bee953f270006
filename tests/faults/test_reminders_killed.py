"""SIGKILL at every named place of reminders: each send reaches its customer once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest

from gatewayd.process.failpoints import VARIABLE
from gatewayd.values.errors import GatewayError
from tests.rig.gateway import Gateway
from tests.rig.simulator import Simulator

ACCOUNT: Final = "norte"
OVER: Final = frozenset({"submitted", "delivered", "uncertain"})
"""A modem that was writing when its daemon was killed leaves a doubt."""
PLACES: Final = ("reminder.laid", "reminder.recorded")


def _written(gateway: Gateway, person: int) -> int:
    point = {"channel": "phone", "address": f"+54911500000{person:02}", "state": "confirmed"}
    known = {"name": f"Ana {person}", "contacts": [point]}
    gateway.call("customer.put", account=ACCOUNT, external_id=f"C{person}", customer=known)
    said = {"customer": f"C{person}", "currency": "ARS", "amount": "1500.50", "invoice": f"F-{person}"}
    said |= {"due": "2026-11-20", "text": "%nombre%: %factura% vence %vencimiento%, %monto%"}
    made: Mapping[str, Any] = gateway.call("reminder.add", account=ACCOUNT, **said)
    return int(made["reminder"])


def _sent(gateway: Gateway, reminder: int) -> Mapping[str, Any]:
    until = time.monotonic() + 25
    while True:
        found = gateway.call("reminder.show", reminder=reminder)
        sent = [one for one in found["history"] if one["kind"] == "sent"]
        if sent and sent[0].get("message_state") in OVER:
            shown: Mapping[str, Any] = found
            return shown
        assert time.monotonic() < until, (found["history"], gateway.call("job.list"))
        time.sleep(0.05)


def _state(found: Mapping[str, Any]) -> str:
    return str(next(one for one in found["history"] if one["kind"] == "sent")["message_state"])


@pytest.mark.timeout(180)
def test_a_daemon_killed_while_it_sends_a_reminder_sends_it_once(tmp_path: Path) -> None:
    with Simulator(tmp_path, modems=1) as simulator, Gateway(tmp_path, simulator.ports) as gateway:
        gateway.start()
        gateway.account()
        doubted = set()
        for person, place in enumerate(PLACES):
            number = _written(gateway, person)
            gateway.stop()
            gateway.start({VARIABLE: place})
            with suppress(GatewayError, OSError, ValueError):  # it may die before it answers
                gateway.call("reminder.send", reminder=number)
            gateway.died()
            gateway.start()
            if _state(_sent(gateway, number)) == "uncertain":
                doubted.add(f"+54911500000{person:02}")
        number = _written(gateway, 9)
        today = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 5 * 3600))
        gateway.call("reminder.repeat", reminder=number, first=today, every_days=7, times=3, hour="00:00", version=1)
        found = _sent(gateway, number)
        assert (found["sends"], found["state"]) == (1, "active")
        assert found["next_at"] is not None
        told = sorted((str(one["to"]), str(one["text"])) for one in simulator.texts())
    everybody = ["+5491150000000", "+5491150000001", "+5491150000009"]
    reached = [to for to, _text in told]
    assert len(set(reached)) == len(reached)
    assert set(everybody) - doubted <= set(reached) <= set(everybody)
    assert told[0][1].startswith("Ana 0: F-0 vence 20/11/2026, ")
    assert "1.500,50" in told[0][1]
