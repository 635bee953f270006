"""Endpoints of webhooks: listed, made, changed, tried, and what they have not acknowledged."""

from __future__ import annotations

import json
from abc import abstractmethod
from datetime import datetime
from functools import partial
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, AwareDatetime, Field, SecretStr, StrictInt
from pydantic_core import PydanticCustomError

from gatewayd.config.sections import WebhookEvent
from gatewayd.operations.base import Json, Operation, Paged, live_of
from gatewayd.operations.paging import before_of
from gatewayd.operations.ports import Backend
from gatewayd.operations.rights import owned
from gatewayd.store.commands import Change
from gatewayd.store.sending import restoration
from gatewayd.store.session import Session
from gatewayd.store.snapshots import iso
from gatewayd.store.webhooks import endpoints, progress, questions
from gatewayd.store.webhooks.endpoints import FILE
from gatewayd.store.webhooks.questions import Backlog, Endpoint, Kept
from gatewayd.values.actor import Actor
from gatewayd.values.errors import NotFoundError, UsageError
from gatewayd.webhooks import signature
from gatewayd.webhooks.signature import Secret, SecretError
from gatewayd.webhooks.target import TargetError, checked_url
from gatewayd.webhooks.verdict import Fate
from gatewayd.words.translation import gettext as _

OVERLAP_MS: Final = 24 * 3_600_000
"""How long a secret goes on signing beside its successor: a receiver takes the new one over within a day."""
PAGE_MAX: Final = 200


def _address(url: str) -> str:
    try:
        return checked_url(url)
    except TargetError:
        raise PydanticCustomError("url_invalid", "not a web address: {value}", {"value": url[:100]}) from None


def _signing(secret: SecretStr) -> SecretStr:
    try:
        signature.key_of(secret.get_secret_value())
    except SecretError:
        raise PydanticCustomError("webhook_secret", "no secret of a webhook") from None
    return secret


Number = Annotated[StrictInt, Field(ge=1, lt=1 << 63)]
Url = Annotated[str, AfterValidator(_address)]
Events = Annotated[tuple[WebhookEvent, ...], Field(min_length=1, max_length=8)]
Given = Annotated[SecretStr, AfterValidator(_signing)]


def _shape(found: Endpoint) -> Json:
    return {
        "id": found.id,
        "account": found.account,
        "url": found.url,
        "events": list(found.events),
        "origin": found.origin,
        "allow_private": found.allow_private,
        "enabled": found.enabled,
        "state": _state(found),
        "reason": found.reason or (found.fault if _state(found) == "failing" else None),
        "since": iso(found.since),
        "created_at": iso(found.created_at),
        "acknowledged": found.acknowledged,
        "acknowledged_at": iso(found.acknowledged_at),
        "failed_at": iso(found.failed_at),
        "fault": found.fault,
        "resting_until": iso(found.resting_until),
        "replaying": found.replay is not None,
    }


def _state(found: Endpoint) -> str:
    if not found.enabled:
        return "disabled"
    return "failing" if found.failing else "ready"


def _whole(found: Endpoint, behind: Backlog) -> Json:
    return _shape(found) | {
        "waiting": behind.waiting,
        "failed": behind.failed,
        "oldest_at": iso(behind.oldest_at),
    }


def _failure(found: Kept) -> Json:
    return {
        "event": found.event,
        "type": found.type,
        "state": "waiting" if found.waiting else "failed",
        "tries": found.tries,
        "due": iso(found.due) if found.waiting else None,
        "first_at": iso(found.first_at),
        "last_at": iso(found.last_at),
        "fault": found.fault,
        "status": found.status,
        "body": json.loads(found.body),
    }


async def _found(backend: Backend, by: Actor, number: int) -> Endpoint:
    """Returns the endpoint of that number; NotFoundError for another account's, too."""
    found = await backend.read(lambda reader: reader.ask(partial(questions.endpoint, number=number)))
    owned(by, found.account, _("no webhook {webhook}").format(webhook=number))
    return found


async def _shown(backend: Backend, number: int) -> Json:
    def ask(connection: Any) -> tuple[Endpoint, Backlog]:
        found = questions.endpoint(connection, number)
        return found, questions.backlog(connection, found)

    return _whole(*await backend.read(lambda reader: reader.ask(ask)))


def _sealed(backend: Backend, account: str, secrets: tuple[Secret, ...]) -> str:
    return backend.vault.seal(json.dumps(signature.written(secrets)), signature.sealed_for(account))


def _changed(backend: Backend, number: int | None) -> None:
    if backend.live is not None:
        backend.live.webhooks_changed(number)


class ListWebhooks(Operation):
    name: ClassVar[str] = "webhook.list"
    reads_store = True
    account: str | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await backend.read(lambda reader: reader.ask(questions.endpoints))
        mine = [each for each in found if by.scope.holds(each.account) and self.account in {None, each.account}]
        return {"items": [_shape(each) for each in mine], "next": None}


class _One(Operation):
    webhook: Number


class ShowWebhook(_One):
    name: ClassVar[str] = "webhook.show"
    reads_store = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        await _found(backend, by, self.webhook)
        return await _shown(backend, self.webhook)


class AddWebhook(Operation):
    """Makes an endpoint for what happens from now on; its secret is shown this once."""

    name: ClassVar[str] = "webhook.add"
    account: str | None = None
    """None: the only account there is."""
    url: Url
    events: Events = ("receipt", "inbound")
    secret: Given | None = None
    """None: a new one is made."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        account = self.account or await _only_account(backend)
        secret = signature.new_secret() if self.secret is None else self.secret.get_secret_value()
        sealed = _sealed(backend, account, (Secret(secret),))
        add = partial(endpoints.add, owner=account, url=self.url, events=self.events, secrets=sealed, now=backend.now())
        number = await backend.execute(Change(lambda unit: add(unit.session), by.name))
        _changed(backend, number)
        return await _shown(backend, number) | {"secret": secret}


async def _only_account(backend: Backend) -> str:
    found = await backend.read(lambda reader: reader.accounts())
    if len(found) != 1:
        raise UsageError(_("name the account whose events are posted"))
    return found[0].name


class SetWebhook(_One):
    """Changes an endpoint; a secret that is replaced goes on signing beside the new one for a day."""

    name: ClassVar[str] = "webhook.set"
    url: Url | None = None
    events: Events | None = None
    secret: Given | None = None
    rotate: bool = False
    """Whether a new secret is made; it is shown this once."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await _found(backend, by, self.webhook)
        secret = self.secret.get_secret_value() if self.secret is not None else None
        if secret is not None and self.rotate:
            raise UsageError(_("secret: give one, or have a new one made"))
        if self.rotate:
            secret = signature.new_secret()
        sealed = None
        if secret is not None and found.origin != FILE:
            known = signature.read(json.loads(backend.vault.open(found.secrets or "", _place(found))))
            fresh = signature.rotated(known, secret, now=backend.now(), overlap_ms=OVERLAP_MS)
            sealed = _sealed(backend, found.account, fresh)
        alter = partial(endpoints.alter, number=self.webhook, url=self.url, events=self.events, secrets=sealed)
        await backend.execute(Change(lambda unit: alter(unit.session), by.name))
        _changed(backend, self.webhook)
        return await _shown(backend, self.webhook) | ({"secret": secret} if self.rotate else {})


def _place(found: Endpoint) -> str:
    return signature.sealed_for(found.account)


class RemoveWebhook(_One):
    """Removes an endpoint with all that it has not acknowledged."""

    name: ClassVar[str] = "webhook.remove"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        await _found(backend, by, self.webhook)
        remove = partial(endpoints.remove, number=self.webhook)
        await backend.execute(Change(lambda unit: remove(unit.session), by.name))
        _changed(backend, self.webhook)
        return {"removed": self.webhook}


class _Switch(_One):
    """Turns an endpoint on or off."""

    @abstractmethod
    def _turn(self, session: Session, now: int) -> None:
        """Does it, in the store."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        await _found(backend, by, self.webhook)
        now = backend.now()
        await backend.execute(Change(lambda unit: self._turn(unit.session, now), by.name))
        _changed(backend, self.webhook)
        return await _shown(backend, self.webhook)


class EnableWebhook(_Switch):
    """Goes on where the endpoint was; what waits is posted at once."""

    name: ClassVar[str] = "webhook.enable"

    def _turn(self, session: Session, now: int) -> None:
        endpoints.enable(session, number=self.webhook, now=now)


class DisableWebhook(_Switch):
    """Posts nothing more; what happens is kept for it for a week."""

    name: ClassVar[str] = "webhook.disable"

    def _turn(self, session: Session, now: int) -> None:
        endpoints.disable(session, number=self.webhook, now=now)


class TestWebhook(_One):
    """Posts a test event once, and says whether it was acknowledged: a status or a reason, and nothing of an answer."""

    __test__: ClassVar[bool] = False
    name: ClassVar[str] = "webhook.test"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        live = live_of(backend)
        await _found(backend, by, self.webhook)
        verdict = await live.test_webhook(self.webhook)
        return {"ok": verdict.fate is Fate.ACKNOWLEDGED, "status": verdict.status, "reason": verdict.reason}


class ListFailures(Paged):
    """Lists what an endpoint has not acknowledged, the newest first."""

    name: ClassVar[str] = "webhook.failures"
    reads_store = True
    webhook: Number

    async def perform(self, backend: Backend, by: Actor) -> Json:
        await _found(backend, by, self.webhook)
        limit = max(1, min(self.limit, PAGE_MAX))
        question = partial(questions.failures, number=self.webhook, before=before_of(self.cursor), limit=limit + 1)
        found = await backend.read(lambda reader: reader.ask(question))
        following = str(found[limit - 1].id) if len(found) > limit else None
        return {"items": [_failure(each) for each in found[:limit]], "next": following}


class ReplayEvents(_One):
    """Posts again, under the same ids, what happened from `since` until `until`: what has failed for good, or `all`."""

    name: ClassVar[str] = "webhook.replay"
    since: AwareDatetime
    until: AwareDatetime | None = None
    """None: now."""
    all: bool = False

    async def perform(self, backend: Backend, by: Actor) -> Json:
        await _found(backend, by, self.webhook)
        now = backend.now()
        since, until = _ms(self.since), now + 1 if self.until is None else _ms(self.until)
        if since >= until:
            raise UsageError(_("since: it must be before the end of the range"))
        replay = progress.replay_all if self.all else progress.replay_failures
        work = partial(replay, number=self.webhook, since=since, until=until, now=now)
        count = await backend.execute(Change(lambda unit: work(unit.session), by.name))
        _changed(backend, self.webhook)
        return {"webhook": self.webhook, "all": self.all, "count": count}


def _ms(at: datetime) -> int:
    return min(max(int(at.timestamp() * 1000), 0), (1 << 62))


class ReleaseEngines(Operation):
    """Lets what stands still since a store was put back go on."""

    name: ClassVar[str] = "engine.release"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        released = await backend.execute(Change(restoration.release, by.name))
        if not released:
            raise NotFoundError(_("nothing stands still"))
        _changed(backend, None)
        if backend.live is not None:
            live = backend.live
            # What claims are decided from may have changed; the others look at what waits for them.
            live.changed("policy", "")
            for due in (
                live.tasks_due,
                live.campaigns.due,
                live.reminders.due,
                live.answers.facts,
                live.answers.tickets,
            ):
                due()
        return {"released": True}
