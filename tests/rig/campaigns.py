"""Campaigns of a trial: a list of people uploaded, a campaign saved and launched, over a daemon's control socket."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tests.rig.gateway import Gateway

ACCOUNT: Final = "norte"
PASSWORD: Final = "corral-de-piedra-verde"
PORTION: Final = 256 << 10
STEP_S: Final = 0.02


def people(count: int, first: int = 0) -> bytes:
    """Returns a sheet of that many people, each at a number of its own."""
    rows = "".join(f"11{50_000_000 + n:08d};R{n};Ana{n};{n},50\n" for n in range(first, first + count))
    return ("telefono;ref;nombre;deuda\n" + rows).encode()


def number_of(person: int) -> str:
    """Returns the number of somebody on the sheet of `people`."""
    return f"+54911{50_000_000 + person:08d}"


def upload(gateway: Gateway, data: bytes, file: str = "clientes.csv") -> str:
    """Uploads a file; returns its id."""
    number: str = gateway.call("upload.begin", account=ACCOUNT, file=file)["id"]
    for at in range(0, len(data), PORTION):
        portion = base64.b64encode(data[at : at + PORTION]).decode()
        gateway.call("upload.add", account=ACCOUNT, upload=number, at=at, data=portion)
    gateway.call("upload.end", account=ACCOUNT, upload=number)
    return number


def wait(gateway: Gateway, campaign: int, wanted: Callable[[Mapping[str, Any]], bool], s: float = 60.0) -> Any:
    """Returns the campaign once it is as wanted; AssertionError with what it is after so many seconds."""
    until = time.monotonic() + s
    while True:
        found = gateway.call("campaign.show", campaign=campaign)
        if wanted(found):
            return found
        assert time.monotonic() < until, found
        time.sleep(STEP_S)


def draft(gateway: Gateway, data: bytes, text: str = "Hola %nombre%, debe $ %deuda%", **document: Any) -> int:
    """Saves a campaign of SMS to an uploaded sheet and waits until that is read; returns its number."""
    words = {} if "ladder" in document else {"channel": "sms", "content": {"text": text}}
    said = {**words, "audience": {"upload": upload(gateway, data)}, **document}
    made: int = gateway.call("campaign.save", account=ACCOUNT, title="Agosto", document=said)["campaign"]
    wait(gateway, made, lambda found: found["list"]["state"] != "loading")
    return made


def launch(gateway: Gateway, campaign: int) -> Any:
    """Launches a campaign."""
    return gateway.call("campaign.launch", campaign=campaign, password=PASSWORD)


def allow(gateway: Gateway, **rule: Any) -> None:
    """Gives the account its password for sends to many."""
    gateway.call("mass.set", account=ACCOUNT, password=PASSWORD, **rule)


def told_to(texts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Returns the numbers that the network took a text for, as often as it did."""
    return sorted(str(one["to"]) for one in texts)
