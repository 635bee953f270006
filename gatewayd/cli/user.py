"""`gatewayd user`."""

from __future__ import annotations

from typing import Any

import click

from gatewayd.cli import asking, completion, output
from gatewayd.cli.session import session
from gatewayd.words.translation import gettext as _

ROLES = ("administrator", "supervisor", "user")
LISTED = (_("Name"), _("Role"), _("Account"), _("Mail"), _("Second factor"), _("State"))


@click.group(help=_("People who may sign in at the panel."))
def user() -> None:
    pass


def _row(found: dict[str, Any]) -> tuple[object, ...]:
    return (
        *(found[key] for key in ("name", "role", "account", "mail")),
        _("yes") if found["totp"] else "",
        _("disabled") if found["disabled"] else "",
    )


def _show(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        output.emit(found)
    else:
        output.table(LISTED, [_row(found)])


def _ask(operation: str, as_json: bool, **keys: Any) -> None:
    with session() as open_session:
        found = open_session.ask(operation, **keys)
    _show(found, as_json)


@user.command(help=_("Create a user; the password is asked for."))
@click.argument("name")
@click.option("--role", required=True, type=click.Choice(ROLES))
@click.option("--account", metavar="A", help=_("The account it belongs to."), shell_complete=completion.accounts)
@click.option("--mail", metavar="M", help=_("Where notices and reset links go."))
@click.option("--supervisor", metavar="NAME", help=_("To whom its approvals go."))
@click.option("--monthly-limit", metavar="N", help=_("Most credit it may spend in a month."))
@asking.password_option
@output.json_option
def create(name: str, *, password_stdin: bool, as_json: bool, **keys: str | None) -> None:
    _ask("user.create", as_json, user=name, password=asking.password(password_stdin), **keys)


@user.command("list", help=_("All users."))
@click.option("--account", metavar="A", help=_("Of this account alone."), shell_complete=completion.accounts)
@output.json_option
def list_(account: str | None, as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("user.list", account=account)
    if as_json:
        output.emit(found)
    else:
        output.table(LISTED, [_row(one) for one in found["items"]])


@user.command(help=_("One user."))
@click.argument("name")
@output.json_option
def show(name: str, as_json: bool) -> None:
    with session() as open_session:
        found, zone = open_session.ask("user.show", user=name), open_session.config.timezone
    if as_json:
        output.emit(found)
        return
    output.record(
        [
            (_("Name"), found["name"]),
            (_("Role"), found["role"]),
            (_("Account"), found["account"]),
            (_("Mail"), found["mail"]),
            (_("Supervisor"), found["supervisor"]),
            (_("Monthly limit"), found["monthly_limit"]),
            (_("Second factor"), _("yes") if found["totp"] else _("no")),
            (_("State"), _("disabled") if found["disabled"] else _("may sign in")),
            (_("Created"), output.local(found["created_at"], zone)),
        ]
    )


@user.command(help=_("Let a user sign in no more; its sessions end."))
@click.argument("name")
@output.json_option
def disable(name: str, as_json: bool) -> None:
    _ask("user.disable", as_json, user=name)


@user.command(help=_("Let a user sign in again."))
@click.argument("name")
@output.json_option
def enable(name: str, as_json: bool) -> None:
    _ask("user.enable", as_json, user=name)


@user.command(help=_("Set a user's password, which is asked for; its sessions end."))
@click.argument("name")
@asking.password_option
@output.json_option
def password(name: str, password_stdin: bool, as_json: bool) -> None:
    _ask("user.password", as_json, user=name, password=asking.password(password_stdin))


@user.command(help=_("Give a user another role; its sessions end."))
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
@click.option("--account", metavar="A", help=_("The account it belongs to."), shell_complete=completion.accounts)
@output.json_option
def role(name: str, role: str, account: str | None, as_json: bool) -> None:
    _ask("user.role", as_json, user=name, role=role, account=account)


@user.command("totp-reset", help=_("Take a user's second factor away: the telephone is lost."))
@click.argument("name")
@output.json_option
def totp_reset(name: str, as_json: bool) -> None:
    _ask("user.totp_reset", as_json, user=name)


@user.command("sign-out", help=_("End all sessions of a user."))
@click.argument("name")
@output.json_option
def sign_out(name: str, as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("user.sign_out", user=name)
    if as_json:
        output.emit(found)
    else:
        sentence = output.counted(found["ended"], _("{n} session has ended"), _("{n} sessions have ended"))
        output.say(sentence)


@user.command(help=_("Change a user's name, mail address, supervisor or limit; '' takes a value away."))
@click.argument("name")
@click.option("--rename", metavar="NAME", help=_("Its new name."))
@click.option("--mail", metavar="M", help=_("Where notices and reset links go."))
@click.option("--supervisor", metavar="NAME", help=_("To whom its approvals go."))
@click.option("--monthly-limit", metavar="N", help=_("Most credit it may spend in a month."))
@output.json_option
def edit(name: str, as_json: bool, **keys: str | None) -> None:
    _ask("user.edit", as_json, user=name, **keys)
