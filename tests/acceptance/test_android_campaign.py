"""A real daemon sends a campaign over phones: dropped connections, lost Wi-Fi and a crash, and nothing is doubled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.android.simulator import AndroidSimulatorProcess
from tests.rig.gateway import Gateway

KEYS = 'driver = "android"\napp = "smsgate"\npassword = "secret"\npoll = "200ms"\nrate = "1000/s"\n'


@pytest.fixture
def phone() -> Iterator[AndroidSimulatorProcess]:
    with AndroidSimulatorProcess() as simulator:
        yield simulator


def gateway_of(folder: Path, phone: AndroidSimulatorProcess) -> Gateway:
    folder.mkdir(exist_ok=True)
    return Gateway(folder, [], extra=f'\n[[line]]\nname = "phone"\nurl = "{phone.devices[0].url}"\n{KEYS}')


@pytest.mark.timeout(400)  # on a machine that is busy with other tests
def test_a_campaign_goes_over_a_phone_through_everything(tmp_path: Path, phone: AndroidSimulatorProcess) -> None:
    phone.ask("set", fault={"kind": "drop_after", "probability": 0.3, "count": None}, send_s=0.02)
    with gateway_of(tmp_path, phone) as gateway:
        gateway.start()
        gateway.account()
        gateway.wait_line("phone", "ready", "busy")
        gateway.campaign(60)
        assert phone.ask("wait", taken=10, timeout=30)["reached"]
        phone.ask("unplug")
        gateway.wait_line("phone", "recovering")
        phone.ask("replug")
        assert phone.ask("wait", taken=30, timeout=30)["reached"]
        gateway.kill()
        gateway.start()
        summary = gateway.wait_job("c1")
        assert summary["counts"]["delivered"] == 60
        taken = Counter(row["to"] for row in phone.ask("texts")["texts"])
        assert set(taken.values()) == {1}
        assert len(taken) == 60
        ids = {row["id"] for row in phone.ask("texts")["texts"]}
        assert len(ids) == 60
        phone.ask("inject", **{"from": next(iter(taken))}, text="Gracias")
        gateway.wait_files(gateway.spool.path / "inbox" / "norte", 1)
        [received] = gateway.inbox()
        assert (received["text"], received["in_reply_to"]["job"]) == ("Gracias", "c1")


def test_a_long_message_is_one_text_and_every_part_is_charged(tmp_path: Path, phone: AndroidSimulatorProcess) -> None:
    with gateway_of(tmp_path, phone) as gateway:
        gateway.start()
        gateway.account(credit="100")
        gateway.campaign(2, text="a" * 200)
        summary = gateway.wait_job("c1")
        assert summary["counts"]["delivered"] == 2
        assert phone.ask("stats")["total"]["taken"] == 2
        assert gateway.call("account.show", account="norte")["charged"] == "3.40"
        shown = gateway.call("line.show", line="phone")
        assert (shown["state"], shown["signal"], shown["detail"]["battery"]) == ("ready", 70, 80)
