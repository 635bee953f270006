"""The store as the daemon opens it: locked for this node, with its writer, cleared of what a crash left half done."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from typing import Any, Final

import structlog

from gatewayd.config import Config
from gatewayd.store.checkpoint import Checkpointer
from gatewayd.store.commands import Command, DropJob, LoadingJobs
from gatewayd.store.connection import is_behind, open_store
from gatewayd.store.reserve import Reserve
from gatewayd.store.sending.abandoned import lock_of
from gatewayd.store.transactions import Transactions
from gatewayd.store.writer import Writer
from gatewayd.values.errors import StoreLockedError
from gatewayd.words.translation import gettext as _
from gatewayd.workers.confinement import die_with

log = structlog.get_logger()

NODE_WAIT_S: Final = 5.0
"""A server may take a moment to see that a daemon that was killed is gone."""
NODE_STEP_S: Final = 0.2


def upgrade_apart(config: Config) -> None:
    """Has a store that is not there, or behind, made or brought up to date by a process of its own: what that loads
    would stay for as long as the daemon lives, 13 MB. To be called before there are threads and loops.

    What fails there fails again where the daemon opens the store, and is said then.
    """
    url, password = config.store.url, password_of(config)
    if not is_behind(url, password=password):
        return
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        try:
            die_with(parent)
            open_store(url, password=password).close()
        finally:
            os._exit(0)
    os.waitpid(child, 0)


@contextlib.contextmanager
def writer_of(config: Config) -> Iterator[Writer]:
    """The store, opened and locked; its writer is not started yet."""
    with contextlib.closing(open_store(config.store.url, password=password_of(config))) as store:
        transactions = Transactions(
            store.connection,
            zone=config.timezone,
            report_wait_ms=int(config.delivery.report_wait * 1000),
            contact=config.contact,
            billing_age_ms=int(config.billing.max_age * 1000),
        )
        _hold_node(transactions, config.node)
        path = config.store.sqlite_path
        checkpointer = None
        if path is not None:
            log_file = path.with_name(f"{path.name}-wal")
            checkpointer = Checkpointer(transactions.session, log=log_file, reserve=Reserve(path))
        yield Writer(transactions, checkpointer=checkpointer, on_lost=_lost)


def _hold_node(transactions: Transactions, node: str) -> None:
    """StoreLockedError where another daemon is this node: two of one name would do each other's work a second time."""
    until = time.monotonic() + NODE_WAIT_S
    while not transactions.session.hold(lock_of(node)):
        if time.monotonic() > until:
            raise StoreLockedError(_("another daemon runs as node {node} on this store").format(node=node))
        time.sleep(NODE_STEP_S)


def _lost(command: Command[Any], error: Exception) -> None:
    """A record that the store refused for good: a defect, and the loudest there is."""
    log.critical("the store refused a record", kind=type(command).__name__, error=str(error))


async def drop_unfinished(writer: Writer, node: str) -> None:
    """Jobs that a crash left half recorded are removed; their files are read again."""
    for job_id in await writer.do(LoadingJobs(node)):
        while not await writer.do(DropJob(job_id)):
            pass


def password_of(config: Config) -> str | None:
    """Returns the password of the database; None where its file needs none."""
    return config.store.password.get_secret_value() if config.store.password else None
