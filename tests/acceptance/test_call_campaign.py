"""Call jobs through the daemon and a real Asterisk: from the file to the receipt, the credit and the blocklist."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.peers.asterisk import Asterisk
from tests.peers.asterisk_bench import running
from tests.peers.asterisk_callees import BUSY, LISTENS, PRESSES
from tests.rig import Gateway
from tests.rig.calling import TARIFF, line
from tests.rig.trial import one


def configured(pbx: Asterisk, **prefixes: str) -> str:
    lines = (line(pbx, name, dial=f"Local/{prefix}{{number}}@callees/n") for name, prefix in prefixes.items())
    return TARIFF + "".join(lines)


def calls(name: str, line: str, numbers: range, **call: object) -> dict[str, object]:
    return {
        "job": name,
        "channel": "call",
        "recipients": [one(number, nombre=f"Ana{number}") for number in numbers],
        "lines": [line],
        "call": {"script": {"message": "Hola %nombre%", "menu": {"9": "opt_out"}}, "min_heard_s": 1, "ring_s": 5}
        | call,
    }


@pytest.mark.peer
def test_calls_are_told_paid_and_tried_again_by_their_rules(tmp_path: Path) -> None:
    with running(tmp_path / "asterisk") as pbx:
        extra = configured(pbx, oye=LISTENS, pulsa=f"{PRESSES}9", ocupado=BUSY)
        with Gateway(tmp_path, [], extra=extra, tariff="").start() as gateway:
            gateway.account(credit="100")
            gateway.drop(calls("oyen", "oye", range(3)))
            gateway.drop(calls("bajas", "pulsa", range(3, 5)))
            gateway.drop(calls("ocupados", "ocupado", range(5, 7), retries={"busy": {"times": 1, "pause": "1s"}}))
            heard = gateway.wait_job("oyen")
            assert (heard["counts"]["delivered"], heard["cost"]) == (3, "2.70")
            opted = gateway.wait_job("bajas")
            assert opted["counts"]["delivered"] == 2
            busy = gateway.wait_job("ocupados")
            assert (busy["counts"]["failed"], busy["cost"]) == (2, "0.00")
            receipt = gateway.receipts("bajas")[-1]
            assert receipt["segments"] is None
            assert receipt["detail"].items() >= {"disposition": "answered", "key": "9", "action": "opt_out"}.items()
            assert "options" not in receipt["detail"]
            failed = gateway.receipts("ocupados")[-1]
            assert (failed["reason"], failed["detail"]["tries"]) == ("busy", 2)
            listed = {each["to"] for each in gateway.call("blocklist.list")["items"]}
            assert len(listed) == 2
            gateway.wait_inbox(2)
            pressed = gateway.inbox()
            assert {each["from"] for each in pressed} == listed
            assert all((each["key"], each["text"], each["opt_out"]) == ("9", None, True) for each in pressed)
            assert {each["in_reply_to"]["job"] for each in pressed} == {"bajas"}
            account = gateway.call("account.show", account="norte")
            assert (account["held"], account["charged"]) == ("0.00", "4.50")
            assert gateway.stop() == 0
