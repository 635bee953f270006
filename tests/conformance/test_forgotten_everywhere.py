"""Who is forgotten is in no table any more: every text of every row is looked through."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import insert, select

from gatewayd.store import tables
from gatewayd.store.commands import Change, PartEnd
from gatewayd.store.contacts import knowledge
from gatewayd.store.dunning import promises, reminder_sends, reminders
from gatewayd.store.dunning.promises import NewPromise
from gatewayd.values.model import PartState, State
from gatewayd.values.reminder import Draft
from tests.conformance.house import House
from tests.conformance.test_billing import ACCOUNT, NORTE, bill, bring, customer
from tests.conformance.test_store_claims import change, decide, moment, recorded, rule, settled

WHO, NUMBER, MAIL, NAME = "CLI-77/ñ", "+5491150000001", "ana.perez@norte.example", "Ana Pérez"
NEEDLES: Final = (WHO, json.dumps(WHO)[1:-1], NUMBER, MAIL, NAME, "Ana")
LEFT: Final[Mapping[str, str]] = {
    "line_recipient": "counts recipients of a month",
    "receipt": "is cut into files of the spool, which go with their retention",
}
"""Tables in which something stays for a while, and why."""


def where(house: House) -> dict[str, list[Any]]:
    """Returns the rows that still name the person, by table."""
    found: dict[str, list[Any]] = {}
    connection = house.transactions.session.connection
    for table in tables.metadata.sorted_tables:
        if table.name in LEFT:
            continue
        for row in connection.execute(select(table)):
            if any(needle in str(value) for value in row if isinstance(value, str) for needle in NEEDLES):
                found.setdefault(table.name, []).append(tuple(row))
    return found


def put(house: House, table: Any, **values: Any) -> None:
    house.do(Change(lambda unit: unit.session.connection.execute(insert(table).values(**values))))


def lived_with(house: House) -> int:
    """Has a customer be claimed, reminded, suspended, told of, and write a complaint; returns its number."""
    corte = {"id": "corte", "days": 2, "action": "event", "name": "suspension_due"}
    rule(house, levels=[{"id": "uno", "days": 1, "channels": ["sms"], "templates": {"sms": "uno"}}, corte])
    points = [
        {"channel": "phone", "address": NUMBER, "state": "confirmed"},
        {"channel": "email", "address": MAIL},
    ]
    number = customer(house, WHO, name=NAME, contacts=points, columns={"barrio": "calle de Ana"})
    bring(house, "invoices", bill("F-1", WHO, due="2026-11-17"))
    assert decide(house, number) == 1
    (work,) = house.claim(recorded(house)).work
    house.pnr(work)
    house.finish(work, State.FAILED, reason="unassigned", parts={1: PartEnd(PartState.REFUSED)})
    settled(house)
    house.now += 2 * 86_400_000
    assert decide(house, number) == 1
    draft = Draft(WHO, "ARS", "sms", "Hola Ana", "F-1")
    reminder = change(house, reminders.add, account="norte", draft=draft, next_at=None, by="ana", now=house.now)
    change(house, reminders.note, reminder, "sent", house.now, "", sentence=f"falta algo de {NAME}")
    change(house, promises.add, NewPromise(ACCOUNT, number, "ARS", moment(house).today, None, note=NAME), now=house.now)
    return number


def told_of(house: House, number: int) -> None:
    """Writes what other wings keep of the customer."""
    at = house.now
    (document,) = [row[0] for row in house.rows("SELECT document FROM collection_event")]
    body = {"subject": f"norte/{WHO}/ARS", "at": "x", "data": json.loads(document)}
    text = json.dumps(body, ensure_ascii=False)
    put(
        house, tables.webhook, account_id=ACCOUNT, origin="store", url="https://a.example/x", events=" event ",
        allow_private=False, enabled=True, since=at, gathers=True, log_id=1, log_seq=0, replay_id=0, replay_seq=0,
        replay_end=0, created_at=at, acknowledged=0,
    )  # fmt: skip
    put(house, tables.webhook_log, account_id=ACCOUNT, type="event", at=at, held=False, body=text)
    put(
        house, tables.webhook_failure, webhook_id=1, event="1", type="event", key="k", body=text, waiting=True, tries=1,
        due=at, first_at=at, last_at=at,
    )  # fmt: skip
    put(
        house, tables.elsewhere, account_id=ACCOUNT, at=at, direction="out", channel="call", address=NUMBER,
        state="delivered", answered=False, reached=True, counts=True, text=f"hablé con {NAME}", person_id=number,
        external_id=WHO, source="person", kind="manual", actor="ana", key="e1", created_at=at,
        **{"class": "collections"},
    )  # fmt: skip
    picked = json.dumps({"audience": {"customers": [WHO, "otro"]}, "text": "Hola"}, ensure_ascii=False)
    put(
        house, tables.campaign, account_id=ACCOUNT, name="c", state="draft", created_at=at, created_by="ana",
        updated_at=at, document=picked,
    )  # fmt: skip
    put(house, tables.campaign_person, run_id=1, row=3, customer_id=number, external_id=WHO, address=NUMBER, cells="{}")
    put(house, tables.campaign_step, run_id=1, rung=1, row=3, slice=1, place=1, address=NUMBER)
    put(
        house, tables.process, id=9, kind="contacts", account_id=ACCOUNT, actor="ana", node="pop", request="{}",
        state="done", created_at=at, due=at,
    )  # fmt: skip
    put(house, tables.process_fault, process_id=9, row=2, field="recipients", code="unknown", value=NUMBER)
    put(house, tables.customer_alias, account_id=ACCOUNT, external_id="viejo-Ana", customer_id=number)


def test_who_is_forgotten_is_named_in_no_table(house: House) -> None:
    number = lived_with(house)
    told_of(house, number)
    assert len(where(house)) > 12, sorted(where(house))
    house.do(Change(lambda unit: knowledge.forget(unit, NORTE, knowledge.Forget(WHO, house.now))))
    assert where(house) == {}
    ((kept,),) = house.rows("SELECT document FROM campaign")
    assert json.loads(kept)["audience"]["customers"][1] == "otro"
    assert json.loads(kept)["text"] == "Hola"
    ((told,),) = house.rows("SELECT body FROM webhook_log WHERE type = 'event'")
    said = json.loads(told)
    assert said["data"]["event"] == "suspension_due"
    assert said["subject"] == f"norte/{said['data']['customer']}/ARS"
    # Sums stay: they are the ledger.
    assert house.rows("SELECT amount FROM step WHERE level = 'corte'") == [(100_000_000,)]
    assert reminder_sends.waiting(house.transactions.session.connection) == []
