"""What was written from facts goes only while they are so, over both stores."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.base import NotSent, Withdrawn
from gatewayd.outcomes import Terms, resolve
from gatewayd.store.commands import (
    AddMessages,
    BeginJob,
    Change,
    CreateAccount,
    DropJob,
    NewMessage,
    PartEnd,
    Pnr,
    PublishJob,
    Work,
)
from gatewayd.store.sending import causes
from gatewayd.store.sending.causes import Withdrawal
from gatewayd.values.model import PartState, Priority, State
from tests.conformance.house import DAY, LONG, MONTH, PRICE, House

ANA, BEN = 11, 12
"""Customers."""


def mint(house: House, customer: int = ANA, currency: str = "ARS", account: int = 1) -> int:
    number: int = house.do(Change(lambda unit: causes.mint(unit.session, account, customer, currency, house.now)))
    return number


def caused(cause: int | None, row: int = 1, text: str = "Debe 100") -> NewMessage:
    return NewMessage(row, None, f"+54911{row:08}", text, "", 1, "", None, None, None, cause)


def withdraw(house: House, *numbers: int, reason: Any = "paid") -> Withdrawal:
    done: Withdrawal = house.do(Change(lambda unit: causes.withdraw(unit, numbers, reason, house.now)))
    house.check()
    return done


def withdraw_of(house: House, *customers: int, reason: Any = "paid", currency: str | None = None) -> Withdrawal:
    done: Withdrawal = house.do(
        Change(lambda unit: causes.withdraw_of(unit, customers, reason, house.now, currency=currency))
    )
    house.check()
    return done


def stopped(house: House, work: Work) -> str:
    """Comes to the point of no return, is stopped there, and ends as the gateway would end it; returns why."""
    with pytest.raises(Withdrawn) as refused:
        house.pnr(work)
    outcome = NotSent(refused.value.reason, counts=False)
    terms = Terms(tries=3, report_wait_ms=1000)
    house.do(resolve(work, outcome, line="claro-1", passed=frozenset(), terms=terms, now=house.now))
    house.check()
    return refused.value.reason


def open_past(house: House, *numbers: int) -> list[int]:
    return [one.message_id for one in causes.past(house.transactions.session.connection, numbers)]


def reasons(house: House) -> list[tuple[str, str | None, int]]:
    return [tuple(row) for row in house.rows("SELECT state, reason, final FROM message ORDER BY id")]


def test_what_waits_ends_at_once_and_nothing_else_does(house: House) -> None:
    ana, ben = mint(house), mint(house, BEN)
    assert mint(house) == ana != ben
    queue = house.job_of([caused(ana), caused(ben, 2), caused(None, 3)])
    done = withdraw(house, ana)
    assert (done.causes, done.messages, done.jobs) == ((ana,), 1, (queue.job_id,))
    assert reasons(house) == [("cancelled", "paid", 1), ("queued", None, 0), ("queued", None, 0)]
    assert house.told()[-1] == (1, "cancelled", True)
    assert withdraw(house, ana) == Withdrawal()
    assert mint(house) > ben, "what is owed from now on is another cause"


def test_what_is_claimed_is_stopped_at_the_point_of_no_return_and_its_price_comes_back(house: House) -> None:
    cause = mint(house)
    (work,) = house.claim(house.job_of([caused(cause)])).work
    before = house.account()
    assert before[1] == PRICE
    done = withdraw(house, cause, reason="disputed")
    assert (done.messages, open_past(house, cause)) == (0, [])
    assert stopped(house, work) == "disputed"
    assert reasons(house) == [("cancelled", "disputed", 1)]
    assert house.account()[:3] == (before[0] + PRICE, 0, 0)


@pytest.mark.parametrize("reason", sorted(causes.REASONS))
def test_every_reason_ends_what_it_stops(house: House, reason: Any) -> None:
    cause = mint(house)
    (work,) = house.claim(house.job_of([caused(cause)])).work
    withdraw(house, cause, reason=reason)
    assert stopped(house, work) == reason
    assert reasons(house) == [("cancelled", reason, 1)]


def test_what_is_past_it_is_named_until_it_has_an_outcome(house: House) -> None:
    cause = mint(house)
    (work,) = house.claim(house.job_of([caused(cause)])).work
    house.pnr(work)
    withdraw(house, cause)
    assert open_past(house, cause) == [work.message_id]
    house.finish(work, State.SUBMITTED, parts={1: PartEnd(PartState.TAKEN, "1")})
    assert open_past(house, cause) == []
    assert house.states() == ["submitted"]


def test_half_a_text_is_worse_than_none(house: House) -> None:
    cause = mint(house)
    (work,) = house.claim(house.job_of([caused(cause, text=LONG)])).work
    house.pnr(work)
    withdraw(house, cause)
    house.pnr(work, part=2)
    house.finish(work, State.SUBMITTED, parts={n: PartEnd(PartState.TAKEN, str(n)) for n in (1, 2)})
    house.check()


def test_facts_of_one_batch_come_before_its_points_of_no_return(house: House) -> None:
    cause = mint(house)
    (work,) = house.claim(house.job_of([caused(cause)])).work
    leaving = Pnr(work.attempt_id, 1, "claro-1", work.to, house.epoch, house.now, DAY, MONTH, 0.0)
    paying = Change(lambda unit: causes.withdraw(unit, [cause], "paid", house.now))
    left, paid = house.transactions.apply([leaving, paying])
    assert isinstance(left, Withdrawn), left
    assert left.reason == "paid"
    assert paid.causes == (cause,)


def test_what_is_recorded_only_afterwards_never_waits(house: House) -> None:
    cause, other = mint(house), mint(house, BEN)
    begun = house.do(
        BeginJob(
            *(
                "norte",
                "c",
                "sms",
                Priority.NORMAL,
                "hash",
                None,
                None,
                False,
                PRICE,
                "ARS",
                "{}",
                house.node,
                house.now,
            )
        )
    )
    house.do(AddMessages(begun.job_id, [caused(cause)], house.now))
    # Of one the row is there already, of the other it comes now.
    house.do(Change(lambda unit: causes.withdraw(unit, [cause, other], "paid", house.now)))
    house.do(AddMessages(begun.job_id, [caused(other, 2), caused(None, 3)], house.now))
    (queue,) = house.do(PublishJob(begun.job_id, house.now))
    assert reasons(house) == [("cancelled", "paid", 1), ("cancelled", "paid", 1), ("queued", None, 0)]
    assert [work.row for work in house.claim(queue).work] == [3]
    house.check()


def test_a_job_that_is_given_up_while_it_is_recorded_leaves_no_count_behind(house: House) -> None:
    cause, other = mint(house), mint(house, BEN)
    begun = house.do(
        BeginJob(
            *(
                "norte",
                "c",
                "sms",
                Priority.NORMAL,
                "hash",
                None,
                None,
                False,
                PRICE,
                "ARS",
                "{}",
                house.node,
                house.now,
            )
        )
    )
    house.do(AddMessages(begun.job_id, [caused(cause)], house.now))
    house.do(Change(lambda unit: causes.withdraw(unit, [cause, other], "paid", house.now)))
    house.do(AddMessages(begun.job_id, [caused(other, 2)], house.now))
    assert house.do(DropJob(begun.job_id))
    house.check()


def test_a_job_of_which_all_have_paid_is_over(house: House) -> None:
    cause = mint(house)
    withdraw(house, cause)
    queue = house.job_of([caused(cause)])
    assert reasons(house) == [("cancelled", "paid", 1)]
    assert house.claim(queue).work == ()
    house.check()


def test_a_cause_that_is_nobodys_or_anothers_counts_as_changed(house: House) -> None:
    house.do(CreateAccount("sur", "ARS", house.now))
    foreign = mint(house, account=2)
    house.job_of([caused(foreign), caused(999, 2), caused(0, 3)])
    assert reasons(house) == [("cancelled", "changed", 1)] * 3
    house.check()


def test_a_payment_in_one_currency_leaves_the_others_and_takes_what_speaks_of_all(house: House) -> None:
    pesos, dollars, both = mint(house), mint(house, currency="USD"), mint(house, currency=causes.ANY)
    queue = house.job_of([caused(pesos), caused(dollars, 2), caused(both, 3)])
    assert sorted(withdraw_of(house, ANA, currency="ARS").causes) == sorted((pesos, both))
    assert [work.row for work in house.claim(queue).work] == [2]
    again = mint(house, currency=causes.ANY)
    assert set(withdraw(house, dollars).causes) == {dollars, again}
    assert withdraw_of(house, ANA, BEN) == Withdrawal()


def test_who_reads_facts_and_cause_in_one_snapshot_knows_whether_they_belong_together(house: House) -> None:
    connection = house.transactions.session.connection
    assert causes.present(connection, [ANA, BEN]) == {}
    minted: dict[int, int] = house.do(
        Change(lambda unit: causes.mint_many(unit.session, 1, range(1, 1500), causes.ANY, house.now))
    )
    assert len(set(minted.values())) == 1499
    assert causes.present(connection, [ANA, BEN, 5000]) == {ANA: minted[ANA], BEN: minted[BEN]}
    withdraw_of(house, ANA)
    assert causes.present(connection, [ANA, BEN]) == {BEN: minted[BEN]}


def test_what_comes_back_to_its_queue_after_the_payment_is_stopped_at_its_next_try(house: House) -> None:
    cause = mint(house)
    queue = house.job_of([caused(cause)])
    (work,) = house.claim(queue).work
    house.pnr(work)
    withdraw(house, cause)
    house.finish(work, State.QUEUED, parts={1: PartEnd(PartState.UNSENT)}, outcome="not_sent", due=house.now)
    (again,) = house.claim(queue).work
    assert stopped(house, again) == "paid"
    assert reasons(house) == [("cancelled", "paid", 1)]


def test_a_crash_forgets_no_withdrawal(house: House) -> None:
    cause = mint(house)
    queue = house.job_of([caused(cause)])
    house.claim(queue)
    withdraw(house, cause)
    house.restart()
    (work,) = house.claim(queue).work
    assert stopped(house, work) == "paid"
