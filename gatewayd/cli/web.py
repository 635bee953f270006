"""`gatewayd web`."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Final

import click

from gatewayd.process.logger import plain_structlog
from gatewayd.words.translation import gettext as _

SECRET_MAX: Final = 1000


@click.command(help=_("Serve the panel and the API in the foreground; `gatewayd run` starts it by itself."))
@click.option(
    "--published",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("The settings as the daemon writes them down for this process (web.json beside the store)."),
)
@click.option("--parent", type=int, hidden=True)
def web(published: Path | None, parent: int | None) -> int:
    # What is imported stays: to look through it for garbage takes a sixth of the time that people wait for a start.
    gc.disable()
    plain_structlog()
    from gatewayd.config import load
    from gatewayd.config.publication import read
    from gatewayd.process import logs
    from gatewayd.web import server
    from gatewayd.words import translation

    gc.freeze()
    gc.enable()
    logs.configure()
    if published is None:
        config = load(click.get_current_context().find_root().obj, secrets=False)
    else:
        config = read(published)
        translation.set_language(config.locale)
    # Its daemon says by our input what no file may; nobody else has anything to say there.
    password = sys.stdin.read(SECRET_MAX) if parent is not None else ""
    return server.run(config, published=published, parent=parent, store_password=password or None)
