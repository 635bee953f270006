"""Evidence: a row for each decision that let a contact go or kept it back, written in the transaction that decides.

It outlives messages, and answers a complaint: what was sent to whom, when, under which rule of which version.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, and_, delete, or_, select, update

from gatewayd.store.contacts.caps import key
from gatewayd.store.session import Row, Session, Statement, adding, among, given
from gatewayd.store.tables import account, evidence

GO: Final = "go"
PORTION: Final = 1000

_E: Final = evidence.c
_ADD: Final = adding(
    evidence,
    "at account_id person to job_id message_id attempt_id class channel rule version verdict until",
)
_OLDEST: Final = Statement(select(_E.id, _E.at).order_by(_E.id).limit(given(_E.id, "p_limit")), "p_limit")
_DROP: Final = Statement(delete(evidence).where(among(_E.id)))
_MERGE: Final = Statement(
    update(evidence)
    .where(_E.account_id == given(_E.account_id), _E.person == given(_E.person, "k_person"))
    .values(person=given(_E.person)),
    "p_person p_account_id k_person",
)
_FORGET: Final = Statement(
    update(evidence).where(_E.account_id == given(_E.account_id), _E.person == given(_E.person)).values(to=None),
    "p_account_id p_person",
)


class Evidence:
    """What one transaction has decided, written when it is flushed."""

    __slots__ = ("_rows",)

    def __init__(self) -> None:
        self._rows: list[Row] = []

    def add(
        self,
        *,
        at: int,
        account_id: int,
        person: str,
        to: str | None,
        job_id: int,
        message_id: int | None,
        attempt_id: int | None,
        klass: str,
        channel: str,
        rule: str,
        version: str,
        verdict: str,
        until: int | None,
    ) -> None:
        """Notes one decision."""
        self._rows.append(
            (
                *(at, account_id, person, to, job_id, message_id, attempt_id, klass, channel, rule, version, verdict),
                until,
            )
        )

    def flush(self, session: Session) -> None:
        session.many(_ADD, self._rows)
        self._rows.clear()


def merged(session: Session, account_id: int, gone: int, kept: int) -> None:
    """Two customers turn out to be one: what the one got, the other has got."""
    session.run(_MERGE, key(kept, None), account_id, key(gone, None))


def forget(session: Session, account_id: int, person_id: int) -> None:
    """Erases the addresses of a customer; the decisions stay."""
    session.run(_FORGET, account_id, key(person_id, None))


def prune(session: Session, before: int) -> int:
    """Removes a portion of what is older than a time (ms); returns how many rows that were."""
    old = [number for number, at in session.all(_OLDEST, PORTION) if at < before]
    session.among(_DROP, old)
    return len(old)


# ------------------------------------------------------------------------------------------------------------- reading


@dataclass(frozen=True, slots=True)
class Decision:
    """One row, for a person to read."""

    id: int
    at: int
    account: str | None
    person: str
    to: str | None
    job_id: int
    message_id: int | None
    klass: str
    channel: str
    rule: str
    version: str
    verdict: str
    until: int | None


def of_person(
    connection: Connection,
    *,
    account_id: int,
    person_id: int | None,
    addresses: Sequence[str],
    after: int = 0,
    limit: int = PORTION,
) -> Iterator[Decision]:
    """Returns what was decided of a person, the oldest first, behind the row `after`: of the customer, of the addresses
    while nobody knew whose they were, and of whole queues that held messages to either."""
    people = [*([key(person_id, None)] if person_id is not None else []), *addresses]
    mine = and_(_E.account_id == account_id, _E.person.in_(people))
    jobs = select(_E.job_id).where(mine, _E.job_id != 0)
    whole = and_(_E.account_id == account_id, _E.person == "", _E.job_id.in_(jobs))
    statement = (
        select(evidence, account.c.name.label("account"))
        .outerjoin(account, account.c.id == _E.account_id)
        .where(or_(mine, whole), _E.id > after)
        .order_by(_E.id)
        .limit(limit)
    )
    for row in connection.execute(statement).mappings():
        yield Decision(
            *(row["id"], row["at"], row["account"], row["person"], row["to"], row["job_id"], row["message_id"]),
            *(row["class"], row["channel"], row["rule"], row["version"], row["verdict"], row["until"]),
        )
