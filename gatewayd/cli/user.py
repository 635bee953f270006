"""`gatewayd user`."""

from __future__ import annotations

import sys
from typing import Any

import click

from gatewayd.cli import output
from gatewayd.cli.session import session
from gatewayd.translation import gettext as _

LISTED = (_("Name"), _("Role"), _("Account"), _("Mail"))


@click.group(help=_("People who may sign in at the panel."))
def user() -> None:
    pass


def _row(found: dict[str, Any]) -> tuple[object, ...]:
    return tuple(found[key] for key in ("name", "role", "account", "mail"))


@user.command(help=_("Create a user; the password is asked for."))
@click.argument("name")
@click.option("--role", required=True, type=click.Choice(["administrator", "supervisor", "user"]))
@click.option("--account", metavar="A", help=_("The account it belongs to."))
@click.option("--mail", metavar="M", help=_("Where notices and reset links go."))
@click.option("--password-stdin", is_flag=True, help=_("Read the password from the first line of the input."))
@output.json_option
def create(name: str, *, password_stdin: bool, as_json: bool, **keys: str | None) -> None:
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt(_("Password"), hide_input=True, confirmation_prompt=True, err=True)
    with session() as open_session:
        made = open_session.ask("user.create", user=name, password=password, **keys)
    if as_json:
        output.emit(made)
    else:
        output.table(LISTED, [_row(made)])
