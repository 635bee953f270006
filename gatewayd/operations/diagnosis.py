"""What is wrong with configuration, spool, store and lines: every fault at once, with its remedy. Changes nothing.

Judged by whoever asks: the running daemon as its own user, with its own credentials and sandbox, which alone tell what
it may do; a command where none runs.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from gatewayd.config import examine
from gatewayd.contact.presets import PRESETS
from gatewayd.operations.added_lines import findings as of_added_lines
from gatewayd.operations.base import Json, Operation
from gatewayd.operations.overview import of_webhooks
from gatewayd.operations.ports import Backend, Live
from gatewayd.store.webhooks.questions import endpoints
from gatewayd.values.actor import Actor
from gatewayd.values.errors import ConfigError, DamagedError, GatewayError, SchemaError, UnavailableError
from gatewayd.words.reasons import meaning, system_words
from gatewayd.words.translation import gettext as _
from gatewayd.words.translation import language

if TYPE_CHECKING:
    from gatewayd.config import Sound, StoreConfig

ROOM: Final = 64 << 20
"""Bytes that should be free where spool and store are: the store's log and one large job need as much."""

Finding = dict[str, str]


class Check(Operation):
    """The daemon looks at itself; the file is read again, so that a change is judged before it is taken over."""

    name: ClassVar[str] = "check"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found, wrong, notes = await asyncio.to_thread(findings, backend.config.file)
        if backend.live is not None:
            found += _of_daemon(backend.config.file, backend.live)
        hooks = await backend.read(lambda reader: reader.ask(endpoints))
        found += [
            _finding(
                backend.config.file,
                f"webhook {each['subject'].rpartition(' ')[2]}",
                _("events are not acknowledged: {reason}").format(reason=meaning(each["reason"])),
                f"gatewayd webhook show {each['subject'].rpartition(' ')[2]}",
            )
            for each in of_webhooks(hooks, backend.now())
        ]
        return {"ok": not found, "wrong": wrong, "findings": found, "notes": notes}


def findings(file: Path | None, *, alone: bool = False) -> tuple[list[Finding], bool, list[Finding]]:
    """Returns every fault, whether the configuration itself is wrong, and what one should know although it is not.

    `alone`: no daemon runs.
    """
    faults, sound = examine(file)
    found = [_finding(fault.file, fault.key, fault.message, fault.remedy) for fault in faults]
    unusable = list(_unusable(sound))
    found += unusable
    told = {(one["key"], one["message"]) for one in unusable}
    found += chain(
        _spool(sound), _store(sound, alone=alone), _door(sound) if alone else (), _tls(sound), _lines(sound, told)
    )
    found += _webhooks(sound)
    found += _feeds(sound)
    found += of_added_lines(file)
    wrong = bool(faults or unusable)
    # Of a file that is not understood as a whole, nothing can be said of what it leaves out.
    return found, wrong, [] if wrong else list(_contact(sound))


_BROKEN: Final = frozenset({"recovering", "quarantined"})


def _of_daemon(file: Path, live: Live) -> Iterator[Finding]:
    """What only the running daemon knows."""
    if not live.writer().healthy:
        yield _finding(
            file,
            "store.url",
            _("the store takes nothing"),
            _("free disk space, bring its server back, or restore a backup; the log says which"),
        )
    for one in live.stalls():
        message = _("account {account}: its {service} cannot be served: {reason}").format(
            account=one.account, service=one.service, reason=system_words(one.reason)
        )
        yield _finding(file, "spool.path", message, _("put the folder right: it is tried again within a minute"))
    for line in live.lines():
        if line.state in _BROKEN:
            message = _("the line does not work: {reason}").format(reason=meaning(line.reason or line.state))
            yield _finding(file, f"line[{line.name}]", message, f"gatewayd line show {line.name}")


def _door(sound: Sound) -> Iterator[Finding]:
    """Whether the address for devices and monitors is free; a daemon that runs has it itself."""
    if sound.http is None or sound.http.address is None:
        return
    host, port = sound.http.address
    try:
        kind = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(kind[0], kind[1]) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(kind[4])
    except OSError as error:
        message = _("{address}: {why}").format(address=f"{host}:{port}", why=system_words(error.strerror or str(error)))
        yield _finding(sound.file, "http.listen", message, _("another program listens there; name another port"))


def _tls(sound: Sound) -> Iterator[Finding]:
    """Whether the panel's certificate and key serve; a credential of another unit cannot be looked at from here."""
    if sound.web is None or sound.web.address is None or sound.web.tls is None:
        return
    certificate, key = sound.web.tls
    if any("$CREDENTIALS_DIRECTORY" in str(one) for one in sound.web.tls):
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: "")
    except ssl.SSLError as error:
        message = _("{certificate} and {key} do not serve: {why}").format(
            certificate=certificate, key=key, why=(error.reason or "PEM").lower().replace("_", " ")
        )
        yield _finding(sound.file, "web.tls_cert", message, _("give the certificate with its chain, and its own key"))
    except OSError as error:
        why = system_words(error.strerror or str(error))
        message = _("{certificate} or {key}: {why}").format(certificate=certificate, key=key, why=why)
        yield _finding(sound.file, "web.tls_cert", message, _("give it to the user of the web process to read"))


def _contact(sound: Sound) -> Iterator[Finding]:
    """Says that nothing bounds when and how often people are contacted, or which law's rules do."""
    if sound.contact is False:
        message = _("no rules of contact: messages go at any hour, as often as they are asked for")
        names = ", ".join(PRESETS)
        yield _finding(sound.file, "contact", message, _("name a preset in [contact]: {names}").format(names=names))
    elif sound.preset is not None:
        preset = PRESETS[sound.preset]
        message = _("the rules of contact are those of {country}: {law}").format(
            country=_(preset.country), law=_(preset.law)
        )
        remedy = _("engineering input, no legal advice; look at it: gatewayd contact rules")
        yield _finding(sound.file, "contact.preset", message, remedy)


def _finding(file: object, key: str, message: str, remedy: str) -> Finding:
    # One line each, whatever a library says.
    return {"file": str(file), "key": key, "message": " ".join(message.split()), "remedy": remedy}


def _webhooks(sound: Sound) -> Iterator[Finding]:
    """What the address of an endpoint of the file says by itself; no name is resolved."""
    from urllib.parse import urlsplit

    from gatewayd.webhooks import target

    for key, one in sound.webhooks:
        host = urlsplit(one.url).hostname or ""
        address = "127.0.0.1" if host == "localhost" else target.literal(host)
        if address is not None and target.forbidden(address, allow_private=one.allow_private):
            message = _("leads to an address that is not public")
            yield _finding(sound.file, f"{key}.url", message, _("write allow_private = true, where that is meant"))
        elif one.url.startswith("http:") and not one.allow_private:
            message = _("numbers and texts would cross the internet in the clear")
            yield _finding(sound.file, f"{key}.url", message, _("write https://"))


def _feeds(sound: Sound) -> Iterator[Finding]:
    """Whether what a feed needs is there: the package of its database, and a SQLite file."""
    from importlib.util import find_spec

    from gatewayd.feeds.faults import remedy, sentence
    from gatewayd.feeds.source import source_of

    packages = {"mysql": "pymysql", "postgresql": "psycopg"}
    for key, one in sound.feeds:
        url = one.url.get_secret_value()
        if not url:
            continue  # systemd's credential, which only the service has
        source = source_of(url)
        code = ""
        if source.family in packages and find_spec(packages[source.family]) is None:
            code = "driver_missing"
        elif source.family == "sqlite" and not Path(source.path).is_file():
            code = "database_missing"
        if code:
            yield _finding(sound.file, f"{key}.url", sentence(code), remedy(code))


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


def _store(sound: Sound, *, alone: bool) -> Iterator[Finding]:
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
            if alone and path is not None:
                admin.look_through(path)
            yield from _accounts(sound, sound.store)
            yield from _web_role(sound, sound.store)
    except ConfigError as error:
        yield _finding(sound.file, "store.url", str(error), _("install it where gatewayd is installed"))
    except SchemaError as error:
        yield _finding(sound.file, "store.url", str(error), _("use the newer program, or restore a backup"))
    except DamagedError as error:
        yield _finding(sound.file, "store.url", error.sentence, error.remedy)
    except GatewayError as error:
        yield _finding(
            sound.file, "store.url", str(error), _("correct the address, password or server; or restore a backup")
        )


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


def _web_role(sound: Sound, store: StoreConfig) -> Iterator[Finding]:
    """Whether a web process with a user of its own reads PostgreSQL by a role that can do nothing else."""
    from gatewayd.store.reading_role import excess, role_of

    web = sound.web
    if store.sqlite_path is not None or web is None or web.address is None or web.start:
        return
    remedy = _("give it a role that can only read; operators.md says how")
    if web.store_url is None:
        yield _finding(sound.file, "web.store_url", _("the web process would have the daemon's own role"), remedy)
        return
    role = role_of(web.store_url, web.user)
    try:
        changes, creates = excess(store.url, role, password=_password(store))
    except UnavailableError as error:
        yield _finding(sound.file, "web.store_url", str(error), remedy)
        return
    if changes:
        message = _("the role {role} may change the store; the web process takes one that can only read")
        yield _finding(sound.file, "web.store_url", message.format(role=role), remedy)
    elif creates:
        message = _("the role {role} may create things of its own in the store").format(role=role)
        yield _finding(sound.file, "web.store_url", message, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")


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
        yield _finding(sound.file, key, message, _("free disk space, or move it to a larger disk"))
    elif disk.f_files and not disk.f_favail:
        message = _("{path}: the disk is full: no more files fit on it").format(path=there)
        yield _finding(sound.file, key, message, _("free disk space, or move it to a larger disk"))


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    while not folder.exists():
        folder = folder.parent
    return folder


def _place(sound: Sound, key: str, folder: Path) -> Iterator[Finding]:
    """What is still to be made needs a folder that can be written, or one to make that folder in."""
    there = _nearest(folder)
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK, effective_ids=True):
        message = _("{path}: nothing can be created here").format(path=there)
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
