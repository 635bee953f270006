"""Prompts: text and recordings made into one file that Asterisk plays, once for all calls that say the same.

A prompt is WAV, 8 kHz, mono, 16 bit: Asterisk answers the call and plays nothing for any other. Its name is a hash of
all that it is made of, so that equal texts share a file and a changed command or voice makes a new one. The hash has a
key of the folder's own: who knows a customer's text still cannot tell the name under which it may be fetched. What no
call has said for a while is removed; it is made again when one does.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import io
import json
import os
import re
import secrets
import tempfile
import time
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

RATE: Final = 8000
HEADER: Final = 44
"""Bytes before the samples, in what the wave module writes."""
COMMAND_S: Final = 60.0
"""Seven seconds of speech take 0.13 s with espeak-ng; large neural voices take longer than the speech itself."""
AT_ONCE: Final = 2
"""Commands that run at the same time: speech must not take the machine from the lines."""
TEXT_MAX: Final = 5000
"""Characters of one text: more than five minutes of speech."""
NAMES: Final = 256
SWEEP_S: Final = 3600.0
"""How often at most old prompts are looked for; a prompt's time of use is as coarse as this."""
KEY: Final = ".key"
NAME: Final = re.compile(r"[0-9a-f]{40}")


class PromptError(Exception):
    """The prompt cannot be made. `lasting` where the same will happen again: the text is at fault. `recording` where a
    recording is: other calls are not concerned."""

    def __init__(self, message: str, *, lasting: bool = False, recording: bool = False) -> None:
        super().__init__(message)
        self.lasting = lasting
        self.recording = recording


@dataclass(frozen=True, slots=True)
class Say:
    """A text to be spoken."""

    text: str


@dataclass(frozen=True, slots=True)
class Play:
    """A recorded file."""

    path: Path


@dataclass(frozen=True, slots=True)
class Speech:
    """How text becomes sound. In the words of a command `{text}`, `{voice}`, `{input}`, `{output}` are replaced; the
    text is on its standard input as well."""

    command: tuple[str, ...]
    convert: tuple[str, ...]
    voice: str


class Prompts:
    """The folder of prompts. `remote` is how Asterisk gets there: its own path of the folder, or an address."""

    def __init__(self, folder: Path, remote: str, speech: Speech, keep_s: float = 7 * 86400.0) -> None:
        self._folder, self._remote, self._speech, self._keep_s = folder, remote.rstrip("/"), speech, keep_s
        # A path is completed by Asterisk with the ending of a format it knows; an address is fetched as it is.
        self._ending = ".wav" if "://" in remote else ""
        self._making: dict[str, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(AT_ONCE)
        self._key: bytes | None = None
        self._recordings: dict[Path, tuple[int, int, str]] = {}
        self._names: dict[str, str] = {}
        """Of the latest prompts: a campaign says the same again and again, and each hash costs as much as the rest."""
        self._lengths: dict[str, int] = {}
        self._swept = 0.0
        self._sweeping: asyncio.Task[None] | None = None

    async def path(self, parts: Sequence[Say | Play], voice: str | None = None) -> str:
        """Returns how Asterisk names the prompt, and makes it if it is not there. Raises PromptError."""
        speech = Speech(self._speech.command, self._speech.convert, voice or self._speech.voice)
        name = self._name(parts, speech)
        if not _used(self._folder / f"{name}.wav"):
            self._sweep()
            task = self._making.get(name)
            if task is None:
                task = self._making[name] = asyncio.create_task(self._make(name, parts, speech), name="prompt")
                task.add_done_callback(lambda done: self._made(name, done))
            # The call that waits may be withdrawn; the prompt is made all the same, for the others.
            await asyncio.shield(task)
        return f"{self._remote}/{name}{self._ending}"

    async def quiet(self) -> str:
        """How Asterisk names a fifth of a second of silence: to try with, where nothing has to be spoken."""
        name = "0" * 40
        if not _used(self._folder / f"{name}.wav"):
            try:
                await asyncio.to_thread(_publish, self._folder / f"{name}.wav", _joined([bytes(RATE * 2 // 5)]))
            except OSError as error:
                raise PromptError(f"{error.filename}: {error.strerror}") from None
        return f"{self._remote}/{name}{self._ending}"

    def length_ms(self, path: str) -> int:
        """Returns how long a prompt takes to say, by the path that `path` gave it; 0 where the file is gone."""
        name = path.rpartition("/")[2].removesuffix(".wav")
        known = self._lengths.get(name)
        if known is None:
            try:
                size = (self._folder / f"{name}.wav").stat().st_size
            except (OSError, ValueError):
                return 0
            if len(self._lengths) >= NAMES:
                self._lengths.clear()
            known = self._lengths[name] = max(0, size - HEADER) * 1000 // (RATE * 2)
        return known

    def file(self, name: str) -> Path | None:
        """Returns the file of a prompt by its name, None for any name that is none of ours."""
        path = self._folder / f"{name}.wav"
        return path if NAME.fullmatch(name) and path.is_file() else None

    def _made(self, name: str, done: asyncio.Task[None]) -> None:
        self._making.pop(name, None)
        if not done.cancelled():
            done.exception()  # seen, even where everyone who waited has gone

    def _name(self, parts: Sequence[Say | Play], speech: Speech) -> str:
        if not parts:
            raise PromptError("there is nothing to say", lasting=True)
        said: list[list[str]] = []
        for part in parts:
            if isinstance(part, Play):
                said.append(["play", self._digest(part.path)])
            elif not part.text.strip() or "\0" in part.text or len(part.text) > TEXT_MAX:
                raise PromptError("a text is empty, too long, or not one", lasting=True)
            else:
                said.append(["say", part.text])
        if self._key is None:
            try:
                self._key = _key(self._folder)
            except OSError as error:
                raise PromptError(f"{error.filename}: {error.strerror}") from None
        made_of = json.dumps([said, speech.command, speech.convert, speech.voice])
        name = self._names.get(made_of)
        if name is None:
            if len(self._names) >= NAMES:
                self._names.clear()
            name = hmac.digest(self._key, made_of.encode("utf-8", "surrogatepass"), "sha256").hex()[:40]
            self._names[made_of] = name
        return name

    def _digest(self, path: Path) -> str:
        """SHA-256 of a recording, read again once it changes."""
        try:
            state = path.stat()
            known = self._recordings.get(path)
            if known is None or known[:2] != (state.st_mtime_ns, state.st_size):
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                known = self._recordings[path] = (state.st_mtime_ns, state.st_size, digest)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "no such name"
            raise PromptError(f"{path.name}: {reason}", recording=True) from None
        return known[2]

    def _sweep(self) -> None:
        now = time.time()
        if now - self._swept > SWEEP_S:
            self._swept = now
            self._sweeping = asyncio.create_task(asyncio.to_thread(_remove_old, self._folder, now - self._keep_s))

    async def _make(self, name: str, parts: Sequence[Say | Play], speech: Speech) -> None:
        async with self._room:
            try:
                with tempfile.TemporaryDirectory(prefix="gatewayd-prompt-") as scratch:
                    sounds = [await self._sound(part, speech, Path(scratch)) for part in parts]
                    await asyncio.to_thread(_publish, self._folder / f"{name}.wav", _joined(sounds))
            except OSError as error:
                raise PromptError(f"{error.filename}: {error.strerror}") from None

    async def _sound(self, part: Say | Play, speech: Speech, scratch: Path) -> bytes:
        """One part as samples."""
        if isinstance(part, Play):
            source = part.path
        else:
            source = scratch / "spoken.wav"
            await _run(speech.command, {"text": part.text, "voice": speech.voice, "output": str(source)}, part.text)
        samples = _samples(source)
        if samples is None:
            ready = scratch / "ready.wav"
            recording = isinstance(part, Play)
            try:
                await _run(speech.convert, {"input": str(source), "output": str(ready)}, "")
            except PromptError as error:
                raise PromptError(str(error), recording=recording) from None
            samples = _samples(ready)
            if not samples:
                raise PromptError("the command made no sound that Asterisk can play", recording=recording)
        if not samples:
            raise PromptError("there is no sound in it", recording=isinstance(part, Play))
        return samples


def _key(folder: Path) -> bytes:
    """The folder's key, made once. Raises OSError."""
    path = folder / KEY
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes()
    _open_folder(folder)
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=".")  # readable for us alone
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(secrets.token_bytes(32))
            out.flush()
            os.fsync(out.fileno())
        with contextlib.suppress(FileExistsError):  # another line was quicker
            path.hardlink_to(name)
    finally:
        Path(name).unlink()
    return path.read_bytes()


def _open_folder(folder: Path) -> None:
    """Makes it where there is none: Asterisk's user passes through to the names it is given, and lists nothing."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o751)


def _used(path: Path) -> bool:
    """Whether the prompt is there; if so, it is marked as used."""
    try:
        if time.time() - path.stat().st_mtime > SWEEP_S:
            os.utime(path)
    except OSError:
        return False
    return True


def _remove_old(folder: Path, before: float) -> None:
    for path in folder.glob("*.wav"):
        with contextlib.suppress(OSError):
            if NAME.fullmatch(path.stem) and path.stat().st_mtime < before:
                path.unlink()


async def _run(command: Sequence[str], values: Mapping[str, str], text: str) -> None:
    """Runs a command, its words filled in; no shell, so a text is never more than a text."""
    words = [re.sub(r"\{(\w+)\}", lambda m: values.get(m.group(1), m.group(0)), word) for word in command]
    # A text that begins with a dash would be an option of the command.
    words = [f" {word}" if given == "{text}" and word.startswith("-") else word
             for given, word in zip(command, words, strict=True)]  # fmt: skip
    # A file, not a pipe: a command that does not care for its input may end before a pipe is written to.
    with tempfile.TemporaryFile() as given:
        given.write(text.encode("utf-8", "replace"))
        given.seek(0)
        try:
            process = await asyncio.create_subprocess_exec(
                *words, stdin=given, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
            )
        except OSError as error:
            raise PromptError(f"{command[0]}: {error.strerror}") from None
    try:
        async with asyncio.timeout(COMMAND_S):
            _, complaint = await process.communicate()
    except TimeoutError:
        raise PromptError(f"{command[0]} took longer than {COMMAND_S:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        lines = complaint.decode("utf-8", "replace").strip().splitlines() or ["no message"]
        raise PromptError(f"{command[0]} ended with {process.returncode}: {lines[-1][:200]}")


def _samples(path: Path) -> bytes | None:
    """The samples of a file that Asterisk can play as it is, None for any other."""
    try:
        with wave.open(str(path), "rb") as sound:
            if (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) != (RATE, 1, 2):
                return None
            return sound.readframes(sound.getnframes())
    except (wave.Error, EOFError):
        return None


def _joined(sounds: Sequence[bytes]) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(b"".join(sounds))
    return out.getvalue()


def _publish(path: Path, content: bytes) -> None:
    """Whole or not at all: Asterisk may look at any moment. Readable for its user, who is seldom ours."""
    _open_folder(path.parent)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
            out.flush()
            # A name without its content, after a power cut, would be a prompt that nobody ever hears.
            os.fsync(out.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
