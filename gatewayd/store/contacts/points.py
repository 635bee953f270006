"""Whose an address is: what sending asks before it counts a contact for a person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Text, exists, func, literal, select
from sqlalchemy.sql.expression import ColumnElement

from gatewayd.store.session import Session, Statement, among, given
from gatewayd.store.tables import contact_point

_POINT: Final = contact_point.c
_MAIL: Final = ("email",)
_PUSH: Final = ("push",)
_PHONE: Final = ("phone", "whatsapp")
"""One telephone serves messages, calls and WhatsApp: who is called is not written to an hour later as a stranger."""


def _owners(channels: tuple[str, ...]) -> Statement:
    # Of several customers with one number the first known stands for the person who holds the telephone.
    return Statement(
        select(_POINT.address, func.min(_POINT.customer_id))
        .where(
            _POINT.account_id == given(_POINT.account_id),
            _POINT.channel.in_(channels),
            _POINT.state != "wrong_person",
            among(_POINT.address),
        )
        .group_by(_POINT.address),
        "p_account_id",
    )


_OWNERS: Final = {name: _owners(channels) for name, channels in [("email", _MAIL), ("push", _PUSH), ("phone", _PHONE)]}
_ANY: Final = Statement(
    select(_POINT.customer_id).where(_POINT.account_id == given(_POINT.account_id)).limit(1), "p_account_id"
)


def persons_of(session: Session, account_id: int, channel: str, addresses: Iterable[str]) -> dict[str, int]:
    """Returns the customer of each address that some customer of the account has; `channel` is a message's."""
    if session.one(_ANY, account_id) is None:
        return {}
    statement = _OWNERS.get(channel, _OWNERS["phone"])
    return {row[0]: row[1] for row in session.among(statement, dict.fromkeys(addresses), account_id)}


def refuses(person: Any, address: Any, klass: Any) -> ColumnElement[bool]:
    """Returns the condition that a person has said no to messages of a class at an address; all three are columns."""
    # As `persons` writes it; without a pattern, whose sign both dialects mean otherwise.
    no = literal('"', Text) + klass + literal('":false', Text)
    said = func.replace(_POINT.consent, no, literal("", Text)) != _POINT.consent
    return exists().where(_POINT.customer_id == person, _POINT.address == address, said)
