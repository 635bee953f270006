"""All endpoints: a courier for each that is enabled, the file's endpoints kept like the file, and what is over removed.

Sleeps until something comes. Of several nodes on one store, one at a time posts for an endpoint.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Protocol, TypeVar

import structlog

from gatewayd.config import WebhookConfig
from gatewayd.credentials.vault import Vault
from gatewayd.store.commands import Change, Command
from gatewayd.store.reader import Reader
from gatewayd.store.sending.restoration import standing_still
from gatewayd.store.session import Session
from gatewayd.store.webhooks import endpoints, outbox, progress, questions
from gatewayd.store.webhooks.endpoints import FILE, Filed
from gatewayd.store.webhooks.progress import Place, Progress
from gatewayd.store.webhooks.questions import Endpoint, Kept, Waiting
from gatewayd.values.errors import GatewayError, NotFoundError, UnavailableError
from gatewayd.webhooks import event, signature
from gatewayd.webhooks.engine.courier import WAITING_MOST, Courier
from gatewayd.webhooks.engine.desk import Access, Desk, Post
from gatewayd.webhooks.engine.source import PAGE, Page, Source
from gatewayd.webhooks.engine.watch import Watch
from gatewayd.webhooks.schedule import Schedule
from gatewayd.webhooks.signature import Secret, SecretError
from gatewayd.webhooks.verdict import Verdict
from gatewayd.words.translation import gettext as _
from spool.folders import Spool

log = structlog.get_logger()

R = TypeVar("R")

LOOK_S: Final = 3600.0
"""Between looks at the endpoints where nobody says that they have changed."""
LEASE_S: Final = 60.0
"""How long an endpoint is a node's after its last word; it says so three times as often."""
TIDY_S: Final = 1.0
"""Between removals, so that each has more than a few rows."""
PORTION_S: Final = 0.005
"""Between portions of a removal, so that lines and people get at the writer."""
FORGET_S: Final = 3600.0
TROUBLE_S: Final = 5.0


class Execute(Protocol):
    """Hands a command to the store's writer."""

    def __call__(self, command: Command[R], /) -> Awaitable[R]: ...


class Webhooks:
    """The service. `due`, `changed` and `take_over` are called on its loop."""

    def __init__(
        self,
        filed: Sequence[WebhookConfig],
        *,
        node: str,
        shared: bool,
        execute: Execute,
        reader: Reader,
        spool: Spool,
        in_thread: Callable[..., Awaitable[Any]],
        vault: Vault,
        post: Post,
        now: Callable[[], int],
        happened: Callable[[str, str, str | None], None],
        schedule: Schedule | None = None,
    ) -> None:
        """`shared`: other nodes may work on the same store. `happened` says what a person should see."""
        self._filed = tuple(filed)
        self._node = node
        self._shared = shared
        self._execute = execute
        self._reader = reader
        self._in_thread = in_thread
        self._vault = vault
        self._post = post
        self._now = now
        self._happened = happened
        self.watch: Watch | None = None
        """What notices what nobody records; given before this runs."""
        self._source = Source(reader, spool)
        self._couriers: dict[int, tuple[Courier, asyncio.Task[None]]] = {}
        self._changed = asyncio.Event()
        self._anew: set[int] = set()
        """Endpoints whose courier is to begin again, whatever the store shows."""
        self._moved = asyncio.Event()
        self._strange: frozenset[str] = frozenset()
        self._unusable: set[int] = set()
        self.standing_still = False
        """A store was put back: nothing is posted until a person releases it."""
        self._desk = Desk(
            _Asked(execute, in_thread, self._source),
            post,
            schedule or Schedule(random.random),
            now,
            self._disabled,
            self._moved.set,
        )

    # ---------------------------------------------------------------------------------------------- what others say

    def due(self) -> None:
        """Something was logged, or may have been."""
        if self.watch is not None:
            self.watch.stirred()
        self.post()

    def post(self) -> None:
        """Something was logged."""
        for courier, _task in self._couriers.values():
            courier.wake()

    def changed(self, number: int | None = None) -> None:
        """Endpoints were changed: that one, or something about them all."""
        if number is not None:
            self._anew.add(number)
        self._changed.set()

    def take_over(self, filed: Sequence[WebhookConfig]) -> None:
        """The configuration file was read again."""
        if self._filed != tuple(filed):
            self._filed = tuple(filed)
            self._anew.update(self._couriers)
            self._changed.set()

    async def test(self, number: int) -> Verdict:
        """Posts a test event once. NotFoundError, UnavailableError."""
        found = await self.ask(partial(questions.endpoint, number=number))
        access = self._access(found)
        if access is None:
            raise UnavailableError(_("the secret of webhook {webhook} cannot be opened").format(webhook=number))
        now = self._now()
        at = datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        one = event.trial(number, at)
        headers = signature.headers(one.id, now // 1000, one.body, signature.in_force(access.secrets, now))
        return await self._post(found.url, headers, one.body, allow_private=access.allow_private)

    # ------------------------------------------------------------------------------------------------------ its life

    async def run(self) -> None:
        """Until cancelled."""
        beside = [asyncio.create_task(self._tidy(), name="webhooks-tidy")]
        if self.watch is not None:
            beside.append(asyncio.create_task(self.watch.run(), name="webhooks-watch"))
        try:
            while True:
                self._changed.clear()
                pause = LEASE_S / 3 if self._shared else LOOK_S
                try:
                    await self._arrange()
                except GatewayError as error:
                    log.error("webhooks wait for the store", error=str(error))  # noqa: TRY400
                    pause = TROUBLE_S
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._changed.wait()
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            for number in tuple(self._couriers):
                await self._stop(number)
            await self._post.close()

    async def _arrange(self) -> None:
        """Starts and stops couriers, so that each endpoint that is to be served has one."""
        anew, self._anew = self._anew, set()
        await self._match_file()
        self.standing_still = await self.ask(standing_still)
        known = await self.ask(questions.endpoints)
        wanted = {} if self.standing_still else {each.id: each for each in known if each.enabled}
        served = {number: access for number, each in wanted.items() if (access := self._access(each)) is not None}
        if self._shared and served:
            now = self._now()
            numbers = tuple(served)
            await self._execute(
                _of(
                    partial(endpoints.claim, numbers=numbers, node=self._node, now=now, until=now + int(LEASE_S * 1000))
                )
            )
            mine = {each.id for each in await self.ask(questions.endpoints) if each.owner == self._node}
            served = {number: access for number, access in served.items() if number in mine}
        for number, (courier, task) in tuple(self._couriers.items()):
            fresh = wanted.get(number)
            if number not in served or fresh is None or number in anew or task.done() or _differs(courier, fresh):
                await self._stop(number)
        for number, access in served.items():
            if number not in self._couriers:
                # Read after the one before has ended: it may have recorded more.
                found = await self.ask(partial(_endpoint_or_none, number=number))
                if found is not None and found.enabled:
                    self._start(found, access)

    async def _match_file(self) -> None:
        filed = [Filed(each.account, each.url, tuple(each.events), each.allow_private) for each in self._filed]
        work = partial(endpoints.match_file, filed=filed, node=self._node, now=self._now())
        strange = frozenset(await self._execute(_of(work)))
        for why in strange - self._strange:
            log.warning("a webhook of the file cannot be served", error=why)
        self._strange = strange

    def _start(self, found: Endpoint, access: Access) -> None:
        courier = Courier(self._desk, found, access)
        task = asyncio.create_task(self._guard(courier), name=f"webhook-{found.id}")
        self._couriers[found.id] = (courier, task)

    async def _guard(self, courier: Courier) -> None:
        """A defect that one endpoint brings out ends here, and the others never learn of it."""
        try:
            await courier.run()
        except Exception:  # the outermost edge of one endpoint
            log.exception("a webhook's courier failed", webhook=courier.endpoint.id)
            await asyncio.sleep(TROUBLE_S)
            self._changed.set()

    async def _stop(self, number: int) -> None:
        _courier, task = self._couriers.pop(number)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def _access(self, found: Endpoint) -> Access | None:
        """Returns how an endpoint is called; None where this node cannot: another's file, a secret that is not to be
        opened."""
        if found.origin == FILE:
            for filed in self._filed:
                if (filed.account, filed.url) == (found.account, found.url):
                    return Access((Secret(filed.secret.get_secret_value()),), filed.allow_private)
            return None
        try:
            opened = self._vault.open(found.secrets or "", signature.sealed_for(found.account))
            secrets = signature.read(json.loads(opened))
            for each in secrets:
                signature.key_of(each.text)
        except (GatewayError, SecretError, ValueError, KeyError, TypeError):
            if found.id not in self._unusable:
                self._unusable.add(found.id)
                log.error("the secret of a webhook cannot be opened", webhook=found.id)  # noqa: TRY400
            return None
        self._unusable.discard(found.id)
        return Access(secrets)

    def _disabled(self, found: Endpoint, reason: str) -> None:
        self._happened(f"{found.account} {found.id}", "disabled", reason)

    # ------------------------------------------------------------------------------------------------- what is over

    async def _tidy(self) -> None:
        """Removes what every endpoint has posted, soon after, and what is old, once an hour."""
        forgot: int | None = None
        while True:
            try:
                if forgot is None or self._now() - forgot >= FORGET_S * 1000:
                    forgot = self._now()
                    await self._in_portions(partial(outbox.forget, now=forgot))
                    await self._execute(_of(endpoints.drop_lapsed))
                await self._in_portions(outbox.let_go)
            except GatewayError as error:
                log.error("what webhooks have posted is not removed yet", error=str(error))  # noqa: TRY400
                await asyncio.sleep(TROUBLE_S)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(FORGET_S):
                    await self._moved.wait()
            await asyncio.sleep(TIDY_S)
            self._moved.clear()

    async def _in_portions(self, work: Callable[[Session], bool]) -> None:
        """Repeats a change for as long as it says that there may be more."""
        more = await self._execute(_of(work))
        while more:
            await asyncio.sleep(PORTION_S)
            more = await self._execute(_of(work))

    async def ask(self, question: Callable[[Any], R]) -> R:
        result: R = await self._in_thread(self._reader.ask, question)
        return result


class _Asked:
    """The store as couriers ask it."""

    def __init__(self, execute: Execute, in_thread: Callable[..., Awaitable[Any]], source: Source) -> None:
        self._execute = execute
        self._in_thread = in_thread
        self._source = source

    async def page(self, endpoint: Endpoint, place: Place, end: int | None, limit: int) -> Page:
        found: Page = await self._in_thread(self._source.page, endpoint, place, end, limit)
        return found

    async def waiting(self, endpoint: int) -> Sequence[Waiting]:
        question = partial(questions.waiting, number=endpoint, limit=WAITING_MOST + PAGE)
        found: list[Waiting] = await self._in_thread(self._source.reader.ask, question)
        return found

    async def kept(self, numbers: Sequence[int]) -> dict[int, Kept]:
        question = partial(questions.kept, numbers=numbers)
        found: dict[int, Kept] = await self._in_thread(self._source.reader.ask, question)
        return found

    async def record(self, done: Progress) -> None:
        await self._execute(_of(partial(progress.record, progress=done)))


def _of(work: Callable[[Session], R]) -> Change[R]:
    """Returns a change of the store that works on its session alone."""
    return Change(lambda unit: work(unit.session), "webhooks")


def _endpoint_or_none(connection: Any, number: int) -> Endpoint | None:
    try:
        return questions.endpoint(connection, number)
    except NotFoundError:
        return None


def _differs(courier: Courier, fresh: Endpoint) -> bool:
    """Returns whether an endpoint has become another since its courier began."""
    begun = courier.endpoint
    return (begun.url, begun.events, begun.secrets, begun.since) != (
        fresh.url,
        fresh.events,
        fresh.secrets,
        fresh.since,
    ) or (fresh.replay_end is not None and fresh.replay_end != begun.replay_end)
