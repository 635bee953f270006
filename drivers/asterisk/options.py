"""The driver's own keys of a `[[line]]` table, and what can be said of them before a call is made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from drivers.base import FILE_ONLY, spoken

_DIAL = re.compile(r"[A-Za-z0-9_]+/[^\s,;|&\x00-\x1f]+")
_NUMBER = re.compile(r"\+?[0-9*#]{1,32}")

Command = Annotated[tuple[str, ...], Field(json_schema_extra=dict(FILE_ONLY))]


class AsteriskOptions(BaseModel):
    """One trunk, or one way out of a dial plan, with a number of channels."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    """Where Asterisk's manager interface listens."""
    port: Annotated[int, Field(ge=1, le=65535)] = 5038
    user: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,80}$")]
    """The manager account's name (manager.conf)."""
    secret: SecretStr
    dial: str = "PJSIP/{number}@trunk"
    """The channel to call, `{number}` in its place: `PJSIP/{number}@trunk`, `Local/{number}@from-internal/n` …"""
    context: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,79}$")] = "gatewayd"
    """The context that answered calls are sent to, as `gatewayd dialplan install` writes it."""
    caller_id: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f,;]{0,100}$")] = ""
    """Shown to the person called: a number, or `Name <number>`; empty: the trunk's own."""
    channels: Annotated[int, Field(ge=1, le=2000)] = 1
    """Calls at once, never one more."""
    prompts: Path = Path("/var/lib/gatewayd/prompts")
    """Where rendered prompts are written."""
    prompts_remote: str | None = None
    """The same folder as Asterisk sees it, where that is another path; default: `prompts`."""
    prompts_url: Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9_.:@/-]{1,200}$")] | None = None
    """Where Asterisk reaches our HTTP port (`http://10.0.0.5:8080`) and fetches prompts, instead of a shared folder."""
    prompts_keep_days: Annotated[int, Field(ge=1, le=3650)] = 7
    """Days that a prompt is kept after the last call that said it."""
    speech: Command = ("espeak-ng", "-v", "{voice}", "-w", "{output}", "--stdin")
    """Command that writes the text as a WAV file; words as given, no shell."""
    convert: Command = ("sox", "-v", "0.9", "{input}", "-r", "8000", "-c", "1", "-b", "16", "{output}")
    """Command that makes of it what Asterisk plays: WAV, 8 kHz, mono, 16 bit."""
    voice: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}$")] = "es-419"
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "es"
    """The language that `voice` speaks."""
    voices: Mapping[str, Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}$")]] = {}
    """Voices of other languages, by language; one that is not named is asked for by the language's own name."""

    @field_validator("dial")
    @classmethod
    def _has_number(cls, value: str) -> str:
        if "{number}" not in value or not _DIAL.fullmatch(value):
            raise ValueError(spoken("write technology/…{number}…, without spaces, commas or line breaks"))
        return value

    @model_validator(mode="after")
    def _one_way_to_prompts(self) -> AsteriskOptions:
        if self.prompts_url and self.prompts_remote:
            raise ValueError(spoken("prompts_remote and prompts_url are given: keep one of them"))
        return self

    def sounds(self, line: str) -> str:
        """How Asterisk gets to the prompts of this line: a path of its own, or an address of ours."""
        if self.prompts_url:
            return f"{self.prompts_url.rstrip('/')}/prompts/{line}"
        return self.prompts_remote or str(self.prompts)

    def channel(self, address: str) -> str:
        """The channel to dial for a number; raises ValueError for what is no number."""
        if not _NUMBER.fullmatch(address):
            raise ValueError("not a telephone number")
        return self.dial.replace("{number}", address)
