"""Looks for modems that no line has yet, and asks each who it is. Ports of lines at work are left alone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from drivers.base import FoundDevice
from drivers.gsm.dialogue import Dialogue
from drivers.gsm.discovery import Deaf, candidates, system_ports
from drivers.gsm.errors import ModemError, UnavailableError
from drivers.gsm.port import SerialPort
from drivers.gsm.questions import digits_of
from drivers.gsm.timing import Timing

PORTS_MOST: Final = 64
"""Ports looked at; a hub full of sticks has some three a stick."""
AT_ONCE: Final = 16
PORT_S: Final = 12.0
"""For one port, all questions together: a person waits for the answer."""
TIMING: Final = Timing(command_s=2.0, sim_s=4.0, network_s=4.0, probe_s=1.0, probe_max_s=2.0, probes=1, stretch_max=1.0)
BAUD: Final = 115_200
BY_ID: Final = Path("/dev/serial/by-id")

_SIM_STATES: Final[Mapping[str, str]] = {
    "READY": "ready",
    "SIM PIN": "pin",
    "SIM PUK": "puk",
}


async def survey(search: Sequence[str], taken: Collection[str]) -> list[FoundDevice]:
    """Returns the modems on the system's ports and on those that `search` matches, one entry a modem.

    A stick shows several ports: the first that answers names it. `taken` are real paths of ports at work.
    """
    free = await asyncio.to_thread(_ports, tuple(search), frozenset(taken))
    turns = asyncio.Semaphore(AT_ONCE)

    async def look(path: str) -> FoundDevice | None:
        async with turns:
            return await _look(path)

    found = await asyncio.gather(*(look(path) for path in free))
    seen: set[str] = set()
    modems = []
    for device in found:
        if device is None:
            continue
        imei = device.detail.get("imei", "")
        if not imei or imei not in seen:
            modems.append(device)
        seen.add(imei)
    return modems


def _ports(search: tuple[str, ...], taken: frozenset[str]) -> list[str]:
    """Returns the free ports by their lasting names, each device once."""
    lasting = {os.path.realpath(link): str(link) for link in sorted(BY_ID.glob("*"))} if BY_ID.is_dir() else {}
    paths = [*system_ports(), *(candidates(search) if search else ())]
    named = {(real := os.path.realpath(path)): lasting.get(real, path) for path in paths}
    return [path for real, path in named.items() if real not in taken][:PORTS_MOST]


async def _look(path: str) -> FoundDevice | None:
    """Returns the modem at `path`; None where nothing there talks AT, or the port is not ours to open."""
    try:
        async with asyncio.timeout(PORT_S):
            detail = await _ask(path)
    except UnavailableError as error:
        return FoundDevice({"port": path}, busy=True) if error.reason == "busy" else None
    except (ModemError, TimeoutError):
        return None
    return FoundDevice({"port": path}, detail={name: value for name, value in detail.items() if value})


async def _ask(path: str) -> dict[str, str]:
    port = await SerialPort.open(path, BAUD)
    dialogue = Dialogue(port, Deaf(), replace(TIMING))
    port.attach(dialogue.feed, dialogue.lost)
    try:
        await dialogue.probe()
        await dialogue.command("ATE0")
        sim = await dialogue.command("AT+CPIN?", "+CPIN:", timeout_s=TIMING.sim_s, lenient=True)
        said = sim.value("+CPIN:")
        detail = {
            "maker": (await dialogue.command("AT+CGMI")).text("+CGMI") or "",
            "model": (await dialogue.command("AT+CGMM")).text("+CGMM") or "",
            "imei": digits_of(await dialogue.command("AT+CGSN"), "+CGSN", 14) or "",
            "sim": _SIM_STATES.get(said or "", "other" if said else "missing"),
        }
        if detail["sim"] == "ready":
            detail["imsi"] = digits_of(await dialogue.command("AT+CIMI", timeout_s=TIMING.sim_s), "+CIMI", 6) or ""
            network = (await dialogue.command("AT+COPS?", "+COPS:", timeout_s=TIMING.network_s)).fields("+COPS:")
            detail["operator"] = network[2] if len(network) > 2 else ""
            number = (await dialogue.command("AT+CNUM", "+CNUM:", timeout_s=TIMING.sim_s)).fields("+CNUM:")
            detail["number"] = number[1] if len(number) > 1 else ""
        return detail
    finally:
        dialogue.close()
        await port.close()
