"""Names of folders as IMAP spells them: modified UTF-7 (RFC 3501 §5.1.3). Pure."""

from __future__ import annotations

import base64


def encoded(name: str) -> str:
    """Spells a folder's name in ASCII: `Devoluções` is `Devolu&AOcA9Q-es`, `R&D` is `R&-D`."""
    pieces: list[str] = []
    foreign: list[str] = []
    for char in name:
        if " " <= char <= "~":
            pieces += [_shifted(foreign), "&-" if char == "&" else char]
        else:
            foreign.append(char)
    return "".join(pieces) + _shifted(foreign)


def _shifted(foreign: list[str]) -> str:
    """Spells characters beyond ASCII as base64 of UTF-16, with a comma for the slash; empties the list."""
    if not foreign:
        return ""
    octets = "".join(foreign).encode("utf-16-be", "surrogatepass")
    foreign.clear()
    return f"&{base64.b64encode(octets).rstrip(b'=').decode('ascii').replace('/', ',')}-"
