"""The panel's pages over a world of two accounts, in this process: as each role, of what each account has."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, cast

import httpx
from starlette.applications import Starlette

from gatewayd.operations import perform
from gatewayd.values.actor import NOBODY, Actor
from gatewayd.web.panel import door
from gatewayd.web.panel.page import Page
from gatewayd.web.panel.pages import PAGES
from gatewayd.web.remote import Bearer, Remote
from gatewayd.web.security import CSRF_FIELD, SESSION_COOKIE, csrf_token
from tests.rig.rights import Side, World

GUARDED: Final = [one for one in PAGES if one.operation is not None and one.path != "/eventos"]
"""All but the stream of changes, which ends when the daemon does."""


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


@asynccontextmanager
async def panel_of(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client of all pages over a world, whose sessions' secrets are the names of its actors."""
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
