"""A simulated mail server with its mailbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

from drivers.base import EmailContent, Line, LineSetup, OutboundMessage
from drivers.conformance import Device, Fault, Hook, Traits
from drivers.smtp import driver
from drivers.smtp.line import SmtpLine
from drivers.smtp.options import SmtpOptions
from drivers.smtp.session import Timing
from drivers.smtp.simulator import SmtpSimulator

TIMING = Timing(connect=5.0, command=2.0, content=1.0, quit=0.5, idle=60.0, retry_first=0.02, retry_most=0.05)
PASSWORD = "clave-de-correo-5"
WAIT_S = 20.0
NEVER_S = 3600.0


class Mailserver:
    secrets = (PASSWORD,)

    def __init__(self, sim: SmtpSimulator) -> None:
        self._sim = sim
        self._number = 0
        device = sim.devices[0]
        self._options = SmtpOptions(
            from_name="Norte Wifi",
            from_address="cobranzas@norte.example",
            host="127.0.0.1",
            port=device.port,
            security="none",
            user="cuenta@example.net",
            password=SecretStr(PASSWORD),
            imap_host="127.0.0.1",
            imap_port=device.imap_port,
            imap_security="none",
            imap_poll=0.1,
        )

    def setup(self) -> LineSetup:
        return LineSetup("mail-1", self._options)

    def line(self) -> Line:
        return SmtpLine("mail-1", self._options, TIMING)

    def message(self, number: int, text: str, parts: int = 1) -> OutboundMessage:
        to = f"cliente-{number}@hogar.example"
        return OutboundMessage(f"01JD{number:022d}", to, to, text, content=EmailContent(f"Aviso {number}"))

    def left(self) -> Sequence[str]:
        return [row["to"][0] for row in self._sim.texts()["texts"]]

    async def until_left(self, count: int) -> None:
        assert (await self._sim.wait(WAIT_S, taken=count))["reached"]

    async def strike(self, fault: Fault) -> None:
        match fault:
            case Fault.REFUSED:
                self._fault("reply", "rcpt", code=550, text="5.1.1 no such user")
            case Fault.LATER:
                self._fault("reply", "rcpt", code=451, text="4.3.0 later")
            case Fault.SLOW | Fault.SILENT_TAKEN:
                self._fault("slow", "end", delay_s=0.3 if fault is Fault.SLOW else NEVER_S, taken=True)
            case Fault.SILENT:
                self._fault("slow", "data", delay_s=NEVER_S)
            case Fault.DROPPED | Fault.DROPPED_TAKEN:
                self._fault("drop", "end", taken=fault is Fault.DROPPED_TAKEN)
            case Fault.GARBAGE | Fault.GARBAGE_TAKEN:
                self._fault("reply", "end", code=999, text="\x00???", taken=fault is Fault.GARBAGE_TAKEN)

    def _fault(self, kind: str, stage: str, **arguments: object) -> None:
        self._sim.set(fault={"kind": kind, "stage": stage, **arguments})

    async def mend(self) -> None:
        self._sim.set(clear_faults=True)

    async def unplug(self) -> None:
        await self._sim.unplug()

    async def replug(self) -> None:
        await self._sim.replug()

    async def report(self, message: OutboundMessage, status: str) -> None:
        self._sim.inject(bounce_of=self.left().index(message.to))

    async def receive(self, sender: str, text: str) -> None:
        self._number += 1
        self._sim.inject(sender=_address(sender), text=text, id=f"<{self._number}@hogar.example>")

    def held(self) -> int:
        return sum(not mail.seen for mail in self._sim.mailbox(0).mails)

    def connect(self, hook: Hook) -> None:
        """Mailboxes are looked into."""


def _address(sender: str) -> str:
    return sender if "@" in sender else f"{sender.lstrip('+')}@hogar.example"


class SmtpAdapter:
    name = "smtp"
    driver = driver
    traits = Traits(
        faults=frozenset(Fault), parts="none", reports=frozenset({"undelivered"}), receives=True, keeps=True
    )

    def missing(self) -> str | None:
        return None

    @asynccontextmanager
    async def device(self, folder: Path) -> AsyncIterator[Device]:
        async with SmtpSimulator(directory=folder, settings={"password": PASSWORD}) as sim:
            yield Mailserver(sim)


adapter = SmtpAdapter()
