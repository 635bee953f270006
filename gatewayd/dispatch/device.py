"""A line's device between sends: what it calls us for, and what a person or a program asks it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import parse_qsl

from drivers.base import (
    AnswersChallenges,
    Event,
    HookCall,
    HookRefusedError,
    Line,
    NotDurableError,
    ServesFiles,
    ShowsExchanges,
    TakesCalls,
    TakesHooks,
)
from gatewayd.dispatch.sink import LineSink
from gatewayd.values.errors import UnavailableError
from gatewayd.words.translation import gettext as _


class Device:
    """Of one line, whose driver's object changes with each connection; None while it is not running."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.line: Line | None = None
        self.sink: LineSink | None = None

    def _running(self) -> Line:
        if self.line is None:
            raise UnavailableError(_("line {line} is not running").format(line=self._name))
        return self.line

    async def hook(self, call: HookCall) -> str:
        """A call of its device or provider to us; what it tells is durable when this returns the text to answer with.
        HookRefusedError, or UnavailableError where it cannot be made durable now: whoever calls shall call again."""
        line, sink = self._running(), self.sink
        if isinstance(line, TakesCalls) and sink is not None:
            events = line.on_call(call)
            if events is not None:
                await self._keep(sink, events)
                return line.call_answer
        if call.method == "GET":
            if not isinstance(line, AnswersChallenges):
                raise HookRefusedError(404, "this line is asked by nobody")
            return line.on_challenge(dict(parse_qsl(call.query, keep_blank_values=True)))
        if not isinstance(line, TakesHooks) or sink is None:
            raise HookRefusedError(404, "this line is called by nobody")
        await self._keep(sink, line.on_hook(call.headers, call.body))
        return ""

    async def _keep(self, sink: LineSink, events: Sequence[Event]) -> None:
        # In their order, and in few commits: a provider may tell of a thousand messages in one call.
        try:
            await asyncio.gather(*(sink.put(event) for event in events))
        except NotDurableError as error:
            raise UnavailableError(str(error)) from error

    def file(self, name: str) -> Path | None:
        """The file that its device may fetch by that name; None for any other."""
        return self.line.file(name) if isinstance(self.line, ServesFiles) else None

    async def command(self, name: str, argument: str) -> Mapping[str, object]:
        """The driver's own question; UnavailableError or LineError when it cannot be asked now."""
        return await self._running().command(name, argument)

    def exchange(self, attempt: str) -> Mapping[str, object] | None:
        """What went out and came back for that attempt, where the driver can show it."""
        return self.line.exchange(attempt) if isinstance(self.line, ShowsExchanges) else None
