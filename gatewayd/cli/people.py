"""`gatewayd people`: lists of people, to whom campaigns go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from gatewayd.cli import completion, output
from gatewayd.cli.session import session
from gatewayd.customers.filters import DAYS_MAX, OUTCOMES
from gatewayd.words.translation import gettext as _


@click.group(help=_("Lists of people, to whom campaigns go. LIST is a number."))
def people() -> None:
    pass


def _state(state: str) -> str:
    words = {"loading": _("being read"), "ready": _("ready"), "failed": _("not readable"), "archived": _("put aside")}
    return words.get(state, state)


def _row(found: Mapping[str, Any]) -> tuple[object, ...]:
    kind = _("live") if found["kind"] == "live" else _("fixed")
    members = "" if found["members"] is None else found["members"]
    return found["list"], found["name"], kind, _state(found["state"]), members, found["account"]


@people.command("list", help=_("Lists of people, newest first."))
@click.option("--account", shell_complete=completion.accounts, help=_("Only this account's."))
@click.option("--archived", is_flag=True, help=_("Those that were archived."))
@output.page_options
@output.json_option
def list_(account: str | None, archived: bool, limit: int | None, cursor: str | None, as_json: bool) -> None:
    wanted: dict[str, Any] = {"account": account, "archived": archived, "cursor": cursor}
    with session() as open_session:
        if as_json:
            output.emit_list(open_session.pages("list.list", **wanted, limit=limit))
            return
        output.shown_list(
            open_session.pages("list.list", **wanted, limit=limit or output.SHOWN),
            ("#", _("List"), _("Kind"), _("State"), _("People"), _("Account")),
            _row,
            right=(0, 4),
        )


def _show(found: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        output.emit(found)
        return
    output.record(
        (
            ("#", found["list"]),
            (_("List"), found["name"]),
            (_("Account"), found["account"]),
            (_("Kind"), _("live") if found["kind"] == "live" else _("fixed")),
            (_("State"), _state(found["state"])),
            (_("People"), found["members"]),
            (_("Columns"), ", ".join(found["columns"])),
            (_("Reason"), found["reason"]),
        )
    )


@people.command(help=_("Show a list of people."))
@click.argument("number", metavar="LIST", type=click.IntRange(min=1))
@output.json_option
def show(number: int, as_json: bool) -> None:
    with session() as open_session:
        _show(open_session.ask("list.show", list=number), as_json)


@people.command(help=_("Show whom a fixed list has."))
@click.argument("number", metavar="LIST", type=click.IntRange(min=1))
@output.page_options
@output.json_option
def members(number: int, limit: int | None, cursor: str | None, as_json: bool) -> None:
    with session() as open_session:
        if as_json:
            output.emit_list(open_session.pages("list.members", list=number, cursor=cursor, limit=limit))
            return
        output.shown_list(
            open_session.pages("list.members", list=number, cursor=cursor, limit=limit or output.SHOWN),
            (_("Row"), _("Customer"), _("Name"), _("Address")),
            lambda one: (one["row"], one["external_id"] or "", one.get("name") or "", one["address"] or ""),
            right=(0,),
        )


@people.command(help=_("Make a list: of customers by their ids, or a live one of all who fit."))
@click.argument("title", metavar="NAME")
@click.option("--account", required=True, shell_complete=completion.accounts)
@click.option("--tag", "tags", multiple=True, help=_("Whoever has it (all, where several are named)."))
@click.option("--customer", "customers", multiple=True, metavar="ID", help=_("This customer (may be repeated)."))
@click.option("--campaign", type=click.IntRange(min=1), metavar="N", help=_("Whom this campaign meant."))
@click.option("--outcome", type=click.Choice(OUTCOMES), help=_("With --campaign: of them, those for whom it was that."))
@click.option(
    "--not-contacted",
    type=click.IntRange(1, DAYS_MAX),
    metavar="DAYS",
    help=_("Whom nothing has reached for so many days."),
)
@output.json_option
def create(  # noqa: PLR0917 - options of the command line
    title: str,
    account: str,
    tags: tuple[str, ...],
    customers: tuple[str, ...],
    campaign: int | None,
    outcome: str | None,
    not_contacted: int | None,
    as_json: bool,
) -> None:
    asked = {"tags": list(tags), "campaign": campaign, "outcome": outcome, "not_contacted_days": not_contacted}
    meant = {key: value for key, value in asked.items() if value is not None}
    wanted: dict[str, Any] = {"customers": list(customers)} if customers else {"filter": meant}
    with session() as open_session:
        _show(open_session.ask("list.create", account=account, title=title, **wanted), as_json)


@people.command(help=_("Put a list away; campaigns that were launched keep their people."))
@click.argument("number", metavar="LIST", type=click.IntRange(min=1))
@output.json_option
def archive(number: int, as_json: bool) -> None:
    with session() as open_session:
        _show(open_session.ask("list.archive", list=number), as_json)
