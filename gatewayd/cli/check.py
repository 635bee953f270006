"""`gatewayd check`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gatewayd.cli import output
from gatewayd.cli.session import session
from gatewayd.errors import GatewayError, SchemaError
from gatewayd.translation import gettext as _

if TYPE_CHECKING:
    from gatewayd.config import Config

Finding = dict[str, str]


@click.command(
    help=_("Check configuration, spool, store and lines; tells every fault at once, and what to do about it.")
)
@output.json_option
def check(as_json: bool) -> int:
    from gatewayd.config import InvalidConfigError

    wrong_config = False
    with session() as open_session:
        try:
            found = [
                *_spool(open_session.whole_config),
                *_store(open_session.whole_config),
                *_lines(open_session.whole_config),
            ]
        except InvalidConfigError as error:
            wrong_config = True
            found = [_finding(fault.file, fault.key, fault.message, fault.remedy) for fault in error.faults]
        if as_json:
            output.emit({"ok": not found, "findings": found})
        else:
            for one in found:
                where = f"{one['file']}: {one['key']}" if one["key"] else one["file"]
                print(f"{where}: {one['message']}; {one['remedy']}", file=sys.stderr)
            if not found:
                print(_("no fault found"))
    if not found:
        return 0
    return 2 if wrong_config else 1


def _finding(file: object, key: str, message: str, remedy: str) -> Finding:
    return {"file": str(file), "key": key, "message": message, "remedy": remedy}


def _spool(config: Config) -> Iterator[Finding]:
    from spool.folders import Spool

    root = config.spool.path
    if not root.exists():
        yield from _place(config, "spool.path", root.parent)
        return
    for one in Spool(root).findings(config.locale):
        # What the daemon makes when it starts is not missed before.
        if one.path.parent != root or one.path.exists():
            yield _finding(config.file, "spool.path", f"{one.path}: {one.message}", one.remedy)


def _store(config: Config) -> Iterator[Finding]:
    """Whether the store can be written, and is one of ours. Changes nothing and makes nothing."""
    from gatewayd.store import admin

    path = config.store.sqlite_path
    if path is not None:
        if not path.exists():
            yield from _place(config, "store.url", path.parent)
            return
        for place, needs in ((path.parent, os.W_OK | os.X_OK), (path, os.R_OK | os.W_OK)):
            if not os.access(place, needs, effective_ids=True):
                message = _("{path}: no permission to write").format(path=place)
                yield _finding(config.file, "store.url", message, _("give it to the user of the daemon"))
                return
    password = config.store.password
    try:
        admin.recognise(config.store.url, password=None if password is None else password.get_secret_value())
    except SchemaError as error:
        yield _finding(config.file, "store.url", str(error), _("use the newer program, or restore a backup"))
    except GatewayError as error:
        yield _finding(config.file, "store.url", str(error), _("mend address, password or server; or restore a backup"))


def _place(config: Config, key: str, folder: Path) -> Iterator[Finding]:
    """What is still to be made needs a folder that can be written, or one to make that folder in."""
    there = folder
    while not there.exists():
        there = there.parent
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK, effective_ids=True):
        message = _("{path}: nothing can be made here").format(path=there)
        yield _finding(config.file, key, message, _("give it to the user of the daemon"))


def _lines(config: Config) -> Iterator[Finding]:
    from gatewayd.lines import findings

    for line in config.lines:
        if not line.enabled:
            continue
        key = f"line[{line.name}]"
        for one in findings(line):
            yield _finding(config.file, f"{key}.{one.key}" if one.key else key, one.message, one.remedy)
