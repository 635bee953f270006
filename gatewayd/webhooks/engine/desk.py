"""What couriers work with: the store as they ask it, one try of an event, and how their endpoint is called."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gatewayd.store.webhooks.progress import Place, Progress
from gatewayd.store.webhooks.questions import Endpoint, Kept, Waiting
from gatewayd.webhooks.engine.source import Page
from gatewayd.webhooks.schedule import Schedule
from gatewayd.webhooks.signature import Secret
from gatewayd.webhooks.verdict import Verdict


class Store(Protocol):
    """What a courier asks of the store."""

    async def page(self, endpoint: Endpoint, place: Place, end: int | None, limit: int) -> Page: ...

    async def waiting(self, endpoint: int) -> Sequence[Waiting]: ...

    async def kept(self, numbers: Sequence[int]) -> dict[int, Kept]: ...

    async def record(self, progress: Progress) -> None: ...


class Post(Protocol):
    """One try of one event."""

    def __call__(
        self, url: str, headers: dict[str, str], body: bytes, *, allow_private: bool
    ) -> Awaitable[Verdict]: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What all couriers share."""

    store: Store
    post: Post
    schedule: Schedule
    now: Callable[[], int]
    disabled: Callable[[Endpoint, str], None]
    """Says that an endpoint was disabled, and why."""
    moved: Callable[[], None]
    """Says that some endpoint went on in the log."""


@dataclass(frozen=True, slots=True)
class Access:
    """How an endpoint is called: with what it signs, and whether it may lead to a private address."""

    secrets: tuple[Secret, ...]
    allow_private: bool = False
