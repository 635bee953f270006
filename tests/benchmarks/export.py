"""A year of interactions as a sheet, while modems send: what it costs beside a program that does nothing else."""

from __future__ import annotations

import csv
import hashlib
import os
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from python_calamine import CalamineWorkbook

from tests.benchmarks import longlog
from tests.benchmarks.figure import Figure
from tests.benchmarks.longlog import Size
from tests.benchmarks.scale import Scale
from tests.benchmarks.trial import scratch, simulated
from tests.rig import Gateway

CSV_TIMES: Final = 3.0
XLSX_TIMES: Final = 1.5
GROWTH_MB: Final = 100.0
MODEMS: Final = 16
DONE_S: Final = 800.0
COLUMNS: Final = ("at", "channel", "party", "ref", "state", "text", "cost")
_BARE: Final = (
    'SELECT m.at, m.channel, m."to", m.ref, m.state, m.text, m.cost FROM message m JOIN job j ON j.id = m.job_id'
    " ORDER BY m.at, m.id"
)
_BARE_INBOUND: Final = (
    "SELECT received_at, channel, sender, '', 'received', text, '' FROM inbound ORDER BY received_at, id"
)


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    size = Size(scale.log_messages, scale.log_inbound)
    rows = size.messages + size.inbound
    with scratch(base) as folder, simulated(folder, MODEMS) as simulator:
        longlog.build(folder / "gatewayd.db", size, int(time.time() * 1000) - 1000)
        with Gateway(folder, simulator.ports, rate="12/min") as gateway:
            gateway.start()
            empty = _exported(gateway, "csv", q="nada que se parezca a esto")
            gateway.account()
            gateway.campaign(MODEMS * 60)
            for kind, times in (("csv", CSV_TIMES), ("xlsx", XLSX_TIMES)):
                ours = _exported(gateway, kind)
                bare_s = _bare(folder, kind)
                assert ours.rows >= rows, (ours.rows, rows)
                _read_back(folder / "gatewayd.db", ours.path, kind)
                name = f"{rows:,} interactions to {kind.upper()}"
                beside = "a bare cursor and csv.writer" if kind == "csv" else "a bare writer of the same cells"
                yield Figure(f"{name}, times the CPU of {beside}", ours.cpu_s / bare_s, "×", times, "<=")
                yield Figure(f"{name}: CPU", ours.cpu_s, "s")
                yield Figure(f"{name}: from asking to done", ours.wall_s, "s")
                growth = max(0.0, ours.peak_mb - empty.peak_mb)
                yield Figure(f"{name}: growth of memory", growth, "MB", GROWTH_MB, "<=")


class _exported:  # noqa: N801 - reads as what it measures
    """One export through the operation: its file, and what its worker took."""

    def __init__(self, gateway: Gateway, kind: str, **query: Any) -> None:
        began = time.monotonic()
        asked = gateway.call("export.create", format=kind, columns=list(COLUMNS), query=query)
        self.peak_mb, self.cpu_s = 0.0, 0.0
        until = time.monotonic() + DONE_S
        while (task := gateway.call("task.show", task=asked["task"]))["state"] in {"waiting", "running"}:
            assert time.monotonic() < until, task
            self._look(gateway.pid)
            time.sleep(0.1)
        assert task["state"] == "done", task
        self.wall_s = time.monotonic() - began
        self.rows = int(task["rows"])
        self.path = gateway.folder / "exports" / f"{asked['task']}.{kind}"

    def _look(self, parent: int) -> None:
        """Reads memory and CPU time of the worker, while there is one (proc(5))."""
        for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
            try:
                if b"gatewayd.workers.export" not in Path(f"/proc/{child}/cmdline").read_bytes():
                    continue
                status = Path(f"/proc/{child}/status").read_text()
                fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            for line in status.splitlines():
                if line.startswith("VmHWM:"):
                    self.peak_mb = max(self.peak_mb, int(line.split()[1]) / 1024)
            self.cpu_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _bare(folder: Path, kind: str) -> float:
    """Returns the CPU seconds of a process that does nothing but this."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "tests.benchmarks.export", kind, str(folder / "gatewayd.db")]
    subprocess.run([*command, str(folder / f"bare.{kind}")], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _write_bare(kind: str, store: str, path: str) -> None:
    connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    if kind == "csv":
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            for statement in (_BARE, _BARE_INBOUND):
                writer.writerows(connection.execute(statement))
        return
    import xlsxwriter

    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    row = longlog.SHEET_ROWS
    for statement in (_BARE, _BARE_INBOUND):
        for at, *cells, cost in connection.execute(statement):
            if row == longlog.SHEET_ROWS:
                sheet, row = book.add_worksheet(), 0
            sheet.write_string(row, 0, f"2026-11-30 {at % 100_000_000:09}")
            for place, cell in enumerate(cells, 1):
                if cell:
                    sheet.write_string(row, place, cell)
            if cost != "":
                sheet.write_number(row, 6, cost / 1_000_000)
            row += 1
    book.close()


def _read_back(store: Path, path: Path, kind: str) -> None:
    """Every number and text of the store is in the file, as often as in the store; read by programs not ours."""
    wanted: dict[str, int] = {"rows": 0, "sum": 0}
    connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    last = connection.execute(
        "SELECT max(id) FROM message WHERE account_id != (SELECT max(id) FROM account)"
    ).fetchone()
    for statement in (
        f'SELECT "to", text FROM message WHERE id <= {last[0]}',
        "SELECT sender, text FROM inbound",
    ):
        for number, text in connection.execute(statement):
            _count(wanted, number, text)
    found: dict[str, int] = {"rows": 0, "sum": 0}
    for cells in _csv_rows(path) if kind == "csv" else _xlsx_rows(path):
        if cells[3] is None or not str(cells[3]).startswith("R"):  # what is being sent meanwhile has such references
            _count(found, str(cells[2]), str(cells[5]))
    assert found == wanted, (found, wanted)


def _count(into: dict[str, int], number: str, text: str) -> None:
    into["rows"] += 1
    digest = hashlib.blake2b(f"{number.removeprefix('+')}|{text}".encode(), digest_size=8).digest()
    into["sum"] = (into["sum"] + int.from_bytes(digest, "big")) & (1 << 64) - 1


def _csv_rows(path: Path) -> Iterator[list[Any]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, delimiter=";" if ";" in file.readline() else ",")
        yield from rows


def _xlsx_rows(path: Path) -> Iterator[list[Any]]:
    book = CalamineWorkbook.from_path(str(path))
    for name in book.sheet_names:
        yield from book.get_sheet_by_name(name).to_python()[1:]


if __name__ == "__main__":
    _write_bare(*sys.argv[1:])
