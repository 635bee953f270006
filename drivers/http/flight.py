"""One message on its way to a service that takes it in one request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from drivers.base import Blame, NotSent, OutboundMessage, Outcome, PointOfNoReturn, Uncertain, Withdrawn
from drivers.http.answer import Answer, Request
from drivers.http.exchange import Exchange, LostError, NotWrittenError


class Flight:
    """Used once. It may ask more than once, where an answer says for certain that the first was not taken; the point of
    no return is passed once, right before the first byte."""

    __slots__ = ("_exchange", "_passed", "_point_of_no_return", "message")

    def __init__(self, exchange: Exchange, message: OutboundMessage, point_of_no_return: PointOfNoReturn) -> None:
        self.message = message
        self._exchange = exchange
        self._point_of_no_return = point_of_no_return
        self._passed = False

    async def ask(self, request: Request) -> Answer:
        """Raises `Withdrawn`, `NotWrittenError`, `LostError`."""
        return await self._exchange(request, self._before)

    async def _before(self) -> None:
        if not self._passed:
            for part in self.message.todo:
                await self._point_of_no_return(part)
            self._passed = True


async def outcome_of(send: Callable[[Flight], Awaitable[Outcome]], flight: Flight) -> Outcome:
    """Returns what `send` answers, or what the failure of its request means."""
    try:
        return await send(flight)
    except Withdrawn as error:
        return NotSent(error.reason, counts=False)
    except NotWrittenError as error:
        return NotSent(error.reason, blame=Blame.LINE)
    except LostError as error:
        return Uncertain(error.reason)
