"""What a modem says, line by line: final results, unsolicited result codes, prompts. Pure; no I/O.

Sources: ITU-T V.250 (result codes), 3GPP TS 27.007 (+CME, +CREG, +CUSD), 3GPP TS 27.005 (SMS commands, +CMS).
Lines are Latin-1: modems emit bytes that are no text in any other encoding, and a reader must outlive them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

ESC = b"\x1b"
CTRL_Z = b"\x1a"

LONGEST_LINE = 16_384
"""Octets without a line end after which the rest is noise (wrong baud rate, a port in diagnostics mode)."""

_STRAY = "".join(map(chr, range(0x21))) + "\x7f\xff"
"""What may cling to a line: padding, the NULs and 0xFF of a port that wakes up, the echo of what ends a prompt."""

_NO_TEXT = bytes([*range(0x21), *range(0x7F, 0x100)])
"""Octets that are nothing when they stand before or behind a prompt."""

_SIGNS = bytes(octet for octet in range(0x100) if octet in _NO_TEXT or chr(octet) in "!#$%&*-.:;=>?_|~")
"""What a prompt may hold: no letter, no digit, no quote."""

_LONGEST_PROMPT = 8
"""Octets of a prompt without a line end, odd ones around its `>` included."""


@dataclass(frozen=True, slots=True)
class Final:
    """A final result code. `family` is `OK`, `CMS` (27.005 §3.2.5), `CME` (27.007 §9.2) or `ERROR` (a bare one)."""

    family: Literal["OK", "CMS", "CME", "ERROR"]
    code: int | None = None

    @property
    def ok(self) -> bool:
        return self.family == "OK"

    def __str__(self) -> str:
        return self.family if self.code is None else f"{self.family} {self.code}"


OK = Final("OK")
ERROR = Final("ERROR")

_FINALS = {
    "OK": OK,
    "ERROR": ERROR,
    "COMMAND NOT SUPPORT": ERROR,
    "COMMAND NOT SUPPORTED": ERROR,
    "NOT SUPPORTED": ERROR,
    "TOO MANY PARAMETERS": ERROR,
    "OPERATION NOT SUPPORTED": ERROR,
}

# fmt: off
_OF_EQUIPMENT = {
    "phone failure": 0, "me failure": 0, "operation not allowed": 3, "operation not supported": 4,
    "ph-sim pin required": 5, "sim not inserted": 10, "sim pin required": 11, "sim puk required": 12, "sim failure": 13,
    "sim busy": 14, "sim wrong": 15, "incorrect password": 16, "sim pin2 required": 17, "sim puk2 required": 18,
    "memory full": 20, "invalid index": 21, "not found": 22, "memory failure": 23, "text string too long": 24,
    "invalid characters in text string": 25, "dial string too long": 26, "invalid characters in dial string": 27,
    "no network service": 30, "network timeout": 31, "network not allowed - emergency calls only": 32, "unknown": 100,
}
_OF_MESSAGES = {
    "unassigned (unallocated) number": 1, "unassigned number": 1, "operator determined barring": 8, "call barred": 10,
    "short message transfer rejected": 21, "destination out of service": 27, "destination out of order": 27,
    "unidentified subscriber": 28, "facility rejected": 29, "unknown subscriber": 30, "network out of order": 38,
    "temporary failure": 41, "congestion": 42, "resources unavailable": 47, "resources unavailable, unspecified": 47,
    "requested facility not subscribed": 50, "requested facility not implemented": 69,
    "invalid short message transfer reference value": 81, "invalid message, unspecified": 95,
    "invalid mandatory information": 96, "message type non-existent or not implemented": 97,
    "message not compatible with short message protocol state": 98,
    "information element non-existent or not implemented": 99, "protocol error, unspecified": 111,
    "interworking, unspecified": 127, "me failure": 300, "phone failure": 300, "sms service of me reserved": 301,
    "operation not allowed": 302, "operation not supported": 303, "invalid pdu mode parameter": 304,
    "invalid text mode parameter": 305, "sim not inserted": 310, "(u)sim not inserted": 310, "sim pin required": 311,
    "sim pin necessary": 311, "(u)sim pin required": 311, "ph-sim pin required": 312, "ph-sim pin necessary": 312,
    "sim failure": 313, "(u)sim failure": 313, "sim busy": 314, "(u)sim busy": 314, "sim wrong": 315,
    "(u)sim wrong": 315, "sim puk required": 316, "(u)sim puk required": 316, "sim pin2 required": 317,
    "sim puk2 required": 318, "memory failure": 320, "invalid memory index": 321, "memory full": 322,
    "smsc address unknown": 330, "no network service": 331, "no network": 331, "network timeout": 332,
    "no +cnma acknowledgement expected": 340, "unknown error": 500, "unknown": 500,
}
# fmt: on
_BY_TEXT = {"CME": _OF_EQUIPMENT, "CMS": _OF_MESSAGES}
"""Numbers of the texts of +CME (27.007 §9.2) and +CMS (27.005 §3.2.5), from modems that insist on words whatever
+CMEE says; one text has a number of its own in each."""


def number(text: str) -> int | None:
    """Returns the number that `text` is in ASCII digits; None for anything else, and for more than nine digits."""
    return int(text) if len(text) < 10 and text.isascii() and text.isdigit() else None


def final(line: str) -> Final | None:
    """Returns the final result that `line` is as a whole, or None: `OK` is one, `OK see you` is not."""
    known = _FINALS.get(line)
    if known is not None:
        return known
    if line.startswith(("+CMS ERROR", "+CME ERROR")):
        text = line[10:].strip(": ").lower()
        code = number(text)
        family: Literal["CMS", "CME"] = "CMS" if line[3] == "S" else "CME"
        return Final(family, _BY_TEXT[family].get(text.rstrip(".")) if code is None else code)
    return None


_LONGEST_USSD = 1_000
"""Characters of a USSD text whose closing quote was lost; 182 octets are what the network sends."""

_TWO_LINES = ("+CMT:", "+CDS:", "+CBM:")

# fmt: off
_URC_HEADS = frozenset(
    {
        "+CMTI", "+CMT", "+CDS", "+CDSI", "+CBM", "+CBMI", "+CREG", "+CGREG", "+CEREG", "+CUSD", "+CUSATP",
        "+CRING", "+CLIP", "+CCWA", "+CSSI", "+CSSU", "+COLP", "+CDIP", "+CTZV", "+CTZE", "+CTZR", "+CTZDST",
        "+CIEV", "+CGEV", "+CALV", "+CCWV", "+CPIN", "+CFUN", "+CALA", "+PBREADY", "+SIND", "+QIND", "+QUSIM",
        "+ZUSIMR", "+ZPASR", "+ZDONR", "+ZPSTM", "+ZMSRI", "+WIND", "+CIND", "+CMER", "+PSUTTZ", "+CCINFO", "+CLCC",
        "+NITZ", "+STC", "+STIN", "+CPOS", "+RDY", "+SIM", "+UUSIMSTAT", "+WMSTK", "+MSTK", "+KSUP",
    }
)
# fmt: on
"""Heads of result codes that come unasked; one that belongs to the command under way is its answer instead."""

# fmt: off
_URC_WHOLE = frozenset(
    {
        "RING", "NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE", "RDY", "SYSSTART", "Call Ready", "SMS Ready",
        "SMS DONE", "PB DONE", "NORMAL POWER DOWN", "POWERED DOWN", "UNDER-VOLTAGE WARNNING",
        "OVER-VOLTAGE WARNNING", "SHUTDOWN", "READY", "START", "MODEM:STARTUP", "+PBREADY", "+PACSP0", "+PACSP1",
        "+SHUTDOWN", "AT-Command Interpreter ready",
    }
)

_BOOT = frozenset(
    {
        "RDY", "SYSSTART", "^SYSSTART", "Call Ready", "SMS Ready", "SMS DONE", "PB DONE", "START", "MODEM:STARTUP",
        "+PBREADY", "*ATREADY: 1", "AT-Command Interpreter ready", "+CFUN: 1", "+SIM READY", "+KSUP: 0",
    }
)
# fmt: on


def booted(line: str) -> bool:
    """Whether an unsolicited `line` is one that modems emit as they start: a hint to look at the settings."""
    return line in _BOOT


def sim_state(line: str) -> bool | None:
    """Whether an unsolicited `line` says that the SIM is there (True) or gone; None where it speaks of something else.

    `^SIMST` (Huawei): 1 valid, 255 none.
    """
    if line.startswith(("+CPIN:", "^SIMST:")):
        state = line.partition(":")[2].strip(' "')
        return state in ("READY", "1") if state in ("READY", "1", "NOT READY", "NOT INSERTED", "255") else None
    return True if line == "+SIM READY" else None


def unsolicited(line: str) -> bool:
    """Whether `line` is of a kind that comes unasked (`^` and `*` are the vendors' own)."""
    first = line[0]
    if first == "+":
        return line.partition(":")[0] in _URC_HEADS or line in _URC_WHOLE
    return first in "^*" or line in _URC_WHOLE


_MAKERS = "+^*%$#!&"
"""What the heads of result codes begin with, the makers' own included."""

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")


def is_hex(line: str) -> bool:
    return _HEX.fullmatch(line) is not None


def fits(header: str, pdu: str) -> bool:
    """Whether a line of hex can be the PDU that `header` announces: its last number counts the octets past the SMSC."""
    announced = number(header.rpartition(",")[2].rpartition(":")[2].strip())
    return announced is None or len(pdu) // 2 == announced + int(pdu[:2], 16) + 1


def written_out(header: str) -> bool:
    """Whether a routed code is of text mode: with a number and a time in quotes, not the length of a PDU."""
    return header.count('"') >= 4 and header.startswith(("+CMT:", "+CDS:"))


_REGISTRATION = ("+CREG:", "+CGREG:", "+CEREG:")


def answers(prefix: str, line: str) -> bool:
    """Whether `line` is the answer of the command that awaits `prefix`.

    `+CREG: 1` and `+CREG: 1,"00A1","1B2C"` are unsolicited, `+CREG: 0,1` is the answer (27.007 §7.2).
    """
    if not line.startswith(prefix):
        return False
    if prefix in _REGISTRATION:
        fields = line[len(prefix) :].split(",")
        return len(fields) > 1 and fields[1].strip().isdigit() and len(fields[1].strip()) == 1
    return True


@dataclass(frozen=True, slots=True)
class Unsolicited:
    """A result code that came unasked; `pdu` is the second line of `+CMT`, `+CDS`, `+CBM`."""

    line: str
    pdu: str | None = None

    @property
    def head(self) -> str:
        return self.line.partition(":")[0]


class Pairing:
    """Puts codes of several lines together: a header and its PDU, a USSD text and the lines it runs over."""

    __slots__ = ("_begun",)

    def __init__(self) -> None:
        self._begun = ""

    @property
    def open(self) -> bool:
        return bool(self._begun)

    def begin(self, line: str) -> bool:
        """Whether `line` is the first of several; a code begun before is given up."""
        if line.startswith("+CDS:") and written_out(line):
            return False  # it has one line
        if line.startswith(_TWO_LINES) or (line.startswith("+CUSD:") and line.count('"') % 2):
            self._begun = line
            return True
        return False

    def take(self, line: str, reading: bool) -> tuple[bool, Unsolicited | None]:
        """Whether `line` belongs to what was begun, and the code if that is whole now.

        Other lines may come in between. While a listing is `reading`, whose entries are pairs as well, only a PDU of
        the announced length is the code's. A USSD text goes on to its closing quote, whatever the lines are.
        """
        begun = self._begun
        if begun.startswith("+CUSD:"):
            begun = f"{begun}\n{line}"
            whole = begun.count('"') % 2 == 0 or len(begun) > _LONGEST_USSD
            self._begun = "" if whole else begun
            return True, Unsolicited(begun) if whole else None
        if written_out(begun):
            self._begun = ""  # text mode: the line behind it is the text, whatever it looks like
            return True, Unsolicited(begun, line)
        if not is_hex(line) or (reading and not fits(begun, line)):
            return False, None
        self._begun = ""
        return True, Unsolicited(begun, line)

    def clear(self) -> None:
        self._begun = ""


class Splitter:
    """Cuts the stream into stripped, non-empty lines; what comes after the last line end waits for more."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[str]:
        """Returns the whole lines of `data` and what waited before it. A prompt at the end counts as the line `>`,
        whatever odd octets surround it."""
        pieces = data.replace(b"\r", b"\n").split(b"\n")
        rest, last = self._rest, pieces.pop()
        lines: list[str] = []
        if pieces:
            if rest:
                pieces[0] = bytes(rest) + pieces[0]
                rest.clear()
            lines = [line for piece in pieces if piece and (line := piece.decode("latin-1").strip(_STRAY))]
        if last == b"> " and not rest:
            lines.append(">")
        elif last:
            rest += last
            if _prompts(rest):
                lines.append(">")
                rest.clear()
            elif len(rest) > LONGEST_LINE:
                rest.clear()
        return lines

    def clear(self) -> None:
        self._rest.clear()


def _prompts(rest: bytearray) -> bool:
    """Whether octets without a line end are a prompt: `>` with signs at most (`>:`, `>>`), amid what is no text."""
    if len(rest) > _LONGEST_PROMPT:
        return False
    bare = bytes(rest).strip(_NO_TEXT)
    return bare.startswith(b">") and not bare.translate(None, _SIGNS)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command was answered: its information lines and the final result."""

    final: Final
    lines: Sequence[str] = ()

    @property
    def ok(self) -> bool:
        return self.final.family == "OK"

    def value(self, prefix: str) -> str | None:
        """Returns what follows `prefix` in the first line that begins with it, stripped."""
        for line in self.lines:
            if line.startswith(prefix):
                return line[len(prefix) :].strip()
        return None

    def fields(self, prefix: str) -> list[str]:
        """Returns the comma-separated values after `prefix`, unquoted; empty when there is no such line."""
        value = self.value(prefix)
        return split_fields(value) if value is not None else []

    def text(self, command: str) -> str | None:
        """Returns the answer of a command that names no prefix (`+CGMI`, `+CGSN`): its first line, `command` taken off;
        lines that begin as makers' unsolicited ones do are passed over."""
        for line in self.lines:
            if line.startswith(f"{command}:"):
                return line.partition(":")[2].strip(' "')
            if line[0] not in _MAKERS:
                return line.strip('" ')
        return None

    def entries(self, prefix: str) -> Iterator[tuple[str, str]]:
        """Yields what follows `prefix` in each `+CMGR` or `+CMGL` header, and the hex line behind it, if any."""
        header, body = "", ""
        for line in (*self.lines, prefix):
            if line.startswith(prefix):
                if header:
                    yield header, body
                header, body = line[len(prefix) :].strip(), ""
            elif not body and is_hex(line):
                body = line


_FIELD = re.compile(r'\s*(?:"([^"]*)"|([^,]*))\s*(?:,|$)')


def split_fields(text: str) -> list[str]:
    """Returns the values of a comma-separated list; commas inside double quotes belong to the value."""
    fields = []
    at = 0
    while at <= len(text):
        match = _FIELD.match(text, at)
        if match is None:
            fields.append(text[at:].strip())
            break
        fields.append(match[1] if match[1] is not None else match[2].strip())
        if match.end() == len(text) and not match[0].endswith(","):
            break
        at = match.end()
    return fields


_WIDEST_RANGE = 255
"""Most that one range of a test command's answer spans (0-255)."""
_MOST_GROUPS = 32
"""More than any test command has parameters."""
_MOST_VALUES = 2_048
"""Values of one test command's answer, all groups together; what comes behind them is passed over."""


def groups(text: str) -> list[list[str]]:
    """Returns the parenthesised groups of a test command's answer, ranges spelt out: `(0-2),("SM","ME")`."""
    found: list[list[str]] = []
    count = 0
    for group in islice(re.finditer(r"\(([^()]*)\)", text), _MOST_GROUPS):
        values: list[str] = []
        for field in split_fields(group[1]):
            if count + len(values) > _MOST_VALUES:
                break
            low, dash, high = field.partition("-")
            first, last = number(low), number(high)
            if not dash or first is None or last is None:
                values.extend([field] if field else ())
            elif 0 <= last - first <= _WIDEST_RANGE:
                values.extend(map(str, range(first, last + 1)))
        count += len(values)
        found.append(values)
    return found
