"""Claims, points of no return and outcomes: what is sent, what is held, what is charged."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.base import Withdrawn
from gatewayd.store.commands import Block, Claim, Credit, Finish, NewMessage, PartEnd, Pnr, SetJobState, Unclaim
from gatewayd.values.model import PartState, State
from tests.conformance.house import DAY, HOUR, LONG, MONTH, PRICE, START, House

TAKEN = PartEnd(PartState.TAKEN, "1")
DOUBT = PartEnd(PartState.DOUBT)


def test_a_claim_hands_out_the_oldest_and_holds_their_price(house: House) -> None:
    queue = house.job("one", "two", LONG)
    assert queue.waiting == 3
    claimed = house.claim(queue, limit=2)
    assert [work.row for work in claimed.work] == [1, 2]
    assert (claimed.blocked, claimed.next_due) == (None, house.rows("SELECT MIN(due) FROM message")[0][0])
    assert house.account() == (998 * PRICE, 2 * PRICE, 0, 1000 * PRICE)
    rest = house.claim(queue)
    assert [(work.row, work.parts, work.todo) for work in rest.work] == [(3, (LONG[:153], LONG[153:]), (1, 2))]
    assert (rest.blocked, rest.next_due) == (None, None)
    assert house.states() == ["sending"] * 3
    assert house.account()[1] == 4 * PRICE
    work = rest.work[0]
    assert (work.number, work.tries, work.encoding, work.unit_price, work.to) == (1, 0, "gsm7", PRICE, "+5491100000003")
    assert len(work.public) == 26


def test_claims_of_one_batch_never_share_a_row(house: House) -> None:
    queue = house.job(*["x"] * 5)
    claims = [Claim(queue.id, line, "", 2, 100, house.node, house.epoch, house.now) for line in ("a", "b", "c")]
    results = house.transactions.apply(claims)
    rows = [[work.row for work in result.work] for result in results]
    assert rows == [[1, 2], [3, 4], [5]]


def test_a_claim_stops_at_its_segments(house: House) -> None:
    queue = house.job("x", LONG, LONG, "x")
    assert [work.row for work in house.claim(queue, segments=2).work] == [1, 2]
    assert [work.row for work in house.claim(queue, segments=1).work] == [3]


def test_what_the_balance_does_not_cover_waits_until_it_does(house: House) -> None:
    house.do(Credit("norte", -998 * PRICE, house.now))
    queue = house.job("x", LONG, "x")
    claimed = house.claim(queue)
    assert ([work.row for work in claimed.work], claimed.blocked) == ([1], "credit")
    assert house.claim(queue).blocked == "credit"
    house.do(Credit("norte", PRICE, house.now))
    assert [work.row for work in house.claim(queue).work] == [2]
    assert house.account()[0] == 0


def test_a_free_channel_needs_no_credit(house: House) -> None:
    house.do(Credit("norte", -1000 * PRICE, house.now))
    queue = house.job("x", price=0)
    (work,) = house.claim(queue).work
    house.send(work)
    assert house.rows("SELECT COUNT(*) FROM transfer WHERE attempt_id IS NOT NULL")[0][0] == 0


@pytest.mark.parametrize(
    ("options", "blocked", "next_due"),
    [({"not_before": START + HOUR}, "window", START + HOUR), ({"not_after": START - HOUR}, "expired", None)],
)
def test_nothing_is_claimed_outside_the_window(
    house: House, options: dict[str, Any], blocked: str, next_due: int
) -> None:
    claimed = house.claim(house.job("x", **options))
    assert (claimed.work, claimed.blocked, claimed.next_due) == ((), blocked, next_due)


def test_nothing_is_claimed_of_a_paused_job(house: House) -> None:
    queue = house.job("x")
    house.do(SetJobState("norte", "j", "paused", house.now))
    assert house.claim(queue).blocked == "paused"
    house.do(SetJobState("norte", "j", "running", house.now))
    assert len(house.claim(queue).work) == 1


def test_a_not_yet_due_message_tells_when(house: House) -> None:
    queue = house.job("x", not_before=START + HOUR)
    assert house.states() == ["scheduled"]
    house.now = START + HOUR
    assert len(house.claim(queue).work) == 1


def test_given_back_work_waits_as_if_never_claimed(house: House) -> None:
    queue = house.job("x", "y")
    works = house.claim(queue).work
    house.do(Unclaim([work.attempt_id for work in works], house.now))
    assert house.states() == ["queued", "queued"]
    assert house.account() == (1000 * PRICE, 0, 0, 1000 * PRICE)
    assert house.rows("SELECT * FROM attempt") == []
    again = house.claim(queue).work
    assert [(work.row, work.number, work.tries) for work in again] == [(1, 1, 0), (2, 1, 0)]
    assert not {work.attempt_id for work in again} & {work.attempt_id for work in works}, "numbers are never used again"


def test_numbers_are_not_used_again_after_a_restart(house: House) -> None:
    queue = house.job("x")
    (work,) = house.claim(queue).work
    house.do(Unclaim([work.attempt_id], house.now))
    house.restart()
    assert house.claim(queue).work[0].attempt_id > work.attempt_id


def test_work_past_its_point_of_no_return_is_not_given_back(house: House) -> None:
    (work,) = house.claim(house.job("x")).work
    house.pnr(work)
    house.do(Unclaim([work.attempt_id], house.now))
    assert house.states() == ["sending"]


# ------------------------------------------------------------------------------------------------ point of no return


def test_a_point_of_no_return_is_durable_before_anything_leaves(house: House) -> None:
    (work,) = house.claim(house.job("x")).work
    house.pnr(work)
    assert house.rows("SELECT part, state, line FROM part") == [(1, "open", "claro-1")]
    assert house.rows("SELECT state FROM attempt") == [("open",)]
    assert house.rows("SELECT started_at FROM job") == [(house.now - 1,)]


@pytest.mark.parametrize(("state", "reason"), [("paused", "paused"), ("cancelled", "cancelled")])
def test_a_message_of_a_stopped_job_is_withdrawn(house: House, state: str, reason: str) -> None:
    (work,) = house.claim(house.job("x")).work
    house.do(SetJobState("norte", "j", state, house.now))  # type: ignore[arg-type]
    with pytest.raises(Withdrawn, match=reason):
        house.pnr(work)
    assert house.rows("SELECT * FROM part") == []


def test_an_expired_message_is_withdrawn(house: House) -> None:
    (work,) = house.claim(house.job("x", not_after=START + HOUR)).work
    house.now = START + HOUR
    with pytest.raises(Withdrawn, match="expired"):
        house.pnr(work)


def test_a_message_to_a_blocked_number_is_withdrawn(house: House) -> None:
    (work,) = house.claim(house.job("x")).work
    house.do(Block([work.to], "person", None, house.now))
    with pytest.raises(Withdrawn, match="blocked"):
        house.pnr(work)


def test_what_an_older_epoch_claimed_is_withdrawn(house: House) -> None:
    (work,) = house.claim(house.job("x")).work
    before = house.epoch
    house.start()
    house.epoch = before
    with pytest.raises(Withdrawn, match="lease_lost"):
        house.pnr(work)
    house.epoch = before + 1


def test_a_message_that_has_begun_goes_on(house: House) -> None:
    (work,) = house.claim(house.job(LONG)).work
    house.pnr(work, 1)
    house.do(SetJobState("norte", "j", "cancelled", house.now))
    house.do(Block([work.to], "person", None, house.now))
    house.pnr(work, 2)
    ends = {1: TAKEN, 2: PartEnd(PartState.TAKEN, "2")}
    house.finish(work, State.SUBMITTED, parts=ends)
    assert house.states() == ["submitted"]


def test_one_withdrawn_message_leaves_its_batch_alone(house: House) -> None:
    one, two = house.claim(house.job("x", "y")).work
    house.do(Block([one.to], "person", None, house.now))
    commands = [Pnr(w.attempt_id, 1, "claro-1", w.to, house.epoch, house.now, DAY, MONTH, 1.0) for w in (one, two)]
    first, second = house.transactions.apply(commands)
    assert isinstance(first, Withdrawn)
    assert second is None
    assert house.rows("SELECT attempt_id FROM part") == [(two.attempt_id,)]


# ------------------------------------------------------------------------------------------------------------ outcomes


def test_taken_parts_are_charged(house: House) -> None:
    (work,) = house.claim(house.job(LONG)).work
    house.send(work)
    assert house.account() == (998 * PRICE, 0, 2 * PRICE, 1000 * PRICE)
    assert house.rows("SELECT state, final, cost, line, segments FROM message") == [
        ("submitted", False, 2 * PRICE, "claro-1", 2)
    ]
    assert house.told() == [(1, "submitted", False)]


def test_refused_is_released_and_failed(house: House) -> None:
    (work,) = house.claim(house.job("x")).work
    house.pnr(work)
    house.finish(work, State.FAILED, outcome="refused", reason="number_invalid", parts={1: PartEnd(PartState.REFUSED)})
    assert house.account()[0] == 1000 * PRICE
    (receipt,) = house.receipts()
    assert (receipt["state"], receipt["reason"], receipt["final"], receipt["cost"]) == (
        "failed",
        "number_invalid",
        True,
        "0.00",
    )


def test_not_sent_waits_for_its_next_try(house: House) -> None:
    queue = house.job("x")
    (work,) = house.claim(queue).work
    due = house.now + 10_000
    house.finish(work, State.SCHEDULED, outcome="not_sent", reason="no_prompt", due=due, tries=1)
    assert house.account()[1] == 0
    claimed = house.claim(queue)
    assert (claimed.work, claimed.next_due) == ((), due)
    house.now = due
    (again,) = house.claim(queue).work
    assert (again.number, again.tries, again.todo) == (2, 1, (1,))
    assert house.told() == []


def test_doubt_stays_held(house: House) -> None:
    (work,) = house.claim(house.job("x")).work
    house.pnr(work)
    house.finish(work, State.UNCERTAIN, outcome="uncertain", parts={1: DOUBT})
    assert house.account() == (999 * PRICE, PRICE, 0, 1000 * PRICE)
    assert house.told() == [(1, "uncertain", True)]


def test_doubt_with_resend_is_released_and_goes_again(house: House) -> None:
    queue = house.job("x", resend=True)
    (work,) = house.claim(queue).work
    assert work.resend
    house.pnr(work)
    house.finish(work, State.QUEUED, outcome="uncertain", parts={1: DOUBT}, due=house.now, tries=1)
    assert house.account() == (1000 * PRICE, 0, 0, 1000 * PRICE)
    (again,) = house.claim(queue).work
    assert again.todo == (1,)


def test_a_retry_sends_only_what_did_not_leave_in_the_same_cut(house: House) -> None:
    queue = house.job(LONG)
    (work,) = house.claim(queue).work
    house.pnr(work, 1)
    house.finish(work, State.QUEUED, outcome="partial", parts={1: TAKEN}, due=house.now, tries=1)
    assert house.account() == (999 * PRICE, 0, PRICE, 1000 * PRICE)
    (again,) = house.claim(queue, line="claro-2").work
    assert (again.todo, again.done, again.parts) == ((2,), ((1, PartState.TAKEN),), work.parts)
    assert again.concat_ref == work.concat_ref
    house.pnr(again, 2, "claro-2")
    house.finish(again, State.SUBMITTED, "claro-2", parts={2: PartEnd(PartState.TAKEN, "9")})
    assert house.states() == ["submitted"]
    assert house.account()[2] == 2 * PRICE
    assert house.receipts()[-1]["cost"] == "1.70"


SPANISH = "Hasta mañana: día, café, ratón, índice. " * 3


def test_a_line_with_the_shift_table_may_cut_otherwise(house: House) -> None:
    queue = house.job(SPANISH)
    (plain,) = house.claim(queue).work
    assert plain.encoding == "ucs2"
    house.do(Unclaim([plain.attempt_id], house.now))
    (shifted,) = house.claim(queue, variant="es").work
    assert shifted.encoding == "gsm7-es"
    assert len(shifted.parts) < len(plain.parts)
    assert house.account()[1] == len(shifted.todo) * PRICE
    house.do(Unclaim([shifted.attempt_id], house.now))
    assert house.claim(queue).work[0].encoding == "ucs2", "what has not left may be cut anew"


def test_what_left_in_one_cut_goes_on_in_it(house: House) -> None:
    text = SPANISH * 3
    queue = house.job(text)
    (work,) = house.claim(queue, variant="es").work
    house.pnr(work, 1)
    house.finish(work, State.QUEUED, outcome="partial", parts={1: TAKEN}, due=house.now)
    (again,) = house.claim(queue, line="claro-2").work
    assert (again.encoding, again.parts) == ("gsm7-es", work.parts)


def test_plain_parts_are_not_cut_anew_by_a_line_with_the_shift_table(house: House) -> None:
    queue = house.job(SPANISH)
    (work,) = house.claim(queue).work
    house.pnr(work, 1)
    house.finish(work, State.QUEUED, outcome="partial", parts={1: TAKEN}, due=house.now)
    (again,) = house.claim(queue, variant="es").work
    assert (again.encoding, again.parts) == ("ucs2", work.parts)


def test_an_outcome_counts_once(house: House) -> None:
    (work,) = house.claim(house.job("x")).work
    house.pnr(work)
    command = house.finishing(work, State.SUBMITTED, parts={1: TAKEN})
    assert house.transactions.apply([command, command]) == [None, None]
    assert house.transactions.apply([command]) == [None]
    assert house.account()[2] == PRICE
    assert house.told() == [(1, "submitted", False)]


def test_a_call_is_charged_when_it_was_answered(house: House) -> None:
    rows = [NewMessage(n, None, f"+541143210{n:03}", "hola", "", 1, "", None, None) for n in (1, 2)]
    answered, busy = house.claim(house.job_of(rows, channel="call")).work
    assert (answered.parts, answered.todo) == ((), (1,))
    for work, state, charge in ((answered, State.UNDELIVERED, True), (busy, State.FAILED, False)):
        house.pnr(work)
        house.do(
            Finish(
                work,
                "claro-1",
                {1: PartEnd(PartState.UNDELIVERED)},
                "completed",
                state,
                "not_heard",
                True,
                house.now,
                1,
                charge,
                '{"disposition":"answered","heard_s":2}',
                house.now,
            )
        )
    assert house.account() == (999 * PRICE, 0, PRICE, 1000 * PRICE)
    first = house.receipts()[0]
    assert (first["segments"], first["detail"]["heard_s"], first["cost"]) == (None, 2, "0.85")


def test_costs_and_times_add_up_in_the_job(house: House) -> None:
    for work in house.claim(house.job("x", LONG)).work:
        house.send(work, first=10 * work.row)
    assert house.rows("SELECT cost, messages, last_seq, last_at FROM job") == [(3 * PRICE, 2, 2, house.now - 1)]
