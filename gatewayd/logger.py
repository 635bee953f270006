"""The logger of modules that commands import too: structlog, with the colours and tables that it brings, is loaded with
the first line that is logged, which in a command is none."""

from __future__ import annotations

from functools import cached_property
from typing import Any


class Logger:
    """What `structlog.get_logger()` returns, asked for when it is first used."""

    @cached_property
    def _logger(self) -> Any:
        import structlog

        return structlog.get_logger()

    def __getattr__(self, method: str) -> Any:
        return getattr(self._logger, method)
