"""A store that is behind is brought up to date beside the daemon, which keeps nothing of what that takes."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

from gatewayd.store.connection import is_behind, open_store

CONFIG = """
control = "{folder}/control.sock"
store.url = "sqlite:///{folder}/store.db"
spool.path = "{folder}/spool"
numbers.region = "AR"
"""

_LIFE = """
import sys
from pathlib import Path
from gatewayd.config.startup import load
from gatewayd.daemon.opened_store import upgrade_apart, writer_of

config = load(Path(sys.argv[1]))
upgrade_apart(config)
with writer_of(config):
    print(any(name.partition(".")[0] == "alembic" for name in sys.modules))
"""


def test_a_new_store_is_made_by_a_process_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "gatewayd.toml"
    file.write_text(CONFIG.format(folder=tmp_path))
    done = subprocess.run([sys.executable, "-c", _LIFE, file], capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.split() == ["False"], done.stderr
    assert not is_behind(f"sqlite:///{tmp_path}/store.db")


def test_a_store_is_behind_until_it_has_this_programs_schema(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    assert is_behind(url)
    with closing(open_store(url)) as store:
        assert not is_behind(url), "it is held by another, and current"
        store.connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
        assert is_behind(url)


def test_a_store_that_cannot_be_looked_at_is_left_to_whoever_opens_it(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"no database" * 1000)
    assert not is_behind(f"sqlite:///{tmp_path}/store.db")
    assert not is_behind("postgresql://nobody@127.0.0.1:1/nothing")
