"""Reads what became of steps from their messages, and does what follows: done, the next channel, a person, or anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gatewayd.claims.moment import Moment
from gatewayd.claims.writing import retry
from gatewayd.dunning.ladder import plain
from gatewayd.dunning.policy import Level
from gatewayd.store.billing import marks
from gatewayd.store.dunning import novelties, steps
from gatewayd.store.dunning.novelties import NewNovelty
from gatewayd.store.dunning.policies import Rules
from gatewayd.store.dunning.steps import StepRow
from gatewayd.store.session import Session


@dataclass(slots=True)
class Settled:
    """What was read and written."""

    done: int = 0
    again: int = 0
    """Those that go on to the next channel, or are planned anew."""
    handed: int = 0


def settle(unit: Any, *, moment: Moment, numbers: Sequence[int]) -> Settled:
    """Keeps what became of steps, of one account, by number: read anew in this transaction."""
    session: Session = unit.session
    found = Settled()
    new: list[NewNovelty] = []
    anew: list[int] = []
    for row in steps.ones(session, numbers):
        if row.state != "planned" or not row.over:
            continue
        fate = row.fate
        if fate == "done":
            if steps.end(session, row.id, "done", row.left_at):
                found.done += 1
                anew.append(row.customer)
                if not _before_due(row, moment.rules):
                    new.append(_claim(row, moment))
        elif fate == "undone":
            if steps.end(session, row.id, "undone", moment.now):
                found.again += 1
                anew.append(row.customer)
        elif fate == "unreached":
            tried = retry(session, row, moment)
            if tried == "anew":
                anew.append(row.customer)
            if tried != "nobody":
                found.again += 1
            elif steps.hand_over(session, row.id, moment.now):
                found.handed += 1
                new.append(_novelty(row, moment, "no_channel", f"step-{row.id}-unreached"))
    novelties.add_many(session, new, now=moment.now)
    if anew:
        marks.mark(session, moment.rules.account_id, anew, moment.now)
    return found


def _claim(row: StepRow, moment: Moment) -> NewNovelty:
    """Returns the novelty of a claim that has left: whoever telephones finds it on the list."""
    return _novelty(row, moment, "claim", f"step-{row.id}")


def _novelty(row: StepRow, moment: Moment, kind: Any, key: str) -> NewNovelty:
    level = _level_name(row, moment.rules)
    detail = {"level": level, "currency": row.currency, "amount": row.amount, "channel": row.channel}
    return NewNovelty(row.account_id, row.customer, kind, moment.today, "", detail, None, key)


def _before_due(row: StepRow, rules: Rules) -> bool:
    """Whether its level comes before the due date: who was reminded in time lacks no payment."""
    level = _level(row, rules)
    return level is not None and level.basis == "due" and level.days < 0


def _level(row: StepRow, rules: Rules) -> Level | None:
    known = rules.known.get(row.policy)
    levels = () if known is None else known[1].levels
    return next((one for one in levels if one.id == plain(row.level)), None)


def _level_name(row: StepRow, rules: Rules) -> str:
    level = _level(row, rules)
    return row.level if level is None else level.name or level.id
