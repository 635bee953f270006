"""Lists, campaigns and their runs, on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, select

from gatewayd.campaigns import states
from gatewayd.store import tables
from gatewayd.store.campaigns import (
    approvals,
    audience,
    campaigns,
    events,
    launches,
    lists,
    numbers,
    outcomes,
    runs,
    steps,
)
from gatewayd.store.campaigns.campaigns import Campaign, NewCampaign
from gatewayd.store.campaigns.lists import Member, NewList
from gatewayd.store.campaigns.runs import Person, Run, Slice
from gatewayd.store.campaigns.steps import Step
from gatewayd.store.commands import (
    CAMPAIGN,
    AddMessages,
    BeginJob,
    BegunJob,
    Change,
    CreateAccount,
    JobChange,
    JobPace,
    NewMessage,
    PublishJob,
    SetJobState,
)
from gatewayd.store.contacts.audience import Occasion
from gatewayd.store.sending import jobs as sending_jobs
from gatewayd.store.sending import paces
from gatewayd.values.actor import Scope
from gatewayd.values.errors import ConflictError, NotFoundError
from gatewayd.values.model import Priority
from tests.conformance.house import House

NORTE, SUR = Scope.of("norte"), Scope.of("sur")
WORDS = [{"channel": "sms", "text": "Hola", "priority": "bulk"}]


def change(house: House, work: Any, *arguments: Any, **more: Any) -> Any:
    return house.do(Change(lambda unit: work(unit.session, *arguments, **more)))


def ask(house: House, question: Any, **more: Any) -> Any:
    return question(house.transactions.session.connection, **more)


def made(house: House, name: str = "Agosto", **more: Any) -> Campaign:
    number = change(house, campaigns.add, NewCampaign("norte", name, json.dumps({}), "ana", house.now, **more))
    found: Campaign = ask(house, campaigns.campaign, scope=NORTE, number=number)
    return found


def launched(house: House, planned: str = "2026-09-07T10:00") -> tuple[Campaign, Run]:
    found = made(house)
    number = house.do(Change(lambda unit: launches.begin(unit, found, WORDS, planned, now=house.now, actor="ana")))
    assert number is not None
    return found, ask(house, runs.run, number=number)


def _scalar(connection: Any, statement: Any) -> Any:
    return connection.scalar(statement)


def people(count: int, first: int = 0) -> list[Person]:
    return [Person(None, f"R{n}", f"+54911{50_000_000 + n:08d}", "{}") for n in range(first, first + count)]


def job(house: House, name: str, count: int, origin: str = CAMPAIGN) -> BegunJob:
    begun = house.do(
        BeginJob(
            *("norte", name, "sms", Priority.BULK, f"hash {name}", None, None, False),
            *(850_000, "ARS", json.dumps({}), "n1", house.now),
            origin=origin,
        )
    )
    assert isinstance(begun, BegunJob)
    if not begun.known:
        rows = [
            NewMessage(row, None, person.address, "Hola", "", 1, "", None, None)
            for row, person in enumerate(people(count), 1)
        ]
        house.do(AddMessages(begun.job_id, rows, house.now))
        house.do(PublishJob(begun.job_id, house.now))
    return begun


def test_what_is_anothers_is_not_found(house: House) -> None:
    house.do(CreateAccount("sur", "ARS", house.now))
    found = made(house)
    with pytest.raises(NotFoundError):
        ask(house, campaigns.campaign, scope=SUR, number=found.id)
    with pytest.raises(NotFoundError):
        change(
            house, campaigns.save, scope=SUR, number=found.id, version=1, name="x", document="{}", list_id=None, now=1
        )
    with pytest.raises(NotFoundError):
        change(house, campaigns.remove, scope=SUR, number=found.id)
    change(house, events.note, found.id, "saved", house.now, actor="ana")
    assert ask(house, events.events, scope=SUR, campaign=found.id, before=None, limit=10).items == ()
    assert ask(house, campaigns.campaigns, scope=SUR, limit=10).items == ()
    number = change(house, lists.add, NewList("norte", "Zona", "live", "ready", {"filter": {}}, "ana", house.now))
    with pytest.raises(NotFoundError):
        ask(house, lists.by_number, scope=SUR, number=number)


def test_of_two_who_save_the_older_is_told(house: House) -> None:
    found = made(house)
    saved = {"scope": NORTE, "number": found.id, "name": "Otra", "document": "{}", "list_id": None, "now": house.now}
    assert change(house, campaigns.save, version=1, **saved) == 2
    with pytest.raises(ConflictError):
        change(house, campaigns.save, version=1, **saved)


def test_a_planned_time_has_one_run_for_ever(house: House) -> None:
    found, run = launched(house)
    again = house.do(Change(lambda unit: launches.begin(unit, found, WORDS, run.planned, now=house.now, actor="")))
    assert again is None
    assert len(ask(house, runs.runs, campaign=found.id)) == 1
    assert ask(house, campaigns.campaign, scope=NORTE, number=found.id).state == states.RUNNING


def test_a_life_that_was_overtaken_freezes_nobody(house: House) -> None:
    _found, run = launched(house)
    after = change(house, runs.freeze, run, people(3), cursor=3, left_out={"repeated": 1})
    late = change(house, runs.freeze, run, people(3), cursor=3, left_out={})
    assert (after.people, late) == (3, run)
    assert len(house.rows("SELECT 1 FROM campaign_person")) == 3
    both = ask(house, runs.known_addresses, run=run.id, addresses=[people(1)[0].address, "+1"])
    assert list(both) == [people(1)[0].address]


def test_a_slice_becomes_one_job_whose_name_nobody_else_can_take(house: House) -> None:
    found, run = launched(house)
    change(house, runs.freeze, run, people(3), cursor=3, left_out={})
    name = "c-1.20260907T1000-0-0"
    with pytest.raises(ConflictError):
        job(house, name, 3, origin="")
    new = Slice(run.id, 0, 0, 1, 3, name, None, None)
    for _again in range(2):
        change(house, runs.add_slice, new)
    assert ask(house, runs.open_slices, run=run.id) == [new]
    begun = job(house, name, 3)
    assert job(house, name, 3).known
    assert ask(house, runs.job_of, account="norte", name=name, origin=CAMPAIGN) == begun.job_id
    assert ask(house, runs.job_of, account="norte", name=name, origin="") is None
    change(house, runs.recorded, new, begun.job_id)
    assert [one.external_id for one in ask(house, runs.slice_people, slice_=new)] == ["R0", "R1", "R2"]
    counts = ask(house, runs.counts, runs=[run.id])
    assert (dict(counts.states), counts.segments) == ({"queued": 3}, 3)
    fresh = ask(house, runs.run, number=run.id)
    found_states = ask(house, outcomes.states_of, run=fresh)
    assert outcomes.rows_in(found_states, ["queued"]) == [1, 2, 3]
    assert outcomes.rows_in(found_states, ["failed"]) == []
    # Who answers was reached, whatever the network says of the message.
    message = tables.message.c
    second = ask(house, _scalar, statement=select(message.id).where(message.job_id == begun.job_id, message.row == 2))
    came_in = {
        "line": "claro-1",
        "channel": "sms",
        "key": "k1",
        "sender": "+54911",
        "text": "ya",
        "message_id": second,
        "at": house.now,
        "received_at": house.now,
        "opt_out": False,
        "written": True,
    }
    change(house, lambda session: session.connection.execute(insert(tables.inbound).values(**came_in)))
    heard = ask(house, outcomes.states_of, run=fresh, answered=True)
    assert (outcomes.rows_in(heard, ["read"]), outcomes.rows_in(heard, ["queued"])) == ([2], [1, 3])
    members = ask(house, outcomes.people_at, run=run.id, rows=[1, 3])
    assert [(one.row, one.external_id) for one in members] == [(1, "R0"), (3, "R2")]
    assert found.id == run.campaign


def test_a_word_holds_for_the_campaign_and_all_its_jobs(house: House) -> None:
    found, run = launched(house)
    change(house, runs.freeze, run, people(2), cursor=2, left_out={})
    new = Slice(run.id, 0, 0, 1, 2, "c-1.20260907T1000-0-0", None, None)
    change(house, runs.add_slice, new)
    change(house, runs.recorded, new, job(house, new.job, 2).job_id)

    def turn(action: str, after: str) -> tuple[str, str, list[JobChange]]:
        fresh = ask(house, campaigns.campaign, scope=NORTE, number=found.id)
        answer: tuple[str, str, list[JobChange]] = house.do(
            Change(lambda unit: launches.turn(unit, fresh, states.MAY[action], after, house.now))
        )
        return answer

    was, state, changes = turn("pause", "paused")
    assert (was, state, [one.state for one in changes]) == ("running", "paused", ["paused"])
    with pytest.raises(ConflictError):
        turn("pause", "paused")
    assert turn("resume", "running")[1] == "running"
    assert turn("cancel", "cancelled")[1] == "cancelled"
    assert house.rows("SELECT state FROM job") == [("cancelled",)]
    with pytest.raises(ConflictError):
        turn("resume", "running")


def test_people_of_a_later_rung_are_on_it_once(house: House) -> None:
    _found, run = launched(house)
    change(house, runs.freeze, run, people(3), cursor=3, left_out={})
    change(house, steps.add, run.id, 1, [Step(1, 1, 1, "ana@example.org"), Step(2, 0, 0, "")])
    change(house, steps.add, run.id, 1, [Step(1, 2, 1, "otra@example.org"), Step(3, 2, 1, "luz@example.org")])
    assert ask(house, steps.taken, run=run.id, rung=1) == {1, 2, 3}
    assert ask(house, steps.without, run=run.id, rung=1) == {2}
    change(house, runs.add_slice, Slice(run.id, 1, 1, 1, 1, "c-1.20260907T1000-1-1", None, None))
    assert ask(house, steps.next_slice, run=run.id, rung=1) == 2
    told = ask(house, runs.slice_people, slice_=Slice(run.id, 1, 1, 1, 1, "", None, None))
    assert [one.address for one in told] == ["ana@example.org"]


def test_a_list_is_read_in_portions_and_begun_anew_after_a_crash(house: House) -> None:
    number = change(house, lists.add, NewList("norte", "Agosto", "fixed", "loading", {"upload": "0"}, "ana", house.now))
    with pytest.raises(ConflictError):
        change(house, lists.add, NewList("norte", "Agosto", "live", "ready", {}, "ana", house.now))
    (known,) = ask(house, lists.loading)
    some = [Member(row, None, f"R{row}", f"+5491150000{row:03d}", "{}") for row in (1, 3)]
    for _life in range(2):
        change(house, lists.clear, number)
        assert change(house, lists.add_members, known, some, members=2, refused={"number_invalid": 1})
    change(house, lists.end_reading, known, columns=["nombre"], source={"upload": "0"})
    found = ask(house, lists.by_number, scope=NORTE, number=number)
    assert (found.state, found.members, dict(found.refused)) == ("ready", 2, {"number_invalid": 1})
    assert [one.row for one in ask(house, lists.members, number=number, after=1, limit=9)] == [3]
    assert not change(house, lists.add_members, known, some, members=4, refused={})


def test_a_number_is_one_campaigns_for_ever(house: House) -> None:
    first = made(house)
    draft = made(house)
    change(house, campaigns.remove, scope=NORTE, number=draft.id)
    assert made(house).id == draft.id + 1
    left_out = change(house, numbers.skip, draft.id + 5)
    assert left_out == numbers.STEP
    assert made(house).id == numbers.STEP + 1
    # A copy put back once more, whose spool has seen those that came after the first time.
    assert change(house, numbers.skip, numbers.STEP + 7) == 2 * numbers.STEP
    assert [made(house).id, made(house).id] == [2 * numbers.STEP + 1, 2 * numbers.STEP + 2]
    assert first.id < draft.id


def test_a_launch_of_what_somebody_has_changed_is_refused(house: House) -> None:
    found = made(house)
    change(house, campaigns.unchanged, found)
    said = {"name": "Otra", "document": found.document, "list_id": None, "now": house.now}
    change(house, campaigns.save, scope=NORTE, number=found.id, version=found.version, **said)
    with pytest.raises(ConflictError):
        change(house, campaigns.unchanged, found)


def test_an_approval_is_decided_once(house: House) -> None:
    found = made(house)
    change(house, approvals.ask, found.id, 1, 700, by="ana", now=house.now)
    asked = ask(house, approvals.open_one, campaign=found.id)
    change(house, approvals.decide, asked.id, "approved", by="bea", now=house.now, note="")
    with pytest.raises(ConflictError):
        change(house, approvals.decide, asked.id, "rejected", by="caro", now=house.now, note="")
    assert ask(house, approvals.open_one, campaign=found.id) is None


def test_every_run_of_a_frozen_audience_reaches_the_people_of_the_first(house: House) -> None:
    schedule = {"kind": "every", "days": ["mon"], "hour": "10:00", "audience": "frozen"}
    document = json.dumps({"schedule": schedule, "audience": {"filter": {}}})
    number = change(house, campaigns.add, NewCampaign("norte", "Semanal", document, "ana", house.now))
    found: Campaign = ask(house, campaigns.campaign, scope=NORTE, number=number)

    def source() -> audience.Source:
        occasion = Occasion(house.now, date(2026, 9, 7))
        meant: dict[str, Any] = {"filter": {}}
        made: audience.Source = ask(
            house, audience.source, campaign=found, meant=meant, channel="sms", occasion=occasion
        )
        return made

    assert source().first is None, "the first one asks who is meant"
    first = house.do(
        Change(lambda unit: launches.begin(unit, found, WORDS, "2026-09-07T10:00", now=house.now, actor="ana"))
    )
    assert first is not None
    whom = people(3)
    change(house, runs.freeze, ask(house, runs.run, number=first), whom, cursor=3, left_out={})
    change(house, runs.end_freezing, first, house.now)
    again = source()
    assert ask(house, audience.size, source=again) == 3
    reached: list[Person] = []
    after, over = 0, False
    while not over:
        page: audience.Page = ask(house, audience.page, source=again, after=after, limit=2)
        reached += page.people
        after, over = page.cursor, page.over
    assert reached == whom


def test_what_was_wished_while_a_job_was_recorded_holds_when_it_is_shown(house: House) -> None:
    begun = house.do(
        BeginJob(
            *("norte", "c-7.1-0-0", "sms", Priority.BULK, "hash", None, None, False),
            *(850_000, "ARS", json.dumps({}), "n1", house.now),
            origin=CAMPAIGN,
        )
    )
    house.do(
        AddMessages(begun.job_id, [NewMessage(1, None, "+5491150000000", "Hola", "", 1, "", None, None)], house.now)
    )
    pace = JobPace("c-7", 60)

    def follow(unit: Any, job_id: int) -> None:
        paces.change(unit.session, job_id, pace, ["claro-1"])
        sending_jobs.set_state(unit, [SetJobState("norte", "c-7.1-0-0", "paused", house.now)])

    (queue,) = house.do(PublishJob(begun.job_id, house.now, follow=follow))
    assert queue.pace == pace
    assert queue.paused
    assert queue.route.lines == ("claro-1",)
    # A second time there is nothing to show.
    (again,) = house.do(PublishJob(begun.job_id, house.now, follow=None))
    assert again == queue
