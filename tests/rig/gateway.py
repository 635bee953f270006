"""A daemon as a subprocess, over a store and spool of its own that outlive it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from asyncinotify import Inotify, Mask

from gatewayd.control import ControlClient
from spool.document import parse
from spool.folders import Spool
from spool.submit import deposit
from tests.rig import databases
from tests.rig.processes import end, gatewayd

START_S = 30.0

CONFIG = """
node = "trial"
locale = "en"
control = "{folder}/control.sock"

[store]
url = "{store}"

[spool]
path = "{folder}/spool"

[numbers]
region = "AR"
home_area = "11"

[http]
listen = "{listen}"

"""

TARIFF = """
[tariff]
currency = "ARS"
sms = "0.85"
"""


class OverdueError(AssertionError):
    """What was waited for did not come in time; nothing was found to be wrong."""


Row = tuple[int, str, str]
"""Row, number and text as the message should have them."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A job as upstream dropped it; `rows` of its valid recipients, where the trial knows them."""

    files: Mapping[str, bytes]
    rows: Sequence[Row] | None


class Gateway:
    """Start and kill it as often as the trial needs; `lines` are extra TOML keys by line."""

    def __init__(
        self,
        folder: Path,
        ports: Sequence[str],
        *,
        rate: str = "100000/s",
        extra: str = "",
        line: str = "",
        listen: str = "",
        tariff: str = TARIFF,
        store: str | None = None,
    ) -> None:
        self.folder = folder
        self.config = folder / "gatewayd.toml"
        self.spool = Spool(folder / "spool")
        self.store = folder / "gatewayd.db"
        self.log = folder / "gatewayd.log"
        store = store or databases.fresh(folder) or f"sqlite:///{self.store}"
        text = CONFIG.format(folder=folder, listen=listen, store=store) + tariff + extra
        if "[web]" not in text:
            text += '\n[web]\nlisten = ""\n'
        for index, port in enumerate(ports):
            text += f'\n[[line]]\nname = "m{index}"\ndriver = "gsm"\nport = "{port}"\nrate = "{rate}"\n{line}\n'
        self.config.write_text(text)
        self.process: subprocess.Popen[bytes] | None = None
        self._client: ControlClient | None = None
        self.dropped: dict[tuple[str, str], Dropped] = {}
        """By account and job, all that was dropped; of one name the first."""
        self.dropped_again: set[tuple[str, str]] = set()
        self.spoilt: list[str] = []
        """Immutable files that changed, as `keep_receipts` saw it."""
        self._kept: dict[Path, bytes] = {}

    # --------------------------------------------------------------------------------------------------------- its life

    def launch(self, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Starts the daemon and waits for nothing: it may die before it is up."""
        assert self.process is None
        with self.log.open("ab") as log:
            self.process = gatewayd(["--config", str(self.config), "run"], env=env, stdout=log, stderr=log)
        return self.process

    def start(self, env: Mapping[str, str] | None = None) -> Self:
        """Starts the daemon and waits for its control socket; AssertionError with its log when it does not come up."""
        assert self.process is None
        control = self.folder / "control.sock"
        until = time.monotonic() + START_S
        # The socket's name appears a moment before it listens, so the wait is for the name and then in short steps.
        with Inotify(sync_timeout=0.05) as notify:
            notify.add_watch(self.folder, Mask.CREATE | Mask.MOVED_TO)
            process = self.launch(env)
            while (client := ControlClient.connect([control])) is None:
                notify.sync_get()
                if process.poll() is not None or time.monotonic() > until:
                    raise AssertionError(f"the daemon did not start:\n{self.log.read_text()[-4000:]}")
        self._client = client
        return self

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def kill(self) -> None:
        """A crash: SIGKILL."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """A stop as systemd does it; the exit status."""
        return self._end(signal.SIGTERM)

    def hup(self) -> None:
        """The configuration is to be read again."""
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)

    def _end(self, number: int) -> int:
        assert self.process is not None
        if self._client is not None:
            self._client.close()
            self._client = None
        status = end(self.process, number)
        self.process = None
        self.keep_receipts()
        return status

    def died(self, timeout_s: float = 60.0) -> int:
        """Waits for the daemon to end by itself (a failpoint); its exit status."""
        assert self.process is not None
        status = self.process.wait(timeout_s)
        if self._client is not None:
            self._client.close()
            self._client = None
        self.process = None
        self.keep_receipts()
        return status

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process is not None:
            self._end(signal.SIGTERM if kind is None else signal.SIGKILL)

    # ----------------------------------------------------------------------------------------------------- what it does

    def call(self, operation: str, **arguments: Any) -> Any:
        """An operation over the control socket."""
        assert self._client is not None
        return self._client.call(operation, arguments)

    def account(self, name: str = "norte", credit: str = "1000000") -> None:
        self.call("account.create", account=name)
        self.call("account.credit", account=name, amount=credit)

    def drop(
        self, job: Mapping[str, Any], files: Mapping[str, bytes] | None = None, account: str = "norte",
        rows: Sequence[Row] | None = None,
    ) -> str:  # fmt: skip
        """Puts a job and its files into the spool, as upstream does; the job's name. `rows`: what should be recorded
        of it."""
        data = json.dumps(dict(job), ensure_ascii=False).encode()
        document = parse(data, f"{job['job']}.json")
        files = dict(files or {})
        deposit(self.spool, account, document, data, files)
        if (account, document.job) in self.dropped:
            self.dropped_again.add((account, document.job))
        else:
            self.dropped[account, document.job] = Dropped({**files, f"{document.job}.json": data}, rows)
        return document.job

    def campaign(
        self, count: int, name: str = "c1", text: str = "Hola %nombre%, debe $ %deuda%", **more: Any
    ) -> str:  # fmt: skip
        """One-segment messages to `count` different numbers."""
        rows = "".join(f"11{50_000_000 + index:08d};R{index};Ana{index};{index},50\n" for index in range(count))
        data = ("telefono;ref;nombre;deuda\n" + rows).encode()
        job = {"job": name, "channel": "sms", "text": text, "recipients_file": f"{name}.csv", **more}
        expected = [
            (
                index + 1,
                f"+54911{50_000_000 + index:08d}",
                text.replace("%nombre%", f"Ana{index}").replace("%deuda%", f"{index},50"),
            )
            for index in range(count)
        ]
        return self.drop(job, {f"{name}.csv": data}, rows=expected if "%" not in expected[0][2] else None)

    @contextmanager
    def _watching(self, *folders: Path) -> Iterator[Inotify]:
        with Inotify(sync_timeout=1.0) as notify:
            for folder in folders:
                folder.mkdir(parents=True, exist_ok=True)
                notify.add_watch(folder, Mask.MOVED_TO | Mask.CREATE | Mask.CLOSE_WRITE)
            yield notify

    def summary(self, job: str, account: str = "norte") -> dict[str, Any] | None:
        """The job's summary.json as it is now."""
        try:
            text = (self.spool.folder("receipts", account, job) / "summary.json").read_text()
        except FileNotFoundError:
            return None
        summary: dict[str, Any] = json.loads(text)
        return summary

    def wait_job(
        self, job: str, done: Callable[[dict[str, Any]], bool] | None = None, *, timeout_s: float = 120.0,
        account: str = "norte",
    ) -> dict[str, Any]:  # fmt: skip
        """Until the job's summary says `done` (default: state `done`); signalled by the summary's own replacement."""
        until = time.monotonic() + timeout_s
        wanted = done or (lambda summary: summary["state"] == "done")
        with self._watching(self.spool.folder("receipts", account, job)) as notify:
            while True:
                summary = self.summary(job, account)
                if summary is not None and wanted(summary):
                    return summary
                if self.process is not None and self.process.poll() is not None:
                    raise AssertionError(f"the daemon ended; job {job}: {summary}\n{self.log.read_text()[-4000:]}")
                if time.monotonic() > until:
                    raise OverdueError(f"job {job}: {summary}\n{self.log.read_text()[-4000:]}")
                notify.sync_get()

    def wait_overview(self, wanted: Callable[[dict[str, Any]], bool], *, timeout_s: float = 60.0) -> dict[str, Any]:
        """Until a snapshot of the daemon (lines, queue, events) is as wanted; it sends them while somebody watches."""
        client = ControlClient.connect([self.folder / "control.sock"])
        assert client is not None
        until = time.monotonic() + timeout_s
        try:
            events: list[dict[str, Any]] = []
            for snapshot in client.stream("watch", {}):
                events += snapshot["events"]  # each snapshot brings the new ones alone
                snapshot["events"] = events
                if wanted(snapshot):
                    found: dict[str, Any] = snapshot
                    return found
                if time.monotonic() > until:
                    raise OverdueError(f"never so: {snapshot}\n{self.log.read_text()[-3000:]}")
        finally:
            client.close()
        raise AssertionError("the daemon went away")

    def wait_line(self, name: str, *states: str, timeout_s: float = 60.0) -> dict[str, Any]:
        """Until the line is in one of these states; its view."""

        def view(snapshot: dict[str, Any]) -> dict[str, Any]:
            return next((each for each in snapshot["lines"] if each["name"] == name), {"state": None})

        return view(self.wait_overview(lambda snapshot: view(snapshot)["state"] in states, timeout_s=timeout_s))

    def wait_inbox(self, count: int, *, timeout_s: float = 30.0) -> None:
        """Until so many messages have come in, whosoever's they are."""
        until = time.monotonic() + timeout_s
        folders = [path for path in (self.spool.path / "inbox").iterdir() if path.is_dir()]
        with self._watching(*folders) as notify:
            while len(self.inbox()) < count:
                if time.monotonic() > until:
                    raise OverdueError(f"{len(self.inbox())} of {count}\n{self.log.read_text()[-3000:]}")
                notify.sync_get()

    def wait_files(self, folder: Path, count: int, *, timeout_s: float = 30.0) -> None:
        """Until the folder has so many files with a final name."""
        until = time.monotonic() + timeout_s
        with self._watching(folder) as notify:
            while sum(not path.name.startswith(".") for path in folder.iterdir()) < count:
                if time.monotonic() > until:
                    raise OverdueError(f"{folder}: {sorted(path.name for path in folder.iterdir())}")
                notify.sync_get()

    def wait_gone(self, folder: Path, *, timeout_s: float = 30.0) -> None:
        """Until nothing with a final name is left in the folder."""
        until = time.monotonic() + timeout_s
        with Inotify(sync_timeout=1.0) as notify:
            notify.add_watch(folder, Mask.MOVED_FROM | Mask.DELETE)
            while left := [path.name for path in folder.iterdir() if not path.name.startswith(".")]:
                if time.monotonic() > until:
                    raise OverdueError(f"{folder}: {left}")
                notify.sync_get()

    def wait_read(self, *, timeout_s: float = 60.0) -> None:
        """Until every job that was dropped has been read, refused ones too; after the time, the verdict tells which
        was not."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until and (
            any(self.spool.path.glob(".intake/*/*/*"))
            or any((self.spool.folder("incoming", account) / f"{job}.json").exists() for account, job in self.dropped)
        ):
            time.sleep(0.05)

    def receipts(self, job: str, account: str = "norte") -> list[dict[str, Any]]:
        """Every receipt of the job that has been written, in order of file."""
        folder = self.spool.folder("receipts", account, job)
        return [
            json.loads(line) for file in sorted(folder.glob("*.jsonl")) for line in file.read_text().splitlines()
        ]  # fmt: skip

    def keep_receipts(self) -> None:
        """Remembers every segment and inbox file: once there, none may change or go."""
        paths = [
            *(self.spool.path / "receipts").glob("*/*/[!.]*.jsonl"),
            *(self.spool.path / "inbox").glob("*/[!.]*.json"),
        ]
        now = {path: path.read_bytes() for path in paths if path.is_file()}
        for path, data in self._kept.items():
            if now.get(path) != data:
                self.spoilt.append(f"{path.relative_to(self.spool.path)} changed once it was there")
        self._kept.update(now)

    def inbox(self) -> list[dict[str, Any]]:
        """Every message received, whosoever's."""
        return [json.loads(path.read_text()) for path in sorted((self.spool.path / "inbox").glob("*/[!.]*.json"))]

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Asks the store itself, read-only."""
        connection = sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    def cpu_s(self) -> float:
        """CPU seconds of the daemon so far, its children included once they ended."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2].split()
        return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")
