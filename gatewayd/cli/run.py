"""`gatewayd run`."""

from __future__ import annotations

import click

from gatewayd.translation import gettext as _


@click.command(
    help=_("Run the daemon in the foreground. SIGTERM drains and stops it, SIGHUP re-reads its configuration.")
)
def run() -> int:
    from gatewayd.config.startup import load

    config = load(click.get_current_context().find_root().obj)
    from gatewayd import daemon, logs

    logs.configure()

    return daemon.run(config) or 0
