"""`gatewayd collections …`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from gatewayd.cli import completion, output
from gatewayd.cli.session import session
from gatewayd.words.translation import gettext as _


@click.group(help=_("Claims: what a day's run would do, and the run itself."))
def collections() -> None:
    pass


_ACCOUNT = click.option(
    "--account", shell_complete=completion.accounts, help=_("Whose claims (default: the only account's).")
)


@collections.command(help=_("Has the daemon look now for what is due: changed facts, runs whose hour has come."))
@output.json_option
def run(as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("collections.run")
    if as_json:
        output.emit(found)
    else:
        print(_("The daemon looks for what is due."))


@collections.command(help=_("What the run of a day would do; nothing is written and nothing is sent."))
@_ACCOUNT
@click.option("--date", metavar="YYYY-MM-DD", help=_("The day (default: today)."))
@output.json_option
def simulate(account: str | None, date: str | None, as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("collections.simulate", account=account, date=date)
    if as_json:
        output.emit(found)
    else:
        show(found)


def show(found: Mapping[str, Any]) -> None:
    """Prints a simulation."""
    if found["stale"]:
        print(_("Billing is too old: the run itself would claim nothing."))
    print(_("{day}: {customers} customers looked at").format(day=found["date"], customers=found["customers"]))
    output.table([_("customers"), _("decision")], [[str(one["count"]), one["words"]] for one in found["decisions"]])
    if not found["people"]:
        return
    print()
    output.table(
        [_("customer"), _("name"), _("to"), _("channel"), _("level"), _("rule"), _("template"), _("amount")],
        [
            [
                *(one["customer"], one["name"], one["to"], one["channel"] or "-", one["level_name"]),
                *(f"{one['policy']} v{one['version']}", one["template"], f"{one['amount']} {one['currency']}"),
            ]
            for one in found["people"]
        ],
    )
    print(_("Cost at the tariff: {cost}").format(cost=found["cost"]))
    if not found["complete"]:
        print(_("Not everybody was looked at in time: the figures are of those who were."))
