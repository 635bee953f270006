"""`gatewayd check`: everything that is wrong, at once. Changes nothing and makes nothing."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from gatewayd.cli import output
from gatewayd.cli.session import log_aside
from gatewayd.values.errors import GatewayError
from gatewayd.words.translation import gettext as _


@click.command(
    help=_(
        "Check configuration, spool, store and lines; shows every fault at once, with what to do about it. "
        "A running daemon checks itself."
    )
)
@output.json_option
def check(as_json: bool) -> int:
    file = click.get_current_context().find_root().obj
    looked = _by_daemon(file)
    if looked is None:
        _as_service(file)
        log_aside()
        from gatewayd.operations.diagnosis import findings

        found, wrong, notes = findings(file, alone=True)
        looked = {"ok": not found, "wrong": wrong, "findings": found, "notes": notes}
    found, notes = looked["findings"], looked.get("notes", [])
    if as_json:
        output.emit({"ok": looked["ok"], "findings": found, "notes": notes})
    else:
        for one in (*found, *notes):
            where = f"{one['file']}: {one['key']}" if one["key"] else one["file"]
            output.say(f"{where}: {one['message']}; {one['remedy']}", error=one in found)
        if not found:
            print(_("no fault found"))
    if not found:
        return 0
    return 2 if looked["wrong"] else 1


def _by_daemon(file: Path | None) -> Any:
    """What the running daemon finds; None where none answers, or one of an older program."""
    from gatewayd.config import InvalidConfigError, salvage
    from gatewayd.control import ControlClient

    try:
        client = ControlClient.connect(salvage(file).control_candidates)
        if client is None:
            return None
        try:
            return client.call("check", {})
        finally:
            client.close()
    except (InvalidConfigError, GatewayError, OSError):
        return None


def _as_service(file: Path | None) -> None:
    """Takes the rights of the service's user, to whom the spool belongs, where root asks: what root may says nothing.
    Tells anybody else as whom to ask."""
    import pwd

    from gatewayd.config import InvalidConfigError, salvage

    try:
        owner = salvage(file).spool.path.stat().st_uid
    except (InvalidConfigError, OSError):
        return
    if owner == os.geteuid():
        return
    try:
        user = pwd.getpwuid(owner)
    except KeyError:
        return
    if os.geteuid() == 0:
        os.initgroups(user.pw_name, user.pw_gid)
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
        return
    print(
        _(
            "gatewayd: no daemon answers, and you are not its user; run the check as that user: sudo -u {user} "
            "gatewayd check"
        ).format(user=user.pw_name),
        file=sys.stderr,
    )
