"""Looks at customers by portions, decides about each, and writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from gatewayd.claims.moment import Moment, judge, saying
from gatewayd.dunning.policy import Policy
from gatewayd.store.dunning import decisions, situations
from gatewayd.store.dunning.decisions import Said
from gatewayd.store.dunning.policies import Rules
from gatewayd.store.session import Session

PORTION: Final = 500
"""Customers that are read together."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a portion of customers comes to."""

    last: int
    """The last of them; 0: there are no more."""
    counts: Counter[str]
    changed: Sequence[int]
    """Those about whom something is to be written."""


def look(connection: Any, *, moment: Moment, after: int, hour: str | None) -> Look:
    """Looks at the next customers behind `after`, and writes nothing. `hour`: those alone whose rule runs then."""
    session = Session(connection)
    rules = moment.rules
    numbers = decisions.customers_behind(connection, account_id=rules.account_id, after=after, limit=PORTION)
    if not numbers:
        return Look(0, Counter(), ())
    counts: Counter[str] = Counter()
    rows: list[Said] = []
    wanted: set[int] = set()
    for number, seen in situations.read(session, rules, numbers, today=moment.today, zone=moment.zone).items():
        rule = seen.situation.policy
        if hour is not None and (rule.hour if rule is not None else "") != hour and not _first(rules, rule, hour):
            continue
        judged = judge(seen, moment)
        counts.update(one.reason for one in judged.decided)
        rows += saying(judged, rules)
        if judged.acts:
            wanted.add(number)
    wanted |= {one.customer for one in decisions.differing(session, rules.account_id, rows)}
    return Look(numbers[-1], counts, sorted(wanted))


def _first(rules: Rules, rule: Policy | None, hour: str) -> bool:
    """Returns whether customers without a rule are looked at by the run of that hour: the day's first."""
    return rule is None and hour == min(rules.hours(), default=hour)
