"""Kannel at both ends, a program nobody here wrote: its smsbox as a real provider of our line, and its generic HTTP
client as a real client of our simulated provider behind it.

    our line ── HTTP ──► smsbox ──► bearerbox ── HTTP ──► simulated provider
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from drivers.base import Accepted, Blame, Event, LineStatus, NotSent, OutboundMessage
from drivers.provider.line import ProviderLine
from drivers.provider.options import ProviderOptions
from drivers.provider.simulator import ProviderSimulatorProcess
from tests.rig.ports import free_port

pytestmark = pytest.mark.peer

START_S = 20.0
"""bearerbox starts in one second, smsbox waits for it."""
SEARCH = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"

CONFIG = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = local
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"
dlr-storage = internal

group = smsc
smsc = http
smsc-id = sim
system-type = generic
port = {inbound}
connect-allow-ip = 127.0.0.1
send-url = "http://127.0.0.1:{provider}/enviar_sms.asp?api=1&usuario=norte&clave=clave1&tos=%p&texto=%b"
status-success-regex = "^1;OK"
status-permfail-regex = "^-"
status-tempfail-regex = "^0"
alt-charset = "ISO-8859-1"

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {port}
sendsms-interface = 127.0.0.1

group = sendsms-user
username = norte
password = clave1
max-messages = 4
"""


@dataclass(frozen=True, slots=True)
class Kannel:
    url: str
    provider: ProviderSimulatorProcess


def _await_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until something listens there; the programs say so nowhere but in a log that is written late."""
    import time

    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"Kannel ended: {log.read_text()[-2000:]}")
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"Kannel does not listen: {log.read_text()[-500:]}")


@pytest.fixture(scope="module")
def kannel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kannel]:
    bearerbox, smsbox = (shutil.which(name, path=SEARCH) for name in ("bearerbox", "smsbox"))
    if bearerbox is None or smsbox is None:
        pytest.skip("Debian's kannel is not installed")
    folder = tmp_path_factory.mktemp("kannel")
    admin, boxes, inbound, port = [free_port() for _ in range(4)]
    processes: list[subprocess.Popen[bytes]] = []
    with ProviderSimulatorProcess("--brand", "smsmasivos") as sim:
        provider = sim.devices[0]["url"].split(":")[2].split("/")[0]
        config = folder / "kannel.conf"
        config.write_text(CONFIG.format(admin=admin, boxes=boxes, inbound=inbound, port=port, provider=provider))
        try:
            for program, listens in ((bearerbox, boxes), (smsbox, port)):
                log = folder / f"{Path(program).name}.log"
                with log.open("wb") as out:
                    process = subprocess.Popen([program, "-v", "1", str(config)], stdout=out, stderr=out, cwd=folder)
                processes.append(process)
                _await_port(listens, process, log)
            yield Kannel(f"http://127.0.0.1:{port}/cgi-bin/sendsms", sim)
        finally:
            for process in reversed(processes):
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


class Sink:
    def __init__(self) -> None:
        self.ready = asyncio.Event()

    async def put(self, event: Event) -> None:
        if isinstance(event, LineStatus):
            self.ready.set()


async def send(kannel: Kannel, text: str, encoding: str = "gsm7", password: str = "clave1") -> object:
    options: dict[str, object] = {
        "preset": "kannel",
        "url": kannel.url,
        "user": "norte",
        "password": password,
        "sender": "1234",
    }
    options["number_rewrite"] = (("\\+549(\\d{10})", "\\1"),)  # what the provider behind it wants
    line = ProviderLine("kannel", ProviderOptions.model_validate(options))
    sink = Sink()
    task = asyncio.create_task(line.run(sink))

    async def durable(part: int, taken: Mapping[int, str] | None = None) -> None: ...

    try:
        async with asyncio.timeout(20):
            await sink.ready.wait()
            message = OutboundMessage(
                attempt="01JD" + "0" * 22,
                to="+5491159876543",
                address="+5491159876543",
                text=text,
                parts=(text,),
                encoding=encoding,  # type: ignore[arg-type]
            )
            return await line.send(message, durable)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_message_goes_through_kannel_to_our_provider(kannel: Kannel) -> None:
    text = "Hola: su saldo es 1.500, vence 10/12"
    before = kannel.provider.ask("texts")["total"]
    assert isinstance(await send(kannel, text), Accepted)
    reached = await asyncio.to_thread(kannel.provider.ask, "wait", taken=before + 1, timeout=20)
    assert reached["reached"]
    row = kannel.provider.ask("texts", since=before)["texts"][0]
    assert (row["to"], row["text"]) == ("1159876543", text)


async def test_kannels_refusal_of_the_user_is_the_lines_fault(kannel: Kannel) -> None:
    assert await send(kannel, "Hola", password="otra") == NotSent("unauthorized", blame=Blame.LINE)
