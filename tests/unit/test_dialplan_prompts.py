"""Prompts: made once, shared, whole or not at all, and playable by Asterisk."""

from __future__ import annotations

import asyncio
import os
import re
import stat
import sys
import wave
from pathlib import Path

import pytest

from dialplan.prompts import Play, PromptError, Prompts, Say, Speech
from tests.peers.asterisk_callees import tone
from tests.peers.asterisk_speech import CONVERT, SPEAK

COUNT = """
import runpy, sys
open(sys.argv[1], "a").write("x")
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs the program after the log's name, and leaves a mark in the log."""

SPY = "import pathlib, sys; pathlib.Path(sys.argv[3]).write_text(sys.argv[2])"


def prompts(folder: Path, speech: Speech | None = None) -> Prompts:
    return Prompts(folder / "prompts", "/remoto/", speech or Speech(SPEAK, CONVERT, "es-419"))


def length_s(folder: Path, path: str) -> float:
    assert path.startswith("/remoto/")
    with wave.open(str(folder / "prompts" / f"{path.removeprefix('/remoto/')}.wav")) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
        return float(sound.getnframes() / 8000)


async def test_a_text_becomes_what_asterisk_plays(tmp_path: Path) -> None:
    path = await prompts(tmp_path).path([Say("uno dos tres cuatro cinco")])
    assert length_s(tmp_path, path) == pytest.approx(2.0, abs=0.01)


async def test_speech_and_recordings_are_one_prompt(tmp_path: Path) -> None:
    tone(tmp_path / "intro.wav", 1.0)
    tone(tmp_path / "studio.wav", 0.5, rate=44_100)
    path = await prompts(tmp_path).path([Play(tmp_path / "intro.wav"), Say("mil"), Play(tmp_path / "studio.wav")])
    assert length_s(tmp_path, path) == pytest.approx(1.9, abs=0.01)


async def test_equal_texts_are_spoken_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    speech = Speech((sys.executable, "-c", COUNT, str(log), *SPEAK[1:]), CONVERT, "es")
    made = prompts(tmp_path, speech)
    paths = await asyncio.gather(*(made.path([Say("hola")]) for _ in range(20)))
    assert len(set(paths)) == 1
    assert await prompts(tmp_path, speech).path([Say("hola")]) == paths[0]
    assert log.read_text() == "x"
    assert await made.path([Say("hola")], voice="es-ar") != paths[0]
    assert await made.path([Say("chau")]) != paths[0]
    assert log.read_text() == "xxx"


async def test_a_recording_that_changes_is_another_prompt(tmp_path: Path) -> None:
    made, intro = prompts(tmp_path), tmp_path / "intro.wav"
    tone(intro, 0.5)
    first = await made.path([Play(intro)])
    tone(intro, 0.7)
    assert length_s(tmp_path, await made.path([Play(intro)])) == pytest.approx(0.7, abs=0.01)
    assert length_s(tmp_path, first) == pytest.approx(0.5, abs=0.01)


async def test_a_text_is_never_more_than_a_text(tmp_path: Path) -> None:
    """No shell, no option, no pattern of a command's word."""
    seen = tmp_path / "seen"
    for text in ("$(reboot); `reboot` | x", "-w /etc/passwd", "{output} {voice}", "á\nñ"):
        speech = Speech((sys.executable, "-c", SPY, "{output}", "{text}", str(seen)), CONVERT, "es")
        with pytest.raises(PromptError):
            await prompts(tmp_path, speech).path([Say(text)])
        assert seen.read_text().removeprefix(" ") == text
        assert not seen.read_text().startswith("-")


@pytest.mark.parametrize("text", ["", "  ", "a\0b", "x" * 5001])
async def test_what_cannot_be_said_is_refused_for_good(tmp_path: Path, text: str) -> None:
    with pytest.raises(PromptError) as caught:
        await prompts(tmp_path).path([Say(text)])
    assert caught.value.lasting


@pytest.mark.parametrize(
    "command",
    [
        ("no-such-program",),
        (sys.executable, "-c", "import sys; sys.exit('sin voz')"),
        (sys.executable, "-c", "import sys; open(sys.argv[1], 'w').write('nada')", "{output}"),
    ],
)
async def test_a_command_that_fails_leaves_nothing(tmp_path: Path, command: tuple[str, ...]) -> None:
    with pytest.raises(PromptError) as caught:
        await prompts(tmp_path, Speech(command, CONVERT, "es")).path([Say("hola")])
    assert not caught.value.lasting
    assert list(tmp_path.glob("prompts/*.wav")) == []


async def test_a_recording_that_is_missing_is_waited_for(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match=r"intro\.wav") as caught:
        await prompts(tmp_path).path([Play(tmp_path / "intro.wav")])
    assert (caught.value.lasting, caught.value.recording) == (False, True)


async def test_who_waits_may_go_without_losing_it_for_others(tmp_path: Path) -> None:
    made = prompts(tmp_path)
    first = asyncio.create_task(made.path([Say("hola")]))
    second = asyncio.create_task(made.path([Say("hola")]))
    await asyncio.sleep(0)
    first.cancel()
    assert length_s(tmp_path, await second) > 0


async def test_a_name_tells_nothing_to_who_knows_the_text(tmp_path: Path) -> None:
    """Names have a key of the folder's own: the same text is called otherwise elsewhere."""
    here, there = tmp_path / "a", tmp_path / "b"
    first, second = await prompts(here).path([Say("hola")]), await prompts(there).path([Say("hola")])
    assert first != second
    key = here / "prompts/.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    # Asterisk's user passes through to the names it is told; nobody lists them.
    assert stat.S_IMODE((here / "prompts").stat().st_mode) == 0o751
    assert stat.S_IMODE(next((here / "prompts").glob("*.wav")).stat().st_mode) == 0o644
    assert await prompts(here).path([Say("hola")]) == first


async def test_only_prompts_are_handed_out(tmp_path: Path) -> None:
    made = prompts(tmp_path)
    path = await made.path([Say("hola")])
    name = path.rpartition("/")[2]
    tone(tmp_path / "prompts/intro.wav", 0.1)
    (tmp_path / "secreto.wav").write_bytes(b"x")
    assert made.file(name) == tmp_path / f"prompts/{name}.wav"
    for other in ("intro", ".key", "../secreto", f"../prompts/{name}", f"{name}\n", name[:-1], "", name.upper() + "g"):
        assert made.file(other) is None, other
    assert made.file("f" * 40) is None


async def test_an_address_is_fetched_with_its_ending(tmp_path: Path) -> None:
    made = Prompts(tmp_path / "prompts", "http://10.0.0.5:8080/prompts/t1/", Speech(SPEAK, CONVERT, "es"))
    path = await made.path([Say("hola")])
    assert re.fullmatch(r"http://10\.0\.0\.5:8080/prompts/t1/[0-9a-f]{40}\.wav", path)
    assert re.fullmatch(r"http://10\.0\.0\.5:8080/prompts/t1/0{40}\.wav", await made.quiet())


async def test_what_no_call_says_any_more_is_removed(tmp_path: Path) -> None:
    first = prompts(tmp_path)
    old, used = [(await first.path([Say(text)])).rpartition("/")[2] for text in ("uno", "dos")]
    folder = tmp_path / "prompts"
    tone(folder / "intro.wav", 0.1)
    for path in folder.glob("*.wav"):
        os.utime(path, (0, 0))
    again = Prompts(folder, "/remoto/", Speech(SPEAK, CONVERT, "es-419"), keep_s=86_400)
    await again.path([Say("dos")])  # used again
    await again.path([Say("tres")])  # made: time to look round
    assert again._sweeping is not None
    await again._sweeping
    left = {path.stem for path in folder.glob("*.wav")}
    assert old not in left
    assert {used, "intro"} <= left
    assert len(left) == 3
