"""Rules for claims: the list, and the form with a worked calendar and what saving would change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response

from gatewayd.dunning.policy import CHANNELS
from gatewayd.values.errors import ConflictError, FaultsError, ForbiddenError, NotFoundError, UsageError
from gatewayd.web.panel import marks, rule_form
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.uploading import account_of
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken
from gatewayd.words.claim_reasons import claim_word

HERE: Final = "/cobranza/reglas"
PAGE_MAX: Final = 200
"""Templates of a channel to choose from."""
BASES: Final = (("due", spoken("from the due date")), ("contact", spoken("from the contact before")))
ACTIONS: Final = (
    ("message", spoken("message")),
    ("event", spoken("event for other systems")),
    ("visit", spoken("visit")),
)
EMPTY: Final[dict[str, Any]] = {
    "levels": [],
    "nothing": False,
    "tolerance_days": 0,
    "reclaim_days": 0,
    "repeats": 0,
    "minimums": {},
    "hour": "09:00",
    "hold_out": 0,
}


@page(HERE, operation="policy.list", place=Place("cobranza", spoken("Rules"), 10))
async def show(visit: Visit) -> Response:
    """Shows the rules, and one of them in its form."""
    name, account = visit.query.get("regla", ""), await account_of(visit, visit.query.get("cuenta", ""))
    found = (await visit.ask("policy.list"))["items"]
    opened = None
    if name:
        try:
            opened = await visit.ask("policy.show", account=account or None, policy=name)
        except (NotFoundError, UsageError):
            opened = None
    document = opened["document"] if opened is not None else EMPTY
    form: dict[str, Any] = {"policy": name, "account": account, "version": opened["version"] if opened else ""}
    known = any(one["standard"] for one in found if one["account"] == account)
    return await _page(
        visit, found, document, form, standard=opened["standard"] if opened else not known, opened=opened
    )


async def _ways(visit: Visit, account: str, rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Returns by what a level may go, a channel with one of the account's templates each, as choices. What a rule says
    already stays one, though its template was put aside since."""
    found: dict[str, str] = {}
    if account and visit.may("template.list"):
        for channel in CHANNELS:
            listed = await visit.ask("template.list", account=account, channel=channel, limit=PAGE_MAX)
            found |= {rule_form.way(channel, one["template"]): one["template"] for one in listed["items"]}
    said = {one: one.partition(":")[2] for row in rows for one in row["ways"] if one}
    return [(value, f"{_channel(value)} · {name or '–'}") for value, name in {**found, **said}.items()]


def _channel(value: str) -> str:
    channel = value.partition(":")[0]
    return _(marks.CHANNEL[channel].word) if channel in marks.CHANNEL else channel


async def _page(
    visit: Visit,
    rules: Any,
    document: dict[str, Any],
    form: dict[str, Any],
    *,
    standard: bool,
    opened: Any = None,
    tried: Any = None,
    fault: str = "",
) -> Response:
    audience = document.get("audience") or {}
    account, rows = form.get("account") or visit.account, rule_form.rows_of(document)
    names = [] if account else [one["name"] for one in (await visit.ask("account.list"))["items"]]
    return visit.page(
        "rules.html",
        rules=rules,
        address=lambda one: f"{HERE}?regla={quote(one['policy'])}&cuenta={quote(one['account'])}",
        form=form,
        document=document,
        rows=rows,
        accounts=[(name, f"{HERE}?cuenta={quote(name)}") for name in names],
        minimums="\n".join(f"{currency} {amount}" for currency, amount in (document.get("minimums") or {}).items()),
        tags=" ".join(audience.get("tags") or ()),
        portfolio=audience.get("portfolio_type") or "",
        portfolios=[("", _("any")), ("vigente", _("current")), ("castigada", _("written off"))],
        standard=standard,
        bases=[(key, _(word)) for key, word in BASES],
        actions=[(key, _(word)) for key, word in ACTIONS],
        opened=opened,
        tried=tried,
        fault=fault,
        stand=claim_word,
        may_save=visit.may("policy.save"),
        ways=await _ways(visit, account, rows),
        may_templates=visit.may("template.list"),
        lead=[_("First by"), _("If that reaches nobody"), _("Then by")],
    )


@page(HERE, operation="policy.save", method="POST")
async def save(visit: Visit) -> Response:
    """Tries a rule out, or saves it."""
    form = {name: str(visit.form.get(name, "")).strip()[:200] for name in ("policy", "account", "version")}
    account = form["account"] or visit.account
    standard = visit.form.get("standard") == "1"
    trying = str(visit.form.get("do", "")) != "save"
    document: dict[str, Any] = dict(EMPTY)
    found = (await visit.ask("policy.list"))["items"]
    try:
        document = rule_form.document_of(visit.form)
        said: dict[str, Any] = {"account": account or None, "policy": form["policy"], "document": document}
        tried = await visit.ask("policy.try", **said, standard=standard)
        if not trying:
            version = int(form["version"]) if form["version"].isdecimal() else None
            password = str(visit.form.get("password", ""))[:1000]
            await visit.ask("policy.save", **said, standard=standard, version=version, password=password)
    except ValueError as error:
        fault = _("{field}: a whole number").format(field=error)
        return await _page(visit, found, document, form, standard=standard, fault=fault)
    except (ConflictError, FaultsError, ForbiddenError, NotFoundError, UsageError) as error:
        return await _page(visit, found, document, form, standard=standard, fault=str(error))
    if trying:
        return await _page(visit, found, document, form, standard=standard, tried=tried)
    address = f"{HERE}?regla={quote(form['policy'])}&cuenta={quote(account or '')}"
    return visit.go(address, said=_("The rule was saved; it holds from now on."))


@page(f"{HERE}/archivar", operation="policy.archive", method="POST")
async def archive(visit: Visit) -> Response:
    """Puts a rule aside."""
    name, account = str(visit.form.get("policy", ""))[:200], str(visit.form.get("account", ""))[:64]
    try:
        await visit.ask("policy.archive", account=account or visit.account or None, policy=name)
    except (NotFoundError, UsageError) as error:
        return visit.go(HERE, said=str(error), tone="act")
    return visit.go(HERE, said=_("The rule was put aside: it is nobody's any more."))
