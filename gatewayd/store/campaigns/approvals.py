"""Who asked for the approval of a campaign, and who decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from gatewayd.store import tables
from gatewayd.store.session import Session, Statement, adding, given
from gatewayd.values.errors import ConflictError
from gatewayd.words.translation import gettext as _

_APPROVAL: Final = tables.approval.c
_ADD: Final = adding(tables.approval, "campaign_id version people asked_at asked_by")
_DECIDE: Final = Statement(
    tables.approval.update()
    .where(_APPROVAL.id == given(_APPROVAL.id, "k_id"), _APPROVAL.decision.is_(None))
    .values(
        decision=given(_APPROVAL.decision),
        decided_at=given(_APPROVAL.decided_at),
        decided_by=given(_APPROVAL.decided_by),
        note=given(_APPROVAL.note),
    ),
    "p_decision p_decided_at p_decided_by p_note k_id",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """An approval that waits."""

    id: int
    version: int
    people: int
    by: str


def ask(session: Session, campaign: int, version: int, people: int, *, by: str, now: int) -> None:
    """Asks somebody else to approve a campaign as it is."""
    session.run(_ADD, campaign, version, people, now, by)


def open_one(connection: Connection, *, campaign: int) -> Asked | None:
    """Returns the approval that a campaign waits for; None: none."""
    statement = (
        select(_APPROVAL.id, _APPROVAL.version, _APPROVAL.people, _APPROVAL.asked_by)
        .where(_APPROVAL.campaign_id == campaign, _APPROVAL.decision.is_(None))
        .order_by(_APPROVAL.id.desc())
        .limit(1)
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else Asked(*row)


def decide(session: Session, number: int, decision: str, *, by: str, now: int, note: str) -> None:
    """Writes down who decided what. ConflictError where somebody has."""
    if not session.run(_DECIDE, decision, now, by, note or None, number):
        raise ConflictError(_("somebody has decided already"))
