"""The proof of the tree's shape proves something: each of its rules is shown to fail."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def tree() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tree", ROOT / ".ci" / "tree.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["tree"] = module
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / ".ci")
        spec.loader.exec_module(module)
    return module


def told(tree: ModuleType, folder: Path, files: Mapping[str, str]) -> list[str]:
    """Returns the breaches of a small tree that holds these files."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return list(tree.breaches(folder, [Path(name) for name in files]))


RULES = {
    "a value imports a room": ({"gatewayd/values/money.py": "from gatewayd.dispatch import turn"}, "may not import"),
    "the model imports a value": ({"gatewayd/values/model.py": "import gatewayd.values.money"}, "may not import"),
    "dispatch imports intake": ({"gatewayd/dispatch/a.py": "from gatewayd.intake.b import c"}, "may not import"),
    "dispatch imports operations": ({"gatewayd/dispatch/a.py": "import gatewayd.operations.jobs"}, "may not import"),
    "dispatch imports a wing": ({"gatewayd/dispatch/a.py": "import gatewayd.store.sending.jobs"}, "may not import"),
    "intake imports dispatch": ({"gatewayd/intake/a.py": "from gatewayd.dispatch import b"}, "may not import"),
    "operations import a door": ({"gatewayd/operations/a.py": "from gatewayd.http import b"}, "may not import"),
    "operations import dispatch": ({"gatewayd/operations/a.py": "from gatewayd.dispatch import b"}, "may not import"),
    "http imports the writer": ({"gatewayd/http/a.py": "from gatewayd.store.writer import W"}, "may not import"),
    "a room imports the roof": ({"gatewayd/upkeep.py": "from gatewayd.daemon.daemon import now"}, "may not import"),
    "the store imports the spool": ({"gatewayd/store/sending/a.py": "import spool.receipts"}, "may not import"),
    "the store imports policy": ({"gatewayd/store/sending/a.py": "import gatewayd.outcomes"}, "may not import"),
    "a wing imports one to its right": (
        {"gatewayd/store/contacts/a.py": "from gatewayd.store.sending import b"},
        "may not import",
    ),
    "a wing imports one beside it": (
        {"gatewayd/store/credit/a.py": "from gatewayd.store.contacts import b"},
        "may not import",
    ),
    "a wing imports the machine that stands on it": (
        {"gatewayd/store/sending/a.py": "from gatewayd.store.writer import Writer"},
        "may not import",
    ),
    "the foundation imports a wing": (
        {"gatewayd/store/session.py": "from gatewayd.store.credit import book"},
        "may not import",
    ),
    "a module without a room": ({"gatewayd/stray.py": "from gatewayd.values.money import M"}, "stands in no room"),
    "the spool imports the core": ({"spool/a.py": "from gatewayd.values.model import State"}, "may not import"),
    "a driver imports the core": ({"drivers/gsm/a.py": "from gatewayd.values.model import State"}, "may not import"),
    "a driver imports another": ({"drivers/gsm/a.py": "from drivers.smtp import b"}, "may not import"),
    "a driver whose name begins like another's": ({"drivers/gsm/a.py": "import drivers.gsm2.b"}, "may not import"),
    "another driver imports the dialplan": ({"drivers/gsm/a.py": "from dialplan import b"}, "may not import"),
    "dialplan imports a driver": ({"dialplan/a.py": "from drivers.asterisk import b"}, "may not import"),
    "relative names are seen": ({"gatewayd/dispatch/a.py": "from ..intake import b"}, "may not import"),
    "an import within a function": (
        {"gatewayd/dispatch/a.py": "def f():\n    from gatewayd.intake import b"},
        "may not import",
    ),
    "SQL outside the store": ({"gatewayd/live.py": "import sqlalchemy"}, "belongs in gatewayd.store"),
    "HTTP outside its doors": ({"gatewayd/live.py": "from fastapi import FastAPI"}, "belongs in gatewayd.http"),
    "a circle": (
        {"spool/a.py": "from spool import b", "spool/b.py": "from spool.c import d", "spool/c.py": "import spool.a"},
        "a circle: spool.a, spool.b, spool.c",
    ),
    "a circle that only types close": (
        {
            "spool/a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from spool.b import B",
            "spool/b.py": "from spool.a import A",
        },
        "a circle: spool.a, spool.b",
    ),
    "a long module": ({"spool/a.py": "x = 1\n" * 421}, "421 lines"),
    "a long check": ({".ci/a.py": "x = 1\n" * 421}, "421 lines"),
    "a large file": ({"docs/a.bin": "x" * 1_000_001}, "large files do not belong"),
}


@pytest.mark.parametrize("name", RULES)
def test_each_rule_fails_where_it_is_broken(tree: ModuleType, tmp_path: Path, name: str) -> None:
    files, words = RULES[name]
    found = told(tree, tmp_path, files)
    assert len(found) == 1, found
    assert words in found[0]


def test_what_is_allowed_is_no_breach(tree: ModuleType, tmp_path: Path) -> None:
    assert not told(
        tree,
        tmp_path,
        {
            "gatewayd/store/sending/a.py": "from gatewayd.store.credit import book\nimport sqlalchemy",
            "gatewayd/store/sending/b.py": "from gatewayd.store.sending.a import c",
            "gatewayd/store/writer.py": "from gatewayd.store.sending import a",
            "gatewayd/upkeep.py": "import gatewayd",
            "gatewayd/store/insight/a.py": "from gatewayd.store.campaigns import b",
            "gatewayd/daemon/daemon.py": "import gatewayd.dispatch.a\nimport gatewayd.intake.b",
            "gatewayd/intake/b.py": "import spool.document\nfrom gatewayd.values.texts import t",
            "drivers/asterisk/a.py": "from dialplan import b\nfrom drivers.base import Line",
            "spool/a.py": "x = 1\n" * 420,
        },
    )


def test_a_pin_is_a_name_and_a_version(tree: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "constraints.txt").write_text(
        "# why\naiohttp==3.11.0\nclick>=8\nfoo @ https://example.org/foo.whl\na==1 --hash=sha256:00\n"
    )
    assert [breach.split(":")[1] for breach in tree.loose_pins(tmp_path)] == ["3", "4", "5"]


def test_a_breach_fails_the_check(tmp_path: Path) -> None:
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    (tmp_path / "constraints.txt").write_text("aiohttp==3.11.0\n")
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "a.py").write_text("import gatewayd.values.model\n")
    for arguments in (["init", "-q"], ["add", "spool", "constraints.txt"]):
        subprocess.run(["/usr/bin/env", "git", *arguments], cwd=tmp_path, check=True)
    done = subprocess.run([sys.executable, ".ci/tree.py"], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, "spool/a.py:1: spool.a may not import" in done.stderr) == (1, True)


def test_the_tree_itself_has_no_breach() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "tree.py")], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (done.returncode, done.stderr) == (0, "")
