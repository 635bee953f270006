"""What a call is to say and do: the `call` of a job, its texts filled in. Pure.

`OutboundMessage.options["call"]` is that object; without one, the message's text is spoken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from dialplan.context import Action, Key
from dialplan.prompts import Play, Say

_ACTION = re.compile(r"(repeat|promise|opt_out)|(transfer):([A-Za-z0-9_-]{1,40})")
_RECORDING = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
"""A bare name: nothing that leads out of the folder of recordings."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Spoken(_Strict):
    say: str


class Recorded(_Strict):
    play: Annotated[str, Field(pattern=_RECORDING)]


class Amount(_Strict):
    amount: str


class Script(_Strict):
    """`message`, `menu`, and how it is spoken."""

    message: str | tuple[Spoken | Recorded | Amount, ...]
    menu: Mapping[Annotated[str, Field(pattern=r"^[0-9]$")], str] = {}
    menu_prompt: str | None = None
    confirm: Mapping[Literal["promise", "opt_out"], str] = {}
    goodbye: str | None = None
    language: str = "es"
    voice: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.+-]{1,64}$")] | None = None

    @field_validator("menu")
    @classmethod
    def _known_actions(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for action in value.values():
            if not _ACTION.fullmatch(action):
                raise ValueError("repeat, promise, opt_out or transfer:EXTENSION")
        return value

    def keys(self) -> dict[str, Key]:
        found = {}
        for digit, text in self.menu.items():
            match = _ACTION.fullmatch(text)
            assert match is not None
            action: Action = match.group(1) or match.group(2)  # type: ignore[assignment]  # one of the pattern's words
            found[digit] = Key(action, match.group(3) or "")
        return found

    def parts(self, recordings: Path) -> list[Say | Play]:
        """What is played, in order; a recording is a file in `recordings`."""
        if isinstance(self.message, str):
            return [Say(self.message)]
        parts: list[Say | Play] = []
        for each in self.message:
            match each:
                case Spoken():
                    parts.append(Say(each.say))
                case Recorded():
                    parts.append(Play(recordings / each.play))
                case Amount():
                    parts.append(Say(spoken_amount(each.amount)))
        return parts


class CallPlan(_Strict):
    """The `call` of a job."""

    script: Script
    amd: Literal["off", "detect", "leave_message"] = "off"
    min_heard_s: Annotated[float, Field(ge=0, le=600)] = 5
    """Seconds after which the message counts as heard; played to its end, it always does."""
    ring_s: Annotated[int, Field(ge=5, le=120)] = 30
    limit_s: Annotated[int, Field(ge=10, le=3600)] = 300
    retries: Mapping[str, Any] = {}
    """By disposition; the gateway's, not the line's."""


def plan(text: str, options: Mapping[str, Any]) -> CallPlan:
    """The plan of one call. Raises ValueError, its text naming what is wrong."""
    call = dict(options.get("call") or {})
    call.setdefault("script", {"message": text})
    try:
        return CallPlan.model_validate(call)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(place) for place in first["loc"])
        raise ValueError(f"call.{where}: {first['msg']}") from None


def spoken_amount(text: str) -> str:
    """`1.500,50` as a voice says it: `1500 con 50`. Whatever is no amount is left as it is."""
    match = re.fullmatch(r"\D*(\d{1,3}(?:[.,]\d{3})+|\d+)(?:[.,](\d{2}))?\D*", text.strip())
    if match is None:
        return text
    whole = re.sub(r"[.,]", "", match.group(1))
    cents = match.group(2)
    return f"{whole} con {cents}" if cents and cents != "00" else whole
