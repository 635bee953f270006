"""Faults of a configuration: each with file, key, what is wrong and what to do; told all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gatewayd.values.errors import ConfigError


@dataclass(frozen=True, slots=True)
class ConfigFault:
    """One fault; `key` is the path inside the file (`delivery.tries`, `line[claro-1].rate`), empty for the file."""

    file: Path
    key: str
    message: str
    remedy: str

    def __str__(self) -> str:
        where = f"{self.file}: {self.key}" if self.key else str(self.file)
        return f"{where}: {self.message}; {self.remedy}"


class InvalidConfigError(ConfigError):
    """The file has these faults; the text is one line a fault."""

    def __init__(self, faults: Sequence[ConfigFault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)
