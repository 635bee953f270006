"""The logger of modules that commands import too: structlog, with the colours and tables that it brings, is loaded with
the first line that is logged, which in a command is none."""

from __future__ import annotations

import sys
from functools import cached_property
from typing import Any


def plain_structlog() -> Any:
    """Returns structlog, loaded without the library of colours and tables: it takes that where it finds it, for what no
    line of ours is written with, and a daemon would keep 5 MB of it for life."""
    if "structlog" not in sys.modules and "rich" not in sys.modules:
        sys.modules["rich"] = None  # type: ignore[assignment] # whoever imports it is told that there is none
        try:
            import structlog
        finally:
            del sys.modules["rich"]
    import structlog

    return structlog


class Logger:
    """What `structlog.get_logger()` returns, asked for when it is first used."""

    @cached_property
    def _logger(self) -> Any:
        return plain_structlog().get_logger()

    def __getattr__(self, method: str) -> Any:
        return getattr(self._logger, method)
