"""`gatewayd answers`."""

from __future__ import annotations

import click

from gatewayd.cli import output
from gatewayd.cli.session import session
from gatewayd.words.reasons import meaning
from gatewayd.words.translation import gettext as _


@click.group(help=_("What is answered without a person."))
def answers() -> None:
    pass


@answers.command(help=_("What an account lets be answered, each with its switch."))
@click.option("--account", required=True, metavar="A")
@output.json_option
def show(account: str, as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("answers.show", account=account)
    if as_json:
        output.emit(found)
        return
    for name, part in found.items():
        if isinstance(part, dict) and "on" in part:
            click.echo(f"{name}: {_('on') if part['on'] else _('off')}  {', '.join(part.get('words', ()))}")


@answers.command("try", help=_("What would be answered to a text; nothing is sent."))
@click.argument("text")
@click.option("--account", required=True, metavar="A")
@click.option("--from", "address", default="", metavar="NUMBER", help=_("Who writes it: a number or a mail address."))
@click.option("--channel", type=click.Choice(["sms", "whatsapp", "email"]), default="sms", show_default=True)
@output.json_option
def try_(text: str, account: str, *, address: str, channel: str, as_json: bool) -> None:
    with session() as open_session:
        found = open_session.ask("answers.try", account=account, text=text, address=address, channel=channel)
    if as_json:
        output.emit(found)
        return
    click.echo(found["kind"])
    if found["reason"]:
        click.echo(meaning(found["reason"]))
    click.echo(found["text"] or _("nothing is answered"))
