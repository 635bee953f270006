"""Which field of a form an operation's error is about. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from gatewayd.values.errors import GatewayError, UsageError


def fault(field: str, sentence: str) -> UsageError:
    """Returns the error of one field of a form; `sentence` says what to do, in the person's language."""
    return UsageError(f"{field}: {sentence}")


def faults_of(error: GatewayError, fields: Iterable[str]) -> tuple[dict[str, str], str]:
    """Returns the sentence of each field that the error names (`field: sentence; field: sentence`), and what is left
    of it."""
    known = set(fields)
    faults: dict[str, str] = {}
    rest: list[str] = []
    last = ""
    for part in str(error).split("; "):
        name, colon, sentence = part.partition(": ")
        if colon and name in known:
            last = name
            faults.setdefault(name, sentence)
        elif last:
            faults[last] = f"{faults[last]}; {part}"
        else:
            rest.append(part)
    return faults, "; ".join(rest)
