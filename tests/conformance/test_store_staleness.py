"""What was written from billing that is too old waits until there is newer, over both stores."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete

from drivers.base import NotSent
from gatewayd.outcomes import Terms, held, resolve
from gatewayd.store.admin import _counts
from gatewayd.store.billing import feeds, freshness, overview
from gatewayd.store.commands import Change, KeptBack
from gatewayd.store.contacts import billing_age
from gatewayd.store.insight.kept_back import kept_back
from gatewayd.store.sending import staleness
from gatewayd.store.sending.gate import look_again
from gatewayd.store.session import Statement
from gatewayd.store.settings import accounts as settings
from gatewayd.store.tables import billing_state
from gatewayd.values.actor import Scope
from gatewayd.values.model import State
from tests.conformance.house import HOUR, PRICE, House
from tests.conformance.test_store_causes import caused, mint

_FORGET = Statement(delete(billing_state))


@pytest.fixture
def billed(house: House) -> House:
    """Billing may be two hours old, and is as of now."""
    house.billing_age_ms = 2 * HOUR
    house.restart()
    refreshed(house)
    return house


def refreshed(house: House) -> None:
    house.do(Change(lambda unit: freshness.refresh(unit.session, 1, house.now, "feed", house.now)))


def released(house: House) -> None:
    while house.do(Change(lambda unit: look_again(unit, "norte", house.now), aside=True)):
        pass


def test_what_bears_a_cause_waits_for_newer_billing_and_nothing_else_does(billed: House) -> None:
    cause = mint(billed)
    queue = billed.job_of([caused(cause), caused(None, 2), caused(cause, 3)])
    ((as_of,),) = billed.rows("SELECT as_of FROM billing_state")
    billed.now += 3 * HOUR
    claimed = billed.claim(queue)
    assert [work.row for work in claimed.work] == [2]
    assert billed.rows("SELECT state, reason FROM message WHERE cause_id IS NOT NULL") == [("held", "stale")] * 2
    billed.check()
    connection = billed.transactions.session.connection
    assert list(_counts(connection)) == []
    assert staleness.waiting(connection) == {"norte": as_of}
    (shown,) = kept_back(connection, scope=Scope.all(), account=None, now=billed.now)
    assert (shown.reason, shown.messages) == ("stale", 2)
    refreshed(billed)
    released(billed)
    assert [work.row for work in billed.claim(queue).work] == [1, 3]
    assert staleness.waiting(connection) == {}
    billed.check()


def test_billing_that_grows_old_behind_the_claim_is_seen_at_the_point_of_no_return(billed: House) -> None:
    queue = billed.job_of([caused(mint(billed))])
    (work,) = billed.claim(queue).work
    billed.now += 3 * HOUR
    with pytest.raises(KeptBack) as kept:
        billed.pnr(work)
    assert (kept.value.reason, kept.value.until > billed.now) == ("stale", True)
    finish = resolve(
        work,
        NotSent("stale", counts=False),
        line="claro-1",
        passed=frozenset(),
        terms=Terms(tries=3, report_wait_ms=1000),
        now=billed.now,
    )
    billed.do(held(finish, kept.value))
    assert billed.states() == [State.HELD]
    billed.check()
    refreshed(billed)
    released(billed)
    (again,) = billed.claim(queue).work
    billed.pnr(again)


def test_a_whole_list_is_held_in_few_looks_and_told_once(billed: House) -> None:
    cause = mint(billed)
    queue = billed.job_of([caused(cause, row) for row in range(1, 1501)], price=0)
    billed.now += 3 * HOUR
    looks = 0
    while (claimed := billed.claim(queue)).next_due is not None and claimed.next_due <= billed.now:
        assert claimed.work == ()
        looks += 1
    assert looks <= 3
    assert billed.rows("SELECT count(*) FROM message WHERE state = 'held' AND reason = 'stale'") == [(1500,)]
    assert 1 <= sum(one["reason"] == "stale" and one["row"] is None for one in billed.receipts()) <= 3
    billed.check()


def test_under_rules_of_contact_too(billed: House) -> None:
    billed.rule({"preset": "ar-cautious"})
    cause = mint(billed)
    billed.now += 3 * HOUR
    queue = billed.job_of([caused(cause), caused(None, 2)])
    claimed = billed.claim(queue)
    while not claimed.work and claimed.next_due is not None:
        billed.now = max(billed.now, claimed.next_due) + 1
        claimed = billed.claim(queue)
    assert [work.row for work in claimed.work] == [2]
    assert billed.rows("SELECT state, reason FROM message WHERE cause_id IS NOT NULL") == [("held", "stale")]
    billed.check()


def test_an_account_says_how_old_it_may_be_and_what_never_came_is_not_old(billed: House) -> None:
    queue = billed.job_of([caused(mint(billed))])
    billed.do(Change(lambda unit: settings.keep(unit.session, "norte", {"billing_max_age": 3600}, billed.now, None)))
    billed.restart()
    billed.now += HOUR + 1000
    assert billed.claim(queue).work == ()
    billed.do(
        Change(lambda unit: settings.keep(unit.session, "norte", {"billing_max_age": 30 * 3600}, billed.now, None))
    )
    billed.restart()
    released(billed)
    (first,) = billed.claim(queue).work
    billed.pnr(first)
    billed.do(Change(lambda unit: unit.session.run(_FORGET)))
    billed.now += 30 * HOUR
    (second,) = billed.claim(billed.job_of([caused(mint(billed, 12))], name="b", price=PRICE)).work
    billed.pnr(second)


def test_a_feed_with_a_bound_of_its_own_keeps_it_whatever_else_comes(billed: House) -> None:
    def fed(as_of: int | None, max_age_s: int | None) -> None:
        def work(unit: Any) -> None:
            feeds.declare(unit.session, "n1", {(1, "isp"): {"max_age": max_age_s}})
            if as_of is not None:
                feeds.done(unit.session, 1, "isp", as_of=as_of, now=billed.now, kinds={})

        billed.do(Change(work))

    def fresh(most_ms: int = 2 * HOUR) -> bool:
        connection = billed.transactions.session.connection
        return billing_age.fresh(connection, account_id=1, most_ms=most_ms, now=billed.now)

    queue = billed.job_of([caused(mint(billed))])
    assert fresh()
    fed(None, None)
    assert fresh(), "a feed without a bound is bounded by its account"
    fed(None, 600)
    assert not fresh(), "it was never read to its end"
    fed(billed.now, 600)
    assert fresh()
    billed.now += 601_000
    refreshed(billed)  # somebody has typed in a payment
    assert not fresh()
    assert billed.claim(queue).work == ()
    before = staleness.waiting(billed.transactions.session.connection)
    fed(billed.now, 600)
    assert staleness.waiting(billed.transactions.session.connection)["norte"] > before["norte"]
    assert fresh()
    released(billed)
    (work,) = billed.claim(queue).work
    billed.now += 601_000
    refreshed(billed)
    with pytest.raises(KeptBack):
        billed.pnr(work)


def test_where_an_account_says_how_old_it_may_be_everybody_believes_that(billed: House) -> None:
    connection = billed.transactions.session.connection

    def asked() -> tuple[bool, bool, int]:
        fresh = billing_age.fresh(connection, account_id=1, most_ms=2 * HOUR, now=billed.now)
        old = freshness.asks(connection, max_age_ms=2 * HOUR, now=billed.now)
        today = date(2026, 11, 18)
        shown = overview.status(connection, account="norte", today=today, now=billed.now, most_ms=2 * HOUR).age
        assert shown.old == (not fresh)
        return fresh, bool(old), shown.bound_ms

    billed.now += HOUR + 1000
    assert asked() == (True, False, 2 * HOUR)
    own = {"billing_max_age": 3600}
    billed.do(Change(lambda unit: settings.keep(unit.session, "norte", own, billed.now, None)))
    assert asked() == (False, True, HOUR)
