"""Received messages: once each, joined, given to an account, opt-outs at once."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import Any

from gatewayd.contact.optout import judge, opt_out_words
from gatewayd.inbound import PARTS_WAIT_MS
from gatewayd.outgoing.inbox_writer import inbox_document
from gatewayd.store.commands import (
    CreateAccount,
    Ended,
    EndParts,
    Inbound,
    InboxWritten,
    KeyPressed,
    NewMessage,
    PartEnd,
    Received,
    UnwrittenInbox,
    Work,
)
from gatewayd.store.sending.inbox import ANSWER_MS
from gatewayd.store.sending.sweeps import PARTS_KEPT_MS
from gatewayd.values.model import PartState, State
from tests.conformance.house import House

WORDS = opt_out_words(["Fuera"])
EXTRA = ("subject", "opted_out", "aliases", "answers", "answers_reference")
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
            options.get("at", house.now),
            options.get("concat"),
            options.get("account"),
            partial(judge, added=WORDS),
            house.now,
            **{key: value for key, value in options.items() if key in EXTRA},
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


def call(house: House, name: str = "j") -> Work:
    """Somebody is called, and nobody knows how the call ended."""
    (work,) = house.claim(
        house.job_of([NewMessage(1, "C1", SENDER, "hola", "", 1, "", None, None)], channel="call", name=name)
    ).work
    house.pnr(work)
    house.finish(work, State.UNCERTAIN, outcome="uncertain", parts={1: PartEnd(PartState.DOUBT)})
    return work


def late(house: House, work: Work, key: str, action: str, to: str | None = SENDER) -> Received:
    detail = json.dumps({"disposition": "answered", "key": key, "action": action})
    said: Received = house.do(KeyPressed(work.attempt_id, "claro-1", to, key, action, detail, house.now))
    return said


def test_a_key_of_a_call_that_ended_late_comes_in_once(house: House) -> None:
    work = call(house)
    assert late(house, work, "2", "promise", "+5491199990000") == Received(False, False, False), "somebody else's"
    assert late(house, work, "2", "promise") == Received(stored=True, complete=True, opt_out=False)
    assert late(house, work, "2", "promise") == Received(stored=False, complete=True, opt_out=False)
    # The end that was asked for meanwhile says it again.
    ended = house.finishing(work, State.DELIVERED, outcome="completed", parts={1: PartEnd(PartState.DELIVERED)})
    house.do(replace(ended, pressed="2", action="promise"))
    (entry,) = inbox(house)
    assert (entry.channel, entry.sender, entry.text, entry.job, entry.ref) == ("call", SENDER, "2", "j", "C1")
    assert house.rows("SELECT action FROM inbound") == [("promise",)]
    house.report(work, work.public, attempt_id=work.attempt_id, part=1)
    assert house.states() == ["delivered"]
    assert house.receipts()[-1]["detail"]["key"] == "2"


def test_a_key_is_kept_though_its_call_ended_another_way(house: House) -> None:
    work = call(house)
    ended = house.finishing(work, State.DELIVERED, outcome="completed", parts={1: PartEnd(PartState.DELIVERED)})
    house.do(replace(ended, pressed="3", action="paid"))
    assert house.states() == ["uncertain"], "that is for reports and people"
    assert [entry.text for entry in inbox(house)] == ["3"]


def test_who_opts_out_late_is_blocked_in_the_account_that_called(house: House) -> None:
    work = call(house)
    house.do(CreateAccount("sur", "ARS", house.now))
    house.now += 1000
    house.send(house.claim(house.job("x", name="later", account="sur", price=0)).work[0])
    assert late(house, work, "9", "opt_out").opt_out
    assert late(house, work, "9", "opt_out") == Received(stored=False, complete=True, opt_out=True)
    assert house.rows("SELECT account.name FROM blocklist JOIN account ON account.id = blocklist.account_id") == [
        ("norte",)
    ]


def test_a_key_of_a_call_that_the_store_lacks_is_taken_as_a_text_is(house: House) -> None:
    work = call(house)
    unknown = replace(work, attempt_id=work.attempt_id + 1000)
    assert late(house, unknown, "2", "promise").stored
    assert not late(house, replace(work, attempt_id=work.attempt_id + 1001), "2", "promise", None).stored
    (entry,) = inbox(house)
    assert (entry.account, entry.job) == ("norte", "j")


def test_who_opts_out_in_a_call_is_blocked_with_its_end(house: House) -> None:
    """In one transaction: an end that says so without a block would be forgotten by a crash."""
    again = house.job("x", name="again")
    (work,) = house.claim(
        house.job_of([NewMessage(1, "C1", SENDER, "hola", "", 1, "", None, None)], channel="call")
    ).work
    house.pnr(work)
    ended = house.finishing(
        work, State.DELIVERED, outcome="completed", charge=True, parts={1: PartEnd(PartState.DELIVERED)}
    )
    house.do(replace(ended, pressed="9", opted_out=True))
    assert house.rows("SELECT source FROM blocklist") == [("call",)]
    assert sorted(house.states()) == ["cancelled", "delivered"]
    assert again.id


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


def end_parts(house: House, **options: Any) -> Any:
    return house.do(
        EndParts(
            house.now - PARTS_WAIT_MS,
            options.get("accounts", {}),
            options.get("account"),
            partial(judge, added=WORDS),
            house.now,
        )
    )


def test_a_text_whose_other_part_never_comes_is_kept_as_it_is(house: House) -> None:
    house.do(CreateAccount("sur", "ARS", house.now))
    receive(house, "no me escriban más, ", "1", concat=(7, 3, 1))
    house.now += 1000
    receive(house, "adiós", "3", concat=(7, 3, 3))
    house.now += PARTS_WAIT_MS - 1000
    assert end_parts(house) == Ended(0, ())
    house.now += 2000
    house.restart()
    assert end_parts(house, accounts={"claro-1": "sur"}) == Ended(1, ())
    (entry,) = inbox(house)
    assert (entry.account, entry.key, entry.opt_out) == ("sur", "1", True)
    assert entry.text == "no me escriban más, […] adiós"
    assert house.rows("SELECT source FROM blocklist") == [("opt_out",)]
    assert end_parts(house) == Ended(0, ())
    assert not receive(house, "adiós", "3", concat=(7, 3, 3)).stored, "the device hands it over again"
    assert len(inbox(house)) == 1


def test_an_opt_out_in_a_text_that_is_not_whole_withdraws_what_waits(house: House) -> None:
    queue = house.job("x")
    receive(house, "BAJA", "1", concat=(7, 2, 1))
    assert house.states() == ["queued"]
    house.now += PARTS_WAIT_MS + 1
    assert end_parts(house) == Ended(1, (queue.job_id,))
    assert house.states() == ["cancelled"]


def test_halves_of_two_conversations_are_not_joined(house: House) -> None:
    receive(house, "BAJA: no me man", "1", concat=(7, 2, 1))
    house.now += 24 * 3_600_000
    assert receive(house, "otra conversación", "2", concat=(7, 2, 2)).opt_out
    assert [(entry.text, entry.opt_out) for entry in inbox(house)] == [("BAJA: no me man […]", True)]
    house.now += PARTS_WAIT_MS + 1
    end_parts(house)
    assert inbox(house)[1].text == "[…] otra conversación"


def test_parts_that_were_sent_together_are_joined_however_late_one_comes(house: House) -> None:
    sent = house.now
    receive(house, "hola ", "1", concat=(7, 2, 1))
    house.now += PARTS_WAIT_MS - 1
    receive(house, "mundo", "2", concat=(7, 2, 2), at=sent + 2000)
    assert [entry.text for entry in inbox(house)] == ["hola mundo"]


def test_the_same_part_with_other_words_is_of_another_text(house: House) -> None:
    receive(house, "uno ", "1", concat=(7, 2, 1))
    receive(house, "otro ", "2", concat=(7, 2, 1))
    receive(house, "fin", "3", concat=(7, 2, 2))
    assert [entry.text for entry in inbox(house)] == ["uno […]", "otro fin"]


def test_parts_are_not_forgotten_before_they_are_a_text(house: House) -> None:
    receive(house, "BAJA", "1", concat=(7, 2, 1))
    house.now += PARTS_KEPT_MS + 1000
    house.sweep()
    assert end_parts(house).texts == 1
    house.sweep()
    assert house.rows("SELECT * FROM inbound_part") == []


def test_an_opt_out_takes_effect_in_the_same_transaction(house: House) -> None:
    queue = house.job("x", "y")
    assert not receive(house, "ya pagué, gracias", "0").opt_out
    told = receive(house, " No quiero más\n", "1")
    assert (told.opt_out, told.doubtful, told.jobs) == (True, False, (queue.job_id,))
    assert house.states() == ["cancelled", "queued"]
    assert house.rows("SELECT source, note FROM blocklist") == [("opt_out", "no quiero mas")]
    assert [entry.opt_out for entry in inbox(house)] == [False, True]
    assert receive(house, "stop", "2").opt_out, "twice is no harm"
    assert receive(house, "FUERA", "3").opt_out, "a word of one's own"


def test_what_may_be_an_opt_out_is_marked_and_blocks_nobody(house: House) -> None:
    told = receive(house, "¿Cómo me doy de baja del servicio?", "1")
    assert (told.opt_out, told.doubtful) == (False, True)
    (entry,) = inbox(house)
    document = inbox_document(entry)
    assert (document["opt_out"], document["review"]) == (False, "opt_out")
    assert house.rows("SELECT * FROM blocklist") == []
    receive(house, "hola", "2")
    assert "review" not in inbox_document(inbox(house)[1])


def test_a_button_opts_out_and_all_addresses_of_the_sender_are_blocked(house: House) -> None:
    house.job("x")
    assert receive(house, "Ver saldo", "1", sender="AR.1", aliases=(SENDER,), opted_out=True).opt_out
    assert house.states() == ["cancelled"]
    assert house.rows('SELECT "to" FROM blocklist ORDER BY 1') == [(SENDER,), ("AR.1",)]


def test_who_opted_out_stays_so_under_another_number(house: House) -> None:
    other = "+5491100000002"
    queue = house.job("x", "y")
    assert not receive(house, "cambié de número", "1", aliases=(other,)).jobs, "who never opted out"
    assert receive(house, "BAJA", "2").opt_out
    told = receive(house, "cambié de número", "3", aliases=(other,))
    assert (told.opt_out, told.jobs) == (False, (queue.job_id,))
    assert house.rows('SELECT "to" FROM blocklist ORDER BY "to"') == [(SENDER,), (other,)]
    # A number taken off the list again does not come back by its other name.
    assert receive(house, "hola", "4", sender="+5491100000003", aliases=(SENDER,)).jobs == ()
    assert len(house.rows("SELECT 1 FROM blocklist")) == 2


def test_the_subject_of_a_mail_is_judged(house: House) -> None:
    assert receive(house, "", "1", sender="ana@x.com", subject="BAJA").opt_out
    assert house.rows('SELECT "to" FROM blocklist') == [("ana@x.com",)]


def test_it_answers_the_message_that_is_named(house: House) -> None:
    works = []
    for number, name in enumerate(("first", "second")):
        house.now += 1000
        (work,) = house.claim(house.job("x", name=name)).work
        house.send(work, first=10 + number)
        works.append(work)
    receive(house, "a", "1", answers=works[0].attempt_id, sender="AR.1")
    receive(house, "b", "2", answers_reference="10")
    receive(house, "c", "3", answers_reference="10", sender="AR.1", aliases=(SENDER,))
    receive(house, "d", "4", answers_reference="nobody's")
    receive(house, "e", "5", answers=10**9)
    assert [entry.job for entry in inbox(house)] == ["first", "first", "first", "second", "second"]
