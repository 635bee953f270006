"""The web process is killed while a person launches, pauses and imports: whatever of it was done, a second press does
it no second time, and each person gets a campaign once."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Final

import httpx
import pytest

from tests.rig import campaigns as rig
from tests.rig.panel import ADMINISTRATOR, PASSWORD, Panel, panel

PEOPLE: Final = 12
MOMENTS_S: Final = (0.0, 0.02, 0.05, 0.12)
"""After the press, when the process dies."""
BACK_S: Final = 60.0
DONE: Final = frozenset({200, 303, 409, 422})


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with panel(tmp_path_factory.mktemp("webkilled"), modems=1) as running:
        rig.allow(running.gateway)
        yield running


class Person:
    """Somebody at the panel whose browser is told when the web process went away."""

    def __init__(self, shown: Panel) -> None:
        self._shown = shown
        with self._browser() as browser:
            found = browser.post("/entrar", data={"user": ADMINISTRATOR, "password": PASSWORD})
            assert found.status_code == 303
            self._cookies = dict(browser.cookies)

    def _browser(self, cookies: dict[str, str] | None = None) -> httpx.Client:
        # A connection each: one that broke is let go of with its client.
        return httpx.Client(base_url=self._shown.url, cookies=cookies, trust_env=False, timeout=30.0)

    def press(self, path: str, **fields: str) -> int | None:
        """Sends a form; returns the status, None where the connection broke."""
        with self._browser(self._cookies) as browser:
            try:
                found = re.search(r'name="csrf" value="([0-9a-f]+)"', browser.get("/").text)
                return None if found is None else browser.post(path, data={"csrf": found[1], **fields}).status_code
            except httpx.TransportError:
                return None

    def press_again(self, path: str, **fields: str) -> int:
        until = time.monotonic() + BACK_S
        while time.monotonic() < until:
            status = self.press(path, **fields)
            if status is not None and status in DONE:
                return status
            time.sleep(0.1)
        raise AssertionError("the web process did not come back")

    def press_while_it_dies(self, moment_s: float, path: str, **fields: str) -> None:
        pressed = threading.Thread(target=self.press, args=(path,), kwargs=fields)
        process = self._shown.web_pid()
        pressed.start()
        time.sleep(moment_s)
        os.kill(process, signal.SIGKILL)
        pressed.join(BACK_S)


@pytest.fixture
def person(shown: Panel) -> Person:
    return Person(shown)


def test_a_launch_and_a_pause_are_done_once_however_the_web_process_dies(shown: Panel, person: Person) -> None:
    gateway = shown.gateway
    assert shown.simulator is not None
    for turn, moment_s in enumerate(MOMENTS_S):
        first = turn * PEOPLE
        campaign = rig.draft(gateway, rig.people(PEOPLE, first))
        here = f"/campanas/c/{campaign}"
        # One that dies again and again is started ever later: the launch alone at each moment, a pause once.
        dying = [("lanzar", {"password": rig.PASSWORD}), *([("pausar", {}), ("seguir", {})] if not turn else [])]
        for path, fields in dying:
            person.press_while_it_dies(moment_s, f"{here}/{path}", **fields)
            person.press_again(f"{here}/{path}", **fields)
        found = rig.wait(gateway, campaign, lambda each: each["state"] == "finished")
        assert (found["people"], found["messages"]) == (PEOPLE, PEOPLE)
        wanted = {rig.number_of(number) for number in range(first, first + PEOPLE)}
        told = Counter(one["to"] for one in shown.simulator.texts() if one["to"] in wanted)
        assert told == dict.fromkeys(wanted, 1), moment_s
        assert len(found["runs"]) == 1


def test_a_sheet_that_is_imported_as_the_web_process_dies_is_there_once(shown: Panel) -> None:
    gateway, person = shown.gateway, Person(shown)
    before = gateway.call("customer.count", account="norte")["count"]
    rows = "cliente;nombre;celular\n" + "".join(f"W-{n};Ana {n};115900{n:04}\n" for n in range(50))
    made = gateway.call("import.create", account="norte", upload=rig.upload(gateway, rows.encode()))
    number = made["import"]
    if made["columns"] is None:
        gateway.call("import.map", import_id=number, columns=made["guess"])
    gateway.call("import.dry", import_id=number)
    until = time.monotonic() + BACK_S
    while (state := gateway.call("import.show", import_id=number)["state"]) != "checked":
        assert time.monotonic() < until, state
        time.sleep(0.05)
    person.press_while_it_dies(MOMENTS_S[1], f"/clientes/importaciones/{number}/importar")
    person.press_again(f"/clientes/importaciones/{number}/importar")
    while (state := gateway.call("import.show", import_id=number)["state"]) != "done":
        assert time.monotonic() < until + BACK_S, state
        time.sleep(0.05)
    assert gateway.call("customer.count", account="norte")["count"] == before + 50
