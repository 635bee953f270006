"""What became of messages for each customer, as conditions of whom a filter means: who was reached, who answered.

Each is asked of one customer at a time, by indexes of that customer and of that one's address: a page of people costs
as much whether the campaign had a hundred or 200,000.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, or_, select

from gatewayd.store import tables

_CUSTOMER: Final = tables.customer.c
_MESSAGE: Final = tables.message.c
_PERSON: Final = tables.campaign_person.c
_SLICE: Final = tables.campaign_slice.c
_RUN: Final = tables.campaign_run.c
_CAMPAIGN: Final = tables.campaign.c
_INBOUND: Final = tables.inbound.c
_POINT: Final = tables.contact_point.c
_OTHER: Final = tables.elsewhere.c

ARRIVED: Final = ("submitted", "delivered", "read", "uncertain")
"""States that count as reached: of those without a report nobody knows that they were not."""
UNDER_WAY: Final = ("queued", "scheduled", "held", "sending")


def dealing(account_id: int, campaign: int, outcome: str) -> ColumnElement[bool]:
    """Returns what a campaign of the account has to have been for a customer; `outcome` is one of the filter's."""
    runs = (
        select(_RUN.id)
        .select_from(tables.campaign_run.join(tables.campaign, _CAMPAIGN.id == _RUN.campaign_id))
        .where(_RUN.campaign_id == campaign, _CAMPAIGN.account_id == account_id)
    )
    jobs = select(_SLICE.job_id).where(_SLICE.run_id.in_(runs), _SLICE.job_id.is_not(None))
    meant = exists(select(_PERSON.row).where(_PERSON.customer_id == _CUSTOMER.id, _PERSON.run_id.in_(runs)))

    def message(*more: Any) -> ColumnElement[bool]:
        """A message of the campaign to this customer: as the person it goes to, or to the address it was to have."""
        own = exists(select(_MESSAGE.id).where(_MESSAGE.person_id == _CUSTOMER.id, _MESSAGE.job_id.in_(jobs), *more))
        shared = exists(
            select(_MESSAGE.id)
            .select_from(tables.campaign_person.join(tables.message, _MESSAGE.to == _PERSON.address))
            .where(_PERSON.customer_id == _CUSTOMER.id, _PERSON.run_id.in_(runs), _MESSAGE.job_id.in_(jobs), *more)
        )
        return or_(own, shared)

    answered = message(exists(select(_INBOUND.id).where(_INBOUND.message_id == _MESSAGE.id)))
    match outcome:
        case "not_meant":
            return ~meant
        case "reached":
            return and_(meant, or_(message(_MESSAGE.state.in_(ARRIVED)), answered))
        case "not_reached":
            return and_(meant, ~message(_MESSAGE.state.in_((*ARRIVED, *UNDER_WAY))), ~answered)
        case "answered":
            return and_(meant, answered)
        case "not_answered":
            return and_(meant, message(_MESSAGE.state.in_(ARRIVED)), ~answered)
    return meant


def contacted(account_id: int, since: int) -> ColumnElement[bool]:
    """Returns the condition that something of the account has reached a customer from a time on (Unix ms), or is being
    sent: as that customer or at an address of its own, over our lines or, as it was told to us, over others."""
    left = (_MESSAGE.account_id == account_id, _MESSAGE.at >= since, _MESSAGE.state.in_((*ARRIVED, "sending")))
    told = (_OTHER.account_id == account_id, _OTHER.at >= since, _OTHER.direction == "out", _OTHER.counts)
    own = (_POINT.customer_id == _CUSTOMER.id, _POINT.state != "wrong_person")
    at_point = tables.contact_point
    return or_(
        exists(select(_MESSAGE.id).where(_MESSAGE.person_id == _CUSTOMER.id, *left)),
        exists(select(_OTHER.id).where(_OTHER.person_id == _CUSTOMER.id, *told)),
        exists(
            select(_MESSAGE.id)
            .select_from(at_point.join(tables.message, _MESSAGE.to == _POINT.address))
            .where(*own, *left)
        ),
        exists(
            select(_OTHER.id)
            .select_from(at_point.join(tables.elsewhere, _OTHER.address == _POINT.address))
            .where(*own, *told)
        ),
    )
