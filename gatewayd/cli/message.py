"""`gatewayd message`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import click

from gatewayd.cli import completion, output
from gatewayd.cli.session import session
from gatewayd.values.errors import ConflictError, NotFoundError, UsageError
from gatewayd.values.model import State
from gatewayd.words.reasons import explained, meaning, state_word
from gatewayd.words.translation import gettext as _


@click.group(help=_("Messages of all jobs: find, show, settle."))
def message() -> None:
    pass


_DUE: Final = {
    "submitted": lambda: _("Report until"),
    "scheduled": lambda: _("To be sent at"),
    "held": lambda: _("Goes on"),
}
"""What the time of a waiting message is, by its state."""


def show_message(found: Mapping[str, Any], zone: Any) -> None:
    """A message with its attempts, for people."""
    output.record(
        (
            (_("Message"), found["message"]),
            (_("Job"), f"{found['account']}/{found['job']}"),
            (_("Class"), found["class"]),
            (_("Row"), found["row"]),
            (_("Reference"), found["ref"]),
            (_("To"), found["to"]),
            (_("Text"), found["text"]),
            (_("Encoding"), found["encoding"]),
            (_("Segments"), found["segments"]),
            (_("State"), state_word(found["state"])),
            (_("Reason"), explained(found["reason"])),
            (_DUE.get(found["state"], lambda: _("Due"))(), output.local(found["due"], zone)),
            (_("Expires"), output.local(found.get("not_after"), zone)),
            (_("Changed"), output.local(found["at"], zone)),
            (_("Cost"), found["cost"]),
        )
    )
    rows = []
    for attempt in found["attempts"]:
        head = (
            *(attempt["attempt"], attempt["line"], output.local(attempt["started_at"], zone)),
            *(state_word(attempt["outcome"] or attempt["state"]), meaning(attempt["reason"])),
        )
        rows += [
            (
                *(head if place == 0 else ("",) * 5),
                *(part["part"], state_word(part["state"]), part["reference"], meaning(part["reason"])),
                output.local(part["reported_at"], zone),
            )
            for place, part in enumerate(attempt["parts"])
        ] or [(*head, *("",) * 5)]
    if rows:
        output.table(
            (
                *(_("Attempt"), _("Line"), _("Begun"), _("Outcome"), _("Reason")),
                *(_("Part"), _("State"), _("Reference"), _("Reason"), _("Reported")),
            ),
            rows,
            right=(0, 5),
            spare=(9, 2, 7),
        )


@message.command(help=_("A message, with its attempts and parts."))
@click.argument("message_id", metavar="ID", shell_complete=completion.in_doubt)
@output.json_option
def show(message_id: str, as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("message.show", message=message_id)
        _print(found, as_json, open_session.config.timezone)


@message.command("list", help=_("Messages of all jobs, the newest first: by state, line, account, number and time."))
@click.option("--state", type=click.Choice([str(each) for each in State]), help=_("Only those in this state."))
@click.option("--account", shell_complete=completion.accounts, help=_("Only this account's."))
@click.option("--line", shell_complete=completion.lines, help=_("Only those that this line handled last."))
@click.option("--to", metavar="NUMBER", help=_("Only those to this number or address."))
@click.option("--since", metavar="TIME", help=_("Only those that changed at this time or later (ISO 8601)."))
@click.option("--until", metavar="TIME", help=_("Only those that changed before this time (ISO 8601)."))
@output.page_options
@output.json_option
def find(as_json: bool, limit: int | None, cursor: str | None, **wanted: str | None) -> None:
    with session() as open_session:
        if not as_json and limit is None:
            limit = output.SHOWN
        pages = open_session.pages("message.list", limit=limit, cursor=cursor, **wanted)
        if as_json:
            output.emit_list(pages)
            return
        zone = open_session.config.timezone
        output.shown_list(
            pages,
            (_("Message"), _("Job"), _("Row"), _("To"), _("State"), _("Reason"), _("Line"), _("Changed")),
            lambda item: (
                *(item["message"], f"{item['account']}/{item['job']}", item["row"], item["to"]),
                *(state_word(item["state"]), meaning(item["reason"]), item["line"], output.local(item["at"], zone)),
            ),
            right=(2,),
            spare=(2, 7, 6),
        )


@message.command(help=_("Say what became of uncertain messages, one or many: sent, not-sent, or resend them."))
@click.argument("message_ids", metavar="ID…", nargs=-1, required=True, shell_complete=completion.in_doubt)
@click.option(
    "--as",
    "verdict",
    required=True,
    type=click.Choice(["sent", "not-sent", "resend"]),
    help=_("sent: it left, charge it; not-sent: it did not, release it; resend: release it and send it again."),
)
@output.json_option
def settle(message_ids: tuple[str, ...], verdict: str, as_json: bool) -> int:
    with session() as open_session:
        if len(message_ids) == 1:
            found = open_session.ask("message.settle", message=message_ids[0], verdict=verdict)
            _print(found, as_json, open_session.config.timezone)
            return 0
        settled, failed = [], 0
        for each in dict.fromkeys(message_ids):
            try:
                settled.append(open_session.ask("message.settle", message=each, verdict=verdict))
            except (ConflictError, NotFoundError, UsageError) as error:
                failed += 1
                output.say(f"gatewayd: {each}: {error}", error=True)
        if as_json:
            output.emit({"items": settled, "next": None})
        else:
            print(output.counted(len(settled), _("{n} message settled"), _("{n} messages settled")))
        return 1 if failed else 0


def _print(found: Mapping[str, Any], as_json: bool, zone: Any) -> None:
    if as_json:
        output.emit(found)
    else:
        show_message(found, zone)
