"""What a person has got, as caps count it: over all channels and numbers, whatever came to nothing left out.

What counts is the evidence of what was let go, with what became of its attempt: of parts that were refused or never
left nothing counts, a part in doubt does. Contacts that were made elsewhere count at the time at which
they were made (`elsewhere`).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import exists, select, text

from gatewayd.contact.classes import MessageClass
from gatewayd.contact.judge import Contact
from gatewayd.store.contacts import elsewhere
from gatewayd.store.session import Session, Statement, among, given
from gatewayd.store.tables import evidence, inbound, part

_NOTHING: Final = frozenset({"refused", "unsent"})
"""Parts in these states never came to anybody."""
_REACHED: Final = frozenset({"delivered", "read"})

_ANSWERED: Final = exists().where(inbound.c.message_id == evidence.c.message_id, inbound.c.message_id.is_not(None))
_PAST: Final = Statement(
    select(
        *(evidence.c.person, evidence.c.id, evidence.c.at, evidence.c.channel, evidence.c["class"]),
        *(evidence.c.direct, evidence.c.attempt_id, part.c.state, _ANSWERED),
    )
    .select_from(evidence.outerjoin(part, part.c.attempt_id == evidence.c.attempt_id))
    .where(
        evidence.c.account_id == given(evidence.c.account_id),
        evidence.c.at >= given(evidence.c.at),
        text("evidence.verdict = 'go'"),
        among(evidence.c.person),
    ),
    "p_account_id p_at",
)


def key(person_id: int | None, address: str | None) -> str:
    """Returns what a person is known by: the customer, else the address."""
    return f"#{person_id}" if person_id is not None else address or ""


def past(session: Session, account_id: int, people: Collection[str], since: int) -> dict[str, list[Contact]]:
    """Returns the contacts of people (by `key`) since a time (ms) that count; whoever had none is left out."""
    if not people:
        return {}
    lock(session, account_id, people)
    entries: dict[int, tuple[str, int, str, str, bool, list[str | None]]] = {}
    for person, number, at, channel, klass, direct, attempt_id, state, answered in session.among(
        _PAST, sorted(people), account_id, since
    ):
        entry = entries.get(number)
        if entry is None:
            # Of an attempt that retention has removed nobody knows what it came to: it counts, and as having reached.
            gone = attempt_id is not None and state is None
            entry = entries[number] = (person, at, channel, klass, bool(direct) or bool(answered) or gone, [])
        entry[5].append(state)
    found: dict[str, list[Contact]] = {}
    for person, at, channel, klass, direct, states in entries.values():
        if _NOTHING.issuperset(states):
            continue
        reached = direct or not _REACHED.isdisjoint(states)
        found.setdefault(person, []).append(Contact(at, channel, MessageClass(klass), reached))
    customers = [int(person[1:]) for person in people if person.startswith("#")]
    addresses = [person for person in people if not person.startswith("#")]
    for one in elsewhere.contacts_of(session, account_id, customers, addresses, since):
        contact = Contact(one.at, one.channel, MessageClass(one.klass), one.reached)
        found.setdefault(key(one.person, one.address), []).append(contact)
    return found


_LOCK: Final = "SELECT pg_advisory_xact_lock(1195461697, hashtext({}))"


def lock(session: Session, account_id: int, people: Collection[str]) -> None:
    """Waits for other nodes that judge the same people, and keeps them waiting until this transaction ends: of two
    messages at once only one may pass a cap. SQLite has one writer."""
    if session.sqlite:
        return
    for name in sorted({f"{account_id}:{person}" for person in people}):
        session.plain(_LOCK.format("'" + name.replace("'", "''") + "'"))
