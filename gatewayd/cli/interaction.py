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
from gatewayd.operations.log_query import STATES
from gatewayd.values.errors import UsageError
from gatewayd.values.model import Channel
from gatewayd.words.reasons import meaning, state_word
from gatewayd.words.translation import gettext as _

PORTION: Final = 384 << 10
"""Octets of a file that go to the daemon at once."""
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


@interaction.command(help=_("Upload a CSV of contacts made elsewhere; without FILE, print the template."))
@click.argument("file", metavar="FILE", required=False, type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--account", required=False, shell_complete=completion.accounts, help=_("The account they are of."))
@output.json_option
def upload(file: Path | None, account: str | None, as_json: bool) -> None:
    with session() as open_session:
        if file is None:
            output.say(open_session.ask("interaction.template")["text"].rstrip())
            return
        if account is None:
            raise UsageError(_("account: name it"))
        begun = open_session.ask("upload.begin", account=account, file=file.name)
        with file.open("rb") as source:
            at = 0
            while data := source.read(PORTION):
                encoded = base64.b64encode(data).decode()
                added = open_session.ask("upload.add", account=account, upload=begun["id"], at=at, data=encoded)
                at = added["at"]
        open_session.ask("upload.end", account=account, upload=begun["id"])
        task = open_session.ask("interaction.upload", account=account, upload=begun["id"], file=file.name)
        while task["state"] in {"waiting", "running"}:
            time.sleep(POLL_S)
            task = open_session.ask("task.show", task=task["task"])
        found = open_session.ask("task.faults", task=task["task"])
    if as_json:
        output.emit(found)
    else:
        for fault in found["items"]:
            output.say(
                _("row {row}: {column}: {fault} ({value})").format(**fault)
                if fault["value"]
                else _("row {row}: {column}: {fault}").format(**fault)
            )
        counts = found["outcome"] or {"new": 0, "changed": 0, "same": 0, "refused": 0}
        output.say(_("{new} new, {changed} changed, {same} there already, {refused} refused").format(**counts))
    if found["state"] != "done":
        raise UsageError(_("the sheet cannot be read; nothing was entered"))


@interaction.command(help=_("Enter a call, a visit or a note about somebody."))
@click.argument("text", metavar="TEXT", required=False)
@click.option("--account", required=True, shell_complete=completion.accounts, help=_("The account it is of."))
@click.option("--channel", type=click.Choice(["call", "visit", "note"]), default="note", help=_("What it was."))
@click.option("--customer", metavar="ID", help=_("The customer's id."))
@click.option("--address", metavar="NUMBER", help=_("The number or address it was with."))
@click.option("--at", metavar="TIME", help=_("When it was, with an offset; left out: now."))
@click.option("--in", "received", is_flag=True, help=_("They contacted us."))
@click.option("--not-reached", is_flag=True, help=_("Nobody was reached."))
@output.json_option
def note(as_json: bool, received: bool, not_reached: bool, **given: Any) -> None:
    with session() as open_session:
        wanted = {name: value for name, value in given.items() if value is not None}
        direction = "in" if received else "out"
        found = open_session.ask("interaction.note", direction=direction, reached=not not_reached, **wanted)
    if as_json:
        output.emit(found)
    else:
        output.say(_("noted: {id}").format(id=found["id"]))


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
