"""Effectiveness of claims: who said that it is another person, or wanted no more, after which contact."""

from __future__ import annotations

from sqlalchemy import insert

from gatewayd.store import tables
from gatewayd.store.commands import Change
from gatewayd.store.dunning import effectiveness, novelties
from gatewayd.store.dunning.novelties import NewNovelty
from tests.conformance.house import House
from tests.conformance.test_billing import ACCOUNT, NORTE
from tests.conformance.test_store_claims import ZONE, ask, change, debtor, decide, moment, recorded, rule, settled

DAY_MS = 86_400_000


def figures(house: House) -> list[tuple[str, int, int, int]]:
    more = {"scope": NORTE, "since": 0, "by": "level", "zone": ZONE}
    found = ask(house, effectiveness.contacted, **more)
    return [(one.name, one.contacts, one.wrong_person, one.opted_out) for one in found]


def refuses(house: House, message: int) -> None:
    """Somebody answers that message with an opt-out."""
    values = {
        "at": house.now, "received_at": house.now, "account_id": ACCOUNT, "channel": "sms", "line": "claro-1",
        "sender": "+5491150000001", "text": "BAJA", "key": f"k{message}-{house.now}", "message_id": message,
        "opt_out": True, "written": True,
    }  # fmt: skip
    house.do(Change(lambda unit: unit.session.connection.execute(insert(tables.inbound).values(**values))))


def test_refusals_belong_to_the_last_contact_before_them(house: House) -> None:
    first = {"id": "uno", "days": 1, "channels": ["sms"], "templates": {"sms": "uno"}}
    rule(house, levels=[first, {**first, "id": "dos", "days": 9, "templates": {"sms": "dos"}}])
    one, other = debtor(house), debtor(house, "B2", phone="+5491150000002")
    assert decide(house, one, other) == 2
    sent = house.claim(recorded(house)).work
    for work in sent:
        house.send(work)
    settled(house)
    assert figures(house) == [("uno", 2, 0, 0)]
    wrong = NewNovelty(ACCOUNT, other, "wrong_person", moment(house).today)
    change(house, novelties.add, wrong, now=house.now)
    house.now += 4 * DAY_MS
    assert decide(house, one) == 1
    (again,) = house.claim(recorded(house)).work
    house.send(again)
    settled(house)
    refuses(house, again.message_id)
    refuses(house, again.message_id)  # he says it twice: it was one contact
    assert figures(house) == [("dos", 1, 0, 1), ("uno", 2, 1, 0)]
    # So long afterwards it was something else.
    house.now += 30 * DAY_MS
    refuses(house, sent[0].message_id)
    assert figures(house) == [("dos", 1, 0, 1), ("uno", 2, 1, 0)]
