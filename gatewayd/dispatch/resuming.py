"""Attempts that a crash left past their point of no return: asked about where the line can, else in doubt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import structlog

from drivers.base import AwaitedAttempt, FollowsAttempts, Line, OpenAttempt, Outcome
from gatewayd.dispatch.point_of_no_return import in_doubt
from gatewayd.numbers import NumberError
from gatewayd.outcomes import Retries, Terms, resolve
from gatewayd.store.commands import Awaited, AwaitedOf, Finish, OpenWork
from gatewayd.store.port import Writer
from gatewayd.values.clock import now_ms
from gatewayd.values.errors import GatewayError

log = structlog.get_logger()

RESUME_S: Final = 60.0
"""How long open attempts wait for their line after a restart before they are called uncertain: a phone or modem that
is there at all is ready by then."""

PORTION: Final = 1000
"""Awaited attempts read at once: some ten milliseconds of the store's time, between which others come to their turn."""
MOST: Final = 20_000
"""Of a line, the newest: who has so many unreported hears of the rest only if the device tells by itself."""
STORE_PAUSE_S: Final = 5.0
"""Between tries while the store cannot be read."""


async def asked(
    line: Line, ready: asyncio.Event, waiting: Sequence[OpenWork], render: Callable[[str], str]
) -> Mapping[str, Outcome]:
    """What the line, once ready, can say of these attempts; by public attempt id."""
    attempts = [
        OpenAttempt(
            attempt=each.work.public,
            to=each.work.to,
            address=_address(each, render),
            parts=tuple(part for part, _ in each.parts),
            at=each.parts[-1][1] / 1000 if each.parts else 0.0,
        )
        for each in waiting
    ]
    try:
        async with asyncio.timeout(RESUME_S):
            await ready.wait()
            return await line.resume(attempts)
    except TimeoutError:
        log.warning("line not ready: its open attempts stay uncertain", attempts=len(attempts))
    except Exception as error:
        # A driver's defect: what it cannot tell stays in doubt.
        log.exception("driver failed to resume", attempts=len(attempts), error=repr(error))
    return {}


async def handed_over(
    line: FollowsAttempts, name: str, ready: asyncio.Event, writer: Writer, report_wait_ms: int
) -> None:  # fmt: skip
    """Tells a line that has to ask which attempts of earlier lives still await a report, or are in doubt."""
    await ready.wait()
    since = now_ms() - report_wait_ms
    for doubt in (True, False):
        place, told = None, 0
        while told < MOST:
            portion = await _portion(writer, AwaitedOf(name, doubt, since, PORTION, place))
            if not portion:
                break
            try:
                await line.follow([_awaited(each) for each in portion])
            except Exception as error:
                # A driver's defect: their reports may still come by themselves, and the line sends.
                log.exception("driver failed to follow", line=name, attempts=len(portion), error=repr(error))
            place, told = portion[-1].place, told + len(portion)


async def _portion(writer: Writer, command: AwaitedOf) -> tuple[Awaited, ...]:
    while True:
        try:
            return await writer.do(command)
        except GatewayError as error:
            log.warning("awaited attempts cannot be read", line=command.line, error=str(error))
            await asyncio.sleep(STORE_PAUSE_S)


def _awaited(each: Awaited) -> AwaitedAttempt:
    return AwaitedAttempt(each.public, each.to, dict(each.references), each.doubt, each.at / 1000)


def _unknown(each: OpenWork) -> Outcome:
    parts = [part for part, _ in each.parts]
    return in_doubt(parts, parts, dict(each.references), "crashed")


def _address(each: OpenWork, render: Callable[[str], str]) -> str:
    try:
        return render(each.work.to)
    except NumberError:  # the line's number form has changed since
        return each.work.to


def left_open(
    waiting: Sequence[OpenWork],
    known: Mapping[str, Outcome],
    terms: Terms,
    rules: Callable[[int], Retries] = lambda _: {},
) -> Iterator[Finish]:
    """The end of each of these attempts; `rules`: by queue, when a call that was not answered is tried again."""
    now = now_ms()
    for each in waiting:
        outcome = known.get(each.work.public) or _unknown(each)
        passed = frozenset(part for part, _ in each.parts)
        retries = rules(each.work.queue_id)
        yield resolve(each.work, outcome, line=each.line, passed=passed, terms=terms, now=now, retries=retries)
