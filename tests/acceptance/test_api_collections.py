"""Collections over the API: rules, what was decided and why, novelties, promises, pauses, disputes, answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from gatewayd.operations.rights import RIGHTS
from gatewayd.values.errors import GatewayError, UsageError
from gatewayd.web.v1 import claims, policies
from tests.rig.fuzz import Fuzzed, fuzzed
from tests.rig.programs import program, token

RULE = {"levels": [{"id": "primero", "days": 5, "templates": {"sms": "aviso"}}], "hour": "10:00"}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    with fuzzed(tmp_path_factory.mktemp("collections")) as made:
        yield made


@pytest.fixture
def api(gateway: Fuzzed) -> Iterator[httpx.Client]:
    with program(gateway.shown, gateway.account) as client:
        yield client


def _good(answer: httpx.Response, status: int = 200) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    return dict(answer.json())


def test_a_rule_is_written_tried_read_and_put_aside(api: httpx.Client) -> None:
    made = _good(api.put("/v1/policies/suave", json={"document": RULE}))
    assert (made["version"], made["standard"]) == (1, False)
    tried = _good(api.post("/v1/policies/suave/try", json={"document": RULE, "due": "2026-12-10"}))
    assert [one["day"] for one in tried["calendar"]] == ["2026-12-15"]  # type: ignore[attr-defined]
    changed = {**RULE, "tolerance_days": 3}
    assert _good(api.put("/v1/policies/suave", json={"document": changed, "version": 1}))["version"] == 2
    late = api.put("/v1/policies/suave", json={"document": RULE, "version": 1})
    assert (late.status_code, late.json()["type"].rpartition("/")[2]) == (409, "conflict")
    shown = _good(api.get("/v1/policies/suave"))
    assert sorted(one["version"] for one in shown["versions"]) == [1, 2]  # type: ignore[attr-defined]
    assert _good(api.put("/v1/customers/C1/policy", json={"policy": "suave"}))["policy"] == "suave"
    assert _good(api.put("/v1/customers/C1/policy", json={"policy": None}))["policy"] is None
    assert _good(api.post("/v1/policies/suave/archive"))["state"] == "archived"
    names = {one["policy"] for one in _good(api.get("/v1/policies"))["items"]}  # type: ignore[attr-defined]
    assert "suave" not in names
    names = {one["policy"] for one in _good(api.get("/v1/policies?archived=true"))["items"]}  # type: ignore[attr-defined]
    assert "suave" in names


def test_why_a_customer_is_not_claimed_is_said(api: httpx.Client, gateway: Fuzzed) -> None:
    _good(api.put("/v1/policies/empresa", json={"document": RULE, "standard": True}))
    _good(api.post("/v1/customers/C1/pauses", json={"note": "En juicio", "days": 30}), 201)
    assert _good(api.post("/v1/collections/run"), 202) == {"woken": True}
    simulated = _good(api.get("/v1/collections/simulation"))
    assert simulated["customers"] == 1
    assert [(one["reason"], one["count"]) for one in simulated["decisions"]]  # type: ignore[attr-defined]
    assert _good(api.get("/v1/decisions?customer=C1"))["next"] is None
    assert _good(api.get("/v1/collections"))["waiting"] == []
    assert _good(api.get("/v1/reports/effectiveness?by=channel"))["by"] == "channel"
    assert api.get("/v1/decisions?customer=nadie").status_code == 404


def test_novelties_come_by_pages_and_come_back_on_their_next_day(api: httpx.Client) -> None:
    for text in ("uno", "dos", "tres"):
        _good(api.post("/v1/novelties", json={"customer": "C1", "text": text, "due": "2026-01-01"}), 201)
    first = _good(api.get("/v1/novelties?customer=C1&limit=2"))
    second = _good(api.get("/v1/novelties", params={"customer": "C1", "limit": 2, "cursor": str(first["next"])}))
    texts = [one["text"] for page in (first, second) for one in page["items"]]  # type: ignore[attr-defined]
    assert texts[:3] == ["uno", "dos", "tres"]
    number = first["items"][0]["novelty"]  # type: ignore[index]
    before = {"result": "talked", "next_date": "2026-01-01"}
    assert api.post(f"/v1/novelties/{number}/result", json=before).status_code == 409, "that day is over"
    ended = _good(api.post(f"/v1/novelties/{number}/result", json={"result": "talked", "next_date": "2099-01-01"}))
    assert (ended["state"], ended["next"] is None) == ("done", False)
    again = api.post(f"/v1/novelties/{number}/result", json={"result": "talked"})
    assert again.status_code == 409
    assert api.post("/v1/novelties", json={"customer": "C1", "text": ""}).status_code == 409


def test_promises_and_disputes_hold_claims_back(api: httpx.Client) -> None:
    soon = str(datetime.now(UTC).date() + timedelta(days=30))
    made = _good(api.post("/v1/promises", json={"customer": "C1", "day": soon, "amount": "5.50"}), 201)
    assert (made["state"], made["source"], made["amount"]) == ("pending", "person", "5.50")
    assert _good(api.get("/v1/promises?state=pending&customer=C1"))["items"]
    taken = _good(api.post(f"/v1/promises/{made['promise']}/withdraw"))
    assert taken["state"] == "withdrawn"
    assert api.post("/v1/promises", json={"customer": "C1", "day": "2001-01-01"}).status_code == 409
    over = {"note": "doble", "until": "2001-01-01"}
    assert api.put("/v1/customers/C1/disputes/F1", json=over).status_code == 409, "it would be over before it began"
    assert _good(api.put("/v1/customers/C1/disputes/F1", json={"note": "doble"}))["disputed"] is True
    assert _good(api.delete("/v1/customers/C1/disputes/F1"))["disputed"] is False
    pauses = _good(api.get("/v1/customers/C1/pauses"))["items"]
    open_ones = [one["pause"] for one in pauses if one["lifted_at"] is None]  # type: ignore[attr-defined]
    assert open_ones
    assert _good(api.post(f"/v1/pauses/{open_ones[0]}/lift"))["lifted_at"]


def test_a_day_beyond_every_calendar_is_none(gateway: Fuzzed) -> None:
    for day in ("0001-01-01", "9999-12-31", "2026-02-31"):
        with pytest.raises(UsageError, match="no such day"):
            gateway.shown.gateway.call("collections.simulate", account="norte", date=day)
        reminder = {"customer": "C1", "currency": "ARS", "text": "hola", "first": day}
        with pytest.raises(GatewayError, match="first"):
            gateway.shown.gateway.call("reminder.add", account="norte", **reminder)


def test_feeds_answers_and_notices_are_shown(api: httpx.Client) -> None:
    assert _good(api.get("/v1/feeds")) == {"items": [], "next": None}
    assert api.get("/v1/feeds/facturas").status_code == 404
    assert api.post("/v1/feeds/facturas/run").status_code == 404
    assert _good(api.get("/v1/answers"))["account"] == "norte"
    tried = _good(api.post("/v1/answers/try", json={"text": "SALDO", "address": "+5491150000001"}))
    assert tried["answered"] is False  # its switch is off
    assert _good(api.get("/v1/notices"))["items"] == []


def test_a_token_needs_the_scope_of_each(gateway: Fuzzed) -> None:
    """What reads needs `read`, what changes `manage`; and what is another account's is not found."""
    with program(gateway.shown, token(gateway.shown, "send")) as other:
        for one in (*policies.ENDPOINTS, *claims.ENDPOINTS):
            path = one.path.format(
                policy="firme", customer="C1", invoice="F1", novelty=1, promise=1, pause=1, feed="facturas"
            )
            body: object = next(iter(one.examples.values()), {}) if one.body else None
            body = {"customer": "C1", "day": "2027-01-01"} if one.name == "addPromise" else body
            said = other.request(one.method, path, json=body)
            assert RIGHTS[one.operation].scope != "send"
            assert said.status_code == 403, f"{one.name}: {said.text}"
    gateway.shown.gateway.call("account.create", account="sur")
    with program(gateway.shown, token(gateway.shown, account="sur")) as other:
        for path in ("policies/firme", "customers/C1/pauses", "decisions?customer=C1", "feeds/facturas"):
            assert other.get(f"/v1/{path}").status_code == 404, path
        assert other.post("/v1/novelties/1/result", json={"result": "talked"}).status_code == 404
        assert other.get("/v1/novelties?account=norte").status_code == 404
