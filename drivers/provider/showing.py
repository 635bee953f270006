"""Requests and answers as a person may see them: every secret masked, other people's rows left out. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from drivers.base import Accepted, Completed, LineError, NotSent, OutboundMessage, Partial, Refused, Uncertain
from drivers.http.answer import Answer, Request
from drivers.provider.block import BlockPlan
from drivers.provider.plan import Plan, UnsendableError
from drivers.provider.sending import Trace

TRACES: Final = 50
"""Exchanges kept: on a busy line a test's must still be there when its end is on the disk."""
LATEST: Final = 5
"""Of these, how many are shown unasked."""
SHOWN: Final = 2000
"""Characters of an answer."""


_WORDS: Final[Mapping[type, str]] = {
    Accepted: "accepted",
    Completed: "completed",
    NotSent: "not_sent",
    Refused: "refused",
    Partial: "partial",
    Uncertain: "uncertain",
    type(None): "open",
}
"""Outcomes as `message show` names them."""


class Showing:
    """The latest exchanges of one line."""

    def __init__(self, plan: Plan, block: BlockPlan | None) -> None:
        self._plan = plan
        self._block = block
        self._traces: deque[Trace] = deque(maxlen=TRACES)

    def add(self, trace: Trace) -> None:
        self._traces.append(trace)

    def latest(self) -> Mapping[str, Any]:
        """Returns the newest first, numbered from 1."""
        return {str(n): self._told(each) for n, each in enumerate(islice(reversed(self._traces), LATEST), start=1)}

    def of(self, attempt: str) -> Mapping[str, Any] | None:
        """That of one attempt, while it is kept."""
        return next((self._told(each) for each in reversed(self._traces) if each.message.attempt == attempt), None)

    def explained(self, number: str, text: str) -> Mapping[str, Any]:
        """Returns the request that would send `text` to `number`; raises `LineError`."""
        message = OutboundMessage(attempt="0" * 26, to=number, address=number, text=text, parts=(text,))
        try:
            return self._drawn(self._plan.send(message, masked=True))
        except UnsendableError as error:
            raise LineError(f"refused before anything is sent: {error.reason}") from None

    def answer(self, answer: Answer) -> str:
        return self._plan.mask(answer.text)[:SHOWN]

    def _told(self, trace: Trace) -> Mapping[str, Any]:
        told: dict[str, Any] = {
            "outcome": _WORDS[type(trace.outcome)],
            "reason": getattr(trace.outcome, "reason", None),
        }
        told["took_ms"] = round(trace.took_s * 1000)
        try:
            told["request"] = self._drawn(self._request(trace))
        except UnsendableError:
            told["request"] = None
        if trace.in_block:
            told["in_block"] = True
        told["answer"] = None
        if trace.answer is not None:
            told["answer"] = {"status": trace.answer.status, "body": self.answer(trace.answer)}
        return told

    def _request(self, trace: Trace) -> Request:
        if trace.in_block and self._block is not None:
            return self._block.request([self._block.row(trace.message)], masked=True)
        return self._plan.send(trace.message, masked=True)

    def _drawn(self, request: Request) -> dict[str, Any]:
        body = None if request.body is None else request.body.decode("utf-8", "replace")
        return {
            "request": f"{request.method} {self._plan.mask(request.url)}",
            "headers": dict(request.headers),
            "body": body,
        }
