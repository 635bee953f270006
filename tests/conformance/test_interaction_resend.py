"""What may be sent again, over both stores: never what is in doubt, on its way or blocked, whatever was chosen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gatewayd.operations.resend import judged
from gatewayd.store.commands import Block
from gatewayd.store.insight.filters import InteractionFilter
from gatewayd.store.insight.sent_again import candidates, numbers_of
from gatewayd.store.reader import Reader
from gatewayd.values.actor import Scope
from tests.conformance.house import House
from tests.conformance.test_interactions import busy

__all__ = ["busy"]


@pytest.fixture
def reader(house: House) -> Iterator[Reader]:
    opened = Reader(house.url)
    yield opened
    opened.close()


def chosen(
    house: House, reader: Reader, wanted: InteractionFilter, scope: Scope | None = None
) -> tuple[list[str | None], dict[str, int]]:
    """Returns the texts that would go again, and how many are left out by reason."""
    within, salt = scope or Scope.all(), reader.salt()
    numbers = reader.ask(
        lambda connection: numbers_of(connection, scope=within, wanted=wanted, now=house.now, salt=salt, most=100)
    )
    found = reader.ask(
        lambda connection: candidates(connection, scope=within, numbers=numbers, now=house.now, salt=salt)
    )
    good, left_out = judged(found)
    return [one.text for one in good], dict(left_out)


def test_of_everything_only_what_is_over_goes_again(busy: House, reader: Reader) -> None:
    texts, left_out = chosen(busy, reader, InteractionFilter())
    assert texts == ["tres", "uno"]
    # Two wait, one is not reported on yet, one may have left.
    assert left_out == {"on_its_way": 3, "uncertain": 1}


def test_the_failed_are_the_failed_alone(busy: House, reader: Reader) -> None:
    assert chosen(busy, reader, InteractionFilter(states=("failed", "undelivered"))) == (["tres"], {})
    assert chosen(busy, reader, InteractionFilter(states=("uncertain",))) == ([], {"uncertain": 1})


def test_who_wants_no_messages_is_left_out(busy: House, reader: Reader) -> None:
    busy.do(Block(("+5491100000003",), "person", None, busy.now))
    texts, left_out = chosen(busy, reader, InteractionFilter(states=("failed",)))
    assert (texts, left_out) == ([], {"blocked": 1})


def test_another_accounts_are_not_found(busy: House, reader: Reader) -> None:
    assert chosen(busy, reader, InteractionFilter(), Scope.of("sur")) == ([], {"on_its_way": 1})
