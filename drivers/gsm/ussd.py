"""USSD, the operators' menu by `*` and `#` (27.007 §7.15): the request as this modem wants it, the answer as text."""

from __future__ import annotations

import asyncio
import re

from drivers.base import LineError, spoken
from drivers.gsm import at
from drivers.gsm.alphabet import decode7, encode7
from drivers.gsm.dialogue import Dialogue
from drivers.gsm.profile import Profile
from drivers.gsm.septet import pack, unpack
from drivers.gsm.textmode import from_ucs2, to_ucs2
from drivers.gsm.timing import Timing

_CODE = re.compile(r"[0-9*#+A-Za-z .]{1,160}")

_STATES = {
    "2": spoken("the network ended the session"),
    "3": spoken("another client of the modem has answered"),
    "4": spoken("the network does not support this code"),
    "5": spoken("the network did not answer"),
}
"""`m` of +CUSD; 0 is the end with an answer, 1 an answer that wants a reply."""


class Ussd:
    """The USSD session of one connection; one question at a time."""

    def __init__(self, dialogue: Dialogue, timing: Timing) -> None:
        self._dialogue = dialogue
        self._timing = timing
        self._answer: asyncio.Future[list[str]] | None = None

    def on_unsolicited(self, code: at.Unsolicited) -> bool:
        if not code.line.startswith("+CUSD:"):
            return False
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(at.split_fields(code.line[6:].strip()))
        return True

    async def ask(self, code: str, profile: Profile, *, ucs2: bool = False) -> tuple[str, bool]:
        """Returns the network's answer and whether it awaits a reply (ask again with it); `ucs2`: texts travel so.
        Raises `LineError`."""
        if _CODE.fullmatch(code) is None:
            raise LineError(spoken("a USSD code is made of digits, * and #"))
        if self._answer is not None:
            raise LineError(spoken("another USSD question is under way"))
        self._answer = answer = asyncio.get_running_loop().create_future()
        try:
            await self._request(code, profile, ucs2)
            fields = await asyncio.wait_for(answer, self._timing.ussd_s)
        except TimeoutError:
            await self._dialogue.command("AT+CUSD=2", timeout_s=self._timing.network_s)
            raise LineError(_STATES["5"]) from None
        finally:
            self._answer = None
        if fields[0] in _STATES and len(fields) < 2:
            raise LineError(_STATES[fields[0]])
        text = fields[1] if len(fields) > 1 else ""
        if ucs2:
            return from_ucs2(text), fields[0] == "1"
        coding = at.number(fields[2]) if len(fields) > 2 else None
        return decode(text, 15 if coding is None else coding, packed=profile.ussd_hex), fields[0] == "1"

    async def _request(self, code: str, profile: Profile, ucs2: bool) -> None:
        plain = to_ucs2(code) if ucs2 else code
        for packed in (profile.ussd_hex, not profile.ussd_hex):
            text = pack(encode7(code)).hex().upper() if packed else plain
            reply = await self._dialogue.command(f'AT+CUSD=1,"{text}",15', timeout_s=self._timing.network_s)
            if reply.ok:
                return
        raise LineError(f"the modem refuses USSD: {reply.final}")


def decode(text: str, coding: int, *, packed: bool) -> str:
    """Returns the text of a +CUSD answer; `coding` is the CBS data coding scheme (23.038 §5), `packed` 7-bit in hex."""
    hexadecimal = bool(text) and at.is_hex(text)
    if hexadecimal and len(text) % 4 == 0 and (coding & 0x4C == 0x48 or coding & 0xFC == 0x90):
        return bytes.fromhex(text).decode("utf-16-be", "replace").rstrip("\r\0")
    if hexadecimal and packed:
        octets = bytes.fromhex(text)
        septets = unpack(octets, len(octets) * 8 // 7)
        # Seven bits left over at the end are a CR, or zeros that would read as @ (23.038 §6.1.2.3.1).
        if len(octets) % 7 == 0 and septets[-1:] in (b"\r", b"\0"):
            septets = septets[:-1]
        return decode7(septets)
    return "".join(_letter(letter) for letter in text)


_ASCII_MEANT = "$@_\n\r"
"""Where firmware disagrees whether +CSCS="GSM" codes a text: nobody's balance is in ¤, ¡ or §."""


def _letter(letter: str) -> str:
    if letter in _ASCII_MEANT or ord(letter) >= 0x80 or letter == "\x1b":
        return letter
    return decode7(letter.encode("latin-1"))
