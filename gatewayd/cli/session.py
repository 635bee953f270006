"""What a command works with: the configuration, and the daemon or, with none running, the locked store."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gatewayd.values.errors import StoreLockedError, UnavailableError
from gatewayd.words.translation import gettext as _

if TYPE_CHECKING:
    from gatewayd.cli.offline import OfflineBackend
    from gatewayd.config import Config
    from gatewayd.control import ControlClient

LOCK_WAIT_S: Final = 5.0
"""Another command holds the store for its own short work, and a starting daemon before it opens its socket."""
LOCK_STEP_S: Final = 0.05
DAEMON_WAIT_S: Final = 10.0
"""A daemon that was started by the line above in the same script has its socket by then, on a slow machine too."""
STARTING_WAIT_S: Final = 60.0
"""For one that holds the spool already: it brings its store up to date, or finds out what a crash has left."""
SILENT_S: Final = 2.0
"""After that a person at a terminal is told what is waited for; a script reads one line, the fault."""

NEEDS_DAEMON: Final = frozenset({"line.test", "line.ask", "ping", "overview", "watch", "webhook.test"})
"""Asked of a daemon or not at all: the store is not even opened for them."""


class Session:
    """One command's way to the gateway; `ask` performs an operation wherever it can be performed."""

    def __init__(self, config_file: Path | None) -> None:
        self._config_file = config_file
        self._ends = ExitStack()
        self._offline: OfflineBackend | None = None

    def close(self) -> None:
        self._ends.close()

    @cached_property
    def config(self) -> Config:
        from gatewayd.config import InvalidConfigError, load

        try:
            return load(self._config_file, secrets=False)
        except InvalidConfigError as error:
            config = self._of_a_daemon()
            if config is None:
                raise
            print(
                _(
                    "gatewayd: the configuration has faults ({count}, see `gatewayd check`); asking the running daemon"
                ).format(count=len(error.faults)),
                file=sys.stderr,
            )
            return config

    def _of_a_daemon(self) -> Config | None:
        """What is right of a faulty configuration, where a daemon answers that was started with a better one."""
        from gatewayd.config import InvalidConfigError, salvage
        from gatewayd.control import ControlClient

        try:
            config = salvage(self._config_file)
        except InvalidConfigError:
            return None
        client = ControlClient.connect(config.control_candidates)
        if client is None:
            return None
        client.close()
        return config

    @cached_property
    def whole_config(self) -> Config:
        """The configuration with its secrets, which only a command without a daemon needs."""
        from gatewayd.config import load

        return load(self._config_file)

    @cached_property
    def client(self) -> ControlClient | None:
        """The daemon's control socket; None when no daemon runs."""
        from gatewayd.control import ControlClient

        client = ControlClient.connect(self.config.control_candidates)
        if client is not None:
            self._ends.callback(client.close)
        return client

    def daemon(self) -> ControlClient:
        """The daemon, waited for where it is just being started; UnavailableError when none comes."""
        began, said = time.monotonic(), False
        while self.client is None:
            waited = time.monotonic() - began
            if waited > SILENT_S and not said and sys.stderr.isatty():
                said = True
                print(_("gatewayd: waiting for the daemon …"), file=sys.stderr)
            if waited > DAEMON_WAIT_S and self._starting():
                if waited > STARTING_WAIT_S:
                    raise UnavailableError(_("a daemon is starting and does not answer yet: try again in a moment"))
            elif waited > DAEMON_WAIT_S:
                raise UnavailableError(
                    _("this needs the daemon, and none is running: systemctl start gatewayd, or gatewayd run")
                )
            time.sleep(LOCK_STEP_S)
            del self.client  # look again
        return self.client

    def _starting(self) -> bool:
        """Whether a process holds the spool as a daemon does."""
        from spool.folders import Spool

        return Spool(self.config.spool.path).is_held() is True

    def ask(self, operation: str, **arguments: Any) -> Any:
        """Performs an operation; arguments that are None are left to their defaults."""
        given = {name: value for name, value in arguments.items() if value is not None}
        if operation in NEEDS_DAEMON:
            return self.daemon().call(operation, given)
        backend = self._offline or self._reach()
        if backend is None:
            return self.daemon().call(operation, given)
        return backend.perform(operation, given)

    def pages(self, operation: str, *, limit: int | None = None, cursor: str | None = None, **arguments: Any) -> Pages:
        """A list, page by page as it is iterated; `limit` None: to its end."""
        return Pages(self, operation, arguments, limit, cursor)

    def offline(self) -> OfflineBackend:
        """The locked store, for what a daemon must not be running at the same time; UnavailableError when one is."""
        backend = self._offline or self._reach()
        if backend is None:
            raise UnavailableError(_("a daemon is running: stop it first"))
        return backend

    def _reach(self) -> OfflineBackend | None:
        """The locked store, or None when a daemon answers."""
        return self._locked_store() if self.client is None else None

    def _locked_store(self) -> OfflineBackend | None:
        # The store and all its tools: half a second that a command beside a daemon need not spend.
        from gatewayd.cli.offline import OfflineBackend

        log_aside()
        config = self.config if self.config.store.sqlite_path else self.whole_config
        until = time.monotonic() + LOCK_WAIT_S
        while True:
            try:
                self._offline = OfflineBackend(config)
            except StoreLockedError as error:
                if time.monotonic() > until:
                    place = config.store.sqlite_path or config.store.url
                    message = _("another process holds the store {place}, and no daemon answers").format(place=place)
                    raise StoreLockedError(message) from error
            else:
                self._ends.callback(self._offline.close)
                return self._offline
            time.sleep(LOCK_STEP_S)
            del self.client  # look again: it may be a daemon that was starting
            if self.client is not None:
                return None


class Pages:
    """A list of the gateway's; `next` is the cursor of what was not read, known once the iteration is over."""

    PAGE: Final = 1000

    def __init__(
        self, session: Session, operation: str, arguments: dict[str, Any], limit: int | None, cursor: str | None
    ) -> None:
        self._session = session
        self._operation = operation
        self._arguments = arguments
        self._limit = limit
        self.next = cursor

    def __iter__(self) -> Iterator[dict[str, Any]]:
        left = self._limit
        while left is None or left > 0:
            limit = self.PAGE if left is None else min(left, self.PAGE)
            page = self._session.ask(self._operation, cursor=self.next, limit=limit, **self._arguments)
            self.next = page["next"]
            yield from page["items"]
            left = None if left is None else left - len(page["items"])
            if self.next is None:
                return


def log_aside() -> None:
    """Has what is logged from here on go to standard error: standard output bears the command's answer alone.

    For commands that do the gateway's own work; others load nothing that logs.
    """
    from gatewayd.process import logs

    logs.configure(os.environ.get("GATEWAYD_LOG_LEVEL") or "warning")


@contextmanager
def session() -> Iterator[Session]:
    """The session of the command that runs now."""
    opened = Session(click.get_current_context().find_root().obj)
    try:
        yield opened
    finally:
        with suppress(OSError):
            opened.close()
