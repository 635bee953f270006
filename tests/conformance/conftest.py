"""What the conformance suites run over: SQLite and a real PostgreSQL from a wheel, and every driver's device."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from drivers.conformance import Adapter, Fault
from gatewayd.store.connection import open_store
from gatewayd.store.tables import metadata
from gatewayd.store.transactions import Transactions
from tests.conformance.finding import UnknownAdapterError, chosen
from tests.conformance.house import House
from tests.conformance.trial import Trial, on_trial
from tests.rig.databases import postgresql


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A server of its own, on a socket in its folder; gives the URL of it up to the database's name."""
    with postgresql() as folder:
        yield f"postgresql://gatewayd@/{{name}}?host={folder}"


@pytest.fixture(scope="session")
def emptied(postgres: str) -> Iterator[Callable[[], str]]:
    """One database with the schema, empty again at each call; answers its URL."""
    url = postgres.format(name="postgres")
    open_store(url).close()
    engine = create_engine(
        url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT", poolclass=NullPool
    )
    tables = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)

    def empty() -> str:
        with engine.connect() as connection:
            # What a test that failed has left open would keep the tables locked.
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid != pg_backend_pid() AND datname = current_database()"
            )
            connection.exec_driver_sql(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
        return url

    yield empty
    engine.dispose()


@pytest.fixture(scope="session")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite store with the schema and nothing in it."""
    path = tmp_path_factory.mktemp("pattern") / "gatewayd.db"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store of either kind."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("pattern"), tmp_path / "gatewayd.db")
        return f"sqlite:///{tmp_path}/gatewayd.db"
    empty: Callable[[], str] = request.getfixturevalue("emptied")
    return empty()


@pytest.fixture
def transactions(url: str) -> Iterator[Transactions]:
    store = open_store(url)
    opened = Transactions(store.connection)
    yield opened
    opened.close()
    store.close()


@pytest.fixture
def house(url: str) -> Iterator[House]:
    """A house whose store must be in order when the test ends."""
    built = House(url)
    yield built
    built.check()
    built.close()


# ------------------------------------------------------------------------------------------------------------- drivers


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--driver", help="prove this driver alone: an adapter's or driver's name, or module:object")


def pytest_configure(config: pytest.Config) -> None:
    """An unknown driver is told at once."""
    if config.getoption("--driver", None) is not None:
        _adapters(config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--driver`, the drivers' suite alone."""
    if config.getoption("--driver", None) is None:
        return
    kept = [item for item in items if "trial" in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def _adapters(config: pytest.Config) -> list[Adapter]:
    try:
        return list(chosen(config.getoption("--driver", None)))
    except UnknownAdapterError as error:
        raise pytest.UsageError(str(error)) from None


PARTS = {"test_a_long_message_passes_the_point_for_each_part", "test_only_the_parts_that_are_left_go_or_none",
         "test_a_later_part_may_be_withdrawn"}  # fmt: skip
"""Of messages that can have parts."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test for each adapter, and each thing that the adapter's device can do: what it cannot do is no test."""
    names = metafunc.fixturenames
    if "trial" not in names:
        return
    cases: list[Any] = []
    for adapter in _adapters(metafunc.config):
        traits = adapter.traits
        if "receiving" in names and not traits.receives:
            continue
        if metafunc.function.__name__ in PARTS and traits.parts == "none":
            continue
        kinds: Sequence[str | None] = [None]
        if "fault" in names:
            kinds = sorted(traits.faults)
        elif "report" in names:
            kinds = sorted(traits.reports)
        cases += [pytest.param((adapter, kind), id="-".join(filter(None, (adapter.name, kind)))) for kind in kinds]
    metafunc.parametrize("case", cases)


@pytest.fixture
async def trial(case: tuple[Adapter, Any], tmp_path: Path) -> AsyncIterator[Trial]:
    """A line of the adapter's driver, ready, over a device of its own."""
    adapter, _ = case
    if (reason := adapter.missing()) is not None:
        pytest.skip(f"{adapter.name}: {reason}")
    async with on_trial(adapter, tmp_path) as made:
        yield made


@pytest.fixture
def receiving(trial: Trial) -> Trial:
    """One whose device receives."""
    return trial


@pytest.fixture
def fault(case: tuple[Adapter, Fault]) -> Fault:
    return case[1]


@pytest.fixture
def report(case: tuple[Adapter, str]) -> str:
    return case[1]
