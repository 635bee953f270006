"""Apps and services that turn a phone into a provider, as presets of the generic line."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from drivers.android.simulator import AndroidSimulator
from drivers.base import Blame, DeliveryReport, InboundMessage, LineStatus, NotSent, OutboundMessage, Refused, Uncertain
from drivers.provider.line import ProviderLine
from drivers.provider.options import ProviderOptions
from tests.acceptance.test_provider_line import PATIENCE_S, Sink, rig, taken


async def passed(part: int, taken: Mapping[int, str] | None = None) -> None:
    """A point of no return that lets everything through."""


async def test_httpsms_takes_a_message_and_says_no_more() -> None:
    async with rig("httpsms", key="k-123456", sender="+5491160000000") as r:
        assert await r.send("¡Hola, señor! €") == taken({1: "p0-1"})
        row = r.sim.texts()["texts"][0]
        assert (row["to"], row["text"]) == ("+5491159876543", "¡Hola, señor! €")
        assert row["id"] == "01JD0000000000000000000001"
        assert await r.send(to="12") == Refused("http_422")
        r.fault("drop")
        assert await r.send() == Uncertain("connection_lost")
    async with rig("httpsms", key="otra", sender="+5491160000000") as r:
        assert await r.send() == NotSent("unauthorized", blame=Blame.LINE)


async def test_textbee_is_asked_what_became_of_it_and_what_came_in() -> None:
    async with rig("textbee", key="k-123456", device="phone1", poll_interval=0.05, inbox_interval=0.05) as r:
        assert (await r.send("Señal")).references == {1: "p0-1"}
        [report] = await r.sink.count(DeliveryReport, 1)
        assert (report.status, report.attempt) == ("delivered", "01JD0000000000000000000001")
        r.sim.set(report="failed")
        await r.send("Otra")
        report = (await r.sink.count(DeliveryReport, 2))[1]
        assert (report.status, report.reason) == ("undelivered", "RESULT_ERROR_NO_SERVICE")
        r.sim.inject(sender="+5491144440000", text="Sí", count=2)
        received = await r.sink.count(InboundMessage, 2)
        assert {(each.sender, each.text) for each in received} == {("+5491144440000", "Sí")}
        assert len({each.key for each in received}) == 2
        r.fault("wrong_json", body='{"data":{"success":false}}', taken=False)
        assert await r.send() == Uncertain("provider_error")


async def test_restsms_on_a_phone_takes_a_message() -> None:
    async with AndroidSimulator(1) as phone:
        options = ProviderOptions.model_validate(
            {"preset": "restsms", "url": f"{phone.devices[0].url}/send", "key": "key"}
        )
        line, sink = ProviderLine("p1", options), Sink()
        task = asyncio.create_task(line.run(sink))
        try:
            await sink.count(LineStatus, 1)
            number = "+5491159876543"
            message = OutboundMessage(attempt="0" * 26, to=number, address=number, text="Hola", parts=("Hola",))
            async with asyncio.timeout(PATIENCE_S):
                assert await line.send(message, passed) == taken({1: message.attempt})
            assert [row["text"] for row in phone.texts()["texts"]] == ["Hola"]
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
