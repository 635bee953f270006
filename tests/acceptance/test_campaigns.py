"""Campaigns over a real daemon: customers of a live list, a template, review, approval, sending again."""

from __future__ import annotations

import base64
import csv
import io
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gatewayd.values.errors import ConflictError, ForbiddenError, NotFoundError, UsageError
from tests.rig import campaigns as rig
from tests.rig.gateway import Gateway
from tests.rig.simulator import Simulator

TEXT = "Hola %nombre%, su cuota vence"


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Simulator]]:
    folder = tmp_path_factory.mktemp("campaigns")
    with Simulator(folder, modems=2) as simulator, Gateway(folder, simulator.ports) as gateway:
        gateway.start()
        gateway.account()
        rig.allow(gateway)
        yield gateway, simulator


def save(gateway: Gateway, audience: dict[str, Any], **document: Any) -> int:
    said = {"channel": "sms", "content": {"text": TEXT}, "audience": audience, **document}
    made: int = gateway.call("campaign.save", account=rig.ACCOUNT, title="Agosto", document=said)["campaign"]
    return made


def customers(gateway: Gateway, first: int, count: int, **more: Any) -> None:
    some = [
        {
            "external_id": f"R{n}",
            "name": f"Ana {n}",
            "contacts": [{"channel": "phone", "address": rig.number_of(n)}],
            **more,
        }
        for n in range(first, first + count)
    ]
    gateway.call("customer.put_many", account=rig.ACCOUNT, customers=some)


def over(gateway: Gateway, campaign: int) -> Any:
    return rig.wait(gateway, campaign, lambda found: found["state"] == "finished", 60)


def test_a_call_says_no_amount_before_a_key_says_who_listens(floor: tuple[Gateway, Simulator]) -> None:
    gateway, _simulator = floor
    customers(gateway, 90, 1, tags=["llamadas"])
    early = {"call": {"script": {"message": [{"say": "Hola %nombre%, debe"}, {"amount": "%deuda%"}]}}}
    menu = {"message": "Hola %nombre%", "menu": {"1": "its_me"}, "confirm": {"its_me": "Debe %deuda%"}}
    audience = {"filter": {"tags": ["llamadas"]}}
    gateway.call("template.save", account=rig.ACCOUNT, template="llamado", channel="call", content=early)
    told: dict[str, Any] = {"channel": "call", "account": rig.ACCOUNT}
    shown = gateway.call("template.preview", template="llamado", **told)
    assert shown["faults"] == [], "it may be kept; nobody is called with it"
    assert "call.script.message[1]" in shown["amount_early"]
    for words in ({"content": early}, {"content": None, "template": "llamado"}):
        campaign = save(gateway, audience, channel="call", **words)
        review = gateway.call("campaign.review", campaign=campaign)
        assert [(one["kind"], one["stops"]) for one in review["faults"]][:1] == [("words", True)]
        assert "its_me" in review["faults"][0]["sentence"]
        with pytest.raises(UsageError, match=r"message\[1\].*its_me"):
            rig.launch(gateway, campaign)
    campaign = save(gateway, audience, channel="call", content={"call": {"script": menu}})
    assert gateway.call("template.preview", content={"call": {"script": menu}}, **told)["amount_early"] is None
    assert "its_me" not in str(gateway.call("campaign.review", campaign=campaign)["faults"])


def test_a_live_list_is_asked_at_launch_and_a_template_is_frozen(floor: tuple[Gateway, Simulator]) -> None:
    gateway, simulator = floor
    customers(gateway, 100, 3, tags=["zona-3"])
    known = gateway.call("list.create", account=rig.ACCOUNT, title="Zona 3", filter={"tags": ["zona-3"]})
    saved = {"account": rig.ACCOUNT, "template": "aviso", "channel": "sms"}
    gateway.call("template.save", **saved, content={"text": "Hola %nombre%, aviso uno"})
    campaign = save(gateway, {"list": "Zona 3"}, content=None, template="aviso")
    customers(gateway, 103, 1, tags=["zona-3"])
    with pytest.raises(ForbiddenError, match="password"):
        gateway.call("campaign.launch", campaign=campaign)
    used = gateway.call("list.show", list=known["list"])["used_by"]
    assert used == [{"campaign": campaign, "name": "Agosto", "state": "draft"}]
    with pytest.raises(ConflictError, match="Agosto uses it"):
        gateway.call("list.set", list=known["list"], title="Zona 4", version=known["version"])
    before = len(simulator.texts())
    rig.launch(gateway, campaign)
    gateway.call("template.save", **saved, content={"text": "Hola %nombre%, aviso dos"})
    found = over(gateway, campaign)
    told = simulator.texts(before)
    assert sorted(one["to"] for one in told) == [rig.number_of(n) for n in range(100, 104)]
    assert {one["text"] for one in told} == {f"Hola Ana {n}, aviso uno" for n in range(100, 104)}
    people = gateway.call("campaign.people", campaign=campaign, limit=3)
    assert [one["external_id"] for one in people["items"]] == ["R100", "R101", "R102"]
    assert people["next"] == "3"
    assert {one["state"] for one in people["items"]} == {"delivered"}
    assert not gateway.call("campaign.people", campaign=campaign, state=["failed"])["items"]
    assert found["runs"][0]["templates"] == [{"template": "aviso", "version": 1}]
    for meant, count in ((f"#{campaign} Agosto", 4), ("Agosto", 4), ("#999", 0)):
        behind = gateway.call("interaction.list", account=rig.ACCOUNT, campaign=meant)["items"]
        assert [one["campaign"] for one in behind] == ["Agosto"] * count
    renamed = gateway.call("list.set", list=known["list"], title='Zona "4"', version=known["version"])
    assert (renamed["name"], gateway.call("list.show", list=known["list"])["used_by"]) == ('Zona "4"', [])
    with pytest.raises(ConflictError):
        rig.launch(gateway, campaign)


def test_a_review_says_who_is_left_out_and_what_it_costs(floor: tuple[Gateway, Simulator]) -> None:
    gateway, simulator = floor
    blocked = rig.number_of(201)
    gateway.call("blocklist.add", numbers=[blocked])
    rows = "telefono;ref;nombre\n" + "".join(
        f"{number};{ref};{name}\n"
        for number, ref, name in (
            (rig.number_of(200), "R1", "Ana"),
            (rig.number_of(200), "R2", "Ana"),  # the same at the same number
            (rig.number_of(200), "R3", "Luz"),  # something else at the same number
            (blocked, "R4", "Eva"),
            (rig.number_of(202), "R5", ""),  # nothing to call her by
            (rig.number_of(203), "=R6", "Ñandú 🙂"),
        )
    )
    campaign = rig.draft(gateway, rows.encode(), TEXT)
    review = gateway.call("campaign.review", campaign=campaign)
    assert review["state"] == "done"
    assert (review["people"], review["left_out"]) == (3, {"repeated": 1, "blocked": 1, "value_missing": 1})
    assert [one["text"] for one in review["first"]] == [
        "Hola Ana, su cuota vence",
        "Hola Luz, su cuota vence",
        "Hola Ñandú 🙂, su cuota vence",
    ]
    assert review["faults"][0]["kind"] == "left_out"
    sheet = gateway.call("campaign.left_out", campaign=campaign)
    assert sheet["data"]
    before = len(simulator.texts())
    rig.launch(gateway, campaign)
    found = over(gateway, campaign)
    told = sorted(one["text"] for one in simulator.texts(before))
    assert told == sorted(one["text"] for one in review["first"])
    assert found["cost"] == review["cost"]
    # The same words on the same day are told of.
    again = rig.draft(gateway, rows.encode(), TEXT)
    repeated = gateway.call("campaign.review", campaign=again)
    assert repeated["contacted_today"] == [{"campaign": campaign, "people": 3}]
    assert repeated["faults"][0]["kind"] == "already_today"


HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "=HYPERLINK(1)+cmd|' /C calc'!A0",
    "100% de %nombre% y %ref% %",
    "{{7*7}} ${HOME} {% raise %} {0.__class__}",
    "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd",
    "\U0001f600\U0001f469\u200d\U0001f4bb",
    "'; DROP TABLE message; --",
)
"""Names that are markup, formulas, variables, braces, right to left, pictures and SQL to somebody."""


def test_whatever_a_name_is_it_goes_out_as_written_and_is_never_run(floor: tuple[Gateway, Simulator]) -> None:
    gateway, simulator = floor
    names = (*HOSTILE, "x" * 10_000)
    for campaign in (_of_customers(gateway, HOSTILE), _of_a_sheet(gateway, names)):
        review = gateway.call("campaign.review", campaign=campaign)
        assert review["people"] == len(HOSTILE), review["faulty"]
        assert [one["text"] for one in review["first"]] == [f"Hola {name}, chau" for name in HOSTILE[:5]]
        if review["left_out"]:
            assert review["left_out"] == {"too_long": 1}
            data = base64.b64decode(gateway.call("campaign.left_out", campaign=campaign)["data"]).decode("utf-8-sig")
            (row,) = list(csv.reader(data.splitlines()))[1:]
            assert row[0] == f"'=1+{len(HOSTILE)}", "a spreadsheet must not take it for a formula"
            assert row[2] == "too_long"
        before = len(simulator.texts())
        rig.launch(gateway, campaign)
        over(gateway, campaign)
        told = sorted(one["text"] for one in simulator.texts(before))
        assert told == sorted(f"Hola {name}, chau" for name in HOSTILE)


def _of_customers(gateway: Gateway, names: Sequence[str]) -> int:
    for n, name in enumerate(names):
        customers(gateway, 9_100 + n, 1, name=name, tags=["raros"])
    return save(gateway, {"filter": {"tags": ["raros"]}}, content={"text": "Hola %nombre%, chau"})


def _of_a_sheet(gateway: Gateway, names: Sequence[str]) -> int:
    """As a spreadsheet guards them: what begins like a formula has an apostrophe before it."""
    rows = io.StringIO()
    sheet = csv.writer(rows, delimiter=";")
    sheet.writerow(["telefono", "ref", "nombre"])
    for n, name in enumerate(names):
        sheet.writerow([rig.number_of(9_000 + n), f"'=1+{n}", f"'{name}" if name[0] in "=+-@'" else name])
    return rig.draft(gateway, rows.getvalue().encode(), "Hola %nombre%, chau")


def test_part_of_a_campaign_goes_again_with_todays_facts(floor: tuple[Gateway, Simulator]) -> None:
    gateway, simulator = floor
    customers(gateway, 300, 2, tags=["otra"])
    campaign = save(gateway, {"filter": {"tags": ["otra"]}})
    rig.launch(gateway, campaign)
    over(gateway, campaign)
    failed = gateway.call("campaign.resend", campaign=campaign)
    rig.wait(gateway, failed["campaign"], lambda found: found["list"]["state"] == "ready")
    with pytest.raises(ConflictError):
        rig.launch(gateway, failed["campaign"])  # nobody has failed
    customers(gateway, 300, 1, name="Doña Ana", tags=["otra"])
    resent = gateway.call("campaign.resend", campaign=campaign, states=["delivered", "submitted"])["campaign"]
    rig.wait(gateway, resent, lambda found: found["list"]["state"] == "ready")
    before = len(simulator.texts())
    rig.launch(gateway, resent)
    found = over(gateway, resent)
    assert found["origin"] == {"campaign": campaign, "run": 1, "states": ["delivered", "submitted"]}
    told = sorted(one["text"] for one in simulator.texts(before))
    assert told == ["Hola Ana 301, su cuota vence", "Hola Doña Ana, su cuota vence"]


def test_a_live_list_of_those_without_contact_leaves_out_whom_anything_has_reached(
    floor: tuple[Gateway, Simulator],
) -> None:
    gateway, simulator = floor
    customers(gateway, 520, 3, tags=["zona-9"])
    one = save(gateway, {"customers": ["R520"]})
    rig.launch(gateway, one)
    over(gateway, one)
    quiet = {"tags": ["zona-9"], "not_contacted_days": 7}
    gateway.call("list.create", account=rig.ACCOUNT, title="Sin contacto", filter=quiet)
    gateway.call("interaction.note", account=rig.ACCOUNT, customer="R522", channel="call", text="No atendió")
    assert gateway.call("customer.count", account=rig.ACCOUNT, filter=quiet)["count"] == 1
    (found,) = gateway.call("customer.list", account=rig.ACCOUNT, filter=quiet)["items"]
    assert found["external_id"] == "R521"
    rest = save(gateway, {"list": "Sin contacto"})
    before = len(simulator.texts())
    rig.launch(gateway, rest)
    over(gateway, rest)
    assert [each["to"] for each in simulator.texts(before)] == [rig.number_of(521)]
    assert gateway.call("customer.count", account=rig.ACCOUNT, filter=quiet)["count"] == 0
    # Beyond what is kept everybody would be without contact.
    for operation, more in (("list.create", {"title": "Años"}), ("customer.list", {}), ("customer.count", {})):
        with pytest.raises(UsageError, match="400 days"):
            gateway.call(operation, account=rig.ACCOUNT, filter={"not_contacted_days": 401}, **more)
    levels = [{"id": "a", "days": 1, "channels": ["sms"], "templates": {"sms": "aviso"}}]
    with pytest.raises(UsageError, match="how often"):
        gateway.call("policy.save", account=rig.ACCOUNT, policy="x", document={"levels": levels, "audience": quiet})


def test_a_selection_is_a_fixed_list(floor: tuple[Gateway, Simulator]) -> None:
    gateway, simulator = floor
    customers(gateway, 500, 2)
    named = ["R501", "R500", "R501", "nobody"]
    made = gateway.call("list.create", account=rig.ACCOUNT, title="Dos", customers=named)["list"]
    campaign = save(gateway, {"list": "Dos"})
    until = time.monotonic() + 20
    while (found := gateway.call("list.show", list=made))["state"] == "loading" and time.monotonic() < until:
        time.sleep(rig.STEP_S)
    assert (found["members"], found["refused"]) == (2, {"unknown": 1})
    before = len(simulator.texts())
    rig.launch(gateway, campaign)
    over(gateway, campaign)
    assert sorted(one["to"] for one in simulator.texts(before)) == [rig.number_of(500), rig.number_of(501)]


def test_what_is_transactional_has_words_that_were_approved(floor: tuple[Gateway, Simulator]) -> None:
    gateway, _simulator = floor
    campaign = save(gateway, {"filter": {}}, **{"class": "transactional"})
    with pytest.raises(ForbiddenError):
        rig.launch(gateway, campaign)


def test_a_word_on_a_list_that_cannot_be_read(floor: tuple[Gateway, Simulator]) -> None:
    gateway, _simulator = floor
    campaign = rig.draft(gateway, b"nada;de;esto\nsirve;para;nadie\n")
    found = gateway.call("campaign.show", campaign=campaign)
    assert found["list"]["state"] == "failed"
    assert found["list"]["reason"]
    with pytest.raises(ConflictError):
        rig.launch(gateway, campaign)
    gateway.call("campaign.remove", campaign=campaign)
    with pytest.raises(NotFoundError):
        gateway.call("campaign.show", campaign=campaign)


def test_what_is_over_is_not_done_again(floor: tuple[Gateway, Simulator], tmp_path: Path) -> None:
    del tmp_path
    gateway, _simulator = floor
    campaign = rig.draft(gateway, rig.people(2, 400))
    with pytest.raises(ForbiddenError):
        gateway.call("campaign.launch", campaign=campaign, password="otra-cosa-del-todo")
    rig.launch(gateway, campaign)
    over(gateway, campaign)
    for action in ("pause", "resume", "cancel", "remove"):
        with pytest.raises(ConflictError):
            gateway.call(f"campaign.{action}", campaign=campaign)
    kinds = [one["kind"] for one in gateway.call("campaign.events", campaign=campaign)["items"]]
    assert kinds[:1] == ["finished"]
    assert {"saved", "launched"} <= set(kinds)


def test_a_running_campaign_is_slowed_down_and_moved_to_other_lines(floor: tuple[Gateway, Simulator]) -> None:
    gateway, _simulator = floor
    lines = sorted(one["name"] for one in gateway.call("line.list")["items"])
    customers(gateway, 7000, 300, tags=["zona-7"])
    campaign = save(gateway, {"filter": {"tags": ["zona-7"]}})
    rig.launch(gateway, campaign)
    # Whatever is being recorded at this very moment, or claimed: but what each line has in its hands goes at the pace.
    slow = gateway.call("campaign.pace", campaign=campaign, segments=60)
    assert slow["pace"] == 60
    after = _sent(gateway, campaign)
    time.sleep(5)
    assert _sent(gateway, campaign) - after <= 6 + 2 + len(lines)
    with pytest.raises(UsageError):
        gateway.call("campaign.lines", campaign=campaign, lines=["nowhere"])
    gateway.call("campaign.lines", campaign=campaign, lines=[lines[1]])
    gateway.call("campaign.pace", campaign=campaign)
    assert over(gateway, campaign)["counts"].keys() <= {"submitted", "delivered"}
    reached = gateway.call("campaign.people", campaign=campaign, limit=200)["items"]
    assert [one["line"] for one in reached[-5:]] == [lines[1]] * 5
    with pytest.raises(ConflictError):
        gateway.call("campaign.pace", campaign=campaign, segments=60)


def _sent(gateway: Gateway, campaign: int) -> int:
    found = gateway.call("campaign.show", campaign=campaign)
    return int(found["messages"]) - int(found["open"])


def test_a_campaign_whose_time_runs_out_ends_when_it_does(floor: tuple[Gateway, Simulator]) -> None:
    gateway, _simulator = floor
    customers(gateway, 8000, 30, tags=["zona-8"])
    ends = datetime.now(UTC) + timedelta(seconds=4)
    campaign = save(gateway, {"filter": {"tags": ["zona-8"]}}, options={"not_after": ends.isoformat()})
    rig.launch(gateway, campaign)
    gateway.call("campaign.pace", campaign=campaign, segments=1)
    # Sooner than the engine looks by itself: what time does to messages is told.
    found = rig.wait(gateway, campaign, lambda found: found["state"] == "finished", 25)
    assert found["counts"].get("expired")
