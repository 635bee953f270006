"""Mails to the people who run an account: what has become of a campaign."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

from drivers.control import ControlClient
from tests.rig import campaigns as rig
from tests.rig.gateway import Gateway
from tests.rig.processes import end, gatewayd
from tests.rig.simulator import Simulator

LINE = """
[[line]]
name = "mail-1"
driver = "smtp"
rate = "1000/s"
from_address = "avisos@norte.example"
host = "127.0.0.1"
port = {port}
security = "none"
user = "cuenta@example.net"
password = "una-clave-larga"
"""


def test_a_supervisor_is_mailed_when_a_campaign_has_finished(tmp_path: Path) -> None:
    arguments = ["simulate", "smtp", "--security", "none", "--set", "password=una-clave-larga"]
    server = gatewayd(arguments, stdout=subprocess.PIPE)
    assert server.stdout is not None
    try:
        announced = json.loads(server.stdout.readline())
        line = LINE.format(port=announced["devices"][0]["port"])
        with (
            ControlClient(announced["control"]) as ask,
            Simulator(tmp_path, 1) as simulator,
            Gateway(tmp_path, simulator.ports, extra=line) as gateway,
        ):
            gateway.start()
            gateway.account()
            rig.allow(gateway)
            for name, role in (("luz", "supervisor"), ("ana", "user")):
                gateway.call(
                    "user.create",
                    user=name,
                    role=role,
                    account=rig.ACCOUNT,
                    mail=f"{name}@norte.example",
                    password="una-clave-bien-larga",
                )
            campaign = rig.draft(gateway, rig.people(2))
            rig.launch(gateway, campaign)
            rig.wait(gateway, campaign, lambda found: found["state"] == "finished")
            assert ask("wait", taken=1, timeout=30)["reached"]
            (mail,) = ask("texts")["texts"]
            assert mail["to"] == ["luz@norte.example"]
            assert gateway.call("campaign.show", campaign=campaign)["name"] in mail["text"]
            # It is the gateway's own: no account sees or pays it.
            assert all(one["name"] == rig.ACCOUNT for one in gateway.call("account.list")["items"])
    finally:
        end(server, signal.SIGTERM)
        server.stdout.close()
