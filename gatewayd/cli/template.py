"""`gatewayd template`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from gatewayd.cli import output
from gatewayd.cli.customer import upload
from gatewayd.cli.session import Session, session
from gatewayd.values.errors import UsageError
from gatewayd.words.translation import gettext as _

CHANNELS: Final = ("sms", "call", "email", "push", "whatsapp")
FILE_MAX: Final = 8 << 20
LISTED = (_("Template"), _("Channel"), _("Version"), _("Class"), _("Used"), _("What it says"))

account_option = click.option("--account", metavar="A", help=_("Whose template (default: the only account there is)."))
channel_option = click.option(
    "--channel", type=click.Choice(CHANNELS), help=_("Needed where several channels have a template of that name.")
)
file_option = click.option(
    "--file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help=_("JSON: the keys of a job file that say what is sent."),
)
text_option = click.option("--text", help=_("The text itself."))
attach_option = click.option(
    "--attach",
    multiple=True,
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=_("A file that the mail attaches; may be repeated."),
)
set_option = click.option(
    "--set", "values", multiple=True, metavar="NAME=VALUE", help=_("Value of a variable; may be repeated.")
)
customer_option = click.option("--customer", metavar="ID", help=_("The customer whose data are shown."))


@click.group(help=_("Templates: what campaigns and jobs say."))
def template() -> None:
    pass


@template.command("list", help=_("The templates, by name."))
@account_option
@click.option("--channel", type=click.Choice(CHANNELS), help=_("Of this channel alone."))
@click.option("--archived", is_flag=True, help=_("Those in the archive."))
@click.option("--search", metavar="WORDS", help=_("Whose name or text has these words."))
@output.json_option
def list_(account: str | None, channel: str | None, search: str | None, *, archived: bool, as_json: bool) -> None:
    with session() as open_session:
        account = _whose(open_session, account)
        found = open_session.ask(
            "template.list", account=account, channel=channel, archived=archived or None, search=search
        )
    if as_json:
        output.emit(found)
        return
    rows = [
        (
            one["template"],
            one["channel"],
            one["version"],
            one["class"] or "",
            _("yes") if one["used"] else _("no"),
            " ".join(one["text"].split())[:60],
        )
        for one in found["items"]
    ]
    output.table(LISTED, rows, right=(2,), spare=(5,))


@template.command(help=_("One template: what it says, and its versions."))
@click.argument("name")
@account_option
@channel_option
@click.option("--version", type=int, metavar="N", help=_("That version (default: the newest)."))
@output.json_option
def show(name: str, account: str | None, channel: str | None, version: int | None, as_json: bool) -> None:
    with session() as open_session:
        account = _whose(open_session, account)
        found = open_session.ask("template.show", account=account, template=name, channel=channel, version=version)
    if as_json:
        output.emit(found)
        return
    output.record(
        (
            (_("Template"), found["template"]),
            (_("Channel"), found["channel"]),
            (_("Version"), _("{version} of {newest}").format(version=found["version"], newest=found["newest"])),
            (_("Class"), found["class"]),
            (_("Variables"), ", ".join(f"%{one}%" for one in found["variables"])),
            (_("Attached"), ", ".join(one["name"] for one in found["files"]) or None),
            (_("Saved by"), found["changed_by"]),
            (_("Archive"), _("yes") if found["archived"] else None),
        )
    )
    output.say(json.dumps(found["content"], ensure_ascii=False, indent=2))


@template.command(help=_("Save a template, as a new version where it differs from the newest."))
@click.argument("name")
@account_option
@click.option("--channel", type=click.Choice(CHANNELS), default="sms", show_default=True, help=_("What it is for."))
@text_option
@file_option
@attach_option
@output.json_option
def save(
    name: str,
    account: str | None,
    channel: str,
    text: str | None,
    *,
    file: Path | None,
    attach: tuple[Path, ...],
    as_json: bool,
) -> None:
    content = _content(text, file)
    with session() as open_session:
        account = _whose(open_session, account)
        uploads = [upload(open_session, account, each) for each in attach]
        made = open_session.ask(
            "template.save",
            account=account,
            template=name,
            channel=channel,
            content=content,
            uploads=uploads or None,
        )
    if as_json:
        output.emit(made)
    else:
        output.say(_("{template}: version {version}").format(template=made["template"], version=made["version"]))


@template.command(help=_("Put a template into the archive: it is offered no more."))
@click.argument("name")
@account_option
@channel_option
@output.json_option
def archive(name: str, account: str | None, channel: str | None, as_json: bool) -> None:
    _act("template.archive", name, account, channel, as_json)


@template.command(help=_("Take a template out of the archive."))
@click.argument("name")
@account_option
@channel_option
@output.json_option
def restore(name: str, account: str | None, channel: str | None, as_json: bool) -> None:
    _act("template.restore", name, account, channel, as_json)


@template.command(help=_("Remove a template that was never used."))
@click.argument("name")
@account_option
@channel_option
@output.json_option
def remove(name: str, account: str | None, channel: str | None, as_json: bool) -> None:
    _act("template.remove", name, account, channel, as_json)


def _act(operation: str, name: str, account: str | None, channel: str | None, as_json: bool) -> None:
    with session() as open_session:
        account = _whose(open_session, account)
        made = open_session.ask(operation, account=account, template=name, channel=channel)
    if as_json:
        output.emit(made)


@template.command(help=_("What one person would get, what it costs, and which letters make it dear."))
@click.argument("name", required=False)
@account_option
@channel_option
@text_option
@set_option
@customer_option
@click.option("--list", "list_", type=click.IntRange(min=1), metavar="N", help=_("The list whose row is shown."))
@click.option("--row", type=click.IntRange(min=1), metavar="N", help=_("Which row of the list (default: the first)."))
@output.json_option
def preview(
    name: str | None,
    account: str | None,
    channel: str | None,
    text: str | None,
    *,
    values: tuple[str, ...],
    customer: str | None,
    list_: int | None,
    row: int | None,
    as_json: bool,
) -> None:
    if (name is None) == (text is None):
        raise UsageError(_("name a template, or give --text"))
    with session() as open_session:
        account = _whose(open_session, account)
        found = open_session.ask(
            "template.preview",
            account=account,
            template=name,
            channel=channel if text is None else channel or "sms",
            content=None if text is None else {"text": text},
            values=_values(values) or None,
            customer=customer,
            rows_of=list_,
            after=None if row is None else row - 1,
        )
    if as_json:
        output.emit(found)
        return
    for fault in found["faults"]:
        output.say(f"{fault['key']}: {fault['message']}")
    if found["amount_early"]:
        output.say(_("Neither a campaign nor a rule calls with it: {reason}").format(reason=found["amount_early"]))
    for field, said in found["fields"].items():
        output.say(said if field == "text" else f"{field}: {said}")
    output.record(_costs(found))


def _costs(found: Mapping[str, Any]) -> list[tuple[str, object]]:
    sms = found["sms"]
    unknown = [one["name"] for one in found["variables"] if one["from"] == "unknown"]
    rows: list[tuple[str, object]] = [(_("Not known"), ", ".join(f"%{name}%" for name in unknown) or None)]
    if sms is not None:
        rows += [
            (_("Segments"), sms["segments"]),
            (_("Characters"), f"{sms['units']} / {sms['units'] + sms['left']} ({sms['encoding']})"),
            (_("Dear letters"), " ".join(letters for _start, _end, letters in sms["dear"]) or None),
            (_("In plain letters"), sms["plain_segments"] if sms["plain"] else None),
            (_("With the shift table"), sms["shifted"] and sms["shifted"]["segments"]),
        ]
    return [*rows, (_("Cost"), None if found["cost"] is None else f"{found['cost']} {found['currency']}")]


@template.command(help=_("Send a test to an address, or to the account's test group."))
@click.argument("name")
@account_option
@channel_option
@click.option("--to", metavar="ADDRESS", help=_("A number, an address or a token of one's own."))
@click.option("--group", is_flag=True, help=_("To the account's test group."))
@set_option
@customer_option
@output.json_option
def test(
    name: str,
    account: str | None,
    channel: str | None,
    to: str | None,
    *,
    values: tuple[str, ...],
    customer: str | None,
    group: bool,
    as_json: bool,
) -> None:
    with session() as open_session:
        account = _whose(open_session, account)
        made = open_session.ask(
            "template.test",
            account=account,
            template=name,
            channel=channel,
            to=to,
            group=group or None,
            values=_values(values) or None,
            customer=customer,
        )
    if as_json:
        output.emit(made)
    else:
        output.say(made["job"])


def _whose(open_session: Session, account: str | None) -> str:
    """Returns the account that is named, or the only one there is. UsageError."""
    if account is not None:
        return account
    names = [one["name"] for one in open_session.ask("account.list")["items"]]
    if len(names) == 1:
        return str(names[0])
    if not names:
        raise UsageError(_("there is no account yet: gatewayd account create NAME"))
    raise UsageError(_("whose template is it? --account {accounts}").format(accounts=" | ".join(names)))


def _content(text: str | None, file: Path | None) -> dict[str, Any]:
    if (text is None) == (file is None):
        raise UsageError(_("give --text or --file"))
    if text is not None:
        return {"text": text}
    assert file is not None
    try:
        data = file.read_bytes()[: FILE_MAX + 1]
        content = json.loads(data.decode("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{file}: {error}") from error
    if len(data) > FILE_MAX or not isinstance(content, dict):
        raise UsageError(_("{file}: no JSON object").format(file=file))
    return content


def _values(given: tuple[str, ...]) -> dict[str, str]:
    pairs = [one.partition("=") for one in given]
    if any(not equals for _name, equals, _value in pairs):
        raise UsageError(_("--set: write NAME=VALUE"))
    return {name: value for name, _equals, value in pairs}
