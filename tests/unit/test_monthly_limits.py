"""The monthly limit of a person: judged and counted before a send goes, by the calendar of its account."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gatewayd.operations.limits import LimitReachedError, price_of
from gatewayd.operations.masssend import answered, require
from gatewayd.store.commands import Change
from gatewayd.store.people import limits
from gatewayd.store.settings import accounts as settings
from gatewayd.values.actor import Actor, Role
from tests.unit.test_people import OPERATOR, Running, ask, backend, user  # noqa: F401 - the fixture

MILLION = 1_000_000


async def ana(backend: Running, limit: str | None = "10") -> Actor:  # noqa: F811
    await user(backend, "ana", **({} if limit is None else {"monthly_limit": limit}))
    number = backend.store.connection.exec_driver_sql("SELECT id FROM user_ WHERE name = 'ana'").scalar()
    return Actor("person", "ana", Role.USER, "norte", number)


async def send(backend: Running, by: Actor, price: int, to: str = "+5491150000001") -> None:  # noqa: F811
    await require(backend, by, "norte", {to}, price=price)


async def month(backend: Running) -> Any:  # noqa: F811
    return (await ask(backend, "user.show", user="ana"))["month"]


async def test_what_is_more_than_what_is_left_does_not_go_and_costs_nothing(backend: Running) -> None:  # noqa: F811
    by = await ana(backend)
    await send(backend, by, 6 * MILLION)
    with pytest.raises(LimitReachedError, match=r"limit is 10\.00 \w+, of which 6\.00 are used; this costs 5\.00"):
        await send(backend, by, 5 * MILLION)
    await answered(backend, by, "norte", price=4 * MILLION)
    shown = await month(backend)
    assert (shown["spent"], shown["left"]) == ("10.00", "0.00")
    with pytest.raises(LimitReachedError):
        await answered(backend, by, "norte", price=1)


async def test_the_next_month_of_the_account_is_another(backend: Running) -> None:  # noqa: F811
    by = await ana(backend)
    zone = {"zone": "America/Argentina/Buenos_Aires"}
    await backend.execute(Change(lambda unit: settings.keep(unit.session, "norte", zone, backend.now(), None)))
    await send(backend, by, 10 * MILLION)
    here = datetime.fromtimestamp(backend.now() / 1000, UTC)
    ends = datetime(here.year + here.month // 12, here.month % 12 + 1, 1, 3, tzinfo=UTC).timestamp() * 1000
    backend.later_ms = int(ends) - backend.now() - 60_000
    with pytest.raises(LimitReachedError):
        await send(backend, by, 1)
    backend.later_ms += 120_000
    await send(backend, by, 10 * MILLION)


async def test_who_has_no_limit_is_counted_and_an_operator_is_not(backend: Running) -> None:  # noqa: F811
    by = await ana(backend, None)
    await send(backend, by, 900 * MILLION)
    assert await month(backend) == {
        "month": (await month(backend))["month"],
        "spent": "900.00",
        "left": None,
        "currency": backend.config.tariff.currency,
    }
    await require(backend, OPERATOR, "norte", {"+5491150000001"}, price=900 * MILLION)


def test_a_month_is_that_of_the_zone() -> None:
    instant = int(datetime(2026, 12, 1, 2, 59, tzinfo=UTC).timestamp() * 1000)
    assert limits.month(instant, "America/Argentina/Buenos_Aires") == "2026-11"
    assert limits.month(instant, "UTC") == "2026-12"


async def test_a_long_text_is_priced_by_its_segments(backend: Running) -> None:  # noqa: F811
    one = price_of(backend, "sms", "Hola")
    assert price_of(backend, "sms", "Hola " * 40) == 2 * one
    assert price_of(backend, "smoke", "Hola") == 0
