"""One account with one provider as a line of the gateway."""

from __future__ import annotations

import asyncio
import itertools
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
    DeliveryReport,
    Event,
    EventSink,
    HookRefusedError,
    InboundMessage,
    LateAccept,
    LineError,
    LineStatus,
    NotSent,
    OpenAttempt,
    OutboundMessage,
    Outcome,
    PointOfNoReturn,
    Uncertain,
)
from drivers.http.answer import Answer
from drivers.http.exchange import LIST_MAX, Exchange, LostError, NotWrittenError
from drivers.http.proof import prove, prove_token
from drivers.provider.block import BlockPlan
from drivers.provider.gathering import IN_WORK, IN_WORK_MAX, Gatherer
from drivers.provider.identity import attempt_of
from drivers.provider.options import ProviderOptions, effective
from drivers.provider.pending import Pending, PendingReports
from drivers.provider.plan import Plan, UnsendableError
from drivers.provider.received import InboxReader, Reported, ReportReader, UnreadableError, hook_document
from drivers.provider.results import ASKED_TOGETHER, Results, Told
from drivers.provider.sending import DOUBT_PAUSES_S, Sender
from drivers.provider.showing import Showing

SEEN: Final = 20_000
"""Received messages remembered, so that a list read again costs no commits; the store knows the rest."""
POLLS: Final = 4
"""Questions about states under way at once: sends come first."""
EARLIER_PAUSE_S: Final = 0.05
"""Between questions about messages of an earlier life, so that those of now have their turn."""
TOGETHER: Final = 100
"""Received messages made durable at once: they share commits."""


class ProviderLine:
    """Implements `drivers.base.Line`, and what the provider calls us for."""

    def __init__(self, name: str, options: ProviderOptions, doubt_pauses_s: tuple[float, ...] = DOUBT_PAUSES_S) -> None:
        self._options = options = effective(options)
        self._plan = Plan(options)
        self._inbox = InboxReader(options.inbox, options.charset, options.timezone)
        self._reports = ReportReader(options.report)
        self._pending = PendingReports(options.poll_interval)
        self._pauses_s = doubt_pauses_s
        self._log = structlog.get_logger("drivers.provider").bind(line=name)
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
        self._polled = asyncio.Event()

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
            connections=options.capacity + questions, timeout_s=options.timeout, ca_file=options.ca_file
        )
        self._exchange = exchange
        sender = Sender(self._plan, exchange, traced=self._showing.add, pauses_s=self._pauses_s)
        gatherer = self._gatherer(exchange, sender)
        self._sender = gatherer or sender
        try:
            await events.put(LineStatus("ready"))
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(asyncio.Event().wait())
                if self._plan.inbox_shape is not None:
                    tasks.create_task(self._listen(events))
                if self._plan.poll_shape is not None:
                    tasks.create_task(self._follow(events))
                if self._results is not None:
                    tasks.create_task(self._results.follow(events))
        finally:
            self._sender = self._exchange = None
            if gatherer is not None:
                await gatherer.close()
            await exchange.close()

    def _gatherer(self, exchange: Exchange, sender: Sender) -> Gatherer | None:
        """What sends in blocks, where the provider takes them."""
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

    async def _ask_result(self, foreign: str) -> Answer:
        assert self._block is not None
        return await self._asked(self._block.result_shape, id=foreign)

    async def send(self, message: OutboundMessage, point_of_no_return: PointOfNoReturn) -> Outcome:
        if self._sender is None:
            return NotSent("not_ready", counts=False)
        outcome = await self._sender.send(message, point_of_no_return)
        if isinstance(outcome, Accepted):
            if not self._hears:
                return outcome
            self._await(message.attempt, message.to, outcome.references, (), time.time())
        elif isinstance(outcome, Uncertain) and self._asks_by_id:
            self._await(message.attempt, message.to, {}, message.todo, time.time())
        return outcome

    def carries(self, message: OutboundMessage) -> str | None:
        """Implements `drivers.base.CarriesSome`: by alphabet, length and form of the number."""
        if len(message.todo) < len(message.parts):
            return "parts_elsewhere"
        try:
            self._plan.send(message)
        except UnsendableError as error:
            return error.reason
        return None

    async def resume(self, attempts: Sequence[OpenAttempt]) -> Mapping[str, Outcome]:
        """Those that the provider, asked by our id, knows: it has them. What it does not know stays in doubt."""
        known: dict[str, Outcome] = {}
        if self._results is not None:
            known.update(await self._results.known(attempts, self._plan.foreign_id))
        if not self._asks_by_id:
            return known
        limit = asyncio.Semaphore(POLLS)

        async def one(attempt: OpenAttempt) -> bool:
            foreign = self._plan.foreign_id(attempt.attempt)
            try:
                async with limit:
                    answer = await self._asked(self._plan.poll_shape, id=foreign, reference=foreign)
            except LineError:
                return False
            return self._reports.poll(answer) is not None

        found = await asyncio.gather(*(one(each) for each in attempts))
        for attempt in itertools.compress(attempts, found):
            foreign = self._plan.foreign_id(attempt.attempt)
            references = {part: _part(foreign, part) for part in attempt.parts}
            known[attempt.attempt] = Accepted(references)
            self._await(attempt.attempt, attempt.to, references, (), attempt.at)
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
        if not self._hears:
            return
        for number, each in enumerate(attempts):
            doubt = each.doubt if self._asks_by_id else ()
            if each.references or doubt:
                later_s = number * EARLIER_PAUSE_S
                self._await(each.attempt, each.to, each.references, doubt, each.at, later_s=later_s)

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
                    raise LineError("explain what? explain NUMBER [TEXT]")
                return self._showing.explained(number, text or "gatewayd")
            case "last":
                return self._showing.latest()
        raise LineError(f"a provider's line knows no command {name!r}: balance, explain, last")

    def exchange(self, attempt: str) -> Mapping[str, Any] | None:
        """Implements `drivers.base.ShowsExchanges`."""
        return self._showing.of(attempt)

    async def _balance(self) -> Mapping[str, Any]:
        if self._plan.balance_shape is None or self._plan.balance is None:
            raise LineError("the line has no balance_url")
        answer = await self._asked(self._plan.balance_shape)
        value = self._plan.balance.find(answer) if 200 <= answer.status <= 299 else None
        if value is None:
            raise LineError(f"no balance in the answer (HTTP {answer.status}): {self._showing.answer(answer)}")
        return {"balance": value}

    async def _asked(self, shape: Any, limit: int = LIST_MAX, **values: str) -> Answer:
        """The answer to a question; raises `LineError`."""
        if self._exchange is None:
            raise LineError("the line is not running")
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

    # --------------------------------------------------------------------------------------------------------- reports

    @property
    def _hears(self) -> bool:
        """Whether a report can come at all."""
        return self._plan.poll_shape is not None or self._options.hook_secret is not None

    @property
    def _asks_by_id(self) -> bool:
        """Whether the provider can be asked for a message of which it has told us nothing."""
        return self._plan.poll_shape is not None and self._reports.by == "id"

    def _await(
        self, attempt: str, to: str, references: Mapping[int, str], doubt: tuple[int, ...], since: float, *,
        later_s: float = 0.0,
    ) -> None:  # fmt: skip
        """Its report is to come, or the word that the provider has it after all."""
        by_id = self._reports.by == "id"
        reference = self._plan.foreign_id(attempt) if by_id else references[min(references)]
        if self._pending.get(reference) is None:
            pending = Pending(attempt, reference, to, tuple(sorted({*references, *doubt})), since, doubt=doubt)
            polled = self._plan.poll_shape is not None
            self._pending.add(pending, time.time(), poll=polled, later_s=later_s)
            self._polled.set()

    async def _follow(self, events: EventSink) -> None:
        limit = asyncio.Semaphore(POLLS)
        while True:
            self._polled.clear()
            now = time.time()
            due = list(itertools.islice(self._pending.due(now), TOGETHER))
            if due:
                await asyncio.gather(*(self._look(each, events, limit) for each in due))
                continue
            next_at = self._pending.next_at()
            try:
                async with asyncio.timeout(None if next_at is None else max(next_at - now, 0.01)):
                    await self._polled.wait()
            except TimeoutError:
                pass

    async def _look(self, pending: Pending, events: EventSink, limit: asyncio.Semaphore) -> None:
        assert self._plan.poll_shape is not None
        try:
            async with limit:
                own = self._plan.foreign_id(pending.attempt)
                answer = await self._asked(self._plan.poll_shape, reference=pending.reference, id=own)
                reported = self._reports.poll(answer)
            if reported is None:
                return
            await self._ended_doubt(pending, events)
            if reported.status == "pending":
                return
            for event in self._events(Reported(pending.reference, reported.status, reported.reason), time.time()):
                await events.put(event)
            if reported.status != "delivered" or "read" not in self._options.report.states.values():
                self._pending.settled(pending.reference)
        except LineError as error:
            self._log.warning("state not read", reason=str(error))
        except Exception as error:  # noqa: BLE001 - the line's outermost edge: the next look may do
            self._log.warning("state failed", error=type(error).__name__, at=_place(error))

    async def _ended_doubt(self, pending: Pending, events: EventSink) -> None:
        for part in pending.doubt:
            await events.put(LateAccept(pending.attempt, part, _part(pending.reference, part)))
        pending.doubt = ()

    def _events(self, reported: Reported, at: float) -> list[DeliveryReport]:
        """A report is of a whole message: providers know no parts."""
        reference = reported.reference or ""
        pending = self._pending.get(reference)
        attempt, to = (None, None) if pending is None else (pending.attempt, pending.to)
        if pending is None and self._reports.by == "id":
            attempt = attempt_of(reference, self._options.id_alphabet, self._options.id_length)
        return [DeliveryReport(reference, to, reported.status, reported.reason, at, attempt=attempt, whole=True)]

    # ----------------------------------------------------------------------------------------------------------- hooks

    def on_hook(self, headers: Mapping[str, str], body: bytes) -> list[Event]:
        """What a request of the provider to us says. The caller puts every event on the line's sink, and answers 200
        once they are durable; `HookRefusedError` names the status to answer with otherwise. No I/O.
        """
        lower = {name.lower(): value for name, value in headers.items()}
        self._prove(lower, body)
        try:
            document = hook_document(lower, body, self._options.charset)
            reports = self._reports.of(document)
            if reports:
                return [event for each in reports for event in self._events(each, time.time())]
            return list(self._inbox.of(document, time.time()))
        except UnreadableError as error:
            raise HookRefusedError(400, error.reason) from None

    def _prove(self, headers: Mapping[str, str], body: bytes) -> None:
        options = self._options
        if options.hook_secret is None:
            raise HookRefusedError(403, "the line has no hook_secret")
        check = prove if options.hook_proof == "hmac-sha256" else prove_token
        check(headers, body, header=options.hook_header, secret=options.hook_secret.get_secret_value())


def _part(reference: str, part: int) -> str:
    return reference if part == 1 else f"{reference}/{part}"


def _place(error: BaseException) -> str:
    """File and line an error was raised at: its text might hold what no log may."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
