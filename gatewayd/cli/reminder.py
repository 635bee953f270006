"""`gatewayd reminder`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import click

from drivers.base import spoken
from gatewayd.cli import completion, output
from gatewayd.cli.session import session
from gatewayd.values.reminder import CHANNELS
from gatewayd.words.translation import gettext as _

TABS = ("all", "active", "inactive", "archived")


@click.group(help=_("Reminders: a customer is asked by hand for what it owes. REMINDER is a number."))
def reminder() -> None:
    pass


WITHHELD: Final[Mapping[str, str]] = {
    "shared_number": spoken("words that name neither amount nor person: two customers have that number"),
    "first_contact": spoken("words that name neither amount nor person: nobody has confirmed that number"),
}


def _word(state: str) -> str:
    words = {"active": _("active"), "paid": _("paid"), "cancelled": _("cancelled")}
    return words.get(state, state)


def _row(found: Mapping[str, Any], zone: ZoneInfo) -> tuple[object, ...]:
    amount = "" if found["amount"] is None else f"{found['amount']} {found['currency']}"
    return (
        *(found["reminder"], found["customer"], found["invoice"], _word(found["state"]), amount, found["due"] or ""),
        *(found["sends"], output.local(found["next_at"], zone) or ""),
    )


@reminder.command("list", help=_("Reminders, newest first."))
@click.option("--account", shell_complete=completion.accounts, help=_("Only this account's."))
@click.option("--tab", type=click.Choice(TABS), default="all", show_default=True)
@click.option("--customer", help=_("Only this customer's, by its external id."))
@output.page_options
@output.json_option
def list_(
    *, account: str | None, tab: str, customer: str | None, limit: int | None, cursor: str | None, as_json: bool
) -> None:
    wanted: dict[str, Any] = {"account": account, "tab": tab, "customer": customer, "cursor": cursor}
    with session() as open_session:
        if as_json:
            output.emit_list(open_session.pages("reminder.list", **wanted, limit=limit))
            return
        output.shown_list(
            open_session.pages("reminder.list", **wanted, limit=limit or output.SHOWN),
            ("#", _("Customer"), _("Invoice"), _("State"), _("Amount"), _("Due date"), _("Sent"), _("Next")),
            partial(_row, zone=open_session.config.timezone),
            right=(0, 4, 6),
            spare=(7, 5),
        )


def _done(found: Mapping[str, Any], as_json: bool, zone: ZoneInfo) -> None:
    if as_json:
        output.emit(found)
        return
    why = found.get("withheld")
    output.record(
        (
            ("#", found["reminder"]),
            (_("Customer"), found["customer"]),
            (_("Invoice"), found["invoice"]),
            (_("State"), _word(found["state"])),
            (_("Amount"), "" if found["amount"] is None else f"{found['amount']} {found['currency']}"),
            (_("Due date"), found["due"]),
            (_("Channel"), found["channel"]),
            (_("Text"), found["text"]),
            (_("Sent"), found["sends"]),
            (_("Next"), output.local(found["next_at"], zone)),
            (_("Goes out as"), _(WITHHELD[why]) if why else None),
        )
    )


@reminder.command("show", help=_("Show a reminder."))
@click.argument("number", type=int, metavar="REMINDER")
@output.json_option
def show(number: int, as_json: bool) -> None:
    with session() as open_session:
        _done(open_session.ask("reminder.show", reminder=number), as_json, open_session.config.timezone)


@reminder.command("add", help=_("Write a reminder for a customer."))
@click.argument("customer")
@click.option("--account", required=True, shell_complete=completion.accounts)
@click.option("--text", required=True, help=_("What the customer is to read, with variables."))
@click.option("--currency", required=True, metavar="ARS")
@click.option("--amount", metavar="N.NN")
@click.option("--invoice", default="", help=_("Number or id of the invoice."))
@click.option("--due", metavar="YYYY-MM-DD")
@click.option("--channel", type=click.Choice(CHANNELS), default="sms", show_default=True)
@click.option("--subject", default="", help=_("Of a mail."))
@click.option("--first", metavar="YYYY-MM-DD", help=_("The first day on which it is sent by itself."))
@click.option("--every", "every_days", type=click.IntRange(1, 365), metavar="DAYS", help=_("Again each so many days."))
@click.option("--times", type=click.IntRange(1, 60), default=1, help=_("How often at most."))
@click.option("--hour", default="10:00", show_default=True, metavar="HH:MM")
@output.json_option
def add(customer: str, as_json: bool, **said: Any) -> None:
    given = {name: value for name, value in said.items() if value is not None}
    with session() as open_session:
        _done(open_session.ask("reminder.add", customer=customer, **given), as_json, open_session.config.timezone)


@reminder.command("send", help=_("Send a reminder now."))
@click.argument("number", type=int, metavar="REMINDER")
@click.option("--anyway", is_flag=True, help=_("Though the customer was contacted about its debt today already."))
@output.json_option
def send(number: int, *, anyway: bool, as_json: bool) -> None:
    with session() as open_session:
        _done(open_session.ask("reminder.send", reminder=number, anyway=anyway), as_json, open_session.config.timezone)


@reminder.command("state", help=_("Say that a reminder is paid, cancelled, or active again."))
@click.argument("number", type=int, metavar="REMINDER")
@click.argument("state", type=click.Choice(["paid", "cancelled", "active"]))
@output.json_option
def state_(number: int, state: str, as_json: bool) -> None:
    with session() as open_session:
        _done(open_session.ask("reminder.pay", reminder=number, state=state), as_json, open_session.config.timezone)


@reminder.command("archive", help=_("Put a reminder aside, or (--back) take it back."))
@click.argument("number", type=int, metavar="REMINDER")
@click.option("--back", is_flag=True)
@output.json_option
def archive(number: int, *, back: bool, as_json: bool) -> None:
    with session() as open_session:
        _done(
            open_session.ask("reminder.archive", reminder=number, archived=not back),
            as_json,
            open_session.config.timezone,
        )


@reminder.command("remove", help=_("Remove a reminder that was never sent."))
@click.argument("number", type=int, metavar="REMINDER")
@output.json_option
def remove(number: int, as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("reminder.remove", reminder=number)
        if as_json:
            output.emit(found)
