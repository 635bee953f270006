"""Finds out what stands around a page for somebody: what waits for them, their credit, whether the daemon is there.

What it asks is kept for a few seconds for each account, so that a page costs no question more than its own. Without a
daemon the page stands, with a banner.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from gatewayd.values.actor import Role
from gatewayd.values.errors import GatewayError
from gatewayd.web.panel.frame import Count, Credit, Frame, Own
from gatewayd.web.panel.navigation import entries
from gatewayd.web.panel.page import PAGES, Page
from gatewayd.web.panel.visit import ACCOUNT_COOKIE, Visit
from gatewayd.web.remote import AwayError
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

KEPT_S: Final = 3.0
AWAY_S: Final = 0.5
"""That there is no daemon is believed this long."""
KEPT_MAX: Final = 256
"""Accounts whose state is kept at once."""

ROLES: Final = {
    Role.ADMINISTRATOR: spoken("Administrator"),
    Role.SUPERVISOR: spoken("Supervisor"),
    Role.USER: spoken("User"),
}
OWN: Final[list[Own]] = []
"""Links below the person's name; modules of pages add theirs."""

_PLACES: Final = {
    "uncertain": "/interacciones/dudas",
    "opt_out": "/ajustes/bloqueados",
    "register": "/ajustes/bloqueados",
    "inbox": "/interacciones/bandeja",
    "line": "/lineas",
    "stalled": "/lineas",
    "paused": "/campanas/trabajos",
    "campaign": "/campanas",
    "credit": "/ajustes/creditos",
    "billing": "/cobranza/facturas",
}
"""Behind which entry of the navigation a kind of need is looked after."""
_URGENT: Final = frozenset({"line", "stalled"})
_COUNTED: Final = frozenset({"uncertain", "inbox", "opt_out"})
"""Kinds that say how many wait; of the others each is one."""


@dataclass(slots=True)
class _Known:
    """What was found out of an account, or of all, a moment ago."""

    until: float
    needs: Sequence[Mapping[str, Any]]
    accounts: Sequence[Mapping[str, Any]]
    away: bool


@dataclass(slots=True)
class Surroundings:
    """Makes the frame of each page."""

    _known: OrderedDict[str | None, _Known] = field(default_factory=OrderedDict)
    _set: OrderedDict[str, tuple[float, Mapping[str, Any]]] = field(default_factory=OrderedDict)
    """What accounts have set for themselves, and until when that is taken as known."""

    async def surround(self, visit: Visit) -> None:
        """Gives the visit of somebody who is signed in the account they work in, and what stands around a page."""
        known = await self._look(visit)
        chosen = visit.request.cookies.get(ACCOUNT_COOKIE, "")
        if visit.actor.account is None and any(one["name"] == chosen for one in known.accounts):
            visit.working_in = chosen
        account = visit.account or (str(known.accounts[0]["name"]) if len(known.accounts) == 1 else "")
        own = await self._own(visit, account) if account else {}
        visit.own_zone = str(own.get("zone") or "")
        if not visit.fragment:
            visit.frame = self._frame(visit, known, own)

    async def _own(self, visit: Visit, account: str) -> Mapping[str, Any]:
        """Returns what an account has set for itself."""
        until, found = self._set.get(account, (0.0, {}))
        if until > time.monotonic():
            return found
        try:
            found = await visit.ask("account.settings", account=account)
        except GatewayError:
            found = {}
        self._set[account] = (time.monotonic() + KEPT_S, found)
        self._set.move_to_end(account)
        while len(self._set) > KEPT_MAX:
            self._set.popitem(last=False)
        return found

    def _frame(self, visit: Visit, known: _Known, own: Mapping[str, Any]) -> Frame:
        actor = visit.actor
        names = [str(one["name"]) for one in known.accounts]
        bound = actor.account or ""
        chosen = visit.account
        counts = _counts(known.needs)
        own_counts = {path: count for path, count in counts.items() if _path_open(path, visit)}
        return Frame(
            nav=entries(PAGES, visit.may, visit.request.url.path, own_counts),
            here=visit.here,
            company=own.get("company") or chosen or (names[0] if len(names) == 1 else "gatewayd"),
            logo=f"/logo/{quote(own['account'], safe='')}?{own['logo']}" if own.get("logo") else "",
            person=actor.name,
            role=_(ROLES[actor.role]) if actor.role is not None else "",
            bound=bound,
            accounts=names if not bound and len(names) > 1 else (),
            account=chosen,
            credit=_credit(known, chosen or (names[0] if len(names) == 1 else "")),
            away=known.away,
            search=visit.query.get("q", "")[:200] if visit.request.url.path == "/buscar" else "",
            own=[one for one in OWN if _path_open(one.path, visit)],
            notices=visit.said,
        )

    async def _look(self, visit: Visit) -> _Known:
        key, now = visit.actor.account, time.monotonic()
        known = self._known.get(key)
        if known is not None and known.until > now:
            return known
        away, needs = False, []
        try:
            needs = [*(await visit.ask("status"))["needs"]]
        except AwayError:
            away = True
        except GatewayError:
            needs = []
        needs = [*needs, *await _unread(visit)]
        accounts = (await visit.ask("account.list"))["items"]
        known = _Known(now + (AWAY_S if away else KEPT_S), needs, accounts, away)
        self._known[key] = known
        self._known.move_to_end(key)
        while len(self._known) > KEPT_MAX:
            self._known.popitem(last=False)
        return known

    def forget(self) -> None:
        """Forgets what was found out, since somebody has just changed something."""
        self._known.clear()
        self._set.clear()


def _counts(needs: Sequence[Mapping[str, Any]]) -> dict[str, Count]:
    counts: dict[str, Count] = {}
    for one in needs:
        place = _PLACES.get(str(one["kind"]))
        if place is not None:
            number = int(one["count"] or 0) if one["kind"] in _COUNTED else 1
            before = counts.get(place, Count(0))
            counts[place] = Count(before.number + number, before.urgent or one["kind"] in _URGENT)
    return counts


def _path_open(path: str, visit: Visit) -> bool:
    """Returns whether there is a page at that address that the person may open."""
    return any(one.path == path and _open(one, visit) for one in PAGES)


def _open(page: Page, visit: Visit) -> bool:
    return page.operation is None or visit.may(page.operation)


def _credit(known: _Known, account: str) -> Credit | None:
    found = next((one for one in known.accounts if one["name"] == account), None)
    if found is None:
        return None
    low = any(one["kind"] == "credit" and one["subject"] == account for one in known.needs)
    return Credit(str(found["balance"]), str(found["currency"]), low, "/ajustes/creditos")


async def _unread(visit: Visit) -> Sequence[Mapping[str, Any]]:
    """Returns the conversations with something unread as a need, where the person may see them."""
    if not visit.may("inbox.unread"):
        return ()
    unread = (await visit.ask("inbox.unread"))["count"]
    return ({"kind": "inbox", "subject": "", "count": unread},) if unread else ()
