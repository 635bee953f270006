"""`gatewayd message`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from gatewayd.cli import output
from gatewayd.cli.session import session
from gatewayd.reasons import explained, meaning
from gatewayd.translation import gettext as _


@click.group(help=_("One message, its attempts and parts."))
def message() -> None:
    pass


def show_message(found: Mapping[str, Any], zone: Any) -> None:
    """A message with its attempts, for people."""
    output.record(
        (
            (_("Message"), found["message"]),
            (_("Job"), f"{found['account']}/{found['job']}"),
            (_("Row"), found["row"]),
            (_("Reference"), found["ref"]),
            (_("To"), found["to"]),
            (_("Text"), found["text"]),
            (_("Encoding"), found["encoding"]),
            (_("Segments"), found["segments"]),
            (_("State"), found["state"]),
            (_("Reason"), explained(found["reason"])),
            (_("Report until") if found["state"] == "submitted" else _("Due"), output.local(found["due"], zone)),
            (_("Changed"), output.local(found["at"], zone)),
            (_("Cost"), found["cost"]),
        )
    )
    rows = []
    for attempt in found["attempts"]:
        head = (
            *(attempt["attempt"], attempt["line"], output.local(attempt["started_at"], zone)),
            *(attempt["outcome"] or attempt["state"], meaning(attempt["reason"])),
        )
        rows += [
            (
                *(head if place == 0 else ("",) * 5),
                *(part["part"], part["state"], part["reference"], meaning(part["reason"])),
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
@click.argument("message_id", metavar="ID")
@output.json_option
def show(message_id: str, as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("message.show", message=message_id)
        _print(found, as_json, open_session.config.timezone)


@message.command(help=_("Say what became of an uncertain message: sent, not-sent, or resend it."))
@click.argument("message_id", metavar="ID")
@click.option(
    "--as",
    "verdict",
    required=True,
    type=click.Choice(["sent", "not-sent", "resend"]),
    help=_("sent: it left, charge it; not-sent: it did not, release it; resend: release it and send it again."),
)
@output.json_option
def settle(message_id: str, verdict: str, as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("message.settle", message=message_id, verdict=verdict)
        _print(found, as_json, open_session.config.timezone)


def _print(found: Mapping[str, Any], as_json: bool, zone: Any) -> None:
    if as_json:
        output.emit(found)
    else:
        show_message(found, zone)
