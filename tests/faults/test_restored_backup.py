"""A backup that is put back in the middle of a campaign: nothing goes out twice without a person's word."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

import pytest

from gatewayd.values.errors import GatewayError
from tests.rig.gateway import Gateway
from tests.rig.processes import gatewayd
from tests.rig.simulator import Simulator
from tests.rig.trial import Trial, job, trial

__all__ = ["trial"]

PEOPLE: Final = 40


def command(gateway: Gateway, *arguments: str) -> Any:
    """Runs `gatewayd ARGUMENTS --json` and returns its document."""
    with gatewayd(["--config", str(gateway.config), *arguments, "--json"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        document = json.loads(process.stdout.read())
    assert process.returncode == 0
    return document


def by_command(gateway: Gateway, copy: Path) -> None:
    command(gateway, "db", "restore", str(copy))


def by_hand(gateway: Gateway, copy: Path) -> None:
    """As somebody does who knows where the file is, with a copy that does not say of itself that it is one."""
    for path in gateway.folder.glob("gatewayd.db*"):
        if not path.name.endswith(".lock"):
            path.unlink()
    shutil.copy(copy, gateway.store)
    with closing(sqlite3.connect(gateway.store)) as store:
        store.execute("DELETE FROM setting WHERE key = 'copied'")
        store.commit()


def texts_by_person(simulator: Simulator, word: str) -> Counter[str]:
    """Returns how many texts with that word each number got."""
    return Counter(each["to"] for each in simulator.texts() if word in each["text"])


def waiting(gateway: Gateway, name: str) -> int:
    """Returns how many messages of a job are still to be sent, or held."""
    counts = gateway.call("job.show", job=name)["counts"]
    return sum(counts[state] for state in ("queued", "scheduled", "held", "sending"))


def carried_out(trial: Trial, points: int, put_back: Callable[[Gateway, Path], None]) -> None:
    """Copies the store at so many points of a campaign, and puts each copy back in turn."""
    gateway, simulator = trial(1, options=("--latency", "0.05"))
    gateway.account("sur")
    gateway.wait_line("m0", "ready")
    gateway.drop(job("antes", 2), account="sur")
    gateway.wait_job("antes", account="sur")
    gateway.drop(job("deudas", PEOPLE))
    copies = []
    for point in range(points):
        simulator.wait_taken(2 + max(1, point * PEOPLE // points))
        copies.append(gateway.folder / f"copy-{point}.db")
        command(gateway, "db", "backup", str(copies[-1]))
        if point == points // 2:
            # The earlier copies have never heard of these.
            gateway.drop(job("despues", 3))
            gateway.drop(job("lejana", 3, not_before="2099-01-01T09:00:00Z"))
    gateway.wait_job("despues")
    whole = gateway.wait_job("deudas")
    assert whole["counts"]["delivered"] == PEOPLE
    gateway.stop()
    before = simulator.texts()
    for point, copy in enumerate(copies):
        put_back(gateway, copy)
        gateway.start()
        gateway.wait_line("m0", "ready")
        name = f"nueva{point}"
        gateway.drop(job(name, 2), account="sur")
        gateway.wait_job(name, account="sur")
        # Upstream may put again what it has put before: an earlier copy does not know that it was sent.
        gateway.drop(job("despues", 3))
        gateway.wait_overview(lambda _: not list(gateway.spool.folder("incoming", "norte").glob("[!.]*.json")))
        counts = gateway.call("job.show", job="norte/deudas")["counts"]
        after = simulator.texts()
        assert texts_by_person(simulator, "deudas") == Counter(
            each["to"] for each in before if "deudas" in each["text"]
        )
        assert texts_by_person(simulator, "despues").total() == 3
        assert counts["queued"] == counts["scheduled"] == counts["sending"] == counts["failed"] == 0, counts
        assert counts["uncertain"] + counts["delivered"] + counts["submitted"] == PEOPLE
        assert len(after) == len(before) + 2 * (point + 1)
        assert gateway.call("job.show", job="norte/lejana")["state"] == "paused"
        gateway.wait_overview(lambda _: not waiting(gateway, "norte/despues"))
        # Everybody's receipts go on, and no file of an earlier life has changed.
        receipts = gateway.receipts("deudas")
        assert [each["seq"] for each in receipts] == list(range(1, len(receipts) + 1))
        states = {each["row"]: each["state"] for each in receipts if each["row"]}
        assert Counter(states.values())["uncertain"] >= counts["uncertain"]
        assert gateway.stop() == 0
        assert not gateway.spoilt
    assert command(gateway, "db", "check")["ok"]


def test_what_left_after_the_copy_is_uncertain_and_not_sent_again(trial: Trial) -> None:
    carried_out(trial, 3, by_command)


def test_a_copy_that_does_not_say_so_is_found_out_by_the_spool(trial: Trial) -> None:
    carried_out(trial, 2, by_hand)


def test_a_person_settles_and_the_rest_goes_on(trial: Trial) -> None:
    gateway, simulator = trial(1, options=("--latency", "0.2"))
    gateway.wait_line("m0", "ready")
    gateway.drop(job("deudas", 20))
    simulator.wait_taken(2)
    command(gateway, "db", "backup", str(gateway.folder / "copy.db"))
    simulator.wait_taken(len(simulator.texts()) + 4)
    gateway.kill()
    found = command(gateway, "db", "restore", str(gateway.folder / "copy.db"))
    assert found["paused"] == 1
    assert found["kept"]
    gateway.start()
    gateway.wait_line("m0", "ready")
    assert gateway.wait_job("deudas", lambda each: not each["counts"]["sending"])["state"] == "paused"
    doubted = gateway.call("job.messages", job="deudas", state="uncertain", limit=100)["items"]
    # Reports that come late name who got it, and end some of the doubts truly.
    assert len(doubted) <= found["uncertain"]
    # Four were taken since; the one that the copy holds as on its way is the line's to ask about.
    assert found["uncertain"] >= 4 - 1
    for each in doubted:
        with suppress(GatewayError):  # a report was faster
            gateway.call("message.settle", message=each["message"], verdict="sent")
    gateway.call("job.resume", job="deudas")
    gateway.wait_job("deudas")
    assert set(texts_by_person(simulator, "deudas").values()) == {1}
    account = gateway.call("account.show", account="norte")
    assert (account["held"], account["charged"]) == ("0.00", "17.00")


@pytest.mark.fault
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("put_back", [by_command, by_hand])
def test_at_twenty_points_of_a_campaign(trial: Trial, put_back: Callable[[Gateway, Path], None]) -> None:
    carried_out(trial, 20, put_back)
