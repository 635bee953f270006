"""What a call would say is spoken for somebody to hear, by the line's own voice, and nobody is called."""

from __future__ import annotations

import json
import sys
import wave
from pathlib import Path

import pytest

from drivers.asterisk.options import AsteriskOptions
from drivers.asterisk.speaker import Speaker
from drivers.base import LineError

VOICE = (sys.executable, "-m", "gatewayd.demo.voice", "{output}")


def speaker(folder: Path, *command: str) -> Speaker:
    options = AsteriskOptions.model_validate(
        {
            "host": "127.0.0.1",
            "user": "u",
            "secret": "s",
            "dial": "PJSIP/{number}@t",
            "prompts": folder,
            "speech": command,
        }
    )
    return Speaker("pbx", options)


async def test_each_prompt_of_a_script_is_a_file(tmp_path: Path) -> None:
    script = {
        "message": [{"say": "Hola Ana"}, {"amount": "1.500,50"}],
        "menu": {"1": "repeat"},
        "menu_prompt": "Marque 1",
    }
    made = await speaker(tmp_path, *VOICE).heard(json.dumps({"script": script}))
    assert [one["name"] for one in made["prompts"]] == ["message", "menu"]
    for one in made["prompts"]:
        with wave.open(str(tmp_path / f"{one['file']}.wav")) as sound:
            assert sound.getframerate() == 8000
            assert abs(sound.getnframes() / 8 - one["ms"]) < 2
    plain = await speaker(tmp_path, *VOICE).heard(json.dumps({"script": None, "text": "Hola"}))
    assert [one["name"] for one in plain["prompts"]] == ["message"]


@pytest.mark.parametrize("argument", ["{}", "no", '{"script": {"message": [{"amount": "mil"}]}}', '{"script": 7}'])
async def test_what_cannot_be_spoken_is_said(tmp_path: Path, argument: str) -> None:
    with pytest.raises(LineError):
        await speaker(tmp_path, *VOICE).heard(argument)


async def test_without_a_voice_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(LineError, match="no-such-voice"):
        await speaker(tmp_path, "no-such-voice").heard(json.dumps({"text": "Hola"}))
