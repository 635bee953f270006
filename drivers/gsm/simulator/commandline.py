"""The grammar of AT command lines (V.250 §5), and what a modem allows before its PIN and calls its errors."""

from __future__ import annotations

import re

COMMAND = re.compile(r"([+^*#$%!&][A-Za-z0-9/_]*|[A-Za-z])(=\?|\?|=)?(.*)", re.DOTALL)
CME_TEXT = {
    3: "operation not allowed",
    4: "operation not supported",
    10: "SIM not inserted",
    11: "SIM PIN required",
    12: "SIM PUK required",
    13: "SIM failure",
    14: "SIM busy",
    16: "incorrect password",
    50: "incorrect parameters",
    100: "unknown",
}
RESULT_DIGITS = {"OK": 0, "CONNECT": 1, "RING": 2, "NO CARRIER": 3, "ERROR": 4, "BUSY": 7, "NO ANSWER": 8}
"""Result codes as V0 has them (V.250 §5.7.1)."""
BEFORE_PIN = frozenset(
    {"", "A", "E", "V", "Q", "X", "Z", "&F", "&C", "&D", "&W", "I", "S", "H", "+CMEE", "+CPIN", "+CFUN", "+CGMI"}
    | {"+CGMM", "+CGMR", "+CGSN", "+GMI", "+GMM", "+GMR", "+GSN", "+CSQ", "+CREG", "+CGREG", "+CEREG", "+CLAC", "+GCAP"}
    | {"+CPINR", "+CSCS", "+IPR", "+IFC", "+ICF", "+CPAS", "+CMGF", "+CRC", "+CLIP"}
)
BEFORE_PIN_STRICT = frozenset({"", "E", "+CMEE", "+CPIN"})
MESSAGE_SERVICE = frozenset(
    {"+CMGS", "+CMGW", "+CMSS", "+CMGC", "+CMGL", "+CMGR", "+CMGD", "+CPMS", "+CNMI", "+CSCA", "+CSMP", "+CNMA"}
    | {"+CSMS"}
)
"""Commands whose failures are +CMS ERROR (27.005 §3.2.5)."""


def split_commands(line: str) -> list[str]:
    """The commands of one line without its AT (V.250 §5.2): `E0V1+CMGF=0;+CSQ` → `E0`, `V1`, `+CMGF=0`, `+CSQ`."""
    rest = line.strip()
    if rest[:1] == "+" and ";" not in rest:
        return [rest]
    commands: list[str] = []
    while rest:
        if rest[0] in "+^*#$%!" or rest[:1].upper() == "D":
            end = _extended_end(rest)
            commands.append(rest[:end].strip())
            rest = rest[end + 1 :].lstrip()
        elif rest[0] == ";":
            rest = rest[1:].lstrip()
        else:
            match = re.match(r"[Ss]\d+(=\d*|\?)?|&?[A-Za-z](\d+|=\?|\?)?", rest)
            size = match.end() if match else len(rest)
            commands.append(rest[:size])
            rest = rest[size:].lstrip()
    return commands or [""]


def _extended_end(text: str) -> int:
    if '"' not in text:
        end = text.find(";")
        return len(text) if end < 0 else end
    quoted = False
    for position, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif letter == ";" and not quoted:
            return position
    return len(text)
