"""The inbox: conversations with people who wrote to us."""

from __future__ import annotations

import secrets
from abc import abstractmethod
from functools import partial
from hashlib import sha256
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, Field

from gatewayd.operations.base import Json, Operation, Paged, live_of
from gatewayd.operations.limits import price_of
from gatewayd.operations.masssend import answered
from gatewayd.operations.ports import Backend
from gatewayd.store.commands import Change, MessagePost, Origin, PostKey
from gatewayd.store.insight import conversations as questions
from gatewayd.store.insight.conversations import ConversationView, Place, Said, Which
from gatewayd.store.sending import conversations
from gatewayd.store.snapshots import iso
from gatewayd.values.actor import Actor
from gatewayd.values.errors import GatewayError, UsageError
from gatewayd.values.model import Channel
from gatewayd.values.money import format_money
from gatewayd.values.storable import wellformed
from gatewayd.words.reasons import meaning
from gatewayd.words.translation import gettext as _
from gatewayd.words.translation import language

PAGE_MAX: Final = 200
TEXT_MAX: Final = 1600
"""Characters of an answer: ten parts of an SMS."""
UNREAD_MOST: Final = 1000
"""Above it a person reads "more than"."""

Address = Annotated[str, Field(min_length=1, max_length=2_000), AfterValidator(wellformed)]


def _shape(found: ConversationView) -> Json:
    return {
        "account": found.account,
        "address": found.address,
        "last_at": iso(found.last_at),
        "channel": found.channel,
        "line": found.line,
        "unread": found.unread,
        "done_at": iso(found.done_at),
        "assigned": found.assigned,
        "text": found.text,
    }


def _said(one: Said) -> Json:
    return {
        "direction": one.direction,
        "id": one.public,
        "at": iso(one.at),
        "channel": one.channel,
        "line": one.line,
        "text": one.text,
        "state": one.state,
        "reason": one.reason,
        "final": one.final,
        "opt_out": one.opt_out,
        "review": one.review,
        "answer": None
        if one.answer is None
        else {
            "kind": one.answer.kind,
            "state": one.answer.state,
            "reason": one.answer.reason,
            "ticket": one.answer.ticket,
        },
    }


def _cursor(place: Place | None) -> str | None:
    return None if place is None else f"{place.last_at}.{place.account_id}.{place.address}"


def _place(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    at, _dot, rest = cursor.partition(".")
    account, dot, address = rest.partition(".")
    if (
        not (dot and at.isascii() and at.isdecimal() and account.isascii() and account.isdecimal())
        or len(cursor) > 2100
    ):
        raise UsageError(_("not a cursor of this list: {cursor}").format(cursor=cursor[:40]))
    if len(at) > 18 or len(account) > 18:
        raise UsageError(_("not a cursor of this list: {cursor}").format(cursor=cursor[:40]))
    return Place(int(at), int(account), address)


class ListConversations(Paged):
    """Lists conversations, the one with the latest message first."""

    name: ClassVar[str] = "inbox.list"
    reads_store = True
    account: str | None = None
    which: Which = "open"
    search: Annotated[str | None, Field(max_length=100)] = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        question = partial(
            questions.conversations,
            scope=by.scope,
            which=self.which,
            person=by.number if by.kind == "person" else None,
            limit=max(1, min(self.limit, PAGE_MAX)),
            search=self.search,
            account=self.account,
            behind=_place(self.cursor),
        )
        page = await backend.read(lambda reader: reader.ask(question))
        return {"items": [_shape(one) for one in page.items], "next": _cursor(page.next)}


class CountUnread(Operation):
    """Counts the conversations that hold something unread; `more` where there are more than the count."""

    name: ClassVar[str] = "inbox.unread"
    reads_store = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        question = partial(questions.unread_conversations, scope=by.scope, most=UNREAD_MOST + 1)
        count = await backend.read(lambda reader: reader.ask(question))
        return {"count": min(count, UNREAD_MOST), "more": count > UNREAD_MOST}


class _OfOne(Operation):
    """A request about one conversation."""

    account: str | None = None
    address: Address

    def _account(self) -> str:
        if self.account is None:
            raise UsageError(_("account: name the conversation's account"))
        return self.account


class ShowConversation(_OfOne):
    """Shows what was said in a conversation, the oldest first."""

    name: ClassVar[str] = "inbox.show"
    reads_store = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        account = self._account()

        def asked(reader: Any) -> Json:
            one = partial(questions.conversation, scope=by.scope, account=account, address=self.address)
            shape = _shape(reader.ask(one))
            of_it = partial(questions.thread, scope=by.scope, account=account, address=self.address, salt=reader.salt())
            shape["messages"] = [_said(each) for each in reader.ask(of_it)]
            listed = partial(questions.is_blocked, scope=by.scope, account=account, address=self.address)
            shape["blocked"] = reader.ask(listed)
            return shape

        shape = await backend.read(asked)
        price = backend.config.tariff.price(shape["channel"]) if shape["channel"] in set(Channel) else 0
        shape["price"] = format_money(price) if price else None
        shape["currency"] = backend.config.tariff.currency
        shape["reply_key"] = secrets.token_urlsafe(16)
        return shape


class _ChangeOfOne(_OfOne):
    async def perform(self, backend: Backend, by: Actor) -> Json:
        account = self._account()
        await backend.execute(Change(partial(self._work, by=by, account=account, now=backend.now()), by.name))
        question = partial(questions.conversation, scope=by.scope, account=account, address=self.address)
        return _shape(await backend.read(lambda reader: reader.ask(question)))

    @abstractmethod
    def _work(self, unit: Any, *, by: Actor, account: str, now: int) -> None:
        """Does it, in the store."""


class ReadConversation(_ChangeOfOne):
    """Marks a conversation as read."""

    name: ClassVar[str] = "inbox.read"

    def _work(self, unit: Any, *, by: Actor, account: str, now: int) -> None:
        conversations.read(unit.session, by.scope, account, self.address)


class PutAwayConversation(_ChangeOfOne):
    """Puts a conversation away until something comes in."""

    name: ClassVar[str] = "inbox.done"

    def _work(self, unit: Any, *, by: Actor, account: str, now: int) -> None:
        conversations.put_away(unit.session, by.scope, account, self.address, now)


class OpenConversation(_ChangeOfOne):
    """Takes a conversation out again."""

    name: ClassVar[str] = "inbox.open"

    def _work(self, unit: Any, *, by: Actor, account: str, now: int) -> None:
        conversations.open_again(unit.session, by.scope, account, self.address)


class AssignConversation(_ChangeOfOne):
    """Gives a conversation to a user; without one, takes it from everybody."""

    name: ClassVar[str] = "inbox.assign"
    user: Annotated[str | None, Field(max_length=200)] = None

    def _work(self, unit: Any, *, by: Actor, account: str, now: int) -> None:
        conversations.assign(unit.session, by.scope, account, self.address, self.user)


class ReplyConversation(_OfOne):
    """Answers over the line that the latest message came by, as a message that goes before others.

    `key` makes a form that is sent twice one answer. Answers the message's id and the job that it shares.
    """

    name: ClassVar[str] = "inbox.reply"
    text: Annotated[str, Field(min_length=1, max_length=TEXT_MAX), AfterValidator(wellformed)]
    key: Annotated[str | None, Field(min_length=1, max_length=64)] = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        account = self._account()
        question = partial(questions.conversation, scope=by.scope, account=account, address=self.address)
        found = await backend.read(lambda reader: reader.ask(question))
        live = live_of(backend)
        message: dict[str, Any] = {
            "to": found.address,
            "channel": found.channel,
            "text": self.text.replace("%", "%%"),
            "priority": "urgent",
            "lines": [found.line],
        }
        listed = partial(questions.is_blocked, scope=by.scope, account=account, address=self.address)
        if not await backend.read(lambda reader: reader.ask(listed)):
            # They wrote to us, and are answered at once; whoever has asked for silence since is left alone.
            message["class"] = "reply"
        if found.channel == Channel.EMAIL:
            message["subject"] = _("Your message")
        key = None if self.key is None else PostKey(f"r:{self.key}", sha256(self.text.encode()).hexdigest())
        origin = Origin(
            account, f"u{by.number}" if by.kind == "person" else "op", by.test, language(), frozenset({"reply"})
        )
        price = price_of(backend, found.channel, self.text)
        await answered(backend, by, account, price=price)
        (posted,) = await live.posts.messages(origin, [MessagePost([message], key)])
        if isinstance(posted, Exception):
            raise posted if isinstance(posted, GatewayError) else GatewayError(str(posted))
        (answer,) = posted.answers
        if answer["status"] != "accepted":
            raise UsageError(_refusal(answer))
        done = partial(_answered, scope=by.scope, account=account, address=self.address)
        await backend.execute(Change(done, by.name))
        return answer


def _answered(unit: Any, *, scope: Any, account: str, address: str) -> None:
    """Marks as read what was answered."""
    conversations.read(unit.session, scope, account, address)


def _refusal(answer: dict[str, Any]) -> str:
    """Returns why an answer was not taken, for a person."""
    told = [str(one.get("detail") or one.get("code")) for one in answer.get("errors", ())]
    return "; ".join(told) or meaning(answer.get("reason")) or _("it was refused")
