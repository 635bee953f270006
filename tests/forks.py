"""`--forks N`: so many test files at once, each worker a fork of the process that has collected them all.

What every worker would else do for itself, import and collect thirteen thousand tests, is done once; their memory is
shared. Files go out in the order in which they were collected; those of `tests/quiet` hold the gateway to a time of the
clock, which tells nothing where others use the processor: they come last, one after another, with nothing beside.
"""

from __future__ import annotations

import atexit
import gc
import io
import os
import sys
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import Any, Final, NoReturn

import pytest
from _pytest.config import create_terminal_writer

from tests.cpu_report import CpuReport

QUIET: Final = "tests/quiet/"
Items = list[pytest.Item]


@dataclass
class Worker:
    """A fork, what it was given to do, and where it is."""

    pid: int
    given: deque[pytest.Item] = field(default_factory=deque)
    at: pytest.Item | None = None
    """The test that runs."""


class Forks:
    """The process that collected: gives out files, and hands on what their tests report."""

    def __init__(self, config: pytest.Config, count: int, report: CpuReport | None) -> None:
        self._config = config
        self._count = count
        self._report = report
        self._files: deque[Items] = deque()
        self._places: dict[pytest.Item, int] = {}
        self._workers: dict[Connection, Worker] = {}
        self._hired = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        if session.testsfailed or session.config.option.collectonly or not session.items:
            return None
        self._places = {item: place for place, item in enumerate(session.items)}
        files = [list(items) for _, items in groupby(session.items, lambda item: item.path)]
        quiet = [items for items in files if items[0].nodeid.startswith(QUIET)]
        self._config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        gc.collect()
        gc.freeze()
        try:
            self._run(session, [items for items in files if items not in quiet], self._count)
            self._run(session, quiet, 1)
        finally:
            self._dismiss()
        return True

    def _run(self, session: pytest.Session, files: Sequence[Items], count: int) -> None:
        self._files = deque(files)
        for _ in range(min(count, len(files))):
            self._hire(session)
        while self._workers:
            for boss in wait(list(self._workers)):
                assert isinstance(boss, Connection)
                try:
                    self._hear(boss, *boss.recv())
                except (EOFError, ConnectionError):
                    self._see_off(session, boss)
                if session.shouldfail:
                    raise session.Failed(session.shouldfail)
                if session.shouldstop:
                    raise session.Interrupted(session.shouldstop)

    def _hire(self, session: pytest.Session) -> None:
        ours, theirs = Pipe()
        self._hired += 1
        for stream in (sys.stdout, sys.stderr, self._config.get_terminal_writer()):
            stream.flush()
        pid = os.fork()
        if pid == 0:
            for other in (ours, *self._workers):
                other.close()
            _work(session, theirs, f"w{self._hired}", self._report)
        theirs.close()
        self._workers[ours] = Worker(pid)

    def _hear(self, boss: Connection, what: str, said: Any) -> None:
        worker, hook = self._workers[boss], self._config.hook
        if what == "free":
            items = self._files.popleft() if self._files else []
            worker.given.extend(items)
            boss.send([self._places[item] for item in items])
        elif what == "begin":
            worker.at = worker.given.popleft()
            hook.pytest_runtest_logstart(nodeid=worker.at.nodeid, location=worker.at.location)
        elif what == "end":
            assert worker.at is not None
            hook.pytest_runtest_logfinish(nodeid=worker.at.nodeid, location=worker.at.location)
            worker.at = None
        elif what == "report":
            report = hook.pytest_report_from_serializable(config=self._config, data=said)
            hook.pytest_runtest_logreport(report=report)
        elif self._report is not None:
            self._report.spent += said

    def _see_off(self, session: pytest.Session, boss: Connection) -> None:
        """Lets go of a worker that has ended; where it died, its test has failed, and another one does the rest."""
        boss.close()
        worker = self._workers.pop(boss)
        status = os.waitstatus_to_exitcode(os.waitpid(worker.pid, 0)[1])
        if worker.at is None and not worker.given:
            return
        if worker.at is not None:
            said = f"its process has ended with {status}"
            place = worker.at.location
            died = pytest.TestReport(worker.at.nodeid, place, {}, "failed", said, "call")
            self._config.hook.pytest_runtest_logreport(report=died)
        if worker.given:
            self._files.appendleft(list(worker.given))
            self._hire(session)

    def _dismiss(self) -> None:
        """Has all workers end after the test that each is at."""
        for boss in self._workers:
            boss.close()
        for worker in self._workers.values():
            os.waitpid(worker.pid, 0)
        self._workers.clear()


class _Telling:
    """In a worker: tells the process that collected what happens."""

    def __init__(self, session: pytest.Session, boss: Connection) -> None:
        self._session = session
        self._boss = boss

    def tell(self, what: str, said: Any = None) -> None:
        try:
            self._boss.send((what, said))
        except OSError:
            self._session.shouldstop = "nobody listens any more"

    def files(self) -> Items:
        """Asks for the next file; nothing where there is none."""
        self.tell("free")
        try:
            return [self._session.items[place] for place in self._boss.recv()]
        except (EOFError, OSError):
            return []

    def pytest_runtest_logstart(self) -> None:
        self.tell("begin")

    def pytest_runtest_logfinish(self) -> None:
        self.tell("end")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        config = self._session.config
        self.tell("report", config.hook.pytest_report_to_serializable(config=config, report=report))


class _Silent:
    """In place of what writes to the terminal."""

    def __init__(self, config: pytest.Config) -> None:
        self._tw = create_terminal_writer(config, io.StringIO())


def _work(session: pytest.Session, boss: Connection, name: str, report: CpuReport | None) -> NoReturn:
    """What a worker does from its fork to its end."""
    status = 1
    try:
        atexit._clear()
        telling = _Telling(session, boss)
        _settle(session.config, telling, name)
        if report is not None:
            report.begin()
        items = telling.files()
        while items and not session.shouldstop:
            items = _run(session, items, telling)
        session._setupstate.teardown_exact(None)
        if report is not None:
            telling.tell("spent", report.spent)
        status = 0
    except BaseException:  # noqa: BLE001 - a fork that went on would do its parent's work
        sys.excepthook(*sys.exc_info())
    finally:
        boss.close()
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        os._exit(status)


def _settle(config: pytest.Config, telling: _Telling, name: str) -> None:
    """Gives a worker what it may not share with the others: the files of what is captured, its folder, the terminal."""
    plugins: Any = config.pluginmanager
    capture = plugins.getplugin("capturemanager")
    capture.stop_global_capturing()
    capture.start_global_capturing()
    capture.suspend_global_capture()
    factory: Any = config._tmp_path_factory  # type: ignore[attr-defined]
    factory._basetemp = factory.getbasetemp() / name
    factory._basetemp.mkdir(0o700)
    plugins.unregister(name="terminalreporter")
    plugins.register(_Silent(config), "terminalreporter")
    plugins.register(telling)


def _run(session: pytest.Session, items: Items, telling: _Telling) -> Items:
    """Runs a file; returns the next one, asked for before the last test so that what both share is kept."""
    following: Items = []
    for place, item in enumerate(items, 1):
        last = place == len(items)
        following = telling.files() if last else []
        after = following[0] if last and following else None if last else items[place]
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        if session.shouldfail or session.shouldstop:
            return []
    return following
