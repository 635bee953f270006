"""Faults planted in a copy of the engine, one at a time: whoever judges the engine must find each of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.rig.collections.examples import EXAMPLES
from tests.rig.collections.generator import draw
from tests.rig.collections.life import Life
from tests.rig.collections.moment import Decide, differences, situation
from tests.rig.collections.oracle import judge

ROOT: Final = Path(__file__).resolve().parents[3]
ZONE: Final = "America/Santiago"
BALANCE, DECIDE, LADDER, PROMISES = (
    "gatewayd/billing/balance.py",
    "gatewayd/dunning/decide.py",
    "gatewayd/dunning/ladder.py",
    "gatewayd/dunning/promises.py",
)


@dataclass(frozen=True)
class Fault:
    name: str
    file: str
    right: str
    wrong: str


FAULTS: Final = (
    Fault("posted_at_the_very_moment_counts_twice", BALANCE, "payment.posted_at > since", "payment.posted_at >= since"),
    Fault("closed_by_a_list_is_claimed", BALANCE, '("open", "disputed")', '("open", "disputed", "closed")'),
    Fault("a_cancelled_credit_counts", BALANCE, "if not one.cancelled]\n    undone", "]\n    undone"),
    Fault("a_bounce_that_billing_knows_is_added", BALANCE, "back is not None and back > since", "back is not None"),
    Fault("a_bounce_is_a_payment", BALANCE, "if one.reversal_of is not None or one", "if one"),
    Fault("credit_pays_the_undated_first", BALANCE, "_LAST: Final = date.max", "_LAST: Final = date.min"),
    Fault("what_was_paid_too_much_is_lost", BALANCE, "free.get(invoice.currency, 0) - rest", "0"),
    Fault("credit_that_billing_knows_counts_twice", BALANCE, "if net and at > since:", "if net:"),
    Fault("a_dispute_ends_a_day_early", BALANCE, "today <= invoice.disputed_until", "today < invoice.disputed_until"),
    Fault("exactly_the_least_is_not_claimed", DECIDE, "amount < minimums.get", "amount <= minimums.get"),
    Fault(
        "the_least_is_of_each_bill",
        DECIDE,
        "if amount < minimums",
        "if min((one.net for one in listed), default=0) < minimums",
    ),
    Fault("the_cycle_is_the_newest_date", DECIDE, "cycle = min(dues)", "cycle = max(dues)"),
    Fault(
        "credit_is_not_netted_in_what_is_asked",
        DECIDE,
        "sum(one.net for one in listed)",
        "sum(one.gross for one in listed)",
    ),
    Fault(
        "a_contact_in_another_currency_counts",
        DECIDE,
        "for day in self._contacts() if day >= self.today]",
        "for _name, day in self.situation.contacts if day >= self.today]",
    ),
    Fault(
        "a_block_without_an_end_is_none",
        DECIDE,
        "(one.until is None or self.now < one.until)",
        "(one.until is not None and self.now < one.until)",
    ),
    Fault(
        "listed_is_what_triggers",
        DECIDE,
        "if self._days(one) >= first]",
        "if self._days(one) >= first and (first < 1 or self._stand(one) == 'overdue')]",
    ),
    Fault(
        "a_contact_is_forgotten_when_the_clock_is_set_back", DECIDE, "if day >= self.today]", "if day == self.today]"
    ),
    Fault(
        "nobody_looks_again_after_a_dispute",
        DECIDE,
        "return [_next(end) for end in ends if end is not None]",
        "return [] if ends else []",
    ),
    Fault("the_highest_is_of_the_newest_bill", DECIDE, "height > best", "height < best"),
    Fault("what_is_argued_about_is_claimed", DECIDE, "for one in arguable if", "for one in opens if"),
    Fault("those_left_alone_are_asked", DECIDE, "if self.situation.hold_out else None", "if False else None"),
    Fault("the_day_before_tolerance_ends", LADDER, "days > policy.tolerance_days", "days >= policy.tolerance_days"),
    Fault("soon_due_after_it_was_due", LADDER, "level.days <= days <= 0", "level.days <= days"),
    Fault("days_are_those_of_utc", LADDER, "zone_named(zone)).date()", 'zone_named("UTC")).date()'),
    Fault("a_lower_level_after_a_higher", LADDER, "or _place(name, policy, others) > place", ""),
    Fault("another_cycle_is_this_one", LADDER, " and one.cycle == cycle", ""),
    Fault("withdrawn_is_done", LADDER, 'one.state == "done"', 'one.state in ("done", "undone")'),
    Fault("one_repeat_too_many", LADDER, "number >= policy.repeats", "number > policy.repeats"),
    Fault("a_repeat_forgets_contacts_by_hand", LADDER, "*known.done.values(), *contacts]", "*known.done.values()]"),
    Fault(
        "a_day_late_after_a_contact",
        LADDER,
        "before + timedelta(days=level.days) <= today",
        "before + timedelta(days=level.days) < today",
    ),
    Fault(
        "what_leaves_for_an_old_cycle_is_not_seen",
        LADDER,
        'one.state == "planned"',
        'one.state == "planned" and one.cycle == cycle',
    ),
    Fault(
        "nobody_looks_again_after_a_contact",
        LADDER,
        "days.add(known.done[before.id] + timedelta(days=level.days))",
        "pass",
    ),
    Fault("a_promise_ends_a_day_early", PROMISES, "today <= last_day(promise)", "today < last_day(promise)"),
    Fault("an_old_payment_keeps_a_promise", PROMISES, "and one.posted_at >= since", ""),
)
"""The table: what is right in the source, and what stands there instead."""
QUICK: Final = (
    "a_cancelled_credit_counts",
    "the_least_is_of_each_bill",
    "the_cycle_is_the_newest_date",
    "days_are_those_of_utc",
)
"""Those that the suite plants."""


def plant(fault: Fault, folder: Path) -> Path:
    """Copies the engine's package into a folder with one fault in it; returns what is to be imported from."""
    target = folder / fault.name
    shutil.copytree(
        ROOT / "gatewayd", target / "gatewayd", ignore=shutil.ignore_patterns("__pycache__", "static", "*.html")
    )
    file = target / fault.file
    source = file.read_text(encoding="utf-8")
    assert source.count(fault.right) == 1, f"{fault.name}: not once in {fault.file}: {fault.right}"
    file.write_text(source.replace(fault.right, fault.wrong), encoding="utf-8")
    return target


def finding(fault: Fault, folder: Path, histories: int) -> str:
    """Returns what the oracle says of an engine with that fault; empty: it has found nothing."""
    path = os.pathsep.join([str(plant(fault, folder)), str(ROOT)])
    environment = os.environ | {"PYTHONPATH": path, "PYTHONSAFEPATH": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", __name__, str(histories)],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
        timeout=600,
    )
    return done.stdout.strip()


def first_difference(decide: Decide, histories: int) -> str:
    """Returns the first thing in which an engine is wrong: in what was worked out by hand, then in random histories."""
    for example in EXAMPLES:
        book = example.book()
        day, now = example.now.day, example.now.ms(ZONE)
        decided = {one.currency: one for one in decide(situation(book, "ana", ZONE), day, now, ZONE)}
        expected = judge(book, "ana", example.currency, example.now)
        if points := differences(expected, decided.get(example.currency)):
            return f"{example.name}: {'; '.join(points)}"
    return in_histories(decide, 0, histories)


def in_histories(decide: Decide, first: int, end: int) -> str:
    """Returns what is wrong in the first history in which something is."""
    for seed in range(first, end):
        life = Life(draw(seed), decide)
        life.live()
        if life.disagreements or life.auditor.wrong:
            return "\n".join([*map(str, life.disagreements), *life.auditor.wrong])
    return ""


if __name__ == "__main__":
    import gatewayd.dunning.decide as engine

    assert not Path(engine.__file__).is_relative_to(ROOT), engine.__file__
    print(first_difference(engine.decide, int(sys.argv[1])))
