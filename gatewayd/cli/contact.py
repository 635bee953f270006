"""`gatewayd contact`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import click

from gatewayd.cli import output
from gatewayd.cli.session import session
from gatewayd.contact.classes import MessageClass
from gatewayd.contact.presets import PRESETS
from gatewayd.contact.reading import plain
from gatewayd.errors import UsageError
from gatewayd.translation import gettext as _

account_option = click.option(
    "--account", metavar="A", help=_("Whose rules (default: the only account's, else those of the file).")
)
class_option = click.option(
    "--class",
    "klass",
    type=click.Choice([str(one) for one in MessageClass]),
    default=str(MessageClass.COLLECTIONS),
    help=_("What the message is for (default: collections)."),
)
MARKS: Final = {"full": "■", "short": "▪", "weekday": "·", "holiday": "F"}


@click.group(help=_("When and how often people may be contacted."))
def contact() -> None:
    pass


def _account(open_session: Any, named: str | None) -> str | None:
    """The account that is named, or the only one there is."""
    if named is not None:
        return named
    accounts = open_session.ask("account.list")["items"]
    return str(accounts[0]["name"]) if len(accounts) == 1 else None


@contact.command(help=_("The rules that hold, whose law they are, and whether it is open now."))
@account_option
@output.json_option
def rules(account: str | None, as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("contact.rules", account=_account(open_session, account))
        zone = open_session.config.timezone
    if as_json:
        output.emit(found)
        return
    if found["rules"] is None:
        print(_("There are no rules: messages go at any hour, as often as they are asked for."))
        return
    preset, said = found["preset"], found["said"]
    output.record(
        (
            (_("Account"), found["account"]),
            (_("Preset"), None if preset is None else f"{preset['name']}: {preset['country']}, {preset['law']}"),
            (_("Version"), found["rules_version"]),
            (_("Zone"), found["zone"]),
            *((said["classes"][klass].capitalize(), hours) for klass, hours in said["hours"].items()),
            *((_("At most") if not at else "", text) for at, text in enumerate(said["caps"].values())),
            *(
                (_("Now, {name}").format(name=said["classes"][klass]), _now(one, zone))
                for klass, one in found["next"].items()
            ),
        )
    )


def _now(one: Mapping[str, Any], zone: Any) -> str:
    if one["from"] is None:
        return _("open, at any time") if one["open"] else _("closed")
    if one["open"]:
        return _("open until {time}").format(time=output.local(one["until"], zone))
    return _("closed; opens {time}").format(time=output.local(one["from"], zone))


@contact.command(help=_("The presets: each with its law, hours and caps."))
@output.json_option
def presets(as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("contact.presets")["items"]
    if as_json:
        output.emit(found)
        return
    for one in found:
        hours = one["said"]["hours"]["collections"]
        caps = [
            one["said"]["caps"][name] for name, cap in one["rules"]["caps"].items() if "collections" in cap["classes"]
        ]
        output.record(
            (
                (_("Preset"), one["name"]),
                (_("Law"), f"{one['country']}: {one['law']}"),
                (_("Hours"), hours),
                (_("Caps"), "; ".join(caps) or _("none")),
                (_("Besides"), " ".join(one["notes"])),
                (_("Sources"), " ".join(one["sources"])),
            )
        )
        print()


@contact.command("set", help=_("Set an account's rules: a preset, or a file as `[contact]` of the configuration."))
@click.argument("account")
@click.option(
    "--preset", type=click.Choice(list(PRESETS)), help=_("Begin with these rules; what was changed is given up.")
)
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=_("TOML with the keys of `[contact]`; in place of what the account said before."),
)
@click.option(
    "--as-file", "as_file", is_flag=True, help=_("Say nothing of its own: the rules of the configuration file.")
)
@output.json_option
def set_(account: str, preset: str | None, file: Path | None, as_file: bool, as_json: bool) -> None:
    if (preset is not None) + (file is not None) + as_file != 1:
        raise UsageError(_("give one of --preset, --file and --as-file"))
    document: dict[str, Any] | None = {"preset": preset} if preset is not None else None
    if file is not None:
        try:
            read = tomllib.loads(file.read_text(encoding="utf-8"))
        except (ValueError, OSError) as error:
            raise UsageError(_("{file}: {why}").format(file=file, why=error)) from None
        document = plain(read.get("contact", read))
    with session() as open_session:
        found = open_session.ask("contact.set", account=account, contact=document)
    if as_json:
        output.emit(found)
    else:
        print(_("Saved; the rules are those of version {version}.").format(version=found["rules_version"] or "–"))


@contact.command(help=_("A year, day by day: when it is open, and why not."))
@account_option
@class_option
@click.option("--year", type=click.IntRange(2000, 2100), help=_("Default: this one."))
@click.option("--preset", type=click.Choice(list(PRESETS)), help=_("Of this preset, whatever is set."))
@output.json_option
def year(account: str | None, klass: str, year: int | None, preset: str | None, as_json: bool) -> None:
    with session() as open_session:
        named = _account(open_session, account)
        found = open_session.ask("contact.year", account=named, message_class=klass, year=year, preset=preset)
    if as_json:
        output.emit(found)
        return
    days = found["days"]
    if not days:
        print(_("There are no rules: each day is open."))
        return
    longest = max(day["minutes"] for day in days)
    for _month, group in groupby(days, key=lambda day: day["date"][:7]):
        month = list(group)
        marks = "".join(_mark(day, longest) for day in month)
        print(f"{month[0]['date'][:7]}  {marks}")
    print(_("■ open  ▪ open for less  · closed  F holiday, closed"))
    for day in days:
        if day["holiday"] is not None:
            name = day["holiday"] or _("own holiday")
            output.say(f"{day['date']}  {name}: {day['slots'] or _('closed')}")
        if day["clock"]:
            print(
                _("{date}  the clock changes: the day has {hours} hours").format(
                    date=day["date"], hours=24 + day["clock"] // 60
                )
            )
    print(_("open: {days} days").format(days=found["open_days"]))


def _mark(day: Mapping[str, Any], longest: int) -> str:
    gap = " " if date.fromisoformat(day["date"]).weekday() == 0 else ""
    if not day["minutes"]:
        return gap + MARKS[day["why"] or "weekday"]
    return gap + MARKS["full" if day["minutes"] == longest else "short"]
