"""All that a line's calls say, as prompts that Asterisk reaches."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dialplan.prompts import PromptError, Prompts, Say, Speech
from drivers.asterisk import amounts
from drivers.asterisk.options import AsteriskOptions
from drivers.asterisk.script import Script, plan
from drivers.base import CallContent, LineError


class Speaker:
    """Speaks what one line's calls say."""

    def __init__(self, line: str, options: AsteriskOptions) -> None:
        self._options = options
        speech = Speech(options.speech, options.convert, options.voice)
        self._prompts = Prompts(options.prompts, options.sounds(line), speech, options.prompts_keep_days * 86400.0)

    async def prompts(self, script: Script) -> Mapping[str, str]:
        """Returns a path for every name of the script's sounds; made before the call, and shared by equal words.

        Raises PromptError.
        """
        sounds = script.sounds(self._options.prompts)
        voice = self._voice(script)
        # All are waited for, that none is left under way unwatched when another fails.
        made = await asyncio.gather(
            *(self._prompts.path(parts, voice) for parts in sounds.values()), return_exceptions=True
        )
        for each in made:
            if isinstance(each, BaseException):
                raise each
        return dict(zip(sounds, (str(each) for each in made), strict=True))

    def lengths(self, prompts: Mapping[str, str]) -> Mapping[str, int]:
        """Returns how long each of these takes to say, in ms; 0 where that is not known."""
        return {name: self._prompts.length_ms(path) for name, path in prompts.items()}

    def file(self, name: str) -> Path | None:
        return self._prompts.file(name)

    async def heard(self, argument: str) -> Mapping[str, Any]:
        """Speaks what a call would say, for somebody to hear: `argument` is JSON, the script or the text of the call.
        Returns the name of each prompt's file and how long it takes. Raises LineError."""
        try:
            given = json.loads(argument)
            script = plan(str(given.get("text", "")), CallContent(given.get("script"))).script
            made = await self.prompts(script)
        except (ValueError, AttributeError, amounts.AmountError, PromptError) as error:
            raise LineError(str(error)) from None
        lengths = self.lengths(made)
        names = {name: path.rpartition("/")[2].removesuffix(".wav") for name, path in made.items()}
        return {"prompts": [{"name": name, "file": file, "ms": lengths[name]} for name, file in names.items()]}

    async def sample(self, text: str) -> str:
        """Speaks a text, to see that the commands work. Raises PromptError."""
        return await self._prompts.path([Say(text)])

    async def silence(self) -> str:
        """Returns a short prompt of nothing, to see whether Asterisk plays what is there. Raises PromptError."""
        return await self._prompts.quiet()

    def _voice(self, script: Script) -> str:
        if script.voice is not None:
            return script.voice
        language = script.language.split("-")[0]
        for known in (script.language, language):
            if known in self._options.voices:
                return self._options.voices[known]
        return self._options.voice if language == self._options.language.split("-")[0] else script.language


__all__ = ["PromptError", "Speaker"]
