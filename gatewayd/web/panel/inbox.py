"""The inbox: conversations like a messenger, answered over the line they came by."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, NotFoundError, UsageError
from gatewayd.web.panel import places
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.pieces import Tab
from gatewayd.web.panel.visit import Visit
from gatewayd.web.security import from_elsewhere
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

HERE: Final = "/interacciones/bandeja"
PAGE: Final = 40
TEXT_MAX: Final = 1600
WHICH: Final = (
    ("open", spoken("Open")),
    ("unread", spoken("Unread")),
    ("mine", spoken("Mine")),
    ("done", spoken("Done")),
)


_BLOCKS: Final = {"side": "thread", "conversations": "list"}
"""By the place of the page that is to be filled anew."""


def _address(which: str, **values: str) -> str:
    return places.with_query(HERE, ver=which if which != "open" else "", **values)


@page(HERE, operation="inbox.list", place=Place("interacciones", spoken("Inbox"), 10))
async def show(visit: Visit) -> Response:
    """Shows the conversations, and the one that is open beside them."""
    return await _shown(visit)


async def _shown(visit: Visit, *, fault: str = "", text: str = "") -> Response:
    known = {key for key, _word in WHICH}
    which = visit.query.get("ver", "open")
    which = which if which in known else "open"
    search, cursor = visit.query.get("q", "").strip()[:100], visit.query.get("tras", "")
    account, address = visit.query.get("cuenta", visit.account), visit.query.get("con", "")
    opened = await _opened(visit, account, address) if address else None
    found = await visit.ask("inbox.list", which=which, search=search, cursor=cursor, limit=PAGE)
    older = _address(which, q=search, tras=found["next"]) if found["next"] else ""
    return visit.page(
        "inbox.html",
        status=422 if fault else 200,
        block=_BLOCKS.get(visit.request.headers.get("hx-target", "")) if visit.fragment else None,
        tabs=[Tab(_(word), _address(key), key == which) for key, word in WHICH],
        which=which,
        search=search,
        conversations=found["items"],
        address=lambda one: _address(which, q=search, con=one["address"], cuenta=one["account"]),
        close=_address(which, q=search),
        opened=opened,
        newest=_address(which, q=search) if cursor else "",
        older=older,
        people=await _people(visit, opened),
        may_reply=visit.may("inbox.reply"),
        fault=fault,
        text=text,
    )


async def _opened(visit: Visit, account: str, address: str) -> Any:
    try:
        opened = await visit.ask("inbox.show", account=account, address=address[:2000])
    except (NotFoundError, UsageError):
        return None
    # Another site's link shows it, and changes nothing.
    own = not from_elsewhere(visit.request)
    if own and opened["unread"] and visit.may("inbox.read") and not visit.frame.away:
        await visit.ask("inbox.read", account=account, address=opened["address"])
    return opened


async def _people(visit: Visit, opened: Any) -> list[str]:
    """Returns whom an open conversation can be given to."""
    if opened is None or not visit.may("user.list"):
        return [visit.actor.name] if visit.actor.kind == "person" else []
    found = (await visit.ask("user.list"))["items"]
    return [one["name"] for one in found if one["account"] in {None, opened["account"]} and not one["disabled"]]


@page(HERE, operation="inbox.read", method="POST")
async def act(visit: Visit) -> Response:
    """Puts a conversation away, opens it again, or gives it to somebody."""
    account, address = str(visit.form.get("account", ""))[:64], str(visit.form.get("address", ""))[:2000]
    what, user = str(visit.form.get("act", "")), str(visit.form.get("user", ""))[:200]
    back = visit.way_back(str(visit.form.get("back", "")), HERE)
    if what == "done":
        await visit.ask("inbox.done", account=account, address=address)
        return visit.go(back, said=_("The conversation is done; what comes in opens it again."))
    if what == "open":
        await visit.ask("inbox.open", account=account, address=address)
        return visit.go(back, said=_("The conversation is open again."))
    await visit.ask("inbox.assign", account=account, address=address, user=user)
    return visit.go(back, said=_("It is {name}'s now.").format(name=user) if user else _("It is nobody's now."))


@page(f"{HERE}/responder", operation="inbox.reply", method="POST")
async def reply(visit: Visit) -> Response:
    """Answers over the line that it came by."""
    account, address = str(visit.form.get("account", ""))[:64], str(visit.form.get("address", ""))[:2000]
    text, key = str(visit.form.get("text", "")).strip(), str(visit.form.get("key", ""))[:64]
    back = visit.way_back(str(visit.form.get("back", "")), HERE)
    if not text or len(text) > TEXT_MAX:
        told = _("Write an answer first.") if not text else _("At most {count} characters.").format(count=TEXT_MAX)
        return visit.go(back, said=told, tone="look")
    try:
        await visit.ask("inbox.reply", account=account, address=address, text=text, key=key)
    except (ConflictError, UsageError) as error:
        return visit.go(back, said=f"{error} {_('Nothing was sent.')}", tone="act")
    return visit.go(back, said=_("The answer is on its way."))
