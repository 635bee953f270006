"""`gatewayd account`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

import click

from gatewayd.cli import asking, completion, output
from gatewayd.cli.session import session
from gatewayd.words.translation import gettext as _

LISTED = (_("Account"), _("Currency"), _("Balance"), _("Held"), _("Charged"), _("Granted"))
MONEY = (2, 3, 4, 5)


@click.group(help=_("Accounts and their credits."))
def account() -> None:
    pass


def _row(found: dict[str, Any]) -> tuple[object, ...]:
    return tuple(found[key] for key in ("name", "currency", "balance", "held", "charged", "granted"))


def _show(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        output.emit(found)
    else:
        output.table(LISTED, [_row(found)], right=MONEY)


@account.command(help=_("Create an account, and its folders in the spool."))
@click.argument("name")
@click.option("--currency", metavar="XXX", help=_("Its currency (default: the tariff's)."))
@click.option("--group", help=_("The group whose members may use the account's folders (the service must be in it)."))
@output.json_option
def create(name: str, currency: str | None, group: str | None, as_json: bool) -> None:
    with session() as open_session:
        made = open_session.ask("account.create", account=name, currency=currency, group=group)
    _show(made, as_json)


@account.command(
    # So that an amount with a leading minus is an amount.
    context_settings={"ignore_unknown_options": True},
    help=_("Grant credit; a negative AMOUNT withdraws it. At most six decimals, with a point."),
)
@click.argument("name", shell_complete=completion.accounts)
@click.argument("amount")
@click.option("--note", default="", help=_("What the statement will say about it."))
@output.json_option
def credit(name: str, amount: str, note: str, as_json: bool) -> None:
    with session() as open_session:
        changed = open_session.ask("account.credit", account=name, amount=amount, note=note)
    _show(changed, as_json)


@account.command("list", help=_("All accounts."))
@output.json_option
def list_(as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("account.list")
    if as_json:
        output.emit(found)
    else:
        output.table(LISTED, [_row(one) for one in found["items"]], right=MONEY)


@account.command(help=_("One account."))
@click.argument("name", shell_complete=completion.accounts)
@output.json_option
def show(name: str, as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("account.show", account=name)
    _show(found, as_json)


@account.command(help=_("The movements of an account, newest first; with --by, what each job or day has moved."))
@click.argument("name", shell_complete=completion.accounts)
@click.option("--by", type=click.Choice(["job", "day"]), help=_("Totals by job or by day."))
@output.page_options
@output.json_option
def statement(name: str, by: str | None, limit: int | None, cursor: str | None, as_json: bool) -> None:
    with session() as open_session:
        if by is not None:
            _show_sums(open_session.ask("account.sums", account=name, by=by), by, open_session.config.timezone, as_json)
            return
        if as_json:
            output.emit_list(open_session.pages("account.statement", account=name, limit=limit, cursor=cursor))
            return
        zone = open_session.config.timezone
        output.shown_list(
            open_session.pages("account.statement", account=name, limit=limit or output.SHOWN, cursor=cursor),
            (
                *(_("Time"), _("Movement"), _("Balance"), _("Held"), _("Charged")),
                *(_("Job"), _("Message"), _("Part"), _("Note")),
            ),
            lambda one: (
                *(output.local(one["at"], zone), _MOVEMENTS[one["kind"]](), *_effects(one["kind"], one["amount"])),
                *(one[key] for key in ("job", "message", "part", "note")),
            ),
            right=(2, 3, 4, 7),
            spare=(6, 7, 3, 4),
        )


def _show_sums(found: Mapping[str, Any], by: str, zone: ZoneInfo, as_json: bool) -> None:
    if as_json:
        output.emit(found)
        return
    output.table(
        (_("Job") if by == "job" else _("Day"), _("Granted"), _("Charged"), _("Held"), _("Last")),
        [
            (
                *(one["group"] or _("no job"), one["granted"], one["charged"], one["held"]),
                output.local(one["last_at"], zone),
            )
            for one in found["items"]
        ],
        right=(1, 2, 3),
    )


@account.command("mass-password", help=_("Set the password that people give for sends to many; it is asked for."))
@click.argument("name", shell_complete=completion.accounts)
@asking.password_option
@output.json_option
def mass_password(name: str, password_stdin: bool, as_json: bool) -> None:
    _show_rule("mass.set", as_json, account=name, password=asking.password(password_stdin))


@account.command("approval", help=_("Set above how many people somebody else approves a send; 0: nobody needs to."))
@click.argument("name", shell_complete=completion.accounts)
@click.argument("people", type=click.IntRange(min=0))
@output.json_option
def approval(name: str, people: int, as_json: bool) -> None:
    _show_rule("mass.set", as_json, account=name, approve_above=people or "")


def _show_rule(operation: str, as_json: bool, **keys: Any) -> None:
    with session() as open_session:
        found = open_session.ask(operation, **keys)
    if as_json:
        output.emit(found)
        return
    output.record(
        [
            (_("Account"), found["account"]),
            (_("Password for sends to many"), _("yes") if found["password"] else _("no")),
            (_("Approved above"), found["approve_above"]),
        ]
    )


_MOVEMENTS: Final[Mapping[str, Callable[[], str]]] = {
    "grant": lambda: _("grant"),
    "hold": lambda: _("hold"),
    "charge": lambda: _("charge"),
    "release": lambda: _("release"),
}


def _effects(kind: str, amount: str) -> tuple[str, str, str]:
    """What a movement adds to balance, held and charged."""
    more, less = f"+{amount}", f"-{amount}"
    match kind:
        case "hold":
            return less, more, ""
        case "charge":
            return "", less, more
        case "release":
            return more, less, ""
    return amount if amount.startswith("-") else more, "", ""
