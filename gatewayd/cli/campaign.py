"""`gatewayd campaign`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from gatewayd.cli import completion, output
from gatewayd.cli.customer import upload
from gatewayd.cli.session import session
from gatewayd.cli.template import attach_option
from gatewayd.operations.masssend import PasswordNeededError
from gatewayd.values.errors import ForbiddenError, UsageError
from gatewayd.words.reasons import state_word
from gatewayd.words.translation import gettext as _

STATES = ("draft", "awaiting_approval", "scheduled", "running", "paused", "finished", "cancelled")
RESENT = ("submitted", "delivered", "read", "undelivered", "failed", "expired", "invalid", "cancelled")


@click.group(help=_("Campaigns: people, what they are told, and when. CAMPAIGN is a number."))
def campaign() -> None:
    pass


def _word(state: str) -> str:
    words = {
        "draft": _("draft"),
        "awaiting_approval": _("waits for approval"),
        "scheduled": _("waits for its time"),
        "running": _("running"),
        "paused": _("paused"),
        "finished": _("finished"),
        "cancelled": _("cancelled"),
    }
    return words.get(state, state)


def _row(found: Mapping[str, Any]) -> tuple[object, ...]:
    counts = found["counts"]
    failed = counts.get("undelivered", 0) + counts.get("failed", 0) + counts.get("expired", 0)
    return (
        found["campaign"],
        found["name"],
        _word(found["state"]),
        found["people"],
        found["open"],
        counts.get("delivered", 0) + counts.get("read", 0),
        failed,
        found["cost"],
        found["planned"] or "",
    )


@campaign.command("list", help=_("Campaigns, newest first."))
@click.option("--account", shell_complete=completion.accounts, help=_("Only this account's."))
@click.option("--state", type=click.Choice(STATES), multiple=True, help=_("Only those in this state."))
@output.page_options
@output.json_option
def list_(account: str | None, state: tuple[str, ...], limit: int | None, cursor: str | None, as_json: bool) -> None:
    wanted: dict[str, Any] = {"account": account, "state": list(state), "cursor": cursor}
    with session() as open_session:
        if as_json:
            output.emit_list(open_session.pages("campaign.list", **wanted, limit=limit))
            return
        output.shown_list(
            open_session.pages("campaign.list", **wanted, limit=limit or output.SHOWN),
            (
                *("#", _("Campaign"), _("State"), _("People"), _("Open"), _("Delivered"), _("Not delivered")),
                *(_("Cost"), _("Planned")),
            ),
            _row,
            right=(0, 3, 4, 5, 6, 7),
            spare=(8, 4),
        )


def _show(found: Mapping[str, Any], zone: Any) -> None:
    output.record(
        (
            ("#", found["campaign"]),
            (_("Campaign"), found["name"]),
            (_("Account"), found["account"]),
            (_("State"), _word(found["state"])),
            (_("Channel"), " → ".join(rung["channel"] for rung in found["ladder"])),
            (_("Template"), found["template"]),
            (_("Class"), found.get("class")),
            (_("People"), found["people"]),
            (_("Messages"), found["messages"]),
            (_("States"), ", ".join(f"{state_word(state)} {n}" for state, n in found["counts"].items() if n)),
            (_("Segments"), found["segments"]),
            (_("Cost"), f"{found['cost']} {found['currency']}"),
            (_("Planned"), found["planned"]),
            (_("Missed"), found["missed"]),
            (_("Launched"), output.local(found["launched_at"], zone)),
            (_("Ended"), output.local(found["ended_at"], zone)),
            (_("Version"), found["version"]),
        )
    )


@campaign.command(help=_("One campaign: what it says, how far it is."))
@click.argument("number", metavar="CAMPAIGN", type=click.IntRange(min=1))
@output.json_option
def show(number: int, as_json: bool) -> None:
    _perform("campaign.show", as_json, campaign=number)


@campaign.command(help=_("When it will begin and end, what limits that, and what would change it."))
@click.argument("number", metavar="CAMPAIGN", type=click.IntRange(min=1))
@output.json_option
def forecast(number: int, as_json: bool) -> None:
    from gatewayd.cli import forecast as foretold

    with session() as open_session:
        found = open_session.ask("campaign.forecast", campaign=number)
    if as_json:
        output.emit(found)
    else:
        foretold.show(found)


@campaign.command(help=_("Save a campaign as a draft. FILE is JSON as in the API: name, channel, template, audience."))
@click.argument("file", type=click.File("rb"))
@click.option("--account", shell_complete=completion.accounts, help=_("Whose campaign it is."))
@click.option("--campaign", "number", type=click.IntRange(min=1), help=_("The campaign that is changed."))
@attach_option
@output.json_option
def save(file: Any, account: str | None, number: int | None, attach: tuple[Path, ...], as_json: bool) -> None:
    try:
        said = json.loads(file.read(1 << 20))
        title = said.pop("name")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(_("{file}: not a campaign as JSON with a name").format(file=Path(file.name).name)) from None
    version = said.pop("seen_version", None)
    arguments: dict[str, Any] = {"account": account, "campaign": number, "version": version, "title": title}
    if attach:
        if account is None:
            raise UsageError(_("whose file is it? --account"))
        with session() as open_session:
            arguments["uploads"] = [upload(open_session, account, each) for each in attach]
    _perform("campaign.save", as_json, **arguments, document=said)


def _with_password(operation: str, as_json: bool, **arguments: Any) -> None:
    """Asks for the account's password for sends to many where it is needed."""
    with session() as open_session:
        try:
            found = open_session.ask(operation, **arguments)
        except (PasswordNeededError, ForbiddenError):
            password: str = click.prompt(_("Password for sends to many"), hide_input=True, err=True)
            found = open_session.ask(operation, **arguments, password=password)
        _told(found, as_json, open_session.config.timezone)


@campaign.command(help=_("Launch a campaign, now or at its time; the account's password for sends to many is asked."))
@click.argument("number", metavar="CAMPAIGN", type=click.IntRange(min=1))
@click.option("--missed", type=click.Choice(["run", "skip"]), help=_("What becomes of a run that was missed."))
@output.json_option
def launch(number: int, missed: str | None, as_json: bool) -> None:
    _with_password("campaign.launch", as_json, campaign=number, missed=missed)


@campaign.command(help=_("Approve what somebody else asked to launch."))
@click.argument("number", metavar="CAMPAIGN", type=click.IntRange(min=1))
@output.json_option
def approve(number: int, as_json: bool) -> None:
    _with_password("campaign.approve", as_json, campaign=number)


@campaign.command(help=_("Hold whatever has not left."))
@click.argument("number", metavar="CAMPAIGN", type=click.IntRange(min=1))
@output.json_option
def pause(number: int, as_json: bool) -> None:
    _perform("campaign.pause", as_json, campaign=number)


@campaign.command(help=_("Let a paused campaign go on."))
@click.argument("number", metavar="CAMPAIGN", type=click.IntRange(min=1))
@output.json_option
def resume(number: int, as_json: bool) -> None:
    _perform("campaign.resume", as_json, campaign=number)


@campaign.command(
    help=_("Bound how many segments of a campaign leave a minute; without a number as many as its lines send.")
)
@click.argument("number", metavar="CAMPAIGN", type=click.IntRange(min=1))
@click.argument("segments", required=False, type=click.IntRange(min=1))
@output.json_option
def pace(number: int, segments: int | None, as_json: bool) -> None:
    _perform("campaign.pace", as_json, campaign=number, segments=segments)


@campaign.command(help=_("Have a campaign go over other lines; without any over those that it was launched with."))
@click.argument("number", metavar="CAMPAIGN", type=click.IntRange(min=1))
@click.argument("lines", nargs=-1)
@output.json_option
def lines(number: int, lines: tuple[str, ...], as_json: bool) -> None:
    _perform("campaign.lines", as_json, campaign=number, lines=list(lines))


@campaign.command(help=_("Withdraw whatever has not left; this cannot be undone."))
@click.argument("number", metavar="CAMPAIGN", type=click.IntRange(min=1))
@output.json_option
def cancel(number: int, as_json: bool) -> None:
    _perform("campaign.cancel", as_json, campaign=number)


@campaign.command(help=_("Make a draft of those whose message failed, or is in the states that are named."))
@click.argument("number", metavar="CAMPAIGN", type=click.IntRange(min=1))
@click.option("--state", type=click.Choice(RESENT), multiple=True, help=_("Only those in this state."))
@output.json_option
def resend(number: int, state: tuple[str, ...], as_json: bool) -> None:
    _perform("campaign.resend", as_json, campaign=number, states=list(state))


def _perform(operation: str, as_json: bool, **arguments: Any) -> None:
    with session() as open_session:
        _told(open_session.ask(operation, **arguments), as_json, open_session.config.timezone)


def _told(found: Mapping[str, Any], as_json: bool, zone: Any) -> None:
    if as_json:
        output.emit(found)
    else:
        _show(found, zone)
