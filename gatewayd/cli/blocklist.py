"""`gatewayd blocklist`."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any, Final

import click

from gatewayd.cli import output
from gatewayd.cli.session import session
from gatewayd.number_list import numbers_of
from gatewayd.operations.blocklist import reader_of
from gatewayd.values.errors import GatewayError
from gatewayd.words.reasons import meaning
from gatewayd.words.translation import gettext as _

BATCH: Final = 1000
"""Numbers a request: one short transaction each, so that sending never waits for a long list."""
REFUSED_SHOWN: Final = 20


@click.group(help=_("The do-not-contact list: nothing is sent to these numbers."))
def blocklist() -> None:
    pass


account_option = click.option("--account", metavar="A", help=_("This account's list (default: everybody's)."))


@blocklist.command("list", help=_("The numbers on the list."))
@click.option("--account", metavar="A", help=_("This account's own list alone."))
@output.page_options
@output.json_option
def list_(account: str | None, limit: int | None, cursor: str | None, as_json: bool) -> None:
    with session() as open_session:
        if as_json:
            output.emit_list(open_session.pages("blocklist.list", account=account, limit=limit, cursor=cursor))
            return
        zone = open_session.config.timezone
        output.shown_list(
            open_session.pages("blocklist.list", account=account, limit=limit or output.SHOWN, cursor=cursor),
            (_("Number"), _("Account"), _("Register"), _("Since"), _("From"), _("Note")),
            lambda one: (
                one["to"],
                one["account"] or _("everybody's"),
                one["register"],
                output.local(one["at"], zone),
                _("a person") if one["source"] == "person" else one["source"],
                one["note"],
            ),
        )


@blocklist.command(
    help=_("Texts of the last 30 days that may ask for no more messages; add their numbers where they do.")
)
@output.page_options
@output.json_option
def doubtful(limit: int | None, cursor: str | None, as_json: bool) -> None:
    with session() as open_session:
        if as_json:
            output.emit_list(open_session.pages("blocklist.doubtful", limit=limit, cursor=cursor))
            return
        zone = open_session.config.timezone
        output.shown_list(
            open_session.pages("blocklist.doubtful", limit=limit or output.SHOWN, cursor=cursor),
            (_("From"), _("Since"), _("Line"), _("Text")),
            lambda one: (one["from"], output.local(one["at"], zone), one["line"], " ".join(one["text"].split())),
        )


@blocklist.command(help=_("Put a number on the list; messages waiting for it are cancelled."))
@click.argument("number")
@account_option
@click.option("--note", help=_("Why."))
@output.json_option
def add(number: str, account: str | None, note: str | None, as_json: bool) -> None:
    with session() as open_session:
        done = open_session.ask("blocklist.add", numbers=[number], account=account, note=note)
    if done["refused"]:
        refused = done["refused"][0]
        raise GatewayError(
            _("not a number: {number} ({reason})").format(number=number, reason=meaning(refused["reason"]))
        )
    _report(done, as_json)


@blocklist.command(help=_("Take a number off the list."))
@click.argument("number")
@account_option
@click.option("--reason", required=True, help=_("Why the person may be contacted again, for the audit trail."))
@output.json_option
def remove(number: str, account: str | None, reason: str, as_json: bool) -> None:
    with session() as open_session:
        done = open_session.ask("blocklist.remove", number=number, account=account, reason=reason)
    if as_json:
        output.emit(done)
    else:
        print(_("{number} is off the list.").format(number=done["removed"]))


@blocklist.command(
    "import", help=_("Put the numbers of a CSV file on the list (the column of the number, or the first).")
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@account_option
@click.option("--note", help=_("Why."))
@output.json_option
def import_(file: Path, account: str | None, note: str | None, as_json: bool) -> None:
    total: dict[str, Any] = {"added": 0, "known": 0, "cancelled": 0, "refused": []}
    with session() as open_session:
        rows = numbers_of(file, reader_of(open_session.config.numbers))
        while batch := list(islice(rows, BATCH)):
            numbers = [number for _row, number in batch]
            done = open_session.ask(
                "blocklist.add", numbers=numbers, account=account, note=note, source=f"import {file.name}"
            )
            for key in ("added", "known", "cancelled"):
                total[key] += done[key]
            total["refused"] += [
                {"row": batch[one["place"]][0], "number": one["number"], "reason": one["reason"]}
                for one in done["refused"]
            ]
    _report(total, as_json)


def _report(done: dict[str, Any], as_json: bool) -> None:
    if as_json:
        output.emit(done)
        return
    refused = done["refused"]
    sums = _("added: {added}, on the list already: {known}, messages cancelled: {cancelled}, refused: {refused}")
    print(sums.format(**(done | {"refused": len(refused)})))
    for one in refused[:REFUSED_SHOWN]:
        output.say(_("row {row}: {number} ({reason})").format(**(one | {"reason": meaning(one["reason"])})))
    if len(refused) > REFUSED_SHOWN:
        print(_("… and more: --json has them all"))
