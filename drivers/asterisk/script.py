"""What a call is to say and do: the `call` of a job, its texts filled in. Pure.

Without a script the message's text is spoken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from dialplan.context import Action, Key
from dialplan.prompts import Play, Say
from drivers.asterisk import amounts
from drivers.base import CallContent

_ACTION = re.compile(r"(repeat|promise|paid|wrong_person|its_me|opt_out)|(transfer):([A-Za-z0-9_-]{1,40})")
_DO = r"^(promise|paid|wrong_person|its_me|opt_out|transfer:[A-Za-z0-9_-]{1,40})$"
Confirmed = Literal["promise", "paid", "wrong_person", "its_me", "opt_out"]
"""Actions after which something may be said."""
_RECORDING = r"^[^./\x00-\x1f\x7f][^/\x00-\x1f\x7f]{0,199}$"
"""A bare name: nothing that leads out of the folder of recordings."""

Label = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,23}$")]
Digit = Annotated[str, Field(pattern=r"^[0-9]$")]

END = "end"
"""The label of what comes after the last step: goodbye."""

DIGITS = "0123456789*#"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Spoken(_Strict):
    say: str


class Recorded(_Strict):
    play: Annotated[str, Field(pattern=_RECORDING)]


class Amount(_Strict):
    amount: str


Pieces = str | tuple[Spoken | Recorded | Amount, ...]


class Step(_Strict):
    """One step of a script: exactly one of `say`, `play`, `amount`, `spell`, `ask`, `if`, `do`, `goto`."""

    label: Label | None = None
    say: str | None = None
    play: Annotated[str, Field(pattern=_RECORDING)] | None = None
    amount: str | None = None
    spell: Label | None = None
    ask: Label | None = None
    prompt: Pieces = ()
    digits: tuple[Annotated[int, Field(ge=1, le=20)], Annotated[int, Field(ge=1, le=20)]] = (1, 1)
    keys: Mapping[Digit, Label] = {}
    wait_s: Annotated[int, Field(ge=1, le=60)] = 5
    tries: Annotated[int, Field(ge=1, le=9)] = 3
    condition: Annotated[Label | None, Field(alias="if")] = None
    equals: str | None = None
    then: Label | None = None
    otherwise: Annotated[Label, Field(alias="else")] = END
    do: Annotated[str, Field(pattern=_DO)] | None = None
    goto: Label | None = None

    @model_validator(mode="after")
    def _one_verb(self) -> Step:
        verbs = (self.say, self.play, self.amount, self.spell, self.ask, self.condition, self.do)
        given = sum(verb is not None for verb in verbs)
        if given > 1 or (given == 0 and self.goto is None):
            raise ValueError("a step does one thing")
        if self.condition is not None and self.equals is None:
            raise ValueError("nothing to compare with")
        return self

    @property
    def speech(self) -> Pieces:
        """What the step says."""
        if self.say is not None:
            return (Spoken(say=self.say),)
        if self.play is not None:
            return (Recorded(play=self.play),)
        if self.amount is not None:
            return (Amount(amount=self.amount),)
        return self.prompt if self.ask is not None else ()

    @property
    def targets(self) -> Iterator[str]:
        yield from (target for target in (self.then, self.otherwise, self.goto) if target is not None)
        yield from self.keys.values()


class Script(_Strict):
    """`message` and `menu`, or `steps`, and how it is spoken."""

    message: Pieces = ()
    menu: Mapping[Digit, str] = {}
    menu_prompt: str | None = None
    confirm: Mapping[Confirmed, str] = {}
    goodbye: str | None = None
    steps: Annotated[tuple[Step, ...], Field(max_length=60)] = ()
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "es"
    voice: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}$")] | None = None

    @field_validator("menu")
    @classmethod
    def _known_actions(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for action in value.values():
            if not _ACTION.fullmatch(action):
                raise ValueError("repeat, promise, paid, wrong_person, its_me, opt_out or transfer:EXTENSION")
        return value

    @model_validator(mode="after")
    def _says_something(self) -> Script:
        if self.message == () and not self.steps:
            raise ValueError("neither a message nor steps")
        if self.steps and (self.menu or self.menu_prompt or self.confirm):
            raise ValueError("steps and a menu do not go together")
        labels = [step.label for step in self.steps if step.label is not None]
        if len(set(labels)) != len(labels) or END in labels:
            raise ValueError("a label is there twice")
        unknown = {target for step in self.steps for target in step.targets} - {*labels, END}
        if unknown:
            raise ValueError(f"no step has the label {min(unknown)}")
        return self

    def keys(self) -> dict[str, Key]:
        found = {}
        for digit, text in self.menu.items():
            match = _ACTION.fullmatch(text)
            assert match is not None
            action: Action = match.group(1) or match.group(2)  # type: ignore[assignment]  # one of the pattern's words
            found[digit] = Key(action, match.group(3) or "")
        return found

    def sounds(self, recordings: Path) -> dict[str, list[Say | Play]]:
        """Returns all that the call may say, by name: `message`, `menu`, `bye`, a confirmed action, `step0` …, and
        `digit0` … where digits are spelled. A recording is a file in `recordings`. Raises AmountError."""
        found: dict[str, list[Say | Play]] = {}
        if self.message != ():
            found["message"] = self._parts(self.message, recordings)
        texts: dict[str, str | None] = {"menu": self.menu_prompt, "bye": self.goodbye}
        texts.update((action, text) for action, text in self.confirm.items())
        for name, text in texts.items():
            if text:
                found[name] = [Say(text)]
        for index, step in enumerate(self.steps):
            if step.speech != ():
                found[f"step{index}"] = self._parts(step.speech, recordings)
        if any(step.spell is not None for step in self.steps):
            words = _DIGIT_WORDS.get(self.language.split("-")[0], {})
            found.update((f"digit{digit}", [Say(words.get(digit, digit))]) for digit in DIGITS)
        return found

    def _parts(self, pieces: Pieces, recordings: Path) -> list[Say | Play]:
        if isinstance(pieces, str):
            return [Say(pieces)]
        parts: list[Say | Play] = []
        for each in pieces:
            match each:
                case Spoken():
                    parts.append(Say(each.say))
                case Recorded():
                    parts.append(Play(recordings / each.play))
                case Amount():
                    parts.append(Say(amounts.spoken(amounts.read(each.amount), self.language)))
        return parts


class CallPlan(_Strict):
    """The `call` of a job."""

    script: Script
    amd: Literal["off", "detect", "leave_message"] = "off"
    min_heard_s: Annotated[float, Field(ge=0, le=3600)] = 5
    """Seconds after which the message counts as heard; played to its end, it always does."""
    ring_s: Annotated[float, Field(ge=1, le=300)] = 30
    limit_s: Annotated[int, Field(ge=10, le=3600)] = 300
    retries: Mapping[str, Any] = {}
    """By disposition; the gateway's, not the line's."""

    @model_validator(mode="after")
    def _leaves_something(self) -> CallPlan:
        if self.amd == "leave_message" and self.script.message == ():
            raise ValueError("there is no message to leave")
        return self

    @property
    def needs(self) -> frozenset[str]:
        """What Asterisk must be able to do: `message`, `amd`, `menu`, `steps`, `transfer`."""
        script = self.script
        transfers = [*script.menu.values(), *(step.do or "" for step in script.steps)]
        found = {
            "message": True,
            "amd": self.amd != "off",
            "menu": bool(script.menu or script.steps),
            "steps": bool(script.steps),
            "transfer": any(action.startswith("transfer") for action in transfers),
        }
        return frozenset(name for name, needed in found.items() if needed)


UNKNOWN: Final = CallPlan(script=Script(message=""))
"""The plan of a call of an earlier life of ours."""


def plan(text: str, content: CallContent) -> CallPlan:
    """The plan of one call. Raises ValueError, its text naming what is wrong."""
    call: dict[str, Any] = {
        "script": content.script or {"message": text},
        "amd": content.amd,
        "min_heard_s": content.min_heard_s,
        "ring_s": content.ring_s,
    }
    if content.limit_s is not None:
        call["limit_s"] = content.limit_s
    try:
        return CallPlan.model_validate(call)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(place) for place in first["loc"])
        raise ValueError(f"call.{where}: {first['msg']}") from None


_DIGIT_WORDS: Mapping[str, Mapping[str, str]] = {
    "es": {"*": "asterisco", "#": "numeral"},
    "en": {"*": "star", "#": "pound"},
}
