"""One account with one provider as a line of the gateway."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import structlog

from drivers.base import (
    Accepted,
    AwaitedAttempt,
    Event,
    EventSink,
    HookCall,
    InboundMessage,
    LineError,
    NotSent,
    OpenAttempt,
    OutboundMessage,
    Outcome,
    PointOfNoReturn,
    Uncertain,
    spoken,
)
from drivers.http.answer import Answer
from drivers.http.exchange import LIST_MAX, Exchange, LostError, NotWrittenError
from drivers.http.keeping import Health, Keeper, Rests, UnusableError
from drivers.provider.block import BlockPlan
from drivers.provider.calls import Calls
from drivers.provider.gathering import IN_WORK, IN_WORK_MAX, Gatherer
from drivers.provider.options import ProviderOptions, effective
from drivers.provider.plan import Plan
from drivers.provider.received import InboxReader, UnreadableError
from drivers.provider.reporting import POLLS, Reporting
from drivers.provider.results import ASKED_TOGETHER, Results, Told
from drivers.provider.sending import DOUBT_PAUSES_S, Sender
from drivers.provider.showing import Showing

SEEN: Final = 20_000
"""Received messages remembered, so that a list read again costs no commits; the store knows the rest."""
RESTS: Final = Rests(well_s=600.0, back_s=1.0, back_most_s=60.0, blocked_s=300.0)
"""A look is one connection and no request; a provider that is back shall work within a minute."""
TOGETHER: Final = 100
"""Received messages made durable at once: they share commits."""


class ProviderLine:
    """Implements `drivers.base.Line`, and what the provider calls us for."""

    def __init__(self, name: str, options: ProviderOptions, doubt_pauses_s: tuple[float, ...] = DOUBT_PAUSES_S) -> None:
        self._options = options = effective(options)
        self._plan = Plan(options)
        self._inbox = InboxReader(options.inbox, options.charset, options.timezone)
        self._reporting = Reporting(name, self._plan, self._ask_state)
        self._calls = Calls(name, options, self._reporting, self._inbox)
        self._pauses_s = doubt_pauses_s
        self._log = structlog.get_logger("drivers.provider").bind(line=name)
        self._keeper = Keeper(self._log, RESTS)
        self._exchange: Exchange | None = None
        block = options.block
        self._block = BlockPlan(self._plan, block) if block is not None and block.most > 1 else None
        self._showing = Showing(self._plan, self._block)
        self._results: Results | None = None
        if self._block is not None and self._block.result_shape is not None:
            self._results = Results(name, self._block, self._ask_result)
        self._name = name
        self._sender: Sender | Gatherer | None = None
        self._seen: OrderedDict[str, None] = OrderedDict()

    @property
    def capacity(self) -> int:
        """Messages in work; at most `capacity` of the options are requests."""
        if self._block is None:
            return self._options.capacity
        return max(self._options.capacity, min(self._block.keys.most * IN_WORK, IN_WORK_MAX))

    # ------------------------------------------------------------------------------------------------------- its life

    async def run(self, events: EventSink) -> None:
        options = self._options
        questions = POLLS + 2 + (ASKED_TOGETHER if self._results is not None else 0)
        exchange = Exchange(
            connections=options.capacity + questions,
            timeout_s=options.timeout,
            ca_file=options.ca_file,
            charset=options.charset,
        )
        self._exchange = exchange
        sender = Sender(self._plan, exchange, traced=self._showing.add, pauses_s=self._pauses_s)
        gatherer = self._gatherer(exchange, sender)
        self._sender = gatherer or sender
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keeper.run(events, self._reach))
                if self._plan.inbox_shape is not None:
                    tasks.create_task(self._listen(events))
                if self._plan.poll_shape is not None:
                    tasks.create_task(self._reporting.run(events))
                if self._results is not None:
                    tasks.create_task(self._results.follow(events))
        finally:
            self._sender = self._exchange = None
            if gatherer is not None:
                await gatherer.close()
            await exchange.close()

    def _gatherer(self, exchange: Exchange, sender: Sender) -> Gatherer | None:
        """Returns what sends in blocks, where the provider takes them."""
        if self._block is None:
            return None
        return Gatherer(
            self._name,
            self._block,
            exchange,
            sender,
            self._results,
            requests=self._options.capacity,
            idempotent=self._options.idempotent,
            reported=self._plan.reported,
            traced=self._showing.add,
        )

    async def _reach(self) -> Health:
        """Whether there is anybody at the provider's address: there is no question that every provider would answer
        for nothing. Raises `UnusableError`."""
        if self._exchange is None:
            raise UnusableError("not_running")
        try:
            await self._exchange.reach(self._plan.origin)
        except NotWrittenError as error:
            raise UnusableError(error.reason) from None
        return Health()

    async def _ask_state(self, reference: str, own: str) -> Answer:
        return await self._asked(self._plan.poll_shape, reference=reference, id=own)

    async def _ask_result(self, foreign: str) -> Answer:
        assert self._block is not None
        return await self._asked(self._block.result_shape, id=foreign)

    async def send(self, message: OutboundMessage, point_of_no_return: PointOfNoReturn) -> Outcome:
        if self._sender is None or not self._keeper.ready:
            return NotSent(self._keeper.reason, counts=False)
        outcome = await self._sender.send(message, point_of_no_return)
        if isinstance(outcome, Accepted):
            self._reporting.taken(message.attempt, message.to, outcome.references)
        elif isinstance(outcome, Uncertain):
            self._reporting.doubted(message.attempt, message.to, message.todo)
        self._keeper.met(outcome)
        return outcome

    def carries(self, message: OutboundMessage) -> str | None:
        """Implements `drivers.base.CarriesSome`: by alphabet, length and form of the number."""
        if len(message.todo) < len(message.parts):
            return "parts_elsewhere"
        return self._plan.carries(message)

    async def resume(self, attempts: Sequence[OpenAttempt]) -> Mapping[str, Outcome]:
        """Those that the provider, asked by our id, knows: it has them. What it does not know stays in doubt."""
        known: dict[str, Outcome] = {}
        if self._results is not None:
            known.update(await self._results.known(attempts, self._plan.foreign_id))
        for attempt, given in (await self._reporting.resume(attempts)).items():
            known[attempt] = Accepted(given)
        return known

    async def follow(self, attempts: Sequence[AwaitedAttempt]) -> None:
        """Reports are asked for again; where the provider can be asked by our id, also for what is in doubt."""
        if self._results is not None:
            for each in attempts:
                # Of those that went by themselves nothing more is to come, or they are in doubt and nobody knows them.
                taken = bool(each.references)
                parts = tuple(sorted({*each.references, *each.doubt}))
                told = Told(each.attempt, self._plan.foreign_id(each.attempt), each.to, parts, taken)
                self._results.later(told)
        self._reporting.follow(attempts)

    # --------------------------------------------------------------------------------------------- a person's questions

    async def command(self, name: str, argument: str = "") -> Mapping[str, Any]:
        """`balance`; `explain NUMBER [TEXT]`, the request that would go out; `last`, the latest exchanges.

        Secrets are masked in all of them. Raises `LineError`.
        """
        match name:
            case "balance":
                return await self._balance()
            case "explain":
                number, _, text = argument.strip().partition(" ")
                if not number:
                    raise LineError(spoken("explain what? explain NUMBER [TEXT]"))
                return self._showing.explained(number, text or "gatewayd")
            case "last":
                return self._showing.latest()
        raise LineError(spoken("a provider's line answers: balance, explain, last"))

    def exchange(self, attempt: str) -> Mapping[str, Any] | None:
        """Implements `drivers.base.ShowsExchanges`."""
        return self._showing.of(attempt)

    async def _balance(self) -> Mapping[str, Any]:
        if self._plan.balance_shape is None or self._plan.balance is None:
            raise LineError(spoken("the line has no balance_url"))
        answer = await self._asked(self._plan.balance_shape)
        value = self._plan.balance.find(answer) if 200 <= answer.status <= 299 else None
        if value is None:
            raise LineError(f"no balance in the answer (HTTP {answer.status}): {self._showing.answer(answer)}")
        return {"balance": value}

    async def _asked(self, shape: Any, limit: int = LIST_MAX, **values: str) -> Answer:
        """Returns the answer to a question; raises `LineError`."""
        if self._exchange is None:
            raise LineError(spoken("the line is not running"))
        try:
            return await self._exchange(self._plan.ask(shape, values), limit=limit)
        except (NotWrittenError, LostError) as error:
            raise LineError(f"no answer: {error.reason}") from None

    # ------------------------------------------------------------------------------------------------------- receiving

    async def _listen(self, events: EventSink) -> None:
        while True:
            try:
                await self._read_inbox(events)
            except (LineError, UnreadableError) as error:
                self._log.warning("inbox not read", reason=str(error))
            except Exception as error:  # noqa: BLE001 - the line's outermost edge: sending goes on
                self._log.warning("inbox failed", error=type(error).__name__, at=_place(error))
            await asyncio.sleep(self._options.inbox_interval)

    async def _read_inbox(self, events: EventSink) -> None:
        assert self._plan.inbox_shape is not None
        answer = await self._asked(self._plan.inbox_shape)
        messages = self._inbox.read(answer, time.time())
        for start in range(0, len(messages), TOGETHER):
            await self._receive(messages[start : start + TOGETHER], events)

    async def _receive(self, messages: Sequence[InboundMessage], events: EventSink) -> None:
        """Some messages, durable in their order and with few commits; each is acknowledged once it is durable."""
        new = [message for message in messages if message.key not in self._seen]
        put = await asyncio.gather(*(events.put(message) for message in new), return_exceptions=True)
        failed = {message.key: error for message, error in zip(new, put, strict=True) if error is not None}
        self._seen.update((message.key, None) for message in new if message.key not in failed)
        while len(self._seen) > SEEN:
            self._seen.popitem(last=False)
        if self._plan.ack_shape is not None:
            limit = asyncio.Semaphore(POLLS)
            keys = [message.key for message in messages if message.key not in failed]
            await asyncio.gather(*(self._acknowledge(key, limit) for key in keys))
        for error in failed.values():
            raise error

    async def _acknowledge(self, key: str, limit: asyncio.Semaphore) -> None:
        """An acknowledgement that is lost is given again when the message comes again."""
        assert self._plan.ack_shape is not None
        async with limit:
            try:
                await self._asked(self._plan.ack_shape, reference=key)
            except LineError as error:
                self._log.warning("inbox not acknowledged", reason=str(error))

    # ----------------------------------------------------------------------------------------------------------- calls

    @property
    def call_answer(self) -> str:
        """Implements `drivers.base.TakesCalls`."""
        return self._options.hook_answer

    def on_call(self, call: HookCall) -> Sequence[Event]:
        """What a request of the provider to us says. The caller puts every event on the line's sink, and answers 200
        once they are durable; `HookRefusedError` names the status to answer with otherwise. No I/O.
        """
        return self._calls.read(call)

    def on_hook(self, headers: Mapping[str, str], body: bytes) -> Sequence[Event]:
        """Returns the same of a POST whose address says nothing."""
        return self._calls.read(HookCall("POST", "", headers, body))


def _place(error: BaseException) -> str:
    """File and line an error was raised at: its text might hold what no log may."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
