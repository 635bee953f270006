"""Push lines as the gateway runs them, against the simulators: each outcome, each doubt, each refusal."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog

from drivers.base import (
    Accepted,
    Blame,
    CarriesSome,
    LineError,
    LineStatus,
    NotSent,
    OutboundMessage,
    Outcome,
    PushContent,
    Refused,
    Uncertain,
    Withdrawn,
)
from drivers.http.keeping import Rests
from drivers.push.line import PushLine
from drivers.push.options import PushOptions
from drivers.push.simulator import PushSimulator
from drivers.push.timing import Timing
from tests.peers.line_bench import LineBench, running
from tests.rig.ports import free_port

TIMING = Timing(rests=Rests(well_s=60.0, back_s=0.02, back_most_s=0.1, blocked_s=0.1))
TOKEN = "fcm-token:" + "a" * 100
SERVICES = ("fcm", "ntfy", "webpush")


class Rig:
    def __init__(self, sim: PushSimulator, bench: LineBench, address: str) -> None:
        self.sim, self.bench, self.address = sim, bench, address

    async def send(self, to: str | None = None, text: str = "Hola", **more: Any) -> Outcome:
        return await self.bench.send(self.address if to is None else to, text, **more)

    def fault(self, kind: str, **arguments: Any) -> None:
        self.sim.set(fault={"kind": kind, **arguments})

    @property
    def texts(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.sim.texts()["texts"]
        return rows


def options(sim: PushSimulator, **more: Any) -> PushOptions:
    device = sim.devices[0]
    given: dict[str, Any] = {"service": device["service"], "url": device["url"], "timeout": 5.0}
    if "credentials_file" in device:
        given["credentials"] = Path(device["credentials_file"]).read_text()
    if device["service"] == "ntfy":
        given["token"] = device["token"]
    if device["service"] == "webpush":
        given["subject"] = "mailto:tecnica@norte.example"
    return PushOptions.model_validate({**given, **more})


def elsewhere(reason: str) -> Refused:
    """This service cannot carry it; another may."""
    return Refused(reason, Blame.PERSON, elsewhere=True)


@asynccontextmanager
async def rig(service: str, timing: Timing = TIMING, **more: Any) -> AsyncIterator[Rig]:
    async with PushSimulator(brand=service) as sim:
        address = {"fcm": TOKEN, "ntfy": "cortes"}.get(service) or json.dumps(sim.devices[0]["subscription"])
        async with running(PushLine("push", options(sim, **more), timing)) as bench:
            yield Rig(sim, bench, address)


@pytest.mark.parametrize("service", SERVICES)
async def test_what_is_taken_is_submitted_for_good_and_says_all(service: str) -> None:
    async with rig(service) as one:
        extras = PushContent("Ñandú: 50 %", ttl_s=600)
        outcome = await one.send(text="Señor, vence mañana ✔", content=extras)
        assert isinstance(outcome, Accepted)
        assert outcome.reported is False
        assert outcome.references[1]
        assert one.bench.passed == [1]
        (row,) = one.texts
        assert (row["title"], row["text"]) == ("Ñandú: 50 %", "Señor, vence mañana ✔")
        assert row["ttl_s"] == (None if service == "ntfy" else 600)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    ("kind", "arguments", "reason"),
    [
        ("drop", {}, "connection_lost"),
        ("cut", {}, "connection_lost"),
        ("no_http", {}, "answer_malformed"),
        ("html", {"status": 200}, "html_page"),
        ("garbage", {}, "answer_unknown"),
        ("wrong_json", {}, "answer_unknown"),
        ("status", {"status": 500}, "http_500"),
        ("status", {"status": 502}, "http_502"),
        ("redirect", {}, "http_302"),
    ],
)
async def test_what_may_have_been_taken_is_in_doubt(
    service: str, kind: str, arguments: dict[str, Any], reason: str
) -> None:
    async with rig(service) as one:
        one.fault(kind, **arguments)
        outcome = await one.send()
        assert isinstance(outcome, Uncertain)
        assert outcome.reason in (reason, "connection_lost")
        assert isinstance(await one.send(), Accepted)


async def test_a_service_that_falls_silent_is_in_doubt_within_its_bound() -> None:
    async with rig("ntfy", timeout=0.3) as one:
        one.fault("silence")
        assert await one.send() == Uncertain("timeout")
        one.fault("slow", delay_s=0.05)
        assert isinstance(await one.send(), Accepted)


@pytest.mark.parametrize("service", SERVICES)
async def test_a_limit_is_obeyed_and_a_busy_service_comes_again(service: str) -> None:
    async with rig(service) as one:
        # Browsers have several services: one of them is not the line.
        blame = Blame.EITHER if service == "webpush" else Blame.LINE
        one.fault("limit", retry_after="7")
        assert await one.send() == NotSent("http_429", 7.0, blame=blame)
        one.fault("status", status=503, retry_after="9")
        assert await one.send() == NotSent("http_503", 9.0, blame=blame)
        assert one.texts == []


async def test_an_unclear_server_error_is_tried_again_where_a_person_says_so() -> None:
    async with rig("webpush", server_errors="retry") as one:
        one.fault("status", status=500)
        assert await one.send() == NotSent("http_500", None, blame=Blame.EITHER)


async def test_nobody_there_is_certainly_not_sent() -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    for service in ("fcm", "webpush"):
        async with PushSimulator(brand=service) as sim, running(PushLine("push", options(sim, url=nobody))) as bench:
            subscription = sim.devices[0].get("subscription", {}) | {"endpoint": f"{nobody}/push/1"}
            to = TOKEN if service == "fcm" else json.dumps(subscription)
            blame = Blame.EITHER if service == "webpush" else Blame.LINE
            assert await bench.send(to) == NotSent("connect_failed", blame=blame)
            assert bench.passed == []
    lonely = PushOptions.model_validate({"service": "ntfy", "url": nobody})
    async with running(PushLine("push", lonely, TIMING), "recovering") as bench:
        assert await bench.send("cortes") == NotSent("connect_failed", counts=False)


@pytest.mark.parametrize("service", SERVICES)
async def test_withdrawn_before_the_first_byte(service: str) -> None:
    async def withdraw(part: int, taken: Any = None) -> None:
        raise Withdrawn("cancelled")

    async with rig(service) as one:
        assert await one.send(pnr=withdraw) == NotSent("cancelled", counts=False)
        assert one.texts == []
        assert isinstance(await one.send(), Accepted)


# ------------------------------------------------------------------------------------------------------------------ fcm


async def test_google_s_words_for_a_token_say_what_to_do_with_it() -> None:
    async with rig("fcm") as one:
        one.sim.set(gone=[TOKEN], foreign=["b" * 100])
        assert await one.send() == Refused("unregistered", Blame.PERSON)
        assert await one.send("b" * 100) == elsewhere("sender_mismatch")
        assert await one.send("no token") == elsewhere("address_invalid")
        assert await one.send('{"endpoint":"https://x"}') == elsewhere("address_invalid")
        reserved = PushContent(data={"from": "x"})
        assert await one.send("c" * 100, content=reserved) == Refused("invalid_argument", Blame.PERSON)
        assert await one.send("c" * 100, text="x" * 5000) == elsewhere("too_large")
        assert isinstance(await one.send("/topics/cortes"), Accepted)
        assert [row["to"] for row in one.texts] == ["/topics/cortes"]


def google(status: int, code: str) -> dict[str, Any]:
    said = {"error": {"code": status, "status": code, "details": [{"errorCode": code}]}}
    return {"kind": "status", "status": status, "body": json.dumps(said)}


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (google(503, "UNAVAILABLE"), NotSent("unavailable", None, blame=Blame.LINE)),
        (google(429, "QUOTA_EXCEEDED"), NotSent("quota_exceeded", 60.0, blame=Blame.LINE)),
        (google(401, "THIRD_PARTY_AUTH_ERROR"), NotSent("third_party_auth", 900.0, counts=False, blame=Blame.PERSON)),
        (google(403, "PERMISSION_DENIED"), NotSent("forbidden", None, blame=Blame.LINE)),
        (google(500, "INTERNAL"), Uncertain("http_500")),
        # A wrong address of the API: no token must be forgotten for it.
        ({"kind": "status", "status": 404, "body": "{}"}, NotSent("not_found", None, blame=Blame.LINE)),
    ],
)
async def test_google_s_words_for_its_own_troubles(fault: dict[str, Any], outcome: Outcome) -> None:
    async with rig("fcm") as one:
        one.sim.set(fault=fault)
        assert await one.send() == outcome
        assert one.texts == []


@pytest.mark.parametrize(
    "error",
    [
        {"message": "The registration token is not a valid FCM registration token"},
        {"details": [{"fieldViolations": [{"field": "message.token", "description": "Invalid registration token"}]}]},
    ],
)
async def test_a_token_that_never_was_one_is_told_from_a_bad_payload(error: dict[str, Any]) -> None:
    async with rig("fcm") as one:
        said = {"error": {"code": 400, "status": "INVALID_ARGUMENT", **error}}
        one.fault("status", status=400, body=json.dumps(said))
        assert await one.send() == elsewhere("address_invalid")
        one.fault("status", status=400, body=json.dumps({"error": {"status": "INVALID_ARGUMENT"}}))
        assert await one.send() == Refused("invalid_argument", Blame.PERSON)


async def test_the_tokens_of_one_platform_wait_and_the_others_go_on() -> None:
    async with rig("fcm") as one:
        one.sim.set(fault={**google(401, "THIRD_PARTY_AUTH_ERROR"), "count": 20})
        for _ in range(20):
            outcome = await one.send()
            assert isinstance(outcome, NotSent)
            assert (outcome.counts, outcome.blame) == (False, Blame.PERSON)
        assert isinstance(await one.send(), Accepted)
        assert one.sim.count("tokens") == 1, "our own token was not to blame"
        assert (await one.bench.line.command("health"))["waiting"] == "third_party_auth"


async def test_one_access_token_serves_many_and_a_revoked_one_is_replaced_unseen() -> None:
    async with rig("fcm") as one:
        for _ in range(5):
            assert isinstance(await one.send(), Accepted)
        assert one.sim.count("tokens") == 1
        one.sim.revoke()
        assert isinstance(await one.send(), Accepted)
        assert (one.sim.count("tokens"), one.sim.count("taken")) == (2, 6)
        assert one.bench.passed == [1] * 6, "the point of no return is passed once a message"


async def test_a_short_token_is_renewed_before_its_end() -> None:
    async with rig("fcm") as one:
        one.sim.set(token_life=0.2)
        one.sim.revoke()
        assert isinstance(await one.send(), Accepted)  # asked once more
    async with rig("fcm", replace(TIMING, margin_s=10_000.0)) as one:
        assert isinstance(await one.send(), Accepted)
        assert one.sim.count("tokens") == 1, "half its life is ahead of it"


async def test_refused_credentials_quarantine_the_line_until_they_are_taken() -> None:
    async with PushSimulator(2, brand="fcm") as sim:
        # The key of another account at this one's endpoint.
        account = json.loads(Path(sim.devices[1]["credentials_file"]).read_text())
        account["token_uri"] = f"{sim.base(0)}/token"
        wrong = options(sim, credentials=json.dumps(account))
        async with running(PushLine("push", wrong, TIMING), "quarantined") as bench:
            assert await bench.send(TOKEN) == NotSent("credentials_refused", counts=False)
            assert (await bench.sink.state("quarantined")).reason == "credentials_refused"


async def test_a_token_endpoint_that_is_down_recovers() -> None:
    async with PushSimulator(brand="fcm") as sim:
        sim.set(fault={"kind": "status", "status": 503, "on": "token", "count": 2})
        async with running(PushLine("push", options(sim), TIMING), "recovering") as bench:
            await bench.sink.state("ready")
            assert isinstance(await bench.send(TOKEN), Accepted)


# ----------------------------------------------------------------------------------------------------------------- ntfy


async def test_ntfy_s_headers_topics_and_what_it_has_no_place_for() -> None:
    async with rig("ntfy") as one:
        content = PushContent("Corte", {"click": "https://norte.example/cortes", "tags": "warning,plaza"})
        assert isinstance(await one.send(content=content), Accepted)
        assert one.texts[0]["data"] == {"click": "https://norte.example/cortes", "tags": "warning,plaza"}
        assert await one.send("dos palabras") == elsewhere("address_invalid")
        assert await one.send(content=PushContent(data={"invoice": "1"})) == elsewhere("data_unsupported")
        one.sim.set(token="otra")
        assert await one.send() == NotSent("unauthorized", None, blame=Blame.LINE)
        assert len(one.texts) == 1


# -------------------------------------------------------------------------------------------------------------- webpush


async def test_a_browser_that_is_gone_and_one_of_another_key() -> None:
    async with rig("webpush") as one:
        gone, foreign = one.sim.subscribe(count=2, server_key="BPother")["subscriptions"]
        one.sim.unsubscribe(gone["endpoint"])
        assert await one.send(json.dumps(gone)) == Refused("unregistered", Blame.PERSON)
        assert await one.send(json.dumps(foreign)) == Refused("key_refused", Blame.EITHER)
        assert await one.send(text="x" * 4000) == elsewhere("too_large")
        assert isinstance(await one.send(text="x" * 3900), Accepted)
        key = (await one.bench.line.command("facts"))["public_key"]
        (mine,) = one.sim.subscribe(server_key=key)["subscriptions"]
        assert isinstance(await one.send(json.dumps(mine)), Accepted)


async def test_a_subscription_leads_to_push_services_alone() -> None:
    async with rig("webpush") as one:
        for endpoint in (
            "http://127.0.0.1:1/push/1",
            "https://169.254.169.254/latest",
            "https://fcm.googleapis.com:81/x",
        ):
            subscription = {**one.sim.devices[0]["subscription"], "endpoint": endpoint}
            assert await one.send(json.dumps(subscription)) == elsewhere("endpoint_not_allowed")
        for junk in ("cortes", "{}", '{"endpoint":1,"keys":{}}', '{"endpoint":"https://[","keys":{}}'):
            assert await one.send(junk) == elsewhere("address_invalid")
        off_curve = {**one.sim.devices[0]["subscription"]["keys"], "p256dh": "B" * 87}
        subscription = {**one.sim.devices[0]["subscription"], "keys": off_curve}
        assert await one.send(json.dumps(subscription)) == elsewhere("address_invalid")
        assert one.bench.passed == []


async def test_a_poisoned_subscription_is_its_own_fault() -> None:
    """A host that nobody answers at, where the browsers' own answers: the line goes on, and is not even looked at."""
    async with rig("webpush", hosts=("localhost",)) as one:
        poisoned = json.dumps(one.sim.devices[0]["subscription"] | {"endpoint": "https://localhost/push/1"})
        first = await one.send(poisoned)
        assert isinstance(first, NotSent)
        assert first.blame is Blame.EITHER, "nothing has answered yet"
        assert isinstance(await one.send(), Accepted)
        for _ in range(3):
            outcome = await one.send(poisoned)
            assert isinstance(outcome, NotSent)
            assert outcome.blame is Blame.PERSON
        assert isinstance(await one.send(), Accepted)
        assert [event.state for event in one.bench.sink.events if isinstance(event, LineStatus)] == ["ready"]


@pytest.mark.parametrize(
    ("service", "to", "text", "reason"),
    [
        ("fcm", "cortes", "x", "address_invalid"),
        ("fcm", "a" * 100, "x" * 4097, "too_large"),
        ("fcm", "a" * 100, "x", None),
        ("ntfy", '{"endpoint": "https://x"}', "x", "address_invalid"),
        ("ntfy", "cortes", "x", None),
        ("webpush", "cortes", "x", "address_invalid"),
        ("webpush", "", "x" * 4000, "too_large"),
        ("webpush", "", "x", None),
    ],
)
async def test_what_a_service_can_carry_is_known_beforehand(
    service: str, to: str, text: str, reason: str | None
) -> None:
    async with rig(service) as one:
        to = to or json.dumps(one.sim.devices[0]["subscription"])
        line = one.bench.line
        assert isinstance(line, CarriesSome)
        assert line.carries(OutboundMessage("01JD0000000000000000000001", to, to, text)) == reason
        assert one.sim.count("taken") == 0


# ------------------------------------------------------------------------------------------------------------------ all


@pytest.mark.parametrize("service", SERVICES)
async def test_no_secret_in_any_log(service: str) -> None:
    with structlog.testing.capture_logs() as logs:
        async with rig(service) as one:
            for kind in ("status", "html", "drop"):
                one.fault(kind)
                await one.send()
            one.sim.set(fault={"kind": "status", "status": 503, "on": ["token", "health"], "count": 3})
            for each in ("limit", "limit"):
                one.fault(each)
                await one.send()
            device = one.sim.devices[0]
    said = repr(logs)
    assert TOKEN not in said
    assert "PRIVATE" not in said
    assert device.get("token", "ya29.") not in said


async def test_questions_of_a_person() -> None:
    async with rig("fcm") as one:
        assert await one.bench.line.command("health") == {"usable": True}
        assert (await one.bench.line.command("facts"))["project"] == "norte-app"
        with pytest.raises(LineError, match="health, facts"):
            await one.bench.line.command("balance")
        assert await one.bench.line.resume([]) == {}
