"""Who is not to be claimed, or has said no, gets nothing though it was recorded before; over both stores."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.base import Withdrawn
from gatewayd.store.commands import NewMessage, Work
from tests.conformance.house import House
from tests.conformance.test_customers import phone, put

ANA = "+5491150000001"


def claimed(house: House, name: str, klass: str) -> Work:
    """Records a message to Ana, and claims it."""
    row = NewMessage(1, None, ANA, "Hola", "", 1, "", None, None)
    (work,) = house.claim(house.job_of([row], name=name, klass=klass)).work
    return work


@pytest.mark.parametrize(
    ("given", "reason", "passes"),
    [
        ({"no_claim": {"reason": "en gestión judicial"}}, "no_claim", ("notice", "transactional")),
        ({"contacts": [phone("1150000001", consent={"collections": False})]}, "no_consent", ("notice",)),
        ({"contacts": [phone("1150000001", consent={"notice": False})]}, None, ("collections",)),
    ],
    ids=["not to be claimed", "said no", "said no to something else"],
)
def test_what_was_recorded_before_does_not_go(
    house: House, given: dict[str, Any], reason: str | None, passes: tuple[str, ...]
) -> None:
    put(house, "A", contacts=[phone("1150000001")])
    claim = claimed(house, "a", "collections")
    others = [claimed(house, f"b{klass}", klass) for klass in passes]
    put(house, "A", **given)
    if reason is not None:
        with pytest.raises(Withdrawn, match=reason):
            house.pnr(claim)
    for other in others:
        house.pnr(other)


def test_what_is_over_keeps_nobody_back(house: House) -> None:
    put(house, "A", contacts=[phone("1150000001")], no_claim={"reason": "promesa", "until": "2020-01-01"})
    house.pnr(claimed(house, "a", "collections"))
