"""Credits: what each account has, what it was charged, how long it lasts, and grants by administrators."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, UsageError
from gatewayd.web.panel.forecast import lasts_until
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.pieces import Tab
from gatewayd.web.panel.rendering import formats_of
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

HERE: Final = "/ajustes/creditos"
PAGE: Final = 50
SUMS_MAX: Final = 366
SEEN: Final = (("day", spoken("By day")), ("job", spoken("By job")), ("all", spoken("Each movement")))
BACK_DAYS: Final = 14
"""Days of the past from which is told how long credit lasts."""


def _address(account: str) -> str:
    return f"{HERE}/{quote(account)}"


@page(HERE, operation="account.list", place=Place("ajustes", spoken("Credits"), 30))
async def show(visit: Visit) -> Response:
    """Shows every account's credit; with one account alone, that one."""
    found = (await visit.ask("account.list"))["items"]
    if len(found) == 1 and not visit.may("account.create"):
        return visit.go(_address(found[0]["name"]))
    rows = [one | {"forecast": await _forecast(visit, one)} for one in found]
    return visit.page("credits.html", accounts=rows, address=_address)


async def _forecast(visit: Visit, account: dict[str, Any]) -> dict[str, Any]:
    """Returns how much a day costs of late and until when the balance lasts at that."""
    today = datetime.now(ZoneInfo(visit.zone)).date()
    found = await visit.ask(
        "statistics.show",
        account=account["name"],
        since=(today - timedelta(days=BACK_DAYS)).isoformat(),
        until=(today - timedelta(days=1)).isoformat(),
    )
    spent = Decimal(found["total"]["cost"].get(account["currency"], "0"))
    until = lasts_until(Decimal(account["balance"]), spent, BACK_DAYS, today)
    return {"a_day": str(round(spent / BACK_DAYS, 2)), "until": until, "soon": _soon(until, today)}


def _soon(until: date | None, today: date) -> bool:
    return until is not None and until <= today + timedelta(days=7)


@page(f"{HERE}/{{account}}", operation="account.statement")
async def show_one(visit: Visit) -> Response:
    """Shows an account: its credit, its statement, and the form that grants."""
    return await _one(visit, visit.request.path_params["account"])


async def _one(
    visit: Visit, name: str, *, faults: dict[str, str] | None = None, values: dict[str, str] | None = None
) -> Response:
    account = await visit.ask("account.show", account=name)
    seen = visit.query.get("ver", "day")
    seen = seen if seen in {key for key, _word in SEEN} else "day"
    older, sums, statement = "", [], []
    if seen == "all":
        found = await visit.ask("account.statement", account=name, cursor=visit.query.get("tras", ""), limit=PAGE)
        statement = found["items"]
        older = f"{_address(name)}?ver=all&tras={found['next']}" if found["next"] else ""
    else:
        sums = (await visit.ask("account.sums", account=name, by=seen))["items"][:SUMS_MAX]
    return visit.page(
        "credit.html",
        status=422 if faults else 200,
        account=account,
        forecast=await _forecast(visit, account),
        tabs=[
            Tab(_(word), f"{_address(name)}?ver={key}" if key != "day" else _address(name), key == seen)
            for key, word in SEEN
        ],
        seen=seen,
        sums=sums,
        statement=statement,
        newest=f"{_address(name)}?ver=all" if visit.query.get("tras") else "",
        older=older,
        faults=faults or {},
        values=values or {"act": "grant", "amount": "", "note": ""},
        may_grant=visit.may("account.credit"),
        several=visit.may("account.create"),
    )


@page(f"{HERE}/{{account}}", operation="account.credit", method="POST")
async def grant(visit: Visit) -> Response:
    """Grants or withdraws credit."""
    name = visit.request.path_params["account"]
    values = {key: str(visit.form.get(key, "")).strip()[:1000] for key in ("act", "amount", "note")}
    amount = _amount(values["amount"])
    if amount is None:
        told = _("Write the amount with digits, for example 1500 or 1500,50.")
        return await _one(visit, name, faults={"amount": told}, values=values)
    signed = f"-{amount}" if values["act"] == "withdraw" else amount
    try:
        changed = await visit.ask("account.credit", account=name, amount=signed, note=values["note"])
    except (UsageError, ConflictError) as error:
        return await _one(visit, name, faults={"amount": str(error)}, values=values)
    balance = formats_of(visit.zone).money(changed["balance"], changed["currency"])
    sentence = _("{amount} was withdrawn; the balance is {balance}.")
    if values["act"] != "withdraw":
        sentence = _("{amount} was granted; the balance is {balance}.")
    money = formats_of(visit.zone).money(amount, changed["currency"])
    return visit.go(_address(name), said=sentence.format(amount=money, balance=balance))


def _amount(text: str) -> str | None:
    """Returns the amount that a person wrote, with either sign for decimals; None where it can mean two things."""
    plain = text.replace("$", "").replace(" ", "").replace("\N{NO-BREAK SPACE}", "")
    marks = [one for one in plain if one in ".,"]
    if len(marks) == 1:
        whole, _mark, rest = plain.partition(marks[0])
        if len(rest) == 3 and whole not in {"", "0"}:
            return None  # 1.500: one and a half, or fifteen hundred?
        plain = f"{whole}.{rest}"
    elif marks:
        last = marks[-1]
        if marks.count(last) > 1:
            return None
        whole, _mark, rest = plain.rpartition(last)
        plain = f"{whole.replace(marks[0], '')}.{rest}"
    try:
        amount = Decimal(plain)
    except InvalidOperation:
        return None
    return f"{amount:f}" if amount.is_finite() and amount > 0 else None


@page("/ajustes/cuentas/nueva", operation="account.create")
async def ask_for_account(visit: Visit) -> Response:
    """Shows the form that makes an account."""
    return visit.page("account_new.html", faults={}, values={"account": "", "currency": ""})


@page("/ajustes/cuentas/nueva", operation="account.create", method="POST")
async def make_account(visit: Visit) -> Response:
    """Makes an account."""
    values = {key: str(visit.form.get(key, "")).strip()[:64] for key in ("account", "currency")}
    try:
        made = await visit.ask("account.create", account=values["account"], currency=values["currency"].upper())
    except (UsageError, ConflictError) as error:
        return visit.page("account_new.html", status=422, faults={"account": str(error)}, values=values)
    return visit.go(_address(made["name"]), said=_("The account {name} is there; grant it credit.").format(**made))
