"""Settings of answers without a person: each with its switch and words, the box in which one is tried, what asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, FaultsError, NotFoundError, UsageError
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken
from gatewayd.words.reasons import meaning

HERE: Final = "/ajustes/respuestas"
TEXT_MAX: Final = 1_600
WORDS: Final = ("debt", "ticket", "paid", "wrong_person")
"""Parts with words of the account's own."""
BODIES: Final[Mapping[str, tuple[str, ...]]] = {
    "debt": ("body", "other", "confirm"),
    "ticket": ("body", "tickets", "change"),
    "payment": ("body",),
    "paid": ("body",),
    "promise": ("body", "day"),
}
DEFAULTS: Final = {
    ("debt", "body"): "debt", ("debt", "other"): "other", ("debt", "confirm"): "confirm",
    ("ticket", "body"): "ticket", ("ticket", "tickets"): "tickets", ("ticket", "change"): "change",
    ("payment", "body"): "payment", ("paid", "body"): "paid", ("promise", "body"): "promise", ("promise", "day"): "day",
}  # fmt: skip
"""Which of our own words stand where an account has none."""
NUMBERS: Final = (("ticket", "per_day"), ("paid", "days"), ("promise", "days_max"), ("promise", "key_days"))
SWITCHES: Final = (
    *("debt", "ticket", "payment", "paid", "promise", "wrong_person"),
    *("mail_invoice", "mail_payment", "mail_ticket"),
)
KINDS: Final = {
    "none": spoken("No word matches: a person reads it in the inbox."),
    "opt_out": spoken("It asks for silence: the number is blocked, and nothing is answered."),
    "doubtful": spoken("It may ask for silence: a person decides."),
    "wrong_person": spoken("It is another person's number: it is not used for that customer any more."),
    "paid": spoken("It says that it has paid: claims rest, and somebody checks the payment."),
    "promise": spoken("A promise to pay is noted."),
    "day": spoken("The day of the promise is asked back."),
    "ticket": spoken("A ticket is opened."),
    "tickets": spoken("Above the maximum of the day: the open ticket is named."),
    "debt": spoken("The balance is told."),
    "other": spoken("No amount is told to this address."),
    "confirm": spoken("The number is asked whether it is the customer's; no amount is told."),
}
NOTICES: Final = {
    "payment": spoken("thanks for payments"),
    "mail.payment": spoken("mails about payments"),
    "mail.invoice": spoken("mails about invoices"),
}


async def _account(visit: Visit) -> str:
    """Returns the account that is worked in, or the only one; "" where one has to be chosen."""
    if visit.account:
        return visit.account
    accounts = (await visit.ask("account.list"))["items"]
    return str(accounts[0]["name"]) if len(accounts) == 1 else ""


@page(HERE, operation="answers.show", place=Place("ajustes", spoken("Answers"), 25))
async def show(visit: Visit) -> Response:
    """Shows the settings, and what would be answered where a text is tried."""
    return await _shown(visit)


async def _shown(visit: Visit, *, faults: Mapping[str, str] | None = None, general: str = "") -> Response:
    account = await _account(visit)
    if not account:
        accounts = [one["name"] for one in (await visit.ask("account.list"))["items"]]
        return visit.page("replies.html", account="", accounts=accounts, settings=None)
    settings = await visit.ask("answers.show", account=account)
    text = visit.query.get("texto", "")[:TEXT_MAX]
    address, channel = visit.query.get("de", "")[:254], visit.query.get("canal", "sms")
    channel = channel if channel in {"sms", "whatsapp", "email"} else "sms"
    tried = None
    if text:
        tried = await visit.ask("answers.try", account=account, text=text, address=address, channel=channel)
    return visit.page(
        "replies.html",
        status=422 if faults or general else 200,
        account=account,
        accounts=(),
        settings=settings,
        defaults={f"{part}_{key}": settings["defaults"][kind] for (part, key), kind in DEFAULTS.items()},
        faults=dict(faults or {}),
        general=general,
        may_set=visit.may("answers.set"),
        text=text,
        address=address,
        channel=channel,
        tried=tried,
        tried_kind=_(KINDS[tried["kind"]]) if tried else "",
        tried_reason=meaning(tried["reason"]) if tried and tried["reason"] else "",
        batches=(await visit.ask("notice.list", account=account))["items"],
        notice_of=lambda kind: _(NOTICES[kind]) if kind in NOTICES else kind,
        may_decide=visit.may("notice.decide"),
        people=await _people(visit, account),
    )


async def _people(visit: Visit, account: str) -> list[tuple[str, str]]:
    if not visit.may("user.list"):
        return []
    found = (await visit.ask("user.list"))["items"]
    return [(one["name"], one["name"]) for one in found if one["account"] in {None, account} and not one["disabled"]]


@page(HERE, operation="answers.set", method="POST")
async def save(visit: Visit) -> Response:
    """Saves the settings."""
    account = await _account(visit)
    version = str(visit.form.get("version", ""))
    arguments: dict[str, Any] = {"account": account, **_given(visit)}
    if version.isdecimal() and len(version) < 10:
        arguments["version"] = int(version)
    try:
        await visit.remote.ask(visit.bearer, "answers.set", arguments)
    except FaultsError as error:
        faults = {one["key"].replace(".", "_"): f"{one['message']}; {one['remedy']}" for one in error.faults}
        return await _shown(visit, faults=faults)
    except (ConflictError, UsageError) as error:
        return await _shown(visit, general=str(error))
    return visit.go(HERE, said=_("The answers were saved."))


def _given(visit: Visit) -> dict[str, Any]:
    """Returns what a form says of every part."""
    form = visit.form
    given: dict[str, Any] = {name: {"on": form.get(f"{name}_on") == "1"} for name in SWITCHES}
    for name in WORDS:
        words = str(form.get(f"{name}_words", ""))[:2_000].split(",")
        given[name]["words"] = [word.strip() for word in words if word.strip()]
    for name, keys in BODIES.items():
        for key in keys:
            text = str(form.get(f"{name}_{key}", "")).strip()
            given[name][key] = text or None
    for name, key in NUMBERS:
        number = str(form.get(f"{name}_{key}", ""))
        if number.isdecimal() and len(number) < 4:
            given[name][key] = int(number)
    given["ticket"]["operator"] = str(form.get("ticket_operator", "")).strip()[:100] or None
    given["ticket"]["category"] = str(form.get("ticket_category", "")).strip()[:100]
    given["ticket"]["tell"] = form.get("ticket_tell") == "1"
    for key in ("automatic", "manual"):
        given["payment"][key] = form.get(f"payment_{key}") == "1"
    for name in ("mail_invoice", "mail_payment", "mail_ticket"):
        given[name]["template"] = str(form.get(f"{name}_template", "")).strip()[:100] or None
    number = str(form.get("per_number", ""))
    if number.isdecimal() and len(number) < 4:
        given["per_number"] = int(number)
    return given


@page(f"{HERE}/avisos", operation="notice.decide", method="POST")
async def decide(visit: Visit) -> Response:
    """Says whether a batch of notices is sent."""
    batch = str(visit.form.get("batch", ""))
    if not batch.isdecimal() or len(batch) > 15:
        return visit.go(HERE, said=_("There is no such batch."), tone="look")
    send = visit.form.get("send") == "1"
    try:
        await visit.ask("notice.decide", batch=int(batch), send=send)
    except (ConflictError, NotFoundError) as error:
        return visit.go(HERE, said=str(error), tone="act")
    return visit.go(HERE, said=_("They go out.") if send else _("They are not sent."))
