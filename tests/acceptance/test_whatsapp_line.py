"""The WhatsApp line as the gateway runs it, against the simulator: each outcome, each doubt, each call of Meta's."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import structlog

from drivers.base import (
    Accepted,
    AnswersChallenges,
    Blame,
    DeliveryReport,
    HookRefusedError,
    LineError,
    NotSent,
    Outcome,
    Refused,
    TakesHooks,
    Uncertain,
    WhatsappContent,
    Withdrawn,
)
from drivers.http.keeping import Rests
from drivers.whatsapp.line import WhatsappLine
from drivers.whatsapp.options import WhatsappOptions
from drivers.whatsapp.simulator import WhatsappSimulator
from drivers.whatsapp.timing import Timing
from tests.peers.line_bench import LineBench, running

TIMING = Timing(rests=Rests(well_s=60.0, back_s=0.02, back_most_s=0.1, blocked_s=0.1))
TO = "+5491159876543"
TEMPLATE = WhatsappContent("saldo", "es_AR", ("Ana\nMaría", "$ 1.500,50"))


class Rig:
    def __init__(self, sim: WhatsappSimulator, bench: LineBench, line: WhatsappLine) -> None:
        self.sim, self.bench, self.line = sim, bench, line

    async def send(self, text: str = "Hola", to: str = TO, **more: Any) -> Outcome:
        return await self.bench.send(to, text, **more)

    def fault(self, kind: str, **arguments: Any) -> None:
        self.sim.set(fault={"kind": kind, **arguments})

    @property
    def texts(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.sim.texts()["texts"]
        return rows


def options(sim: WhatsappSimulator, **more: Any) -> WhatsappOptions:
    device = {name: value for name, value in sim.devices[0].items() if name != "number"}
    given = {**device, "timeout": 5.0, **more}
    return WhatsappOptions.model_validate({name: value for name, value in given.items() if value is not None})


@asynccontextmanager
async def rig(*states: str, **more: Any) -> AsyncIterator[Rig]:
    async with WhatsappSimulator() as sim:
        line = WhatsappLine("wa", options(sim, **more), TIMING)
        async with running(line, *states) as bench:
            yield Rig(sim, bench, line)


async def test_a_text_and_a_template_as_the_api_takes_them() -> None:
    async with rig() as one:
        outcome = await one.send("Señor ✔")
        assert isinstance(outcome, Accepted)
        assert outcome.reported
        assert outcome.references[1].startswith("wamid.")
        assert isinstance(await one.send("", content=TEMPLATE), Accepted)
        text, template = one.texts
        assert (text["to"], text["text"], text["template"]) == (TO, "Señor ✔", None)
        assert (template["template"], template["language"]) == ("saldo", "es_AR")
        assert template["parameters"] == ["Ana María", "$ 1.500,50"]
        assert text["id"] == "01JD0000000000000000000001"
        assert one.bench.passed == [1, 1]


async def test_without_a_secret_nothing_more_is_to_come() -> None:
    async with rig(app_secret=None, callback_data=False) as one:
        outcome = await one.send()
        assert isinstance(outcome, Accepted)
        assert not outcome.reported
        assert one.texts[0]["id"] == ""
        with pytest.raises(HookRefusedError, match="app_secret"):
            one.line.on_hook({}, b"{}")


@pytest.mark.parametrize(
    ("kind", "arguments", "reasons"),
    [
        ("drop", {}, {"connection_lost"}),
        ("cut", {}, {"connection_lost"}),
        ("no_http", {}, {"answer_malformed"}),
        ("html", {"status": 200}, {"html_page"}),
        ("garbage", {}, {"answer_unknown"}),
        ("wrong_json", {}, {"answer_unknown"}),
        ("huge", {}, {"answer_too_long"}),
        ("status", {"status": 500}, {"http_500"}),
        ("status", {"status": 500, "body": '{"error":{"code":131000}}'}, {"unknown_error"}),
        ("redirect", {}, {"http_302"}),
    ],
)
async def test_what_may_have_been_taken_is_in_doubt(kind: str, arguments: dict[str, Any], reasons: set[str]) -> None:
    async with rig() as one:
        one.fault(kind, **arguments)
        outcome = await one.send()
        assert isinstance(outcome, Uncertain)
        assert outcome.reason in reasons
        assert isinstance(await one.send(), Accepted)


def graph(status: int, code: int) -> dict[str, Any]:
    return {"kind": "status", "status": status, "body": json.dumps({"error": {"code": code, "message": "(#0) x"}})}


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (graph(400, 131026), Refused("not_on_whatsapp", Blame.PERSON)),
        (graph(400, 131047), Refused("window_closed", Blame.PERSON)),
        (graph(404, 132001), Refused("template_unknown", Blame.PERSON)),
        (graph(400, 139999), Refused("error_139999")),
        (graph(429, 130429), NotSent("rate_limit", 30.0, blame=Blame.LINE)),
        (graph(400, 80007), NotSent("rate_limit", 30.0, blame=Blame.LINE)),
        (graph(429, 131056), NotSent("pair_limit", 60.0)),
        (graph(503, 131016), NotSent("unavailable", 30.0, blame=Blame.LINE)),
        (graph(401, 190), NotSent("unauthorized", None, blame=Blame.LINE)),
        (graph(403, 200), NotSent("forbidden", None, blame=Blame.LINE)),
        (graph(400, 131042), NotSent("payment", None, blame=Blame.LINE)),
        ({"kind": "limit", "retry_after": "7"}, NotSent("http_429", 7.0, blame=Blame.LINE)),
        ({"kind": "status", "status": 503, "retry_after": "9"}, NotSent("http_503", 9.0, blame=Blame.LINE)),
    ],
)
async def test_meta_s_codes_say_whose_fault_it_is(fault: dict[str, Any], outcome: Outcome) -> None:
    async with rig() as one:
        one.sim.set(fault=fault)
        assert await one.send() == outcome
        assert one.texts == []


async def test_a_code_can_be_read_otherwise() -> None:
    async with rig(errors={"131026": "retry", "139999": "line"}, server_errors="retry") as one:
        one.sim.set(faults=[graph(400, 131026), graph(400, 139999), {"kind": "status", "status": 502}])
        assert await one.send() == NotSent("not_on_whatsapp", 30.0, blame=Blame.LINE)
        assert await one.send() == NotSent("error_139999", None, blame=Blame.LINE)
        assert await one.send() == NotSent("http_502", None, blame=Blame.LINE)


async def test_what_the_api_can_never_take_is_not_asked() -> None:
    async with rig() as one:
        assert await one.send("x" * 4097) == Refused("too_long", Blame.PERSON)
        assert await one.send(to="ana@example.com") == Refused("number", Blame.PERSON)
        assert one.sim.count("taken") == 0
        assert one.bench.passed == []


async def test_withdrawn_before_the_first_byte() -> None:
    async def withdraw(part: int, taken: Any = None) -> None:
        raise Withdrawn("paused")

    async with rig() as one:
        assert await one.send(pnr=withdraw) == NotSent("paused", counts=False)
        assert one.texts == []


# --------------------------------------------------------------------------------------------------------------- health


async def test_a_refused_token_quarantines_and_a_lost_api_recovers() -> None:
    async with rig("quarantined", token="otro") as one:
        assert await one.send() == NotSent("unauthorized", counts=False)
        one.sim.set(token="otro")
        status = await one.bench.sink.state("ready")
        assert status.detail == {"name": "Norte Wifi", "number": f"+{one.sim.numbers[0].number}", "quality": "GREEN"}
    async with WhatsappSimulator() as sim:
        sim.set(fault={"kind": "drop", "on": "health", "count": 2})
        async with running(WhatsappLine("wa", options(sim), TIMING), "recovering") as bench:
            await bench.sink.state("ready")
            assert isinstance(await bench.send(TO), Accepted)


async def test_a_question_that_is_not_understood_does_not_stop_the_line() -> None:
    async with WhatsappSimulator() as sim:
        sim.set(fault={"kind": "status", "status": 404, "body": "{}", "on": "health", "count": None})
        async with running(WhatsappLine("wa", options(sim), TIMING)) as bench:
            assert isinstance(await bench.send(TO), Accepted)


async def test_questions_of_a_person_and_no_secret_in_any_log() -> None:
    with structlog.testing.capture_logs() as logs:
        async with rig() as one:
            assert (await one.line.command("health"))["quality"] == "GREEN"
            with pytest.raises(LineError, match="health"):
                await one.line.command("balance")
            one.sim.set(fault={"kind": "html", "on": "health"})
            one.fault("drop")
            await one.send()
            one.fault("limit")
            await one.send()
            secrets = [one.sim.devices[0][name] for name in ("token", "app_secret", "verify_token")]
    assert not any(secret in repr(logs) for secret in secrets)
    assert TO not in repr(logs)


# ---------------------------------------------------------------------------------------------------------------- calls


def signed(sim: WhatsappSimulator, body: bytes) -> dict[str, str]:
    digest = hmac.new(sim.devices[0]["app_secret"].encode(), body, hashlib.sha256).hexdigest()
    return {"x-hub-signature-256": f"sha256={digest}"}


async def test_only_signed_calls_are_believed() -> None:
    async with rig() as one:
        assert isinstance(one.line, TakesHooks)
        body = json.dumps(one.sim.numbers[0].state("wamid.A", "5491159876543", "delivered")).encode()
        (event,) = one.line.on_hook(signed(one.sim, body), body)
        assert isinstance(event, DeliveryReport)
        assert (event.reference, event.to, event.status) == ("wamid.A", TO, "delivered")
        for headers in ({}, {"x-hub-signature-256": "sha256="}, {"x-hub-signature-256": "sha256=" + "0" * 64}):
            with pytest.raises(HookRefusedError) as refused:
                one.line.on_hook(headers, body)
            assert refused.value.status == 401
        with pytest.raises(HookRefusedError) as refused:
            one.line.on_hook(signed(one.sim, body), body + b" ")
        assert refused.value.status == 401
        with pytest.raises(HookRefusedError) as refused:
            one.line.on_hook(signed(one.sim, b"[]"), b"[]")
        assert refused.value.status == 400


async def test_a_state_that_outruns_a_lost_answer_leaves_no_doubt() -> None:
    async with rig() as one:
        message = one.bench.message(TO)
        body = json.dumps(one.sim.numbers[0].state("wamid.B", "5491159876543", "sent", message.attempt)).encode()
        assert one.line.on_hook(signed(one.sim, body), body)
        one.fault("drop")
        outcome = await one.line.send(message, one.bench.point_of_no_return)
        assert outcome == Accepted({1: "wamid.B"})


async def test_the_question_of_whose_the_address_is() -> None:
    async with rig() as one:
        assert isinstance(one.line, AnswersChallenges)
        query = {"hub.mode": "subscribe", "hub.verify_token": "palabra", "hub.challenge": "1158201444"}
        assert one.line.on_challenge(query) == "1158201444"
        for wrong in ({**query, "hub.verify_token": "otra"}, {**query, "hub.mode": "x"}, {}):
            with pytest.raises(HookRefusedError) as refused:
                one.line.on_challenge(wrong)
            assert refused.value.status == 403
    async with rig(verify_token=None) as one:
        with pytest.raises(HookRefusedError):
            one.line.on_challenge(query | {"hub.verify_token": ""})


async def test_a_number_that_is_not_ours_quarantines_the_line_and_fails_nobody() -> None:
    wrong = {"error": {"code": 100, "error_subcode": 33, "message": "(#100) Unsupported post request"}}
    async with rig() as one:
        gone = {"kind": "status", "status": 400, "body": json.dumps(wrong)}
        one.sim.set(faults=[{**gone, "count": 2}, {**gone, "on": "health", "count": 1}])
        assert await one.send() == NotSent("phone_unknown", blame=Blame.LINE)
        assert (await one.bench.sink.state("quarantined")).reason == "phone_unknown"
        await one.bench.sink.state("ready")
        assert one.texts == []


async def test_a_limit_is_not_made_worse_by_looking_and_a_lost_token_is_seen_at_once() -> None:
    async with rig() as one:
        before = one.sim.count("health")
        one.sim.set(fault={**graph(429, 130429), "count": 3})
        for _ in range(3):
            await one.send()
        assert one.sim.count("health") == before
        one.sim.set(token="otro")
        assert isinstance(await one.send(), NotSent)
        assert (await one.bench.sink.state("quarantined")).reason == "unauthorized"
