"""`gatewayd simulate KIND`: simulated devices by themselves.

A kind is a driver that has a `simulator` beside it: a module or package with `main(arguments, program) -> exit status`.
It reads its own options, so a driver from elsewhere brings its simulator along without a change here.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from types import ModuleType

import click

from drivers.base import ENTRY_POINTS
from gatewayd.words.translation import gettext as _

BUILT_IN = {name: f"drivers.{name}" for name in ("android", "gsm", "provider", "push", "smtp", "whatsapp")}
"""Packages of the drivers of this tree, for a checkout that is not installed and so has no entry points."""


def _packages() -> dict[str, str]:
    return {**BUILT_IN, **{each.name: each.module for each in entry_points(group=ENTRY_POINTS)}}


def _has_simulator(package: str) -> bool:
    try:
        return find_spec(f"{package}.simulator") is not None
    except ModuleNotFoundError:  # an installed driver that is a plain module
        return False


def _simulator(package: str) -> ModuleType:
    return import_module(f"{package}.simulator")


class _Kinds(click.Group):
    """One subcommand for each driver that has a simulator."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(kind for kind, package in _packages().items() if _has_simulator(package))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        package = _packages().get(cmd_name)
        if package is None or not _has_simulator(package):
            return None

        @click.command(
            cmd_name,
            short_help=_("Simulated devices of the {driver} driver.").format(driver=cmd_name),
            add_help_option=False,
            context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
        )
        @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
        @click.pass_context
        def run(context: click.Context, arguments: tuple[str, ...]) -> None:
            sys.exit(_simulator(package).main(arguments, context.command_path))

        return run


@click.command(
    cls=_Kinds,
    subcommand_metavar="KIND [OPTIONS]",
    help=_("Run simulated devices on their own.")
    + "\n\n"
    + _(
        "Prints one JSON line (kind, devices, control) and runs until SIGTERM. The control socket takes one JSON "
        'object a line: {"op": "list"}, stats, texts, wait, set, inject, unplug, replug and more.'
    ),
)
def simulate() -> None:
    pass
