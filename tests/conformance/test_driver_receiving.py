"""Every driver that receives: durable before it is acknowledged, a repeat known as one, a genuine repeat not lost."""

from __future__ import annotations

import asyncio

from drivers.base import InboundMessage
from tests.conformance.trial import TEXT, Trial

SENDER = "+5491144447777"
HELD_S = 0.2
"""So long an event is kept from being durable: a driver that does not wait would have acknowledged by then."""
MANY = 60


def digits(sender: str) -> str:
    return "".join(filter(str.isdecimal, sender.partition("@")[0]))[-8:]


async def test_what_comes_in_is_told(receiving: Trial) -> None:
    await receiving.device.receive(SENDER, f"{TEXT}: sí, ñandú")
    (told,) = await receiving.sink.received(1)
    assert told.text.strip() == f"{TEXT}: sí, ñandú"
    assert digits(told.sender) == digits(SENDER)
    assert told.key


async def test_it_is_acknowledged_once_it_is_durable(receiving: Trial) -> None:
    receiving.sink.gate.clear()
    await receiving.device.receive(SENDER, TEXT)
    await receiving.sink.until(lambda: any(isinstance(each, InboundMessage) for each in receiving.sink.offered))
    await asyncio.sleep(HELD_S)
    if receiving.traits.keeps:
        assert receiving.device.held() == 1
    receiving.sink.gate.set()
    await receiving.sink.received(1)
    if receiving.traits.keeps:
        async with asyncio.timeout(20):
            while receiving.device.held():
                await asyncio.sleep(0.01)


async def test_what_was_not_durable_comes_again_as_the_same(receiving: Trial) -> None:
    receiving.sink.gate.clear()
    await receiving.device.receive(SENDER, TEXT)
    await receiving.sink.until(lambda: any(isinstance(each, InboundMessage) for each in receiving.sink.offered))
    first = next(each for each in receiving.sink.offered if isinstance(each, InboundMessage))
    await receiving.kill()
    await receiving.start()
    (again,) = await receiving.sink.received(1)
    assert (again.key, again.text) == (first.key, first.text)


async def test_the_same_words_twice_are_two_messages(receiving: Trial) -> None:
    for count in (1, 2):
        await receiving.device.receive(SENDER, TEXT)
        await receiving.sink.received(count)
    one, two = await receiving.sink.received(2)
    assert one.key != two.key
    assert one.text == two.text


async def test_what_came_while_nobody_listened_is_not_lost(receiving: Trial) -> None:
    await receiving.kill()
    for number in range(3):
        await receiving.device.receive(SENDER, f"{TEXT} {number}")
    await receiving.start()
    told = await receiving.sink.received(3)
    assert {each.text.strip() for each in told} == {f"{TEXT} {number}" for number in range(3)}


async def test_a_crowd_comes_in_each_once(receiving: Trial) -> None:
    for number in range(MANY):
        await receiving.device.receive(f"+54911444{number % 7:05d}", f"{TEXT} {number}")
    told = await receiving.sink.received(MANY)
    assert len({each.key for each in told}) == len(told) == MANY
    assert {each.text.strip() for each in told} == {f"{TEXT} {number}" for number in range(MANY)}


async def test_sending_goes_on_beside_it(receiving: Trial) -> None:
    for number in range(10):
        await receiving.device.receive(SENDER, f"{TEXT} {number}")
    await receiving.goes_on()
    await receiving.sink.received(10)
