"""A speech synthesiser for tests, run as the configured command: WORDS seconds of tone at 22,050 Hz for a text.

`asterisk_speech.py speak OUTPUT` reads the text on its standard input; `asterisk_speech.py convert INPUT OUTPUT` makes
8 kHz of it. Both are what espeak-ng and sox are in real life, with nothing to install.
"""

from __future__ import annotations

import sys
import wave
from pathlib import Path

if __package__:
    from tests.peers.asterisk_callees import tone
else:
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    from asterisk_callees import tone  # type: ignore[import-not-found,no-redef]  # run as a script

RATE = 22_050
SECONDS_A_WORD = 0.4

SPEAK = (sys.executable, __file__, "speak", "{output}")
CONVERT = (sys.executable, __file__, "convert", "{input}", "{output}")


def main(arguments: list[str]) -> None:
    match arguments:
        case ["speak", output, *_]:
            tone(Path(output), SECONDS_A_WORD * max(1, len(sys.stdin.read().split())), RATE)
        case ["convert", source, output]:
            with wave.open(source, "rb") as sound:
                tone(Path(output), sound.getnframes() / sound.getframerate())


if __name__ == "__main__":
    main(sys.argv[1:])
