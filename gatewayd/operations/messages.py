"""Messages over all jobs: found, shown, settled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Annotated, ClassVar, Literal

from pydantic import Field, SecretStr

from gatewayd.operations import shapes
from gatewayd.operations.base import Json, Operation, Paged, reworded
from gatewayd.operations.limits import price_of
from gatewayd.operations.masssend import permit
from gatewayd.operations.paging import before_of, instant_of
from gatewayd.operations.ports import Backend
from gatewayd.operations.rights import owned
from gatewayd.store.commands import Settle
from gatewayd.store.sending.questions import MessageFilter, find_messages
from gatewayd.store.snapshots import MessageView
from gatewayd.values.actor import Actor
from gatewayd.values.errors import ConflictError, ForbiddenError, NotFoundError, UsageError
from gatewayd.values.model import State
from gatewayd.words.reasons import state_word
from gatewayd.words.translation import gettext as _

LIMIT_MAX = 1000
Verdict = Literal["sent", "not-sent", "resend"]
SendPassword = Annotated[SecretStr | None, Field(max_length=1000)]
"""Of sends to many, where a person sends again."""
SETTLED_MAX = 500
"""Messages of one request: each is a transaction of its own."""


class FindMessages(Paged):
    """Messages by state, line, account, number and time of the latest change, the newest first."""

    name: ClassVar[str] = "message.list"
    reads_store = True
    state: State | None = None
    account: str | None = None
    line: str | None = None
    to: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        wanted = MessageFilter(
            self.state,
            self.account,
            self.line,
            self.to,
            instant_of(self.since, backend),
            instant_of(self.until, backend),
        )
        before, limit = before_of(self.cursor), max(1, min(self.limit, LIMIT_MAX))
        page = await backend.read(
            lambda reader: reader.ask(
                partial(
                    find_messages,
                    wanted=wanted,
                    salt=reader.salt(),
                    now=backend.now(),
                    before=before,
                    limit=limit,
                )
            )
        )
        return {"items": [shapes.message(one) for one in page.items], "next": page.next}


async def _message(backend: Backend, public: str, by: Actor) -> MessageView:
    """Returns the message of that id; NotFoundError where there is none, or none within the actor's account."""
    found = await backend.read(lambda reader: reader.message(public, backend.now()))
    owned(by, found.account, _("no message {message}").format(message=public))
    return found


class ShowMessage(Operation):
    name: ClassVar[str] = "message.show"
    reads_store = True
    message: str

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await _message(backend, self.message, by)
        return shapes.message(found, whole=True)


async def _sendable(backend: Backend, by: Actor, found: Iterable[MessageView], password: SecretStr | None) -> None:
    """Asks for the password of sends to many where a person would send these again; an operator is not asked."""
    if by.test:
        raise ForbiddenError(_("a test token sends nothing"))
    if by.kind == "operator":
        return
    people: dict[str, set[str]] = {}
    prices: Counter[str] = Counter()
    for one in found:
        people.setdefault(one.account, set()).add(one.to or one.public)
        prices[one.account] += price_of(backend, one.channel) * (one.segments or 1)
    for account, some in people.items():
        await permit(backend, by, account, some, password, price=prices[account])


class SettleMessage(Operation):
    name: ClassVar[str] = "message.settle"
    message: str
    verdict: Verdict
    password: SendPassword = None

    async def before(self, backend: Backend) -> Json:
        return {"state": str((await backend.read(lambda reader: reader.message(self.message, backend.now()))).state)}

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await _message(backend, self.message, by)
        if self.verdict == "resend" and found.state == State.UNCERTAIN:
            await _sendable(backend, by, [found], self.password)
        return await self.settle(backend, found)

    async def settle(self, backend: Backend, found: MessageView) -> Json:
        """Settles a message that may be sent again where that is the verdict. ConflictError: it is not in doubt."""
        with reworded(ConflictError, _("the message is {state}, not uncertain").format(state=state_word(found.state))):
            settled = await backend.execute(Settle(found.id, self.verdict, backend.now()))
        if backend.live is not None:
            backend.live.settled(settled)
            backend.live.receipts_due([settled.job_id])
        found = await backend.read(lambda reader: reader.message_by_number(found.id, backend.now()))
        return shapes.message(found, whole=True)


class SettleMessages(Operation):
    """Says of several messages in doubt what became of them; names those that cannot be settled, and why."""

    name: ClassVar[str] = "message.settle_many"
    messages: Annotated[list[str], Field(min_length=1, max_length=SETTLED_MAX)]
    verdict: Verdict
    password: SendPassword = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        settled, refused, found = 0, [], []
        for public in dict.fromkeys(self.messages):
            try:
                found.append(await _message(backend, public, by))
            except (NotFoundError, UsageError) as error:
                refused.append({"message": public, "reason": str(error)})
        if self.verdict == "resend":
            await _sendable(backend, by, [one for one in found if one.state == State.UNCERTAIN], self.password)
        for one in found:
            try:
                await SettleMessage(message=one.public, verdict=self.verdict).settle(backend, one)
            except (ConflictError, NotFoundError, UsageError) as error:
                refused.append({"message": one.public, "reason": str(error)})
            else:
                settled += 1
        return {"settled": settled, "refused": refused}
