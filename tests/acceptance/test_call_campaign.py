"""Call jobs through the daemon and a real Asterisk: from the file to the receipt, the credit and the blocklist."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.peers.asterisk import Asterisk
from tests.peers.asterisk_bench import running
from tests.peers.asterisk_callees import BUSY, CHOOSES, LISTENS, PRESSES
from tests.peers.onlooker import Onlooker
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


@pytest.mark.peer
def test_who_opts_out_while_the_gateway_is_dead_is_never_called_again(tmp_path: Path) -> None:
    """SIGKILL once all have answered; then they press: in message, confirmation, goodbye, and a ringing transfer."""
    moments = {"mensaje": "04900", "confirma": "04229", "despide": "04239", "suena": "04059"}
    menu = {"2": "promise", "3": "promise", "0": "transfer:nadie", "9": "opt_out"}
    words = " ".join(["palabra"] * 8)
    script = {"message": words, "menu": menu, "confirm": {"promise": words}, "goodbye": words}
    with running(tmp_path / "asterisk") as pbx:
        extra = configured(pbx, **{name: f"{CHOOSES}{keys}" for name, keys in moments.items()})
        with Gateway(tmp_path, [], extra=extra, tariff="").start() as gateway:
            gateway.account(credit="100")
            for number, name in enumerate(moments):
                gateway.wait_line(name, "ready")
                gateway.drop(calls(f"job-{name}", name, range(number, number + 1), script=script))
            with Onlooker(pbx) as seen:
                seen.wait_live(len(moments), 30)
                gateway.kill()
                until = time.monotonic() + 40
                while seen.live and time.monotonic() < until:
                    time.sleep(0.1)  # nobody is told of the last hang-up but by looking
                assert not seen.live
            gateway.start()
            for name in moments:
                summary = gateway.wait_job(f"job-{name}")
                assert summary["counts"]["delivered"] == 1, (name, summary)
                detail = gateway.receipts(f"job-{name}")[-1]["detail"]
                assert (detail["key"], detail["action"]) == ("9", "opt_out"), (name, detail)
            listed = {each["to"] for each in gateway.call("blocklist.list")["items"]}
            assert len(listed) == len(moments)
            gateway.wait_inbox(len(moments))
            # Nothing of it waits in Asterisk once it is durable here.
            until = time.monotonic() + 20
            while "/gatewayd/" in pbx.cli("database show gatewayd") and time.monotonic() < until:
                time.sleep(0.2)
            assert "/gatewayd/" not in pbx.cli("database show gatewayd")
            assert gateway.stop() == 0


@pytest.mark.peer
def test_what_people_press_in_a_claim_is_done(tmp_path: Path) -> None:
    """A promise, "ya pagué", another person's number and "soy yo", by key: no switch is on but the script's own."""
    means = {"2": "promise", "3": "paid", "4": "wrong_person", "5": "its_me"}
    with running(tmp_path / "asterisk") as pbx:
        extra = configured(pbx, **{f"pulsa{digit}": f"{PRESSES}{digit}" for digit in means})
        with Gateway(tmp_path, [], extra=extra, tariff="").start() as gateway:
            gateway.account(credit="100")
            for serial, digit in enumerate(means):
                point = {"channel": "phone", "address": str(one(serial)["to"]), "state": "unknown"}
                known = {"name": f"Ana {digit}", "contacts": [point]}
                gateway.call("customer.put", account="norte", external_id=f"C{digit}", customer=known)
                bill = {"customer": f"C{digit}", "due": "2026-01-10", "balance": "1500.50"}
                gateway.call("invoice.put", account="norte", external_id=f"F{digit}", invoice=bill)
                script = {"message": "Hola %nombre%", "menu": means, "confirm": {means[digit]: "Gracias"}}
                gateway.drop(calls(f"c{digit}", f"pulsa{digit}", range(serial, serial + 1), script=script))
            for digit, action in means.items():
                gateway.wait_job(f"c{digit}")
                detail = gateway.receipts(f"c{digit}")[-1]["detail"]
                assert (detail["key"], detail["action"]) == (digit, action)

            def answered() -> set[str]:
                found = {one["kind"] for one in gateway.call("novelty.list", account="norte")["items"]}
                for kind, more in (("promise", {}), ("pause", {"customer": "C3"})):
                    found |= {kind for _one in gateway.call(f"{kind}.list", account="norte", **more)["items"]}
                shown = gateway.call("customer.show", account="norte", external_id="C5")
                return found | {shown["contacts"][0]["state"]}

            end = time.monotonic() + 30
            wanted = {"promise", "pause", "verify_payment", "wrong_person", "confirmed"}
            while not wanted <= answered():
                assert time.monotonic() < end, answered()
                time.sleep(0.2)
            (promise,) = gateway.call("promise.list", account="norte")["items"]
            assert (promise["customer"], promise["source"], promise["currency"]) == ("C2", "call", "ARS")
            assert gateway.stop() == 0
