"""Lines that people add to a daemon at work: a modem, a phone, a mail account, without a restart and over one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gatewayd.values.errors import ConflictError, FaultsError
from tests.rig import judge
from tests.rig.devices import PASSWORD, device
from tests.rig.gateway import Gateway
from tests.rig.simulator import Simulator
from tests.rig.trial import Trial, job, trial

__all__ = ["trial"]


def without_lines(gateway: Gateway) -> list[str]:
    """Takes the lines out of the file; returns their ports."""
    text = gateway.config.read_text()
    ports = [line.split('"')[1] for line in text.splitlines() if line.startswith("port")]
    gateway.config.write_text(text.partition("[[line]]")[0])
    return ports


def bare(trial: Trial, modems: int) -> tuple[Gateway, Simulator, list[str]]:
    """Starts a daemon without lines beside simulated modems; returns their ports too."""
    gateway, simulator = trial(modems)
    ports = without_lines(gateway)
    reloaded(gateway)
    assert gateway.call("line.list")["items"] == []
    return gateway, simulator, ports


def reloaded(gateway: Gateway) -> None:
    seen = max((each["seq"] for each in gateway.call("overview")["events"]), default=0)
    gateway.hup()
    gateway.wait_overview(lambda now: any(each["state"] == "reloaded" and each["seq"] > seen for each in now["events"]))


def test_a_found_modem_is_added_sends_and_is_there_after_a_restart(trial: Trial) -> None:
    gateway, simulator, (first, second) = bare(trial, 2)
    pattern = str(Path(first).parent / "*")
    found = gateway.call("line.discover", search=[pattern])["items"]
    assert {one["keys"]["port"] for one in found} >= {first, second}
    one = next(one for one in found if one["keys"]["port"] == first)
    assert one["line"] is None
    assert len(one["detail"]["imei"]) >= 14
    assert (one["detail"]["sim"], bool(one["detail"]["operator"])) == ("ready", True)
    gateway.call("line.add", line="claro-1", driver="gsm", keys={**one["keys"], "rate": "100/s"})
    gateway.wait_line("claro-1", "ready")
    gateway.drop(job("a", 3))
    assert gateway.wait_job("a")["counts"]["delivered"] == 3
    # A modem at work is neither asked nor offered.
    again = gateway.call("line.discover", search=[pattern])["items"]
    assert first not in {one["keys"]["port"] for one in again if not one["busy"]}
    assert gateway.call("line.show", line="claro-1")["state"] in {"ready", "busy"}
    gateway.stop()
    gateway.start()
    gateway.wait_line("claro-1", "ready")
    gateway.drop(job("b", 3))
    assert gateway.wait_job("b")["counts"]["delivered"] == 3
    gateway.call("line.remove", line="claro-1")
    assert gateway.call("line.list")["items"] == []
    assert not judge(gateway, simulator).faults


def test_one_broken_line_leaves_the_others_at_work(trial: Trial) -> None:
    gateway, simulator, (first, second) = bare(trial, 2)
    gateway.call("line.add", line="claro-1", driver="gsm", keys={"port": first, "rate": "100/s"})
    gateway.wait_line("claro-1", "ready")
    gateway.call(
        "line.add", line="correo", driver="smtp", keys={"host": "127.0.0.1", "from_address": "a@b.example", "user": "a"}
    )
    gateway.call("line.add", line="lejos", driver="gsm", keys={"port": "/dev/gatewayd-none"})
    gateway.call(
        "line.add", line="claro-2", driver="gsm", keys={"port": second, "rate": "100/s"}, secrets={"pin": "0000"}
    )
    with pytest.raises(FaultsError) as error:
        gateway.call("line.set", line="claro-1", keys={"rate": "fast"})
    assert error.value.faults[0]["key"] == "rate"
    # The gateway is there: it is this line that is not.
    with pytest.raises(ConflictError, match="lejos"):
        gateway.call("line.test", line="lejos", number="1159876543")
    gateway.call("line.disable", line="lejos")
    for operation, said in (("line.test", {"number": "1159876543"}), ("line.ask", {"question": "balance"})):
        with pytest.raises(ConflictError, match="line lejos is"):
            gateway.call(operation, line="lejos", **said)
    gateway.call("line.enable", line="lejos")
    gateway.wait_line("lejos", "recovering", "quarantined", "waiting")
    gateway.drop(job("a", 6))
    assert gateway.wait_job("a")["counts"]["delivered"] == 6
    shown = {one["name"]: one for one in gateway.call("line.list", whole=True)["items"]}
    assert shown["correo"]["reason"] == "secret_missing"
    assert shown["lejos"]["remedy"]
    log = gateway.log.read_text()
    assert "0000" not in json.dumps(shown) + log
    assert not judge(gateway, simulator).faults


def test_a_file_that_is_read_again_keeps_what_people_added(trial: Trial) -> None:
    gateway, simulator = trial(2)
    text = gateway.config.read_text()
    _, second = without_lines(gateway)
    gateway.config.write_text(text.rpartition("[[line]]")[0])
    reloaded(gateway)
    gateway.call("line.add", line="movil", driver="gsm", keys={"port": second, "rate": "100/s"})
    gateway.wait_line("movil", "ready")
    gateway.config.write_text(gateway.config.read_text().replace("100000/s", "50000/s"))
    reloaded(gateway)
    assert {one["name"]: one["rate"] for one in gateway.call("line.list")["items"]} == {
        "m0": "50000/s",
        "movil": "100/s",
    }
    gateway.drop(job("a", 6, lines=["movil"]))
    assert gateway.wait_job("a")["counts"]["delivered"] == 6
    assert not judge(gateway, simulator).faults


def test_a_phone_needs_no_more_than_its_address(trial: Trial, tmp_path: Path) -> None:
    gateway, _simulator, _ports = bare(trial, 1)
    with device("rest", tmp_path) as phone:
        url = re.search(r'url = "([^"]+)"', phone.line)
        assert url is not None
        shown = gateway.call(
            "line.add",
            line="celular",
            driver="android",
            keys={"app": "rest"},
            texts={"url": url[1], "country_code": "54"},
        )
        assert shown["kind"] == "sms-rest-android"
        gateway.wait_line("celular", "ready")
        tested = gateway.call("line.test", line="celular", number="1159876543")
        assert tested["state"] in {"submitted", "delivered"}
        assert phone.ask("texts")["texts"]
        gateway.call("line.remove", line="celular")


def test_a_mail_account_sends_its_test_once_its_password_is_there(trial: Trial, tmp_path: Path) -> None:
    gateway, _simulator, _ports = bare(trial, 1)
    with device("smtp", tmp_path) as server:
        port = re.search(r"^port = (\d+)", server.line, re.MULTILINE)
        assert port is not None
        texts = {
            "from_address": "cobranzas@norte.example",
            "from_name": "Norte",
            "host": "127.0.0.1",
            "port": port[1],
            "security": "none",
            "user": "cuenta@example.net",
            "window": "200/2h",
        }
        gateway.call("line.add", line="correo", driver="smtp", keys={"area": "tickets"}, texts=texts)
        with pytest.raises(ConflictError, match="entered"):
            gateway.call("line.test", line="correo", number="ana@example.net")
        gateway.call("line.secret", line="correo", key="password", secret="wrong-one")
        gateway.wait_line("correo", "recovering", "quarantined", "waiting")
        with pytest.raises(ConflictError):
            gateway.call("line.test", line="correo", number="ana@example.net")
        gateway.call("line.secret", line="correo", key="password", secret=PASSWORD)
        gateway.wait_line("correo", "ready")
        assert gateway.call("line.test", line="correo", number="ana@example.net")["state"] in {"submitted", "delivered"}
        assert PASSWORD not in gateway.log.read_text()
        gateway.call("line.remove", line="correo")
