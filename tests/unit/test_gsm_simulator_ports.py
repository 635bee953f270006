"""The simulator's edges: pseudo-terminals behind links, the control socket, the record on disk, the command."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from drivers.gsm.simulator import ControlClient, ControlError, GsmSimulator, GsmSimulatorProcess
from tests.peers.bench import CTRL_Z, LENGTH, PDU, TO
from tests.peers.process import Lines

WAIT_S = 10.0


class Host:
    """A port opened as a driver would, its input awaited on the event loop."""

    def __init__(self, port: str) -> None:
        self.descriptor = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.said = b""

    def write(self, text: str) -> None:
        os.write(self.descriptor, text.encode())

    async def readable(self) -> bytes:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_reader(self.descriptor, ready.set)
        try:
            await asyncio.wait_for(ready.wait(), WAIT_S)
        finally:
            loop.remove_reader(self.descriptor)
        try:
            return os.read(self.descriptor, 4096)
        except OSError:
            return b""

    async def until(self, end: bytes) -> bytes:
        while end not in self.said:
            data = await self.readable()
            assert data, f"hung up after {self.said!r}"
            self.said += data
        before, _, self.said = self.said.partition(end)
        return before + end

    def close(self) -> None:
        os.close(self.descriptor)


async def ask(sim: GsmSimulator, op: str, **arguments: Any) -> dict[str, Any]:
    """Over the socket, from another thread: the client is a blocking one."""

    def request() -> dict[str, Any]:
        with ControlClient(sim.control) as client:
            return client(op, **arguments)

    return await asyncio.to_thread(request)


async def test_modems_answer_on_their_ports_and_the_record_is_on_disk(tmp_path: Path) -> None:
    async with GsmSimulator(2, record=tmp_path / "record", directory=tmp_path / "ports") as sim:
        host = Host(sim.devices[1].port)
        assert Path(sim.devices[1].port).is_symlink()
        host.write("ATE0\rAT+CGSN\r")
        assert sim.devices[1].imei.encode() in await host.until(b"OK\r\n\r\n" + sim.devices[1].imei.encode())
        host.write(f"AT+CMGS={LENGTH}\r")
        await host.until(b"> ")
        waiting = asyncio.create_task(ask(sim, "wait", taken=1, timeout=WAIT_S))
        host.write(PDU + CTRL_Z)
        assert await waiting == {"reached": True, "taken": 1}
        texts = (await ask(sim, "texts"))["texts"]
        assert [(each["to"], each["text"], each["modem"]) for each in texts] == [(TO, "Hola ñ", 1)]
        assert [json.loads(line) for line in (tmp_path / "record").read_text("utf-8").splitlines()] == texts
        host.close()
    assert not list((tmp_path / "ports").iterdir())


async def test_an_unplug_reads_as_the_end_and_a_replug_comes_back_behind_the_same_link() -> None:
    async with GsmSimulator(2) as sim:
        port = Path(sim.devices[0].port)
        host = Host(str(port))
        await ask(sim, "unplug", modem=0)
        assert await host.readable() == b""
        assert not port.is_symlink()
        host.close()
        await ask(sim, "replug", modem=0)
        host = Host(str(port))
        host.write("AT\r")
        await host.until(b"OK\r\n")
        host.close()
        imei, other = sim.devices[0].imei, sim.devices[1].imei
        await ask(sim, "replug", modem=0, another=True)
        assert sim.devices[0].imei not in (imei, other)
        await ask(sim, "unplug", modem=[0, 1])
        await ask(sim, "replug", modem=1, link=0)
        host = Host(str(port))
        host.write("ATE0+CGSN\r")
        await host.until(other.encode())
        host.close()


async def test_held_messages_arrive_when_the_modem_is_back() -> None:
    async with GsmSimulator() as sim:
        await ask(sim, "unplug")
        await ask(sim, "inject", **{"from": "+5491144440000"}, text="Hola", count=3)
        assert (await ask(sim, "stats"))["total"]["inbound_held"] == 3
        await ask(sim, "replug")
        stats = (await ask(sim, "stats"))["total"]
        assert (stats["inbound_held"], stats["stored"]) == (0, 3)


async def test_a_host_that_does_not_read_loses_lines_but_stops_nobody() -> None:
    async with GsmSimulator(2) as sim:
        for _ in range(3000):
            sim.inject(0, line="+CREG: 1" + "x" * 100)
        host = Host(sim.devices[1].port)
        host.write("AT\r")
        await host.until(b"OK\r\n")
        host.close()


async def test_the_control_socket_says_what_is_wrong_and_goes_on() -> None:
    async with GsmSimulator() as sim:
        cases: list[tuple[dict[str, Any], str]] = [
            ({"op": "nosuch"}, "nosuch"),
            ({"op": "set", "nosuch": 1}, "nosuch"),
            ({"op": "set", "fault": {"kind": "nosuch"}}, "nosuch"),
            ({"op": "inject", "modem": 9, "text": "x"}, "9"),
            ({"op": "inject"}, "text"),
            ({"op": "unplug", "nosuch": 1}, "nosuch"),
            ({"op": "wait", "nosuch": 1}, "nosuch"),
        ]
        for wrong, word in cases:
            with pytest.raises(ControlError, match=word):
                await ask(sim, **wrong)
        assert (await ask(sim, "wait", taken=1, timeout=0.01))["reached"] is False
        listed = (await ask(sim, "list"))["devices"][0]
        assert (listed["plugged"], listed["pin"], listed["settings"]["capacity"]) == (True, "READY", 50)


async def test_settings_and_faults_over_the_socket() -> None:
    async with GsmSimulator(2) as sim:
        await ask(sim, "set", modem=1, latency=0.5, fault={"kind": "silence", "taken": True, "count": None})
        settings = [each["settings"]["latency_s"] for each in (await ask(sim, "list"))["devices"]]
        assert settings == [0.0, 0.5]
        assert (await ask(sim, "list"))["devices"][1]["faults"][0]["kind"] == "silence"
        await ask(sim, "set", modem="all", clear_faults=True, settings={"rssi": 5})
        assert not (await ask(sim, "list"))["devices"][1]["faults"]
        await ask(sim, "reset_stats")
        await ask(sim, "reboot", modem=sim.devices[0].imei)
        await ask(sim, "freeze", modem="modem1", seconds=60)
        assert [each["frozen"] for each in (await ask(sim, "list"))["devices"]] == [False, True]


def test_the_process_ends_cleanly_on_sigterm() -> None:
    with GsmSimulatorProcess("-n", "3", "--brand", "zte", "--seed", "7") as sim:
        folder = Path(sim.port).parent
        assert len({each.imei for each in sim.devices}) == 3
        assert folder.is_dir()
        assert sim.stop() == 0
    assert not folder.exists()


def test_the_command_prints_one_line_and_refuses_what_cannot_be() -> None:
    code = "from gatewayd.cli.simulate import simulate; simulate()"
    process = subprocess.Popen([sys.executable, "-c", code, "gsm", "-n", "2"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    lines = Lines(process.stdout.fileno())
    announcement = json.loads(lines.until(r"^\{.*\}$", 30)[0])
    assert (announcement["kind"], len(announcement["devices"])) == ("gsm", 2)
    assert set(announcement["devices"][0]) == {"port", "imei", "number"}
    process.send_signal(signal.SIGTERM)
    assert process.wait(WAIT_S) == 0
    assert process.stdout.read() == b""
    process.stdout.close()
    for wrong in (["nosuch"], ["gsm", "-n", "0"], ["gsm", "--brand", "nosuch"], ["gsm", "--set", "nosuch=1"]):
        done = subprocess.run([sys.executable, "-c", code, *wrong], capture_output=True, check=False, timeout=30)
        assert done.returncode == 2, done
