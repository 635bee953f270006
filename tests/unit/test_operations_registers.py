"""Blocks by account, legal registers, evidence, and whether a person may be contacted now."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import insert

from gatewayd.cli.offline import OfflineBackend
from gatewayd.config import parse
from gatewayd.operations import perform
from gatewayd.store import tables
from gatewayd.store.commands import Change
from gatewayd.store.contacts.evidence import prune
from gatewayd.values.actor import Actor, Role
from gatewayd.values.errors import ConflictError, FaultsError, ForbiddenError, NotFoundError, UsageError

OPERATOR = Actor("operator", "uid 0 (root)", Role.ADMINISTRATOR)
ANA = "+5491155551111"
BETO = "+5491155552222"


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[OfflineBackend]:
    raw = {
        "timezone": "America/Argentina/Buenos_Aires",
        "locale": "en",
        "store": {"url": f"sqlite:///{tmp_path}/gatewayd.db"},
        "spool": {"path": str(tmp_path / "spool")},
    }
    made = OfflineBackend(parse(raw, tmp_path / "gatewayd.toml"))
    yield made
    made.close()


@pytest.fixture
async def two(backend: OfflineBackend) -> OfflineBackend:
    for account in ("norte", "sur"):
        await ask(backend, "account.create", account=account)
    return backend


async def ask(backend: OfflineBackend, name: str, by: Actor = OPERATOR, **arguments: Any) -> Any:
    return await perform(backend, name, arguments, by)


def supervisor(account: str) -> Actor:
    return Actor("person", f"s-{account}", Role.SUPERVISOR, account, 1)


async def test_a_supervisor_sees_and_lifts_its_accounts_blocks_alone(two: OfflineBackend) -> None:
    await ask(two, "blocklist.add", supervisor("norte"), numbers=[ANA])
    await ask(two, "blocklist.add", supervisor("sur"), numbers=[BETO])
    await ask(two, "blocklist.add", numbers=["+5491155553333"])
    mine = await ask(two, "blocklist.list", supervisor("norte"))
    assert [(one["to"], one["account"]) for one in mine["items"]] == [(ANA, "norte")]
    assert len((await ask(two, "blocklist.list"))["items"]) == 3
    assert (await ask(two, "blocklist.list", begins="+549115555222"))["items"][0]["account"] == "sur"
    with pytest.raises(FaultsError):
        await ask(two, "blocklist.remove", supervisor("norte"), number=ANA)
    for number in (BETO, "+5491155553333"):
        with pytest.raises(NotFoundError):
            await ask(two, "blocklist.remove", supervisor("norte"), number=number, reason="pidió volver")
    await ask(two, "blocklist.remove", supervisor("norte"), number=ANA, reason="pidió volver")
    trail = await ask(two, "audit.list", act="blocklist.remove")
    assert trail["items"][0]["after"]["reason"] == "pidió volver"
    assert (await ask(two, "blocklist.list", supervisor("norte")))["items"] == []


async def bring(backend: OfflineBackend, numbers: list[str], as_of: str = "2020-01-01") -> Any:
    begun = await ask(
        backend,
        "register.import",
        register_name="No Llame",
        source="AAIP",
        as_of=as_of,
        channel="call",
        max_age_days=30,
    )
    ours = {"register_name": "No Llame", "began": begun["began"]}
    added = await ask(backend, "register.add", **ours, numbers=numbers)
    return added, await ask(backend, "register.finish", **ours)


async def test_a_register_is_replaced_by_its_next_import_and_tells_its_age(two: OfflineBackend) -> None:
    added, done = await bring(two, [ANA, BETO, "junk"])
    assert (added["added"], len(added["refused"]), done["numbers"], done["stale"]) == (2, 1, 2, True)
    added, done = await bring(two, [BETO, "11 5555-4444"], two_days_ago(two))
    assert (added["added"], added["known"], done["numbers"], done["stale"]) == (1, 1, 2, False)
    listed = (await ask(two, "blocklist.list"))["items"]
    assert {(one["to"], one["register"], one["channel"]) for one in listed} == {
        (BETO, "No Llame", "call"),
        ("+5491155554444", "No Llame", "call"),
    }
    # What a register says is lifted with it alone.
    with pytest.raises(NotFoundError):
        await ask(two, "blocklist.remove", number=BETO, reason="pidió volver")
    why = await ask(two, "contact.why", account="norte", number=BETO, channel="call")
    assert (why["go"], why["reason"]) == (False, "blocked")
    assert (await ask(two, "contact.why", account="norte", number=BETO, channel="sms"))["go"]
    with pytest.raises(ForbiddenError):
        await ask(two, "register.list", supervisor("norte"))
    assert await ask(two, "register.remove", register_name="No Llame", reason="ya no rige") == {
        "removed": "No Llame",
        "next": None,
    }
    assert (await ask(two, "blocklist.list"))["items"] == []
    assert (await ask(two, "register.list"))["items"] == []


def two_days_ago(backend: OfflineBackend) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(backend.now() / 1000 - 2 * 86_400, UTC).date().isoformat()


async def test_an_import_of_nothing_takes_nobody_off(two: OfflineBackend) -> None:
    await bring(two, [ANA])
    begun = await ask(two, "register.import", register_name="No Llame", source="AAIP", as_of="2026-01-01")
    with pytest.raises(ConflictError):
        await ask(two, "register.finish", register_name="No Llame", began=begun["began"])
    with pytest.raises(ConflictError):
        await ask(two, "register.add", register_name="No Llame", began=begun["began"] - 1, numbers=[ANA])
    assert len((await ask(two, "blocklist.list"))["items"]) == 1


async def decided(
    backend: OfflineBackend, to: str, verdict: str, at: int, account_id: int = 1, rule: str = "hours"
) -> None:
    row = {
        "at": at,
        "account_id": account_id,
        "person": to,
        "to": to,
        "job_id": 1,
        "class": "collections",
        "channel": "sms",
        "rule": rule,
        "version": "f38b2f17274a",
        "verdict": verdict,
    }
    await backend.execute(
        Change(lambda unit: unit.session.connection.execute(insert(tables.evidence).values(row)) and None)
    )


async def test_evidence_is_found_by_person_carried_away_and_forgotten(two: OfflineBackend) -> None:
    now = two.now()
    for days in range(3):
        await decided(two, ANA, "go", now - days * 86_400_000)
    await decided(two, ANA, "cap", now, rule="cap.week")
    await decided(two, BETO, "go", now, account_id=2)
    found = (await ask(two, "evidence.list", account="norte", number="11 5555-1111"))["items"]
    assert [one["verdict"] for one in found] == ["cap", "go", "go", "go"]
    assert [one["to"] for one in (await ask(two, "evidence.list", supervisor("sur")))["items"]] == [BETO]
    csv = (await ask(two, "evidence.export", account="norte", number=ANA))["csv"].splitlines()
    assert (len(csv), csv[0].startswith("at,account,customer,to"), f"'{ANA}" in csv[1]) == (5, True, True)
    sheet = (await ask(two, "evidence.export", supervisor("norte"), number=ANA, format="xlsx"))["xlsx"]
    rows = list(openpyxl.load_workbook(io.BytesIO(base64.b64decode(sheet))).worksheets[0].values)
    assert (len(rows), rows[1][3]) == (5, ANA)
    gone = await two.execute(Change(lambda unit: prune(unit.session, now - 3_600_000)))
    assert gone == 2
    assert len((await ask(two, "evidence.list"))["items"]) == 3


async def test_why_a_person_may_not_be_contacted_is_said(two: OfflineBackend) -> None:
    rules = {"caps": {"week": {"kind": "count", "most": 1, "days": 7}}}
    await ask(two, "contact.set", account="norte", contact=rules)
    assert (await ask(two, "contact.why", account="norte", number=ANA))[
        "sentence"
    ] == "may be contacted now (collections)"
    await decided(two, ANA, "go", two.now() - 1000)
    why = await ask(two, "contact.why", account="norte", number=ANA)
    assert (why["go"], why["reason"], why["rule"], len(why["contacts"])) == (False, "cap", "cap.week", 1)
    assert why["sentence"] == "not now: at most 1 contact in 7 days"
    assert why["until"] is not None
    assert (await ask(two, "contact.why", account="norte", number=ANA, message_class="reply"))["go"]
    with pytest.raises(UsageError):
        await ask(two, "contact.why", account="norte")
    with pytest.raises(NotFoundError):
        await ask(two, "contact.why", account="norte", customer="nadie")
