"""The fixture most acceptance tests begin with: modems, a daemon, and an account that has credit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.rig.gateway import Gateway
from tests.rig.simulator import Simulator


class Trial(Protocol):
    """Starts modems and a daemon; keys beyond these are `Gateway`'s."""

    def __call__(
        self, modems: int = 1, *, credit: str = "1000", options: tuple[str, ...] = (), **keys: Any
    ) -> tuple[Gateway, Simulator]: ...


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    """Ends, in the reverse order, whatever it started."""
    opened: list[Gateway | Simulator] = []

    def start(
        modems: int = 1, *, credit: str = "1000", options: tuple[str, ...] = (), **keys: Any
    ) -> tuple[Gateway, Simulator]:
        simulator = Simulator(tmp_path, modems, options=options)
        opened.append(simulator)
        gateway = Gateway(tmp_path, simulator.ports, **keys)
        opened.append(gateway)
        gateway.start()
        gateway.account(credit=credit)
        return gateway, simulator

    yield start
    for each in reversed(opened):
        if isinstance(each, Simulator):
            each.close()
        elif each.process is not None:
            each.stop()


def one(number: int, **more: object) -> dict[str, object]:
    """A recipient: the `number`-th of a range of valid mobiles."""
    return {"to": f"11{50_000_000 + number:08d}", "ref": f"R{number}", **more}


def job(name: str, count: int = 1, **more: object) -> dict[str, object]:
    """A job of `count` short messages with inline recipients."""
    recipients = [one(number) for number in range(count)]
    return {"job": name, "channel": "sms", "text": f"Hola desde {name}", "recipients": recipients, **more}
