"""The simulated servers of one event loop, with the operations of their control socket."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from drivers.simulation.control_point import ControlPoint
from drivers.simulation.record import RecordFile
from drivers.simulation.settings import change, told
from drivers.simulation.waiting import Waiters
from drivers.smtp.simulator.account import Account
from drivers.smtp.simulator.certificate import context, make_certificate
from drivers.smtp.simulator.imap import Folder, ImapServer
from drivers.smtp.simulator.returned import bounce, reply
from drivers.smtp.simulator.server import Server
from drivers.smtp.simulator.settings import Settings, make_fault
from drivers.smtp.simulator.tokens import TokenEndpoint

WAIT_S: Final = 10.0
"""Default time of the operation `wait`."""


@dataclass(frozen=True, slots=True)
class Device:
    """A server as announced. A mail account has neither IMEI nor number; its address stands for the latter."""

    url: str
    imei: str
    number: str
    port: int
    imap_port: int
    ca_file: str | None
    token_url: str
    """Where access tokens are given, for logins by OAuth 2.0."""


class SmtpSimulator:
    """`async with SmtpSimulator(security="tls") as sim: sim.devices[0].port`; `settings` as in `Settings`."""

    def __init__(
        self,
        servers: int = 1,
        *,
        security: Literal["none", "starttls", "tls"] = "none",
        directory: Path | None = None,
        record: Path | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        change(Settings(), settings or {})
        self.kind = "smtp"
        self._count, self._security, self._values = servers, security, dict(settings or {})
        self._record_file = RecordFile(record)
        self._waiters = Waiters(self._count_of)
        self._control = ControlPoint(
            self.kind,
            {
                "list": lambda: {"devices": self.list()},
                "stats": self.stats,
                "texts": self.texts,
                "wait": self.wait,
                "set": self.set,
                "inject": self.inject,
                "unplug": self.unplug,
                "replug": self.replug,
            },
            directory=directory,
        )
        self.operate = self._control.operate
        self._servers: dict[int, asyncio.Server] = {}
        self._certificate: Path | None = None
        self.accounts: list[Account] = []
        self._folders: list[Folder] = []
        self._mailboxes: list[ImapServer] = []
        self._endpoints: list[TokenEndpoint] = []
        self.devices: list[Device] = []
        self._numbers = itertools.count(1)

    async def __aenter__(self) -> SmtpSimulator:
        folder = self._control.make_folder()
        self._record_file.open()
        if self._security != "none":
            self._certificate = await asyncio.to_thread(make_certificate, folder)
        for index in range(self._count):
            account = Account(index, self._waiters.progress, self._numbers, self._record_file.write)
            change(account.settings, self._values)
            self.accounts.append(account)
            port = await self._plug(index, 0)
            self._folders.append(Folder())
            self._mailboxes.append(ImapServer(account, self._folders[index]))
            imap_port = await self._mailboxes[index].start()
            self._endpoints.append(TokenEndpoint(account))
            token_url = f"http://127.0.0.1:{await self._endpoints[index].start()}/token"
            scheme = "smtps" if self._security == "tls" else "smtp"
            ca_file = str(self._certificate) if self._certificate else None
            url = f"{scheme}://127.0.0.1:{port}"
            self.devices.append(Device(url, "", account.settings.user, port, imap_port, ca_file, token_url))
        await self._control.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._control.close()
        for mailbox in self._mailboxes:
            await mailbox.stop()
        for endpoint in self._endpoints:
            await endpoint.stop()
        for index in list(self._servers):
            await self.unplug(index)
        self._record_file.close()
        self._control.remove()

    @property
    def control(self) -> Path:
        """The control socket."""
        return self._control.path

    def _count_of(self, name: str, device: int | None) -> int:
        chosen = self.accounts if device is None else [self.accounts[device]]
        return sum(account.stats[name] for account in chosen)

    async def _plug(self, index: int, port: int) -> int:
        tls = context(self._certificate) if self._certificate else None
        account = self.accounts[index]
        inner = tls if self._security == "starttls" else None
        server = await asyncio.get_running_loop().create_server(
            lambda: Server(account, inner), "127.0.0.1", port, ssl=tls if self._security == "tls" else None
        )
        self._servers[index] = server
        bound: int = server.sockets[0].getsockname()[1]
        return bound

    # ---------------------------------------------------------------------------------------------------- operations

    def list(self) -> list[dict[str, Any]]:
        return [
            {
                **asdict(device),
                "settings": told(account.settings),
                "faults": [asdict(f) for f in account.faults.waiting],
            }
            for device, account in zip(self.devices, self.accounts, strict=True)
        ]

    def stats(self) -> dict[str, Any]:
        """Counts for each server and in `total`: connections, logins, logins_refused, taken, lost, refused, faults."""
        total: Counter[str] = Counter()
        for account in self.accounts:
            total.update(account.stats)
        return {"devices": [dict(account.stats) for account in self.accounts], "total": dict(total)}

    def texts(self, since: int = 0, limit: int | None = None, device: int | None = None) -> dict[str, Any]:
        """Returns the mails taken, above `since`, whatever became of the answer; `next` where `limit` cut it."""
        chosen = self.accounts if device is None else [self.accounts[device]]
        taken = sorted((mail for account in chosen for mail in account.taken), key=lambda mail: mail["seq"])
        rest = [mail for mail in taken if mail["seq"] > since]
        shown = rest if limit is None else rest[:limit]
        return {"texts": shown, "total": len(taken), "next": shown[-1]["seq"] if len(shown) < len(rest) else None}

    async def wait(self, timeout: float = WAIT_S, **counters: int) -> dict[str, Any]:  # noqa: ASYNC109 - an operation's key
        """Returns once all named counters have come that far, or `timeout` seconds are over: `reached` tells which."""
        answer = await self._waiters.wait(counters, None, timeout)
        return {"reached": answer["reached"]}

    def set(
        self,
        device: int | None = None,
        fault: Mapping[str, Any] | None = None,
        faults: Iterable[Mapping[str, Any]] = (),
        clear_faults: bool = False,
        **settings: Any,
    ) -> None:
        """Changes settings by name, adds faults `{"kind": …, "stage": …}`."""
        made = [make_fault(each) for each in ([fault] if fault else []) + [*faults]]
        for account in self.accounts if device is None else [self.accounts[device]]:
            change(account.settings, settings)
            if clear_faults:
                account.faults.waiting.clear()
            account.faults.waiting.extend(made)

    def inject(
        self,
        device: int = 0,
        sender: str = "",
        text: str = "",
        *,
        id: str = "",  # noqa: A002 - an operation's key
        bounce_of: int | None = None,
        action: str = "failed",
        status: str = "5.1.1",
        recipient: str | None = None,
        headers: bool = True,
        raw: str | None = None,
    ) -> dict[str, Any]:
        """Puts a mail into the mailbox: a reply, the bounce of the mail taken as number `bounce_of`, or `raw`."""
        account = self.accounts[device]
        if raw is not None:
            data = raw.encode()
        elif bounce_of is not None:
            taken = account.taken[bounce_of]
            data = bounce(taken, action=action, status=status, recipient=recipient, headers=headers)
        else:
            data = reply(sender, account.settings.user, text, message_id=id)
        return {"uid": self._folders[device].add(data)}

    def mailbox(self, device: int = 0) -> Folder:
        """Returns the folder that answers and bounces come to."""
        return self._folders[device]

    async def unplug(self, device: int = 0) -> None:
        """Takes the server away: no new connections, the old ones cut."""
        server = self._servers.pop(device, None)
        if server is None:
            return
        server.close()
        for transport in list(self.accounts[device].connections):
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()
        await server.wait_closed()

    async def replug(self, device: int = 0) -> None:
        """Brings it back at the same port."""
        if device not in self._servers:
            await self._plug(device, self.devices[device].port)
