"""Old answers and notices, removed with the other records: what is remembered so that nothing is said twice is of no
use once the facts are too old to be spoken of."""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, select

from gatewayd.answers.facts import OLD_MS, SWITCH
from gatewayd.store import tables
from gatewayd.store.session import Session, Statement, among, given
from gatewayd.store.tickets.notices import LEFT, TOLD

PORTION: Final = 1_000
"""Rows of one transaction, so that nobody waits for it."""
LEAST_MS: Final = 10 * OLD_MS
"""They are kept for so long whatever is configured."""

_ANSWER: Final = tables.answer.c
_NOTICE: Final = tables.payment_notice.c
# By their numbers, which grow with time: the oldest alone are looked at.
_ANSWERS: Final = Statement(
    select(_ANSWER.id, _ANSWER.at, _ANSWER.final).order_by(_ANSWER.id).limit(given(_ANSWER.id, "p_limit")), "p_limit"
)
_NOTICES: Final = Statement(
    select(_NOTICE.subject_id, _NOTICE.at, _NOTICE.state)
    .where(_NOTICE.kind == given(_NOTICE.kind))
    .order_by(_NOTICE.subject_id)
    .limit(given(_NOTICE.subject_id, "p_limit")),
    "p_kind p_limit",
)
_DROP_ANSWERS: Final = Statement(delete(tables.answer).where(among(_ANSWER.id)))
_DROP_NOTICES: Final = Statement(
    delete(tables.payment_notice).where(_NOTICE.kind == given(_NOTICE.kind), among(_NOTICE.subject_id)), "p_kind"
)


def prune(session: Session, now: int, keep_ms: int) -> bool:
    """Removes a portion of what is older than `keep_ms`; returns whether there may be more. Times are Unix ms."""
    before = now - max(keep_ms, LEAST_MS)
    old = [row[0] for row in session.all(_ANSWERS, PORTION) if row[1] < before and row[2]]
    if old:
        session.among(_DROP_ANSWERS, old)
    more = len(old) >= PORTION
    for kind in SWITCH:
        rows = session.all(_NOTICES, kind, PORTION)
        over = [row[0] for row in rows if row[1] < before and row[2] in {TOLD, LEFT}]
        if over:
            session.among(_DROP_NOTICES, over, kind)
        more = more or len(over) >= PORTION
    return more
