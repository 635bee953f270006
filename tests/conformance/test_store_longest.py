"""The longest that each edge lets in is held by the indexes of either store. PostgreSQL's rows of an index have 2,704
octets, and what cannot be compressed has to fit as it is."""

from __future__ import annotations

import random
from functools import partial
from typing import Any, Final

from gatewayd.contact.optout import judge
from gatewayd.store.commands import Block, Change, Inbound, Report
from gatewayd.store.webhooks import endpoints
from gatewayd.values.addresses import PUSH_LIMIT, push
from gatewayd.values.storable import ADDRESS_MOST, KEY_MOST, bounded
from gatewayd.webhooks.target import URL_MAX, checked_url
from tests.conformance.house import House

LETTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
REGISTER_NAME: Final = 64
"""Characters of a register's name."""


def noise(length: int, seed: int, letters: str = LETTERS) -> str:
    """Text that no compression makes shorter."""
    return "".join(random.Random(seed).choices(letters, k=length))


def wide(length: int, seed: int) -> str:
    """The same, of letters that have four octets each."""
    return noise(length, seed, "".join(map(chr, range(0x20000, 0x22000))))


def test_the_longest_key_sender_and_reference_of_a_line(house: House) -> None:
    foreign = [bounded(noise(KEY_MOST, 1)), bounded(noise(4_096, 2)), bounded(wide(KEY_MOST, 3)), bounded(wide(128, 4))]
    for place, text in enumerate(foreign):
        for concat in (None, (7, 2, 1)):
            taken = Inbound(
                "claro-1", "sms", f"{text[:-1]}{'w' if concat else 'p'}", text, text, "hola", house.now, concat, None,
                partial(judge, added=frozenset()), house.now, aliases=(text,), answers_reference=text,
            )  # fmt: skip
            assert house.do(taken).stored, place
        told: dict[str, Any] = {"line": "claro-1", "reference": text, "to": noise(ADDRESS_MOST, place)}
        house.do(Report(**told, status="delivered", reason=None, at=house.now, attempt_id=None, part=None,
                        now=house.now))  # fmt: skip
    senders = {row[0] for row in house.rows("SELECT sender FROM inbound")}
    assert senders == set(foreign)


def test_the_longest_address_of_a_device(house: House) -> None:
    address = push(noise(PUSH_LIMIT, 5))
    assert len(address) == PUSH_LIMIT
    house.do(Block((address,), "manual", None, house.now, account="norte", channel="push",
                   register=wide(REGISTER_NAME, 6)))  # fmt: skip
    assert house.rows('SELECT "to" FROM blocklist') == [(address,)]


def test_the_longest_address_of_an_endpoint(house: House) -> None:
    beginning = "https://billing.example/"
    url = checked_url(beginning + noise(URL_MAX - len(beginning), 7))
    assert len(url) == URL_MAX
    add = partial(endpoints.add, owner="norte", url=url, events=("receipt",), secrets=None, now=house.now)
    house.do(Change(lambda unit: add(unit.session)))
    assert house.rows("SELECT url FROM webhook") == [(url,)]
