"""One store and one spool under a daemon that is killed again and again, and modems that live on beside it."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from asyncinotify import Inotify, Mask

from gatewayd.process.failpoints import VARIABLE
from tests.rig import Gateway, Simulator, Verdict, judge
from tests.rig.evidence import Evidence
from tests.rig.gateway import Row
from tests.rig.verdict import reported

ACCOUNT: Final = "norte"

LONG: Final = (
    "Estimado vecino %ref%, le recordamos que su factura del servicio de internet vence el lunes. "
    "Puede pagarla en cualquier Rapipago o Pago Facil, por transferencia, o con su tarjeta en nuestro sitio. "
    "Si ya la pago, ignore este aviso y disculpe la molestia. Ante cualquier duda llame al 0800 o responda este "
    "mensaje, y un representante se comunicara con usted a la brevedad. Muchas gracias por elegirnos: "
)
"""Three segments."""

SHORT: Final = "Aviso urgente %ref%: "

DIES_S: Final = 60.0
"""Until a daemon passes its failpoint: start, and the whole of a load, on a machine that is busy with other things."""

ENDS_S: Final = 120.0
"""Until a campaign is over after the last crash; a try that failed rests 10 s before the next."""


class Ordeal:
    """`with Ordeal(folder) as ordeal: ordeal.die("gsm.written:3"); assert not ordeal.end().faults`."""

    def __init__(self, folder: Path, modems: int = 3, *, latency_s: float = 0.01, report_delay_s: float = 0.02) -> None:
        options = ["--latency", str(latency_s), "--report-delay", str(report_delay_s)]
        self.simulator = Simulator(folder, modems, options=options)
        self.gateway = Gateway(folder, self.simulator.ports)
        self.inbound: list[str] = []
        self.jobs: list[str] = []
        self._modems = modems
        self._people = 0

    def __enter__(self) -> Self:
        try:
            self.gateway.start()
            self.gateway.account(ACCOUNT)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        self.gateway.kill()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.gateway.process is not None:
            self.gateway.kill()
        self.simulator.close()

    # ------------------------------------------------------------------------------------------------------- the load

    def load(self, urgent: int = 4, bulk: int = 5, *, inbound: bool = True, bad: bool = False) -> None:
        """Drops jobs and has people write to us: each job and each person is new."""
        tag = f"{len(self.jobs):03d}"
        if bad:
            broken = {"job": f"roto{tag}", "channel": "sms", "text": "Hola %nadie%", "recipients_file": f"r{tag}.csv"}
            self.gateway.drop(broken, {f"r{tag}.csv": b"telefono\n1150000000\n"}, ACCOUNT)
        self._drop(f"masivo{tag}", LONG, bulk, priority="bulk")
        self._drop(f"urgente{tag}", SHORT, urgent, priority="urgent")
        if inbound:
            for modem in range(self._modems):
                text = f"Respuesta {tag} por el modem {modem}"
                self.simulator.ask("inject", modem=modem, text=text)
                self.inbound.append(text)

    def _drop(self, name: str, text: str, count: int, **more: Any) -> None:
        text += name
        people = range(self._people, self._people + count)
        self._people += count
        data = "telefono;ref\n" + "".join(f"11{50_000_000 + person};C{person}\n" for person in people)
        rows: list[Row] = [
            (row, f"+54911{50_000_000 + person}", text.replace("%ref%", f"C{person}"))
            for row, person in enumerate(people, 1)
        ]
        job = {"job": name, "channel": "sms", "text": text, "recipients_file": f"{name}.csv", **more}
        self.gateway.drop(job, {f"{name}.csv": data.encode()}, ACCOUNT, rows)
        self.jobs.append(name)

    # ----------------------------------------------------------------------------------------------------- the crashes

    def die(self, failpoint: str, *, stop_after: int | None = None, stored: bool = False, **load: Any) -> None:
        """A daemon that dies at `failpoint`, with a load of its own; after so many parts taken it is asked to stop.

        `stored`: the modems restart before, so that what people write is on their SIMs when the daemon comes.
        """
        self.simulator.ask("reset_stats")
        if stored:
            self.simulator.ask("reboot", modem="all")
            self.load(**load)
            load = {"urgent": 1, "bulk": 1}
        process = self.gateway.launch({VARIABLE: failpoint})
        self.load(**load)
        if stop_after is not None:
            self.simulator.wait_taken(stop_after)
            process.send_signal(signal.SIGTERM)
        try:
            status = self.gateway.died(DIES_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{failpoint} was never passed\n{self.log()}") from None
        assert status == -signal.SIGKILL, f"{failpoint}: ended by {status}\n{self.log()}"

    def kill_after(self, event: str, count: int, **load: Any) -> None:
        """A daemon that is killed as soon as a counter of the modems has come so far; what was left adds to it."""
        self.simulator.ask("reset_stats")
        self.gateway.launch()
        self.load(**load)
        reached = self.simulator.ask("wait", timeout=DIES_S, **{event: count})
        self.gateway.kill()
        assert reached["reached"], f"{event} {count}: {reached}\n{self.log()}"

    def end(self, *, reports: bool = True) -> Verdict:
        """A last daemon, with no failpoint, until all is over; then the verdict. `reports`: all of them come."""
        self.gateway.start()
        for job in self.jobs:
            self.gateway.wait_job(job, timeout_s=ENDS_S)
        self.gateway.wait_read()
        if reports:
            self._wait_settled()
        assert self.gateway.stop() == 0, self.log()
        return judge(self.gateway, self.simulator, settled=reports, inbound=self.inbound)

    def _wait_settled(self) -> None:
        """Until reports have settled what can be settled, and the inbox is complete; the verdict tells what is not."""
        receipts = self.gateway.spool.folder("receipts", ACCOUNT)
        until = time.monotonic() + ENDS_S
        with ExitStack() as stack:
            notify = stack.enter_context(Inotify(sync_timeout=1.0))
            for folder in [*receipts.iterdir(), *(self.gateway.spool.path / "inbox").iterdir()]:
                notify.add_watch(folder, Mask.MOVED_TO | Mask.CREATE)
            while time.monotonic() < until:
                evidence = Evidence(self.gateway, self.simulator.texts())
                inbox = sorted(document["text"] for document in self.gateway.inbox())
                if not list(reported(evidence)) and inbox == sorted(self.inbound):
                    return
                notify.sync_get()

    def log(self) -> str:
        return self.gateway.log.read_text()[-4000:]


def told(verdict: Verdict, ordeal: Ordeal, crashes: Sequence[str]) -> str:
    """What a failing test prints."""
    return json.dumps({"crashes": crashes, "faults": verdict.faults[:20]}, indent=1, ensure_ascii=False) + ordeal.log()
