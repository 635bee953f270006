"""`gatewayd interaction`."""

from __future__ import annotations

import base64
import os
import time
from pathlib import Path
from typing import Any, Final

import click

from gatewayd.cli import completion, output
from gatewayd.cli.session import Session, session
from gatewayd.errors import UsageError
from gatewayd.model import Channel
from gatewayd.operations.log_query import STATES
from gatewayd.reasons import meaning, state_word
from gatewayd.translation import gettext as _

POLL_S: Final = 0.3
"""Between looks at how far an export is."""


@click.group(help=_("The log: what was said and answered, over all channels."))
def interaction() -> None:
    pass


def _filters(command: Any) -> Any:
    """Adds the filters of the log as options."""
    for option in reversed(
        (
            click.option("--account", shell_complete=completion.accounts, help=_("Only this account's.")),
            click.option("--direction", type=click.Choice(["out", "in"]), help=_("Only what was sent, or received.")),
            click.option(
                "--channel",
                multiple=True,
                type=click.Choice([str(each) for each in Channel]),
                help=_("Only this channel; may be given several times."),
            ),
            click.option(
                "--state",
                multiple=True,
                type=click.Choice(STATES),
                help=_("Only those in this state; may be given several times."),
            ),
            click.option("--line", shell_complete=completion.lines, help=_("Only those by this line.")),
            click.option("--job", metavar="JOB", help=_("Only those of this job.")),
            click.option("--reason", metavar="CODE", help=_("Only those with this reason.")),
            click.option("--since", metavar="TIME", help=_("From this day or time on.")),
            click.option("--until", metavar="TIME", help=_("To the end of this day, or before this time.")),
            click.option("--search", "q", metavar="TEXT", help=_("A number or its end, a reference, or words.")),
        )
    ):
        command = option(command)
    return command


def _given(wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in wanted.items() if value}


@interaction.command("list", help=_("Messages and answers, the newest first by when they left or came."))
@_filters
@output.page_options
@output.json_option
def find(as_json: bool, limit: int | None, cursor: str | None, **wanted: Any) -> None:
    with session() as open_session:
        if not as_json and limit is None:
            limit = output.SHOWN
        pages = open_session.pages("interaction.list", limit=limit, cursor=cursor, **_given(wanted))
        if as_json:
            output.emit_list(pages)
            return
        zone = open_session.config.timezone
        output.shown_list(
            pages,
            (_("At"), _("Channel"), _("Number or address"), _("State"), _("Reason"), _("Text"), _("Job"), _("Line")),
            lambda item: (
                *(output.local(item["at"], zone), item["channel"], item["party"], state_word(item["state"])),
                *(meaning(item["reason"]), item["text"], item["job"], item["line"]),
            ),
            spare=(7, 6, 4),
        )


@interaction.command(help=_("Write the log into FILE (.csv or .xlsx): a process beside the daemon does it."))
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@_filters
@click.option("--columns", metavar="A,B,…", help=_("Columns, in their order."))
@output.json_option
def export(file: Path, columns: str | None, as_json: bool, **wanted: Any) -> None:
    kind = file.suffix.lower().lstrip(".")
    if kind not in {"csv", "xlsx"}:
        raise UsageError(_("{file}: ends neither in .csv nor in .xlsx").format(file=file))
    query = _given(wanted)
    account = query.pop("account", None)
    with session() as open_session:
        given = {"columns": columns.split(",")} if columns else {}
        task = open_session.ask("export.create", account=account, query=query, format=kind, **given)
        while task["state"] in {"waiting", "running"}:
            time.sleep(POLL_S)
            task = open_session.ask("task.show", task=task["task"])
        if task["state"] != "done":
            raise UsageError(_("the export failed: {reason}").format(reason=task["reason"]))
        _fetch(open_session, task["task"], file)
    if as_json:
        output.emit(task)
    else:
        output.say(output.counted(task["rows"], _("{n} row written"), _("{n} rows written")))


def _fetch(open_session: Session, task: int, file: Path) -> None:
    """Copies an export's file, whole or not at all."""
    part = file.with_name(f".{file.name}.part")
    try:
        with part.open("wb") as target:
            while data := base64.b64decode(open_session.ask("export.read", task=task, offset=target.tell())["data"]):
                target.write(data)
            target.flush()
            os.fsync(target.fileno())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
