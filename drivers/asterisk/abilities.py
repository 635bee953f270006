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

BESIDE_S: Final = 2.0
"""What says that a call began may come a moment after what says how it ended."""

AGAIN_S: Final = 30.0
"""An administrator who has just laid the script down should not wait long."""

SURE_S: Final = 3.0
"""Many people hang up as they answer: that alone is no reason to ask again and again."""

NEEDS: Final = {
    "message": ("app_playback", "app_userevent"),
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
    """Whether its OriginateResponse came."""
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
    # An id that no attempt has: nobody shall count it among the calls.
    name = f"check-{secrets.token_hex(12)}"
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
    answered, report = False, None
    until = asyncio.get_running_loop().time() + within_s
    try:
        async with asyncio.timeout_at(until) as limit:
            while not connection.lost.done() and not (answered and report is not None):
                await connection.wait()
                while not connection.events.empty():
                    event = connection.events.get_nowait()
                    if event.name == "OriginateResponse" and event["uniqueid"] == name:
                        answered = event["response"] == "Success"
                    if event.name == "UserEvent" and event["userevent"] == EVENT and event["attempt"] == name:
                        report = event.headers
                        limit.reschedule(min(until, asyncio.get_running_loop().time() + BESIDE_S))
    except TimeoutError:
        pass
    return Tried(True, answered, report or {})


def deaf_to(seen: Tried) -> list[str]:
    """Returns the permissions that a call within Asterisk shows to be missing, as manager.conf writes them."""
    if not seen.placed:
        return []
    # What is said of a call's beginning and of its end are two classes of permission.
    return [*([] if seen.answered else ["read = call"]), *([] if seen.report else ["read = user"])]


class Abilities:
    """What calls may need beyond a message, as found of one Asterisk: better known before the call than by it."""

    def __init__(self, options: AsteriskOptions, timing: Timing) -> None:
        self._options, self._timing = options, timing
        self._asking = asyncio.Lock()
        self._trying = asyncio.Lock()
        self._missing: frozenset[str] = frozenset()
        self._outdated = False
        self._asked_at = float("-inf")
        self._script: bool | None = None
        self._tried_at = 0.0

    @classmethod
    async def ask(cls, connection: Connection, options: AsteriskOptions, timing: Timing) -> Abilities:
        """Raises LinkError."""
        made = cls(options, timing)
        await made._ask(connection)
        return made

    async def _ask(self, connection: Connection) -> None:
        names = sorted({name for each in NEEDS.values() for name in each})
        self._missing = frozenset(await missing_modules(connection, names))
        self._outdated = (await context_version(connection, self._options.context)) not in {VERSION, None}
        self._asked_at = time.monotonic()

    def doubt(self, *, at_once: bool = False) -> None:
        """A call ended as if something was missing: all is asked again before the next one; unless it just was, and
        nothing is known to be wrong `at_once`."""
        if at_once:
            self._script = None
        if at_once or time.monotonic() > self._asked_at + SURE_S:
            self._asked_at = float("-inf")

    async def lacking(self, plan: CallPlan, connection: Connection) -> str | None:
        """Returns what Asterisk lacks for such a call, as a reason for which it waits: `app_amd_missing`,
        `script_missing`, `context_outdated` … Raises LinkError."""
        found = self._lacks(plan)
        never = self._asked_at == float("-inf")
        if never or (found is not None and time.monotonic() > self._asked_at + AGAIN_S):
            async with self._asking:
                await self._ask(connection)
            found = self._lacks(plan)
        if found is not None:
            return found
        return None if "steps" not in plan.needs or await self._script_runs() else "script_missing"

    def _lacks(self, plan: CallPlan) -> str | None:
        if self._outdated:
            return "context_outdated"
        names = (name for need in sorted(plan.needs) for name in NEEDS.get(need, ()))
        return next((f"{name}_missing" for name in names if name in self._missing), None)

    async def _script_runs(self) -> bool:
        """Tries it once, and again after a while where it did not run; over a connection of its own, for the events."""
        async with self._trying:
            if self._script or (self._script is False and time.monotonic() < self._tried_at + AGAIN_S):
                return self._script
            seen = await tried_apart(self._options, self._timing, steps=True)
            if seen is None:
                return True  # the link itself is the trouble, and the line says so
            self._script, self._tried_at = seen.report.get("script") == "done", time.monotonic()
            return self._script


async def tried_apart(
    options: AsteriskOptions, timing: Timing, *, prompt: str = "", steps: bool = False, within_s: float = TRIED_S
) -> Tried | None:
    """The same as `tried`, over a connection of its own; None where none can be had."""
    try:
        connection = await Connection.open(
            options.host, options.port, options.user, options.secret.get_secret_value(), timing
        )
    except LineError:
        return None
    try:
        return await tried(connection, options, prompt=prompt, steps=steps, within_s=within_s)
    except LinkError:
        return None
    finally:
        connection.close()
