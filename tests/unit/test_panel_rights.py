"""Every page, fragment and form of the panel, tried by nobody, by each role, and with what is another account's."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Final

import httpx
import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from gatewayd.operations.rights import RIGHTS
from gatewayd.store import tables
from gatewayd.values.errors import StoreError
from gatewayd.web.panel.page import Page
from gatewayd.web.security import SESSION_COOKIE
from tests.rig.pages import GUARDED, Asked, address, panel_of, said, visit
from tests.rig.rights import World

ROLES: Final = ("user", "supervisor")
EVERYBODYS: Final = frozenset({"line", "kind", "secret"})
"""Names in an address of what no account owns."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("pages"))
    asyncio.run(made.fill())
    yield made
    made.close()


@pytest.fixture
async def panel(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with panel_of(world) as client:
        yield client


def of_another(world: World) -> Mapping[str, Any]:
    """Returns all rows that belong to the other account, by table."""
    connection = world.backend.store.connection
    number = connection.scalar(select(tables.account.c.id).where(tables.account.c.name == world.other.account))
    return {
        table.name: connection.execute(select(table).where(table.c.account_id == number)).all()
        for table in tables.metadata.sorted_tables
        if "account_id" in table.c
    }


def _named(one: Page) -> str:
    return f"{one.method} {one.path}"


@pytest.mark.parametrize("one", GUARDED, ids=_named)
async def test_nobody_is_shown_anything(one: Page, panel: httpx.AsyncClient, world: World) -> None:
    answer = await visit(panel, one, "nobody", world.mine)
    assert answer.status_code in {303, 401, 403}, answer.text[:500]
    assert world.mine.text not in answer.text
    if answer.status_code == 303:
        assert answer.headers["location"].startswith("/entrar")


@pytest.mark.parametrize("one", GUARDED, ids=_named)
async def test_a_role_that_may_not_is_refused(one: Page, panel: httpx.AsyncClient, world: World) -> None:
    assert one.operation is not None
    for who in ROLES:
        actor = world.mine.actors[who]
        if actor.role in RIGHTS[one.operation].roles:
            continue
        answer = await visit(panel, one, who, world.mine)
        assert answer.status_code == 403, f"{who}: {answer.status_code}"
        assert world.mine.text not in answer.text


@pytest.mark.parametrize("one", GUARDED, ids=_named)
async def test_what_is_another_accounts_is_not_there(one: Page, panel: httpx.AsyncClient, world: World) -> None:
    """It is neither shown nor changed, whatever of it is named; an address that names it is not found."""
    assert one.operation is not None
    names = set(re.findall(r"\{(\w+)", one.path)) - EVERYBODYS
    before = of_another(world) if one.method != "GET" else {}
    for who in ROLES:
        if world.mine.actors[who].role not in RIGHTS[one.operation].roles:
            continue
        answer = await visit(panel, one, who, world.other)
        assert answer.status_code < 500 or answer.status_code == 503, answer.text[-2000:]
        assert world.other.text not in answer.text
        if names and names != {"id"} and one.method == "GET":
            assert answer.status_code == 404, f"{who}: {answer.status_code}"
    assert one.method == "GET" or of_another(world) == before


@pytest.mark.parametrize("one", [one for one in GUARDED if one.method == "GET"], ids=_named)
async def test_whoever_may_is_shown_it(one: Page, panel: httpx.AsyncClient, world: World) -> None:
    """What is one's own account's, found or not, is no fault of the page."""
    assert one.operation is not None
    for who, actor in world.actors().items():
        if actor.kind != "person" or actor.role not in RIGHTS[one.operation].roles:
            continue
        for named in (said(world.mine), {}):
            answer = await panel.get(
                address(one, world.mine), params=named, headers={"cookie": f"{SESSION_COOKIE}={who}"}
            )
            assert answer.status_code != 403, who
            assert answer.status_code < 500 or answer.status_code == 503, answer.text[-2000:]


async def test_what_a_page_says_is_in_the_log_is_there(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise StoreError("the store cannot be read: no such column")

    monkeypatch.setattr(Asked, "ask", broken)
    with capture_logs() as told:
        async with panel_of(world) as client:
            shown = await client.get("/lineas", headers={"cookie": f"{SESSION_COOKIE}=administrator"})
    assert shown.status_code == 500
    assert "log" in shown.text
    assert [(one["event"], one["log_level"], one["page"]) for one in told] == [("panel.failed", "error", "/lineas")]
    assert "no such column" in told[0]["error"]
