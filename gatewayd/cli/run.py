"""`gatewayd run`."""

from __future__ import annotations

import signal
import sys
from types import FrameType

import click

from gatewayd.process.logger import plain_structlog
from gatewayd.words.translation import gettext as _


@click.command(
    help=_("Run the daemon in the foreground. SIGTERM drains and stops it, SIGHUP re-reads its configuration.")
)
def run() -> int:
    # Asked to stop before the daemon has begun, which is when its own handler takes over: as good as done.
    signal.signal(signal.SIGTERM, _leave)
    plain_structlog()
    from gatewayd.config.startup import load

    config = load(click.get_current_context().find_root().obj)
    from gatewayd.daemon import daemon
    from gatewayd.process import logs

    logs.configure()

    return daemon.run(config) or 0


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)
