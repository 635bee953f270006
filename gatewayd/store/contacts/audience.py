"""Whom a filter reaches over a channel, and what a text may say of each: pages by number, for campaigns and lists."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, exists, func, or_, select

from gatewayd.customers.document import LANDLINE
from gatewayd.customers.filters import CustomerFilter, contacts_since
from gatewayd.customers.variables import joined, of_debt
from gatewayd.store import tables
from gatewayd.store.contacts.directory import conditions
from gatewayd.store.contacts.owing import debts

_CUSTOMER: Final = tables.customer.c
_POINT: Final = tables.contact_point.c

POINTS_OF: Final = {
    "sms": ("phone",),
    "call": ("phone",),
    "whatsapp": ("whatsapp", "phone"),
    "email": ("email",),
    "push": ("push",),
}
"""Kinds of contact points that serve a channel of messages, the likeliest first."""
_PORTION: Final = 2_000


class AudienceRow(NamedTuple):
    """One person that can be reached."""

    customer_id: int
    external_id: str
    address: str
    columns: dict[str, str]
    """By plain name of the variable."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a contact is about, so that who does not want it is left out."""

    now: int
    """Unix ms."""
    today: date
    """In the account's zone; days of a debt count from it."""
    klass: str | None = None
    """Class of the message; None: consent is not asked."""
    region: str = "AR"
    """How amounts and dates are written."""
    zone: str = "UTC"
    """The account's, in which days of contacts are counted."""


def audience_rows(
    connection: Connection,
    account_id: int,
    chosen: CustomerFilter | Sequence[int],
    channel: str,
    *,
    after_id: int,
    limit: int,
    occasion: Occasion,
) -> list[AudienceRow]:
    """Returns at most `limit` people behind a customer's number, by number; none: there are no more.

    Of each the preferred usable point of the channel. Left out is whom a complete sheet lacks (unless the filter asks
    for them), who was forgotten, who is not to be claimed, and who has no point that may be used.
    """
    meant = _meant(connection, account_id, chosen, channel, occasion)
    if meant is None:
        return []
    found: list[AudienceRow] = []
    while len(found) < limit:
        size = min(_PORTION, limit - len(found))
        rows = connection.execute(
            select(
                _CUSTOMER.id,
                _CUSTOMER.external_id,
                _CUSTOMER.name,
                _CUSTOMER.document_number,
                _CUSTOMER.portfolio_name,
                _CUSTOMER.columns,
            )
            .where(_CUSTOMER.account_id == account_id, _CUSTOMER.id > after_id, *meant)
            .order_by(_CUSTOMER.id)
            .limit(size)
        ).all()
        if not rows:
            break
        found += _portion(connection, rows, channel, occasion)
        after_id = rows[-1][0]
        if len(rows) < size:
            break
    return found


def audience_size(
    connection: Connection,
    account_id: int,
    chosen: CustomerFilter | Sequence[int],
    channel: str,
    occasion: Occasion,
) -> int:
    """Returns how many people `audience_rows` gives at most: consent and landlines are not looked at."""
    meant = _meant(connection, account_id, chosen, channel, occasion)
    if meant is None:
        return 0
    statement = select(func.count()).select_from(tables.customer).where(_CUSTOMER.account_id == account_id, *meant)
    return int(connection.scalar(statement) or 0)


def _meant(
    connection: Connection, account_id: int, chosen: CustomerFilter | Sequence[int], channel: str, occasion: Occasion
) -> list[Any] | None:
    if isinstance(chosen, CustomerFilter):
        meant: list[Any] | None = conditions(
            connection,
            account_id,
            chosen,
            since=contacts_since(chosen, occasion.today, ZoneInfo(occasion.zone)),
        )
        asked_for_absent = chosen.absent is not None
    else:
        meant, asked_for_absent = [_CUSTOMER.id.in_(list(chosen))], True
    if meant is None:
        return None
    meant.append(_CUSTOMER.forgotten_at.is_(None))
    if not asked_for_absent:
        meant.append(_CUSTOMER.absent_at.is_(None))
    if occasion.klass == "collections":
        over = _CUSTOMER.no_claim_until <= occasion.now
        meant.append(or_(_CUSTOMER.no_claim.is_(False), over))
    usable = [_POINT.customer_id == _CUSTOMER.id, _POINT.channel.in_(POINTS_OF[channel])]
    meant.append(exists(select(_POINT.place).where(*usable, _POINT.state != "wrong_person")))
    return meant


def _portion(connection: Connection, rows: Sequence[Any], channel: str, occasion: Occasion) -> list[AudienceRow]:
    first, last = rows[0][0], rows[-1][0]
    numbers = {row[0] for row in rows}
    addresses = _addresses(connection, (first, last), numbers, channel, occasion.klass)
    owing = debts(connection, (first, last), numbers)
    found = []
    for number, external_id, name, document, portfolio, columns in rows:
        address = addresses.get(number)
        if address is None:
            continue
        of = of_debt(owing.get(number), occasion.today, occasion.region)
        cells = joined(json.loads(columns) if columns else {}, (name, external_id, document, portfolio), of)
        found.append(AudienceRow(number, external_id, address, cells))
    return found


def _addresses(
    connection: Connection, between: tuple[int, int], numbers: set[int], channel: str, klass: str | None
) -> dict[int, str]:
    """Returns the address of each that may be used, the preferred one."""
    kinds = POINTS_OF[channel]
    statement = (
        select(_POINT.customer_id, _POINT.channel, _POINT.address, _POINT.kind, _POINT.consent)
        .where(_POINT.customer_id.between(*between), _POINT.channel.in_(kinds), _POINT.state != "wrong_person")
        .order_by(_POINT.customer_id, _POINT.place)
    )
    found: dict[int, tuple[int, str]] = {}
    for number, kind_of_point, address, kind, consent in connection.execute(statement):
        if number not in numbers:
            continue
        if kind == LANDLINE and channel in {"sms", "whatsapp"}:
            continue
        if consent and klass is not None and json.loads(consent).get(klass) is False:
            continue
        rank = kinds.index(kind_of_point)
        if number not in found or rank < found[number][0]:
            found[number] = rank, address
    return {number: address for number, (_rank, address) in found.items()}
