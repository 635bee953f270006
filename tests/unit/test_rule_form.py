"""The form of a rule for claims: what it shows of a document, it says again."""

from __future__ import annotations

from typing import Any

import pytest

from gatewayd.dunning.document import document_of, policy_of
from gatewayd.web.panel import rule_form

LEVELS: list[dict[str, Any]] = [
    {
        "id": "aviso",
        "days": 3,
        "name": "Primer aviso",
        "channels": ["sms", "email", "call"],
        "templates": {"sms": "Factura vencida", "email": "Correo: factura", "call": "Llamada: recordatorio"},
        "approval": True,
    },
    {"id": "visita", "days": 35, "action": "visit"},
]


def fields_of(document: dict[str, Any]) -> dict[str, str]:
    """What the browser sends of a form that nobody has touched."""
    found = {"hour": document["hour"], "nothing": "1" if document["nothing"] else ""}
    for number, row in enumerate(rule_form.rows_of(document)):
        found |= {f"{part}_{number}": row[part] for part in ("id", "name", "days", "basis", "action", "approval")}
        found |= {f"way_{number}_{place}": value for place, value in enumerate(row["ways"])}
    return found


def test_a_rule_comes_back_as_it_was() -> None:
    """Names of templates have blanks and colons: those to begin with do."""
    document = document_of(policy_of("empresa", 1, {"levels": LEVELS, "hour": "09:30"}))
    again = document_of(policy_of("empresa", 1, rule_form.document_of(fields_of(document))))
    assert again == document


def test_ways_are_taken_in_their_order_and_empty_ones_left_out() -> None:
    form = {"days_0": "5", "name_0": "Uno", "way_0_0": "", "way_0_1": "email:uno", "way_0_2": "sms:dos"}
    (level,) = rule_form.document_of(form)["levels"]
    assert (level["channels"], level["templates"]) == (["email", "sms"], {"email": "uno", "sms": "dos"})


def test_a_visit_goes_by_no_channel_whatever_was_chosen_before() -> None:
    (level,) = rule_form.document_of({"days_0": "5", "action_0": "visit", "way_0_0": "sms:uno"})["levels"]
    assert (level["channels"], level["templates"]) == ([], {})


@pytest.mark.parametrize(("known", "offered"), [(0, 3), (1, 3), (3, 4), (5, 5)])
def test_there_is_room_for_one_way_more(known: int, offered: int) -> None:
    channels = ["sms", "email", "call", "push", "whatsapp"][:known]
    level = {"id": "uno", "days": 1, "channels": channels, "templates": dict.fromkeys(channels, "uno")}
    assert len(rule_form.rows_of({"levels": [level]})[0]["ways"]) == offered
