"""Which device is the line's modem: the link it names, or the port on which its IMEI or IMSI answers."""

from __future__ import annotations

import asyncio
import glob
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any
from weakref import WeakKeyDictionary

from serial.tools import list_ports

from drivers.gsm import at
from drivers.gsm.dialogue import Dialogue
from drivers.gsm.errors import ModemError, UnavailableError
from drivers.gsm.options import GsmOptions
from drivers.gsm.port import SerialPort
from drivers.gsm.questions import digits_of
from drivers.gsm.timing import Timing


def system_ports() -> list[str]:
    """Returns the serial ports that are hardware: sysfs ties them to a device, unlike legacy ports without one."""
    return sorted(port.device for port in list_ports.comports() if port.hwid != "n/a")


def candidates(search: Sequence[str], ports: Callable[[], list[str]] = system_ports) -> list[str]:
    """Devices to look through: what the patterns match, else the system's ports."""
    if not search:
        return ports()
    return sorted({path for pattern in search for path in glob.glob(pattern)})  # noqa: PTH207 - patterns are absolute


def appearance_of(path: str) -> tuple[int, ...] | None:
    """Returns what changes when a device is plugged in again under the same name; None while there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116 - the name as it was given, links followed
    except OSError:
        return None
    return (status.st_dev, status.st_ino, status.st_rdev, status.st_ctime_ns)


@dataclass(frozen=True, slots=True)
class Who:
    imei: str | None
    imsi: str | None


class Census:
    """Who answers on which port, asked once for each appearance of a device, for all lines of a process."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[tuple[int, ...], Who, float]] = {}
        self._listed: dict[tuple[str, ...], tuple[float, list[str]]] = {}
        self._turn = asyncio.Lock()

    async def find(self, options: GsmOptions, timing: Timing) -> str:
        """Returns the device of `options.imei` or `options.imsi`; `UnavailableError` (missing) when none answers."""
        async with self._turn:
            for path in await self._list(options.search, timing):
                who = await self._ask(path, options, timing)
                if who is not None and _is_meant(who, options):
                    return path
        raise UnavailableError("missing", "no modem answers to this number")

    def forget(self, path: str) -> None:
        """Asks again next time: the modem at `path` was not who it was said to be."""
        self._seen.pop(path, None)

    async def _ask(self, path: str, options: GsmOptions, timing: Timing) -> Who | None:
        appearance = appearance_of(path)
        if appearance is None:
            return None
        seen = self._seen.get(path)
        if seen is not None and seen[0] == appearance and time.monotonic() < seen[2]:
            return seen[1]
        try:
            who = await identify(path, options.baud, replace(timing, probes=1))
        except UnavailableError:
            return None  # another line's, most likely
        except ModemError:
            who = Who(None, None)
        # A SIM that wants its PIN does not give its IMSI yet.
        known = who.imei is not None and (who.imsi is not None or options.imsi is None)
        self._seen[path] = (appearance, who, inf if known else time.monotonic() + timing.deaf_s)
        return who

    async def _list(self, search: tuple[str, ...], timing: Timing) -> list[str]:
        at_time, paths = self._listed.get(search, (-inf, []))
        if time.monotonic() - at_time > timing.search_s:
            paths = await asyncio.to_thread(candidates, search)
            self._listed[search] = (time.monotonic(), paths)
        return paths


_CENSUS: WeakKeyDictionary[asyncio.AbstractEventLoop, Census] = WeakKeyDictionary()


def census() -> Census:
    """Returns the census of the running loop."""
    return _CENSUS.setdefault(asyncio.get_running_loop(), Census())


def _is_meant(who: Who, options: GsmOptions) -> bool:
    if options.imei is not None:
        return who.imei is not None and who.imei[:14] == options.imei[:14]
    return options.imsi is not None and who.imsi == options.imsi


class Deaf:
    """Listener of a dialogue that only asks who is there."""

    def on_unsolicited(self, code: at.Unsolicited) -> None: ...

    def on_late_reference(self, token: Any, reference: str) -> None: ...

    def on_echo(self) -> None: ...

    def on_silent(self) -> None: ...

    def on_lost(self) -> None: ...

    def on_acknowledged(self, ok: bool) -> None: ...


async def identify(path: str, baud: int, timing: Timing) -> Who:
    """Returns IMEI and IMSI of the modem at `path`; raises `ModemError` if it cannot be opened or does not talk AT."""
    port = await SerialPort.open(path, baud)
    dialogue = Dialogue(port, Deaf(), timing)
    port.attach(dialogue.feed, dialogue.lost)
    try:
        await dialogue.probe()
        await dialogue.command("ATE0")
        imei = digits_of(await dialogue.command("AT+CGSN"), "+CGSN", 14)
        imsi = digits_of(await dialogue.command("AT+CIMI", timeout_s=timing.sim_s), "+CIMI", 6)
    finally:
        dialogue.close()
        await port.close()
    return Who(imei, imsi)
