"""`gatewayd register`."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

import click

from gatewayd.cli import output
from gatewayd.cli.session import session
from gatewayd.number_list import numbers_of
from gatewayd.operations.blocklist import reader_of
from gatewayd.values.model import Channel
from gatewayd.words.reasons import meaning
from gatewayd.words.translation import gettext as _

BATCH: Final = 1000
REFUSED_SHOWN: Final = 20


@click.group(help=_("Legal registers of people who may not be called: everybody's block lists, with source and age."))
def register() -> None:
    pass


@register.command("list", help=_("The registers, and how old they are."))
@output.json_option
def list_(as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("register.list")
    if as_json:
        output.emit(found)
        return
    output.table(
        (_("Register"), _("Channel"), _("Source"), _("Of"), _("Days"), _("Numbers"), _("State")),
        [
            (
                one["register"],
                one["channel"] or _("all"),
                one["source"],
                one["as_of"],
                one["age_days"],
                one["numbers"],
                _("too old") if one["stale"] else _("current"),
            )
            for one in found["items"]
        ],
        right=(4, 5),
    )


@register.command(
    "import",
    help=_(
        "Bring a register from a file (CSV, XLSX, XLS, ODS; the column of the number, or the first); what the file "
        "does not name is off it afterwards."
    ),
)
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", required=True, help=_("Who publishes it."))
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help=_("The day that the list is of (default: the file's).")
)
@click.option(
    "--max-age", type=click.IntRange(1, 3650), default=30, help=_("Days until a newer one is due (default: 30).")
)
@click.option(
    "--channel", type=click.Choice([str(one) for one in Channel]), help=_("The one channel that it is about.")
)
@output.json_option
def import_(  # noqa: PLR0917 - click hands each option over
    name: str, file: Path, source: str, as_of: datetime | None, max_age: int, channel: str | None, as_json: bool
) -> None:
    day = (as_of or datetime.fromtimestamp(file.stat().st_mtime)).date().isoformat()  # noqa: DTZ006 - a local day
    total: dict[str, Any] = {"added": 0, "known": 0, "cancelled": 0, "refused": []}
    with session() as open_session:
        rows = numbers_of(file, reader_of(open_session.config.numbers))
        first = list(islice(rows, BATCH))
        begun = open_session.ask(
            "register.import",
            register_name=name,
            source=source,
            as_of=day,
            max_age_days=max_age,
            channel=channel,
        )
        ours = {"register_name": name, "began": begun["began"]}
        batch = first
        while batch:
            done = open_session.ask("register.add", **ours, numbers=[number for _row, number in batch])
            for key in ("added", "known", "cancelled"):
                total[key] += done[key]
            total["refused"] += [
                {"row": batch[one["place"]][0], "number": one["number"], "reason": one["reason"]}
                for one in done["refused"]
            ]
            batch = list(islice(rows, BATCH))
        kept: dict[str, Any] = {"next": "", "kept": 0}
        while kept["next"] is not None:
            kept = open_session.ask("register.finish", **ours, cursor=kept["next"], kept=kept["kept"])
    if as_json:
        output.emit(kept | total)
        return
    sums = _("{name}: {numbers} numbers; added: {added}, messages cancelled: {cancelled}, refused: {refused}")
    print(sums.format(name=name, numbers=kept["numbers"], **(total | {"refused": len(total["refused"])})))
    for one in total["refused"][:REFUSED_SHOWN]:
        output.say(_("row {row}: {number} ({reason})").format(**(one | {"reason": meaning(one["reason"])})))
    if len(total["refused"]) > REFUSED_SHOWN:
        print(_("… and more: --json has them all"))


@register.command(help=_("Take a register away: its numbers may be contacted again."))
@click.argument("name")
@click.option("--reason", required=True, help=_("Why, for the audit trail."))
@output.json_option
def remove(name: str, reason: str, as_json: bool) -> None:
    done: dict[str, Any] = {"next": ""}
    with session() as open_session:
        while done["next"] is not None:
            done = open_session.ask("register.remove", register_name=name, reason=reason, cursor=done["next"])
    if as_json:
        output.emit(done)
    else:
        print(_("{name} is removed.").format(name=name))
