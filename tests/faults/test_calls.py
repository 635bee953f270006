"""Whatever breaks in the middle of calls: nobody is called twice, every call ends in a state, channels hold."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from drivers.asterisk.ami import Connection
from tests.faults.call_ordeal import CallOrdeal
from tests.peers.asterisk import SECRET, Asterisk
from tests.peers.asterisk_bench import running
from tests.peers.asterisk_callees import LISTENS, person
from tests.peers.onlooker import Onlooker
from tests.rig import Gateway
from tests.rig.calling import TARIFF, campaign, line

CUT_S: Final = 10.0
FROZEN_S: Final = 20.0


def gateway_killed(ordeal: CallOrdeal) -> None:
    ordeal.kill_gateway()


def asterisk_killed(ordeal: CallOrdeal) -> None:
    ordeal.kill_asterisk()


def link_cut(ordeal: CallOrdeal) -> None:
    """As when a cable is pulled: what is being waited for is the time itself."""
    ordeal.wire.cut()
    time.sleep(CUT_S)
    ordeal.wire.mend()


def link_broken(ordeal: CallOrdeal) -> None:
    """As when a firewall restarts."""
    ordeal.wire.broken(True)
    time.sleep(CUT_S)
    ordeal.wire.broken(False)


def asterisk_frozen(ordeal: CallOrdeal) -> None:
    ordeal.pbx.freeze()
    time.sleep(FROZEN_S)
    ordeal.pbx.thaw()


FAULTS: Final = (gateway_killed, asterisk_killed, link_cut, link_broken, asterisk_frozen)

QUICK: Final = (gateway_killed, asterisk_killed)
"""Those that take no time of their own."""


@pytest.mark.peer
@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", QUICK)
def test_a_few_calls(fault: Callable[[CallOrdeal], None], tmp_path: Path) -> None:
    with CallOrdeal(tmp_path, channels=8, calls=16, said_s=4.0, rate=20) as ordeal:
        ordeal.wait_live(6)
        fault(ordeal)
        summary = ordeal.end()
    assert summary["counts"]["delivered"] >= 4


async def press(digit: str, channel: str, pbx: Asterisk) -> None:
    with closing(await Connection.open("127.0.0.1", pbx.port, "everything", SECRET)) as connection:
        answer = await connection.action("PlayDTMF", {"Channel": channel, "Digit": digit, "Receive": "true"})
        assert answer.success, answer


@pytest.mark.peer
def test_what_is_said_while_we_were_dead_is_heard(tmp_path: Path) -> None:
    """The call lives on in Asterisk; the person presses the key that asks for no more calls, and is heard."""
    with running(tmp_path / "pbx") as pbx:
        with Gateway(tmp_path, [], extra=line(pbx), tariff=TARIFF).start() as gateway, Onlooker(pbx) as seen:
            gateway.account()
            script = {"message": " ".join(["palabra"] * 100), "menu": {"9": "opt_out"}}
            gateway.drop(*campaign("bajas", [person(LISTENS, 1)], script=script))
            seen.wait_live(1, 60)
            gateway.kill()
            gateway.start()
            gateway.wait_line("troncal", "ready", "busy")
            asyncio.run(press("9", seen.channels[0], pbx))
            gateway.wait_job("bajas")
            told = gateway.receipts("bajas")[-1]
            assert (told["state"], told["detail"]["action"], told["attempt"]) == ("delivered", "opt_out", 1)
            assert [each["to"] for each in gateway.call("blocklist.list")["items"]] == [told["to"]]
            assert gateway.stop() == 0
        assert seen.called.total() == 1


@pytest.mark.fault
@pytest.mark.timeout(600)
@pytest.mark.parametrize("fault", FAULTS)
def test_two_hundred_calls(fault: Callable[[CallOrdeal], None], tmp_path: Path) -> None:
    with CallOrdeal(tmp_path, channels=200, calls=600, said_s=12.0, rate=30) as ordeal:
        ordeal.wait_live(195)
        fault(ordeal)
        summary = ordeal.end()
    print(fault.__name__, summary["counts"])
    # Those that had not begun when it broke were called after it.
    assert summary["counts"]["delivered"] >= 300
