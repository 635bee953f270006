"""Where the control socket of a configuration's daemon may be."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from gatewayd.config.sections import SpoolConfig, StoreConfig

DEFAULT_FILE: Final = Path("/etc/gatewayd/gatewayd.toml")
SERVICE_RUNTIME: Final = Path("/run/gatewayd")
"""Runtime folder of the packaged service, which runs with `DEFAULT_FILE`."""


def control_candidates(file: Path, control: Path | None, store: StoreConfig, spool: SpoolConfig) -> tuple[Path, ...]:
    """Returns where the control socket may be; the first is where a daemon with this environment opens it."""
    if control is not None:
        return (control,)
    folders: list[Path] = []
    if runtime := os.environ.get("RUNTIME_DIRECTORY"):
        folders.append(Path(runtime.partition(":")[0]))
    if file == DEFAULT_FILE and SERVICE_RUNTIME.is_dir():
        folders.append(SERVICE_RUNTIME)
    folders.append(store.sqlite_path.parent if store.sqlite_path is not None else spool.path)
    return tuple(dict.fromkeys(folder / "control.sock" for folder in folders))
