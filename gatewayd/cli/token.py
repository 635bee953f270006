"""`gatewayd token`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import click

from gatewayd.cli import completion, output
from gatewayd.cli.session import session
from gatewayd.values.errors import UsageError
from gatewayd.words.translation import gettext as _

LISTED = (_("Number"), _("Token"), _("Name"), _("Account"), _("Kind"), _("Scopes"), _("Expires"), _("Used"), _("State"))

_STATES: Final[Mapping[str, Callable[[], str]]] = {
    "good": lambda: "",
    "expired": lambda: _("expired"),
    "revoked": lambda: _("revoked"),
}


@click.group(help=_("Tokens, by which programs use the API."))
def token() -> None:
    pass


def _table(items: list[dict[str, Any]], zone: Any) -> None:
    output.table(
        LISTED,
        [
            (
                *(one["token"], f"{one['prefix']}…", one["name"], one["account"], one["kind"]),
                *(" ".join(one["scopes"]), output.local(one["expires_at"], zone), output.local(one["last_used"], zone)),
                _STATES[one["state"]](),
            )
            for one in items
        ],
    )


@token.command(help=_("Make a token. It is shown this once."))
@click.option("--account", metavar="A", help=_("The account it belongs to."), shell_complete=completion.accounts)
@click.option("--admin", is_flag=True, help=_("Of administration, in every account."))
@click.option("--name", "label", required=True, metavar="N", help=_("What it is for."))
@click.option(
    "--kind", type=click.Choice(["live", "test"]), default="live", help=_("test: accepted, priced, never sent.")
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(["read", "send", "manage", "mass", "push", "transactional"]),
    help=_("What it may; may be repeated (default: read and send)."),
)
@click.option("--expires", metavar="90d", help=_("How long it is good (default: until it is revoked)."))
@output.json_option
def create(scopes: tuple[str, ...], admin: bool, as_json: bool, **keys: str | None) -> None:
    if admin == (keys["account"] is not None):
        raise UsageError(_("name --account A, or --admin: one of the two"))
    with session() as open_session:
        made = open_session.ask("token.create", admin=admin, scopes=list(scopes) or None, **keys)
        if as_json:
            output.emit(made)
            return
        _table([made], open_session.config.timezone)
    output.say(made["secret"])
    output.say(_("Keep it now: it is not shown again."), error=True)


@token.command("list", help=_("All tokens, revoked and expired ones too."))
@click.option("--account", metavar="A", help=_("Of this account alone."), shell_complete=completion.accounts)
@output.json_option
def list_(account: str | None, as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("token.list", account=account)
        if as_json:
            output.emit(found)
        else:
            _table(found["items"], open_session.config.timezone)


@token.command(help=_("Revoke a token for good, by its number in the list."))
@click.argument("number", type=click.IntRange(min=1))
@output.json_option
def revoke(number: int, as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("token.revoke", token=number)
        if as_json:
            output.emit(found)
        else:
            _table([found], open_session.config.timezone)
