"""The day's work in collections as sentences with a way to it: whom to telephone, what to verify, what to decide."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from gatewayd.values.errors import GatewayError, UnauthenticatedError
from gatewayd.web.panel import places
from gatewayd.web.panel.pieces import Need
from gatewayd.web.panel.rendering import now
from gatewayd.web.panel.uploading import account_of
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import Words, grouped

MOST: Final = 200
"""Above it a person reads "200+": nobody does so many in a day."""
NOVELTIES: Final = "/cobranza/novedades"
CALLS: Final = "/cobranza/novedades/lista"
Say = Callable[[Words, int, str], str]
"""Says how many there are: the language, the number, and how it is written."""


async def work(visit: Visit) -> Sequence[Need]:
    """Returns what waits for a person in collections today, the most urgent first."""
    words = visit.words
    every = (_feeds, "feed.list"), (_batches, "collections.show"), (_novelties, "novelty.list")
    more = (_disputed, "invoice.list"), (_open_tickets, "ticket.list")
    asked = [ask(visit, words) for ask, operation in (*every, *more) if visit.may(operation)]
    return [need for needs in await asyncio.gather(*asked) for need in needs]


async def _disputed(visit: Visit, words: Words) -> list[Need]:
    account = await account_of(visit)
    if not account:
        return []
    listed = await _asked(visit, "invoice.list", account=account, state="disputed", limit=MOST)
    return _one(listed, words, _disputes, "/cobranza/facturas?ver=disputed", words.gettext("Decide"))


async def _open_tickets(visit: Visit, words: Words) -> list[Need]:
    listed = await _asked(visit, "ticket.list", which="open", limit=MOST)
    return _one(listed, words, _tickets, "/cobranza/tickets", words.gettext("See tickets"))


async def _asked(visit: Visit, operation: str, **arguments: Any) -> Mapping[str, Any]:
    """Asks for a list; what cannot be answered now is an empty one, since the page has other things to say."""
    try:
        found: Mapping[str, Any] = await visit.ask(operation, **arguments)
    except UnauthenticatedError:
        raise
    except GatewayError:
        return {"items": [], "next": None}
    return found


def _one(listed: Mapping[str, Any], words: Words, say: Say, href: str, act: str) -> list[Need]:
    """Returns the need that a list is; none where nothing is in it."""
    number = len(listed["items"])
    if not number:
        return []
    shown = f"{grouped(number, words.language)}{'+' if listed.get('next') else ''}"
    return [Need(say(words, number, shown), places.link(href), act)]


def _disputes(words: Words, number: int, shown: str) -> str:
    return words.ngettext(
        "{count} invoice in dispute: it is not claimed until somebody decides",
        "{count} invoices in dispute: they are not claimed until somebody decides",
        number,
        count=shown,
    )


def _tickets(words: Words, number: int, shown: str) -> str:
    return words.ngettext("{count} open ticket", "{count} open tickets", number, count=shown)


def _broken(words: Words, number: int, shown: str) -> str:
    return words.ngettext("{count} promise was not kept", "{count} promises were not kept", number, count=shown)


def _verify(words: Words, number: int, shown: str) -> str:
    return words.ngettext(
        "{count} customer says that it has paid: verify it",
        "{count} customers say that they have paid: verify it",
        number,
        count=shown,
    )


def _wrong(words: Words, number: int, shown: str) -> str:
    return words.ngettext(
        "{count} number is another person's: look for the customer's",
        "{count} numbers are other people's: look for the customers'",
        number,
        count=shown,
    )


def _disputing(words: Words, number: int, shown: str) -> str:
    return words.ngettext(
        "{count} customer disputes an invoice", "{count} customers dispute an invoice", number, count=shown
    )


def _others(words: Words, number: int, shown: str) -> str:
    return words.ngettext(
        "{count} customer to telephone or to visit", "{count} customers to telephone or to visit", number, count=shown
    )


APART: Final[Mapping[str, Say]] = {
    "broken_promise": _broken,
    "verify_payment": _verify,
    "wrong_person": _wrong,
    "dispute": _disputing,
}
"""Kinds of novelties that have a sentence of their own; the others share one."""


async def _novelties(visit: Visit, words: Words) -> list[Need]:
    today = now().astimezone(visit.formats.zone).date().isoformat()
    due = {"state": "open", "due_by": today, "limit": MOST}
    found: list[Need] = []
    every = await _asked(visit, "novelty.list", **due)
    for kind, say in APART.items():
        # A kind is asked for by itself only where not all are in the one list.
        listed = await _asked(visit, "novelty.list", kind=kind, **due) if every.get("next") else _of(every, {kind})
        found += _one(listed, words, say, places.with_query(NOVELTIES, tipo=kind), words.gettext("See the list"))
    rest = _of(every, {one["kind"] for one in every["items"]} - APART.keys())
    return [*found, *_one(rest, words, _others, CALLS, words.gettext("See the list"))]


def _of(listed: Mapping[str, Any], kinds: Collection[str]) -> Mapping[str, Any]:
    return {**listed, "items": [one for one in listed["items"] if one["kind"] in kinds]}


async def _batches(visit: Visit, words: Words) -> list[Need]:
    waiting = (await _asked(visit, "collections.show")).get("waiting") or ()
    people = sum(int(one["people"]) for one in waiting)
    if not people:
        return []
    text = words.ngettext(
        "{count} claim waits for somebody's yes before it goes out",
        "{count} claims wait for somebody's yes before they go out",
        people,
    )
    return [Need(text, places.link("/cobranza"), words.gettext("Decide"), "act", "act")]


async def _feeds(visit: Visit, words: Words) -> list[Need]:
    needs = []
    for one in (await _asked(visit, "feed.list"))["items"]:
        if one["fault"] is not None:
            fault = str(one["fault"]["text"]).rstrip(".")
            text = words.gettext("{feed} cannot be read: {fault}", feed=one["feed"], fault=fault)
        elif one["stale"]:
            text = words.gettext("What {feed} brought is older than it may be", feed=one["feed"])
        else:
            continue
        needs.append(Need(text, places.link("/cobranza/origenes"), words.gettext("See the origin"), "act", "act"))
    return needs
