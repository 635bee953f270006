"""Campaigns › Templates: what is sent, written with its cost in view; its versions, and its archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, FaultsError, GatewayError, NotFoundError, UsageError
from gatewayd.web.panel import template_form as form
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.pieces import Chip, Tab
from gatewayd.web.panel.template_marks import compared, runs
from gatewayd.web.panel.uploading import attached, upload
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

HERE: Final = "/campanas/plantillas"
NEW: Final = f"{HERE}/nueva"
ONE: Final = f"{HERE}/editar"
PAGE: Final = 50
LISTS: Final = 50
"""Lists whose rows are offered to write with."""
CHANNELS: Final = {
    "sms": spoken("SMS"),
    "email": spoken("Mail"),
    "call": spoken("Call"),
    "push": spoken("Push"),
    "whatsapp": spoken("WhatsApp"),
}
CLASSES: Final = {
    "": spoken("as the account has it"),
    "collections": spoken("collections"),
    "notice": spoken("service notice"),
    "transactional": spoken("transactional"),
}
ACTIONS: Final = {
    "": spoken("nothing"),
    "repeat": spoken("says it again"),
    "promise": spoken("promises to pay"),
    "paid": spoken("says that it has paid"),
    "wrong_person": spoken("is another person"),
    "its_me": spoken("is the one who is meant"),
    "opt_out": spoken("wants no more calls"),
}
FILTERED: Final = ("q", "canal", "tras")


async def account_of(visit: Visit) -> str:
    """Returns the account that is worked in, or the only one; "" where one has to be chosen."""
    if visit.account:
        return visit.account
    accounts = (await visit.ask("account.list"))["items"]
    return str(accounts[0]["name"]) if len(accounts) == 1 else ""


async def choose(visit: Visit) -> Response:
    """Asks whose templates are meant."""
    accounts = [one["name"] for one in (await visit.ask("account.list"))["items"]]
    return visit.page("templates_whose.html", accounts=accounts)


def address(channel: str, name: str, path: str = ONE, **more: str) -> str:
    """Returns the address of a template's page."""
    return f"{path}?{urlencode({'canal': channel, 'nombre': name, **more})}"


@page(HERE, operation="template.list", place=Place("campanas", spoken("Templates"), 20))
async def show(visit: Visit) -> Response:
    """Shows the templates that are offered, or those in the archive."""
    account = await account_of(visit)
    if not account:
        return await choose(visit)
    archived = visit.query.get("archivo") == "1"
    search, channel = visit.query.get("q", "").strip()[:100], visit.query.get("canal", "")
    channel = channel if channel in CHANNELS else ""
    cursor = visit.query.get("tras", "")[:200]
    found = await visit.ask(
        "template.list",
        account=account,
        search=search,
        channel=channel,
        archived=archived or None,
        cursor=cursor,
        limit=PAGE,
    )
    kept = {"archivo": "1" if archived else "", "q": search, "canal": channel}
    chips = [Chip(_(CHANNELS[channel]), _with(kept, canal=""))] if channel else []
    return visit.page(
        "templates.html",
        items=found["items"],
        archived=archived,
        search=search,
        channel=channel,
        channels=CHANNELS,
        classes=CLASSES,
        chips=chips,
        address=address,
        hidden={"archivo": "1"} if archived else {},
        tabs=[
            Tab(_("Offered"), _with(kept, archivo=""), not archived),
            Tab(_("Archive"), _with(kept, archivo="1"), archived),
        ],
        newest=_with(kept) if cursor else "",
        older=_with(kept, tras=found["next"]) if found["next"] else "",
        may=visit.may("template.save"),
    )


def _with(kept: Mapping[str, str], **more: str) -> str:
    query = {name: value for name, value in {**kept, **more}.items() if value}
    return f"{HERE}?{urlencode(query)}" if query else HERE


# --------------------------------------------------------------------------------------------------------- one template


@page(NEW, operation="template.save")
async def begin(visit: Visit) -> Response:
    """Asks for the channel, and then shows the form of a new template: empty, or with a text to begin with."""
    account = await account_of(visit)
    if not account:
        return await choose(visit)
    channel = visit.query.get("canal", "")
    defaults = (await visit.ask("template.defaults"))["items"]
    if channel not in CHANNELS:
        return visit.page("template_new.html", channels=CHANNELS, defaults=defaults, path=NEW)
    chosen = next((one for one in defaults if one["default"] == visit.query.get("de")), None)
    content = chosen["content"] if chosen is not None and chosen["channel"] == channel else {}
    name = chosen["template"] if chosen is not None else ""
    return await edit(visit, account, channel, values=form.form_of(channel, content), name=name)


@page(ONE, operation="template.show")
async def one(visit: Visit) -> Response:
    """Shows one template, the newest version or an older one."""
    account = await account_of(visit)
    if not account:
        return await choose(visit)
    found = await asked(visit, account)
    values = form.form_of(found["channel"], found["content"])
    return await edit(visit, account, found["channel"], values=values, name=found["template"], saved=found)


async def asked(visit: Visit, account: str) -> Any:
    """Returns the template that the address names. NotFoundError."""
    channel, version = visit.query.get("canal", ""), visit.query.get("version", "")
    if channel not in CHANNELS:
        raise NotFoundError(_("there is no such channel"))
    return await visit.ask(
        "template.show",
        account=account,
        template=visit.query.get("nombre", "")[:80] or "-",
        channel=channel,
        version=int(version) if version.isdecimal() and len(version) < 8 else None,
    )


async def edit(
    visit: Visit,
    account: str,
    channel: str,
    *,
    values: Mapping[str, str],
    name: str,
    saved: Mapping[str, Any] | None = None,
    faults: Mapping[str, str] | None = None,
    general: str = "",
    said: str = "",
    trial: Mapping[str, Any] | None = None,
) -> Response:
    """Returns the page of one template with these values."""
    settings = await visit.ask("account.settings", account=account)
    shown = await preview_of(visit, account, channel, values, {} if saved is None else saved["content"])
    group = [one["name"] for one in settings.get("test_group") or ()]
    return visit.page(
        "template.html",
        status=422 if faults or general else 200,
        channel=channel,
        channels=CHANNELS,
        classes=CLASSES,
        actions=ACTIONS,
        values=values,
        name=name,
        saved=saved,
        faults=dict(faults or {}),
        general=general,
        told=said,
        trial=trial,
        prompt_word=_prompt_word,
        path=HERE,
        group=group,
        address=address,
        may=visit.may("template.save"),
        may_approve=visit.may("template.approve"),
        old=saved is not None and saved["version"] != saved["newest"],
        lists=[("", _("customers")), *await _lists(visit, account)],
        **shown,
    )


async def _lists(visit: Visit, account: str) -> list[tuple[str, str]]:
    """Returns the fixed lists whose rows a preview may go through. Asked for the page, not at each letter typed."""
    if not visit.may("list.list"):
        return []
    found = (await visit.ask("list.list", account=account, limit=LISTS))["items"]
    return [(str(one["list"]), one["name"]) for one in found if one["kind"] == "fixed" and one["state"] == "ready"]


def given(visit: Visit, channel: str) -> dict[str, str]:
    """Returns the fields of the form as they were sent."""
    names = (*form.FIELDS[channel], "class")
    return {name: str(visit.form.get(name, ""))[: form.TEXT_MAX].replace("\r\n", "\n") for name in names}


def channel_of(visit: Visit) -> str:
    """Returns the channel of a form. NotFoundError."""
    channel = str(visit.form.get("canal", ""))
    if channel not in CHANNELS:
        raise NotFoundError(_("there is no such channel"))
    return channel


async def saved_of(visit: Visit, account: str, channel: str) -> Any:
    """Returns the template that a form changes; None of a new one."""
    name = str(visit.form.get("nombre", ""))[:80]
    if not name or visit.form.get("nueva") == "1":
        return None
    return await visit.ask("template.show", account=account, template=name, channel=channel)


async def preview_of(
    visit: Visit, account: str, channel: str, values: Mapping[str, str], kept: Mapping[str, Any]
) -> dict[str, Any]:
    """Returns what the preview shows for the values of a form."""
    asked_for = visit.form or visit.query
    customer = str(asked_for.get("cliente", "")).strip()[:200]
    after = str(asked_for.get("tras", "0"))
    after = after if after.isdecimal() and len(after) < 18 else "0"
    content = form.content_of(channel, values, kept)
    chosen = str(asked_for.get("lista", ""))
    number = (int(chosen) or None) if chosen.isascii() and chosen.isdecimal() and len(chosen) < 18 else None
    trouble = ""
    try:
        found = await visit.ask(
            "template.preview",
            account=account,
            channel=channel,
            content=content or {"text": ""},
            customer=customer,
            rows_of=None if customer else number,
            after=None if customer else int(after),
        )
    except NotFoundError as error:
        trouble = str(error)
        found = await visit.ask("template.preview", account=account, channel=channel, content=content or {"text": ""})
    return {
        "shown": found,
        "cliente": customer,
        "lista": "" if number is None else str(number),
        "tras": after,
        "trouble": trouble,
        "runs": runs,
        "letters_of": _letters_of,
        "written": any(values.get(name, "").strip() for name in _WORDS),
    }


_WORDS: Final = ("text", "subject", "html", "message", "title", "approved", "steps")
_LETTERS_MAX: Final = 12


def _letters_of(dear: Sequence[Sequence[Any]]) -> str:
    """Returns the letters that make a text dear, each once."""
    letters = list(
        dict.fromkeys(letter for _start, _end, stretch in dear for letter in stretch if not letter.isspace())
    )
    return ", ".join(letters[:_LETTERS_MAX]) + (" …" if len(letters) > _LETTERS_MAX else "")


def _prompt_word(name: str) -> str:
    """Returns what a prompt of a call is, for people."""
    if name.startswith("step") and name[4:].isdecimal():
        return _("Step {number}").format(number=int(name[4:]) + 1)
    if name.startswith("digit"):
        return name[5:]
    words = {"message": _("What it says"), "menu": _("Keys"), "bye": _("Goodbye")}
    return words.get(name) or {"promise": _("After a promise to pay"), "opt_out": _("After “no more calls”")}.get(
        name, name
    )


@page(ONE, operation="template.save", method="POST")
async def save(visit: Visit) -> Response:
    """Saves a version; or makes the text plain, which saves nothing."""
    account = await account_of(visit)
    channel = channel_of(visit)
    name, fresh = str(visit.form.get("nombre", ""))[:200].strip(), visit.form.get("nueva") == "1"
    values, saved = given(visit, channel), await saved_of(visit, account, channel)
    content = form.content_of(channel, values, {} if saved is None else saved["content"])
    seen = str(visit.form.get("vista", ""))
    try:
        uploads = [await upload(visit, account, one) for one in attached(visit, "adjuntos")]
        made = await visit.ask(
            "template.save",
            account=account,
            template=name or None,
            channel=channel,
            content=content or {"text": ""},
            uploads=uploads,
            fresh=fresh or None,
            seen=int(seen) if seen.isdecimal() and len(seen) < 8 and not fresh else None,
        )
    except FaultsError as error:
        faults = {
            "nombre" if one["key"] == "template" else form.field_of(one["key"]): _sentence(one) for one in error.faults
        }
        return await edit(visit, account, channel, values=values, name=name, saved=saved, faults=faults)
    except (ConflictError, UsageError) as error:
        faults = {"nombre": str(error)} if fresh and isinstance(error, ConflictError) else {}
        general = "" if faults else str(error)
        return await edit(
            visit, account, channel, values=values, name=name, saved=saved, faults=faults, general=general
        )
    said = _("“{name}” was saved as version {version}").format(name=made["template"], version=made["version"])
    return visit.go(address(channel, made["template"]), said=said)


def _sentence(fault: Mapping[str, str]) -> str:
    return "; ".join(part for part in (fault["message"], fault["remedy"]) if part)


# ------------------------------------------------------------------------------------------------------------- versions


@page(f"{HERE}/versiones", operation="template.show")
async def history(visit: Visit) -> Response:
    """Shows the versions of a template, each with what it changed."""
    account = await account_of(visit)
    if not account:
        return await choose(visit)
    newest = await asked(visit, account)
    name, channel = newest["template"], newest["channel"]
    rows = newest["versions"][:PAGE]
    contents = {newest["version"]: newest["content"]}
    for one in newest["versions"][: PAGE + 1]:
        if one["version"] not in contents:
            found = await visit.ask(
                "template.show", account=account, template=name, channel=channel, version=one["version"]
            )
            contents[one["version"]] = found["content"]
    items = [
        one | {"changes": compared(contents.get(one["version"] - 1, {}), contents[one["version"]])} for one in rows
    ]
    return visit.page(
        "template_versions.html", saved=newest, items=items, address=address, path=HERE, place_word=_place
    )


def _place(place: str) -> str:
    """Returns where in a content a text stands, for people."""
    words = {"text": _("Text"), "subject": _("Subject"), "html": "HTML", "class": _("Kind of message")}
    return words.get(place, place.removeprefix("call.script.").removeprefix("whatsapp."))


# ----------------------------------------------------------------------------------------------------------- other acts


async def _act(visit: Visit, operation: str, said: str, **more: Any) -> Response:
    account = await account_of(visit)
    channel, name = channel_of(visit), str(visit.form.get("nombre", ""))[:80]
    back = address(channel, name)
    try:
        await visit.ask(operation, account=account, template=name, channel=channel, **more)
    except GatewayError as error:
        return visit.go(back, said=str(error), tone="act")
    gone = operation == "template.remove"
    return visit.go(HERE if gone or operation == "template.archive" else back, said=said.format(name=name))


@page(f"{HERE}/archivar", operation="template.archive", method="POST")
async def archive(visit: Visit) -> Response:
    """Puts a template into the archive."""
    return await _act(visit, "template.archive", _("“{name}” is in the archive: it is offered no more."))


@page(f"{HERE}/restaurar", operation="template.restore", method="POST")
async def restore(visit: Visit) -> Response:
    """Takes a template out of the archive."""
    return await _act(visit, "template.restore", _("“{name}” is offered again."))


@page(f"{HERE}/quitar", operation="template.remove", method="POST")
async def remove(visit: Visit) -> Response:
    """Removes a template that was never used."""
    return await _act(visit, "template.remove", _("“{name}” was removed."))


@page(f"{HERE}/aprobar", operation="template.approve", method="POST")
async def approve(visit: Visit) -> Response:
    """Lets the version be sent as transactional."""
    version = str(visit.form.get("version", ""))
    number = int(version) if version.isdecimal() and len(version) < 8 else 0
    return await _act(visit, "template.approve", _("This version of “{name}” is approved."), version=number)
