"""What is needed to send messages again: found by their numbers or by the filters of the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, and_, select

from gatewayd.store import tables
from gatewayd.store.contacts.blocklist import holds
from gatewayd.store.insight.filters import InteractionFilter
from gatewayd.store.insight.interaction_rows import fetched
from gatewayd.store.insight.interactions import interactions
from gatewayd.store.insight.position import MESSAGES, Position
from gatewayd.values.actor import Scope

AT_ONCE: Final = 500
_MESSAGE: Final = tables.message.c
_JOB: Final = tables.job.c


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message that somebody wants sent again, as it is kept."""

    number: int
    account: str
    job: str
    channel: str
    state: str
    """As people see it."""
    final: bool
    to: str | None
    ref: str | None
    text: str | None
    content: str
    texts: str | None
    segments: int
    blocked: bool
    test: bool = False
    """A test token's, which was never to be sent."""


def numbers_of(
    connection: Connection, *, scope: Scope, wanted: InteractionFilter, now: int, salt: int, most: int
) -> list[int]:
    """Returns the numbers of the messages that the filters mean, newest first, at most `most` + 1 of them."""
    found: list[int] = []
    behind: Position | None = None
    ask = partial(interactions, connection, scope=scope, wanted=wanted, now=now, salt=salt, limit=AT_ONCE)
    while len(found) <= most:
        page = ask(seconds=1.0, behind=behind)
        found += [one.place.number for one in page.items if one.place.rank == MESSAGES]
        if page.next is None:
            break
        behind = Position.read(page.next)
    return found[: most + 1]


def candidates(connection: Connection, *, scope: Scope, numbers: Sequence[int], now: int, salt: int) -> list[Candidate]:
    """Returns the messages of these numbers that are within the scope, in their order."""
    found: list[Candidate] = []
    for start in range(0, len(numbers), AT_ONCE):
        some = list(numbers[start : start + AT_ONCE])
        shown = fetched(connection, [Position(0, MESSAGES, number) for number in some], now=now, salt=salt)
        seen = {one.place.number: one for one in shown}
        kept: dict[int, Any] = {row.id: row for row in connection.execute(_KEPT.where(_MESSAGE.id.in_(some)))}
        for number in some:
            one, row = seen.get(number), kept.get(number)
            if one is None or row is None or not scope.holds(one.account or ""):
                continue
            found.append(
                Candidate(
                    number=number,
                    account=one.account or "",
                    job=one.job or "",
                    channel=one.channel,
                    state=one.state,
                    final=one.final,
                    to=one.party,
                    ref=one.ref,
                    text=one.text,
                    content=row.content,
                    texts=row.options,
                    segments=one.segments or 1,
                    blocked=bool(row.blocked),
                    test=bool(row.test),
                )
            )
    return found


_BLOCKED: Final = and_(_JOB["class"] != "reply", holds(_MESSAGE.to, _MESSAGE.account_id, _MESSAGE.channel)).label(
    "blocked"
)
_KEPT: Final = select(_MESSAGE.id, _MESSAGE.options, _JOB.content, _JOB.test, _BLOCKED).join_from(
    tables.message, tables.job, _JOB.id == _MESSAGE.job_id
)
