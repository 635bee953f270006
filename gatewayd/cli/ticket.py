"""`gatewayd ticket`."""

from __future__ import annotations

import click

from gatewayd.answers.tickets import STATES
from gatewayd.cli import output
from gatewayd.cli.session import session
from gatewayd.words.translation import gettext as _

LISTED = (_("Ticket"), _("Account"), _("Customer"), _("State"), _("Whose"), _("Changed"), _("About"))


@click.group(help=_("Tickets: what customers complain of, who works on it, what became of it."))
def ticket() -> None:
    pass


@ticket.command("list", help=_("The tickets, the one that changed last first."))
@click.option("--account", metavar="A", help=_("Of this account alone."))
@click.option("--which", type=click.Choice(["open", "closed", "all"]), default="open", show_default=True)
@click.option("--operator", metavar="USER", help=_("Of this user alone."))
@output.page_options
@output.json_option
def list_(
    account: str | None, which: str, operator: str | None, *, limit: int | None, cursor: str | None, as_json: bool
) -> None:
    with session() as open_session:
        asked = {"account": account, "which": which, "operator": operator}
        if as_json:
            output.emit_list(open_session.pages("ticket.list", limit=limit, cursor=cursor, **asked))
            return
        zone = open_session.config.timezone
        output.shown_list(
            open_session.pages("ticket.list", limit=limit or output.SHOWN, cursor=cursor, **asked),
            LISTED,
            lambda one: (
                *(str(one["ticket"]), one["account"], one["customer"] or "", one["state"], one["operator"] or ""),
                *(output.local(one["updated_at"], zone), one["text"]),
            ),
            spare=(6, 4),
        )


@ticket.command(help=_("A ticket and all that happened to it."))
@click.argument("number", type=click.IntRange(min=1))
@click.option("--account", required=True, metavar="A")
@output.json_option
def show(number: int, account: str, as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("ticket.show", account=account, ticket=number)
        if as_json:
            output.emit(found)
            return
        zone = open_session.config.timezone
        said = [found["state"], found["category"], found["operator"] or "", found["customer"] or ""]
        click.echo(f"#{found['ticket']} {' · '.join(filter(None, said))}")
        click.echo(found["text"])
        for one in found["events"]:
            what = one["note"] or f"{one['was'] or ''} → {one['became'] or ''}"
            click.echo(f"{output.local(one['at'], zone)}  {one['by']}  {one['kind']}  {what}")


@ticket.command("set", help=_("Change a ticket's state, whose it is, its category; write a note."))
@click.argument("number", type=click.IntRange(min=1))
@click.option("--account", required=True, metavar="A")
@click.option("--state", type=click.Choice(STATES))
@click.option("--operator", metavar="USER", help=_("Who works on it; empty: nobody."))
@click.option("--category", metavar="TEXT")
@click.option("--note", metavar="TEXT")
@output.json_option
def set_(number: int, account: str, *, as_json: bool, **changes: str | None) -> None:
    given = {name: value for name, value in changes.items() if value is not None}
    with session() as open_session:
        found = open_session.ask("ticket.set", account=account, ticket=number, **given)
    if as_json:
        output.emit(found)
    else:
        click.echo(f"#{found['ticket']} {found['state']}")
