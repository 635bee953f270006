"""`gatewayd contact`."""

from __future__ import annotations

import base64
import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import click

from gatewayd.cli import output
from gatewayd.cli.session import session
from gatewayd.contact.classes import MessageClass
from gatewayd.contact.presets import PRESETS
from gatewayd.contact.reading import plain
from gatewayd.contact.words import class_name
from gatewayd.values.errors import UsageError
from gatewayd.values.model import Channel
from gatewayd.words.reasons import meaning
from gatewayd.words.translation import gettext as _

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
    metavar="FILE",
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


person_options = (
    click.option("--account", metavar="A", help=_("Whose customer or number it is (default: the only account's).")),
    click.option("--customer", metavar="ID", help=_("A customer, with all numbers and addresses.")),
    click.option("--number", metavar="N", help=_("A number or address, and the person whose it is.")),
)


def _of_person(command: Any) -> Any:
    for option in reversed(person_options):
        command = option(command)
    return command


@contact.command(help=_("Whether a person may be contacted now over a channel, and why not."))
@_of_person
@click.option("--channel", type=click.Choice([str(one) for one in Channel]), default="sms", help=_("Default: sms."))
@click.option(
    "--class", "klass", type=click.Choice([str(one) for one in MessageClass]), help=_("Default: the account's.")
)
@output.json_option
def why(  # noqa: PLR0917 - click hands each option over
    account: str | None, customer: str | None, number: str | None, channel: str, klass: str | None, as_json: bool
) -> int:
    with session() as open_session:
        named = {"account": _account(open_session, account), "customer": customer, "number": number}
        found = open_session.ask("contact.why", **named, channel=channel, message_class=klass)
        zone = open_session.config.timezone
    if as_json:
        output.emit(found)
    else:
        output.record(
            (
                (_("Customer"), f"{found['customer']} {found['name']}".strip() if found["customer"] else None),
                (_("Addresses"), ", ".join(one["address"] for one in found["addresses"])),
                (_("Verdict"), found["sentence"]),
                (_("Not before"), output.local(found["until"], zone)),
                (_("Until"), output.local(found["ends"], zone)),
                (
                    _("Counted"),
                    ", ".join(f"{output.local(one['at'], zone)} {one['channel']}" for one in found["contacts"]),
                ),
                (_("Version"), found["version"]),
            )
        )
    return 0 if found["go"] else 1


@contact.command(help=_("What waits for hours and caps, and until when."))
@click.option("--account", metavar="A", help=_("Of this account alone."))
@output.json_option
def waiting(account: str | None, as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("contact.waiting", account=account)
        zone = open_session.config.timezone
    if as_json:
        output.emit(found)
        return
    output.table(
        (_("Class"), _("Channel"), _("Reason"), _("Messages"), _("Not before")),
        [
            (
                class_name(one["class"]),
                one["channel"],
                meaning(one["reason"]),
                one["messages"],
                output.local(one["until"], zone),
            )
            for one in found["items"]
        ],
        right=(3,),
    )


@contact.command(help=_("Why each message of a person went or was kept back; for a complaint, as a file."))
@_of_person
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help=_("From this day on."))
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help=_("Before this day."))
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help=_("Write a file: .csv, or .xlsx for one person."),
)
@output.json_option
def evidence(  # noqa: PLR0917 - click hands each option over
    account: str | None,
    customer: str | None,
    number: str | None,
    since: datetime | None,
    until: datetime | None,
    out: Path | None,
    as_json: bool,
) -> None:
    with session() as open_session:
        wanted: dict[str, Any] = {"account": _account(open_session, account), "customer": customer, "number": number}
        wanted |= {"since": since and since.isoformat(), "until": until and until.isoformat()}
        if out is not None:
            _write(open_session, wanted, out)
            print(_("{file} is written.").format(file=out))
        elif as_json:
            output.emit_list(open_session.pages("evidence.list", **wanted))
        else:
            zone = open_session.config.timezone
            output.shown_list(
                open_session.pages("evidence.list", **wanted, limit=output.SHOWN),
                (_("Time"), _("To"), _("Channel"), _("Class"), _("Verdict"), _("Rule"), _("Not before"), _("Version")),
                lambda one: (
                    output.local(one["at"], zone),
                    one["to"],
                    one["channel"],
                    one["class"],
                    _("went") if one["verdict"] == "go" else meaning(one["verdict"]),
                    one["rule"],
                    output.local(one["until"], zone),
                    one["version"],
                ),
            )


def _write(open_session: Any, wanted: dict[str, Any], out: Path) -> None:
    if out.suffix.lower() == ".xlsx":
        done = open_session.ask("evidence.export", **wanted, format="xlsx")
        out.write_bytes(base64.b64decode(done["xlsx"]))
        return
    cursor: str | None = None
    with out.open("w", encoding="utf-8-sig", newline="") as file:
        while True:
            done = open_session.ask("evidence.export", **wanted, cursor=cursor)
            file.write(done["csv"])
            cursor = done["next"]
            if cursor is None:
                return
