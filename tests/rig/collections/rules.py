"""Random rules, and what people do to them while claims are under way."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Final

from tests.rig.collections.book import Rule, Rung

LADDERS: Final = (
    ((-3, False), (1, False), (5, False), (15, False)),
    ((1, False), (3, True), (7, True)),
    ((0, False), (7, False)),
    ((-5, False), (-1, False), (2, False), (4, True)),
    ((5, False),),
    ((1, False), (2, False), (3, False), (10, False)),
    ((0, False), (1, True), (1, True)),
    ((-2, False),),
)
"""Days, and whether they are counted from the contact before."""
CHANNELS: Final = (("sms",), ("sms",), ("email", "sms"), ("whatsapp", "call"), ("sms", "email", "call"))
CURRENCIES: Final = ("ARS", "USD", "CLP")


def draw(dice: random.Random, name: str, *, prefix: str = "") -> Rule:
    """A rule as somebody may write one."""
    ladder = dice.choice(LADDERS)
    rungs = tuple(
        Rung(
            id=f"{prefix}{'abcd'[place]}",
            days=days,
            after_contact=after,
            channels=dice.choice(CHANNELS),
            action=dice.choice(("message",) * 8 + ("event", "visit")),
        )
        for place, (days, after) in enumerate(ladder)
    )
    minimums = dice.choice(
        (
            (),
            (("ARS", 100_000),),
            (("ARS", 100_000), ("USD", 500)),
            (("ARS", 250_000), ("CLP", 200_000), ("USD", 100)),
            (("USD", 1_000),),
        )
    )
    return Rule(
        name=name,
        rungs=rungs,
        tolerance=dice.choice((0, 0, 0, 1, 3, 5)),
        reclaim=dice.choice((0, 5, 7)),
        repeats=dice.choice((0, 1, 2, 3)),
        minimums=minimums,
        hour=dice.choice((0, 8, 9, 9, 18, 23)),
    )


def edited(dice: random.Random, rule: Rule) -> Rule:
    """The rule after somebody was at it: saved as it is, a level moved, taken out or put in, other bounds."""
    rungs = list(rule.rungs)
    match dice.randrange(8):
        case 0 | 1:
            pass
        case 2 if rungs:
            place = dice.randrange(len(rungs))
            rungs[place] = replace(rungs[place], days=rungs[place].days + dice.choice((-2, -1, 1, 2, 10)))
            if rungs[place].after_contact:
                rungs[place] = replace(rungs[place], days=max(rungs[place].days, 1))
            if not any(rung.after_contact for rung in rungs):
                rungs.sort(key=lambda rung: rung.days)
        case 3 if len(rungs) > 1:
            rungs.pop(dice.randrange(1, len(rungs)))
        case 4:
            after = max(rung.days for rung in rungs if not rung.after_contact)
            rungs.append(Rung(f"new{rule.saved}", after + dice.choice((3, 9)), channels=dice.choice(CHANNELS)))
        case 5:
            return replace(rule, saved=rule.saved + 1, tolerance=dice.choice((0, 1, 2, 5)))
        case 6:
            return replace(rule, saved=rule.saved + 1, reclaim=dice.choice((0, 3, 7)), repeats=dice.choice((0, 1, 3)))
        case 7:
            return replace(rule, saved=rule.saved + 1, minimums=dice.choice(((), (("ARS", 200_000),))))
        case _:
            pass
    return replace(rule, saved=rule.saved + 1, rungs=tuple(rungs))
