"""Who is called in the test Asterisk: a context of simulated callees, by the first digits of the number.

Local channels stand for telephones: Asterisk itself plays the humans, machines and dead ends.
"""

from __future__ import annotations

import math
import struct
import wave
from pathlib import Path

DIAL = "Local/{number}@callees/n"

PEOPLE = "Local/{number}@people/n"
"""The same callees behind numbers of a country: `549115` and then kind, digit and four digits of their own."""

LISTENS, PRESSES, LEAVES, MACHINE = "10", "11", "12", "13"
"""`11` presses the digit after it: `112…` presses 2. `12` hangs up as it answers."""
TYPES = "17"
"""`17abcde…` presses abc, and then d and e, each 1.8 s after what was before."""
CHOOSES = "18"
"""`18gwkvl…` listens to its own greeting if g is 1, waits w half seconds, presses k, and v half seconds later l; a wait
of 0 presses nothing."""
POUND, STAYS = "190", "191"
"""Both press `#` and then `*` within two seconds of the message; `190` hangs up then, `191` listens."""
BUSY, CONGESTION, SILENT, REJECTS, UNKNOWN, LATER, SHORT = "20", "21", "22", "23", "24", "14", "15"
"""`22` rings and never answers, `24` is no number, `14` answers with one word and listens, `15` hears one second."""
PATIENT, MUTE, NOWHERE = "16", "28", "99"
"""`16` listens for 6 s before it presses the digit after it; `28` lets nothing be heard for two seconds and is busy;
`99` is nowhere in the dial plan."""


def person(kind: str, serial: int, digit: int = 0) -> str:
    """The number, as a billing system writes it, of one of the people."""
    return f"115{kind}{digit}{serial:04d}"


CALLEES = """
[callees]
exten => _10.,1,Answer()
 same => n,Wait(60)
exten => _11X.,1,Answer()
 same => n,Wait(0.6)
 same => n,SendDTMF(${{EXTEN:2:1}})
 same => n,Wait(60)
exten => _12.,1,Answer()
 same => n,Wait(0.2)
 same => n,Hangup()
exten => _13.,1,Answer()
 same => n,Playback({sounds}/greeting&{sounds}/quiet)
 same => n,Wait(60)
exten => _14.,1,Answer()
 same => n,Wait(0.2)
 same => n,Playback({sounds}/word)
 same => n,Wait(60)
exten => _15.,1,Answer()
 same => n,Wait(1)
 same => n,Hangup()
exten => _17XXXXX.,1,Answer()
 same => n,Wait(2)
 same => n,SendDTMF(${{EXTEN:2:3}},150,150)
 same => n,Wait(1.8)
 same => n,SendDTMF(${{EXTEN:5:1}})
 same => n,Wait(1.8)
 same => n,SendDTMF(${{EXTEN:6:1}})
 same => n,Wait(60)
exten => _18XXXXX.,1,Answer()
 same => n,ExecIf($["${{EXTEN:2:1}}" = "1"]?Playback({sounds}/greeting))
 same => n,Wait($[${{EXTEN:3:1}} / 2])
 same => n,SendDTMF(${{EXTEN:4:1}})
 same => n,GotoIf($["${{EXTEN:5:1}}" = "0"]?listen)
 same => n,Wait($[${{EXTEN:5:1}} / 2])
 same => n,SendDTMF(${{EXTEN:6:1}})
 same => n(listen),Wait(60)
exten => _19X.,1,Answer()
 same => n,Wait(0.8)
 same => n,SendDTMF(#)
 same => n,Wait(0.5)
 same => n,SendDTMF(*)
 same => n,ExecIf($["${{EXTEN:2:1}}" = "0"]?Hangup())
 same => n,Wait(60)
exten => _16X.,1,Answer()
 same => n,Wait(6)
 same => n,SendDTMF(${{EXTEN:2:1}})
 same => n,Wait(60)
exten => _20.,1,Busy(1)
exten => _21.,1,Congestion(1)
exten => _22.,1,Ringing()
 same => n,Wait(120)
exten => _23.,1,Hangup(21)
exten => _24.,1,Hangup(1)
exten => _28.,1,Wait(2)
 same => n,Hangup(17)
exten => h,1,NoOp()
[people]
exten => _549115X.,1,Goto(callees,${{EXTEN:6}},1)
[gatewayd-transfer]
exten => ventas,1,Answer()
 same => n,Wait(0.5)
 same => n,Hangup()
exten => larga,1,Answer()
 same => n,Wait(14)
 same => n,Hangup()
exten => nadie,1,Ringing()
 same => n,Wait(90)
exten => sorda,1,Ringing()
 same => n,Wait(2)
 same => n,Hangup(19)
exten => ocupada,1,Hangup(17)
exten => cerrada,1,Hangup(38)
"""


def callees(sounds: Path) -> str:
    """The context, and beside it in `sounds` what its people say."""
    tone(sounds / "greeting.wav", 4.0)
    tone(sounds / "word.wav", 0.5)
    tone(sounds / "quiet.wav", 20.0, loudness=0)
    return CALLEES.format(sounds=sounds)


def tone(path: Path, seconds: float, rate: int = 8000, loudness: int = 9000) -> None:
    """A voice, as far as a detector of loudness can tell."""
    samples = (int(loudness * math.sin(n * 0.35) * (0.6 + 0.4 * math.sin(n / 90))) for n in range(int(rate * seconds)))
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
