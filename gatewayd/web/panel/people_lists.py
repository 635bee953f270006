"""Campaigns › Lists: people kept under a name, fixed as a file said or live as a filter means them today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, UsageError
from gatewayd.web.panel.customer_address import CustomerAddress, card, chips
from gatewayd.web.panel.customers import choose_account, fields
from gatewayd.web.panel.faults import fault, faults_of
from gatewayd.web.panel.marks import CHANNEL
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.pieces import Column, Tab
from gatewayd.web.panel.uploading import account_of, chosen, upload
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken
from gatewayd.words.reasons import meaning

HERE: Final = "/campanas/listas"
NEW: Final = f"{HERE}/nueva"
ONE: Final = f"{HERE}/{{list:int}}"
CHANNELS: Final = ("sms", "call", "email", "push", "whatsapp")
LIMIT: Final = 50
CELLS: Final = 4
"""Columns of a file that stand beside its people."""
KINDS: Final[Mapping[str, str]] = {"fixed": spoken("fixed"), "live": spoken("live")}
STATES: Final[Mapping[str, tuple[str, str]]] = {
    "loading": ("loading", spoken("being read")),
    "ready": ("finished", spoken("ready")),
    "failed": ("refused", spoken("not readable")),
    "archived": ("cancelled", spoken("put aside")),
}
"""By state, the mark and the word."""


def address(number: int) -> str:
    """Returns the address of a list."""
    return f"{HERE}/{number}"


def _placed(one: Mapping[str, Any]) -> dict[str, Any]:
    mark, word = STATES.get(one["state"], (one["state"], one["state"]))
    return {
        **one,
        "href": address(one["list"]),
        "mark": mark,
        "word": _(word),
        "kind_word": _(KINDS.get(one["kind"], one["kind"])),
    }


@page(HERE, operation="list.list", place=Place("campanas", spoken("Lists"), 30))
async def show(visit: Visit) -> Response:
    """Shows the lists of an account, the newest first."""
    account = await account_of(visit)
    if not account:
        return await choose_account(visit, HERE)
    archived = visit.query.get("archivo") == "1"
    search, cursor = visit.query.get("q", "").strip()[:100], visit.query.get("tras", "")[:100]
    found = await visit.ask(
        "list.list", account=account, q=search, archived=archived or None, cursor=cursor, limit=LIMIT
    )
    items = [_placed(one) for one in found["items"] if not archived or one["state"] == "archived"]
    kept = {"archivo": "1" if archived else "", "q": search}
    return visit.page(
        "lists.html",
        items=items,
        archived=archived,
        search=search,
        tabs=[
            Tab(_("Offered"), _with({"q": search}), not archived),
            Tab(_("Archive"), _with(kept | {"archivo": "1"}), archived),
        ],
        columns=[
            Column(_("Name")),
            Column(_("Kind")),
            Column(_("State")),
            Column(_("People"), num=True),
            Column(_("By")),
            Column(_("Since"), num=True),
        ],
        newer=_with(kept) if cursor else "",
        older=_with({**kept, "tras": str(found["next"])}) if found["next"] else "",
    )


def _with(kept: Mapping[str, str]) -> str:
    query = urlencode({name: value for name, value in kept.items() if value})
    return f"{HERE}?{query}" if query else HERE


# --------------------------------------------------------------------------------------------------------------- a new


@page(NEW, operation="list.create")
async def ask_new(visit: Visit) -> Response:
    """Asks for a name and where the people come from."""
    return await _new(visit, {"kind": "file", "channel": "sms"})


async def _new(visit: Visit, given: Mapping[str, str], error: UsageError | ConflictError | None = None) -> Response:
    account = await account_of(visit)
    if not account:
        return await choose_account(visit, NEW)
    faults, general = faults_of(error, ("title", "file")) if error else ({}, "")
    return visit.page(
        "lists_new.html",
        status=422 if error else 200,
        given=given,
        filters=_filters(given).filters,
        channels=[(code, _(CHANNEL[code].word)) for code in CHANNELS],
        fields=await fields(visit, account),
        faults=faults,
        general=general,
    )


@page(NEW, operation="list.create", method="POST")
async def make(visit: Visit) -> Response:
    """Makes a list of a file, or of the customers that the filters mean."""
    account = await account_of(visit)
    if not account:
        return await choose_account(visit, NEW)
    given = {name: str(value).strip()[:300] for name, value in visit.form.multi_items() if isinstance(value, str)}
    try:
        if not given.get("title"):
            raise fault("title", _("give it a name"))
        if given.get("kind") == "customers":
            wanted = _filters(given).wanted
            # An empty filter is meant: it is everybody.
            arguments: dict[str, Any] = {"account": account, "title": given["title"], "filter": wanted}
            made = await visit.remote.ask(visit.bearer, "list.create", arguments)
        else:
            made = await _of_file(visit, account, given)
    except (UsageError, ConflictError) as error:
        return await _new(visit, given, _about_title(error))
    return visit.go(address(made["list"]))


def _filters(given: Mapping[str, str]) -> CustomerAddress:
    """Returns the filters of a form, whose `channel` is that of a file."""
    return CustomerAddress.read((name, value) for name, value in given.items() if name != "channel")


async def _of_file(visit: Visit, account: str, given: Mapping[str, str]) -> Any:
    try:
        file = chosen(visit, "file")
    except UsageError as error:
        raise UsageError(f"file: {error}") from None
    number = await upload(visit, account, file)
    channel = given.get("channel", "")
    return await visit.ask(
        "list.create",
        account=account,
        title=given["title"],
        upload=number,
        channel=channel if channel in CHANNELS else "sms",
    )


def _about_title(error: UsageError | ConflictError) -> UsageError | ConflictError:
    """Returns an error of the store about a name as one of the field that asks for it."""
    return UsageError(f"title: {error}") if isinstance(error, ConflictError) else error


# ------------------------------------------------------------------------------------------------------------- of ones


@page(ONE, operation="list.show")
async def one(visit: Visit) -> Response:
    """Shows a list: how many, who, and which campaigns use it."""
    return await _one(visit)


def _number(visit: Visit) -> int:
    return int(visit.request.path_params["list"])


async def _one(visit: Visit, error: UsageError | ConflictError | None = None) -> Response:
    found = _placed(await visit.ask("list.show", list=_number(visit)))
    cursor = visit.query.get("tras", "")[:20]
    members: dict[str, Any] = {"items": [], "next": None}
    filters = CustomerAddress.of(found["source"].get("filter") or {})
    count = None
    if found["kind"] == "fixed" and found["members"]:
        members = await visit.ask("list.members", list=found["list"], cursor=cursor, limit=LIMIT)
    elif found["kind"] == "live":
        asked = await visit.ask("customer.count", account=found["account"], filter=found["source"].get("filter") or {})
        count = asked["count"]
    faults, general = faults_of(error, ("title",)) if error else ({}, "")
    return visit.page(
        "list.html",
        block="live" if visit.fragment else None,
        status=422 if error else 200,
        one=found,
        count=count,
        filters=filters,
        chips=chips(filters),
        refused=[(meaning(reason), count) for reason, count in sorted(found["refused"].items())],
        members=members["items"],
        heads=_heads(found, members["items"]),
        named=any(one["name"] for one in members["items"]),
        addressed=any(one["address"] for one in members["items"]),
        cells=list(found["columns"])[:CELLS],
        card=card,
        newer=found["href"] if cursor else "",
        older=f"{found['href']}?tras={members['next']}" if members["next"] else "",
        new=f"/campanas/nueva?{urlencode({'lista': found['name']})}",
        faults=faults,
        general=general,
    )


def _heads(found: Mapping[str, Any], members: list[Any]) -> list[Column]:
    return [
        Column(_("Row")),
        Column(_("Customer")),
        *([Column(_("Name"))] if any(one["name"] for one in members) else []),
        *([Column(_("Address"))] if any(one["address"] for one in members) else []),
        *(Column(str(name)) for name in list(found["columns"])[:CELLS]),
    ]


@page(f"{ONE}/cambiar", operation="list.set", method="POST")
async def change(visit: Visit) -> Response:
    """Gives a list another name."""
    version = str(visit.form.get("version", ""))[:9]
    title = str(visit.form.get("title", "")).strip()[:300]
    try:
        if not title:
            raise fault("title", _("give it a name"))
        await visit.ask(
            "list.set", list=_number(visit), title=title, version=int(version) if version.isdecimal() else 0
        )
    except (UsageError, ConflictError) as error:
        return await _one(visit, _about_title(error))
    return visit.go(address(_number(visit)), _("The list has its new name."))


@page(f"{ONE}/archivar", operation="list.archive", method="POST")
async def archive(visit: Visit) -> Response:
    """Puts a list aside, or back."""
    back = visit.form.get("back") == "1"
    found = await visit.ask("list.archive", list=_number(visit), archived=not back)
    said = _("{name} is offered again.") if back else _("{name} is put aside. Campaigns that use it go on.")
    return visit.go(address(found["list"]), said.format(name=found["name"]))
