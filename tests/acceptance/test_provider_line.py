"""The provider's line as the gateway runs it, against the simulator: each outcome, each doubt, each direction."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
import structlog

from drivers.base import (
    Accepted,
    AwaitedAttempt,
    Blame,
    DeliveryReport,
    Event,
    HookRefusedError,
    InboundMessage,
    LateAccept,
    LineError,
    LineStatus,
    NotSent,
    OpenAttempt,
    OutboundMessage,
    PointOfNoReturn,
    Refused,
    Uncertain,
    Withdrawn,
)
from drivers.provider.line import ProviderLine
from drivers.provider.options import ProviderOptions
from drivers.provider.simulator import ProviderSimulator

PATIENCE_S = 20.0
"""No wait of these tests is this long unless something is broken or the machine is starved."""

GENERIC: dict[str, Any] = {
    "auth": "bearer",
    "json": {"id": "{id}", "to": "{number}", "text": "{text}"},
    "id": "$.id",
    "rules": (
        {"status": 201, "json": "$.status", "matches": "accepted", "result": "accepted"},
        {"status": 409, "json": "$.error", "matches": "duplicate", "result": "accepted"},
    ),
    "timeout": 5.0,
}


class Sink:
    """An event sink that is durable while `gate` is open; each event can be waited for."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self._changed = asyncio.Condition()

    async def put(self, event: Event) -> None:
        if not isinstance(event, LineStatus):
            await self.gate.wait()
        self.events.append(event)
        async with self._changed:
            self._changed.notify_all()

    async def count(self, kind: type[Any], number: int) -> list[Any]:
        def found() -> list[Any]:
            return [event for event in self.events if isinstance(event, kind)]

        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(lambda: len(found()) >= number)
        return found()


def elsewhere(reason: str) -> Refused:
    """This provider cannot carry it; another line may."""
    return Refused(reason, Blame.PERSON, elsewhere=True)


def taken(references: Mapping[int, str]) -> Accepted:
    """Taken by a provider that never says what became of it."""
    return Accepted(references, reported=False)


class Rig:
    def __init__(self, sim: ProviderSimulator, options: dict[str, Any]) -> None:
        self.sim = sim
        self.options = ProviderOptions.model_validate(options)
        self.line = ProviderLine("p1", self.options, doubt_pauses_s=(0.0, 0.0, 0.0))
        self.sink = Sink()
        self.passed: list[int] = []
        self._attempts = 0

    async def point_of_no_return(self, part: int, taken: Mapping[int, str] | None = None) -> None:
        self.passed.append(part)

    def message(self, text: str = "Hola", to: str = "+5491159876543", **more: Any) -> OutboundMessage:
        self._attempts += 1
        given: dict[str, Any] = {"attempt": f"01JD{self._attempts:022d}", "to": to, "address": to, "text": text}
        return OutboundMessage(**{**given, "parts": (text,), **more})

    async def send(
        self,
        text: str = "Hola",
        to: str = "+5491159876543",
        pnr: PointOfNoReturn | None = None,
        **more: Any,
    ) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            return await self.line.send(self.message(text, to, **more), pnr or self.point_of_no_return)

    @property
    def texts(self) -> list[str]:
        return [row["text"] for row in self.sim.texts()["texts"]]

    def fault(self, kind: str, **arguments: Any) -> None:
        self.sim.set(fault={"kind": kind, **arguments})


@asynccontextmanager
async def rig(brand: str = "generic", **options: Any) -> AsyncIterator[Rig]:
    async with ProviderSimulator(brand=brand) as sim:
        device, base = sim.devices[0], sim.base()
        given = dict(options)
        if brand == "generic":
            given = {**GENERIC, "url": device["url"], "key": device["key"], **given}
        else:
            given = {"preset": brand, "url": device["url"], "user": device["user"], **given}
        given = {
            name: value.replace("BASE", base) if isinstance(value, str) else value for name, value in given.items()
        }
        made = Rig(sim, given)
        task = asyncio.create_task(made.line.run(made.sink))
        try:
            await made.sink.count(LineStatus, 1)
            yield made
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


# ------------------------------------------------------------------------------------------------------------ outcomes


async def test_a_message_is_taken_once_with_its_reference() -> None:
    async with rig() as r:
        assert await r.send("¡Hola, señor! €") == taken({1: "p0-1"})
        assert r.texts == ["¡Hola, señor! €"]
        assert r.passed == [1]
        assert r.sim.texts()["texts"][0]["id"] == "01JD0000000000000000000001"


async def test_parts_go_as_one_text_and_share_its_fate() -> None:
    async with rig() as r:
        text = "x" * 200
        assert await r.send(text, parts=("x" * 153, "x" * 47), todo=(1, 2)) == taken({1: "p0-1", 2: "p0-1/2"})
        assert r.texts == [text]
        assert r.passed == [1, 2]
        # The rest of a text that has left in part cannot be said by a provider.
        assert await r.send(text, parts=("x" * 153, "x" * 47), todo=(2,)) == Refused(
            "parts_elsewhere", Blame.PERSON, elsewhere=True
        )
        assert r.sim.count("taken") == 1


FAULTS: list[tuple[dict[str, Any], Any, int]] = [
    ({"kind": "drop", "taken": True}, Uncertain("connection_lost"), 1),
    ({"kind": "drop", "taken": False}, Uncertain("connection_lost"), 0),
    ({"kind": "status", "status": 500, "taken": False}, Uncertain("http_500"), 0),
    ({"kind": "status", "status": 503, "taken": True}, Uncertain("http_503"), 1),
    # A 503 whose body says yes is still no.
    ({"kind": "status", "status": 503, "body": '{"status":"accepted"}', "taken": False}, Uncertain("http_503"), 0),
    ({"kind": "html"}, Uncertain("html_page"), 0),
    ({"kind": "garbage"}, Uncertain("answer_unknown"), 1),
    ({"kind": "wrong_json"}, Uncertain("answer_unknown"), 1),
    ({"kind": "wrong_json", "status": 201, "body": '{"status":"rejected"}'}, Uncertain("answer_unknown"), 1),
    ({"kind": "cut"}, Uncertain("connection_lost"), 1),
    ({"kind": "huge"}, Uncertain("answer_too_long"), 1),
    ({"kind": "no_http"}, Uncertain("answer_malformed"), 1),
    ({"kind": "redirect", "to": "/v1/messages"}, Uncertain("http_302"), 0),
    ({"kind": "limit", "retry_after": "7"}, NotSent("http_429", 7.0, blame=Blame.LINE), 0),
    ({"kind": "limit", "retry_after": None}, NotSent("http_429", None, blame=Blame.LINE), 0),
    ({"kind": "status", "status": 408}, NotSent("http_408", None, blame=Blame.LINE), 0),
    ({"kind": "status", "status": 401}, NotSent("unauthorized", None, blame=Blame.LINE), 0),
    ({"kind": "status", "status": 422}, Refused("http_422"), 0),
]


@pytest.mark.parametrize(("fault", "outcome", "taken"), FAULTS, ids=lambda each: str(each)[:60])
async def test_an_answer_in_doubt_is_never_a_success_nor_a_second_send(
    fault: dict[str, Any], outcome: Any, taken: int
) -> None:
    async with rig() as r:
        r.fault(**fault)
        assert await r.send() == outcome
        assert r.sim.count("taken") == taken
        assert r.sim.count("requests") == 1
        assert isinstance(await r.send("Otra"), Accepted)


async def test_silence_ends_in_doubt_after_the_lines_patience() -> None:
    async with rig(timeout=0.3) as r:
        r.fault("silence")
        assert await r.send() == Uncertain("timeout")


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_a_get_whose_connection_broke_is_not_sent_again(method: str) -> None:
    async with rig("smsmasivos", password="clave1", method=method) as r:
        r.fault("drop", taken=True)
        assert await r.send() == Uncertain("connection_lost")
        assert r.texts == ["Hola"]
        assert r.sim.count("requests") - r.sim.count("inbox") == 1


async def test_a_provider_that_is_not_there_has_sent_nothing() -> None:
    async with rig() as r:
        await r.sim.stop()
        assert await r.send() == NotSent("connect_failed", blame=Blame.LINE)
        assert r.passed == []
        statuses = await r.sink.count(LineStatus, 2)
        assert [(each.state, each.reason) for each in statuses] == [("ready", None), ("recovering", "connect_failed")]
        assert await r.send() == NotSent("connect_failed", counts=False)


@pytest.mark.parametrize("kept", [True, False])
async def test_a_provider_that_hangs_up_during_the_point_of_no_return_got_nothing(kept: bool) -> None:
    """Certainly so: over a connection that had served before, the message goes at once over a new one."""
    async with rig() as r:
        if kept:
            await r.send("Uno")
        left = asyncio.Event()

        async def slow(part: int, taken: Mapping[int, str] | None = None) -> None:
            for connection in list(r.sim.services[0].connections):
                connection.drop()
            while r.sim.services[0].connections:
                await asyncio.sleep(0)
            for _ in range(20):  # until this side has noticed as well
                await asyncio.sleep(0)
            left.set()

        outcome = await r.send("Dos", pnr=slow)
        assert left.is_set()
        if kept:
            assert isinstance(outcome, Accepted)
            assert r.texts == ["Uno", "Dos"]
        else:
            assert outcome in (NotSent("connection_lost", blame=Blame.LINE), Uncertain("connection_lost"))
            assert r.texts == []


# -------------------------------------------------------------------------------------------------- point of no return


async def test_nothing_leaves_before_the_point_of_no_return_returns() -> None:
    async with rig() as r:
        gate, asked = asyncio.Event(), asyncio.Event()

        async def held(part: int, taken: Mapping[int, str] | None = None) -> None:
            asked.set()
            await gate.wait()

        task = asyncio.create_task(r.send(pnr=held))
        await asyncio.wait_for(asked.wait(), PATIENCE_S)
        assert r.sim.count("connections") == 2, "the line's look, and the message's"
        assert r.sim.count("requests") == 0
        gate.set()
        assert isinstance(await task, Accepted)


async def test_a_withdrawal_sends_nothing_and_uses_up_no_try() -> None:
    async with rig() as r:

        async def withdrawn(part: int, taken: Mapping[int, str] | None = None) -> None:
            raise Withdrawn("cancelled")

        assert await r.send(pnr=withdrawn) == NotSent("cancelled", counts=False)
        assert isinstance(await r.send("Otra"), Accepted)
        assert r.texts == ["Otra"]


async def test_cancelled_before_the_point_of_no_return_nothing_leaves() -> None:
    async with rig() as r:
        asked = asyncio.Event()

        async def held(part: int, taken: Mapping[int, str] | None = None) -> None:
            asked.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(r.send(pnr=held))
        await asyncio.wait_for(asked.wait(), PATIENCE_S)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert isinstance(await r.send("Otra"), Accepted)
        assert r.texts == ["Otra"]


async def test_cancelled_after_it_the_message_may_have_left() -> None:
    async with rig() as r:
        r.fault("silence", taken=True)
        task = asyncio.create_task(r.send())
        await r.sim.wait(taken=1, timeout=PATIENCE_S)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert r.passed == [1]


# ------------------------------------------------------------------------------------------------- idempotent providers


@pytest.mark.parametrize("fault", ["drop", "cut", "garbage", "html", "no_http"])
async def test_a_provider_that_knows_ids_is_asked_again_and_takes_it_once(fault: str) -> None:
    async with rig(idempotent=True) as r:
        r.fault(fault, taken=True, count=2)
        assert await r.send() == taken({1: "p0-1"})
        assert r.texts == ["Hola"]
        assert r.passed == [1]
        assert r.sim.count("duplicates") >= 1


async def test_doubt_outlasts_a_later_refusal_to_connect_or_to_listen() -> None:
    async with rig(idempotent=True) as r:
        r.fault("drop", taken=True)
        r.fault("limit", retry_after="0", count=None)
        assert await r.send() == Uncertain("connection_lost")
        assert r.texts == ["Hola"]


async def test_a_thousand_dropped_connections_double_and_lose_nothing() -> None:
    async with rig(idempotent=True, capacity=20) as r:
        r.fault("drop", taken=True, count=1000)
        outcomes = await asyncio.gather(*(r.send(f"n{n}") for n in range(200)))
        assert {type(each) for each in outcomes} <= {Accepted, Uncertain}
        assert len(r.texts) == len(set(r.texts)) == 200


# ------------------------------------------------------------------------------------------------------------- dialects


async def test_sms_masivos_needs_user_and_password_alone() -> None:
    async with rig("smsmasivos", password="clave1") as r:
        assert await r.send("Hola, su saldo es $ 1.500") == taken({1: "01JD0000000000000000000001"})
        row = r.sim.texts()["texts"][0]
        assert (row["to"], row["id"]) == ("1159876543", "01JD0000000000000000000001")
        assert await r.send("x" * 161) == elsewhere("text_too_long")
        assert await r.send("señor") == elsewhere("characters")
        assert await r.send(to="+56912345678") == elsewhere("number")
        assert r.sim.count("requests") - r.sim.count("inbox") == 1
        assert await r.send(to="+541143211234") == taken({1: "01JD0000000000000000000005"})


async def test_sms_masivos_reads_refusals_and_leaves_what_it_does_not_know_in_doubt() -> None:
    async with rig("smsmasivos", password="clave1", text_max=999, characters=".") as r:
        assert await r.send("x" * 161) == elsewhere("text_too_long")
        assert await r.send("{}") == elsewhere("characters")
    async with rig("smsmasivos", password="otra") as r:
        assert await r.send() == NotSent("unauthorized", blame=Blame.LINE)


async def test_sms_masivos_replies_and_balance() -> None:
    async with rig("smsmasivos", password="clave1") as r:
        assert await r.line.command("balance") == {"balance": "1234"}


async def test_connectus_gets_the_number_as_a_number() -> None:
    async with rig("connectus", key="k-123456", balance_url="BASE/api_v2/check_sms_balance") as r:
        assert await r.send("señal", to="+56912345678") == taken({1: "p0-1"})
        assert r.sim.texts()["texts"][0]["to"] == "56912345678"
        assert await r.line.command("balance") == {"balance": "1234.50"}
        r.fault("wrong_json", body='{"error":"x"}')
        assert await r.send() == Uncertain("provider_error")


# -------------------------------------------------------------------------------------------------------- what comes in


async def test_replies_are_put_once_and_acknowledged_when_durable() -> None:
    async with rig() as quiet:
        inbox = {"items": "$.messages", "at": "$.at", "ack_url": f"{quiet.sim.base()}/v1/inbox/{{reference}}"}
        options = {**GENERIC, "url": quiet.sim.devices[0]["url"], "key": "k-123456", "inbox": inbox}
        options |= {"inbox_url": f"{quiet.sim.base()}/v1/inbox", "inbox_interval": 0.02}
        quiet.sim.inject(sender="+5491144440000", text="Sí, ñandú", at="2026-11-23T12:00:00+00:00")
        quiet.sim.inject(sender="+5491144440000", text="Sí, ñandú", at="2026-11-23T12:00:00+00:00")
        made = Rig(quiet.sim, options)
        made.sink.gate.clear()
        task = asyncio.create_task(made.line.run(made.sink))
        await quiet.sim.wait(inbox=1, timeout=PATIENCE_S)
        await made.sink.count(LineStatus, 1)
        assert quiet.sim.count("ack") == 0
        made.sink.gate.set()
        await quiet.sim.wait(ack=2, inbox=4, timeout=PATIENCE_S)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        got = [event for event in made.sink.events if isinstance(event, InboundMessage)]
        assert [each.key for each in got] == ["in-0-1", "in-0-2"]
        assert got[0] == InboundMessage("in-0-1", "+5491144440000", None, "Sí, ñandú", 1795435200.0)


async def test_states_are_asked_for_until_they_are_final() -> None:
    report = {"states": {"delivered": "delivered", "failed": "undelivered"}, "reason": "$.reason"}
    async with rig(poll_url="BASE/v1/messages/{reference}", poll_interval=0.02, report=report) as r:
        r.sim.set(report_delay=0.05)
        await r.send()
        first = (await r.sink.count(DeliveryReport, 1))[0]
        told = (first.reference, first.status, first.attempt, first.whole)
        assert told == ("p0-1", "delivered", "01JD0000000000000000000001", True)
        r.sim.set(report="failed")
        await r.send("x" * 200, parts=("x" * 153, "x" * 47), todo=(1, 2))
        last = (await r.sink.count(DeliveryReport, 2))[1]
        assert (last.reference, last.whole, last.status, last.reason) == ("p0-2", True, "undelivered", "absent")


async def test_open_attempts_are_asked_about_by_our_id() -> None:
    report = {"states": {"delivered": "delivered"}, "by": "id"}
    async with rig(poll_url="BASE/v1/messages/{id}", poll_interval=0.02, report=report) as r:
        await r.send()
        known, unknown = "01JD0000000000000000000001", "01JD0000000000000000000099"
        attempts = [OpenAttempt(each, "+5491159876543", "+5491159876543", (1,), 0.0) for each in (known, unknown)]
        assert await r.line.resume(attempts) == {known: Accepted({1: known})}


async def test_an_earlier_life_s_messages_are_asked_about_again() -> None:
    report = {"states": {"delivered": "delivered"}}
    now = time.time()
    async with rig(poll_url="BASE/v1/messages/{reference}", poll_interval=0.02, report=report) as r:
        for _ in range(2):
            await r.send()
        await r.sink.count(DeliveryReport, 2)
        line = ProviderLine("p2", r.options)
        task = asyncio.create_task(line.run(sink := Sink()))
        await sink.count(LineStatus, 1)
        doubtful = AwaitedAttempt("01JD0000000000000000000001", "+54911", {}, (1,), now)
        await line.follow([AwaitedAttempt("01JD0000000000000000000002", "+54911", {1: "p0-2"}, (), now), doubtful])
        (event,) = await sink.count(DeliveryReport, 1)
        assert (event.reference, event.attempt, event.whole) == ("p0-2", "01JD0000000000000000000002", True)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_a_provider_has_after_all_is_found_out_by_our_id() -> None:
    report = {"states": {"delivered": "delivered"}, "by": "id"}
    async with rig(poll_url="BASE/v1/messages/{id}", poll_interval=0.05, report=report) as r:
        r.sim.set(report="queued")
        r.fault("drop", taken=True)
        assert await r.send("x" * 200, parts=("x" * 153, "x" * 47), todo=(1, 2)) == Uncertain("connection_lost")
        late = await r.sink.count(LateAccept, 2)
        attempt = "01JD0000000000000000000001"
        assert late == [LateAccept(attempt, 1, attempt), LateAccept(attempt, 2, f"{attempt}/2")]
        r.sim.set(report="delivered")
        (event,) = await r.sink.count(DeliveryReport, 1)
        assert (event.attempt, event.status, event.whole) == (attempt, "delivered", True)


async def test_a_hook_proves_itself_and_says_what_became_of_a_message() -> None:
    report = {"reference": "$.id", "state": "$.status", "states": {"sent": "delivered"}}
    async with rig(hook_secret="h00k", report=report, inbox={"id": "$.mid"}) as r:
        await r.send()
        body = json.dumps({"id": "p0-1", "status": "sent"}).encode()
        proof = hmac.new(b"h00k", body, hashlib.sha256).hexdigest()
        (event,) = r.line.on_hook({"x-signature": proof, "Content-Type": "application/json"}, body)
        assert isinstance(event, DeliveryReport)
        assert (event.attempt, event.whole, event.status) == ("01JD0000000000000000000001", True, "delivered")
        with pytest.raises(HookRefusedError) as refused:
            r.line.on_hook({"X-Signature": proof}, body + b" ")
        assert refused.value.status == 401
        body = json.dumps({"mid": "7", "from": "+549114444", "text": "Hola"}).encode()
        proof = hmac.new(b"h00k", body, hashlib.sha256).hexdigest()
        (event,) = r.line.on_hook({"X-Signature": f"sha256={proof}"}, body)
        assert isinstance(event, InboundMessage)
        assert (event.key, event.sender, event.text) == ("7", "+549114444", "Hola")


# -------------------------------------------------------------------------------------------------------------- secrets


async def test_secrets_are_in_no_answer_no_error_and_no_log() -> None:
    secret, key = "contraseña-Ñ/+&9", "k-very-secret"
    with structlog.testing.capture_logs() as logs:
        for brand in ("smsmasivos", "connectus"):
            async with rig(
                brand, password=secret, key=key, inbox_url="BASE/nothing", inbox_interval=0.02, balance_url="BASE/x"
            ) as r:
                r.sim.set(settings={"key": key, "password": secret})
                said = [repr(r.line._options), repr(await r.send())]
                r.fault("wrong_json", body=json.dumps({"error": f"bad key {key}"}))
                said.append(repr(await r.send()))
                said.append(json.dumps(await r.line.command("explain", "+5491159876543 Hola")))
                said.append(json.dumps(await r.line.command("last")))
                assert "***" in said[-1]
                r.fault("html", on="balance")
                try:
                    said.append(repr(await r.line.command("balance")))
                except LineError as error:
                    said.append(str(error))
                await r.sim.stop()
                said.append(repr(await r.send()))
                with pytest.raises(LineError) as failed:
                    await r.line.command("balance")
                said.append(repr(failed.value) + repr(failed.value.__context__))
                for text in said:
                    assert secret not in text
                    assert key not in text
                    assert "contrase" not in text or "clave" in text
    assert secret not in repr(logs)
    assert key not in repr(logs)


async def test_what_a_person_is_shown_is_the_request_that_goes_out() -> None:
    async with rig() as r:
        shown = await r.line.command("explain", "+5491159876543 Hola")
        assert shown["request"] == f"POST {r.sim.devices[0]['url']}"
        assert shown["headers"]["Authorization"] == "Bearer ***"
        assert json.loads(shown["body"]) == {"id": "0" * 26, "to": "+5491159876543", "text": "Hola"}
        await r.send()
        last = await r.line.command("last")
        assert last["1"]["answer"]["status"] == 201
        with pytest.raises(LineError):
            await r.line.command("sing")
