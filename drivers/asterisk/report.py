"""What our dial plan says of an answered call: at its end as an event, or from Asterisk's database. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

TRANSFERS: Final = {"ANSWER": "answered", "BUSY": "busy", "NOANSWER": "no_answer", "CANCEL": "no_answer"}
"""DIALSTATUS of a transfer to what receipts call it; any other is `failed`."""

VALUE_MAX: Final = 4000
"""Characters of a kept value that are read: the context writes some hundred."""

_SPAN: Final = re.compile(r"(\d{1,16})-(\d{1,16})-(\d{0,9})")


@dataclass(frozen=True, slots=True)
class Report:
    """One answered call."""

    to: str = ""
    """Who was called, in E.164; empty where no key can be pressed."""
    heard_s: float = 0.0
    amd: str = ""
    """AMDSTATUS: HUMAN, MACHINE, NOTSURE, HANGUP; empty where detection was off or could not be done."""
    key: str = ""
    action: str = ""
    playback: str = ""
    """SUCCESS, or FAILED where a prompt is missing or in a wrong format."""
    left: bool = False
    """The message was left with a machine to its end."""
    script: str = ""
    """Of the AGI script of a call with steps: `begun`, `running` (hung up meanwhile), `done`, `prompt`, `failed`."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """What was pressed, by the name it was asked for."""
    transfer: str = ""
    """What became of the transfer: `answered`, `no_answer`, `busy`, `failed`; empty where there was none."""
    cause: int = 0


def report(said: Mapping[str, str]) -> Report:
    """Reads the headers of the event, under lower-case names, or the words of a kept value."""
    script = said.get("script", "")
    transfer = said.get("transfer", "")
    return Report(
        to=said.get("to", ""),
        heard_s=_heard_s(said.get("heard", ""), together=bool(script)),
        amd=said.get("amd", ""),
        key=said.get("key", "")[:1],
        action=said.get("action", ""),
        playback=said.get("played", ""),
        left=said.get("left", "") == "SUCCESS",
        script=script,
        answers=dict(pair.split(":", 1) for pair in said.get("answers", "").split() if ":" in pair),
        transfer=TRANSFERS.get(transfer, "failed") if transfer else "",
        cause=integer(said.get("cause", "")),
    )


def kept(value: str) -> Report:
    """Reads `NAME=VALUE NAME=VALUE … answers=NAME:DIGITS NAME:DIGITS …`; what it cannot read it leaves out."""
    words, _, answers = value[:VALUE_MAX].partition(" answers=")
    said = dict(word.split("=", 1) for word in words.split() if "=" in word)
    return report({**said, "answers": answers})


def _heard_s(spans: str, *, together: bool) -> float:
    """Seconds that the message was heard: of `+FROM-UNTIL-MOST` (Unix ms), MOST being how long it takes to say.

    A message is heard as long as the longest of its rounds; the steps of a script follow one another.
    """
    heard = [0.0]
    for begun, until, most in _SPAN.findall(spans[:VALUE_MAX]):
        seconds = max(0, int(until) - int(begun)) / 1000
        heard.append(min(seconds, int(most) / 1000) if most else seconds)
    return sum(heard) if together else max(heard)


def integer(text: str) -> int:
    """Returns a number of Asterisk's, 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 16 else 0
