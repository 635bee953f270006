"""The monthly limit of a person: what its sends are priced at is judged and counted before they go."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from gatewayd.operations.base import Json
from gatewayd.operations.ports import Backend
from gatewayd.operations.zones import zone_of
from gatewayd.store.people import limits
from gatewayd.store.people.limits import Allowance
from gatewayd.values.actor import Actor
from gatewayd.values.errors import ForbiddenError
from gatewayd.values.model import Channel
from gatewayd.values.money import format_money
from gatewayd.values.texts import split_for
from gatewayd.words.translation import gettext as _

_CHANNELS: Final = frozenset(map(str, Channel))


class LimitReachedError(ForbiddenError):
    """The send would cost more than is left of the person's month."""


def price_of(backend: Backend, channel: str, text: str = "") -> int:
    """Returns what a message is priced at (millionths); 0 for a channel that there is not, which is refused later."""
    if channel not in _CHANNELS:
        return 0
    price = backend.config.tariff.price(channel)
    if channel != Channel.SMS or not price:
        return price
    try:
        return price * max(1, len(split_for(text, "").parts))
    except ValueError:
        return price


async def month_of(backend: Backend, account: str) -> str:
    """Returns the calendar month that it is where an account is."""
    return limits.month(backend.now(), str(await zone_of(backend, account)))


def spend(unit: Any, by: Actor, month: str, price: int, currency: str) -> None:
    """Counts a send of a person, in the transaction that lets it go. LimitReachedError where its month has not so much
    left."""
    if by.kind != "person" or by.number is None:
        return
    found = limits.allowance(unit.session.connection, user=by.number, month=month)
    if not found.allows(price):
        raise LimitReachedError(
            _(
                "your monthly limit is {limit} {currency}, of which {spent} are used; this costs {price}. Nothing was"
                " sent"
            ).format(
                limit=format_money(found.limit or 0),
                spent=format_money(found.spent),
                price=format_money(price),
                currency=currency,
            )
        )
    limits.spend(unit.session, by.number, month, price)


async def shown(backend: Backend, user: int, account: str | None) -> Json:
    """Returns what a person has spent this month, and what is left of its limit; None: it has none."""
    month = limits.month(backend.now(), str(backend.config.timezone))
    if account is not None:
        month = await month_of(backend, account)
    question = partial(limits.allowance, user=user, month=month)
    found: Allowance = await backend.read(lambda reader: reader.ask(question))
    left = None if found.limit is None else max(0, found.limit - found.spent)
    return {
        "month": month,
        "spent": format_money(found.spent),
        "left": None if left is None else format_money(left),
        "currency": backend.config.tariff.currency,
    }
