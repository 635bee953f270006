"""Received messages: once each, joined, given to an account, opt-outs at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gatewayd.inbox_writer import inbox_document
from gatewayd.model import PartState, State
from gatewayd.store.commands import CreateAccount, Inbound, InboxWritten, NewMessage, PartEnd, Received, UnwrittenInbox
from gatewayd.store.sending.inbox import ANSWER_MS
from gatewayd.store.sending.sweeps import PARTS_KEPT_MS
from tests.conformance.house import House

WORDS = frozenset({"BAJA", "STOP", "NO QUIERO MAS"})
SENDER = "+5491100000001"


def receive(house: House, text: str, key: str = "k", **options: Any) -> Received:
    received: Received = house.do(
        Inbound(
            options.get("line", "claro-1"),
            "sms",
            key,
            options.get("sender", SENDER),
            None,
            text,
            house.now,
            options.get("concat"),
            options.get("account"),
            WORDS,
            house.now,
        )
    )
    return received


def inbox(house: House) -> Any:
    return house.do(UnwrittenInbox())


def test_the_same_key_changes_nothing(house: House) -> None:
    assert receive(house, "hola") == Received(stored=True, complete=True, opt_out=False)
    assert receive(house, "hola") == Received(stored=False, complete=True, opt_out=False)
    assert receive(house, "hola", line="claro-2").stored
    assert len(inbox(house)) == 2


def test_it_answers_the_latest_message_to_its_sender(house: House) -> None:
    queue = house.job("x")
    (work,) = house.claim(queue).work
    house.send(work)
    house.job("y", name="waits")
    receive(house, "sí, ¿cuándo?")
    (entry,) = inbox(house)
    assert (entry.account, entry.job, entry.ref, entry.text) == ("norte", "j", "C1", "sí, ¿cuándo?")
    assert entry.message == house.receipts()[0]["message"]
    assert len(entry.public) == 26


def test_the_latest_is_the_one_that_was_sent_last(house: House) -> None:
    """Not the one recorded last, and none of which nothing has left."""
    early, late, never = house.job("x", name="early"), house.job("y", name="late"), house.job("z", name="never")
    for queue in (late, early):
        house.now += 1000
        house.send(house.claim(queue).work[0])
    (work,) = house.claim(never).work
    house.pnr(work)
    house.finish(work, State.FAILED, outcome="refused", parts={1: PartEnd(PartState.REFUSED)})
    receive(house, "sí")
    (entry,) = inbox(house)
    assert entry.job == "early"


def test_a_key_pressed_comes_in_with_the_end_of_its_call(house: House) -> None:
    (work,) = house.claim(
        house.job_of([NewMessage(1, "C1", SENDER, "hola", "", 1, "", None, None)], channel="call")
    ).work
    house.pnr(work)
    ended = house.finishing(
        work, State.DELIVERED, outcome="completed", charge=True, parts={1: PartEnd(PartState.DELIVERED)}
    )
    house.do(replace(ended, pressed="2"))
    house.do(replace(ended, pressed="2"))
    (entry,) = inbox(house)
    assert (entry.channel, entry.sender, entry.text, entry.job, entry.ref) == ("call", SENDER, "2", "j", "C1")
    document = inbox_document(entry)
    assert (document["key"], document["text"], document["opt_out"]) == ("2", None, False)
    assert document["in_reply_to"]["message"] == entry.message


def test_else_it_is_the_default_accounts_or_nobodys(house: House) -> None:
    house.do(CreateAccount("sur", "ARS", house.now))
    queue = house.job("x")
    house.send(house.claim(queue).work[0])
    house.now += ANSWER_MS + 1000
    receive(house, "a", "1", account="sur")
    receive(house, "b", "2", account="gone")
    receive(house, "c", "3")
    assert [(entry.account, entry.job) for entry in inbox(house)] == [("sur", None), (None, None), (None, None)]


def test_written_files_leave_the_list(house: House) -> None:
    receive(house, "a", "1")
    receive(house, "b", "2")
    first, second = inbox(house)
    house.do(InboxWritten([first.id]))
    assert inbox(house) == (second,)
    assert house.do(UnwrittenInbox(limit=0)) == ()


def test_parts_are_joined_in_order_once_all_are_there(house: House) -> None:
    assert receive(house, "mundo", "b", concat=(7, 2, 2)) == Received(stored=True, complete=False, opt_out=False)
    assert inbox(house) == ()
    house.restart()
    assert receive(house, "hola ", "a", concat=(7, 2, 1)) == Received(stored=True, complete=True, opt_out=False)
    assert [entry.text for entry in inbox(house)] == ["hola mundo"]


def test_repeated_parts_change_nothing(house: House) -> None:
    receive(house, "a", "1", concat=(7, 2, 1))
    assert not receive(house, "a", "1", concat=(7, 2, 1)).stored
    receive(house, "b", "2", concat=(7, 2, 2))
    assert not receive(house, "b", "2", concat=(7, 2, 2)).stored
    assert not receive(house, "a", "1", concat=(7, 2, 1)).stored
    assert len(inbox(house)) == 1


def test_references_come_round(house: House) -> None:
    for turn in ("one", "two"):
        receive(house, "a", f"{turn}-1", concat=(7, 2, 1))
        receive(house, turn, f"{turn}-2", concat=(7, 2, 2))
    assert [entry.text for entry in inbox(house)] == ["aone", "atwo"]


def test_other_senders_and_totals_are_other_messages(house: House) -> None:
    receive(house, "a", "1", concat=(7, 2, 1))
    receive(house, "b", "2", concat=(7, 2, 2), sender="+5491100000002")
    receive(house, "c", "3", concat=(7, 3, 2))
    assert inbox(house) == ()


def test_lonely_parts_are_forgotten(house: House) -> None:
    receive(house, "a", "1", concat=(7, 2, 1))
    assert house.sweep().next_at is not None
    house.now += PARTS_KEPT_MS + 1000
    house.sweep()
    assert house.rows("SELECT * FROM inbound_part") == []


def test_an_opt_out_takes_effect_in_the_same_transaction(house: House) -> None:
    house.job("x", "y")
    assert not receive(house, "no quiero, gracias", "0").opt_out
    assert receive(house, " No quiero más\n", "1").opt_out
    assert house.states() == ["cancelled", "queued"]
    assert house.rows("SELECT source FROM blocklist") == [("opt_out",)]
    assert [entry.opt_out for entry in inbox(house)] == [False, True]
    assert receive(house, "stop", "2").opt_out, "twice is no harm"
    for number, text in enumerate(("¡BAJA!", "baja.", "Stop…", "  no\tquiero   más!! "), 3):
        assert receive(house, text, str(number)).opt_out, text
    for number, text in enumerate(("¿baja el precio?", "bajas", "no stop", ""), 9):
        assert not receive(house, text, str(number)).opt_out, text
