"""Mutated job files and PDUs by the thousand: each refused with its reason or read, never a crash, never a hang."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.gsm import pdu
from spool.document import parse
from spool.errors import JobFileError
from tests.rig.trial import Trial, job, trial

__all__ = ["trial"]

SHORT, LONG = 1000, 10_000
SLOWEST_S = 2.0
"""For one input, on a machine that has other things to do: a hang, not slowness, is looked for."""

JOBS = [
    json.dumps(each, ensure_ascii=False).encode()
    for each in (
        job("a", 3, values={"empresa": "Norte"}, not_after="2026-11-23T18:00:00-03:00", priority="urgent"),
        {"job": "b", "channel": "sms", "text": "%nombre% 50% %%", "recipients_file": "x.csv", "recipients_rows": 3},
        {
            "job": "c",
            "channel": "call",
            "recipients": [{"to": "1150000000"}],
            "call": {
                "script": {"message": [{"say": "hola"}, {"amount": "%d%"}], "menu": {"1": "repeat"}},
                "ring_s": 30,
            },
        },
    )
]
PDUS = [
    "07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07",
    "0006D60B911326880736F4111011719551401110117195714000",
    pdu.Deliver(sender="+5491150000000", text="ñandú " * 9, at=None, encoding="ucs2").encode()[0],
]
BITS = b'{}[]",:\\/0123456789eE+-.truefalsnl\x00\xff\xc3\xa9 \n'


def mutated(source: bytes, dice: random.Random) -> bytes:
    """A few cuts, flips, repeats and strange bytes."""
    data = bytearray(source)
    for _ in range(dice.choice((1, 1, 2, 4, 16))):
        place = dice.randrange(len(data) + 1)
        match dice.randrange(6):
            case 0:
                data[place : place + dice.randrange(1, 12)] = b""
            case 1:
                data.insert(place, dice.choice(BITS))
            case 2 if place < len(data):
                data[place] ^= 1 << dice.randrange(8)
            case 3:
                data[place:place] = data[place : place + dice.randrange(1, 40)] * dice.choice((1, 2, 50))
            case 4:
                del data[place:]
            case _:
                data[place:place] = dice.choice((b"[" * 2000, b'{"a":' * 500, b"9" * 400, b"\\ud800", b"%", b"null"))
    return bytes(data)


def hexed(source: bytes, dice: random.Random) -> str:
    """The octets mutated, or the very digits."""
    if dice.random() < 0.8:
        return mutated(source, dice).hex().upper()
    return mutated(source.hex().encode(), dice).decode("latin-1")


def read_job(data: bytes) -> str:
    try:
        document = parse(data, "m.json")
    except JobFileError as error:
        return error.code if error.message else "no reason"
    assert document.channel
    return "read"


def read_pdu(digits: str) -> str:
    reason = ""
    for direction in ("to_mobile", "from_mobile"):
        try:
            pdu.decode(digits, direction=direction)
        except pdu.PduError as error:
            reason = str(error)
        else:
            return "read"
    return "refused" if reason else "no reason"


def run(count: int, one: Callable[[random.Random], str]) -> Counter[str]:
    ends: Counter[str] = Counter()
    for seed in range(count):
        began = time.monotonic()
        ends[one(random.Random(seed))] += 1
        assert time.monotonic() - began < SLOWEST_S, f"seed {seed} took too long"
    return ends


def job_files(count: int) -> Counter[str]:
    return run(count, lambda dice: read_job(mutated(dice.choice(JOBS), dice)))


def pdus(count: int) -> Counter[str]:
    return run(count, lambda dice: read_pdu(hexed(bytes.fromhex(dice.choice(PDUS)), dice)))


def test_mutated_job_files_and_pdus() -> None:
    ends, others = job_files(SHORT), pdus(SHORT)
    assert ends["json_invalid"] > SHORT / 4
    assert ends["read"]
    assert not ends["no reason"]
    assert set(others) == {"read", "refused"}


@pytest.mark.fault
def test_ten_thousand_mutated_job_files_and_pdus() -> None:
    ends, others = job_files(LONG), pdus(LONG)
    print(f"\n{LONG} job files: {dict(ends)}; {LONG} PDUs: {dict(others)}")
    assert sum(ends.values()) == sum(others.values()) == LONG


def test_a_daemon_answers_every_mutated_file(trial: Trial, tmp_path: Path) -> None:
    """Each is recorded, or refused with a reason beside it; the daemon goes on."""
    gateway, _ = trial(1)
    incoming = gateway.spool.folder("incoming", "norte")
    count = 150
    for seed in range(count):
        dice = random.Random(seed)
        aside = incoming / f".m{seed}.tmp"
        aside.write_bytes(mutated(dice.choice(JOBS[:1]), dice))
        aside.rename(incoming / f"m{seed}.json")
    gateway.drop(job("ultimo", text="sigue"))
    gateway.wait_job("ultimo")
    gateway.wait_gone(incoming)
    rejected = gateway.spool.folder("rejected", "norte")
    errors = [json.loads(path.read_text()) for path in rejected.glob("*.error.json")]
    assert errors
    assert all(each["code"] and each["message"] and each["file"] for each in errors)
    files = [path for path in rejected.glob("*.json") if not path.name.endswith(".error.json")]
    assert len(files) == len(errors)
    assert gateway.call("ping")["version"]
