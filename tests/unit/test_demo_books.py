"""What the demo's company bills and claims by: the same at every run, and nothing that the product would refuse."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from gatewayd.billing import fields
from gatewayd.demo.books import books
from gatewayd.demo.claiming import rule
from gatewayd.dunning.document import policy_of

TODAY = date(2026, 12, 1)
ZONE = ZoneInfo("America/Argentina/Buenos_Aires")


@pytest.mark.parametrize("calls", [True, False])
def test_its_rule_can_be_saved_with_a_line_that_calls_and_without(calls: bool) -> None:
    made = policy_of("empresa", 1, rule(calls=calls))
    assert [one.id for one in made.levels] == ["aviso", "segundo", "tercero", "visita"]
    assert (made.levels[2].channels == ("call",)) is calls


def test_its_bills_and_payments_are_such_as_operations_take() -> None:
    found = books(320, TODAY)
    assert found == books(320, TODAY)
    paid = [one for one in found if one.paid is not None]
    for one in found:
        assert fields.invoice(one.invoice()).external_id == one.number
        assert one.paid is None or one.paid < TODAY
    for one in paid:
        row = fields.payment(one.payment(ZONE))
        assert row.values["customer"] == one.customer
    late = [one for one in found if one.paid is None and one.due < TODAY - timedelta(days=3)]
    assert len(paid) > 80
    assert len(late) > 40, "there is somebody to claim from"
