"""What claims achieve: who paid within so many days of a contact, by level, channel, template and hour, held against
those who were left alone."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from gatewayd.operations.base import Json, Operation
from gatewayd.operations.people_lists import scope_of
from gatewayd.operations.ports import Backend
from gatewayd.store.dunning import effectiveness
from gatewayd.store.dunning.effectiveness import Group
from gatewayd.values.actor import Actor
from gatewayd.values.money import format_money

DAY_MS = 86_400_000


def _shape(one: Group) -> Json:
    def rate(count: int) -> float | None:
        return round(count / one.contacts, 4) if one.contacts else None

    return {
        "name": one.name,
        "currency": one.currency,
        "contacts": one.contacts,
        "paid_3": one.paid[0],
        "paid_7": one.paid[1],
        "paid_15": one.paid[2],
        "rate_3": rate(one.paid[0]),
        "rate_7": rate(one.paid[1]),
        "rate_15": rate(one.paid[2]),
        "wrong_person": one.wrong_person,
        "opted_out": one.opted_out,
        "rate_wrong_person": rate(one.wrong_person),
        "rate_opted_out": rate(one.opted_out),
        "recovered": format_money(one.recovered),
        "cost": format_money(one.cost),
        "cost_of_one": None if not one.recovered else round(one.cost / one.recovered, 6),
    }


class ShowEffectiveness(Operation):
    """Shows, for the contacts of some days, who paid within 3, 7 and 15 days of them: how many, how much, what it cost
    for each unit recovered; how many said that they are another person, or wanted no more, within 15 days; the same of
    those who were left alone to compare with; and what became of promises.

    Of contacts younger than 15 days the later figures are not whole yet."""

    name: ClassVar[str] = "effectiveness.show"
    reads_store = True
    account: str | None = None
    by: Literal["level", "channel", "template", "hour"] = "level"
    days: Annotated[int, Field(ge=1, le=366)] = 60
    """How far back contacts are counted."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope, now = scope_of(by, self.account), backend.now()
        since = now - self.days * DAY_MS
        zone = str(backend.config.timezone)

        def ask(question: Any, **more: Any) -> Any:
            asked = partial(question, scope=scope, since=since, **more)
            return backend.read(lambda reader: reader.ask(asked))

        groups = await ask(effectiveness.contacted, by=self.by, zone=zone)
        alone = await ask(effectiveness.left_alone, zone=zone)
        promises = await ask(effectiveness.promised)
        ended = sum(count for state, count in promises.items() if state in {"kept", "partly", "broken"})
        return {
            "by": self.by,
            "days": self.days,
            "groups": [_shape(one) for one in groups],
            "left_alone": [_shape(one) for one in alone],
            "promises": dict(promises),
            "promises_kept": round(promises.get("kept", 0) / ended, 4) if ended else None,
        }
