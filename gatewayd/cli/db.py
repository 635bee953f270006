"""`gatewayd db`."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import click

from gatewayd.cli import output
from gatewayd.cli.session import Session, log_aside, session
from gatewayd.config import Config
from gatewayd.values.errors import GatewayError, StoreLockedError, UnavailableError
from gatewayd.words.translation import gettext as _
from spool.errors import SpoolError


@click.group(help=_("The store: upgrade, check, backup, restore, move to another."))
def db() -> None:
    pass


def _password(open_session: Session) -> str | None:
    """The store's, read only where a server wants one."""
    if open_session.config.store.sqlite_path is not None:
        return None
    config = open_session.whole_config
    return None if config.store.password is None else config.store.password.get_secret_value()


@db.command(help=_("Bring the store's schema up to date (the daemon does so by itself when it starts)."))
@output.json_option
def upgrade(as_json: bool) -> None:
    from gatewayd.store.migrations import HEAD

    with session() as open_session:
        # A daemon that runs has done it; without one, opening the store does.
        if open_session.client is None:
            open_session.offline()
    if as_json:
        output.emit({"revision": HEAD})
    else:
        print(_("the store is up to date: revision {revision}").format(revision=HEAD))


@db.command(
    "new-key",
    help=_(
        "Put a new key above the older ones in [store] key_file, and seal all secrets with it. The older keys stay in "
        "the file: copies of the store need them. Copy the file again afterwards."
    ),
)
@output.json_option
def new_key(as_json: bool) -> None:
    from gatewayd.credentials.vault import replace_key

    with session() as open_session:
        path = open_session.config.key_file
        name = replace_key(path)
        done = open_session.ask("key.reseal")
    if as_json:
        output.emit({"key": name, "file": str(path), **done})
        return
    print(_("the key {name} seals from now on: {path}").format(name=name, path=path))
    print(_("{count} secrets are sealed with it").format(count=done["resealed"]))
    for place in done["lost"]:
        print(_("{place} opens with no key of the file; enter it again").format(place=place), file=sys.stderr)


@db.command(help=_("Check that the store is intact: the file, the ledger, the counts."))
@output.json_option
def check(as_json: bool) -> int:
    from gatewayd.store import admin

    with session() as open_session:
        if open_session.client is None:
            open_session.offline()
        faults = admin.check(open_session.config.store.url, password=_password(open_session))
    if as_json:
        output.emit({"ok": not faults, "faults": faults})
    else:
        for fault in faults:
            print(f"gatewayd: {fault}", file=sys.stderr)
        if not faults:
            print(_("the store is intact"))
    return 1 if faults else 0


@db.command(help=_("Copy the store to FILE while the daemon works."))
@click.argument("file", type=click.Path(path_type=Path))
@output.json_option
def backup(file: Path, as_json: bool) -> None:
    from gatewayd.store import backup as copies

    with session() as open_session:
        if open_session.client is None:
            open_session.offline()
        size = copies.backup(open_session.config.store.url, file.absolute())
    if as_json:
        output.emit({"file": str(file), "bytes": size})
    else:
        print(_("{file}: {size} bytes").format(file=file, size=size))


def _last_word(config: Config) -> str | None:
    """Lets the store that is to be replaced say what it still knows; returns why it could not, None where it could."""
    from gatewayd.cli.offline import OfflineBackend

    path = config.store.sqlite_path
    if path is None or not path.exists() or not path.stat().st_size:
        return None
    log_aside()
    try:
        with closing(OfflineBackend(config)) as backend:
            backend.write_out()
    except StoreLockedError:
        raise
    except (GatewayError, SpoolError) as error:
        return str(error)
    return None


@db.command(
    help=_(
        "Replace the store with a copy made by `db backup`, with no daemon running. What was sent since "
        "then is found in the receipts and is not sent again by itself: unfinished jobs stay paused, and "
        "what left in the meantime is uncertain until a person settles it."
    )
)
@click.argument("file", type=click.Path(path_type=Path))
@output.json_option
def restore(file: Path, as_json: bool) -> None:
    from gatewayd.store import backup as copies

    with session() as open_session:
        if open_session.client is not None:
            raise UnavailableError(_("a daemon is running: stop it first"))
        copies.prove(file)
        unread = _last_word(open_session.config)
        kept = copies.restore(open_session.config.store.url, file.absolute())
        found = open_session.offline().examine()
    if as_json:
        output.emit(
            {
                "kept": None if kept is None else str(kept),
                "unread": unread,
                "paused": found.paused,
                "uncertain": found.doubted,
                "read_again": list(found.retaken),
            }
        )
        return
    if unread is not None:
        print(
            _(
                "the previous store cannot be read ({error}): what it sent in its last second is not known; "
                "compare with the lines' own records before you resume a job"
            ).format(error=unread),
            file=sys.stderr,
        )
    if kept is not None:
        print(_("the previous store is kept as {path}").format(path=kept))
    print(
        _(
            "restored: {paused} unfinished jobs wait paused, {uncertain} messages left after the copy was made and are"
            " uncertain, {again} newer jobs are read again when the daemon starts, paused"
        ).format(paused=found.paused, uncertain=found.doubted, again=len(found.retaken))
    )
    print(
        _("settle what is uncertain (`gatewayd message settle`), then `gatewayd job resume` and `gatewayd db release`")
    )


@db.command(help=_("After a restore: let webhooks go on, once what is uncertain is settled."))
@output.json_option
def release(as_json: bool) -> None:
    with session() as open_session:
        done = open_session.ask("engine.release")
    if as_json:
        output.emit(done)
    else:
        print(_("Webhooks go on."))


@db.command(
    help=_("Copy everything into the empty store at URL (postgresql://… or sqlite:////…), with no daemon running.")
)
@click.argument("url")
@output.json_option
def copy(url: str, as_json: bool) -> None:
    from gatewayd.store import admin

    with session() as open_session:
        backend = open_session.offline()
        if url == open_session.config.store.url:
            raise GatewayError(_("that is the same store"))

        def told(copied: admin.Copied) -> None:
            if not as_json:
                print(_("{table}: {rows} rows").format(table=copied.table, rows=copied.rows))

        done = admin.copy(backend.store.connection, url, told)
    if as_json:
        output.emit({"tables": {one.table: one.rows for one in done}})
    else:
        print(_("done; now put that URL into [store] of the configuration"))
