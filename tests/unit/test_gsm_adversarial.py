"""Whatever a modem, a SIM or a network sends: reading it takes no time worth mentioning and raises nothing else."""

from __future__ import annotations

import contextlib
import functools
import gc
import time
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from drivers.gsm import at, cbs, pdu, textmode, ussd
from drivers.gsm.dialogue import Dialogue
from drivers.gsm.pdu import PduError
from drivers.gsm.profile import GENERIC
from drivers.gsm.questions import digits_of
from drivers.gsm.receiving import inbound
from drivers.gsm.references import References
from drivers.gsm.timing import Timing
from tests.unit.test_gsm_dialogue import Ears, Wire

BOUND_S = 0.05
"""For one line, however long; measured as processor time, so that a busy machine makes no difference."""

N = at.LONGEST_LINE

LINES = {
    "quotes": '"' * N,
    "quote and comma": '",' * (N // 2),
    "open quote": '"' + "a," * (N // 2),
    "quotes and blanks": '"a"   x,' * (N // 8),
    "commas": "," * N,
    "blanks": " " * N,
    "open brackets": "(" * N,
    "brackets": "()" * (N // 2),
    "ranges": "(" + "0-255," * (N // 6) + ")",
    "many ranges": "(0-255)" * (N // 7),
    "wide range": "(0-999999999),(999999999-0)",
    "digits": "1" * N,
    "digits of other scripts": "²" * N,
    "hex": "A5" * (N // 2),
    "odd hex": "A5" * (N // 2 - 1) + "A",
    "greater than": ">" * N,
    "0xff": "\xff" * N,
    "nul and greater than": "\x00>" * (N // 2),
    "colons": ":" * N,
    "times": "26/11/30,10:00:00-12" * (N // 20),
}
HEADS = (
    *("", "+CMS ERROR: ", "+CME ERROR: ", "+CMGS: ", "+CMT: ", '+CMT: "x",,"y"', "+CDS: ", '+CDS: 6,1,"x",129,"y",'),
    *("+CDSI: ", "+CMTI: ", "+CUSD: ", '+CUSD: 0,"', "+CREG: ", "+CPIN: ", "^SIMST: ", "+CMGL: ", "+CMGR: ", "> "),
)


READERS: tuple[Callable[[str], object], ...] = (
    *(at.final, at.unsolicited, at.booted, at.sim_state, at.written_out, at.is_hex, at.number, at.split_fields),
    *(at.groups, textmode.report, textmode.from_ucs2),
)


def timed(read: Callable[..., Any], *given: Any) -> None:
    took = _took(read, *given)
    if took >= BOUND_S:
        # The collector may have had its turn in the middle, over all that earlier tests have left.
        gc.collect()
        took = _took(read, *given)
    assert took < BOUND_S, f"{took:.3f} s"


def _took(read: Callable[..., Any], *given: Any) -> float:
    began = time.process_time()
    with contextlib.suppress(PduError):
        read(*given)
    return time.process_time() - began


@pytest.mark.parametrize("kind", sorted(LINES))
def test_every_reader_of_lines(kind: str) -> None:
    body = LINES[kind]
    for head in ("", *HEADS[4:10:2], HEADS[11]):
        line = (head + body)[:N].strip(at._STRAY) or "x"
        reply = at.Reply(at.OK, (line, line))
        for read in READERS:
            timed(read, line)
        timed(at.fits, line, line if at.is_hex(line) else "00")
        timed(at.answers, "+CREG:", line)
        timed(reply.text, "+CGMI")
        timed(reply.fields, "+CREG:")
        timed(list, reply.entries("+CMGL:"))
        timed(digits_of, reply, "+CGSN", 14)
        timed(textmode.received, line, line)
        for coding in (15, 72):
            timed(functools.partial(ussd.decode, line, coding, packed=True))
        timed(References(1).judge, line)


@pytest.mark.parametrize("kind", sorted(LINES))
@pytest.mark.parametrize("size", [1, 7, 4096])
def test_the_splitter(kind: str, size: int) -> None:
    data = LINES[kind].encode("latin-1", "replace")
    splitter = at.Splitter()

    def feed() -> None:
        for start in range(0, len(data), size):
            splitter.feed(data[start : start + size])

    timed(feed)


@pytest.mark.parametrize("head", HEADS)
async def test_the_dialogue_in_every_state(head: str) -> None:
    """A long line, and then thousands of short ones of the same kind, in a listing and with nothing under way."""
    wire = Wire()
    wire.dialogue = dialogue = Dialogue(wire, Ears(), Timing())
    try:
        for body in ('"' * N, "," * N, "1" * N, "A5" * (N // 2)):
            timed(dialogue.feed, f"{head}{body}\r\n".encode("latin-1"))
            timed(dialogue.feed, f"{head}{body[:8]}\r\n".encode("latin-1") * 500)
    finally:
        dialogue.close()


def test_a_ussd_text_without_an_end() -> None:
    pairing = at.Pairing()
    assert pairing.begin('+CUSD: 0,"')
    timed(lambda: [pairing.take("x" * 100, False) for _ in range(2_000)])


@pytest.mark.parametrize("seed", range(3))
def test_every_reader_of_pdus(seed: int) -> None:
    """Octets at random, real PDUs with octets changed, cut and grown, and the longest that a line can hold."""
    random = Random(seed)
    real = [
        pdu.Deliver("+5491144440000", "Hola " * 20, None, pdu.Concat(7, 3, 2)).encode()[0],
        pdu.Deliver("Banco", "ñandú 📶", None, encoding="ucs2").encode()[0],
        pdu.StatusReport(7, "+5491155550001", 0, None, None).encode()[0],
    ]
    samples = ["", "00", "FF" * (N // 2), "00" * (N // 2), "0004" + "FF" * 200]
    for digits in real:
        octets = bytearray.fromhex(digits)
        for _ in range(150):
            spoilt = bytearray(octets)
            for _ in range(random.randrange(1, 4)):
                spoilt[random.randrange(len(spoilt))] = random.randrange(256)
            cut = random.randrange(len(spoilt) + 1)
            samples += [spoilt.hex(), spoilt[:cut].hex(), spoilt.hex() + spoilt[:cut].hex()]
    samples += [random.randbytes(random.randrange(200)).hex() for _ in range(300)]
    for digits in samples:
        timed(pdu.decode, digits)
        timed(cbs.decode_string, bytes.fromhex(digits), random.randrange(256))
        try:
            content = pdu.decode(digits)
        except PduError:
            continue
        if isinstance(content, pdu.Deliver):
            timed(inbound, digits, content)


def test_a_number_too_long_to_be_one_is_none() -> None:
    assert at.number("9" * 5_000) is None
    assert at.number("²") is None
    assert at.number("٣") is None
    assert at.final("+CMS ERROR: " + "9" * 5_000) == at.Final("CMS", None)
    assert GENERIC.certain == frozenset()
