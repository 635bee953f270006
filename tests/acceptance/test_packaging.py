"""What `pip install .` brings along: every module and data file, the command, the drivers, units and guides."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("gatewayd", "drivers", "spool", "dialplan")
NOT_SHIPPED = shutil.ignore_patterns("__pycache__", "*.pyc", "*.egg-info", ".*")


def run(*command: str | Path, **environment: str) -> str:
    """Standard output; fails with both streams when the command does."""
    done = subprocess.run(
        [*map(str, command)],
        capture_output=True,
        text=True,
        cwd="/",
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONWARNINGS": "default", **environment},
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the tree, with the build tools of this environment and no network."""
    source = tmp_path_factory.mktemp("source")
    for room in (*ROOMS, "systemd", "docs"):
        shutil.copytree(ROOT / room, source / room, ignore=NOT_SHIPPED)
    for name in ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "constraints.txt"):
        shutil.copy(ROOT / name, source)
    built = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", built, source)
    (found,) = built.glob("gatewayd-*.whl")
    return found


@pytest.fixture(scope="module")
def prefix(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel installed by itself; its dependencies are this environment's."""
    place = tmp_path_factory.mktemp("prefix")
    run(
        *(sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--ignore-installed"),
        *("--no-warn-script-location", "--prefix", place, wheel),
    )
    return place


def site(prefix: Path) -> str:
    return sysconfig.get_path("purelib", vars={"base": str(prefix), "platbase": str(prefix)})


def test_every_file_of_the_packages_is_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        path.relative_to(ROOT).as_posix()
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and path.suffix != ".pyc" and not any(part.startswith(".") for part in path.parts[-2:])
    }
    assert {f"{room}/py.typed" for room in ROOMS} <= wanted
    assert wanted - names == set()
    assert not [name for name in names if name.startswith("tests/")]


def test_licence_units_example_and_guides_come_along(prefix: Path) -> None:
    assert (prefix / "share/gatewayd/systemd/gatewayd.service").read_text() == (
        ROOT / "systemd/gatewayd.service"
    ).read_text()
    assert {path.name for path in (ROOT / "systemd").iterdir()} == {
        path.name for path in (prefix / "share/gatewayd/systemd").iterdir()
    }
    assert (prefix / "share/gatewayd/gatewayd.example.toml").is_file()
    assert (prefix / "share/doc/gatewayd/operators.md").is_file()
    assert (prefix / "share/doc/gatewayd/es/manual.md").is_file()
    assert list(Path(site(prefix)).glob("gatewayd-*.dist-info/licenses/LICENSE"))


EVERYTHING_IMPORTS = """
import importlib, pkgutil, sys
rooms = sys.argv[2:]
for room in rooms:
    package = importlib.import_module(room)
    assert package.__file__.startswith(sys.argv[1]), package.__file__
    for module in pkgutil.walk_packages(package.__path__, room + "."):
        # Alembic runs env.py inside its own context.
        if not module.name.endswith(("__main__", ".migrations.env")):
            importlib.import_module(module.name)
from importlib.metadata import distribution
points = distribution("gatewayd").entry_points
for point in points:
    point.load()
print(*sorted(f"{point.group}:{point.name}" for point in points))
"""


def test_every_module_imports_and_every_entry_point_resolves(prefix: Path) -> None:
    printed = run(sys.executable, "-W", "error", "-c", EVERYTHING_IMPORTS, prefix, *ROOMS, PYTHONPATH=site(prefix))
    assert set(printed.split()) >= {"console_scripts:gatewayd", "gatewayd.drivers:gsm"}


def test_the_installed_command_makes_a_store_and_an_account(prefix: Path, tmp_path: Path) -> None:
    config = tmp_path / "gatewayd.toml"
    config.write_text(
        'locale = "en"\n[store]\nurl = "sqlite:///g.db"\n[spool]\npath = "spool"\n'
        '[[line]]\nname = "one"\ndriver = "gsm"\nport = "/dev/null"\n'
    )
    command = prefix / "bin/gatewayd"
    assert run(command, "--version", PYTHONPATH=site(prefix)).startswith("gatewayd ")
    run(command, "--config", config, "account", "create", "norte", PYTHONPATH=site(prefix))
    assert '"norte"' in run(command, "--config", config, "account", "list", "--json", PYTHONPATH=site(prefix))
    assert (tmp_path / "spool/incoming/norte").is_dir()


def test_the_pins_are_names_and_versions_and_cover_what_is_needed() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert all(line.count("==") == 1 and not set(line) & set("/@: ") for line in lines)
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lines}
    import tomllib

    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    assert {Requirement(one).name.lower().replace("_", "-") for one in wanted} <= pinned
    # What the pins allow is what the project asks for.
    versions = dict(line.lower().replace("_", "-").split("==") for line in lines)
    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(versions[requirement.name.lower().replace("_", "-")]), requirement
