"""What holds for all tests: a test that fails is one test that fails."""

from __future__ import annotations

import gc
import sys
import warnings
from collections.abc import Generator
from typing import Any, Final

import pytest

from tests.cpu_report import CpuReport
from tests.rig.gateway import OverdueError
from tests.rig.pattern import copying

_LAST: Final = ("last_type", "last_value", "last_traceback", "last_exc")
"""Where pytest leaves an error for a debugger until the next test runs."""


_FAILED: Final = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cpu-report", action="store_true", help="tell what each test file took of the processor (-n 0)")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--cpu-report"):
        config.pluginmanager.register(CpuReport())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
        report.overdue = call.excinfo is not None and call.excinfo.errisinstance(OverdueError)  # type: ignore[attr-defined]
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Names the tests that failed by a wait alone."""
    for report in terminalreporter.stats.get("failed", []):
        if getattr(report, "overdue", False):
            terminalreporter.write_line(f"overdue: {report.nodeid}")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, bool | None, bool | None]:
    """Lets go of what a failed test held open, pipes and sockets in the frames of its error, before the next one: their
    warnings would fail that."""
    done = yield
    if item.stash.get(_FAILED, False):
        for name in _LAST:
            if hasattr(sys, name):
                delattr(sys, name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
    return done


@pytest.fixture(scope="session", autouse=True)
def _stores() -> None:
    """Has new stores be copies of one."""
    copying()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Has `--dist loadfile` keep the tests of `tests/quiet` for the end."""
    if config.getvalue("dist") != "loadfile":
        return None
    from tests.quiet_last import QuietLast

    return QuietLast(config, log)
