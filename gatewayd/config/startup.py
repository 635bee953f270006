"""A configuration that a daemon can start with: no faults of its own, and no line whose driver will have none of it."""

from __future__ import annotations

from pathlib import Path

from gatewayd import config, registry
from gatewayd.config import Config, ConfigFault, InvalidConfigError


def load(path: Path | None = None) -> Config:
    """As `config.load`, and every enabled line can be made; InvalidConfigError with every fault of either kind."""
    faults, sound = config.examine(path)
    unmade = [(line, registry.contradiction(line.driver, line.name, line.options)) for line in sound.lines]
    trouble = [
        ConfigFault(sound.file, f"{line.key}.{one.key}", one.message, one.remedy)
        for line, one in unmade
        if one is not None and line.is_news(one.key)
    ]
    if faults or trouble:
        raise InvalidConfigError([*faults, *trouble])
    return config.load(path)
