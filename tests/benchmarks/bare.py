"""Bare loops that do nothing but `AT+CMGS`: the same texts, the same modems, no store, no job, no report.

Two of them. `serial` is the program that anybody would write: pyserial, a thread a modem, write and read. `raw` is the
least that this language can do: non-blocking descriptors under one selector. The gateway is held against both in the
same run. A program of its own, so that its CPU time is its own: `python -m tests.benchmarks.bare KIND COUNT PORT…`
prints one JSON line.
"""

from __future__ import annotations

import json
import os
import resource
import selectors
import subprocess
import sys
import termios
import threading
import time
import tty
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import serial

from drivers.gsm.pdu import Submit
from tests.rig.processes import ROOT

TO = "+5491152345678"
TEXT = "Estimado José Peña 1234, su saldo es $ 1234.500,50. Gracias por elegir Norte Wifi."
WAIT_S = 60.0
"""The whole of a run ends within it, or something is wrong."""


@dataclass(frozen=True, slots=True)
class Bare:
    """What the bare loop did."""

    rate: float
    """Submits a second, over all modems."""
    cpu_s: float
    """CPU seconds per 1,000."""


Kind = Literal["serial", "raw"]


def run(kind: Kind, count: int, ports: Sequence[str]) -> Bare:
    """Runs a loop as a process of its own; each modem sends its share of `count`."""
    command = [sys.executable, "-m", "tests.benchmarks.bare", kind, str(count), *ports]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WAIT_S * 2, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr[-2000:])
    return Bare(**json.loads(done.stdout))


class _Modem:
    """One modem: asks for the prompt, gives the PDU, waits for the end, and again."""

    def __init__(self, port: str, count: int) -> None:
        self.fd = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self.fd, termios.TCSANOW)
        pdu, length = Submit(TO, TEXT, "gsm7", report=False).encode()
        self.left = count
        self._command = f"AT+CMGS={length}\r".encode()
        self._pdu = pdu.encode() + b"\x1a"
        self._buffer = b""

    def ask(self, command: bytes, end: bytes) -> None:
        """One command before the loop begins, and its answer."""
        os.write(self.fd, command)
        buffer, until = b"", time.monotonic() + WAIT_S
        while end not in buffer:
            if time.monotonic() > until:
                raise SystemExit(f"no {end!r} after {command!r}: {buffer!r}")
            try:
                buffer += os.read(self.fd, 4096)
            except BlockingIOError:
                time.sleep(0.001)

    def begin(self) -> None:
        os.write(self.fd, self._command)

    def read(self) -> bool:
        """Goes on with what came; false once its share is sent."""
        self._buffer += os.read(self.fd, 4096)
        if self._buffer.endswith(b"> "):
            self._buffer = b""
            os.write(self.fd, self._pdu)
        elif b"OK\r\n" in self._buffer:
            self._buffer = b""
            self.left -= 1
            if not self.left:
                return False
            os.write(self.fd, self._command)
        elif b"ERROR" in self._buffer:
            raise SystemExit(f"refused: {self._buffer!r}")
        return True


def _raw(share: int, ports: Sequence[str]) -> float:
    """Sends under one selector; returns the seconds it took."""
    modems = [_Modem(port, share) for port in ports]
    selector = selectors.DefaultSelector()
    for modem in modems:
        modem.ask(b"ATE0\r", b"OK")
        modem.ask(b"AT+CMGF=0\r", b"OK")
        selector.register(modem.fd, selectors.EVENT_READ, modem)
    began = time.monotonic()
    for modem in modems:
        modem.begin()
    left = len(modems)
    while left:
        ready = selector.select(WAIT_S)
        if not ready:
            raise SystemExit("the modems say nothing")
        for key, _ in ready:
            if not key.data.read():
                selector.unregister(key.fd)
                left -= 1
    return time.monotonic() - began


def _serial(share: int, ports: Sequence[str]) -> float:
    """Sends by pyserial, a thread a modem; returns the seconds it took."""
    pdu, length = Submit(TO, TEXT, "gsm7", report=False).encode()
    submit, body = f"AT+CMGS={length}\r".encode(), pdu.encode() + b"\x1a"
    start = threading.Barrier(len(ports) + 1, timeout=WAIT_S)

    def ask(port: serial.Serial, command: bytes, end: bytes) -> None:
        port.write(command)
        answer = b""
        while end not in answer:
            got = port.read(max(port.in_waiting, 1))
            if not got or b"ERROR" in answer:
                raise SystemExit(f"no {end!r}: {answer!r}")
            answer += got

    def work(name: str) -> None:
        with serial.Serial(name, 115200, timeout=WAIT_S) as port:
            ask(port, b"ATE0\r", b"OK\r\n")
            ask(port, b"AT+CMGF=0\r", b"OK\r\n")
            start.wait()
            for _ in range(share):
                ask(port, submit, b"> ")
                ask(port, body, b"OK\r\n")

    threads = [threading.Thread(target=work, args=(name,)) for name in ports]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.monotonic()
    for thread in threads:
        thread.join()
    return time.monotonic() - began


def main(arguments: Sequence[str]) -> None:
    kind, count, ports = arguments[0], int(arguments[1]), arguments[2:]
    share = max(count // len(ports), 1)
    before = _cpu_s()
    took = (_raw if kind == "raw" else _serial)(share, ports)
    sent = share * len(ports)
    print(json.dumps({"rate": sent / took, "cpu_s": (_cpu_s() - before) / sent * 1000}))


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main(sys.argv[1:])
