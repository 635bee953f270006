"""Blocks: many messages share a request, and each keeps its own point of no return, outcome and doubt."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
import structlog

from drivers.base import (
    Accepted,
    Blame,
    DeliveryReport,
    LateAccept,
    NotSent,
    OpenAttempt,
    Outcome,
    PointOfNoReturn,
    Refused,
    Uncertain,
    Withdrawn,
)
from drivers.provider.simulator import ProviderSimulator
from tests.acceptance.test_provider_line import PATIENCE_S, Rig, elsewhere, rig, taken

MASIVOS: dict[str, Any] = {"password": "clave1"}
QUICK = {"gather": 0.2, "result_interval": 0.02, "result_wait": 5.0}
"""Long enough for all of a test's messages to meet, short enough not to wait for."""

JSON_BLOCK: dict[str, Any] = {
    "url": "messages/batch",
    "row": {"id": "{id}", "to": "{number}", "text": "{text}"},
    "json": {"messages": "{rows}"},
    "least": 2,
    "gather": 0.2,
    "rules": ({"status": 202, "result": "accepted"},),
    "answer": {
        "items": "$.messages",
        "id": "$.client_id",
        "rules": ({"body": "accepted", "result": "accepted"}, {"body": "rejected", "result": "refused"}),
    },
}


async def send_all(r: Rig, count: int, pnr: PointOfNoReturn | None = None, **more: Any) -> list[Outcome]:
    """So many at once; each to a number of its own."""
    sends = [r.send(f"Hola {number}", f"+54911598765{number:02d}", pnr, **more) for number in range(count)]
    return list(await asyncio.gather(*sends))


def own(number: int) -> str:
    return f"01JD{number:022d}"


@pytest.mark.parametrize("told", ["each", "all"])
async def test_many_at_once_share_a_request_and_each_has_its_outcome(told: str) -> None:
    async with rig("smsmasivos", **MASIVOS, block=QUICK) as r:
        r.sim.set(rejects=r"115987650[37]", block_delay=0.1, block_told=told)
        outcomes = await send_all(r, 10)
        assert [each for number, each in enumerate(outcomes) if number not in (3, 7)] == [
            taken({1: own(number + 1)}) for number in range(10) if number not in (3, 7)
        ]
        assert outcomes[3] == outcomes[7] == Refused("landline", Blame.PERSON)
        assert sorted(r.texts) == sorted(f"Hola {number}" for number in range(10) if number not in (3, 7))
        assert r.sim.count("blocks") == 1
        assert r.passed == [1] * 10
        # While the block is pending one message is asked for it; then the answer about one may be about all.
        assert r.sim.count("results") < (20 if told == "each" else 12)


async def test_a_few_go_by_themselves_and_no_more_than_the_requests_allowed() -> None:
    async with rig("smsmasivos", **MASIVOS, block=QUICK) as r:
        assert await send_all(r, 4) == [taken({1: own(number)}) for number in range(1, 5)]
        assert (r.sim.count("blocks"), r.sim.count("taken")) == (0, 4)
        assert r.line.capacity == 200
    async with rig("smsmasivos", **MASIVOS, block={"most": 1}) as r:
        assert r.line.capacity == 4
        await send_all(r, 12)
        assert (r.sim.count("blocks"), r.sim.count("taken")) == (0, 12)


async def test_nothing_is_written_before_every_intent_is_durable() -> None:
    async with rig("smsmasivos", **MASIVOS, block=QUICK) as r:
        gate, asked = asyncio.Event(), asyncio.Semaphore(0)

        async def point_of_no_return(part: int, taken: Mapping[int, str] | None = None) -> None:
            asked.release()
            await gate.wait()

        sends = asyncio.create_task(send_all(r, 6, point_of_no_return))
        async with asyncio.timeout(PATIENCE_S):
            for _ in range(6):
                await asked.acquire()
        assert r.sim.count("blocks") == 0
        assert r.texts == []
        gate.set()
        assert len(await sends) == 6
        assert r.sim.count("blocks") == 1


async def test_one_that_is_withdrawn_is_not_in_the_request_and_the_others_are() -> None:
    async with rig("smsmasivos", **MASIVOS, block=QUICK) as r:
        asked = 0

        async def point_of_no_return(part: int, taken: Mapping[int, str] | None = None) -> None:
            nonlocal asked
            asked += 1
            if asked == 4:
                raise Withdrawn("cancelled")

        outcomes = await send_all(r, 8, point_of_no_return)
        assert outcomes.count(NotSent("cancelled", counts=False)) == 1
        assert len(r.texts) == 7
        assert asked == 8  # nobody passed twice
        assert r.sim.count("blocks") == 1


async def test_a_send_that_is_cut_off_is_not_in_the_request() -> None:
    async with rig("smsmasivos", **MASIVOS, block=QUICK) as r:
        stuck = asyncio.Event()
        mine = r.message("Cortado", "+5491159870000")

        async def never(part: int, taken: Mapping[int, str] | None = None) -> None:
            stuck.set()
            await asyncio.Event().wait()

        cut = asyncio.create_task(r.line.send(mine, never))
        early = asyncio.create_task(r.line.send(r.message("Antes", "+5491159870001"), never))
        others = asyncio.create_task(send_all(r, 6))
        await asyncio.sleep(0)
        early.cancel()
        async with asyncio.timeout(PATIENCE_S):
            await stuck.wait()
        cut.cancel()
        outcomes = await others
        assert all(isinstance(each, Accepted) for each in outcomes)
        assert sorted(r.texts) == [f"Hola {number}" for number in range(6)]
        for task in (cut, early):
            with pytest.raises(asyncio.CancelledError):
                await task


async def test_a_provider_that_is_away_has_taken_nothing_and_nobody_passed() -> None:
    async with rig("smsmasivos", **MASIVOS, block={**QUICK, "url": "http://127.0.0.1:9/"}) as r:
        assert await send_all(r, 6) == [NotSent("connect_failed", blame=Blame.LINE)] * 6
        assert r.passed == []


@pytest.mark.parametrize("kind", ["drop", "garbage", "cut", "html"])
async def test_a_lost_answer_is_made_good_by_asking(kind: str) -> None:
    async with rig("smsmasivos", **MASIVOS, block=QUICK) as r:
        r.fault(kind, on="block", taken=True)
        r.sim.set(rejects="1159876500")
        outcomes = await send_all(r, 6)
        assert outcomes == [Refused("landline", Blame.PERSON), *(taken({1: own(number)}) for number in range(2, 7))]
        assert len(r.texts) == 5
        assert r.sim.count("blocks") == 1


async def test_what_nobody_knows_stays_in_doubt_until_it_is_told() -> None:
    async with rig("smsmasivos", **MASIVOS, block={**QUICK, "result_wait": 0.1}) as r:
        r.fault("drop", on="block", taken=True)
        r.sim.set(block_delay=3600, rejects="1159876500")
        assert await send_all(r, 5) == [Uncertain("connection_lost")] * 5
        assert r.sim.process() == {"processed": 1}
        late = await r.sink.count(LateAccept, 4)
        assert {(each.attempt, each.part, each.reference) for each in late} == {
            (own(number), 1, own(number)) for number in range(2, 6)
        }
        (lost,) = await r.sink.count(DeliveryReport, 1)
        assert (lost.attempt, lost.status, lost.reason) == (own(1), "undelivered", "landline")
        assert len(r.texts) == 4


async def test_a_block_that_was_taken_is_submitted_though_nothing_is_told_of_it() -> None:
    async with rig("smsmasivos", **MASIVOS, block={**QUICK, "result_wait": 0.1}) as r:
        r.sim.set(block_delay=3600, rejects="1159876502")
        assert await send_all(r, 5) == [Accepted({1: own(number)}) for number in range(1, 6)]
        assert r.sim.process() == {"processed": 1}
        (lost,) = await r.sink.count(DeliveryReport, 1)
        assert (lost.attempt, lost.status, lost.reason) == (own(3), "undelivered", "landline")
        assert not [each for each in r.sink.events if isinstance(each, LateAccept)]


async def test_one_bad_row_does_not_fail_the_others() -> None:
    async with rig("smsmasivos", **MASIVOS, block=QUICK, text_max=999) as r:
        sends = [r.send("x" * 161 if number == 2 else f"Hola {number}") for number in range(6)]
        outcomes = await asyncio.gather(*sends)
        assert outcomes[2] == elsewhere("text_too_long")
        assert outcomes.count(elsewhere("text_too_long")) == 1
        assert (r.sim.count("refused"), r.sim.count("taken")) == (2, 5)  # the block, then the one
        assert r.passed == [1] * 6  # the intent stands from the block on


async def test_wrong_credentials_are_the_lines_fault() -> None:
    async with rig("smsmasivos", password="otra", block=QUICK) as r:
        assert await send_all(r, 6) == [NotSent("unauthorized", blame=Blame.LINE)] * 6


async def test_a_value_that_would_end_its_row_goes_alone() -> None:
    async with rig("smsmasivos", **MASIVOS, block={**QUICK, "least": 2}, characters="(?s:.)") as r:
        hostile = "Hola\n99\t1140000000\tGratis"
        outcomes = await asyncio.gather(r.send(hostile), r.send("a"), r.send("b"))
        assert outcomes[0] == elsewhere("characters")  # as the provider says of it by itself
        assert sorted(r.texts) == ["a", "b"]
        assert {row["to"] for row in r.sim.texts()["texts"]} == {"1159876543"}


async def test_a_json_block_whose_answer_tells_of_each() -> None:
    async with rig(block=JSON_BLOCK) as r:
        r.sim.set(rejects=r"\+5491159876501")
        outcomes = await asyncio.gather(*(r.send(f"¡Hola {n}! €\n\t", f"+54911598765{n:02d}") for n in range(4)))
        assert outcomes[1] == Refused("rejected")
        assert [each for each in outcomes if isinstance(each, Accepted)] == [
            taken({1: own(number)}) for number in (1, 3, 4)
        ]
        assert sorted(r.texts) == [f"¡Hola {number}! €\n\t" for number in (0, 2, 3)]
        assert r.sim.count("blocks") == 1


async def test_where_ids_are_taken_once_a_lost_block_goes_message_by_message() -> None:
    async with rig(idempotent=True, block=JSON_BLOCK) as r:
        r.fault("drop", on="block", taken=True)
        assert all(isinstance(each, Accepted) for each in await send_all(r, 6))
        assert len(r.texts) == 6
        assert r.sim.count("duplicates") == 6


async def test_a_lost_block_without_a_way_to_ask_is_in_doubt() -> None:
    async with rig(block=JSON_BLOCK) as r:
        r.fault("drop", on="block", taken=True)
        assert await send_all(r, 6) == [Uncertain("connection_lost")] * 6
        assert len(r.texts) == 6
        r.fault("limit", on="block", retry_after="7")
        assert await send_all(r, 3) == [NotSent("http_429", 7.0, blame=Blame.LINE)] * 3


async def test_open_attempts_of_a_block_are_asked_about() -> None:
    async with rig("smsmasivos", **MASIVOS, block=QUICK) as r:
        r.sim.set(rejects="1159876501")
        await send_all(r, 5)
        attempts = [OpenAttempt(own(n), "+54911598765", "+54911598765", (1,), 0.0) for n in (1, 2, 99)]
        assert await r.line.resume(attempts) == {own(1): taken({1: own(1)}), own(2): Refused("landline", Blame.PERSON)}


async def test_a_person_sees_ones_own_row_and_no_secret() -> None:
    with structlog.testing.capture_logs() as logs:
        async with rig("smsmasivos", **MASIVOS, block=QUICK) as r:
            r.fault("html", on="result")
            await send_all(r, 5)
            shown = await r.line.command("last")
    assert len(shown) == 5
    for each in shown.values():
        assert each["in_block"] is True
        assert each["answer"] == {"status": 200, "body": "OK"}
        assert each["request"]["body"].count("Hola") == 1
        assert "clave=***" in each["request"]["body"]
    assert "clave1" not in f"{shown}{logs}"
    assert "Hola" not in f"{logs}"


async def test_the_simulated_service_takes_commas_too() -> None:
    async with ProviderSimulator(brand="smsmasivos") as sim:
        import httpx

        login = {"usuario": "norte", "clave": "clave1"}
        async with httpx.AsyncClient(base_url=sim.base(), timeout=PATIENCE_S) as client:
            block = "Ab123,3364333333,texto 1\r\n3364333333,3364333333,texto, con coma"
            answer = await client.post(
                "/enviar_sms_bloque.asp", data=login | {"bloque": block, "separadorcampos": "coma"}
            )
            assert answer.text == "OK"
            asked = await client.get("/obtener_respuestaapi_bloque.asp", params=login | {"idinterno": "Ab123"})
            own_id, at, word = asked.text.strip().split("\t")
            assert (own_id, word) == ("Ab123", "OK")
            assert at.isdecimal()
            wrong = await client.post("/enviar_sms_bloque.asp", data=login | {"bloque": "uno,dos"})
            assert wrong.text.startswith("Error")
    assert [row["text"] for row in sim.texts()["texts"]] == ["texto 1", "texto, con coma"]
