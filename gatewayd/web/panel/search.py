"""One search for everything: a number, a message's id, a job, a line, an account, a page of the panel.

Each kind of thing has a finder, which asks operations as the person who searches: nobody finds what is another's. More
kinds are added by `finder`.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from gatewayd.numbers import NumberError, Numbers, Policy
from gatewayd.values.errors import GatewayError, UnavailableError
from gatewayd.web.panel import places
from gatewayd.web.panel.page import PAGES, page
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _

QUERY_MAX: Final = 200
HITS_MAX: Final = 10
"""Of a kind; where there are more, its own page has them all."""
JOBS_LOOKED_AT: Final = 500
DIGITS_MIN: Final = 6
"""Fewer digits are no telephone number anywhere."""
_ULID: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found."""

    title: str
    href: str = ""
    note: str = ""
    state: str = ""
    kind: str = "message"
    """Of the state, as in `marks`."""
    at: str = ""
    """ISO 8601; "" where it has no time."""


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one kind."""

    title: str
    hits: Sequence[Hit]
    more: str = ""
    """Address of all of them."""
    exact: bool = False
    """Whether it is what was asked for, and nothing else can be meant."""


Finder = Callable[[Visit, str], Awaitable[Group | None]]
FINDERS: Final[list[Finder]] = []


def finder(find: Finder) -> Finder:
    """Adds a kind of thing to what is searched; the order is that of the page."""
    FINDERS.append(find)
    return find


def compared(text: str) -> str:
    """Returns text as it is compared: without case and accents."""
    return "".join(one for one in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(one))


@finder
async def _message(visit: Visit, query: str) -> Group | None:
    if not _ULID.fullmatch(query):
        return None
    found = await visit.ask("message.show", message=query.upper())
    return Group(_("Messages"), [_hit(found)], exact=True)


@finder
async def _number(visit: Visit, query: str) -> Group | None:
    number = number_of(query, visit)
    if not number and "@" not in query:
        return None
    to = number or query
    found = await visit.ask("message.list", to=to, limit=HITS_MAX + 1)
    hits = [_hit(one) for one in found["items"][:HITS_MAX]]
    more = places.link(places.messages(q=to)) if len(found["items"]) > HITS_MAX else ""
    return Group(_("Messages to {to}").format(to=to), hits, more) if hits else None


def number_of(query: str, visit: Visit) -> str:
    """Returns what was typed as E.164, by the policy of intake; "" where it is no number."""
    if sum(one.isdigit() for one in query) < DIGITS_MIN or re.search(r"[^\d\s()+./-]", query):
        return ""
    config = visit.remote.backend.config.numbers
    try:
        return Numbers(Policy(config.region, config.home_area, config.assume_mobile)).parse(query, fixed=True).e164
    except NumberError:
        return ""


def _hit(message: dict[str, Any]) -> Hit:
    return Hit(
        str(message["to"] or message["ref"] or message["message"]),
        places.link(places.message(message["message"])),
        f"{message['account']} · {message['job']}",
        message["state"],
        at=message["at"],
    )


@finder
async def _jobs(visit: Visit, query: str) -> Group | None:
    wanted, hits, cursor = compared(query), [], None
    for _page in range(JOBS_LOOKED_AT // 100):
        found = await visit.ask("job.list", cursor=cursor, limit=100)
        for one in found["items"]:
            if wanted in compared(f"{one['account']}/{one['job']}"):
                href = places.link(places.job(one["account"], one["job"]))
                hits.append(Hit(one["job"], href, one["account"], one["state"], "job", one["created_at"]))
        cursor = found["next"]
        if cursor is None or len(hits) >= HITS_MAX:
            break
    return Group(_("Campaigns"), hits[:HITS_MAX]) if hits else None


@finder
async def _lines(visit: Visit, query: str) -> Group | None:
    found = (await visit.ask("line.list"))["items"]
    hits = [
        Hit(one["name"], places.link(places.line(one["name"])), one["operator"] or one["driver"], one["state"], "line")
        for one in found
        if compared(query) in compared(f"{one['name']} {one['operator'] or ''}")
    ]
    return Group(_("Lines"), hits[:HITS_MAX]) if hits else None


@finder
async def _accounts(visit: Visit, query: str) -> Group | None:
    found = (await visit.ask("account.list"))["items"]
    names = [str(one["name"]) for one in found if compared(query) in compared(one["name"])]
    hits = [Hit(one, places.link(places.account(one))) for one in names]
    return Group(_("Accounts"), hits[:HITS_MAX]) if hits else None


@finder
async def _pages(visit: Visit, query: str) -> Group | None:
    hits = [
        Hit(_(one.place.title), one.path)
        for one in PAGES
        if one.place is not None
        and (one.operation is None or visit.may(one.operation))
        and compared(query) in compared(_(one.place.title))
    ]
    return Group(_("Pages"), hits[:HITS_MAX]) if hits else None


async def _found(find: Finder, visit: Visit, query: str) -> tuple[Group | None, bool]:
    """Returns what one finder has, and whether it could look; what is not there, or another's, is not found."""
    try:
        return await find(visit, query), True
    except UnavailableError:
        return None, False
    except GatewayError:
        return None, True


@page("/buscar", operation="status")
async def search(visit: Visit) -> Response:
    """Shows all that matches; goes straight to the one thing that was meant."""
    query = " ".join(visit.query.get("q", "")[:QUERY_MAX].split())
    if not query:
        return visit.page("search.html", query="", groups=[], complete=True)
    answers = await asyncio.gather(*(_found(find, visit, query) for find in FINDERS))
    groups = [group for group, _complete in answers if group is not None]
    exact = next((one for one in groups if one.exact), None)
    if exact is not None and exact.hits[0].href:
        return visit.go(exact.hits[0].href)
    return visit.page("search.html", query=query, groups=groups, complete=all(complete for _group, complete in answers))
