"""A gateway that calls: the lines of a real Asterisk in its configuration, and jobs for its people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dialplan.context import render
from tests.peers.asterisk import SECRET, USER, Asterisk
from tests.peers.asterisk_callees import PEOPLE, callees
from tests.peers.asterisk_speech import CONVERT, SPEAK

TARIFF = '[tariff]\ncurrency = "ARS"\ncall = "0.90"\n'

LINE = """
[[line]]
name = "{name}"
driver = "asterisk"
rate = "{rate}"
number_format = "digits"
port = {port}
user = "{user}"
secret = "{secret}"
dial = "{dial}"
channels = {channels}
prompts = "{prompts}"
speech = {speech}
convert = {convert}
"""


def line(
    pbx: Asterisk,
    name: str = "troncal",
    *,
    channels: int = 4,
    rate: str = "100/s",
    dial: str = PEOPLE,
    port: int = 0,
    speech: Sequence[str] = SPEAK,
) -> str:
    """A `[[line]]` over this Asterisk; `port`: of something that stands between."""
    return LINE.format(
        name=name,
        rate=rate,
        port=port or pbx.port,
        user=USER,
        secret=SECRET,
        dial=dial,
        channels=channels,
        prompts=pbx.base / "prompts",
        speech=json.dumps(list(speech)),
        convert=json.dumps(list(CONVERT)),
    )


def exchange(base: Path, **how: Any) -> Asterisk:
    """An Asterisk with our context and the people, not yet started."""
    (base / "sounds").mkdir(parents=True)
    return Asterisk(base, render() + callees(base / "sounds"), **how)


def campaign(name: str, numbers: Iterable[str], **call: Any) -> tuple[dict[str, Any], Mapping[str, bytes]]:
    """A job that calls these numbers, and its list; keys beyond are those of `call`."""
    rows = "".join(f"{number};R{row}\n" for row, number in enumerate(numbers, 1))
    job = {"job": name, "channel": "call", "recipients_file": f"{name}.csv", "call": call}
    return job, {f"{name}.csv": f"telefono;ref\n{rows}".encode()}
