"""Claims over both stores: decided from facts, taken once, done when they leave, undone when the facts change."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from drivers.base import Withdrawn
from gatewayd.billing.engine import desk
from gatewayd.claims.gathering import Gathering, release
from gatewayd.claims.moment import Moment, moments
from gatewayd.claims.slice_writing import put
from gatewayd.claims.slices import Slice, portion
from gatewayd.claims.writing import write
from gatewayd.dunning.engine.settling import Settled, settle
from gatewayd.store.billing import marks
from gatewayd.store.commands import (
    CLAIM,
    AddMessages,
    BeginJob,
    Change,
    NewMessage,
    PartEnd,
    PublishJob,
    QueueInfo,
    SetJobState,
)
from gatewayd.store.contacts import joining, knowledge
from gatewayd.store.dunning import (
    batches,
    decisions,
    merging,
    novelties,
    pauses,
    policies,
    promises,
    recalling,
    runs,
    steps,
)
from gatewayd.store.dunning.batches import Batch
from gatewayd.store.dunning.novelties import NoveltyFilter
from gatewayd.store.dunning.promises import NewPromise
from gatewayd.store.sending import restoration
from gatewayd.values.actor import Scope
from gatewayd.values.model import PartState, Priority, State
from tests.conformance.house import PRICE, House
from tests.conformance.test_billing import ACCOUNT, NORTE, bill, bring, customer, paid

ZONE = "America/Argentina/Buenos_Aires"
LEVELS = [
    {"id": "uno", "days": 1, "channels": ["sms", "email"], "templates": {"sms": "uno", "email": "uno"}},
    {"id": "diez", "days": 10, "channels": ["email"], "templates": {"email": "diez"}},
]
RULE: dict[str, Any] = {"levels": LEVELS, "hour": "08:00"}


def change(house: House, work: Any, *arguments: Any, **more: Any) -> Any:
    return house.do(Change(lambda unit: work(unit.session, *arguments, **more)))


def ask(house: House, question: Any, *arguments: Any, **more: Any) -> Any:
    return question(house.transactions.session.connection, *arguments, **more)


def rule(house: House, name: str = "empresa", **more: Any) -> None:
    said = {"standard": True, "place": 0, "seen": None, "now": house.now, "by": "ana"}
    change(house, policies.save, "norte", name, {**RULE, **more}, **said)


def moment(house: House) -> Moment:
    found: Moment = ask(house, moments, now=house.now, zone=ZONE, region="AR")[ACCOUNT]
    return found


def decide(house: House, *numbers: int) -> int:
    """Decides about customers, as a fact or a run would have it; returns how many steps are taken."""
    here = moment(house)
    seen = [one for one in marks.marked(house.transactions.session, 100) if one.customer in numbers]
    return int(house.do(Change(lambda unit: write(unit, moment=here, customers=numbers, seen=seen), bulk=True)).steps)


def debtor(house: House, external_id: str = "A1", *, phone: str = "+5491150000001", **more: Any) -> int:
    """A customer with a confirmed number and a mail, a week late."""
    points = [
        {"channel": "phone", "address": phone, "state": "confirmed"},
        {"channel": "email", "address": f"{external_id.lower()}@norte.example"},
    ]
    number = customer(house, external_id, name=f"Ana {external_id}", contacts=more.pop("contacts", points))
    bring(house, "invoices", bill(f"F-{external_id}", external_id, due="2026-11-12", **more))
    return number


def record(house: House, batch: Batch) -> QueueInfo:
    """Makes a batch the job that it is, as the engine does."""
    begun = house.do(
        BeginJob(
            *("norte", batch.job, "sms" if batch.channel == "sms" else "email", Priority.NORMAL, "hash", None, None),
            *(False, PRICE, "ARS", json.dumps({"lines": []}), "pop", house.now),
            origin=CLAIM,
        )
    )
    rows = [
        NewMessage(row, one.external_id, one.address, "Hola", "", 1, "", None, None, None, one.cause)
        for row, one in enumerate(ask(house, batches.members, number=batch.id), 1)
    ]
    house.do(AddMessages(begun.job_id, rows, house.now))
    (queue,) = house.do(PublishJob(begun.job_id, house.now))
    change(house, batches.recorded, batch.id, begun.job_id)
    assert isinstance(queue, QueueInfo)
    return queue


def recorded(house: House) -> QueueInfo:
    (batch,) = ask(house, batches.waiting)
    return record(house, batch)


def settled(house: House) -> Settled:
    here = moment(house)
    numbers = [one.id for one in ask(house, steps.unsettled, after=0, limit=100) if one.over]
    found = house.do(Change(lambda unit: settle(unit, moment=here, numbers=numbers), bulk=True))
    assert isinstance(found, Settled)
    return found


def states(house: House) -> list[tuple[str, str, str | None]]:
    return [(row[0], row[1], row[2]) for row in house.rows("SELECT level, state, channel FROM step ORDER BY id")]


def reasons(house: House) -> list[str]:
    held = house.rows("SELECT reason FROM decision WHERE last_day IS NULL ORDER BY customer_id, currency")
    return [row[0] for row in held]


def kinds(house: House) -> list[str]:
    found = ask(house, novelties.novelties, scope=NORTE, wanted=NoveltyFilter(), limit=50)
    return sorted(one.kind for one in found)


def test_what_is_due_is_claimed_once_and_done_when_it_leaves(house: House) -> None:
    rule(house)
    number = debtor(house)
    assert decide(house, number) == 1
    assert decide(house, number) == 0
    assert states(house) == [("uno", "planned", "sms")]
    (batch,) = ask(house, batches.waiting)
    (member,) = ask(house, batches.members, number=batch.id)
    cells = json.loads(member.cells)
    assert (member.address, cells["deuda"], cells["vencimiento"], cells["dias"]) == (
        *("+5491150000001", "100,00", "12/11/2026"),
        "6",
    )
    (work,) = house.claim(record(house, batch)).work
    assert settled(house).done == 0
    house.send(work)
    assert (settled(house).done, settled(house).done) == (1, 0)
    assert states(house) == [("uno", "done", "sms")]
    assert kinds(house) == ["claim"]
    assert decide(house, number) == 0
    assert reasons(house) == ["done"]
    assert marks.marked(house.transactions.session, 10) == []


def test_a_payment_withdraws_a_claim_and_its_step_is_undone(house: House) -> None:
    rule(house)
    number = debtor(house)
    decide(house, number)
    recorded(house)
    bring(house, "payments", paid("P1", "100", ("F-A1", "100")))
    assert house.states() == ["cancelled"]
    assert settled(house).again == 1
    assert states(house) == [("uno", "undone", "sms")]
    assert decide(house, number) == 0
    assert reasons(house) == ["nothing_owed"]


def test_who_owes_nothing_any_more_is_on_nobodys_list(house: House) -> None:
    rule(house)
    number, other = debtor(house), debtor(house, "A2", phone="+5491150000002")
    decide(house, number, other)
    for work in house.claim(record(house, *ask(house, batches.waiting))).work:
        house.send(work)
    settled(house)
    note = novelties.NewNovelty(ACCOUNT, number, "note", moment(house).today, "llamar por el plan nuevo")
    change(house, novelties.add, note, now=house.now)
    assert kinds(house) == ["claim", "claim", "note"]
    bring(house, "payments", paid("P1", "40", ("F-A1", "40")))
    decide(house, number)
    assert kinds(house) == ["claim", "claim", "note"], "a part of it is still owed"
    bring(house, "payments", paid("P2", "60", ("F-A1", "60")))
    decide(house, number)
    assert kinds(house) == ["claim", "note"], "what is of no debt stays, and so does the other customer's"
    (ended,) = ask(house, novelties.novelties, scope=NORTE, wanted=NoveltyFilter("done"), limit=5)
    assert (ended.customer, ended.result, ended.done_by) == (number, "settled", "gatewayd")


def test_a_claim_that_was_cancelled_is_planned_anew_under_the_same_key(house: House) -> None:
    rule(house)
    number = debtor(house)
    decide(house, number)
    recorded(house)
    bring(house, "payments", paid("P1", "40", ("F-A1", "40")))
    settled(house)
    assert decide(house, number) == 1
    assert states(house) == [("uno", "planned", "sms")]
    (batch,) = ask(house, batches.waiting)
    (member,) = ask(house, batches.members, number=batch.id)
    assert json.loads(member.cells)["deuda"] == "60,00"
    assert house.rows("SELECT count(*), max(tries) FROM step") == [(1, 2)]


def test_two_runs_at_once_and_a_clock_that_is_set_back_take_a_step_once(house: House) -> None:
    rule(house)
    number = debtor(house)
    here = moment(house)
    assert change(house, runs.begin, ACCOUNT, "2026-11-18", "08:00", house.now)
    assert not change(house, runs.begin, ACCOUNT, "2026-11-18", "08:00", house.now)
    for now in (house.now, house.now - 86_400_000, house.now):
        later = here.at(now)
        house.do(Change(partial(write, moment=later, customers=[number]), bulk=True))
    assert house.rows("SELECT count(*) FROM step") == [(1,)]
    assert house.rows("SELECT count(*) FROM step_try") == [(1,)]


def test_who_is_not_reached_is_tried_by_the_next_channel_and_then_given_to_a_person(house: House) -> None:
    rule(house)
    number = debtor(house)
    decide(house, number)
    queue = recorded(house)
    (work,) = house.claim(queue).work
    house.pnr(work)
    house.finish(work, State.FAILED, reason="unassigned", parts={1: PartEnd(PartState.REFUSED)})
    assert settled(house).again == 1
    assert states(house) == [("uno", "planned", "email")]
    (work,) = house.claim(recorded(house)).work
    house.pnr(work)
    house.finish(work, State.FAILED, reason="refused", parts={1: PartEnd(PartState.REFUSED)})
    assert settled(house).handed == 1
    assert states(house) == [("uno", "done", "email")]
    assert kinds(house) == ["no_channel"]


def test_before_its_hour_a_rule_sends_nothing(house: House) -> None:
    rule(house, hour="23:30")
    number = debtor(house)
    assert decide(house, number) == 0
    assert reasons(house) == ["hour"]


def test_a_text_to_an_unconfirmed_or_shared_number_names_nothing_and_is_one_a_day(house: House) -> None:
    rule(house)
    first = debtor(house, contacts=[{"channel": "phone", "address": "+5491150000009"}])
    second = debtor(house, "B2", contacts=[{"channel": "phone", "address": "+5491150000009", "state": "confirmed"}])
    third = debtor(house, "C3", contacts=[{"channel": "phone", "address": "+5491150000003"}])
    assert decide(house, first, second, third) == 2
    assert reasons(house) == ["due", "contacted_today", "due"]
    (batch,) = ask(house, batches.waiting)
    assert (batch.template, batch.people) == ("", 2)
    for member in ask(house, batches.members, number=batch.id):
        assert set(json.loads(member.cells)) == {"paso_de_reclamo"}


def test_a_promise_holds_claims_and_one_that_is_broken_is_told(house: House) -> None:
    rule(house)
    number = debtor(house)
    today = moment(house).today
    change(house, promises.add, NewPromise(ACCOUNT, number, "ARS", today, None), now=house.now)
    assert decide(house, number) == 0
    assert reasons(house) == ["promised"]
    house.now += 86_400_000
    assert decide(house, number) == 1
    assert kinds(house) == ["broken_promise"]
    (one,) = ask(house, promises.promises, scope=NORTE, limit=5)
    assert one.state == "broken"


def test_levels_that_wait_for_a_person_become_no_job_before(house: House) -> None:
    rule(house, levels=[{**LEVELS[0], "approval": True}])
    number = debtor(house)
    assert decide(house, number) == 1
    assert ask(house, batches.waiting) == []
    (batch,) = ask(house, batches.waiting, state="approval")
    assert kinds(house) == ["approval"]
    change(house, batches.decide, batch.id, approved=False, now=house.now, by="ana")
    assert settled(house).again == 1
    assert states(house) == [("uno", "undone", "sms")]


def test_events_and_visits_are_written_and_done_at_once(house: House) -> None:
    rule(house, levels=[{"id": "corte", "days": 2, "action": "event", "name": "suspension_due"}])
    number = debtor(house)
    assert decide(house, number) == 1
    ((event, document),) = house.rows("SELECT event, document FROM collection_event")
    assert (event, json.loads(document)["customer"]) == ("suspension_due", "A1")
    rule(house, levels=[{"id": "visita", "days": 3, "action": "visit"}])
    house.now += 86_400_000
    assert decide(house, number) == 1
    assert kinds(house) == ["visit"]
    assert [row[1] for row in states(house)] == ["done", "done"]


def sliced(house: House, after: int = 0) -> Slice:
    """The next slice of the run, as a worker hands it over."""
    found = portion(house.transactions.session.connection, moment=moment(house), after=after, hour="08:00")
    return Slice.read(json.loads(json.dumps(found.document())))


def written(house: House, found: Slice, gathering: Gathering | None = None, decided: Any = ()) -> Any:
    """Writes a slice, and whoever is to be decided about apart."""
    gathering = gathering or Gathering(open_=False)
    rest = house.do(
        Change(partial(put, moment=moment(house), found=found, gathering=gathering, decided=decided), bulk=True)
    )
    if rest:
        house.do(Change(partial(write, moment=moment(house), customers=rest, gathering=gathering)))
    return rest


def shown(house: House) -> Any:
    """All that a run writes, but for numbers and moments."""
    return [
        house.rows(
            "SELECT customer_id, currency, level, cycle, state, action, amount, invoices, channel, template, place,"
            " tries FROM step ORDER BY customer_id, level"
        ),
        house.rows("SELECT place, address, cells FROM step_try ORDER BY batch_id, place"),
        house.rows(
            "SELECT level, channel, template, state, people FROM dunning_batch ORDER BY level, channel, template"
        ),
        house.rows(
            "SELECT customer_id, reason, level, amount, invoices, detail, again FROM decision ORDER BY customer_id"
        ),
        house.rows("SELECT customer_id, currency FROM cause WHERE withdrawn IS NULL ORDER BY customer_id"),
        house.rows("SELECT customer_id, kind, detail FROM novelty ORDER BY customer_id, kind"),
    ]


def people(house: House) -> list[int]:
    """Somebody late, somebody paid up, two at one number, one without any address, one whose promise is broken."""
    found = [debtor(house), debtor(house, "B2", phone="+5491150000002", balance="0")]
    found += [debtor(house, name, phone="+5491150000003") for name in ("C3", "C4")]
    found += [debtor(house, "D5", contacts=[]), debtor(house, "E6", phone="+5491150000006")]
    day = moment(house).today - timedelta(days=2)
    change(house, promises.add, NewPromise(ACCOUNT, found[-1], "ARS", day, None, 0), now=house.now)
    quiet(house)
    return found


def quiet(house: House) -> None:
    """Every fact so far has been decided about."""
    house.rows("DELETE FROM fact_mark")


def test_a_slice_writes_what_deciding_about_each_does(house: House) -> None:
    rule(house)
    everybody = people(house)
    found = sliced(house)
    assert house.rows("SELECT count(*) FROM decision") == [(0,)]
    assert found.last == everybody[-1]
    written(house, found, Gathering(open_=True))
    by_slice = shown(house)
    assert len(by_slice[0]) == 4
    for table in ("step_try", "step", "dunning_batch", "decision", "cause", "novelty"):
        house.rows(f"DELETE FROM {table}")
    house.rows("UPDATE promise SET state = 'pending', ended_at = NULL")
    together = Gathering(open_=True)
    house.do(Change(partial(write, moment=moment(house), customers=everybody, gathering=together)))
    assert shown(house) == by_slice
    written(house, sliced(house))
    assert len(states(house)) == 4


def test_a_fact_that_comes_between_reading_and_writing_a_slice_goes_first(house: House) -> None:
    rule(house)
    payer, debtor_, promiser = (
        debtor(house),
        debtor(house, "B2", phone="+5491150000002"),
        debtor(house, "C3", phone="+5491150000003"),
    )
    quiet(house)
    found = sliced(house)
    bring(house, "payments", paid("P1", "100", ("F-A1", "100")))
    change(house, promises.add, NewPromise(ACCOUNT, promiser, "ARS", moment(house).today, None, 0), now=house.now)
    # It was decided about meanwhile, and its mark is gone.
    written(house, found, decided={promiser})
    taken = {row[0] for row in house.rows("SELECT customer_id FROM step")}
    assert (payer in taken, promiser in taken, debtor_ in taken) == (False, False, True)
    decide(house, payer)
    assert reasons(house).count("due") == 1


def test_a_slice_of_other_rules_or_another_day_is_void(house: House) -> None:
    rule(house)
    debtor(house)
    quiet(house)
    found = sliced(house)
    house.now += 86_400_000
    assert written(house, found) is None
    found = sliced(house)
    rule(house, tolerance_days=3)
    assert written(house, found) is None
    assert states(house) == []
    assert written(house, sliced(house)) is not None
    assert len(states(house)) == 1


def test_slices_of_a_run_share_their_batches_until_it_is_over(house: House) -> None:
    rule(house, levels=[{**LEVELS[0], "approval": True}])
    for place in range(3):
        debtor(house, f"A{place}", phone=f"+549115000001{place}")
    quiet(house)
    gathering = Gathering(open_=True)
    for _ in range(3):
        found = portion(
            house.transactions.session.connection,
            moment=moment(house),
            after=0,
            hour="08:00",
            limit=len(states(house)) + 1,
        )
        written(house, found, gathering)
    assert house.rows("SELECT state, people FROM dunning_batch") == [("gathering_approval", 3)]
    assert kinds(house) == []
    house.do(Change(lambda unit: release(unit.session, moment(house))))
    assert house.rows("SELECT state, people FROM dunning_batch") == [("approval", 3)]
    assert kinds(house) == ["approval"]
    (batch,) = ask(house, batches.waiting, state="approval")
    assert len(ask(house, batches.members, number=batch.id)) == 3


def test_a_day_on_which_nothing_is_otherwise_adds_no_row(house: House) -> None:
    rule(house)
    number = debtor(house)
    decide(house, number)
    decide(house, number)
    assert house.rows("SELECT reason, last_day FROM decision") == [("in_flight", None)]
    house.now += 86_400_000
    decide(house, number)
    assert house.rows("SELECT count(*) FROM decision") == [(1,)]
    change(house, policies.give, number, None)
    rule(house, nothing=True, levels=[])
    decide(house, number)
    assert house.rows("SELECT reason, day, last_day FROM decision ORDER BY id") == [
        ("in_flight", "2026-11-18", "2026-11-18"),
        ("nothing", "2026-11-19", None),
    ]
    (shown,) = ask(house, decisions.decisions, scope=NORTE, customer=number, present=True, limit=5)
    assert (shown.external_id, shown.reason, shown.detail) == ("A1", "nothing", {"F-A1": "nothing"})
    assert ask(house, decisions.decisions, scope=Scope.of("sur"), limit=5) == []


@pytest.mark.parametrize("given", [True, False])
def test_a_rule_of_its_own_or_of_an_audience_is_before_the_companys(house: House, given: bool) -> None:
    rule(house)
    said = {"standard": False, "place": 1, "seen": None, "now": house.now, "by": "ana"}
    audience = {} if given else {"audience": {"tags": ["vip"]}}
    change(house, policies.save, "norte", "nada", {"nothing": True, **audience}, **said)
    number = debtor(house)
    if given:
        row = ask(house, policies.policy, scope=NORTE, account="norte", name="nada")
        change(house, policies.give, number, row.id)
    else:
        customer(house, "A1", tags=["vip"])
    assert decide(house, number) == 0
    assert reasons(house) == ["nothing"]


def test_of_two_customers_that_become_one_a_step_is_done_for_both(house: House) -> None:
    rule(house)
    stays, gone = debtor(house), debtor(house, "B2", phone="+5491150000002")
    assert decide(house, gone) == 1
    house.send(house.claim(recorded(house)).work[0])
    settled(house)
    assert decide(house, stays) == 1
    change(house, pauses.add, ACCOUNT, gone, "blocked", until=None, note="juicio", now=house.now)

    def merge(unit: Any) -> None:
        merging.move(unit, NORTE, "A1", "B2")
        joining.merge(unit, NORTE, joining.Merge("A1", "B2", house.now))
        desk.changed(unit, ACCOUNT, [stays], house.now)

    house.do(Change(merge))
    assert states(house) == [("uno", "done", "sms")]
    assert decide(house, stays) == 0
    assert reasons(house) == ["blocked"]
    whose = "SELECT count(*) FROM step_try JOIN step ON step.id = step_id WHERE customer_id = "
    assert house.rows(f"{whose}{stays}") == [(2,)]


def test_a_changed_rule_has_the_days_runs_look_again(house: House) -> None:
    rule(house)
    day = moment(house).today.isoformat()
    change(house, runs.begin, ACCOUNT, day, "08:00", house.now)
    (run,) = ask(house, runs.open_runs)
    change(house, runs.go_on, run, 7, {"due": 1})
    change(house, runs.end, run, house.now)
    change(house, runs.anew, ACCOUNT, "2026-11-17")
    assert ask(house, runs.open_runs) == []
    change(house, runs.anew, ACCOUNT, day)
    (again,) = ask(house, runs.open_runs)
    assert (again.cursor, again.counts, again.state) == (0, {}, "running")


def left(house: House, *claims: tuple[str, str], account: str = "norte") -> int:
    """Another life took these steps (customer and key), as its job's file says."""
    rows = [{"to": "+5491150000001", "ref": who, "paso_de_reclamo": key} for who, key in claims]
    taken = recalling.taken_of({"channel": "sms", "recipients": rows}, at=house.now, without=())
    return int(change(house, recalling.take_over, account, taken, house.now))


def test_what_another_life_of_the_store_has_claimed_is_not_claimed_again(house: House) -> None:
    rule(house)
    undone, planned, unseen, other = (
        debtor(house, who, phone=f"+54911500000{who[1:]}") for who in ["A10", "B20", "C30", "D40"]
    )
    key = "ARS|uno|2026-11-12"
    assert decide(house, undone, planned) == 2
    recorded(house)
    first = house.rows(f"SELECT id FROM step WHERE customer_id = {undone}")[0][0]
    assert change(house, steps.end, first, "undone", house.now)
    for _ in range(2):  # an examination that was cut short begins again
        assert left(house, ("A10", key), ("B20", key), ("C30", key), ("E50", key), ("D40", ""), ("D40", "ARS|x")) == 3
    assert {row[1] for row in states(house)} == {"done"}
    assert decide(house, undone, planned, unseen) == 0
    assert decide(house, other) == 1
    # The copy had never heard of this one; billing brings it in again.
    late = debtor(house, "E50", phone="+5491150000050")
    assert decide(house, late) == 0
    assert len(states(house)) == 5
    assert house.rows("SELECT key FROM setting WHERE key LIKE 'claimed:%'") == []
    house.now += 5 * 86_400_000  # the next level
    assert decide(house, undone, late) == 2


def test_steps_of_another_account_or_of_cancelled_messages_say_nothing(house: House) -> None:
    rule(house)
    number = debtor(house)
    key = "ARS|uno|2026-11-12"
    row = {"to": "+5491150000001", "ref": "A1", "paso_de_reclamo": key}
    for odd in ({}, {"recipients": "all"}, {"recipients": [1, {"ref": "A1"}, {"paso_de_reclamo": key}]}):
        assert recalling.taken_of(odd, at=1, without=()) == []
    assert recalling.taken_of({"recipients": [row]}, at=1, without=[1]) == []
    assert left(house, ("A1", key), account="sur") == 0
    assert decide(house, number) == 1


def test_a_claim_of_another_life_waits_and_is_withdrawn_when_it_is_to_go(house: House) -> None:
    house.do(Change(lambda unit: restoration.expect(unit, "norte", "d-5.1", 0)))
    begun = house.do(
        BeginJob(
            *("norte", "d-5.1", "sms", Priority.NORMAL, "hash", None, None, False, PRICE, "ARS"),
            *(json.dumps({"lines": []}), "pop", house.now),
        )
    )
    house.do(
        AddMessages(begun.job_id, [NewMessage(1, "A1", "+5491150000001", "debe", "", 1, "", None, None)], house.now)
    )
    (queue,) = house.do(PublishJob(begun.job_id, house.now))
    assert house.rows("SELECT state FROM job") == [("paused",)]
    assert house.rows("SELECT state FROM message") == [("queued",)]
    house.do(SetJobState("norte", "d-5.1", "running", house.now))
    (work,) = house.claim(queue).work
    with pytest.raises(Withdrawn, match="changed"):
        house.pnr(work)


def test_who_is_forgotten_leaves_no_words_behind_in_what_was_claimed(house: House) -> None:
    rule(house)
    number = debtor(house)
    assert decide(house, number) == 1
    change(house, pauses.add, ACCOUNT, number, "blocked", until=None, note="juicio de Ana", now=house.now)
    promised = NewPromise(ACCOUNT, number, "ARS", moment(house).today, None, note="dice Ana")
    change(house, promises.add, promised, now=house.now)
    told = novelties.NewNovelty(
        ACCOUNT, number, "note", moment(house).today, "Ana llama", {"address": "+5491150000001"}
    )
    change(house, novelties.add, told, now=house.now)
    change(house, pauses.dispute, ACCOUNT, number, "F-A1", until=None, note="Ana no quiere", now=house.now)

    def words() -> str:
        columns = {
            "novelty": "text, note, detail",
            "promise": "note",
            "pause": "note",
            "step_try": "address, cells",
            "invoice": "dispute_reason",
        }
        return str([house.rows(f"SELECT {one} FROM {table}") for table, one in columns.items()])

    assert "Ana" in words()
    house.do(Change(lambda unit: knowledge.forget(unit, NORTE, knowledge.Forget("A1", house.now))))
    assert "Ana" not in words()
    assert "+5491150000001" not in words()
    assert len(states(house)) == 1
