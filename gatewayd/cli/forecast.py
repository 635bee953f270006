"""`gatewayd forecast`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from gatewayd.cli import completion, output
from gatewayd.cli.session import session
from gatewayd.contact.classes import MessageClass
from gatewayd.values.errors import UsageError
from gatewayd.values.model import Channel
from gatewayd.words.translation import gettext as _


@click.command(
    help=_("When a campaign, or so many messages, will begin and end; what limits that, and what would change it.")
)
@click.argument("campaign", type=click.IntRange(min=1), required=False)
@click.option("--people", type=click.IntRange(min=1), help=_("So many people, in place of a campaign."))
@click.option("--segments", type=click.FloatRange(min=1), default=1.0, help=_("Segments of a message (default: 1)."))
@click.option(
    "--channel",
    type=click.Choice([str(each) for each in Channel]),
    default=str(Channel.SMS),
    help=_("The channel (default: sms)."),
)
@click.option(
    "--class",
    "klass",
    type=click.Choice([str(one) for one in MessageClass]),
    help=_("What it is for (default: the account's)."),
)
@click.option("--at", metavar="TIME", help=_("When it begins, as 2026-12-01T10:00 (default: now)."))
@click.option("--account", shell_complete=completion.accounts, help=_("Whose messages (default: the only account's)."))
@output.json_option
def forecast(campaign: int | None, people: int | None, as_json: bool, **more: Any) -> None:
    if (campaign is None) == (people is None):
        raise UsageError(_("name a campaign, or --people"))
    with session() as open_session:
        zone = open_session.config.timezone
        if campaign is not None:
            found = open_session.ask("campaign.forecast", campaign=campaign, account=more["account"])
        else:
            at = None if more["at"] is None else _instant(more["at"], zone)
            wanted = {name: more[name] for name in ("account", "channel", "segments")} | {"at": at, "people": people}
            if more["klass"] is not None:
                wanted["class"] = more["klass"]
            found = open_session.ask("forecast.show", **wanted)
    if as_json:
        output.emit(found)
    else:
        show(found)


def _instant(text: str, zone: ZoneInfo) -> str:
    """Returns a time as a person writes it, with its offset."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(_("not a time: {text}").format(text=text)) from None
    return (at if at.tzinfo else at.replace(tzinfo=zone)).isoformat()


def show(found: Mapping[str, Any]) -> None:
    print(found["summary"])
    if found.get("ladder_words"):
        print(found["ladder_words"])
    if found["remedy_words"]:
        print(found["remedy_words"])
    if not found["by_day"]:
        return
    print()
    output.table((_("Day"), _("People")), [(one["day"], one["people"]) for one in found["by_day"]], right=(1,))
