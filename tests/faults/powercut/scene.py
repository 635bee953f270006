"""The play that is recorded: a daemon's whole life in an empty folder, with jobs, replies, a crash and a restart.

Run under `strace` as `python -m tests.faults.powercut.scene PLAN`, where PLAN is a JSON file: `folder` (recorded),
`marks`, `manifest`, `log`, `control` (the modems' socket), `ports`, `messages`. Each thing that upstream may rely on is
marked when it is done; what was dropped is told by the manifest.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, Final

from drivers.control import ControlClient
from tests.faults.ordeal import LONG, SHORT
from tests.rig.gateway import Gateway, Row

ACCOUNT: Final = "norte"
WAIT_S: Final = 120.0
"""For a campaign under `strace`, which makes everything several times slower."""


class Scene:
    def __init__(self, plan: dict[str, Any]) -> None:
        self._plan = plan
        self._marks = os.open(plan["marks"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._modems = ControlClient(plan["control"])
        self._jobs: list[str] = []
        self._people = 0
        self.gateway = Gateway(Path(plan["folder"]), plan["ports"])
        self.gateway.log = Path(plan["log"])

    def play(self) -> None:
        gateway = self.gateway
        gateway.start()
        gateway.account(ACCOUNT)
        self._mark(f"account {ACCOUNT}")
        self._load()
        self._wait()
        self._modems("reset_stats")
        self._load()
        self._modems("wait", taken=self._plan["messages"], timeout=WAIT_S)
        gateway.kill()
        self._mark("killed")
        gateway.start()
        self._wait()
        assert gateway.stop() == 0
        self._mark("stopped")

    def _load(self) -> None:
        tag, count = len(self._jobs), self._plan["messages"]
        broken = {"job": f"roto{tag}", "channel": "sms", "text": "Hola %nadie%", "recipients_file": f"r{tag}.csv"}
        self.gateway.drop(broken, {f"r{tag}.csv": b"telefono\n1150000000\n"}, ACCOUNT, [])
        self._mark(f"dropped roto{tag}")
        self._drop(f"masivo{tag}", LONG, count // 2, priority="bulk")
        self._drop(f"urgente{tag}", SHORT, count, priority="urgent")
        for modem in range(len(self._plan["ports"])):
            self._modems("inject", modem=modem, text=f"Respuesta {tag} por el modem {modem}")

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
        self._jobs.append(name)
        self._mark(f"dropped {name}")

    def _wait(self) -> None:
        for job in self._jobs:
            self.gateway.wait_job(job, timeout_s=WAIT_S)

    def _mark(self, text: str) -> None:
        os.write(self._marks, f"{text}\n".encode())

    def manifest(self) -> dict[str, Any]:
        """By job: its files (as text), and its rows."""
        return {
            name: {"files": {file: data.decode() for file, data in dropped.files.items()}, "rows": dropped.rows}
            for (_, name), dropped in self.gateway.dropped.items()
        }


def main() -> None:
    plan = json.loads(Path(sys.argv[1]).read_text())
    scene = Scene(plan)
    try:
        scene.play()
    finally:
        if scene.gateway.process is not None:
            scene.gateway.kill()
    Path(plan["manifest"]).write_text(json.dumps(scene.manifest()))


if __name__ == "__main__":
    main()
