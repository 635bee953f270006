"""`gatewayd feed`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import click

from gatewayd.cli import output
from gatewayd.cli.session import session
from gatewayd.words.translation import gettext as _

WAIT_S: Final = 100.0


@click.group(help=_("Databases that invoices, payments and customers are read from ([[feed]] in the configuration)."))
def feed() -> None:
    pass


def _age(found: Mapping[str, Any]) -> str:
    if found["age_s"] is None:
        return _("never read")
    age = str(timedelta(seconds=int(found["age_s"])))
    return f"{age} ({_('too old')})" if found["stale"] else age


def _state(found: Mapping[str, Any]) -> str:
    if found["fault"] is not None:
        return str(found["fault"]["text"])
    return _("is being read") if found["running"] else _("in order") if found["read_at"] else _("waits")


@feed.command("list", help=_("The feeds: how old what they brought is, and their last fault."))
@click.option("--account", metavar="A", help=_("Of this account alone."))
@output.json_option
def list_(account: str | None, as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("feed.list", account=account)
    if as_json:
        output.emit(found)
        return
    output.table(
        (_("Account"), _("Feed"), _("Database"), _("Age"), _("Rows"), _("State")),
        [(one["account"], one["feed"], one["database"], _age(one), one["rows"], _state(one)) for one in found["items"]],
        right=(4,),
    )


@feed.command(help=_("Read a feed now, and wait for what comes of it. Status 1 where it could not be read."))
@click.argument("name", required=False)
@click.option("--account", metavar="A", help=_("Whose feed; needed where several have one of that name."))
@output.json_option
def run(name: str | None, account: str | None, as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("feed.run", account=account, feed=name, wait_s=WAIT_S)
    if as_json:
        output.emit(found)
    else:
        for kind, counts in found["kinds"].items():
            output.say(
                f"{kind}: " + ", ".join(f"{word} {count}" for word, count in counts.items() if word != "reasons")
            )
        if found["fault"] is not None:
            output.say(f"{found['fault']['text']}. {found['fault']['remedy']}", error=True)
    sys.exit(int(found["fault"] is not None))
