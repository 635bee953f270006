"""What this Asterisk can do: asked over a connection, and tried by a call that rings nobody's telephone."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from dialplan.context import CALLEE, EVENT, VERSION, Flow, variables
from dialplan.steps import packed
from drivers.asterisk import pressed
from drivers.asterisk.ami import Connection
from drivers.asterisk.errors import LinkError
from drivers.asterisk.options import AsteriskOptions
from drivers.asterisk.script import CallPlan
from drivers.asterisk.timing import Timing
from drivers.base import LineError

NEEDED: Final = {
    "originate": "write = originate",
    "coreshowchannels": "write = system or reporting",
    **pressed.NEEDED,
}
"""Actions that the account must be allowed, and the permission each needs."""

TRIED_S: Final = 10.0
"""A call within Asterisk takes a fraction of a second; an AGI script on a slow machine some more."""

AGAIN_S: Final = 30.0
"""An administrator who has just laid the script down should not wait long."""

NEEDS: Final = {
    "amd": ("app_amd", "app_dial", "app_read"),
    "menu": ("app_read", "func_db"),
    "steps": ("res_agi", "app_read", "func_db"),
}
"""Modules by what a call may need."""

CODECS: Final = {name: f"codec_{name}" for name in ("ulaw", "alaw", "g722", "gsm", "ilbc", "speex", "opus", "g729")}


async def forbidden(connection: Connection) -> list[str]:
    """Permissions that the account lacks, as manager.conf writes them. Raises LinkError."""
    known = await connection.action("ListCommands")
    return [word for action, word in NEEDED.items() if known.headers and action not in known.headers]


async def missing_modules(connection: Connection, names: Sequence[str]) -> list[str]:
    """Those that Asterisk has not loaded; none where the account may not ask. Raises LinkError."""
    found = []
    for name in names:
        answer = await connection.action("ModuleCheck", {"Module": name})
        if not answer.success and "not loaded" in answer.message:
            found.append(name)
    return found


async def context_version(connection: Connection, context: str) -> str | None:
    """The version of our context, empty for one that is not ours, None where there is none. Raises LinkError."""
    # First without its list: one that is announced with an error is waited for in vain.
    answer = await connection.action("ShowDialPlan", {"Context": context})
    if not answer.success:
        return None if "Did not find" in answer.message else VERSION  # may not be asked: believe it
    answer = await connection.action("ShowDialPlan", {"Context": context}, listing=True)
    for event in answer.events:
        if event["extension"] == "s" and event["priority"] == "1" and event["application"] == "NoOp":
            mark, _, version = event["appdata"].partition(" ")
            return version if mark == "gatewayd" else ""
    return ""


@dataclass(frozen=True, slots=True)
class Tried:
    """What a call within Asterisk showed."""

    placed: bool
    answered: bool = False
    report: Mapping[str, str] = field(default_factory=dict)
    """Headers of the report of its end; empty where none came."""


async def tried(
    connection: Connection,
    options: AsteriskOptions,
    *,
    prompt: str = "",
    steps: bool = False,
    within_s: float = TRIED_S,
) -> Tried:
    """Lets Asterisk call our own callee and play `prompt` to it, or run the script with no steps; nobody else may read
    the connection's events meanwhile. Raises LinkError."""
    name = f"check{secrets.token_hex(12)}"
    flow = Flow(name, prompt, steps=packed([], {}) if steps else (), limit_s=int(TRIED_S))
    answer = await connection.action(
        "Originate",
        {
            "ActionID": name,
            "ChannelId": name,
            "Channel": f"Local/s@{options.context}{CALLEE}/n",
            "Context": options.context,
            "Exten": "s",
            "Priority": "1",
            "Timeout": str(round(TRIED_S * 1000)),
            "Async": "true",
            "Variable": variables(flow),
        },
    )
    if not answer.success:
        return Tried(placed=False)
    answered = False
    try:
        async with asyncio.timeout(within_s):
            while not connection.lost.done():
                await connection.wait()
                while not connection.events.empty():
                    event = connection.events.get_nowait()
                    if event.name == "OriginateResponse" and event["uniqueid"] == name:
                        answered = event["response"] == "Success"
                    if event.name == "UserEvent" and event["userevent"] == EVENT and event["attempt"] == name:
                        return Tried(placed=True, answered=True, report=event.headers)
    except TimeoutError:
        pass
    return Tried(placed=True, answered=answered)


class Abilities:
    """What calls may need beyond a message, as found of one Asterisk. Better told before the call than by it."""

    def __init__(self, options: AsteriskOptions, timing: Timing, missing: frozenset[str]) -> None:
        self._options, self._timing, self._missing = options, timing, missing
        self._trying = asyncio.Lock()
        self._script: bool | None = None
        self._tried_at = 0.0

    @classmethod
    async def ask(cls, connection: Connection, options: AsteriskOptions, timing: Timing) -> Abilities:
        """Raises LinkError."""
        names = sorted({name for each in NEEDS.values() for name in each})
        return cls(options, timing, frozenset(await missing_modules(connection, names)))

    async def lacking(self, plan: CallPlan) -> str | None:
        """What Asterisk lacks for such a call, as a reason for which it waits: `app_amd_missing`, `script_missing` …"""
        for need in sorted(plan.needs):
            for name in NEEDS.get(need, ()):
                if name in self._missing:
                    return f"{name}_missing"
        return None if "steps" not in plan.needs or await self._script_runs() else "script_missing"

    async def _script_runs(self) -> bool:
        """Tried once, and again after a while where it did not; over a connection of its own, for the events."""
        async with self._trying:
            if self._script or (self._script is False and time.monotonic() < self._tried_at + AGAIN_S):
                return self._script
            options = self._options
            try:
                connection = await Connection.open(
                    options.host, options.port, options.user, options.secret.get_secret_value(), self._timing
                )
            except LineError:
                return True  # the link itself is the trouble, and is told as such
            try:
                seen = await tried(connection, options, steps=True)
            except LinkError:
                return True
            finally:
                connection.close()
            self._script, self._tried_at = seen.report.get("script") == "done", time.monotonic()
            return self._script
