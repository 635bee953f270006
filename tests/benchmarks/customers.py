"""A sheet of customers is tried, imported and taken back, beside a loop that only reads it and parses its numbers."""

from __future__ import annotations

import base64
import csv
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from tests.benchmarks.figure import Figure
from tests.benchmarks.scale import Scale
from tests.benchmarks.trial import scratch
from tests.rig import Gateway

TIMES: Final = 2.0
GROWTH_MB: Final = 200.0
DONE_S: Final = 800.0
PAGE_MS, SEARCH_MS = 100.0, 200.0
PORTION: Final = 256 * 1024
HEAD: Final = (
    *("Nro Cliente", "DNI", "Apellido y Nombre", "Celular", "Teléfono", "Email", "Cartera", "Saldo", "Vencimiento"),
    "Localidad",
)
_FIRST: Final = ("Ana", "Luis", "María", "José", "Carmen", "Juan", "Rosa", "Pedro", "Lucía", "Martín", "Sofía")
_LAST: Final = ("Pérez", "Gómez", "Núñez", "Rodríguez", "Fernández", "López", "Díaz", "Sosa", "Romero", "Álvarez")
_TOWNS: Final = ("Córdoba", "Rosario", "Morón", "La Plata", "Salta")


def rows(count: int) -> Iterator[list[str]]:
    """Yields rows as billing writes them: mobiles in two ways, a landline for two people in five."""
    chance = random.Random(9)
    for number in range(count):
        mobile, fixed = chance.randrange(10_000_000), chance.randrange(10_000)
        yield [
            f"C{number:06d}",
            str(20_000_000 + chance.randrange(20_000_000)),
            f"{chance.choice(_LAST)} {chance.choice(_FIRST)} {chance.choice(_FIRST)}",
            f"11 5{mobile:07d}"[:7] + f"-{mobile % 10_000:04d}" if number % 2 else f"0351 15 4{mobile % 1_000_000:06d}",
            f"4{300 + fixed % 600}-{fixed:04d}" if number % 5 < 2 else "",
            f"c{number}@ejemplo.com.ar",
            chance.choice(("Vigente", "Castigada")),
            f"{chance.randrange(100, 90_000)},{chance.randrange(100):02d}",
            f"{chance.randrange(1, 28):02d}/{chance.randrange(1, 13):02d}/2026",
            chance.choice(_TOWNS),
        ]


def write(folder: Path, count: int) -> dict[str, Path]:
    """Writes the same sheet as CSV and as XLSX."""
    paths = {"csv": folder / "clientes.csv", "xlsx": folder / "clientes.xlsx"}
    with paths["csv"].open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter=";")
        table.writerow(HEAD)
        table.writerows(rows(count))
    book = xlsxwriter.Workbook(str(paths["xlsx"]), {"constant_memory": True, "strings_to_numbers": False})
    sheet = book.add_worksheet("Clientes")
    for place, cells in enumerate([list(HEAD), *rows(count)]):
        for column, cell in enumerate(cells):
            sheet.write_string(place, column, cell)
    book.close()
    return paths


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    with scratch(base) as folder:
        paths = write(folder, scale.customers)
        for kind, path in paths.items():
            home = folder / kind
            home.mkdir()
            with Gateway(home, []) as gateway:
                gateway.start()
                gateway.call("account.create", account="norte")
                yield from _steps(gateway, kind, path, scale.customers)


def _steps(gateway: Gateway, kind: str, path: Path, count: int) -> Iterator[Figure]:
    bare_s = _bare(path)
    number = _brought(gateway, path)
    before = memory(gateway.pid, "VmRSS:")
    name = f"{count:,} customers from {kind.upper()}"
    yield Figure(f"{name}: a loop that only reads and parses numbers", bare_s, "s")
    for step, word in (("dry", "dry run"), ("run", "import")):
        took, found = timed(gateway, number, step)
        assert found["counts"]["new"] == count, found["counts"]
        yield Figure(f"{name}: {word}, times that loop", took / bare_s, "×", TIMES, "<=")
        yield Figure(f"{name}: {word}", took, "s")
    if kind == "csv":
        yield from _looked_up(gateway, count)
    took, found = timed(gateway, number, "undo")
    assert found["counts"]["undone"] == {"removed": count, "restored": 0, "kept": 0}, found["counts"]
    yield Figure(f"{name}: undo, times that loop", took / bare_s, "×", TIMES, "<=")
    yield Figure(f"{name}: undo", took, "s")
    growth = max(0.0, memory(gateway.pid, "VmHWM:") - before)
    yield Figure(f"{name}: growth of the daemon's memory", growth, "MB", GROWTH_MB, "<=")


def _bare(path: Path) -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "tests.benchmarks.customers", str(path)], check=True)
    return time.monotonic() - began


def _brought(gateway: Gateway, path: Path) -> int:
    upload = gateway.call("upload.begin", account="norte", file=path.name)["id"]
    at = 0
    with path.open("rb") as file:
        while portion := file.read(PORTION):
            data = base64.b64encode(portion).decode()
            at = gateway.call("upload.add", account="norte", upload=upload, at=at, data=data)["at"]
    gateway.call("upload.end", account="norte", upload=upload)
    made = gateway.call("import.create", account="norte", upload=upload)
    number: int = made["import"]
    gateway.call("import.map", import_id=number, columns=made["guess"])
    return number


def timed(gateway: Gateway, number: int, step: str) -> tuple[float, dict[str, Any]]:
    """Has a step of an import done; returns the seconds that took, and the import."""
    began = time.monotonic()
    gateway.call(f"import.{step}", import_id=number)
    while True:
        found: dict[str, Any] = gateway.call("import.show", import_id=number, limit=0)
        if found["state"] not in {"checking", "running", "undoing"}:
            assert found["reason"] is None, found["reason"]
            return time.monotonic() - began, found
        assert time.monotonic() - began < DONE_S, found
        time.sleep(0.05)


def _looked_up(gateway: Gateway, count: int) -> Iterator[Figure]:
    """Pages and searches of the list, the slowest of each."""
    pages: list[float] = []
    cursor = None
    for sort in ("id", "name", "-updated"):
        for _page in range(5):
            took, found = _asked(gateway, sort=sort, cursor=cursor)
            pages.append(took)
            cursor = found["next"]
        cursor = None
    yield Figure(f"{count:,} customers: a page of the list, the slowest", max(pages), "ms", PAGE_MS, "<=")
    searches = [
        _asked(gateway, filter={"search": text})[0]
        for text in ("nunez lucia", "C0001", "30123", "pérez", "c12@ejemplo", "351 15 412-3456", "nadie")
    ]
    yield Figure(f"{count:,} customers: a search, the slowest", max(searches), "ms", SEARCH_MS, "<=")


def _asked(gateway: Gateway, **wanted: Any) -> tuple[float, dict[str, Any]]:
    began = time.monotonic()
    found: dict[str, Any] = gateway.call("customer.list", account="norte", limit=50, **wanted)
    return (time.monotonic() - began) * 1000, found


def memory(pid: int, field: str) -> float:
    """Returns a process's memory in MB, by the kernel's name for it."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise AssertionError(field)


def _only_read(path: Path) -> None:
    from gatewayd.numbers import NumberError, Numbers, Policy
    from spool.lists.judge import Task, judge

    numbers = Numbers(Policy("AR", "11"))
    judgement, opened = judge(path, Task(path.name, "people"))
    places = [judgement.columns.index(name) for name in ("celular", "teléfono")]
    for cells in opened.rows:
        for place in places:
            if cells[place]:
                try:
                    numbers.parse(cells[place], fixed=True)
                except NumberError:
                    continue


if __name__ == "__main__":
    _only_read(Path(sys.argv[1]))
