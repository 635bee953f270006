"""`gatewayd dialplan`: what an Asterisk needs to make our calls."""

from __future__ import annotations

from pathlib import Path

import click

from dialplan.install import ForeignFileError, Settings, files, install, steps
from gatewayd.errors import ConflictError, UsageError
from gatewayd.translation import gettext as _

PLACEHOLDER = "CHANGE-THIS-SECRET"


@click.group(help=_("What an Asterisk needs to make our calls."))
def dialplan() -> None:
    pass


@dialplan.command(
    "install",
    help=_("Write, or print, the files for extensions.conf and manager.conf to include.")
    + "\n\n"
    + _("Files of yours are never edited: what is to be set in them is told."),
)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help=_("Asterisk's configuration folder, e.g. /etc/asterisk; without it everything is printed."),
)
@click.option("--context", default=Settings().context, show_default=True, help=_("Name of the context for our calls."))
@click.option("--transfer", default=Settings().transfer, show_default=True, help=_("Your context for transfers."))
@click.option("--user", default=Settings().user, show_default=True, help=_("Name of the manager account."))
@click.option("--permit", default=Settings().permit, show_default=True, help=_("Address/mask gatewayd connects from."))
def install_(folder: Path | None, context: str, transfer: str, user: str, permit: str) -> None:
    settings = Settings(context, transfer, user, permit)
    try:
        if folder is None:
            for name, content in files(settings, PLACEHOLDER).items():
                click.echo(f"; ---- {name} ----\n{content}")
        else:
            for path in install(folder, settings):
                click.echo(_("written: {path}").format(path=path))
    except ForeignFileError as error:
        raise ConflictError(str(error)) from None
    except ValueError as error:
        raise UsageError(str(error)) from None
    click.echo(steps(settings), err=folder is None)
