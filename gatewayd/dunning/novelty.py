"""Which kinds of novelties there are, and what may come of one."""

from __future__ import annotations

from typing import Final, Literal

NoveltyKind = Literal[
    "claim",
    "visit",
    "no_channel",
    "broken_promise",
    "verify_payment",
    "wrong_person",
    "shared_number",
    "dispute",
    "approval",
    "note",
]
"""`claim`: "Reclamo por falta de pago", written with each claim. `no_channel`: every channel of a level failed, or
there is none. `shared_number`: one number of two customers. `approval`: a batch of a level waits for a person."""
NOVELTY_KINDS: Final[tuple[NoveltyKind, ...]] = (
    *("claim", "visit", "no_channel", "broken_promise", "verify_payment", "wrong_person"),
    *("shared_number", "dispute", "approval", "note"),
)
RESULTS: Final = ("talked", "promised", "paid", "no_answer", "wrong_person", "refused", "visited", "other")
"""What a person found out; `paid` and `promised` are words alone, until a payment or a promise is written down."""

OVERTAKEN: Final = ("claim", "visit", "no_channel", "broken_promise", "verify_payment")
"""Kinds that nobody has to work on once the customer owes nothing any more."""
SETTLED: Final = "settled"
"""What came of a novelty without whoever telephones: nothing is owed any more."""
