"""The root of the commands, and how a subcommand is found without importing the others."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from gatewayd.words.translation import gettext as _


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called; their short helps are given beforehand."""

    def __init__(self, *, commands_at: Mapping[str, tuple[str, str]], **keys: Any) -> None:
        """`commands_at`: name to (`module:attribute`, short help)."""
        super().__init__(**keys)
        self._places = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        place = self._places.get(cmd_name)
        if place is None:
            return None
        module, _colon, attribute = place[0].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, short) for name, (_place, short) in self._places.items()])


def root() -> click.Group:
    """`gatewayd` itself. Made at each call: its texts are in the language chosen by then."""
    here = "gatewayd.cli"
    return LazyGroup(
        name="gatewayd",
        help=_("A telephony and SMS gateway: nothing lost, nothing silently sent twice."),
        context_settings={"help_option_names": ["-h", "--help"]},
        no_args_is_help=True,
        callback=_remember_config,
        params=[
            click.Option(
                ["--config", "config_file"],
                type=click.Path(path_type=Path),
                metavar="FILE",
                envvar="GATEWAYD_CONFIG",
                help=_("Configuration file (default: /etc/gatewayd/gatewayd.toml, or $GATEWAYD_CONFIG)."),
            ),
            click.Option(
                ["--version"],
                is_flag=True,
                expose_value=False,
                is_eager=True,
                callback=_print_version,
                help=_("Show the version and exit."),
            ),
        ],
        commands_at={
            "setup": (f"{here}.setup:setup", _("Set the gateway up: file, first account, administrator, modems.")),
            "run": (f"{here}.run:run", _("Run the daemon in the foreground.")),
            "web": (f"{here}.web:web", _("Serve the panel and the API in the foreground.")),
            "demo": (f"{here}.demo:demo", _("See a campaign go through simulated lines of every kind.")),
            "check": (f"{here}.check:check", _("Check configuration, spool, store and lines.")),
            "submit": (f"{here}.submit:submit", _("Put a job file into the spool.")),
            "list": (f"{here}.lists:list_command", _("See how a list of recipients is read.")),
            "campaign": (f"{here}.campaign:campaign", _("Campaigns: people, what they are told, and when.")),
            "people": (f"{here}.people:people", _("Lists of people, to whom campaigns go.")),
            "collections": (
                f"{here}.collections:collections",
                _("Claims: what a day's run would do, and the run itself."),
            ),
            "job": (f"{here}.job:job", _("Jobs and their messages.")),
            "template": (f"{here}.template:template", _("Templates: what campaigns and jobs say.")),
            "message": (f"{here}.message:message", _("Messages of all jobs: find, show, settle.")),
            "interaction": (
                f"{here}.interaction:interaction",
                _("The log: what was said and answered, over all channels."),
            ),
            "line": (f"{here}.line:line", _("Lines: state, counters, test messages.")),
            "account": (f"{here}.account:account", _("Accounts and their credits.")),
            "customer": (f"{here}.customer:customer", _("Customers: find, change, import, merge, forget.")),
            "invoice": (f"{here}.bills:invoice", _("Invoices: find, write, import.")),
            "payment": (f"{here}.bills:payment", _("Payments and credit notes: find, write, import.")),
            "reminder": (f"{here}.reminder:reminder", _("Reminders that people write, one customer each.")),
            "ticket": (f"{here}.ticket:ticket", _("Tickets: list, show, work on them.")),
            "answers": (f"{here}.answers:answers", _("What is answered without a person.")),
            "user": (f"{here}.user:user", _("People who may sign in at the panel.")),
            "token": (f"{here}.token:token", _("Tokens, by which programs use the API.")),
            "audit": (f"{here}.audit:audit", _("The audit trail: who did what, when and from where.")),
            "feed": (f"{here}.feed:feed", _("Databases that invoices, payments and customers are read from.")),
            "webhook": (f"{here}.webhook:webhook", _("Addresses that events are posted to.")),
            "blocklist": (f"{here}.blocklist:blocklist", _("The do-not-contact list.")),
            "register": (f"{here}.register:register", _("Legal registers of people who may not be called.")),
            "contact": (f"{here}.contact:contact", _("When and how often people may be contacted.")),
            "forecast": (f"{here}.forecast:forecast", _("When messages will begin and end, and what limits that.")),
            "status": (f"{here}.status:status", _("What needs a person, at a glance.")),
            "top": (f"{here}.top:top", _("Watch lines, rates, queue and events live.")),
            "simulate": (f"{here}.simulate:simulate", _("Simulated devices on their own.")),
            "dialplan": (f"{here}.dialplan:dialplan", _("What an Asterisk needs to make calls for us.")),
            "db": (f"{here}.db:db", _("The store: upgrade, check, backup, restore, move.")),
        },
    )


def _remember_config(config_file: Path | None) -> None:
    click.get_current_context().obj = config_file


def _print_version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"gatewayd {version('gatewayd')}")
        context.exit()
