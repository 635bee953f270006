"""`gatewayd web`."""

from __future__ import annotations

import click

from gatewayd.translation import gettext as _


@click.command(help=_("Serve the panel and the API in the foreground; `gatewayd run` starts it by itself."))
def web() -> int:
    from gatewayd import logs
    from gatewayd.config import load
    from gatewayd.web import server

    config = load(click.get_current_context().find_root().obj, secrets=False)
    logs.configure()
    return server.run(config)
