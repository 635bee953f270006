"""The engine of answers as the daemon makes it, over the daemon's own parts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from gatewayd.answers.engine.service import Answers
from gatewayd.dispatch.dispatcher import Dispatcher
from gatewayd.intake.posting import PostDesk
from gatewayd.intake.reception import IntakeDesk
from gatewayd.store.commands import QueueInfo
from gatewayd.values.clock import now_ms
from gatewayd.values.news import Kind, News
from spool.folders import Spool


@dataclass(frozen=True, slots=True)
class _Told:
    """Spreads what answers have changed."""

    intake: IntakeDesk
    dispatcher: Dispatcher
    say: News

    def publish(self, queues: Iterable[QueueInfo]) -> None:
        self.dispatcher.publish(tuple(queues))

    def recorded(self, job_id: int) -> None:
        self.intake.told.recorded(job_id)

    def collections(self) -> None:
        self.say.say("promise")
        self.say.say("pause")

    def news(self, kind: Kind) -> None:
        self.say.say(kind)


def answers(
    intake: IntakeDesk,
    posts: PostDesk,
    spool: Spool,
    dispatcher: Dispatcher,
    *,
    logged: Callable[[], object],
    in_thread: Callable[..., Awaitable[Any]],
    news: News,
) -> Answers:
    """Returns the service, woken by what `news` says of bills; `logged` is told when webhooks may have something to
    post."""
    made = Answers(
        lambda: intake.config,
        intake.writer,
        spool,
        make=posts.maker(),
        told=_Told(intake, dispatcher, news),
        logged=logged,
        in_thread=in_thread,
        now=now_ms,
    )
    news.hear({"bill", "customer"}, made.facts)
    return made
