"""`gatewayd audit`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import click

from gatewayd.cli import output
from gatewayd.cli.session import session
from gatewayd.words.translation import gettext as _

F = TypeVar("F", bound=Callable[..., Any])

LISTED = (_("Time"), _("Who"), _("From"), _("Account"), _("Act"), _("On what"), _("Outcome"), _("Before"), _("After"))


@click.group(help=_("The audit trail: who did what, when and from where."))
def audit() -> None:
    pass


def _filters(command: F) -> F:
    for option in (
        click.option("--actor", metavar="NAME", help=_("Who acted.")),
        click.option("--act", metavar="NAME", help=_("What was done: user.create, or user for all acts on users.")),
        click.option("--account", metavar="A", help=_("Of this account alone.")),
        click.option("--subject", metavar="NAME", help=_("On what.")),
        click.option("--refused/--done", default=None, help=_("What was refused, or what was done alone.")),
        click.option("--since", type=click.DateTime(), help=_("From then on (local time).")),
        click.option("--until", type=click.DateTime(), help=_("Before then (local time).")),
    ):
        command = option(command)
    return command


def _asked(keys: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one.isoformat() if isinstance(one, datetime) else one for name, one in keys.items()}


def _values(found: Mapping[str, Any] | None) -> str:
    if not found:
        return ""
    texts = (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in found.values())
    return ", ".join(f"{name}={text}" for name, text in zip(found, texts, strict=True))


@audit.command("list", help=_("What was done and refused, the newest first."))
@_filters
@output.page_options
@output.json_option
def list_(limit: int | None, cursor: str | None, as_json: bool, **keys: Any) -> None:
    with session() as open_session:
        asked = _asked(keys)
        if as_json:
            output.emit_list(open_session.pages("audit.list", limit=limit, cursor=cursor, **asked))
            return
        zone = open_session.config.timezone
        output.shown_list(
            open_session.pages("audit.list", limit=limit or output.SHOWN, cursor=cursor, **asked),
            LISTED,
            lambda one: (
                output.local(one["at"], zone),
                *(one[key] for key in ("actor", "address", "account", "operation", "subject", "outcome")),
                *(_values(one["before"]), _values(one["after"])),
            ),
            spare=(7, 8, 2, 3),
        )


@audit.command(help=_("Write the trail as CSV to the output. That, too, is in the trail."))
@_filters
def export(**keys: Any) -> None:
    cursor: str | None = None
    with session() as open_session:
        while True:
            portion = open_session.ask("audit.export", cursor=cursor, **_asked(keys))
            sys.stdout.write(portion["csv"])
            cursor = portion["next"]
            if cursor is None:
                return
