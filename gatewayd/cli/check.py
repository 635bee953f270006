"""`gatewayd check`: everything that is wrong, at once. Changes nothing and makes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from gatewayd.cli import output
from gatewayd.errors import ConfigError, GatewayError, SchemaError
from gatewayd.translation import gettext as _
from gatewayd.translation import language

if TYPE_CHECKING:
    from gatewayd.config import Sound, StoreConfig

ROOM: Final = 64 << 20
"""Bytes that should be free where spool and store are: the store's log and one large job need as much."""

Finding = dict[str, str]


@click.command(
    help=_("Check configuration, spool, store and lines; tells every fault at once, and what to do about it.")
)
@output.json_option
def check(as_json: bool) -> int:
    from gatewayd.config import examine

    faults, sound = examine(click.get_current_context().find_root().obj)
    found = [_finding(fault.file, fault.key, fault.message, fault.remedy) for fault in faults]
    unusable = list(_unusable(sound))
    found += unusable
    found += chain(_spool(sound), _store(sound), _lines(sound, {(one["key"], one["message"]) for one in unusable}))
    if not faults:
        found += _stalled(sound)
    if as_json:
        output.emit({"ok": not found, "findings": found})
    else:
        for one in found:
            where = f"{one['file']}: {one['key']}" if one["key"] else one["file"]
            output.say(f"{where}: {one['message']}; {one['remedy']}", error=True)
        if not found:
            print(_("no fault found"))
    if not found:
        return 0
    return 2 if faults or unusable else 1


def _finding(file: object, key: str, message: str, remedy: str) -> Finding:
    # One line each, whatever a library says.
    return {"file": str(file), "key": key, "message": " ".join(message.split()), "remedy": remedy}


# ------------------------------------------------------------------------------------------------------ spool and store


def _spool(sound: Sound) -> Iterator[Finding]:
    from spool.folders import Spool

    if sound.spool is None:
        return
    root = sound.spool.path
    yield from _room(sound, "spool.path", root)
    if not root.exists():
        yield from _place(sound, "spool.path", root.parent)
        return
    for one in Spool(root).findings(language()):
        # What the daemon makes when it starts is not missed before.
        if one.path.parent != root or one.path.exists():
            yield _finding(sound.file, "spool.path", f"{one.path}: {one.message.rstrip('.')}", one.remedy)


def _store(sound: Sound) -> Iterator[Finding]:
    """Whether the store can be written, is one of ours, and has the accounts that the configuration names."""
    from gatewayd.store import admin

    if sound.store is None:
        return
    path = sound.store.sqlite_path
    if path is not None:
        yield from _room(sound, "store.url", path.parent)
        if not path.exists():
            yield from _place(sound, "store.url", path.parent)
            return
        for place, needs in ((path.parent, os.W_OK | os.X_OK), (path, os.R_OK | os.W_OK)):
            if not os.access(place, needs, effective_ids=True):
                message = _("{path}: no permission to write").format(path=place)
                yield _finding(sound.file, "store.url", message, _("give it to the user of the daemon"))
                return
    try:
        if admin.recognise(sound.store.url, password=_password(sound.store)):
            yield from _accounts(sound, sound.store)
    except ConfigError as error:
        yield _finding(sound.file, "store.url", str(error), _("install it where gatewayd is installed"))
    except SchemaError as error:
        yield _finding(sound.file, "store.url", str(error), _("use the newer program, or restore a backup"))
    except GatewayError as error:
        yield _finding(sound.file, "store.url", str(error), _("mend address, password or server; or restore a backup"))


def _stalled(sound: Sound) -> Iterator[Finding]:
    """Accounts that a daemon, where one runs, cannot serve now."""
    from gatewayd.config import load
    from gatewayd.control import ControlClient

    try:
        client = ControlClient.connect(load(sound.file, secrets=False).control_candidates)
        if client is None:
            return
        with closing(client):
            stalled = client.call("overview", {})["stalled"]
    except (GatewayError, OSError):
        return  # one that does not answer is another command's to tell
    for one in stalled:
        message = _("account {account}: its {service} cannot be served: {reason}").format(**one)
        remedy = _("put the folder right: it is tried again within a minute")
        yield _finding(sound.file, "spool.path", message, remedy)


def _password(store: StoreConfig) -> str | None:
    return None if store.password is None else store.password.get_secret_value()


def _accounts(sound: Sound, store: StoreConfig) -> Iterator[Finding]:
    """Accounts that the configuration or a folder of the spool names, and the store does not know."""
    from gatewayd.store.reader import Reader
    from spool.folders import INCOMING, Spool

    named = list(sound.accounts)
    if sound.spool is not None and (sound.spool.path / INCOMING).is_dir():
        named += [("spool.path", name) for name in Spool(sound.spool.path).accounts()]
    if not named:
        return
    with closing(Reader(store.url, password=_password(store), pool=1)) as reader:
        known = {account.name for account in reader.accounts()}
    for key, name in named:
        if name not in known:
            message = _("there is no account {account}").format(account=name)
            yield _finding(sound.file, key, message, f"gatewayd account create {name}")


def _room(sound: Sound, key: str, folder: Path) -> Iterator[Finding]:
    """A full disk stops intake, sending and receipts alike; better told before."""
    there = _nearest(folder)
    try:
        disk = os.statvfs(there)
    except OSError:
        return  # told by its permissions
    free = disk.f_bavail * disk.f_frsize
    if free < ROOM:
        message = _("{path}: the disk is full: {free:.0f} MiB left").format(path=there, free=free / (1 << 20))
        yield _finding(sound.file, key, message, _("make room, or move it to a larger disk"))
    elif disk.f_files and not disk.f_favail:
        message = _("{path}: the disk is full: it takes no more files").format(path=there)
        yield _finding(sound.file, key, message, _("make room, or move it to a larger disk"))


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    while not folder.exists():
        folder = folder.parent
    return folder


def _place(sound: Sound, key: str, folder: Path) -> Iterator[Finding]:
    """What is still to be made needs a folder that can be written, or one to make that folder in."""
    there = _nearest(folder)
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK, effective_ids=True):
        message = _("{path}: nothing can be made here").format(path=there)
        yield _finding(sound.file, key, message, _("give it to the user of the daemon"))


# ---------------------------------------------------------------------------------------------------------------- lines


def _unusable(sound: Sound) -> Iterator[Finding]:
    """Lines whose keys contradict each other: with them no daemon starts."""
    from gatewayd.registry import contradiction

    for line in sound.lines:
        one = contradiction(line.driver, line.name, line.options)
        if one is not None and line.is_news(one.key):
            yield _finding(sound.file, f"{line.key}.{one.key}", one.message, one.remedy)


def _lines(sound: Sound, told: set[tuple[str, str]]) -> Iterator[Finding]:
    from drivers.base import NamesDevice
    from gatewayd.registry import findings

    having: dict[tuple[str, str, str], str] = {}
    for line in sound.lines:
        for one in findings(line.driver, line.name, line.options):
            key = f"{line.key}.{one.key}" if one.key else line.key
            if (key, one.message) not in told and line.is_news(one.key):
                yield _finding(sound.file, key, one.message, one.remedy)
        device = line.options.sole_device if isinstance(line.options, NamesDevice) else None
        if device is not None:
            other = having.setdefault((line.driver, *device), line.name)
            if other != line.name:
                message = _("line {line} has this device already").format(line=other)
                yield _finding(sound.file, f"{line.key}.{device[0]}", message, _("give each line a modem of its own"))
