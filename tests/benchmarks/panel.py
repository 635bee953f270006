"""The panel over a year of traffic: what twenty people wait for who look at everything at once, while modems send."""

from __future__ import annotations

import http.client
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final
from urllib.parse import urlencode

from tests.benchmarks import longlog
from tests.benchmarks.figure import Figure
from tests.benchmarks.longlog import DAY_MS, Size
from tests.benchmarks.scale import Scale
from tests.benchmarks.trial import scratch, simulated
from tests.rig import Gateway
from tests.rig.panel import ADMINISTRATOR, PASSWORD
from tests.rig.ports import free_port
from tests.rig.processes import end, gatewayd

P99_MS: Final = 200.0
TIMES_BARE: Final = 12.0
PEOPLE: Final = 20
PACE: Final = "12/min"
ANSWER_S: Final = 60.0
ROWS: Final = 50


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    size = Size(scale.log_messages, scale.log_inbound)
    now = int(time.time() * 1000)
    with scratch(base) as folder, simulated(folder, scale.beside) as simulator:
        longlog.build(folder / "gatewayd.db", size, now)
        port, bare_port = free_port(), free_port()
        web = f'\n[web]\nlisten = "127.0.0.1:{port}"\n'
        with Gateway(folder, simulator.ports, rate=PACE, extra=web) as gateway:
            gateway.start()
            gateway.account()
            gateway.call("user.create", user=ADMINISTRATOR, role="administrator", password=PASSWORD)
            gateway.campaign(scale.beside * 60)
            with _served(gateway, port) as cookie:
                octets = len(_get(port, "/interacciones", cookie)[1])
                command = [sys.executable, "-m", "tests.benchmarks.bare_page", str(bare_port), str(ROWS), str(octets)]
                bare = subprocess.Popen(command)
                try:
                    _wait(bare_port, "/")
                    yield from _figures(port, bare_port, cookie, addresses(now, gateway), scale)
                finally:
                    end(bare)


def addresses(now: int, gateway: Gateway) -> dict[str, str]:
    """Returns every kind of look at the log, by name."""
    number = gateway.sql('SELECT "to" FROM message WHERE id = 1000')[0][0]
    job = gateway.sql("SELECT name FROM job WHERE id = 1")[0][0]
    public = gateway.call("message.list", to=number, limit=1)["items"][0]["message"]

    def log(**filters: Any) -> str:
        return f"/interacciones?{urlencode(filters, doseq=True)}"

    return {
        "home": "/",
        "newest": "/interacciones",
        "deep": log(cursor=f"{now - 200 * DAY_MS}-1-5"),
        "failed": log(state="failed"),
        "in doubt": log(state="uncertain"),
        "waiting": log(state="queued"),
        "read": log(state="read"),
        "not read": log(state="unread"),
        "answered": log(state="answered"),
        "received": log(direction="in"),
        "mails": log(channel="email"),
        "mails that failed": log(channel="email", state="failed"),
        "a line": log(line="claro-7"),
        "no such line": log(line="claro-999"),
        "a process": log(job=job),
        "a number": log(q=number),
        "its end": log(q=number[-6:]),
        "words": log(q="factura"),
        "words that are nowhere": log(q="zzzz"),
        "a reference": log(q="C-777"),
        "a reason": log(reason="rejected"),
        "dear ones": log(cost_min="100"),
        "30 days": log(period="30d"),
        "failed of a week": log(state="failed", period="7d"),
        "a row": log(row=f"out-{public}"),
        "export": "/interacciones/exportar?state=failed",
        "tasks": "/ajustes/tareas",
    }


def _figures(port: int, bare_port: int, cookie: str, pages: dict[str, str], scale: Scale) -> Iterator[Figure]:
    for path in pages.values():  # once each: templates are compiled, the first pages of the trees are read
        _get(port, path, cookie)
    ours: list[dict[str, list[float]]] = []
    bares: list[list[float]] = []
    for _round in range(scale.panel_rounds):
        # Turn by turn, so that whatever else the machine does meets both.
        ours.append(_load(port, pages, cookie, scale.panel_each))
        bares.append(_load(bare_port, {"bare": "/"}, "", scale.panel_each * len(pages))["bare"])
    p99 = tuple(_p99([one for times in found.values() for one in times]) for found in ours)
    bare = tuple(_p99(found) for found in bares)
    name = f"{scale.log_messages:,} messages, {PEOPLE} people"
    read = _load(port, pages, cookie, scale.panel_each, pause_s=scale.panel_reads_s)
    calm = [one for times in read.values() for one in times]
    yield Figure(
        f"{name} who read {scale.panel_reads_s:g} s a page: p99 of {len(pages)} pages", _p99(calm), "ms", P99_MS, "<="
    )
    name += " who never pause"
    yield Figure(f"{name}: p99 of {len(pages)} pages", median(p99), "ms", runs=p99)
    yield Figure("beside it a bare route of the same size, p99", median(bare), "ms", runs=bare)
    times = tuple(one / other for one, other in zip(p99, bare, strict=True))
    yield Figure("p99, times that of the bare route", median(times), "×", TIMES_BARE, "<=", runs=times)
    by_page = {page: median(one for found in ours for one in found[page]) for page in pages}
    slowest = max(by_page, key=lambda page: by_page[page])
    yield Figure(f"the slowest page ({slowest}), median", by_page[slowest], "ms")
    alone = {page: median(_load(port, {page: path}, cookie, 3, people=1)[page]) for page, path in pages.items()}
    slowest = max(alone, key=lambda page: alone[page])
    yield Figure(f"alone, the slowest page ({slowest}), median", alone[slowest], "ms", P99_MS, "<=")


def _load(
    port: int, pages: dict[str, str], cookie: str, each: int, people: int = PEOPLE, pause_s: float = 0.0
) -> dict[str, list[float]]:
    """Returns the times (ms) of pages that several people ask for at once, `each` times each person's share.

    `pause_s` is how long they read a page, in the mean; they do not keep step.
    """
    found: dict[str, list[float]] = {page: [] for page in pages}
    faults: list[str] = []
    names = list(pages)

    def look(person: int) -> None:
        chance = random.Random(person)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_S)
        try:
            for turn in range(max(1, each * len(names) // people)):
                name = names[(person * 7 + turn) % len(names)]
                if pause_s:
                    time.sleep(chance.uniform(0, 2 * pause_s))
                    connection.close()  # a browser's would have been closed for being idle
                began = time.perf_counter()
                connection.request("GET", pages[name], headers={"Cookie": cookie})
                answer = connection.getresponse()
                answer.read()
                found[name].append((time.perf_counter() - began) * 1000)
                if answer.status != 200:
                    faults.append(f"{name}: {answer.status}")
        except OSError as error:
            faults.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=look, args=(person,)) for person in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults[:5]
    return found


def _p99(times: Sequence[float]) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]


@contextmanager
def _served(gateway: Gateway, port: int) -> Iterator[str]:
    """The web process, and the cookie of somebody who is signed in."""
    with gateway.log.open("ab") as log:
        web = gatewayd(["--config", str(gateway.config), "web"], stdout=log, stderr=log)
    try:
        _wait(port, "/entrar")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_S)
        body = urlencode({"user": ADMINISTRATOR, "password": PASSWORD})
        connection.request("POST", "/entrar", body, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        answer.read()
        cookies = [value.split(";")[0] for name, value in answer.getheaders() if name.lower() == "set-cookie"]
        connection.close()
        yield "; ".join(cookies)
    finally:
        end(web)


def _get(port: int, path: str, cookie: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_S)
    connection.request("GET", path, headers={"Cookie": cookie})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == 200, (path, answer.status, body[:500])
    return answer.status, body


def _wait(port: int, path: str) -> None:
    until = time.monotonic() + ANSWER_S
    while True:
        try:
            _get(port, path, "")
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return
