"""The log of interactions: found and shown, over all channels and both directions."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar, Final, Literal

from gatewayd.operations import shapes
from gatewayd.operations.base import Json, Operation, Paged
from gatewayd.operations.log_query import FIELDS, LogQuery, filter_of
from gatewayd.operations.ports import Backend
from gatewayd.operations.rights import owned
from gatewayd.store.insight.interaction_rows import Interaction, made_elsewhere, replies, reply
from gatewayd.store.insight.interactions import interactions
from gatewayd.store.insight.position import Position
from gatewayd.store.insight.surroundings import contacts_before
from gatewayd.store.snapshots import MessageView, iso
from gatewayd.values.actor import Actor, Scope
from gatewayd.values.errors import NotFoundError, UsageError
from gatewayd.values.model import ulid_ms, ulid_number
from gatewayd.values.money import format_money
from gatewayd.words.translation import gettext as _

LIMIT_MAX: Final = 500
LOOK_S: Final = 0.06
"""How long a page may be looked for: behind it stands how far was looked, and the next page goes on there."""
COUNT_S: Final = 0.02
"""From the beginning of the search on, how long may be counted: what fills the page late is not looked for further."""
TEXT_MAX: Final = 300
"""Characters of a text in a list."""


def shape(found: Interaction, *, whole: bool = False) -> Json:
    """Returns an interaction as JSON: times ISO 8601, money a decimal string; its text cut unless `whole`."""
    text = found.text
    return {
        "id": found.public,
        "direction": found.direction,
        "at": iso(found.at),
        "sent_at": iso(found.sent_at),
        "account": found.account,
        "channel": found.channel,
        "party": found.party,
        "ref": found.ref,
        "state": found.state,
        "answered": found.answered,
        "final": found.final,
        "reason": found.reason,
        "text": text if whole or text is None or len(text) <= TEXT_MAX else f"{text[:TEXT_MAX]}…",
        "job": found.job,
        "row": found.row,
        "line": found.line,
        "segments": found.segments,
        "cost": None if found.cost is None else format_money(found.cost),
        "currency": found.currency,
        "source": found.source,
        "kind": found.kind,
        "by": found.by,
        **_person(found),
        "flow": found.flow,
        "campaign": found.campaign,
        "template": found.template,
        "template_version": found.template_version,
    }


def _person(found: Interaction) -> Json:
    """Returns who a contact was with: as the customer is now, else as it was said when it was entered."""
    person = found.person
    if person is None:
        known = dict.fromkeys(("name", "portfolio_type", "portfolio_name", "assigned", "supervisor"))
        return {"customer": found.external_id, "document": found.document, **known}
    return {
        "customer": person.external_id,
        "document": person.document,
        "name": person.name,
        "portfolio_type": person.portfolio_type,
        "portfolio_name": person.portfolio_name,
        "assigned": person.assigned,
        "supervisor": person.supervisor,
    }


def scope_of(by: Actor, account: str | None) -> Scope:
    """Returns the rows meant: of the account that is named, or all that the actor may see."""
    return by.scope if account is None else Scope.of(account)


class _OfLog(Paged, LogQuery):
    """A request that bears the filters as arguments of its own."""

    account: str | None = None

    def query(self) -> LogQuery:
        return LogQuery(**{name: getattr(self, name) for name in FIELDS})


class ListInteractions(_OfLog):
    """Lists messages, what came in and contacts made elsewhere, newest first by when they left or arrived.

    `looked_to` is set where few of what is meant was found in the time a page may take: the page after it goes on from
    there. With `counted`, how many there are, up to ten thousand.
    """

    name: ClassVar[str] = "interaction.list"
    reads_store = True
    counted: bool = False
    last: bool = False
    """Whether each says when its address was contacted last before it."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        now = backend.now()
        wanted = filter_of(self.query(), backend.config, now)
        behind = None if self.cursor is None else Position.read(self.cursor)
        limit = max(1, min(self.limit, LIMIT_MAX))
        scope = scope_of(by, self.account)
        page = await backend.read(
            lambda reader: reader.ask(
                partial(
                    interactions,
                    scope=scope,
                    wanted=wanted,
                    now=now,
                    salt=reader.salt(),
                    limit=limit,
                    seconds=LOOK_S * reader.patience(),
                    behind=behind,
                    count_s=COUNT_S * reader.patience() if self.counted else None,
                )
            )
        )
        items = [shape(one) for one in page.items]
        if self.last:
            rows = [(place, one.party, one.at) for place, one in enumerate(page.items)]
            before = await backend.read(lambda reader: reader.ask(partial(contacts_before, rows=rows)))
            for place, item in enumerate(items):
                item["last_contact"] = iso(before.get(place))
        answer: Json = {
            "items": items,
            "next": page.next,
            "looked_to": iso(page.looked_to),
        }
        if page.counted is not None:
            answer["count"] = {"count": page.counted.count, "all": page.counted.all}
        return answer


class ShowInteraction(Operation):
    """Shows one with its whole text, the way it went with its times, and what answered it."""

    name: ClassVar[str] = "interaction.show"
    reads_store = True
    direction: Literal["out", "in", "noted"]
    """`noted`: a contact made elsewhere, whichever way it went."""
    id: str

    async def perform(self, backend: Backend, by: Actor) -> Json:
        missing = _("no interaction {id}").format(id=self.id[:40])
        if self.direction == "in":
            return await self._received(backend, by, missing)
        if self.direction == "noted":
            return await self._noted(backend, by, missing)
        found = await backend.read(lambda reader: reader.message(self.id, backend.now()))
        owned(by, found.account, missing)
        shown, answers = await backend.read(
            lambda reader: reader.ask(partial(replies, message=found.id, now=backend.now(), salt=reader.salt()))
        )
        return shape(shown, whole=True) | {
            "message": shapes.message(found, whole=True),
            "way": way(found),
            "replies": [shape(one, whole=True) for one in answers],
        }

    async def _received(self, backend: Backend, by: Actor, missing: str) -> Json:
        number = self._number(missing)
        found = await backend.read(
            lambda reader: reader.ask(partial(reply, number=number, now=backend.now(), salt=reader.salt()))
        )
        if found is None or found[0].public != self.id.upper() or not by.scope.holds(found[0].account or ""):
            raise NotFoundError(missing)
        shown, answered = found
        return shape(shown, whole=True) | {"answers": None if answered is None else shape(answered, whole=True)}

    async def _noted(self, backend: Backend, by: Actor, missing: str) -> Json:
        number = self._number(missing)
        found = await backend.read(
            lambda reader: reader.ask(partial(made_elsewhere, number=number, salt=reader.salt()))
        )
        if found is None or found.public != self.id.upper() or not by.scope.holds(found.account or ""):
            raise NotFoundError(missing)
        return shape(found, whole=True)

    def _number(self, missing: str) -> int:
        """Returns the row's number; NotFoundError for one that no row can bear."""
        try:
            number = ulid_number(self.id)
        except ValueError:
            raise UsageError(_("not the id of a message: {message}").format(message=self.id[:40])) from None
        if number >= 1 << 63:
            raise NotFoundError(missing)
        return number


def way(found: MessageView) -> list[dict[str, Any]]:
    """Returns the steps of a message in time: each with `step`, `at`, and the line and reason where there are any."""
    steps: list[dict[str, Any]] = [{"step": "recorded", "at": ulid_ms(found.public), "line": None, "reason": None}]
    for one in found.attempts:
        steps.append({"step": "taken", "at": one.started_at, "line": one.line, "reason": None})
        if one.parts and one.outcome != "accepted":
            steps.append({"step": "left", "at": min(part.at for part in one.parts), "line": one.line, "reason": None})
        if one.ended_at is not None and one.outcome is not None:
            steps.append({"step": one.outcome, "at": one.ended_at, "line": one.line, "reason": one.reason})
        reported = [part for part in one.parts if part.reported_at is not None]
        if reported:
            last = max(reported, key=lambda part: part.reported_at or 0)
            steps.append({"step": last.state, "at": last.reported_at, "line": one.line, "reason": last.reason})
    # What nobody reported, a sweep or a person has decided since.
    ended = found.final and (steps[-1]["step"] != str(found.state))
    if ended and all(step["at"] < found.updated_at for step in steps):
        steps.append({"step": str(found.state), "at": found.updated_at, "line": None, "reason": found.reason})
    return [{**step, "at": iso(step["at"])} for step in steps]
