"""`gatewayd dialplan`: what an Asterisk needs to make our calls."""

from __future__ import annotations

from pathlib import Path

import click

from dialplan.context import AGI_SCRIPT
from dialplan.install import (
    EXTENSIONS,
    MANAGER,
    MODULES,
    ForeignFileError,
    Settings,
    files,
    install,
    install_script,
    script_folder,
)
from gatewayd.values.errors import ConflictError, UsageError
from gatewayd.words.translation import gettext as _

PLACEHOLDER = "CHANGE-THIS-SECRET"


@click.group(help=_("What an Asterisk needs to make our calls."))
def dialplan() -> None:
    pass


@dialplan.command(
    "install",
    help=_(
        "Write or print the files that extensions.conf and manager.conf include, and the script for calls "
        "with steps. Your own files are never edited: the command says what to set in them."
    ),
)
@click.option(
    "--dir",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help=_("Asterisk's configuration folder, e.g. /etc/asterisk; without it everything is printed."),
)
@click.option(
    "--agi-dir",
    "scripts",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help=_("Asterisk's folder of AGI scripts; by default what asterisk.conf in --dir says."),
)
@click.option("--context", default=Settings().context, show_default=True, help=_("Name of the context for our calls."))
@click.option("--transfer", default=Settings().transfer, show_default=True, help=_("Your context for transfers."))
@click.option("--user", default=Settings().user, show_default=True, help=_("Name of the manager account."))
@click.option("--permit", default=Settings().permit, show_default=True, help=_("Address/mask gatewayd connects from."))
def install_(folder: Path | None, scripts: Path | None, **names: str) -> None:
    settings = Settings(**names)
    scripts = scripts or (script_folder(folder) if folder else None)
    try:
        if folder is None:
            for name, content in files(settings, PLACEHOLDER).items():
                click.echo(f"; ---- {name} ----\n{content}")
        else:
            for path in install(folder, settings):
                click.echo(_("written: {path}").format(path=path))
        if scripts is not None:
            for path in install_script(scripts):
                click.echo(_("written: {path}").format(path=path), err=folder is None)
    except ForeignFileError as error:
        told = _("{path} exists and was not written by gatewayd; move it away, or choose another folder")
        raise ConflictError(told.format(path=error.path)) from None
    except ValueError as error:
        raise UsageError(str(error)) from None
    click.echo("\n".join(_steps(settings, scripts)), err=folder is None)


def _steps(settings: Settings, scripts: Path | None) -> list[str]:
    """What is left to the administrator."""
    told = [
        "",
        _("Then, in your own files:"),
        "",
        f"  extensions.conf   #include {EXTENSIONS}",
        "                    "
        + _("and a context [{context}] with an extension for each place that calls are transferred to").format(
            context=settings.transfer
        ),
        "  manager.conf      [general] enabled = yes",
        f"                    #include {MANAGER}",
        "  asterisk.conf     [options] transmit_silence = yes",
        "                    " + _("(without it answering machine detection hears nothing)"),
        "  modules.conf      " + _("must not exclude any of these:"),
        *(f"                    {name}" for name in _lines(MODULES)),
        "",
        _("To apply it: {command}").format(command='asterisk -rx "core reload"'),
        _("Prompts are read from the line's `prompts` folder: Asterisk's user must be able to read it."),
    ]
    if scripts is None:
        told += [
            "",
            _(
                "{script}, for calls with steps, was not written: name Asterisk's folder of AGI scripts (`astagidir` "
                "in asterisk.conf) by --agi-dir. It needs a python3 there, of version 3.7 or newer, and nothing else."
            ).format(script=AGI_SCRIPT),
        ]
    else:
        told += ["", _("{script}, for calls with steps, needs a python3 of version 3.7 or newer there.").format(
            script=AGI_SCRIPT)]  # fmt: skip
    told += ["", _("When that is done: gatewayd check")]
    return told


def _lines(names: tuple[str, ...]) -> list[str]:
    return [", ".join(names[at : at + 5]) for at in range(0, len(names), 5)]
