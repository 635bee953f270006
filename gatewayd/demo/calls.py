"""Calls in the demo, where the machine has an Asterisk: to a dozen people who listen, answer, are busy or a machine."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import click

from gatewayd.demo import pbx
from gatewayd.demo.kind import Campaign, Play, Table
from gatewayd.demo.voice import tone
from gatewayd.values.errors import UnavailableError
from gatewayd.words.translation import gettext as _

JOB: Final = "llamadas-demo"
FOLDER: Final = "asterisk"
STARTED: Final = "started"
CHANNELS: Final = 12

CALLEES: Final = """
[demo-people]
; What a telephone does is told by its last digit: 5 and 6 press a key, 7 is busy, 8 a machine, 9 does not answer.
exten => _X!,1,GotoIf($["${{EXTEN:-1}}" = "7"]?busy)
 same => n,GotoIf($["${{EXTEN:-1}}" = "9"]?silent)
 same => n,Wait(0.5)
 same => n,Answer()
 same => n,GotoIf($["${{EXTEN:-1}}" = "8"]?machine)
 same => n,Wait(0.2)
 same => n,Playback({sounds}/word)
 same => n,GotoIf($["${{EXTEN:-1}}" = "5"]?pays)
 same => n,GotoIf($["${{EXTEN:-1}}" = "6"]?leaves)
 same => n,Wait(20)
 same => n,Hangup()
 same => n(pays),Wait(5)
 same => n,SendDTMF(2)
 same => n,Wait(20)
 same => n,Hangup()
 same => n(leaves),Wait(5)
 same => n,SendDTMF(9)
 same => n,Wait(20)
 same => n,Hangup()
 same => n(machine),Playback({sounds}/greeting)
 same => n,Wait(20)
 same => n,Hangup()
 same => n(silent),Ringing()
 same => n,Wait(60)
 same => n,Hangup()
 same => n(busy),Busy(1)
"""

_PEOPLE: Final = ("Ana", "Luis", "Marta", "Jorge", "Lucía", "Pedro", "Sofía", "Raúl", "Elena", "Tomás", "Irma", "Hugo")


@contextmanager
def lines(play: Play) -> Iterator[Sequence[Table]]:
    """One trunk into a private Asterisk; none, and why, where there is no Asterisk."""
    folder = play.folder / FOLDER
    with ExitStack() as stack:
        found: Sequence[Table] = ()
        installation = pbx.installed()
        if installation is None:
            click.echo(_("no Asterisk on this machine: the demo shows no calls"), err=True)
        else:
            (folder / "sounds").mkdir(parents=True, exist_ok=True)
            tone(folder / "sounds/word.wav", 0.4)
            tone(folder / "sounds/greeting.wav", 4.0)
            people = CALLEES.format(sounds=folder / "sounds")
            try:
                found = [_trunk(stack.enter_context(pbx.running(installation, folder, people)))]
                (folder / STARTED).touch()
            except UnavailableError as error:
                click.echo(_("the demo shows no calls: {reason}").format(reason=error), err=True)
        yield found


def _trunk(started: pbx.Pbx) -> Table:
    table: dict[str, Any] = {
        "name": "trunk-1",
        "driver": "asterisk",
        "rate": "4/s",
        "port": started.port,
        "user": started.user,
        "secret": started.secret,
        "dial": "Local/{number}@demo-people/n",
        "number_format": "digits",
        "channels": CHANNELS,
        "prompts": str(started.folder / "prompts"),
    }
    if any(shutil.which(program) is None for program in ("espeak-ng", "sox")):
        click.echo(_("espeak-ng or sox is not installed: the calls of the demo say tones instead of words"), err=True)
        command = [sys.executable, "-P", "-m", "gatewayd.demo.voice", "{output}"]
        table |= {"speech": command, "convert": command}
    return table


def campaigns(play: Play) -> Sequence[Campaign]:
    """The calls, where there is somebody to make them."""
    if not (play.folder / FOLDER / STARTED).exists():
        return ()
    document = {
        "job": JOB,
        "channel": "call",
        "class": "notice",
        "recipients": [
            {"to": f"011 4321-00{number:02d}", "ref": f"C-{number:05d}", "nombre": name}
            for number, name in enumerate(_PEOPLE)
        ],
        "call": {
            "script": {
                # No amount: anybody may have answered.
                "message": [{"say": "Hola %nombre%. Le llamamos por su factura, que está vencida."}],
                "menu": {"1": "repeat", "2": "promise", "9": "opt_out"},
                "menu_prompt": "Si va a pagar, marque dos.",
                "confirm": {"promise": "Gracias.", "opt_out": "No lo llamaremos más."},
            },
            "amd": "detect",
            "min_heard_s": 2,
            "ring_s": 5,
            "retries": {"busy": {"times": 1, "pause": "3s"}},
        },
    }
    return [Campaign(JOB, json.dumps(document, ensure_ascii=False, indent=2).encode(), {})]
