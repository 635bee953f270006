"""Every page, fragment and form of the panel, tried by nobody, by each role, and with what is another account's."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Final, cast

import httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from gatewayd.actor import NOBODY, Actor
from gatewayd.operations import perform
from gatewayd.operations.rights import RIGHTS
from gatewayd.store import tables
from gatewayd.web.panel import door
from gatewayd.web.panel.page import Page
from gatewayd.web.panel.pages import PAGES
from gatewayd.web.remote import Bearer, Remote
from gatewayd.web.security import CSRF_FIELD, SESSION_COOKIE, csrf_token
from tests.rig.rights import Side, World

GUARDED: Final = [one for one in PAGES if one.operation is not None and one.path != "/eventos"]
"""All but the stream of changes, which ends when the daemon does."""
ROLES: Final = ("user", "supervisor")
EVERYBODYS: Final = frozenset({"line", "kind", "secret"})
"""Names in an address of what no account owns."""


class Asked:
    """The operations as the web process asks them, performed at once in one store."""

    def __init__(self, world: World) -> None:
        self.backend = world.backend
        self._actors: Mapping[str, Actor] = world.actors()

    async def actor(self, bearer: Bearer) -> Actor:
        return self._actors.get(bearer.session or "", NOBODY)

    async def ask(
        self, bearer: Bearer, operation: str, arguments: Mapping[str, Any] | None = None, *, by: Actor | None = None
    ) -> Any:
        return await perform(self.backend, operation, dict(arguments or {}), by or await self.actor(bearer))

    async def ask_lately(self, bearer: Bearer, operation: str, by: Actor, _seconds: float) -> Any:
        return await self.ask(bearer, operation, by=by)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("pages"))
    asyncio.run(made.fill())
    yield made
    made.close()


@pytest.fixture
async def panel(world: World) -> AsyncIterator[httpx.AsyncClient]:
    remote = cast("Remote", Asked(world))
    application = Starlette(routes=[*door.routes(remote), door.lost(remote)])
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://panel", follow_redirects=False) as client:
        yield client


def address(one: Page, side: Side) -> str:
    """Returns the page's address for what is that account's."""
    known = {
        "campaign": side.campaign,
        "account": side.account,
        "task": side.task,
        "list": side.people_list,
        "id": "A1",
        "webhook": side.webhook,
        "number": side.import_id,
        "job": side.job,
        "reminder": side.reminder,
        "user": side.user,
        "line": "claro-1",
        "kind": "gsm",
        "secret": "0" * 32,
    }
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: str(known[found[1]]), one.path)


def said(side: Side) -> dict[str, str]:
    """Returns what pages and forms name, of that account."""
    return {
        "cuenta": side.account,
        "account": side.account,
        "id": side.message,
        "ticket": "1",
        "task": str(side.task),
        "regla": "empresa",
        "policy": "empresa",
        "cliente": "A1",
        "customer": "A1",
        "factura": "F1",
        "novedad": str(side.novelty),
        "novelty": str(side.novelty),
        "promise": str(side.promise),
        "pause": str(side.pause),
        "batch": str(side.batch),
        "lista": str(side.people_list),
        "vista": str(side.view),
        "view": str(side.view),
        "con": side.number,
        "address": side.number,
        "user": side.user,
        "token": str(side.token),
        "template": side.template,
        "nombre": side.template,
        "version": "1",
        "text": "hola",
        "note": "hola",
        "result": "talked",
        "verdict": "delivered",
        "numbers": "+5491150001234",
        "canal": "sms",
        "fecha": "2026-12-01",
    }


async def visit(panel: httpx.AsyncClient, one: Page, who: str, side: Side) -> httpx.Response:
    """Asks for a page, or sends its form, naming what is that account's."""
    cookies = {} if who == "nobody" else {SESSION_COOKIE: who}
    headers = {"cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {}
    if one.method == "GET":
        return await panel.get(address(one, side), params=said(side), headers=headers)
    return await panel.request(
        one.method, address(one, side), data={**said(side), CSRF_FIELD: csrf_token(who)}, headers=headers
    )


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
