"""A voice for the demo on a machine without espeak-ng: a tone as long as the words would take.

`python -m gatewayd.demo.voice OUTPUT` reads the text on its standard input and writes what Asterisk plays.
"""

from __future__ import annotations

import math
import struct
import sys
import wave
from pathlib import Path
from typing import Final

RATE: Final = 8000
WORD_S: Final = 0.35


def tone(path: Path, seconds: float, loudness: int = 9000) -> None:
    """A voice, as far as a detector of loudness can tell."""
    samples = (int(loudness * math.sin(n * 0.35) * (0.6 + 0.4 * math.sin(n / 90))) for n in range(int(RATE * seconds)))
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))


if __name__ == "__main__":
    tone(Path(sys.argv[1]), WORD_S * max(1, len(sys.stdin.read().split())))
